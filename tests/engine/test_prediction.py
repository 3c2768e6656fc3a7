import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sknn_scratch import feedforward
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.data import Mapped
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
