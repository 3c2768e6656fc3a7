"""The training loop: when it stops, and who is notified."""

from .callbacks import CallbackSupportMixin, with_callbacks
from .scoring import score_of
from .state import TrainingState
from .trainer import Fitting

__all__ = [
    "CallbackSupportMixin",
    "Fitting",
    "TrainingState",
    "score_of",
    "with_callbacks",
]
