"""Training by mini-batches: the loop over epochs."""

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..components import Progress, Settings, check_number
from ..engine import MinibatchLoop, Problem, largest_product, quiet_blas
from ..maths import Array
from ..tracing import is_ours
from .run import Run
from .state import TrainingState
from .warnings import warn_caller

MOST_PARAMETERS = 1 << 17  # of a loop that is kept: beyond, to compile one is little of the time

# Of the state that a call of `partial_fit` left: its loop, which the next call need not compile,
# and what that was compiled for. It is no part of the state: copies of a model have none.
LOOPS: WeakKeyDictionary[TrainingState, tuple[Any, MinibatchLoop]] = WeakKeyDictionary()


def batch_size_of(settings: Settings, n_rows: int) -> int:
    """Return how many rows a batch has."""
    size = settings.batch_size
    if isinstance(size, str):
        return min(200, n_rows)
    if size > n_rows and settings.solver.stochastic:
        warn_caller(
            f"Got `batch_size`={size}, larger than the {n_rows} training samples. "
            "It is going to be clipped."
        )
    return min(size, n_rows)


def train_stochastic(problem: Problem, run: Run, settings: Settings, batch_size: int) -> str | None:
    """Train by mini-batches; return what kept training from converging, or None.

    Changes in place the parameters of the problem, which are those of the run's state, and what
    else the state keeps.
    """
    state = run.state
    order, n = state.order, problem.rows.n
    if order is None or len(order) != n or not settings.shuffle:
        order = np.arange(n)
    loop = loop_for(problem, state, settings, batch_size, order)
    try:
        with quiet_blas(largest_product(problem.network, batch_size)):
            return run_epochs(loop, run, settings)
    finally:
        state.order = loop.order if settings.keeps_order else None
        loop.problem = None  # a loop that is kept holds no rows


def run_epochs(loop: MinibatchLoop, run: Run, settings: Settings) -> str | None:
    """Train by mini-batches: one epoch of `partial_fit`, or ``max_iter`` epochs at most.

    Changes the state of ``run`` in place; returns what kept training from converging, or None.
    """
    state, stopping, schedule = run.state, run.stopping, settings.schedule
    run.advice = f"; try a smaller learning_rate_init than {settings.learning_rate_init}"
    for _ in range(1 if settings.incremental else settings.max_iter):
        rate = learning_rate(settings, state)
        run.epoch_begin()
        loss = loop.run(state.random_state, rate)
        state.t += len(loop.order)
        state.epochs += 1
        run.first_loss = loss if run.first_loss is None else run.first_loss
        run.epoch_end(loss, state.params, rate)
        if run.stopped:
            return None
        if stopping.at_plateau():
            if schedule.ends_at_plateau(rate):
                run.by_tol = not settings.incremental
                run.note(f"{stopping.plateau_message()} {schedule.ending}")
                return None
            state.plateaus += 1
            state.best.no_improvement_count = 0
            if run.observers:
                rate = learning_rate(settings, state)
                run.note(f"{stopping.plateau_message()} Setting learning rate to {rate:f}")
    if settings.incremental or schedule.planned:
        return None
    return (
        f"Stochastic Optimizer: Maximum iterations ({settings.max_iter}) reached and the "
        "optimization hasn't converged yet."
    )


def learning_rate(settings: Settings, state: TrainingState) -> float:
    """Return the learning rate of the next epoch; TypeError or ValueError if it is none."""
    progress = Progress(state.epochs, settings.max_iter, state.t, state.plateaus)
    rate = settings.schedule(settings.learning_rate_init, progress)
    if not (type(rate) in (int, float) and 0 <= rate < np.inf):  # the message takes time to make
        name = f"The rate that learning_rate={settings.schedule!r} gives at {progress}"
        check_number(rate, name, float, "[0, inf)")
        rate = float(rate)  # a number of NumPy's would turn float32 into float64
    return rate


def loop_for(
    problem: Problem, state: TrainingState, settings: Settings, batch_size: int, order: Array
) -> MinibatchLoop:
    """Return the loop that trains an epoch: that of the last `partial_fit`, where it suits."""
    kept_for, kept = LOOPS.pop(state, (None, None))
    is_kept = settings.incremental and is_reusable(problem)
    solver, shuffle, limit = settings.solver, settings.shuffle, settings.max_grad_norm
    rows = problem.rows
    shape = batch_size, rows.n, rows.targets, rows.width, rows.dtype
    compiled_for = problem.network, problem.alpha, shuffle, limit, shape
    if is_kept and kept and kept_for == compiled_for:
        loop = kept
        loop.reuse(problem, order, solver, state.solver_state)
    else:
        loop = MinibatchLoop(
            problem, batch_size, shuffle, order, solver, state.solver_state, limit, is_kept
        )
    if is_kept:
        LOOPS[state] = compiled_for, loop
    return loop


def is_reusable(problem: Problem) -> bool:
    """Return True if a loop can be kept: nothing that its calls go by changes unseen."""
    network, rows = problem.network, problem.rows
    components = *network.activations, network.loss
    is_plain = not (problem.dropout or network.embedding) and all(
        is_ours(type(component)) for component in components
    )
    return is_plain and rows.packed is not None and len(problem.params) <= MOST_PARAMETERS
