"""scikit-learn's interface: the regressor and what is done with a fitted one."""

from .attributes import constructor_parameters
from .base import unchanged_on_error
from .callbacks import CallbackSupportMixin, with_callbacks
from .caller import warn_caller
from .persistence import opened, sealed
from .recommended import epochs, long_parameters, recommended_parameters
from .regressor import DOCUMENTATION, ScratchMLPRegressor
from .summary import SummaryMixin
from .weight_recorder import WeightRecorder

__all__ = [
    "DOCUMENTATION",
    "CallbackSupportMixin",
    "ScratchMLPRegressor",
    "SummaryMixin",
    "WeightRecorder",
    "constructor_parameters",
    "epochs",
    "long_parameters",
    "opened",
    "recommended_parameters",
    "sealed",
    "unchanged_on_error",
    "warn_caller",
    "with_callbacks",
]
