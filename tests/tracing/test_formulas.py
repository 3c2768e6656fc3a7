"""Formulas of one's own: whether or not they can be followed, training computes what they say."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special

from sknn_scratch import Activation, Loss
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.maths.network import backprop
from sknn_scratch.tracing import formulas
from tests.helpers import EVERY_ACTIVATION, Sine, make_network, make_problem, run_program


@pytest.fixture
def refused(monkeypatch):
    """Return a list that gets the components that could not be followed."""
    components, followed = [], formulas.followed

    def watched(follow, component, *forms):
        plan = followed(follow, component, *forms)
        components.extend([] if plan else [component])
        return plan

    monkeypatch.setattr(formulas, "followed", watched)
    return components


class Softsign(Activation):
    """Its parts are made in place, in arrays of its own."""

    def __call__(self, z):
        size = np.abs(z)
        size += 1
        return z / size

    def derivative(self, z, a):
        slope = np.ones_like(z)
        slope -= np.abs(a)
        slope **= 2
        return slope


class Step(Activation):
    """Returns an array of booleans, and its derivative a number."""

    def __call__(self, z):
        return z > 0.1

    def derivative(self, z, a):
        return 0.5


class Doubled(Activation):
    """Computes in float64, whatever comes in."""

    def __call__(self, z):
        return np.array([[0.3]]) * z

    def derivative(self, z, a):
        return np.full(z.shape, 0.3)


class Itself(Activation):
    def __call__(self, z):
        return z

    def derivative(self, z, a):
        return z * 0 + 1


class ByParts(Activation):
    """Depends on the type and the number of its inputs, which are known."""

    def __call__(self, z):
        return np.sin(z) / z.size if z.dtype == np.float64 else np.sin(z) / len(z.shape)

    def derivative(self, z, a):
        return np.cos(z) / np.prod(z.shape)


class Chosen(Activation):
    def __call__(self, z):
        return np.where(z > 0, z, 0.1 * z)

    def derivative(self, z, a):
        return np.where(z > 0, 1, 0.1)


class Masked(Activation):
    def __call__(self, z):
        a = z.copy()
        a[a < 0] *= 0.1
        return a

    def derivative(self, z, a):
        slope = np.ones_like(z)
        slope[z < 0] = 0.1
        return slope


class Branching(Activation):
    def __call__(self, z):
        return np.tanh(z) if np.abs(z).max() < 1e3 else np.sign(z)

    def derivative(self, z, a):
        return 1 - a * a


class Remembering(Activation):
    """Keeps what its derivative needs."""

    def __call__(self, z):
        self.s = special.expit(z)
        return z * self.s

    def derivative(self, z, a):
        return self.s + a * (1 - self.s)


class Spoiling(Activation):
    """Writes its result over its input, which `from_output` allows."""

    from_output = True

    def __call__(self, z):
        return np.tanh(z, out=z)

    def derivative(self, z, a):
        np.multiply(a, a, out=a)
        return np.subtract(1, a, out=a)


FOLLOWED = [Sine(), Softsign(), Step(), Doubled(), Itself(), ByParts()]
AS_THEY_ARE = [Chosen(), Masked(), Branching(), Remembering()]


def layer(f, z, delta):
    """Return f(z) and delta * f'(z), as a layer's calls make them."""
    z = z.copy()
    a = z if f.from_output else np.empty_like(z)
    product = np.empty_like(z)
    forward, backward = formulas.activation(f, a, z, product)
    for function, *arguments in forward:
        function(*arguments)
    result = a.copy()
    product[...] = delta
    for function, *arguments in backward:
        function(*arguments)
    return result, product


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("f", [*FOLLOWED, *AS_THEY_ARE, Spoiling()], ids=lambda f: type(f).__name__)
def test_an_activation_of_ones_own_computes_what_it_says(f, dtype, refused, rng):
    z, delta = (rng.normal(size=(3, 100)).astype(dtype) for _ in range(2))
    expected = np.asarray(f(z.copy()), dtype)
    slope = f.derivative(z.copy(), expected.copy())
    a, product = layer(f, z, delta)
    assert_allclose(a, expected, rtol=1e-6 if dtype == np.float32 else 1e-14)
    assert_allclose(product, delta * slope, rtol=1e-6 if dtype == np.float32 else 1e-14)
    assert a.dtype == product.dtype == dtype
    assert bool(refused) == (f not in FOLLOWED)


@pytest.mark.parametrize("sizes", [(3, 50, 2), (3, 50, 1)])
@pytest.mark.parametrize("f", [*FOLLOWED, *AS_THEY_ARE], ids=lambda f: type(f).__name__)
def test_a_network_of_ones_own_activations_has_the_gradient_of_backprop(f, sizes, rng):
    network = make_network(f, ACTIVATIONS["tanh"], LOSSES["squared_error"], sizes=sizes)
    params, X, y = make_problem(network, rng)
    loss, gradient = run_program(network, params, X, y, None, 0.3)
    expected_loss, expected_gradient = backprop(X, y, params, network, None, 0.3)
    assert_allclose(loss, expected_loss, rtol=1e-12)
    assert_allclose(gradient, expected_gradient, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("second", ["delta", "slope", None])
def test_everything_in_the_registries_is_followed(second, refused):
    for f in EVERY_ACTIVATION:
        z = np.ones((5, 60))
        a = z if f.from_output else np.ones_like(z)
        options = {"delta": {"delta": np.ones_like(z)}, "slope": {"slope": True}, None: {}}[second]
        formulas.activation(f, a, z, **options)
    for loss in LOSSES.values():
        if loss.std is None:  # a likelihood of several outputs is no elementwise function
            y, a, values, delta = np.ones((4, 2, 60))
            total = np.zeros(())
            formulas.loss(loss, y, a, None, 1.0, total, values, delta if second else None)
    assert not refused


# --- losses ---


class Expectile(Loss):
    def __call__(self, y, a):
        return np.where(y > a, 0.9, 0.1) * (a - y) ** 2

    def gradient(self, y, a):
        return 2 * np.where(y > a, 0.9, 0.1) * (a - y)


class MaskedExpectile(Loss):
    def __call__(self, y, a):
        return (0.1 + 0.8 * (y > a)) * (a - y) ** 2

    def gradient(self, y, a):
        return 2 * (0.1 + 0.8 * (y > a)) * (a - y)


class OneForAll(Loss):
    """Has one loss for each sample, whatever its outputs."""

    def __call__(self, y, a):
        return np.abs(a[:, :1] - y[:, :1])

    def gradient(self, y, a):
        return np.sign(a - y) * np.array([1, 0])


class Constant(Loss):
    """Returns fewer numbers than there are outputs."""

    def __call__(self, y, a):
        return 1.0 + np.zeros((len(y), 1))

    def gradient(self, y, a):
        return 0 * a


class Mean(Loss):
    """Depends on all targets of a batch."""

    def __call__(self, y, a):
        return np.abs(a - y.mean())

    def gradient(self, y, a):
        return np.sign(a - y.mean())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "loss", [Expectile(), MaskedExpectile(), Mean(), OneForAll(), Constant()], ids=repr
)
def test_a_loss_of_ones_own_computes_what_it_says(loss, dtype, weighted, refused, rng):
    network = make_network(ACTIVATIONS["tanh"], ACTIVATIONS["logistic"], loss)
    params, X, y = (x.astype(dtype) for x in make_problem(network, rng))
    weight = rng.uniform(0, 2, len(X)).astype(dtype) if weighted else None
    value, gradient = run_program(network, params, X, y, weight, 0)
    expected, expected_gradient = backprop(X, y, params, network, weight)
    if isinstance(loss, Constant):
        assert value == 1
    assert_allclose(value, expected, rtol=1e-12 if dtype == np.float64 else 1e-5)
    tolerance = 1e-13 if dtype == np.float64 else 1e-6
    assert_allclose(gradient, expected_gradient, rtol=1e3 * tolerance, atol=tolerance)
    assert bool(refused) == (not isinstance(loss, MaskedExpectile))
