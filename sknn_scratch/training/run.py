"""A run: one training, from one draw of the initial weights; and observers of its epochs.

With ``n_init`` there are several runs. Observers are told how training goes, and may ask to stop
it: `ProgressPrinter` is one, and so is what tells scikit-learn's callbacks (see
`estimators.callbacks`).
"""

import math
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from ..maths import Array
from .early_stopping import EarlyStopping
from .state import TrainingState

DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)
RAISED: ContextVar[bool] = ContextVar("interrupts are raised", default=False)


@contextmanager
def interrupts_raised() -> Iterator[None]:
    """Have an interrupt end what the trainings in the block are a part of, not just one of them."""
    token = RAISED.set(True)
    try:
        yield
    finally:
        RAISED.reset(token)


class Diverged(Exception):
    """The loss is no longer a finite number."""


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
    """Prints how training goes."""

    n_epochs: int | None  # at most; None if that is not known
    overwrite: bool  # whether each line takes the place of the one before
    width: int = 0  # of the line that may be overwritten
    start: float = 0.0  # of the run

    def run_begin(self, number: int, n_runs: int) -> None:
        """Say which run begins, if there are several."""
        self.start = time.perf_counter()
        if n_runs > 1:
            self.note(f"Initialization {number} of {n_runs}")

    def epoch_end(self, state: TrainingState, rate: float | None = None) -> None:
        """Print the line of an epoch: aligned, and the same columns in each."""
        history, total = state.history, self.n_epochs
        n = history.n_iter
        count = f"{n:{len(str(total))}d}/{total}" if total else f"{len(history.losses):4d}"
        columns = [f"Iteration {count}", f"loss {six_digits(history.loss)}"]
        if history.is_validated:
            columns.append(f"validation loss {six_digits(history.validation_losses[-1])}")
            columns.append(f"score {six_digits(history.validation_scores[-1])}")
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


def six_digits(value: float) -> str:
    """Return six digits in a column of twelve characters, whatever the size."""
    return f"{value:#12.6g}"


def make_printer(verbose: bool | int, n_epochs: int | None) -> ProgressPrinter:
    """Return the `ProgressPrinter` that ``verbose``, which is not 0, asks for.

    True is a line per epoch, and so is a number, but for 1 on a terminal: that is one line.
    """
    on_terminal = getattr(sys.stdout, "isatty", bool)()  # what stands in its place may not say
    one_line = not isinstance(verbose, bool) and verbose == 1 and on_terminal
    return ProgressPrinter(n_epochs, one_line)


@dataclass
class Run:
    """Brings together what a training loop has to say of its epochs, and who has to know."""

    state: TrainingState  # changed in place
    stopping: EarlyStopping
    validate: Callable[[Array], tuple[float, float]] | None = None  # loss and score of parameters
    observers: Sequence[Observer] = ()
    advice: str = ""  # ends the message of a divergence
    stopped: bool = False  # by an observer
    warning: str | None = None  # what there is to warn of, if of several runs this is the best
    error: str | None = None  # why nothing came of the run
    interrupted: bool = False  # by the user
    diverged: bool = False  # its loss or a weight became infinite
    first_loss: float | None = None  # of the first epoch, or at which L-BFGS started
    by_tol: bool = False  # `tol` ended it: of the loss, what is monitored, or the gradient

    @property
    def value(self) -> tuple[float, ...]:
        """How good the run is, a tuple: the greater the better."""
        if self.error:
            return (-math.inf,)
        return self.stopping.rank() if self.stopping.monitor else (-self.state.history.loss,)

    def begin(self, number: int, n_runs: int) -> None:
        for observer in self.observers:
            observer.run_begin(number, n_runs)

    def end(self) -> bool:
        """Tell that the run has ended; return True if an observer asks for no further one."""
        asked = [observer.run_end() for observer in self.observers]
        return any(asked)

    def epoch_begin(self) -> None:
        for observer in self.observers:
            observer.epoch_begin(self.state)

    def epoch_end(self, loss: float, params: Array, rate: float | None = None) -> None:
        """Take note of an epoch, and tell of it. Raises Diverged if the loss is not finite."""
        history = self.state.history
        validation = self.validate and self.validate(params)
        history.record(loss)  # an epoch whose validation is interrupted has had no end
        if validation:
            history.record_validation(*validation)
        self.stopping.update(history, params)
        for observer in self.observers:
            self.stopped |= bool(observer.epoch_end(self.state, rate))
        if not math.isfinite(loss):
            self.diverge(f"the loss became {loss}")

    def note(self, text: str) -> None:
        for observer in self.observers:
            observer.note(text)

    def end_at(self, loss: float, params: Array) -> None:
        """Take note of where L-BFGS ended, even if it made no iteration, which is no epoch."""
        state, history = self.state, self.state.history
        state.params[...], history.loss = params, loss
        if not math.isfinite(loss):
            self.diverge(f"the loss became {loss}")
        history.is_validated = self.validate is not None  # even if all curves are empty
        state.best.loss = min(loss, state.best.loss)

    def check_params(self) -> None:
        """Raise Diverged if the last step left a parameter that is not finite."""
        if not np.isfinite(self.state.params).all():
            self.diverge("a weight became infinite")

    def diverge(self, what: str) -> NoReturn:
        raise Diverged(f"{what} in epoch {self.state.history.n_iter}{self.advice}")
