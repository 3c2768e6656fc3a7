"""Formulas of one's own: whether or not they can be traced, training computes what they say.

Some may not be taken for what they did once.
"""

import random
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special

from sknn_scratch import ELU, SELU, Activation, LeakyReLU, Loss, ScratchMLPRegressor, calls_of
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.maths.network import backprop
from sknn_scratch.tracing import formulas
from sknn_scratch.tracing.formulas import ActivationForm, plan_of
from tests.helpers import EVERY_ACTIVATION, Sine, make_network, make_problem, run_program


@pytest.fixture
def refused(monkeypatch):
    """Return a list that gets the components that could not be traced."""
    components, plan_of = [], formulas.plan_of

    def watched(component, form):
        plan = plan_of(component, form)
        components.extend([] if plan else [component])
        return plan

    monkeypatch.setattr(formulas, "plan_of", watched)
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


class Polynomial(Activation):
    """Changes its constant in place, again and again."""

    def __call__(self, z):
        c, a = np.ones((1, 1)), z * 0
        for k in range(1, 5):
            c /= k
            a = a + c * z**k
        return a

    def derivative(self, z, a):
        c, slope = np.ones((1, 1)), z * 0
        for k in range(1, 5):
            c /= k
            slope = slope + c * k * z ** (k - 1)
        return slope


class Scales(Activation):
    """Asks for a type that a mask is not of."""

    def __call__(self, z):
        return np.ldexp(z, z > 0)

    def derivative(self, z, a):
        return 1.0 + (z > 0)


class LogOfATail(Activation):
    """Needs all digits of a tail."""

    def __call__(self, z):
        return np.log(special.ndtr(2 * z - 5))

    def derivative(self, z, a):
        u = 2 * z - 5
        return 2 * np.exp(-0.5 * u**2 - a) / 2.5066282746310002


class Softmax(Activation):
    """Over the units of the layer. (The derivative has its own unit only.)"""

    def __call__(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def derivative(self, z, a):
        return a * (1 - a)


class SlopePerUnit(Activation):
    def __init__(self, n_units):
        self.slopes = np.linspace(0.1, 2, n_units, dtype=np.float32)

    def __call__(self, z):
        return self.slopes * z

    def derivative(self, z, a):
        return self.slopes * np.ones_like(z)


class AsksForTheType(Activation):
    def __call__(self, z):
        return np.tanh(z) if isinstance(z, np.ndarray) else z * 1

    def derivative(self, z, a):
        return 1 - a * a


class Catches(Activation):
    def __call__(self, z):
        try:
            return np.tanh(z) * z.itemsize
        except AttributeError:
            return z * 1

    def derivative(self, z, a):
        return getattr(z, "itemsize", 1) * (1 - np.tanh(z) ** 2)


TRACED = [
    Sine(), Step(), Doubled(), Itself(), ByParts(), Polynomial(), Scales(),
    LogOfATail(), SlopePerUnit(3),
]  # fmt: skip
AS_THEY_ARE = [
    Softsign(), Chosen(), Masked(), Branching(), Remembering(), Softmax(), AsksForTheType(),
    Catches(),
]  # fmt: skip


def layer(f, z, delta):
    """Return f(z) and delta * f'(z), as a layer's calls make them, a sample per row."""
    z = z.T.copy()
    a = z if f.from_output else np.empty_like(z)
    product = np.empty_like(z)
    forward, backward = formulas.activations([(f, a, z, product)])[0]
    for function, *arguments in forward:
        function(*arguments)
    result = a.T.copy()
    product[...] = delta.T
    for function, *arguments in backward:
        function(*arguments)
    return result, product.T


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("f", [*TRACED, *AS_THEY_ARE, Spoiling()], ids=lambda f: type(f).__name__)
def test_an_activation_of_ones_own_computes_what_it_says(f, dtype, refused, rng):
    z, delta = (rng.normal(size=(100, 3)).astype(dtype) for _ in range(2))
    expected = np.asarray(f(z.copy()), dtype)
    slope = f.derivative(z.copy(), expected.copy())
    a, product = layer(f, z, delta)
    assert_allclose(a, expected, rtol=1e-6 if dtype == np.float32 else 1e-14)
    assert_allclose(product, delta * slope, rtol=1e-6 if dtype == np.float32 else 1e-14)
    assert a.dtype == product.dtype == dtype
    assert bool(refused) == (f not in TRACED)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("f", [Softmax(), SlopePerUnit(6)], ids=lambda f: type(f).__name__)
def test_what_depends_on_the_unit_trains_and_predicts_few_rows_as_many(f, rng):
    X = rng.normal(size=(900, 3))
    y = X[:, 0] + 0.1 * rng.normal(size=900)
    model = ScratchMLPRegressor((6,), activation=f, learning_rate_init=0.01, random_state=0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Softmax is not elementwise")
        model.fit(X, y)
    assert model.score(X, y) > 0.8
    assert_allclose(model.predict(X)[:3], model.predict(X[:3]), rtol=1e-9)
    assert_allclose(model.transform(X[:3]), f(X[:3] @ model.coefs_[0] + model.intercepts_[0]))


@pytest.mark.parametrize("sizes", [(3, 50, 2), (3, 50, 1)])
@pytest.mark.parametrize(
    "f", [*TRACED[:-1], *AS_THEY_ARE, SlopePerUnit(50)], ids=lambda f: type(f).__name__
)
def test_a_network_of_ones_own_activations_has_the_gradient_of_backprop(f, sizes, rng):
    network = make_network(f, ACTIVATIONS["tanh"], LOSSES["squared_error"], sizes=sizes)
    params, X, y = make_problem(network, rng)
    loss, gradient = run_program(network, params, X, y, None, 0.3)
    expected_loss, expected_gradient = backprop(X, y, params, network, None, 0.3)
    assert_allclose(loss, expected_loss, rtol=1e-12)
    assert_allclose(gradient, expected_gradient, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("into", ["delta", "a", None])
def test_everything_in_the_registries_is_traced(into, refused):
    for f in EVERY_ACTIVATION:
        z = np.ones((5, 60))
        a = z if f.from_output else np.ones_like(z)
        what = np.ones_like(z) if into == "delta" else into
        formulas.activations([(f, a, z, what)])
    for loss in LOSSES.values():
        if loss.std is None:  # a likelihood of several outputs is no elementwise function
            y, a, values, delta = np.ones((4, 2, 60))
            total = np.zeros(())
            formulas.loss(loss, y, a, None, 1.0, total, values, delta if into else None)
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


CALLS = []


def plan(f):
    """Return the plan of f and f', or None if they are called as they are."""
    return plan_of(f, ActivationForm((30, 4), np.dtype(np.float64), False, "delta"))


class Own(Activation):
    """An activation of one's own that has something about it."""

    def __init__(self):
        self.count, self.seen, self.gains = 0, [], np.ones(4)

    def derivative(self, z, a):
        return np.ones_like(a)


class Counts(Own):
    def __call__(self, z):
        self.count += 1
        return z * self.count


class CountsTens(Own):
    def __call__(self, z):
        self.count += 1
        return z * (self.count // 10)


class Collects(Own):
    def __call__(self, z):
        self.seen.append(1)
        return 2 * z


class Remembers(Own):
    def __call__(self, z):
        self.last = np.exp(z)
        return self.last


class ChangesItsArray(Own):
    def __call__(self, z):
        self.gains *= 1.5
        return z * self.gains


class IsRandom(Own):
    def __call__(self, z):
        return z * np.random.rand()


class IsRandomEverywhere(Own):
    def __call__(self, z):
        return z + np.random.normal(size=z.shape)


class CountsForAll(Own):
    def __call__(self, z):
        CALLS.append(1)
        return z * len(CALLS)


class CannotBeCopied(Own):
    def __deepcopy__(self, memo):
        raise TypeError

    def __call__(self, z):
        return 2 * z


class IsSeldomRandom(Own):
    def __call__(self, z):
        return np.zeros_like(z) if np.random.rand() < 0.05 else np.sin(z)


class DrawsOfItsOwn(Own):
    def __init__(self):
        super().__init__()
        self.random = random.Random(0)

    def __call__(self, z):
        return np.zeros_like(z) if self.random.random() < 0.05 else np.sin(z)


class CountsOnItsClass(Own):
    total = 0

    def __call__(self, z):
        type(self).total += 1
        return z * (self.total // 1000)


class HasAGain(Own):
    def __call__(self, z):
        return z * self.gains


REFUSED = [
    Counts, CountsTens, Collects, Remembers, ChangesItsArray, IsRandom, IsRandomEverywhere,
    CountsForAll, CannotBeCopied, IsSeldomRandom, DrawsOfItsOwn, CountsOnItsClass,
]  # fmt: skip


@pytest.mark.parametrize("component", REFUSED, ids=lambda each: each.__name__)
def test_a_component_that_may_do_something_else_next_time_is_not_traced(component):
    f = component()
    assert plan(f) is None
    assert (f.count, f.seen, f.gains.tolist()) == (0, [], [1, 1, 1, 1])  # nothing happened to it


@pytest.mark.parametrize("f", [Sine(), HasAGain(), ELU(), ACTIVATIONS["gelu"]], ids=repr)
def test_a_component_that_always_does_the_same_is_traced(f):
    assert plan(f)


def test_what_is_ours_is_traced_once_but_for_each_parameter():
    assert plan(LeakyReLU(0.2)) is plan(LeakyReLU(0.2))
    assert plan(LeakyReLU(0.2)) is not plan(LeakyReLU(0.3))
    selu = SELU()
    plans = [plan(selu)]
    selu.scale = 2.0
    plans.append(plan(selu))
    assert plans[0].description != plans[1].description


def test_what_is_not_ours_is_traced_each_time():
    factor = 2.0

    class Scaled(Sine):
        def __call__(self, z):
            return factor * z

    first = plan(Scaled())
    factor = 3.0
    assert first.description != plan(Scaled()).description


# --- calls, as text ---


class Sums(Own):
    def __call__(self, z):
        return z - z.mean()


class HasAFunction(Own):
    def __init__(self):
        super().__init__()
        self.function = lambda z: 2 * z

    def __call__(self, z):
        return self.function(z)


@pytest.mark.parametrize(
    ("component", "match"),
    [
        (ELU, "must be an activation or a loss, got <class"),
        (Sums(), "Sums.* cannot be traced: .* has no mean"),
        (HasAFunction(), "HasAFunction.* cannot be traced: .*lambda"),
        (Chosen(), "where is no elementwise function"),
        (AsksForTheType(), "does something else with numbers than when it is traced"),
        (CountsTens(), "draws random numbers, or changes itself or its class"),
    ],
    ids=lambda value: getattr(type(value), "__name__", ""),
)
def test_calls_of_says_why_there_are_none(component, match):
    with pytest.raises(TypeError, match=match):
        calls_of(component)


def test_calls_of_tells_the_calls_of_a_loss():
    assert calls_of(LOSSES["absolute_error"]) == [
        "gradient = subtract(a, y)",
        "loss = absolute(gradient)",
        "gradient = sign(gradient)",
    ]
