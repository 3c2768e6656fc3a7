"""Formulas of one's own: whether or not they can be followed, training computes what they say."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import linalg, special

from sknn_scratch import SGD, Activation, Loss, Solver
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES, SOLVERS
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
    for name in SOLVERS.keys() - {"lbfgs"}:
        params, gradient = np.ones((2, 30))
        rule = SOLVERS[name]()
        formulas.solver(rule, params, gradient, rule.init(params), np.array(0.1))
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


# --- solvers ---


@dataclass(frozen=True)
class Rule(Solver):
    """A rule of one's own with an array and a counter."""

    def init(self, params):
        return {"m": np.zeros_like(params), "t": 0}


class Rebinds(Rule):
    def update(self, params, gradient, state, learning_rate):
        state["t"] += 1
        state["m"] = 0.9 * state["m"] + gradient
        params -= learning_rate / (1 + 0.1 * state["t"]) * state["m"]


class CountsLast(Rule):
    def update(self, params, gradient, state, learning_rate):
        params -= gradient * learning_rate / 2 ** (state["t"] % 3)
        state["t"] = state["t"] + 1


class ReadsTheOld(Rule):
    """Needs what was there before, after it has computed what shall be there."""

    def update(self, params, gradient, state, learning_rate):
        ahead = params - learning_rate * gradient
        moved = ahead - params
        params[:] = ahead + 0.5 * state["m"]
        state["m"][...] = moved + 0.1 * state["m"]


class SetsNumbers(Rule):
    def update(self, params, gradient, state, learning_rate):
        params -= learning_rate * gradient * -(-state["t"] - 1)
        state["t"] = 3


class Swaps(Rule):
    """Each array becomes what the other was."""

    def init(self, params):
        return {"m": np.zeros_like(params), "before": np.ones_like(params)}

    def update(self, params, gradient, state, learning_rate):
        mixed = state["m"] + gradient
        state["m"][...] = state["before"] * 0.5
        state["before"][...] = mixed
        params -= learning_rate * state["m"]


class SpoilsTheGradient(Rule):
    def update(self, params, gradient, state, learning_rate):
        gradient *= learning_rate
        params -= gradient
        gradient += state["m"]
        state["m"] += gradient


class DoesNothing(Rule):
    def update(self, params, gradient, state, learning_rate):
        params = params - gradient  # makes another vector


class BranchesOnTheCounter(Rule):
    def update(self, params, gradient, state, learning_rate):
        state["t"] += 1
        factor = 1 if state["t"] == 1 else 0.5
        params -= factor * learning_rate * gradient


class NeedsTheLength(Rule):
    def update(self, params, gradient, state, learning_rate):
        params -= learning_rate * gradient / (1 + linalg.norm(gradient))


class KeepsTheGradient(Rule):
    def update(self, params, gradient, state, learning_rate):
        params -= learning_rate * (gradient + state["m"])
        state["m"] = gradient.copy()


class RemembersMore(Rule):
    def update(self, params, gradient, state, learning_rate):
        state[f"seen {len(state)}"] = 1
        params -= learning_rate * gradient / len(state)


class KeepsAList(Rule):
    def init(self, params):
        return {"steps": []}

    def update(self, params, gradient, state, learning_rate):
        state["steps"].append(1)
        params -= learning_rate * gradient / len(state["steps"])


class TakesARoot(Rule):
    def update(self, params, gradient, state, learning_rate):
        state["t"] += 1
        params -= learning_rate * gradient / float(np.sqrt(state["t"]))


class TakesTurns(Rule):
    def init(self, params):
        return {"even": True}

    def update(self, params, gradient, state, learning_rate):
        params -= learning_rate * gradient * (1 if state["even"] else 2)
        state["even"] = not state["even"]


RULES = [
    Rebinds, CountsLast, ReadsTheOld, SetsNumbers, Swaps, SpoilsTheGradient, DoesNothing,
]  # fmt: skip
OTHER_RULES = [
    BranchesOnTheCounter, NeedsTheLength, KeepsTheGradient, RemembersMore, KeepsAList, TakesARoot,
    TakesTurns,
]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", RULES + OTHER_RULES, ids=lambda rule: rule.__name__)
def test_a_solver_of_ones_own_makes_the_steps_that_it_says(rule, dtype, refused, rng):
    solver, start = rule(), rng.normal(size=7).astype(dtype)
    gradients = rng.normal(size=(6, 7)).astype(dtype)
    formula, state = start.copy(), solver.init(start)
    params, gradient, its_state = start.copy(), np.empty_like(start), solver.init(start)
    learning_rate = np.zeros((), dtype)
    calls = formulas.solver(solver, params, gradient, its_state, learning_rate)
    for step, each in enumerate(gradients):
        learning_rate[...] = 0.1 / (1 + step)
        gradient[...] = each
        for function, *arguments in calls:
            function(*arguments)
        solver.update(formula, each.copy(), state, learning_rate.item())
        tolerance = 1e-6 if dtype == np.float32 else 1e-14
        assert_allclose(params, formula, rtol=tolerance, atol=tolerance)
        assert its_state.keys() == state.keys()
        for key, value in state.items():
            assert_allclose(its_state[key], value, rtol=tolerance, atol=tolerance)
            assert type(its_state[key]) is type(value)
    assert bool(refused) == (rule not in RULES)


def test_a_state_in_another_type_is_left_to_the_rule(refused):
    state = {"velocity": np.zeros(4)}  # float64 beside float32
    params, gradient = np.ones((2, 4), np.float32)
    calls = formulas.solver(SGD(), params, gradient, state, np.array(0.1, np.float32))
    assert len(calls) == 1
