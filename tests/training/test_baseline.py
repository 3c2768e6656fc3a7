"""The loss of the best constant, beside a search over all constants."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.optimize import differential_evolution
from sklearn.linear_model import LinearRegression

from sknn_scratch import Bounded, Loss, Quantile
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.data import DataSet, Mapped, no_scaling
from sknn_scratch.maths.network import Network
from sknn_scratch.training.baseline import MARGIN, Baseline, loss_of_best_constant


class Cubic(Loss):
    """A loss of one's own, of which nothing is known."""

    def __call__(self, y, a):
        return np.abs(a - y) ** 3

    def gradient(self, y, a):
        return 3 * (a - y) * np.abs(a - y)


def make_network(loss, n_targets=1, out_activation=None):
    out = out_activation or ACTIVATIONS[loss.out_activation]
    return Network((3, loss.n_outputs(n_targets)), (out,), loss)


def searched(network, y, weight=None):
    """Return the least mean loss of any constant input of the output layer."""
    f, n_outputs = network.activations[-1], network.sizes[-1]

    def mean_loss(z):
        a = np.tile(f(z), (len(y), 1))
        return np.average(network.loss(y, a).sum(axis=1), weights=weight)

    bounds = [(-20, 20)] * n_outputs
    return differential_evolution(mean_loss, bounds, tol=1e-9, popsize=20, maxiter=2000).fun


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, lambda X: Mapped(X, X.dtype)])
def test_of_a_linear_model_it_is_half_its_mean_squared_error_wherever_rows_are(kind, rng):
    X, weight, rows = rng.normal(size=(50, 3)), rng.choice([0, 0.5, 2], 50), np.arange(40)
    y = np.sin(X[:, :1])
    model = LinearRegression().fit(X[rows], y[rows], weight[rows])
    expected = np.average((y - model.predict(X))[rows, 0] ** 2, weights=weight[rows]) / 2
    relu, identity = ACTIVATIONS["relu"], ACTIVATIONS["identity"]
    network = Network((3, 4, 1), (relu, identity), LOSSES["squared_error"])
    state = SimpleNamespace(params=np.zeros(1), scaling=no_scaling(network))
    data = DataSet(kind(X), y, weight, chosen=rows)
    assert_allclose(Baseline(network, state, data).linear, expected, rtol=1e-10)


CASES = [
    *((loss, None) for loss in LOSSES.values()),
    (Quantile([0.1, 0.5, 0.9]), None),
    (Cubic(), None),
    (LOSSES["squared_error"], Bounded(0, 9)),
    (LOSSES["poisson"], ACTIVATIONS["softplus"]),
]


@pytest.mark.parametrize(("loss", "out_activation"), CASES, ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_no_constant_is_better_by_a_part_of_the_margin(loss, out_activation, weighted, rng):
    y = rng.gamma(1.0, 1.5, size=(60, 1))
    weight = rng.choice([0, 0.5, 3.0], 60) if weighted else None
    network = make_network(loss, 1, out_activation)
    expected = searched(network, y, weight)
    assert_allclose(loss_of_best_constant(network, y, weight), expected, rtol=MARGIN / 4)


def test_for_the_squared_error_it_is_half_the_variance_of_each_target(rng):
    y = rng.normal(5, [1, 3], size=(40, 2))
    network = make_network(LOSSES["squared_error"], 2)
    assert_allclose(loss_of_best_constant(network, y), y.var(axis=0).sum() / 2, rtol=1e-12)


@pytest.mark.parametrize("loss", [*LOSSES.values(), Quantile([0.1, 0.9])], ids=repr)
def test_a_sample_of_weight_2_is_two_samples_and_only_ratios_matter(loss, rng):
    y, weight = rng.gamma(2.0, size=(30, 1)), rng.integers(0, 3, 30)
    network = make_network(loss)
    expected = loss_of_best_constant(network, np.repeat(y, weight, axis=0))
    for unit in (1, 1e-6, 1e6):
        assert_allclose(loss_of_best_constant(network, y, unit * weight), expected, rtol=1e-6)


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1e3, 1e6])
@pytest.mark.parametrize(("name", "power"), [("absolute_error", 1), ("quantile", 1), ("gamma", 0)])
def test_it_is_in_the_unit_of_the_loss(name, power, unit, rng):
    y, network = rng.gamma(2.0, size=(30, 1)), make_network(LOSSES[name])
    expected = unit**power * loss_of_best_constant(network, y)
    assert_allclose(loss_of_best_constant(network, unit * y), expected, rtol=1e-6)


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_a_likelihood_counts_the_logarithm_of_the_unit(unit, rng):
    y, network = rng.normal(size=(50, 1)), make_network(LOSSES["gaussian"])
    # well above the least deviation of 1e-3, below which the likelihood is another
    y = 10 * y if unit < 1 else y
    expected = loss_of_best_constant(network, y) + np.log(unit)
    assert_allclose(loss_of_best_constant(network, unit * y), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=repr)
def test_of_constant_targets_there_is_none(loss):
    network = make_network(loss)
    assert np.isnan(loss_of_best_constant(network, np.full((5, 1), 2.0)))
    some = np.array([[1.0], [2.0], [2.0]])
    assert np.isnan(loss_of_best_constant(network, some, np.array([0.0, 1.0, 2.0])))
