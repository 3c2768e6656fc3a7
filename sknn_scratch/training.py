"""Training: the loop over epochs, and L-BFGS.

Nothing here knows what a layer is: `train_stochastic` and `train_lbfgs` are handed something
that runs an epoch, or computes loss and gradient (see `epochs`), and a `Watch` whose state they
change in place.
"""


class Plateau(Exception):
    """The validation score has stopped improving."""


def train_stochastic(epoch, schedule, learning_rate_init, watch, max_iter, incremental=False):
    """Train by mini-batches; change the state of ``watch`` in place.

    Parameters
    ----------
    epoch : Epoch
        ``epoch.run(random_state)`` trains one epoch and returns its mean loss.
    schedule : schedule
        See `schedules`.
    learning_rate_init : float
    watch : Watch
    max_iter : int
        Epochs at most.
    incremental : bool
        One epoch, and nothing said about convergence.

    Returns
    -------
    problem : str or None
        What kept training from converging.
    """
    state, verbose = watch.state, watch.verbose
    watch.advice = f"; try a smaller learning_rate_init than {learning_rate_init}"
    for _ in range(1 if incremental else max_iter):
        rate = schedule(learning_rate_init, state.t, state.plateaus)
        epoch.learning_rate[...] = rate
        loss = epoch.run(state.random_state)
        state.t += len(epoch)
        watch.record(loss, state.params)
        if watch.at_plateau():
            if schedule.ends_at_plateau(rate):
                if verbose:
                    print(f"{watch.plateau_message()} {schedule.ending}")
                return None
            state.plateaus += 1
            state.no_improvement_count = 0
            if verbose:
                rate = schedule(learning_rate_init, state.t, state.plateaus)
                print(f"{watch.plateau_message()} Setting learning rate to {rate:f}")
    if incremental:
        return None
    return (
        f"Stochastic Optimizer: Maximum iterations ({max_iter}) reached and the optimization "
        "hasn't converged yet."
    )


def train_lbfgs(objective, solver, watch, max_iter, tol):
    """Train on the whole training set at once; change the state of ``watch`` in place.

    Parameters
    ----------
    objective : FullBatch
        Loss and gradient of a parameter vector; keeps the last loss in ``objective.loss``.
    solver : LBFGS
    watch : Watch
    max_iter : int
        Iterations at most.
    tol : float
        The largest component of the gradient at which training has converged.

    Returns
    -------
    problem : str or None
        What kept training from converging.
    """
    state = watch.state

    def iteration_ends(vector):
        state.params[...] = vector
        watch.record(objective.loss, state.params)
        if watch.score and watch.at_plateau():
            raise Plateau

    try:
        result = solver.minimize(objective, state.params, max_iter, tol, iteration_ends)
    except Plateau:
        if watch.verbose:
            print(f"{watch.plateau_message()} Stopping.")
        return None
    state.params[...] = result.x
    state.loss = float(result.fun)
    watch.check_finite(state.loss)
    if result.status == 0:
        return None
    advice = ""
    if result.nit >= max_iter:
        advice = f" Increase the number of iterations (max_iter={max_iter})."
    return (
        f"lbfgs failed to converge after {result.nit} iteration(s) (status={result.status}): "
        f"{result.message}.{advice} You might also want to scale the data as shown in: "
        "https://scikit-learn.org/stable/modules/preprocessing.html"
    )
