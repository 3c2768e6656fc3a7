"""The training loop: when it stops, and who is notified."""

from .derivatives import AT_A_KINK, closest_slope
from .run import Observer, interrupts_raised
from .scoring import can_be_scored, likelihood_score, location, make_score, score_of
from .source import Arrays, warn_of_column_vector
from .state import Best, History, TrainingState
from .trainer import Trainer
from .warnings import warn_caller
