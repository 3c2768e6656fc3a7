"""The curves of training: an element for each epoch, through all calls of `partial_fit`."""

from dataclasses import dataclass, field, replace

import numpy as np


@dataclass
class History:
    """What came of each epoch (or iteration of L-BFGS).

    Attributes
    ----------
    losses : list of float
        On the training data, penalty included.
    validation_losses, validation_scores : list of float
        Empty as long as no epoch was validated; nan for earlier epochs that were not.
    n_iter : int
        Epochs of the last call.
    loss : float
        Where training stands: the last of ``losses``, unless L-BFGS made no iteration.
    is_validated : bool
        Whether the last epoch was validated, or the last call would have done so.
    """

    losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    validation_scores: list[float] = field(default_factory=list)
    n_iter: int = 0
    loss: float = np.nan
    is_validated: bool = False

    def copy(self) -> "History":
        """Return a copy that goes on by itself."""
        curves = "losses", "validation_losses", "validation_scores"
        return replace(self, **{name: list(getattr(self, name)) for name in curves})

    def record(self, loss: float) -> None:
        """Append, in place, the loss of an epoch."""
        self.n_iter += 1
        self.loss = loss
        self.losses.append(loss)
        self.is_validated = False

    def record_validation(self, loss: float, score: float) -> None:
        """Append, in place, loss and score on the validation data after the last epoch."""
        for curve, value in ((self.validation_losses, loss), (self.validation_scores, score)):
            skipped = len(self.losses) - 1 - len(curve)  # epochs without validation data
            curve.extend([np.nan] * skipped + [value])
        self.is_validated = True
