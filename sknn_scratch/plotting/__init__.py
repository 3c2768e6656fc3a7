"""Pictures of training and of networks (they need matplotlib)."""

from .interval import IntervalDisplay
from .loss_curve import LossCurveDisplay
from .network import NetworkDisplay

__all__ = [
    "IntervalDisplay",
    "LossCurveDisplay",
    "NetworkDisplay",
]
