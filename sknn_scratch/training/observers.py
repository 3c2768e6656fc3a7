"""Observers: they are told how training goes, epoch by epoch, and may ask to stop it.

`ProgressPrinter` is one, and so is what tells scikit-learn's callbacks (see
`estimators.callbacks`). A run is a training from one draw of the initial weights: with ``n_init``
there are several.
"""

import shutil
import sys
import time
from dataclasses import dataclass

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


@dataclass
class ProgressPrinter(Observer):
    """Prints how training goes.

    Parameters
    ----------
    n_epochs : int or None
        Epochs at most; None if that is not known.
    overwrite : bool
        Whether each line takes the place of the one before.
    """

    n_epochs: int | None
    overwrite: bool
    width: int = 0  # of the line that may be overwritten

    def __post_init__(self) -> None:
        self.start: float = time.perf_counter()

    def run_begin(self, number: int, n_runs: int) -> None:
        """Say which run begins, if there are several."""
        if n_runs > 1:
            self.note(f"Initialization {number} of {n_runs}")

    def epoch_end(self, state: TrainingState, rate: float | None = None) -> None:
        """Print the line of an epoch: aligned, and the same columns in each."""
        history, total = state.history, self.n_epochs
        n = history.n_iter
        count = f"{n:{len(str(total))}d}/{total}" if total else f"{len(history.losses):4d}"
        columns = [f"Iteration {count}", f"loss {number(history.loss)}"]
        if history.is_validated:
            columns.append(f"validation loss {number(history.validation_losses[-1])}")
            columns.append(f"score {number(history.validation_scores[-1])}")
        if rate is not None:
            columns.append(f"rate {rate:.2e}")
        elapsed = time.perf_counter() - self.start
        columns.append(f"{elapsed:7.1f} s")
        if total:
            columns.append(f"at most {elapsed / n * (total - n):7.1f} s left")
        self.line("  ".join(columns))

    def line(self, text: str) -> None:
        """Print a line of what may be overwritten."""
        if not self.overwrite:
            print(text)
            return
        text = text[: shutil.get_terminal_size().columns - 1]  # a line that wraps stays
        print(f"\r{text:{self.width}}", end="", flush=True)
        self.width = len(text)

    def note(self, text: str) -> None:
        """Print a line that stays."""
        self.run_end()
        print(text)

    def run_end(self) -> None:
        """Leave the line that may be overwritten."""
        if self.width:
            print()
        self.width = 0


def number(value: float) -> str:
    """Return six digits in a column of twelve characters, whatever the size."""
    return f"{value:#12.6g}"


def make_printer(verbose: bool | int, n_epochs: int | None) -> ProgressPrinter | None:
    """Return the `ProgressPrinter` that ``verbose`` asks for, or None.

    True is a line per epoch, and so is a number, but for 1 on a terminal: that is one line.
    """
    if not verbose:
        return None
    one_line = not isinstance(verbose, bool) and verbose == 1 and sys.stdout.isatty()
    return ProgressPrinter(n_epochs, one_line)
