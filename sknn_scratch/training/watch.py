"""How far training has come: the state it goes on from, and the watch that says when to stop."""

import math

import numpy as np


class Diverged(Exception):
    """The loss is no longer a finite number."""


class Watch:
    """Follows training, epoch by epoch, in a state that it changes in place.

    Parameters
    ----------
    state : TrainingState
    tol : float
        The least improvement that counts.
    n_iter_no_change : int or inf
        More epochs than this in a row without improvement are a plateau.
    validate : callable or None
        ``validate(params)`` returns loss and score on the validation data.
    monitor : {"score", "loss"} or None
        What of them decides when to stop and which parameters to keep; None watches the loss on
        the training data, and keeps the last parameters.
    report : Report or None
        Prints how training goes.
    tasks : Tasks or None
        Tells scikit-learn's callbacks.
    fitted : callable or None
        ``fitted(params)`` returns the attributes that make a copy of the estimator predict by
        these parameters, for the callbacks.

    Attributes
    ----------
    advice : str
        Ends the message of a divergence.
    stopped : bool
        Whether a callback has asked to stop.
    """

    advice = ""
    stopped = False

    def __init__(
        self, state, tol, n_iter_no_change, validate, monitor, report=None, tasks=None, fitted=None
    ):
        self.state, self.tol, self.n_iter_no_change = state, tol, n_iter_no_change
        self.validate, self.monitor = validate, monitor
        self.report, self.tasks, self.fitted = report, tasks, fitted
        self.diverged = False
        self.start_params = state.params.copy() if monitor else None
        going_on = state.best_params is not None  # from other parameters than the best
        self.start_epoch = len(state.loss_curve) if going_on else state.best_epoch
        if monitor and state.best_params is None:
            state.best_params, state.best_epoch = self.start_params, self.start_epoch

    def begin(self):
        """Tell that an epoch begins."""
        if self.tasks:
            self.tasks.begin_epoch(self.attributes)

    def attributes(self):
        """Return what makes a copy of the estimator a fitted one, as if training ended here."""
        state = self.state
        return self.fitted(state.params if state.best_params is None else state.best_params)

    def record(self, loss, params, rate=None):
        """Take note of an epoch. Raises Diverged if the loss is not finite."""
        state = self.state
        state.n_iter += 1
        state.loss = loss
        state.loss_curve.append(loss)
        if self.validate:
            self.record_validation(params)
        if self.report:
            self.report.epoch(state, self.validate is not None, rate)
        if not self.monitor:
            improved = not loss > state.best_loss - self.tol
            state.no_improvement_count = 0 if improved else state.no_improvement_count + 1
            state.best_loss = min(loss, state.best_loss)
            state.best_epoch = len(state.loss_curve)
        self.check_finite(loss)
        if self.tasks:
            self.stopped = self.tasks.end_epoch(self.attributes)

    def note(self, text):
        """Print a sentence on how training goes."""
        if self.report:
            self.report.note(text)

    def end(self, loss, params):
        """Take note of where L-BFGS ended, even if it made no iteration."""
        state = self.state
        state.params[...], state.loss = params, loss
        self.check_finite(loss)
        if self.validate and not state.validation_scores:
            self.record_validation(state.params)
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

    def record_validation(self, params):
        """Take note of validation loss and score, and of the parameters if they are the best."""
        state = self.state
        loss, score = self.validate(params)
        for curve, value in ((state.validation_losses, loss), (state.validation_scores, score)):
            skipped = len(state.loss_curve) - 1 - len(curve)  # epochs without validation data
            curve.extend([np.nan] * skipped + [value])
        if not self.monitor:
            return
        merit = self.merit(loss, score)
        improved = not merit < state.best_merit + self.tol
        state.no_improvement_count = 0 if improved else state.no_improvement_count + 1
        if merit > state.best_merit:
            state.best_merit, state.best_epoch = merit, len(state.loss_curve)
            state.best_score, state.best_params = score, params.copy()

    def merit(self, loss, score):
        """Return what is monitored, the greater the better."""
        return -loss if self.monitor == "loss" else score

    def at_plateau(self):
        """Return True if the last epochs brought too little."""
        return self.state.no_improvement_count > self.n_iter_no_change

    def plateau_message(self):
        what = f"Validation {self.monitor}" if self.monitor else "Training loss"
        return (
            f"{what} did not improve more than tol={self.tol:f} "
            f"for {self.n_iter_no_change} consecutive epochs."
        )

    def keep_best(self):
        """Under early stopping, return in place to the best parameters.

        After a divergence the first epochs may have done harm already: then the parameters
        that training started from are a candidate too. They are the only one if no epoch was
        validated.
        """
        state = self.state
        if not self.monitor:
            return
        if self.diverged or state.best_params is self.start_params:
            loss, score = self.validate(self.start_params)
            merit = self.merit(loss, score)
            if merit > state.best_merit:
                state.best_merit, state.best_epoch = merit, self.start_epoch
                state.best_score, state.best_params = score, self.start_params
        state.params[...], state.best_params = state.best_params, None
