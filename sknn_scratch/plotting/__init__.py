"""Pictures of training and of networks (they need matplotlib)."""

from .explanation import ExplanationDisplay
from .film import film
from .interval import IntervalDisplay
from .loss_curve import LossCurveDisplay
from .network import NetworkDisplay
