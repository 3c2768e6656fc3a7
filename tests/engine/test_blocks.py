"""Steps of solvers, also of ones of one's own, and what is done with long vectors."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import linalg

from sknn_scratch import SGD, Adam, AdamW, RMSprop, Solver
from sknn_scratch.components.registries import SOLVERS
from sknn_scratch.engine import blocks
from sknn_scratch.engine.blocks import Penalty, Step
from sknn_scratch.engine.minibatch import MinibatchLoop
from sknn_scratch.engine.problem import Problem
from sknn_scratch.maths.network import backprop
from tests.helpers import label, make_network_and_rows


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


class KeepsTheParameters(Rule):
    """Copies the vector before it moves."""

    def init(self, params):
        return {"old": params.copy()}

    def update(self, params, gradient, state, learning_rate):
        step = params - state["old"]
        state["old"][...] = params
        params += 0.9 * step - learning_rate * gradient


class Shifts(Rule):
    def init(self, params):
        return {"last": np.zeros_like(params), "one before": np.zeros_like(params)}

    def update(self, params, gradient, state, learning_rate):
        params -= learning_rate * (gradient + 0.5 * state["last"] + 0.2 * state["one before"])
        state["one before"][...] = state["last"]
        state["last"][...] = gradient


class LooksTheCounterUp(Rule):
    def update(self, params, gradient, state, learning_rate):
        state["t"] += 1
        factor = {1: 1.0, 2: 0.5}.get(state["t"], 0.1) + (state["t"] in {3, 5, 7})
        params -= factor * learning_rate * gradient


EVERY_RULE = [
    Rebinds, CountsLast, ReadsTheOld, SetsNumbers, Swaps, SpoilsTheGradient, DoesNothing,
    BranchesOnTheCounter, NeedsTheLength, KeepsTheGradient, RemembersMore, KeepsAList, TakesARoot,
    TakesTurns, KeepsTheParameters, Shifts, LooksTheCounterUp,
]  # fmt: skip


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.__name__)
def test_a_solver_of_ones_own_makes_the_steps_that_it_says(rule, rng):
    network, params, X, y, _, rows = make_network_and_rows(rng, weighted=False)
    solver, problem = rule(), Problem(network, params.copy(), rows, 0.3)
    state, expected_state = solver.init(params), solver.init(params)
    loop = MinibatchLoop(problem, 5, False, np.arange(len(X)), solver, state)
    for rate in (0.1, 0.05):
        loop.run(None, rate)
        for start in range(0, len(X), 5):
            batch = slice(start, start + 5)
            _, gradient = backprop(X[batch], y[batch], params, network, None, 0.3)
            solver.update(params, gradient, expected_state, rate)
        assert_allclose(problem.params, params, rtol=1e-10, atol=1e-13)
    assert state.keys() == expected_state.keys()
    for key, value in expected_state.items():
        assert_allclose(state[key], value, rtol=1e-9, atol=1e-12)
        assert type(state[key]) is type(value)


# --- long vectors ---


class Halves(Solver, elementwise=True):
    """Has another array in its state after each step."""

    def init(self, params):
        return {"mean": np.zeros_like(params), "t": 0}

    def update(self, params, gradient, state, learning_rate):
        state["t"] += 1
        state["mean"] = (state["mean"] + gradient) / 2
        params -= learning_rate / state["t"] * state["mean"]


@pytest.fixture
def long_from_ten(monkeypatch):
    monkeypatch.setattr(blocks, "LONG", 10)
    monkeypatch.setattr(blocks, "BLOCK", 4)


def take(step):
    for (function,) in step.calls():
        function()


def steps(solver, dtype, rng_seed=3, size=23):
    """Return parameters and state after some steps."""
    rng = np.random.default_rng(rng_seed)
    params, gradient = rng.normal(size=size).astype(dtype), np.empty(size, dtype)
    state = solver.init(params)
    step = Step(solver, params, gradient, state)
    for step.learning_rate in (0.1, 0.1, 0.03):
        gradient[...] = rng.normal(size=size)
        take(step)
    return params, state


ELEMENTWISE = [SGD(), SGD(nesterovs_momentum=False), SGD(momentum=0), Adam(), AdamW(), RMSprop()]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", [*ELEMENTWISE, Halves()], ids=label)
def test_a_long_vector_is_stepped_block_by_block_to_the_same_bits(solver, dtype, monkeypatch):
    whole, state = steps(solver, dtype)
    monkeypatch.setattr(blocks, "LONG", 10)
    monkeypatch.setattr(blocks, "BLOCK", 4)
    lengths, update = [], type(solver).update
    watched = lambda self, p, *rest: (lengths.append(len(p)), update(self, p, *rest))  # noqa: E731
    monkeypatch.setattr(type(solver), "update", watched)
    in_blocks, state_in_blocks = steps(solver, dtype)
    assert_array_equal(in_blocks, whole)
    assert state_in_blocks.keys() == state.keys()
    for key in state:
        assert_array_equal(state_in_blocks[key], state[key])
    assert set(lengths) == {4, 3}


def test_every_solver_of_the_package_may_be_stepped_in_blocks():
    assert {type(solver) for solver in ELEMENTWISE} == set(SOLVERS.values()) - {SOLVERS["lbfgs"]}
    assert all(solver.elementwise for solver in ELEMENTWISE)


def test_a_rule_that_does_not_say_that_it_is_elementwise_is_run_whole(long_from_ten):
    class Normalised(SGD):
        def update(self, params, gradient, state, learning_rate):
            super().update(params, gradient / linalg.norm(gradient), state, learning_rate)

    class Renamed(SGD):
        pass

    class Says(SGD):
        elementwise = True

        def update(self, params, gradient, state, learning_rate):
            super().update(params, np.sign(gradient), state, learning_rate)

    assert not NeedsTheLength.elementwise
    assert not Normalised.elementwise
    assert Renamed.elementwise
    assert Says.elementwise
    start, gradient = np.zeros(23), np.ones(23)
    step = Step(Normalised(momentum=0), start, gradient, {})
    step.learning_rate = 1.0
    take(step)
    assert_allclose(linalg.norm(start), 1)


def test_the_penalty_of_a_long_vector_is_that_of_a_short_one(rng, monkeypatch):
    network, params, *_ = make_network_and_rows(rng)
    results = []
    for long in (10**6, 10):
        monkeypatch.setattr(blocks, "LONG", long)
        monkeypatch.setattr(blocks, "BLOCK", 4)
        gradient, total = np.ones_like(params), np.zeros(())
        for function, *arguments in Penalty(network, params, gradient, 0.3).calls(total):
            function(*arguments)
        results.append((gradient, total.item()))
    (whole, loss), (in_blocks, loss_in_blocks) = results
    assert_array_equal(in_blocks, whole)
    assert_allclose(loss_in_blocks, loss)
    weights = np.concatenate([W.ravel() for W, _ in network.layers(params)])
    assert_allclose(loss, 0.3 * (weights**2).sum())
