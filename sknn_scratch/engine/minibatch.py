"""One epoch: over all training rows in mini-batches, with a step of the solver after each.

The calls of all steps are compiled once (see `program`), and only run afterwards.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg

from ..maths import Array, Solver, State
from ..tracing import Calls, aligned_copy, empty
from .batches import Batch
from .problem import Problem
from .program import Backward, Penalty, blocks_of, compiled

# Bytes gathered at a time. The more, the fewer gathers, but the more calls to keep at hand: one
# list per batch. Four times as much makes batches of 32 rows 5% slower.
GATHER = 1 << 14


@dataclass
class Step:
    """The steps of a solver, each taken once its gradient is there."""

    solver: Solver
    params: Array  # what a step changes
    gradient: Array  # what it reads, and may spoil
    state: State  # the solver's, changed in place
    learning_rate: float = 0.0  # to be set before a step

    def __post_init__(self) -> None:
        self.blocks: list[slice] = blocks_of(self.params)

    def take(self) -> None:
        """Change parameters and state in place: all at once, or a block after the other."""
        solver = self.solver
        if len(self.blocks) == 1 or not solver.elementwise:
            solver.update(self.params, self.gradient, self.state, self.learning_rate)
            return
        arrays = {key: x for key, x in self.state.items() if isinstance(x, np.ndarray)}
        part, views = self.state, {}
        for block in self.blocks:
            views = {key: x[block] for key, x in arrays.items()}
            part = {**self.state, **views}  # each block counts on from the same numbers
            solver.update(self.params[block], self.gradient[block], part, self.learning_rate)
            for key, view in views.items():
                if part[key] is not view:  # the rule put another array in its place
                    view[...] = part[key]
        self.state.update({key: x for key, x in part.items() if key not in views})


class MinibatchLoop:
    """One pass over the training rows in mini-batches, with a step of the solver after each.

    ``order`` is that of the rows in the epoch before: each shuffles the order that it finds. The
    steps change ``solver_state`` in place. The gradient of a batch, penalty included, is clipped to
    ``max_grad_norm``; None does not clip. With ``own_arrays`` the calls work on none of the
    problem's: parameters are copied before and after an epoch, and `reuse` may change the problem.
    """

    def __init__(
        self,
        problem: Problem,
        batch_size: int,
        shuffle: bool,
        order: Array,
        solver: Solver,
        solver_state: State,
        max_grad_norm: float | None = None,
        own_arrays: bool = False,
    ) -> None:
        self.own_arrays = own_arrays
        self.params: Array = aligned_copy(problem.params) if own_arrays else problem.params
        self.problem: Any = problem  # None between two uses
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.order: Array = order
        self.gradient: Array = empty(self.params.shape, self.params.dtype)
        self.solver_step: Step = Step(solver, self.params, self.gradient, solver_state)
        self.solver_calls: Calls = [(self.solver_step.take,)]
        if max_grad_norm is not None:
            self.solver_calls.insert(0, (clip, self.gradient, float(max_grad_norm)))
        self.programs: dict[int, Backward] = {}
        self.penalty: Penalty = Penalty(problem.network, self.params, self.gradient)

        rows, n = problem.rows, len(order)
        n_gather = batch_size * max(1, GATHER // (batch_size * rows.row_bytes))
        is_fixed = not shuffle and n_gather >= n  # the same batches in every epoch
        is_packed = rows.packed is not None and not rows.is_sparse
        self.in_place: bool = is_fixed and is_packed and not own_arrays
        buffer: Any = rows.packed if self.in_place else rows.buffer(min(n_gather, n))
        n_whole, rest = divmod(n, len(buffer))
        self.parts: list[_Gathered] = [_Gathered(self, buffer)] * n_whole
        if rest:
            self.parts.append(_Gathered(self, buffer[:rest]))

    def reuse(self, problem: Problem, order: Array, solver: Solver, solver_state: State) -> None:
        """Take another problem, whose network, penalty and shape of rows are the same."""
        self.problem, self.order = problem, order
        self.solver_step.solver, self.solver_step.state = solver, solver_state

    def run(self, random_state: np.random.RandomState, learning_rate: float) -> float:
        """Train one epoch, changing the parameters in place; return the mean loss."""
        self.solver_step.learning_rate = learning_rate
        if self.shuffle:  # what sklearn.utils.shuffle does, at a tenth of its time
            self.order = self.order[random_state.permutation(len(self.order))]
        loss, start = 0.0, 0
        if self.own_arrays:
            self.params[...] = self.problem.params
        for gathered in self.parts:
            if not self.in_place:
                part = self.order[start : start + len(gathered.packed)]
                start += len(part)
                gathered.gather(self.problem.rows, part)
            for call in gathered.calls:
                call()
            loss += float(gathered.sizes.dot(gathered.losses))
        if self.own_arrays:
            self.problem.params[...] = self.params
        return loss / 2 / len(self.order)  # the calls leave twice the loss

    def step(self, x: Batch, y: Array, weight: Array | None, losses: Array) -> Calls:
        """Return the calls of one step; they leave twice loss and penalty in ``losses``."""
        problem, size = self.problem, y.shape[1]
        if size not in self.programs:
            self.programs[size] = Backward(
                problem.network, self.params, self.gradient, size, problem.dropout
            )
        calls = self.programs[size].calls(x, y, weight, 1 / size, losses[0, ...])
        if problem.alpha:
            calls += self.penalty.calls(problem.alpha / size, losses[1, ...])
        return calls + self.solver_calls


class _Gathered:
    """Batches whose rows are gathered together into ``packed``, and all calls of their steps."""

    def __init__(self, loop, packed):
        rows = loop.problem.rows
        starts = range(0, len(packed), loop.batch_size)
        losses = np.zeros((2, len(starts)), packed.dtype)  # twice the loss, twice the penalty
        self.packed = packed
        self.calls = []
        self.sparse_inputs = []
        sizes = []
        for i, start in enumerate(starts):
            batch = slice(start, start + loop.batch_size)  # the last may be shorter
            x, y, weight = rows.batch(packed[batch])
            if rows.is_sparse:
                self.sparse_inputs.append((x, batch))
            self.calls += compiled(loop.step(x, y, weight, losses[:, i]))
            sizes.append(y.shape[1])
        self.losses = losses.reshape(-1)
        self.sizes = np.array(2 * sizes, packed.dtype)

    def gather(self, rows, part):
        """Fetch the rows numbered ``part`` into the buffer that the calls read."""
        rows.gather(part, self.packed)
        for x, batch in self.sparse_inputs:
            x.x = rows.X[part[batch]]


def clip(gradient: Array, max_grad_norm: float) -> None:
    """Shorten ``gradient``, in place, to a length (L2 norm) of ``max_grad_norm`` at most.

    So a steep place does not throw the parameters far off. Pascanu, Mikolov and Bengio, On the
    difficulty of training recurrent neural networks, ICML 2013, algorithm 1. A gradient that is
    not finite is left alone, so that a divergence shows.
    """
    norm = linalg.norm(gradient, check_finite=False)  # unlike NumPy's it does not overflow
    if max_grad_norm < norm < np.inf:
        gradient *= max_grad_norm / norm
