import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sknn_scratch import feedforward
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.data import Mapped, Scaling
from sknn_scratch.engine.prediction import predict_rows
from tests.helpers import make_network


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
