import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.engine.program import Predictor
from sknn_scratch.maths.network import feedforward
from tests.helpers import Sine, make_network, make_problem

EVERY_ACTIVATION = [*ACTIVATIONS.values(), Sine()]


def predict_by_formula(X, params, network):
    coefs, intercepts = zip(*network.layers(params))
    return feedforward(X, coefs, intercepts, network.activations)


@pytest.mark.parametrize("f", EVERY_ACTIVATION, ids=repr)
@pytest.mark.parametrize("sizes", [(3, 2), (3, 5, 1), (3, 5, 4, 2)])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_predictor_computes_what_feedforward_does(f, sizes, fit_intercept, rng):
    network = make_network(f, f, LOSSES["squared_error"], fit_intercept, sizes)
    params, X, _ = make_problem(network, rng)
    predict = Predictor(network, params)
    for rows in (X, X[:2], -X, X[::2]):  # buffers that are made, and found as they were left
        assert_allclose(predict(rows), predict_by_formula(rows, params, network), rtol=1e-12)


@pytest.mark.parametrize("f", EVERY_ACTIVATION, ids=repr)
def test_a_predictor_stays_in_float32(f, rng):
    network = make_network(f, ACTIVATIONS["identity"], LOSSES["squared_error"])
    params, X, _ = make_problem(network, rng)
    single = Predictor(network, params.astype(np.float32))(X.astype(np.float32))
    assert single.dtype == np.float32
    assert_allclose(single, predict_by_formula(X, params, network), rtol=1e-3, atol=1e-5)


def test_a_predictor_does_not_warn_on_the_way_to_a_finite_prediction():
    network = make_network(
        ACTIVATIONS["logistic"], ACTIVATIONS["logistic"], LOSSES["squared_error"], sizes=(1, 1, 1)
    )
    params = np.array([-1.0, 0, 1, 0])
    X = np.full((200, 1), 1e4)  # more than there is a short cut for
    assert_allclose(Predictor(network, params)(X), 0.5)
