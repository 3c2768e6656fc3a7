import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknn_scratch import EmbeddingUnion, Periodic, PiecewiseLinear
from sknn_scratch.components.embeddings import copy_with
from sknn_scratch.components.registries import ACTIVATIONS, EMBEDDINGS, LOSSES
from sknn_scratch.engine import embedding as engine_embedding
from sknn_scratch.engine.prediction import Predictor
from sknn_scratch.maths.network import Network, backprop
from tests.helpers import run_program

ROWS = np.random.RandomState(0).normal(size=(60, 3))
EVERY = [
    *(*(each.fit(ROWS) for each in EMBEDDINGS.values()), Periodic(1, 2), Periodic(3, 6)),
    *(copy_with(Periodic(), columns=(0, 2)), copy_with(Periodic(), columns=())),
    EmbeddingUnion((Periodic(1, 2), PiecewiseLinear(3), Periodic(2, 3))).fit(ROWS),
]
TANH, IDENTITY = ACTIVATIONS["tanh"], ACTIVATIONS["identity"]


def make(embedding, sizes, fit_intercept, rng):
    activations = (TANH,) * (len(sizes) - 2) + (IDENTITY,)
    network = Network(sizes, activations, LOSSES["squared_error"], fit_intercept, embedding)
    params = rng.uniform(-0.7, 0.7, network.n_parameters)
    return network, params, rng.normal(size=(7, 3)), rng.normal(size=(7, sizes[-1]))


@pytest.mark.parametrize("calls", ["its own", "of formulas"])
@pytest.mark.parametrize("embedding", EVERY)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("sizes", [(3, 5, 4, 2), (3, 40, 1), (3, 2)])
def test_the_training_loop_computes_what_backprop_does(
    sizes, fit_intercept, embedding, calls, rng, monkeypatch
):
    if calls == "of formulas":  # as for an embedding that the table does not have
        monkeypatch.setattr(engine_embedding, "CALLS", {})
    network, params, X, y = make(embedding, sizes, fit_intercept, rng)
    weight = rng.uniform(0.5, 2, len(X))
    loss, gradient = run_program(network, params, X, y, weight, 0.3)
    expected_loss, expected_gradient = backprop(X, y, params, network, weight, 0.3)
    assert_allclose(loss, expected_loss, rtol=1e-12)
    assert_allclose(gradient, expected_gradient, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_many_rows_are_predicted_as_the_formulas_say(fit_intercept, rng):
    network, params, X, _ = make(Periodic(), (3, 5, 2), fit_intercept, rng)
    predict = Predictor(network, params)
    for rows in (X, X[:4], X):
        assert_allclose(predict(rows), network.output(rows, params), rtol=1e-12)


def test_narrow_bins_are_as_exact_as_the_formula_in_float32():
    edges = (0.0, *(1 + 2.0**-23 * np.array([0, 7, 18, 31, 54])), 2.0)  # numbers of float32
    x = (1 + 2.0**-23 * np.arange(60))[:, np.newaxis]
    embedding = copy_with(PiecewiseLinear(), edges=(edges,))
    network = Network((1, 1), (IDENTITY,), LOSSES["squared_error"], True, embedding)
    params = np.array([*range(1, 7), 0, 0], np.float32)
    exact = network.output(x, params.astype(np.float64))
    found = Predictor(network, params)(x.astype(np.float32))
    assert_allclose(found, exact, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cosine_and_sine_are_right_at_every_angle(dtype):
    periods = np.array([0, 0.25, -0.25, 0.5, -0.5, 1.5, 1e3 + 0.5, 0.5 + 1e-9, 0.37, -7.2], dtype)
    x, angles = periods.reshape(1, -1), 2 * np.pi * periods.astype(float)
    vector = np.array([1, 0, 1, 0], dtype)  # w, b, V, v: the column becomes cos(2 pi x), and x
    layer, gradient = (Periodic(1, 2).layer(each, 1) for each in (vector, np.empty_like(vector)))
    a, delta = np.empty((2, x.size), dtype), np.empty((2, x.size), dtype)
    calls = engine_embedding.PeriodicCalls(layer, a, delta)
    tolerance = 1e4 * np.finfo(dtype).eps  # of angles of some thousand
    for i, angle in enumerate(angles):
        delta[:] = np.arange(x.size) == i  # the derivative of the i-th cosine alone
        for function, *arguments in [*calls.forward(x), *calls.backward(x, gradient)]:
            function(*arguments)
        assert_allclose(a, [np.cos(angles), periods], atol=tolerance)
        assert_allclose(gradient.phases[0, 0], -2 * np.pi * np.sin(angle), atol=7 * tolerance)
