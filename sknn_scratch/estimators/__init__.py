"""scikit-learn's interface: the regressor and what is done with a fitted one."""

from .base import (
    DOCUMENTATION,
    ScratchEstimator,
    constructor_parameters,
    unchanged_on_error,
    warn_caller,
)
from .callbacks import CallbackSupportMixin, with_callbacks
from .recommended import epochs, long_parameters, recommended_parameters
from .regressor import ScratchMLPRegressor
from .weight_recorder import WeightRecorder

__all__ = [
    "DOCUMENTATION",
    "CallbackSupportMixin",
    "ScratchEstimator",
    "ScratchMLPRegressor",
    "WeightRecorder",
    "constructor_parameters",
    "epochs",
    "long_parameters",
    "recommended_parameters",
    "unchanged_on_error",
    "warn_caller",
    "with_callbacks",
]
