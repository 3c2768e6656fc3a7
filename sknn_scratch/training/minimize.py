"""Which loop trains a network, and with what: between the settings and `loops`."""

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..engine import MinibatchLoop, Problem, quiet_blas
from ..maths import Array
from .baseline import Baseline
from .loops import train_lbfgs, train_stochastic
from .messages import Message
from .run import Run
from .settings import Settings
from .state import TrainingState

MOST_PARAMETERS = 1 << 17  # of a loop that is kept: beyond, to compile one is little of the time
PACKAGE = __name__.partition(".")[0] + "."

# Of the state that a call of `partial_fit` left: its loop, which the next call need not compile,
# and what that was compiled for. It is no part of the state: copies of a model have none.
LOOPS: WeakKeyDictionary[TrainingState, tuple[Any, MinibatchLoop]] = WeakKeyDictionary()


def batch_size_of(settings: Settings, n_rows: int) -> tuple[int, list[Message]]:
    """Return how many rows a batch has, and a list of messages to warn of."""
    size = settings.batch_size
    if isinstance(size, str):
        return min(200, n_rows), []
    if size <= n_rows or not settings.solver.stochastic:
        return size, []
    text = (
        f"Got `batch_size`={size}, larger than the {n_rows} training samples. "
        "It is going to be clipped."
    )
    return n_rows, [Message(text)]


def minimize(
    problem: Problem,
    run: Run,
    data: Any,
    settings: Settings,
    batch_size: int,
    baseline: Baseline,
) -> str | None:
    """Run the solver; return what kept it from converging, or None.

    Changes in place the parameters of the problem, which are those of the run's state, and what
    else the state keeps.
    """
    solver: Any = settings.solver  # L-BFGS has more than others
    state = run.state
    if not solver.stochastic:
        objective = data.objective(problem)
        limits = run, settings.max_iter, settings.tol, baseline if settings.standardize else None
        with quiet_blas(objective.largest_product):
            return train_lbfgs(objective, solver.max_fun, *limits)
    order = state.order
    if order is None or len(order) != len(problem.rows) or not settings.shuffle:
        order = np.arange(len(problem.rows))
    epoch = loop_for(problem, state, settings, batch_size, order)
    rates = settings.schedule, settings.learning_rate_init
    try:
        with quiet_blas(epoch.largest_product):
            return train_stochastic(epoch, *rates, run, settings.max_iter, settings.incremental)
    finally:
        state.order = epoch.order if settings.keeps_order else None


def loop_for(
    problem: Problem, state: TrainingState, settings: Settings, batch_size: int, order: Array
) -> MinibatchLoop:
    """Return the loop that trains an epoch: the one of the call before, where it suits."""
    shape = settings.shuffle, settings.max_grad_norm, batch_size
    key = (*shape, *compiled_for(problem)) if settings.incremental else None
    suits, loop = LOOPS.pop(state, (None, None))
    if loop is None or suits != key:
        first = problem, batch_size, settings.shuffle, order, settings.solver, state.solver_state
        reusable = key is not None and is_reusable(problem)
        loop = MinibatchLoop(*first, settings.max_grad_norm, reusable)
        if not reusable:
            return loop
    loop.reuse(problem, order, settings.solver, state.solver_state)
    LOOPS[state] = key, loop
    return loop


def compiled_for(problem: Problem) -> tuple[Any, ...]:
    """Return what the calls of a loop are compiled for, besides the settings."""
    rows = problem.rows
    return problem.network, problem.alpha, len(rows), rows.width, rows.weighted, rows.dtype


def is_reusable(problem: Problem) -> bool:
    """Return True if a loop can be kept: nothing that its calls go by changes unseen."""
    network, rows = problem.network, problem.rows
    of_users_own = [f for f in (*network.activations, network.loss) if not is_built_in(f)]
    is_plain = not (of_users_own or problem.dropout or network.embedding)
    return is_plain and rows.packed is not None and len(problem.params) <= MOST_PARAMETERS


def is_built_in(component: Any) -> bool:
    """Return True if a component is of this package, where none can be changed."""
    return type(component).__module__.startswith(PACKAGE)
