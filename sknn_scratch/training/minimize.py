"""Which loop trains a network, and with what: between the settings and `loops`."""

from typing import Any

import numpy as np

from ..engine import MinibatchLoop, Problem, quiet_blas
from .baseline import Baseline
from .loops import train_lbfgs, train_stochastic
from .messages import Message
from .run import Run
from .settings import Settings


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
    epoch = MinibatchLoop(
        problem,
        batch_size,
        settings.shuffle,
        order,
        solver,
        state.solver_state,
        settings.max_grad_norm,
    )
    rates = settings.schedule, settings.learning_rate_init
    try:
        with quiet_blas(epoch.largest_product):
            return train_stochastic(epoch, *rates, run, settings.max_iter, settings.incremental)
    finally:
        state.order = epoch.order if settings.keeps_order else None
