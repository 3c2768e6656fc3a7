"""What other tools make of a network predicts as it does; docs/works_with.md has the recipes."""

import inspect
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.pipeline import Pipeline

from sknn_scratch import ScratchMLPRegressor, trusted_types


def evaluate(path, X):
    """Return what the neural network in a PMML file gives: activation(w @ inputs + bias)."""
    network = ElementTree.parse(path).getroot().find("{*}NeuralNetwork")
    names = [each.get("field") for each in network.iterfind("{*}NeuralInputs//{*}FieldRef")]
    ids = [each.get("id") for each in network.iterfind("{*}NeuralInputs/{*}NeuralInput")]
    values = {i: X[:, int(name.removeprefix("x"))] for i, name in zip(ids, names)}
    functions = {"tanh": np.tanh, "identity": lambda z: z}
    for layer in network.iterfind("{*}NeuralLayer"):
        f = functions[layer.get("activationFunction", network.get("activationFunction"))]
        for neuron in layer.iterfind("{*}Neuron"):
            z = float(neuron.get("bias")) + sum(
                float(each.get("weight")) * values[each.get("from")]
                for each in neuron.iterfind("{*}Con")
            )
            values[neuron.get("id")] = f(z)
    (output,) = network.iterfind("{*}NeuralOutputs/{*}NeuralOutput")
    return values[output.get("outputNeuron")]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # nyoka leaves the file open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_pmml_of_nyoka_predicts_the_same(regression, tmp_path):
    nyoka = pytest.importorskip("nyoka")
    X, y = regression
    y = 1e3 + 50 * y
    model = ScratchMLPRegressor((5, 3), activation="tanh", solver="lbfgs", alpha=1, random_state=0)
    model.fit(X, y)
    columns, path = [f"x{i}" for i in range(X.shape[1])], str(tmp_path / "network.pmml")
    nyoka.skl_to_pmml(Pipeline([("network", model.to_sklearn())]), columns, "y", path)
    assert_allclose(evaluate(path, X), model.predict(X), rtol=1e-9)


@pytest.mark.filterwarnings("ignore")  # mlflow's own
def test_mlflow_stores_and_loads_a_network(regression, tmp_path):
    mlflow = pytest.importorskip("mlflow")
    if "skops_trusted_types" not in inspect.signature(mlflow.sklearn.save_model).parameters:
        pytest.skip("this version of mlflow stores by cloudpickle")
    X, y = regression
    model = ScratchMLPRegressor((5,), solver="lbfgs", random_state=0).fit(X, y)
    path = str(tmp_path / "model")
    mlflow.sklearn.save_model(model, path, skops_trusted_types=list(trusted_types()))
    np.testing.assert_array_equal(mlflow.sklearn.load_model(path).predict(X), model.predict(X))
