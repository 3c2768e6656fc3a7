"""Training: the loop over epochs, and L-BFGS.

Nothing here knows what a layer is: `train_stochastic` and `train_lbfgs` are handed something
that runs an epoch, or computes loss and gradient (see `engine`), and a `Run`
whose state they change in place.
"""

import numpy as np
from scipy.optimize import minimize

from ..components import Progress
from ..maths import check_range


class Stop(Exception):
    """L-BFGS shall stop: validation no longer improves, or a callback asks for it."""


def train_stochastic(epoch, schedule, learning_rate_init, run, max_iter, incremental=False):
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


def learning_rate(schedule, learning_rate_init, state, max_iter):
    """Return the learning rate of the next epoch; TypeError or ValueError if it is none."""
    progress = Progress(state.epochs, max_iter, state.t, state.plateaus)
    rate = schedule(learning_rate_init, progress)
    if not (type(rate) in (int, float) and 0 <= rate < np.inf):  # the message takes time to make
        name = f"The rate that learning_rate={schedule!r} gives at {progress}"
        check_range(rate, name, "[0, inf)")
    return rate


def train_lbfgs(objective, max_fun, run, max_iter, tol):
    """Train on the whole training set at once, with SciPy's L-BFGS-B.

    Changes the state of ``run`` in place, and returns what kept training from converging, or
    None. It has converged if no component of the gradient exceeds ``tol``, or if the loss no
    longer changes. ``objective(vector)`` returns loss and gradient (see `engine.FullBatch`).
    """
    state, stopping = run.state, run.stopping

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

    run.epoch_begin()
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
    run.end_at(float(result.fun), result.x)
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
