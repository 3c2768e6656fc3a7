import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from sknn_scratch.components.registries import ACTIVATIONS
from sknn_scratch.maths.layers import Dense, Layer, forward_pass, output
from tests.helpers import assert_is_gradient


def test_a_dense_layer_is_a_layer_of_weights_and_intercepts(rng):
    W, b = layer = Dense(rng.normal(size=(3, 2)), rng.normal(size=2))
    assert isinstance(layer, Layer)
    a = rng.normal(size=(5, 3))
    assert_allclose(layer.forward(a)[4, 1], a[4] @ W[:, 1] + b[1])
    assert_array_equal(layer.as_products(a), layer.forward(a))


def test_the_derivatives_of_a_dense_layer_agree_with_finite_differences(rng):
    W, b, a = rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=(5, 3))
    delta = rng.normal(size=(5, 2))
    layer, into = Dense(W, b), Dense(np.empty_like(W), np.empty_like(b))
    layer.gradient(a, delta, into)

    def weighted_sum(W=W, b=b, a=a):
        return (Dense(W, b).forward(a) * delta).sum()

    assert_is_gradient(into.W.ravel(), lambda x: weighted_sum(W=x.reshape(3, 2)), W.ravel())
    assert_is_gradient(into.b, lambda x: weighted_sum(b=x), b)
    below = layer.below(a, delta).ravel()
    assert_is_gradient(below, lambda x: weighted_sum(a=x.reshape(5, 3)), a.ravel())


def test_a_dense_layer_takes_in_all_of_a_shift_and_a_scale(rng):
    layer, a = Dense(rng.normal(size=(3, 2)), rng.normal(size=2)), rng.normal(size=(5, 3))
    shift, scale = rng.normal(size=3), rng.uniform(0.5, 2, 3)
    expected = layer.forward((a - shift) / scale)
    layer.rescale(shift, scale)
    assert layer.left(shift, scale) is None
    assert_allclose(layer.forward(a), expected)
    layer.unscale(shift, scale)
    assert_allclose(layer.forward((a - shift) / scale), expected)


def test_the_forward_pass_hands_each_layer_what_the_last_one_made(rng):
    first = Dense(rng.normal(size=(3, 4)), rng.normal(size=4))
    second = Dense(rng.normal(size=(4, 2)), rng.normal(size=2))
    X, f = rng.normal(size=(5, 3)), [ACTIVATIONS["tanh"], ACTIVATIONS["exp"]]
    (z1, a1), (z2, a2) = forward_pass(X, [first, second], f)
    assert_allclose(a1, np.tanh(first.forward(X)))
    assert_allclose(z2, second.forward(a1))
    assert_allclose(a2, np.exp(z2))
    assert_allclose(a1, np.tanh(z1))
    assert_array_equal(output(X, [first, second], f), a2)
