"""Training: the loop over epochs, and L-BFGS.

Nothing here knows what a layer is: `train_stochastic` and `train_lbfgs` are handed something
that runs an epoch, or computes loss and gradient (see `engine`), and a `Watch`
whose state they change in place.
"""

import numpy as np
from scipy.optimize import minimize

from ..components import Progress
from ..maths import check_range


class Stop(Exception):
    """L-BFGS shall stop: validation no longer improves, or a callback asks for it."""


def train_stochastic(epoch, schedule, learning_rate_init, watch, max_iter, incremental=False):
    """Train by mini-batches, for one epoch if ``incremental``, else for ``max_iter`` at most.

    Changes the state of ``watch`` in place, and returns what kept training from converging, or
    None. ``epoch.run(random_state)`` trains one epoch at ``epoch.learning_rate`` and returns its
    mean loss (see `engine.MinibatchLoop`).
    """
    state = watch.state
    watch.advice = f"; try a smaller learning_rate_init than {learning_rate_init}"
    for _ in range(1 if incremental else max_iter):
        rate = learning_rate(schedule, learning_rate_init, state, max_iter)
        epoch.learning_rate[...] = rate
        watch.begin()
        loss = epoch.run(state.random_state)
        state.t += len(epoch)
        state.epochs += 1
        watch.record(loss, state.params, rate)
        if watch.stopped:
            return None
        if watch.at_plateau():
            if schedule.ends_at_plateau(rate):
                watch.note(f"{watch.plateau_message()} {schedule.ending}")
                return None
            state.plateaus += 1
            state.no_improvement_count = 0
            if watch.report:
                rate = learning_rate(schedule, learning_rate_init, state, max_iter)
                watch.note(f"{watch.plateau_message()} Setting learning rate to {rate:f}")
    if incremental or schedule.planned:
        return None
    return (
        f"Stochastic Optimizer: Maximum iterations ({max_iter}) reached and the optimization "
        "hasn't converged yet."
    )


def learning_rate(schedule, learning_rate_init, state, max_iter):
    """Return the learning rate of the next epoch; TypeError or ValueError if it is none."""
    progress = Progress(state.epochs, max_iter, state.t, state.plateaus)
    rate = schedule(learning_rate_init, progress)
    if not (type(rate) in (int, float) and 0 <= rate < np.inf):  # the message takes time to make
        name = f"The rate that learning_rate={schedule!r} gives at {progress}"
        check_range(rate, name, "[0, inf)")
    return rate


def train_lbfgs(objective, max_fun, watch, max_iter, tol):
    """Train on the whole training set at once, with SciPy's L-BFGS-B.

    Changes the state of ``watch`` in place, and returns what kept training from converging, or
    None. It has converged if no component of the gradient exceeds ``tol``, or if the loss no
    longer changes. ``objective(vector)`` returns loss and gradient (see `engine.FullBatch`).
    """
    state = watch.state

    def iteration_ends(vector):  # the vector that the objective was last computed at
        state.params[...] = vector
        watch.record(objective.loss, state.params)
        if watch.stopped:
            raise Stop
        if watch.monitor and watch.at_plateau():
            watch.note(f"{watch.plateau_message()} Stopping.")
            raise Stop
        if state.n_iter < max_iter:
            watch.begin()

    watch.begin()
    try:
        result = minimize(
            objective,
            state.params.astype(np.float64),
            method="L-BFGS-B",
            jac=True,
            callback=iteration_ends,
            options={"maxiter": max_iter, "maxfun": max_fun, "gtol": tol},
        )
    except Stop:
        return None
    watch.end(float(result.fun), result.x)
    if result.status == 0:
        return None
    return not_converged(result, max_iter)


def not_converged(result, max_iter):
    """Return what is to be said of a result of L-BFGS that is not a minimum."""
    advice = ""
    if result.nit >= max_iter:
        advice = f" Increase the number of iterations (max_iter={max_iter})."
    return (
        f"lbfgs failed to converge after {result.nit} iteration(s) (status={result.status}): "
        f"{result.message}.{advice} You might also want to scale the data as shown in: "
        "https://scikit-learn.org/stable/modules/preprocessing.html"
    )
