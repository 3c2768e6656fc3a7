"""scikit-learn's interface: the regressor and what is done with a fitted one."""

from .base import DOCUMENTATION, ScratchEstimator, constructor_parameters, unchanged_on_error
from .callbacks import CallbackSupportMixin, with_callbacks
from .recommended import epochs, recommended_parameters
from .regressor import ScratchMLPRegressor
from .weight_recorder import Record, WeightRecorder
