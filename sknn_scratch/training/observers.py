"""Observers: they are told how training goes, epoch by epoch, and may ask to stop it.

`progress.ProgressPrinter` is one, and so is what tells scikit-learn's callbacks (see
`estimators.callbacks`). A run is a training from one draw of the initial weights: with ``n_init``
there are several.
"""

from .state import TrainingState


class Observer:
    """An observer that does nothing; those that do override what they want to know."""

    def run_begin(self, number: int, n_runs: int) -> None:
        """Take note that training begins; ``number`` counts from 1."""

    def epoch_begin(self, state: TrainingState) -> None:
        """Take note that an epoch (or iteration of L-BFGS) begins."""

    def epoch_end(self, state: TrainingState, rate: float | None = None) -> bool | None:
        """Take note that an epoch has ended; return True to stop after it.

        ``state`` is the `TrainingState`, whose loss is not finite if training has diverged;
        ``rate`` is the learning rate, if there is one.
        """
        return False

    def note(self, text: str) -> None:
        """Take note of what the loop says of itself."""

    def run_end(self) -> bool | None:
        """Take note that training has ended; return True if there shall be no further run.

        An epoch that was interrupted has had no end.
        """
        return False
