"""When to stop, and which parameters to keep.

Training is at a plateau when more than ``n_iter_no_change`` epochs in a row were no better than
the best one so far by ``tol``. Under early stopping "better" is said of the validation data, and
the parameters of the best epoch are kept; else it is said of the training loss, and those of the
last epoch are kept.

A score may have nothing to say: R2 is 0 in every epoch if the validation targets are constant,
and not a number if there is one of them. As long as it has been the same from the first epoch on,
the loss on the validation data decides in its place.
"""

import math
from collections.abc import Callable

import numpy as np

from ..components import Settings
from ..maths import Array
from .state import Best, History, TrainingState


class EarlyStopping:
    """Tells plateaus, and keeps the best parameters: in a `Best`, which it changes in place.

    Training starts from ``state``. Of the settings ``monitor`` says what of the validation data
    decides; None goes by the loss on the training data. ``tol`` is the least improvement that
    counts; more epochs than ``n_iter_no_change`` in a row without it are a plateau.
    """

    def __init__(self, state: TrainingState, settings: Settings) -> None:
        best = state.best
        self.best: Best = best
        self.monitor: str | None = settings.monitor
        self.tol: float = settings.tol
        self.n_iter_no_change: float = settings.n_iter_no_change
        if not self.monitor:
            state.best = self.best = best.unvalidated()  # earlier calls may have stopped early
            return
        going_on = best.params is not None  # from other parameters than the best
        self.start_params: Array = state.params.copy()
        self.start_epoch: int = len(state.history.losses) if going_on else best.epoch
        if not going_on:
            best.params = self.start_params

    def update(self, history: History, params: Array) -> None:
        """Take note of the last epoch, which ended with these parameters."""
        best = self.best
        if self.monitor:
            loss, score = history.validation_losses[-1], history.validation_scores[-1]
            value, so_far = self.compared(loss, score)
            improved = not value < so_far + self.tol
            self.keep_if_best(loss, score, params, len(history.losses))
        else:
            improved = not history.loss > best.loss - self.tol
            best.loss, best.epoch = min(history.loss, best.loss), len(history.losses)
        best.no_improvement_count = 0 if improved else best.no_improvement_count + 1

    def value(self, loss: float, score: float) -> float:
        """Return what is monitored, of this loss and score on the validation data, or -inf."""
        value = -loss if self.monitor == "loss" else score
        return -np.inf if math.isnan(value) else value

    def compared(self, loss: float, score: float) -> tuple[float, float]:
        """Return what decides of an epoch, and of the best so far: the greater the better."""
        best = self.best
        says_nothing = math.isnan(score) or score == best.score
        if self.monitor == "score" and best.is_flat and says_nothing:
            return -loss, -best.validation_loss
        return self.value(loss, score), self.value(best.validation_loss, best.score)

    def keep_if_best(self, loss: float, score: float, params: Array, epoch: int) -> None:
        """Keep parameters, of this loss and score on the validation data, if they are the best."""
        best = self.best
        value, so_far = self.compared(loss, score)
        is_first = best.score == -np.inf
        best.is_flat &= is_first or score == best.score or math.isnan(score)
        if value > so_far:
            best.score, best.validation_loss = score, loss
            best.epoch, best.params = epoch, params.copy()

    def rank(self) -> tuple[float, float]:
        """Return a tuple that is greater for the better of two runs."""
        best = self.best
        return self.value(best.validation_loss, best.score), -best.validation_loss

    def at_plateau(self) -> bool:
        """Return True if the last epochs brought too little."""
        return self.best.no_improvement_count > self.n_iter_no_change

    def plateau_message(self) -> str:
        what = f"Validation {self.monitor}" if self.monitor else "Training loss"
        return (
            f"{what} did not improve more than tol={self.tol:f} "
            f"for {self.n_iter_no_change} consecutive epochs."
        )

    def restore_best(
        self,
        params: Array,
        validate: Callable[[Array], tuple[float, float]],
        diverged: bool = False,
    ) -> None:
        """Return, in place, to the best parameters; only under early stopping.

        After a divergence the first epochs may have done harm already: then the parameters
        that training started from are a candidate too. They are the only one if no epoch was
        validated.
        """
        if diverged or self.best.params is self.start_params:
            self.keep_if_best(*validate(self.start_params), self.start_params, self.start_epoch)
        params[...], self.best.params = self.best.params, None
