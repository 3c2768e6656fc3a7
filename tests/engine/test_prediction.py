import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sknn_scratch import feedforward
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.data import Mapped, Scaling
from sknn_scratch.engine.prediction import Predictor, predict_rows
from tests.helpers import Sine, make_network, make_problem

EVERY_ACTIVATION = [*ACTIVATIONS.values(), Sine()]


@pytest.mark.parametrize("features", [3, 40], ids=["narrow", "wide"])
@pytest.mark.parametrize("n_rows", [2, 20_000])
@pytest.mark.parametrize(
    "container",
    [np.asarray, np.asfortranarray, sparse.csr_array, lambda X: Mapped(X, np.float64)],
    ids=["array", "fortran", "csr", "mapped"],
)
def test_any_number_of_rows_of_any_kind_is_fed_forward(features, n_rows, container, rng):
    tanh, identity, loss = ACTIVATIONS["tanh"], ACTIVATIONS["identity"], LOSSES["squared_error"]
    network = make_network(tanh, identity, loss, sizes=(features, 5, 4, 2))
    params = rng.uniform(-0.7, 0.7, network.n_parameters)
    X = rng.normal(size=(n_rows, features))
    coefs, intercepts = zip(*network.layers(params))
    expected = feedforward(X, coefs, intercepts, network.activations)
    found = predict_rows(network, params, container(X))
    assert found.shape == (n_rows, 2)
    assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("features", [3, 40], ids=["narrow", "wide"])
@pytest.mark.parametrize("far", [0.0, 5.0, 1e9], ids=["at zero", "near zero", "dates"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_many_rows_lose_no_more_digits_in_standardising_than_few(dtype, far, features, rng):
    tanh, identity, loss = ACTIVATIONS["tanh"], ACTIVATIONS["identity"], LOSSES["squared_error"]
    network = make_network(tanh, identity, loss, sizes=(features, 5, 2))
    params = rng.uniform(-0.7, 0.7, network.n_parameters).astype(dtype)
    scale = rng.uniform(1, 3, features) * max(1.0, far / 1e4)  # which leaves float32 some digits
    shift = np.round(far * scale if far < 10 else np.full(features, far))
    scale[0] = np.inf  # a column that is left out
    scaling = Scaling(*(np.asarray(each, dtype) for each in (shift, scale, [3.0], [2.0])))
    X = (shift + np.where(np.isinf(scale), 1, scale) * rng.normal(size=(3000, features))).astype(
        dtype
    )
    standardised = (X.astype(np.float64) - scaling.x_shift) / scaling.x_scale
    expected = 2 * network.output(standardised, params.astype(np.float64)) + 3
    error = 1e-13 if dtype is np.float64 else 4e-5
    for rows in (X, X[:9]):
        assert_allclose(
            predict_rows(network, params, rows, scaling), expected[: len(rows)], atol=error
        )


def test_a_network_in_float32_reads_what_was_standardised_in_float64(rng):
    tanh, identity, loss = ACTIVATIONS["tanh"], ACTIVATIONS["identity"], LOSSES["squared_error"]
    network = make_network(tanh, identity, loss, sizes=(2, 5, 1))
    params = rng.uniform(-0.7, 0.7, network.n_parameters)
    scaling = Scaling(np.full(2, 1.7e9), np.full(2, 60.0), np.zeros(1), np.ones(1))  # of dates
    X = 1.7e9 + rng.normal(scale=60, size=(3000, 2))
    expected = predict_rows(network, params, X, scaling)
    for rows in (X, X[:9]):
        found = predict_rows(network, params.astype(np.float32), rows, scaling)
        assert_allclose(found, expected[: len(rows)], atol=1e-5)


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
