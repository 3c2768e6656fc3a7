"""What `verbose` prints: a line per epoch, or one line that is overwritten."""

import shutil
import sys
import time


class Report:
    """Prints how training goes.

    Parameters
    ----------
    n_epochs : int or None
        Epochs at most; None if that is not known.
    overwrite : bool
        Whether each line takes the place of the one before.
    """

    def __init__(self, n_epochs, overwrite):
        self.n_epochs, self.overwrite = n_epochs, overwrite
        self.start, self.width = time.perf_counter(), 0

    def epoch(self, state, validated, rate=None):
        """Print the line of an epoch: aligned, and the same columns in each."""
        n, total = state.n_iter, self.n_epochs
        count = f"{n:{len(str(total))}d}/{total}" if total else f"{len(state.loss_curve):4d}"
        columns = [f"Iteration {count}", f"loss {number(state.loss)}"]
        if validated:
            columns.append(f"validation loss {number(state.validation_losses[-1])}")
            columns.append(f"score {number(state.validation_scores[-1])}")
        if rate is not None:
            columns.append(f"rate {rate:.2e}")
        elapsed = time.perf_counter() - self.start
        columns.append(f"{elapsed:7.1f} s")
        if total:
            columns.append(f"at most {elapsed / n * (total - n):7.1f} s left")
        self.line("  ".join(columns))

    def line(self, text):
        """Print a line of what may be overwritten."""
        if not self.overwrite:
            print(text)
            return
        text = text[: shutil.get_terminal_size().columns - 1]  # a line that wraps stays
        print(f"\r{text:{self.width}}", end="", flush=True)
        self.width = len(text)

    def note(self, text):
        """Print a line that stays."""
        self.end()
        print(text)

    def end(self):
        """Leave the line that may be overwritten."""
        if self.width:
            print()
        self.width = 0


def number(value):
    """Return six digits in a column of twelve characters, whatever the size."""
    return f"{value:#12.6g}"


def make_report(verbose, n_epochs):
    """Return the `Report` that ``verbose`` asks for, or None.

    True is a line per epoch, and so is a number, but for 1 on a terminal: that is one line.
    """
    if not verbose:
        return None
    one_line = not isinstance(verbose, bool) and verbose == 1 and sys.stdout.isatty()
    return Report(n_epochs, one_line)
