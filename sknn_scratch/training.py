"""Training: when to stop, and which parameters to keep.

Nothing here knows what a layer is: `train_stochastic` and `train_lbfgs` are handed something
that runs an epoch, or computes loss and gradient (see `epochs`). Both change a `TrainingState`
in place. A `Watch` follows the loss, and the validation score under early stopping.
"""

import copy
import math
from dataclasses import dataclass, field, replace

import numpy as np


class Diverged(Exception):
    """The loss is no longer a finite number."""


class Plateau(Exception):
    """The validation score has stopped improving."""


@dataclass
class TrainingState:
    """All that goes on from one call of `partial_fit` (or a warm start) to the next."""

    params: np.ndarray
    random_state: np.random.RandomState
    solver: type
    solver_state: dict
    n_iter: int = 0  # epochs of the last call
    t: int = 0  # samples seen
    loss: float = np.nan
    loss_curve: list = field(default_factory=list)
    validation_scores: list = field(default_factory=list)
    mean_weight: float = 0.0  # of the samples seen
    weight_count: int = 0
    order: np.ndarray = None  # of the rows, after the last shuffle
    split_random_state: np.random.RandomState = None  # before the validation rows were drawn
    # when to stop
    plateaus: int = 0
    no_improvement_count: int = 0
    best_loss: float = np.inf
    best_score: float = -np.inf
    best_params: np.ndarray = None  # the best on the validation rows, under early stopping

    def copy(self):
        """Return a copy that shares only the random state."""
        shared = {"random_state": self.random_state}
        rest = {name: value for name, value in vars(self).items() if name not in shared}
        return replace(self, **copy.deepcopy(rest))

    def begin_fit(self):
        """Forget, in place, what the last fit reached: a warm start may see another target."""
        self.plateaus = self.no_improvement_count = 0
        self.best_loss, self.best_score, self.best_params = np.inf, -np.inf, None
        self.mean_weight, self.weight_count = 0.0, 0

    def see_weights(self, mean, count):
        """Take, in place, ``count`` samples of that mean weight into the mean of all."""
        # As a running mean: it stays exactly what it is when the same samples come again.
        self.weight_count += count
        self.mean_weight += (mean - self.mean_weight) * (count / self.weight_count)


class Watch:
    """Follows training, epoch by epoch, in a state that it changes in place.

    Parameters
    ----------
    state : TrainingState
    tol : float
        The least improvement that counts.
    n_iter_no_change : int or inf
        More epochs than this in a row without improvement are a plateau.
    score : callable or None
        ``score(params)`` is the score on the validation rows; None watches the loss.
    verbose : bool or int

    Attributes
    ----------
    advice : str
        Ends the message of a divergence.
    """

    advice = ""

    def __init__(self, state, tol, n_iter_no_change, score, verbose):
        self.state, self.tol, self.n_iter_no_change = state, tol, n_iter_no_change
        self.score, self.verbose, self.diverged = score, verbose, False
        self.start_params = state.params.copy() if score else None
        if score and state.best_params is None:
            state.best_params = self.start_params

    def record(self, loss, params):
        """Take note of an epoch. Raises Diverged if the loss is not finite."""
        state = self.state
        state.n_iter += 1
        state.loss = loss
        state.loss_curve.append(loss)
        if self.verbose:
            print(f"Iteration {state.n_iter}, loss = {loss:.8f}")
        if self.score:
            self.record_score(self.score(params), params)
        else:
            improved = not loss > state.best_loss - self.tol
            state.no_improvement_count = 0 if improved else state.no_improvement_count + 1
            state.best_loss = min(loss, state.best_loss)
        self.check_finite(loss)

    def check_finite(self, loss):
        """Raise Diverged unless the loss is finite."""
        if not math.isfinite(loss):
            self.diverge(f"the loss became {loss}")

    def check_params(self):
        """Raise Diverged if the last step left a parameter that is not finite."""
        if not np.isfinite(self.state.params).all():
            self.diverge("a weight became infinite")

    def diverge(self, what):
        """Raise Diverged."""
        self.diverged = True
        raise Diverged(f"{what} in epoch {self.state.n_iter}{self.advice}")

    def record_score(self, score, params):
        """Take note of a validation score, and of the parameters if it is the best."""
        state = self.state
        state.validation_scores.append(score)
        if self.verbose:
            print(f"Validation score: {score:f}")
        improved = not score < state.best_score + self.tol
        state.no_improvement_count = 0 if improved else state.no_improvement_count + 1
        if score > state.best_score:
            state.best_score, state.best_params = score, params.copy()

    def at_plateau(self):
        """Return True if the last epochs brought too little."""
        return self.state.no_improvement_count > self.n_iter_no_change

    def plateau_message(self):
        what = "Validation score" if self.score else "Training loss"
        return (
            f"{what} did not improve more than tol={self.tol:f} "
            f"for {self.n_iter_no_change} consecutive epochs."
        )

    def keep_best(self):
        """Under early stopping, return in place to the best parameters.

        After a divergence the first epochs may have done harm already: then the parameters
        that training started from are a candidate too.
        """
        state = self.state
        if not self.score:
            return
        if self.diverged and self.score(self.start_params) > state.best_score:
            state.best_params = self.start_params
        state.params[...], state.best_params = state.best_params, None


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
