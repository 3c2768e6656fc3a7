"""How far training has come: the state it goes on from, and the watch that says when to stop."""

import copy
import math
from dataclasses import dataclass, field, replace

import numpy as np


class Diverged(Exception):
    """The loss is no longer a finite number."""


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
        """Return a copy that shares the random state, and what nothing changes in place."""
        copied = replace(self, solver_state=copy.deepcopy(self.solver_state))
        for name in ("params", "best_params", "loss_curve", "validation_scores"):
            value = getattr(self, name)
            setattr(copied, name, None if value is None else value.copy())
        return copied

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

    def end(self, loss, params):
        """Take note of where L-BFGS ended, even if it made no iteration."""
        state = self.state
        state.params[...], state.loss = params, loss
        self.check_finite(loss)
        if self.score and not state.validation_scores:
            self.record_score(self.score(state.params), state.params)
        state.best_loss = min(loss, state.best_loss)

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
