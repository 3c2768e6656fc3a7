"""Training: the loop over epochs, and L-BFGS.

Nothing here knows what a layer is: `train_stochastic` and `train_lbfgs` are handed something
that runs an epoch, or computes loss and gradient (see `engine`), and a `Run`
whose state they change in place.
"""

from math import log2
from numbers import Real
from typing import Any

import numpy as np
from scipy.optimize import minimize

from ..components import Progress, Schedule, check_number
from ..engine import FullBatch, MinibatchLoop
from .run import Run
from .state import TrainingState

FTOL = 2.220446049250313e-09  # SciPy's default: the least change of the loss, relative to it or 1
FINER = 1e-4  # the part of ``tol`` with which L-BFGS goes on from about the best constant
ABNORMAL = 2  # the status where no lower point is found along the line
MARGIN = 0.01  # what a loss may differ from that of the best constant by, to be about it


class Stop(Exception):
    """L-BFGS shall stop: validation no longer improves, or a callback asks for it."""


def train_stochastic(
    epoch: MinibatchLoop,
    schedule: Schedule,
    learning_rate_init: float,
    run: Run,
    max_iter: int,
    incremental: bool = False,
) -> str | None:
    """Train by mini-batches, for one epoch if ``incremental``, else for ``max_iter`` at most.

    Changes the state of ``run`` in place, and returns what kept training from converging, or
    None. ``epoch.run(random_state)`` trains one epoch at ``epoch.learning_rate`` and returns its
    mean loss (see `engine.MinibatchLoop`).
    """
    state, stopping = run.state, run.stopping
    run.advice = f"; try a smaller learning_rate_init than {learning_rate_init}"
    for _ in range(1 if incremental else max_iter):
        rate = learning_rate(schedule, learning_rate_init, state, max_iter)
        epoch.learning_rate[...] = rate
        run.epoch_begin()
        loss = epoch.run(state.random_state)
        state.t += len(epoch)
        state.epochs += 1
        run.epoch_end(loss, state.params, rate)
        if run.stopped:
            return None
        if stopping.at_plateau():
            if schedule.ends_at_plateau(rate):
                run.by_tol = not incremental
                run.note(f"{stopping.plateau_message()} {schedule.ending}")
                return None
            state.plateaus += 1
            state.best.no_improvement_count = 0
            if run.observers:
                rate = learning_rate(schedule, learning_rate_init, state, max_iter)
                run.note(f"{stopping.plateau_message()} Setting learning rate to {rate:f}")
    if incremental or schedule.planned:
        return None
    return (
        f"Stochastic Optimizer: Maximum iterations ({max_iter}) reached and the optimization "
        "hasn't converged yet."
    )


def learning_rate(
    schedule: Schedule, learning_rate_init: float, state: TrainingState, max_iter: int
) -> float:
    """Return the learning rate of the next epoch; TypeError or ValueError if it is none."""
    progress = Progress(state.epochs, max_iter, state.t, state.plateaus)
    rate = schedule(learning_rate_init, progress)
    if not (type(rate) in (int, float) and 0 <= rate < np.inf):  # the message takes time to make
        name = f"The rate that learning_rate={schedule!r} gives at {progress}"
        check_number(rate, name, Real, "[0, inf)")
    return rate


def train_lbfgs(
    objective: FullBatch,
    max_fun: int,
    run: Run,
    max_iter: int,
    tol: float,
    constant: float | None = None,
) -> str | None:
    """Train on the whole training set at once, with SciPy's L-BFGS-B.

    Changes the state of ``run`` in place, and returns what kept training from converging, or
    None. It has converged if no component of the gradient exceeds ``tol``, or if the loss no
    longer changes. ``objective(vector)`` returns loss and gradient (see `engine.FullBatch`).

    ``constant`` is the loss of the best constant prediction (see `ended`), or None with
    standardize=False, where all is as in MLPRegressor. It is what loss and gradient are measured
    by: twice as much is 1, as for the squared error of a standardised target. Where training came
    to no better than that, its gradient may be small although it is no minimum, and training goes
    on with a smaller ``tol``.
    """
    state, stopping = run.state, run.stopping
    power, unit = unit_of(constant)

    def in_unit(vector):
        loss, gradient = objective(vector)
        run.first_loss = loss if run.first_loss is None else run.first_loss
        return loss / power, gradient / power

    def iteration_ends(vector):  # the vector that the objective was last computed at
        state.params[...] = vector
        run.epoch_end(objective.loss, state.params)
        if run.stopped:
            raise Stop
        if stopping.monitor and stopping.at_plateau():
            run.note(f"{stopping.plateau_message()} Stopping.")
            raise Stop
        if state.history.n_iter < max_iter:
            run.epoch_begin()

    def go_on(vector, n_iter, n_fun, gtol, ftol):
        found = minimize(
            in_unit,
            vector,
            method="L-BFGS-B",
            jac=True,
            callback=iteration_ends,
            options={
                "maxiter": max_iter - n_iter,
                "maxfun": max_fun - n_fun,
                "gtol": gtol * unit,
                "ftol": ftol * unit,
            },
        )
        found.nit, found.nfev = found.nit + n_iter, found.nfev + n_fun
        return found

    run.epoch_begin()
    try:
        result = go_on(state.params.astype(np.float64), 0, 0, tol, FTOL)
        is_left = result.nit < max_iter and result.nfev < max_fun
        if result.status == 0 and is_left and is_no_better(result.fun * power, constant):
            result = go_on(result.x, result.nit, result.nfev, FINER * tol, 0)
            stays = result.status == ABNORMAL and is_no_better(result.fun * power, constant)
            if stays or np.abs(result.jac).max() <= tol * unit:  # converged, as it had before
                result.status = 0
    except Stop:
        return None
    run.end_at(float(result.fun) * power, result.x)
    run.by_tol = result.status == 0
    return None if run.by_tol else not_converged(result, max_iter, max_fun, constant is not None)


def unit_of(constant: float | None) -> tuple[float, float]:
    """Return what L-BFGS measures the loss by, twice that of the best constant prediction.

    That is a product of two factors. By the first, a power of two, loss and gradient are divided:
    that changes no digit, and so no step. The tolerances are multiplied by the second.
    """
    if constant is None or not constant > 0:
        return 1.0, 1.0
    power = 2.0 ** round(log2(2 * constant))
    return power, 2 * constant / power


def is_no_better(loss: float, constant: float | None) -> bool:
    """Return True if a loss is within 1% of that of the best constant prediction, or more."""
    return constant is not None and loss >= constant - MARGIN * abs(constant)


def is_about(loss: float, constant: float) -> bool:
    """Return True if a loss is within 1% of that of the best constant prediction."""
    return is_no_better(loss, constant) and loss <= constant + MARGIN * abs(constant)


def not_converged(result: Any, max_iter: int, max_fun: int, is_standardized: bool) -> str:
    """Return what is to be said of a result of L-BFGS that is not a minimum."""
    advice = ""
    if result.nit >= max_iter:
        advice = f" Increase the number of iterations (max_iter={max_iter})."
    elif result.nfev >= max_fun:
        advice = f" Increase the number of evaluations (max_fun={max_fun})."
    if not is_standardized:
        advice += (
            " You might also want to scale the data as shown in: "
            "https://scikit-learn.org/stable/modules/preprocessing.html"
        )
    return (
        f"lbfgs failed to converge after {result.nit} iteration(s) (status={result.status}): "
        f"{result.message}.{advice}"
    )
