import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.maths.network import Network, backprop, feedforward
from tests.helpers import (
    EVERY_NETWORK,
    TANH_NETWORK,
    WrongSine,
    assert_is_gradient,
    make_network,
    make_problem,
)


def assert_backprop_is_right(network, rng, sample_weight=None, alpha=0.3):
    params, X, y = make_problem(network, rng)
    _, gradient = backprop(X, y, params, network, sample_weight, alpha)
    assert_is_gradient(
        gradient, lambda p: backprop(X, y, p, network, sample_weight, alpha)[0], params
    )


@pytest.mark.parametrize(("hidden", "out", "loss", "fit_intercept"), EVERY_NETWORK)
def test_backprop_agrees_with_finite_differences(hidden, out, loss, fit_intercept, rng):
    assert_backprop_is_right(make_network(hidden, out, loss, fit_intercept), rng)


@pytest.mark.parametrize("sizes", [(3, 1), (3, 6, 1), (2, 3, 3, 3, 2)])
def test_backprop_agrees_with_finite_differences_at_every_depth_and_with_weights(sizes, rng):
    network = make_network(ACTIVATIONS["tanh"], ACTIVATIONS["exp"], LOSSES["poisson"], sizes=sizes)
    assert_backprop_is_right(network, rng, sample_weight=rng.uniform(0, 3, 7))


def test_a_weight_for_each_target_is_a_weight_of_its_loss(rng):
    network = make_network(*TANH_NETWORK)
    params, X, y = make_problem(network, rng)
    weight = rng.integers(0, 3, size=y.shape)
    assert_backprop_is_right(network, rng, sample_weight=weight)
    errors = weight * (network.output(X, params) - y) ** 2 / 2
    penalty = 0.3 / 2 * sum((W**2).sum() for W, _ in network.layers(params))
    n = weight.sum() / y.shape[1]
    assert_allclose(backprop(X, y, params, network, weight, 0.3)[0], (errors.sum() + penalty) / n)
    of_rows = backprop(X, y, params, network, weight[:, 0], 0.3)
    of_targets = backprop(X, y, params, network, weight[:, [0, 0]], 0.3)
    assert_allclose(of_targets[1], of_rows[1])


def test_a_wrong_derivative_fails_the_gradient_check(rng):
    wrong = make_network(WrongSine(), ACTIVATIONS["identity"], LOSSES["squared_error"])
    with pytest.raises(AssertionError):
        assert_backprop_is_right(wrong, rng)


def test_a_layer_is_a_matrix_product_by_hand():
    W, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 20.0])
    identity = ACTIVATIONS["identity"]
    assert_allclose(feedforward(np.array([[1.0, 1.0]]), [W], [b], [identity]), [[14.0, 26.0]])
    relu = ACTIVATIONS["relu"]
    two = feedforward(np.array([[1.0, -9.0]]), [W, W], [b, b], [relu, identity])
    # z = (10 + 1 - 27, 20 + 2 - 36) = (-16, -14), so a = (0, 0) and the output is b
    assert_allclose(two, [b])


def test_the_loss_of_a_linear_network_is_half_the_mean_square_plus_the_penalty():
    network = make_network(None, ACTIVATIONS["identity"], LOSSES["squared_error"], sizes=(1, 1))
    X, y = np.array([[1.0], [2.0]]), np.array([[3.0], [5.0]])
    loss, gradient = backprop(X, y, np.array([1.0, 0.5]), network, alpha=2.0)
    # errors are 1.5 - 3 and 2.5 - 5; the penalty 2 / 2 * 1^2 is divided by 2 samples
    assert_allclose(loss, (1.5**2 / 2 + 2.5**2 / 2 + 1) / 2)
    assert_allclose(gradient, [(-1.5 * 1 - 2.5 * 2 + 2) / 2, (-1.5 - 2.5) / 2])


def test_a_weight_of_two_is_a_row_that_occurs_twice(rng):
    network = make_network(ACTIVATIONS["tanh"], ACTIVATIONS["identity"], LOSSES["squared_error"])
    params, X, y = make_problem(network, rng)
    counts = np.array([0, 1, 2, 3, 1, 0, 2])
    weighted = backprop(X, y, params, network, counts.astype(float), alpha=0.5)
    repeated = backprop(X.repeat(counts, 0), y.repeat(counts, 0), params, network, alpha=0.5)
    assert_allclose(weighted[0], repeated[0])
    assert_allclose(weighted[1], repeated[1], atol=1e-15)


def test_sparse_inputs_give_the_loss_and_gradient_of_dense_ones(rng):
    network = make_network(ACTIVATIONS["relu"], ACTIVATIONS["identity"], LOSSES["squared_error"])
    params, X, y = make_problem(network, rng)
    X[X < 0.3] = 0
    dense, thin = (backprop(data, y, params, network) for data in (X, sparse.csr_array(X)))
    assert_allclose(thin[0], dense[0])
    assert_allclose(thin[1], dense[1], atol=1e-15)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_layers_are_views_that_cover_the_vector(fit_intercept):
    network = make_network(*TANH_NETWORK, fit_intercept)
    vector = np.zeros(network.n_parameters)
    for W, b in network.layers(vector):
        W += 1
        b += fit_intercept
    assert (vector == 1).all()
    assert [W.shape for W, _ in network.layers(vector)] == [(3, 5), (5, 4), (4, 2)]
    assert [b.shape for _, b in network.layers(vector)] == [(5,), (4,), (2,)]


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"activations": ("logistic", "logistic")}, r"activations .* Tanh\(\), got 'logistic'"),
        ({"activations": (np.tanh, np.tanh)}, "A function is not enough"),
        ({"activations": (type(TANH_NETWORK[0]),) * 2}, r"write Tanh\(\)"),
        ({"loss": "squared_error"}, r"loss .* SquaredError\(\), got 'squared_error'"),
    ],
)
def test_a_network_takes_components_not_their_names(changed, match):
    fitting = {"sizes": (3, 4, 1), "activations": TANH_NETWORK[:2], "loss": TANH_NETWORK[2]}
    with pytest.raises(TypeError, match=match):
        Network(**{**fitting, **changed})


def test_a_network_has_an_activation_for_each_layer():
    with pytest.raises(ValueError, match=r"activations .* 2 for sizes \(3, 4, 1\), got 1"):
        Network((3, 4, 1), TANH_NETWORK[:1], TANH_NETWORK[2])
