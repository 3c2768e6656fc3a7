from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import linalg

from sknn_scratch import SGD, Adam, AdamW, RMSprop, Solver
from sknn_scratch.components.registries import SOLVERS
from sknn_scratch.engine import minibatch, program
from sknn_scratch.engine.minibatch import MinibatchLoop, Step
from sknn_scratch.engine.problem import Problem
from sknn_scratch.maths.network import backprop
from tests.helpers import label, make_network_and_rows

PLAIN = SGD(momentum=0, nesterovs_momentum=False)


def train_by_hand(network, params, X, y, weight, size, rate, alpha, max_grad_norm=np.inf):
    """Return parameters and mean loss after an epoch, by `backprop`, batch by batch."""
    params, loss = params.copy(), 0.0
    for start in range(0, len(X), size):
        part = slice(start, start + size)
        w = np.ones(len(X[part])) if weight is None else weight[part]
        scale = w.mean()  # `backprop` divides by the sum of the weights, a batch by its rows
        batch_loss, gradient = backprop(X[part], y[part], params, network, w, alpha)
        length = scale * np.linalg.norm(gradient)
        params -= rate * gradient * scale * min(1, max_grad_norm / length)
        loss += batch_loss * scale * len(w) / len(X)
    return params, loss


@pytest.mark.parametrize("gather", [1, 400, 1 << 18])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("as_sparse", [True, False])
def test_an_epoch_is_a_step_per_batch(as_sparse, shuffle, weighted, gather, rng, monkeypatch):
    monkeypatch.setattr(minibatch, "GATHER", gather)
    network, params, X, y, weight, rows = make_network_and_rows(
        rng, weighted=weighted, as_sparse=as_sparse
    )
    minimised = Problem(network, params.copy(), rows, 0.3)
    epoch = MinibatchLoop(minimised, 5, shuffle, np.arange(23), PLAIN, PLAIN.init(params))
    order = np.arange(23)
    ours, theirs = np.random.RandomState(3), np.random.RandomState(3)
    for _ in range(2):
        loss = epoch.run(ours, 0.1)
        if shuffle:
            order = order[theirs.permutation(23)]
        w = weight[order] if weighted else None
        params, expected = train_by_hand(network, params, X[order], y[order], w, 5, 0.1, 0.3)
        assert_allclose(loss, expected, rtol=1e-12)
        assert_allclose(minimised.params, params, rtol=1e-10, atol=1e-13)
    assert_allclose(epoch.order, order)


def test_the_gradient_of_each_batch_is_clipped(rng):
    network, params, X, y, weight, rows = make_network_and_rows(rng)
    steps = {}
    for max_grad_norm in (None, 1e9, 2.0, 0.1):
        minimised = Problem(network, params.copy(), rows, 0.3)
        epoch = MinibatchLoop(
            minimised, 5, False, np.arange(23), PLAIN, PLAIN.init(params), max_grad_norm
        )
        epoch.run(None, 0.1)
        limit = max_grad_norm or np.inf
        expected, _ = train_by_hand(network, params, X, y, weight, 5, 0.1, 0.3, limit)
        assert_allclose(minimised.params, expected, rtol=1e-10, atol=1e-13)
        steps[max_grad_norm] = np.linalg.norm(minimised.params - params)
    assert steps[None] == steps[1e9] > steps[2.0] > steps[0.1] > 0


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


class ReadsTheOld(Rule):
    """Needs what was there before, after it has computed what shall be there."""

    def update(self, params, gradient, state, learning_rate):
        ahead = params - learning_rate * gradient
        moved = ahead - params
        params[:] = ahead + 0.5 * state["m"]
        state["m"][...] = moved + 0.1 * state["m"]


class SpoilsTheGradient(Rule):
    def update(self, params, gradient, state, learning_rate):
        gradient *= learning_rate
        params -= gradient
        gradient += state["m"]
        state["m"] += gradient


class NeedsTheLength(Rule):
    def update(self, params, gradient, state, learning_rate):
        params -= learning_rate * gradient / (1 + linalg.norm(gradient))


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


RULES = Rebinds, ReadsTheOld, SpoilsTheGradient, NeedsTheLength, RemembersMore, KeepsAList


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_solver_of_ones_own_makes_the_steps_that_it_says(rule, rng):
    network, params, X, y, _, rows = make_network_and_rows(rng, weighted=False)
    solver, minimised = rule(), Problem(network, params.copy(), rows, 0.3)
    state, expected_state = solver.init(params), solver.init(params)
    loop = MinibatchLoop(minimised, 5, False, np.arange(len(X)), solver, state)
    for rate in (0.1, 0.05):
        loop.run(None, rate)
        for start in range(0, len(X), 5):
            batch = slice(start, start + 5)
            _, gradient = backprop(X[batch], y[batch], params, network, None, 0.3)
            solver.update(params, gradient, expected_state, rate)
        assert_allclose(minimised.params, params, rtol=1e-10, atol=1e-13)
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
    monkeypatch.setattr(program, "LONG", 10)
    monkeypatch.setattr(program, "BLOCK", 4)


def steps(solver, dtype, rng_seed=3, size=23):
    """Return parameters and state after some steps."""
    rng = np.random.default_rng(rng_seed)
    params, gradient = rng.normal(size=size).astype(dtype), np.empty(size, dtype)
    state = solver.init(params)
    step = Step(solver, params, gradient, state)
    for step.learning_rate in (0.1, 0.1, 0.03):
        gradient[...] = rng.normal(size=size)
        step.take()
    return params, state


ELEMENTWISE = [SGD(), SGD(nesterovs_momentum=False), SGD(momentum=0), Adam(), AdamW(), RMSprop()]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", [*ELEMENTWISE, Halves()], ids=label)
def test_a_long_vector_is_stepped_block_by_block_to_the_same_bits(solver, dtype, monkeypatch):
    whole, state = steps(solver, dtype)
    monkeypatch.setattr(program, "LONG", 10)
    monkeypatch.setattr(program, "BLOCK", 4)
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
    step.take()
    assert_allclose(linalg.norm(start), 1)
