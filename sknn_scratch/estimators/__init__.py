"""scikit-learn's interface: the estimators and what is done with a fitted one."""

from .checkpoint import fit_with_checkpoints
from .ensemble import ScratchMLPEnsembleRegressor
from .moved import register_moved_classes
from .recommended import recommended_parameters
from .regressor import ScratchMLPRegressor
from .trusted import trusted_types
from .weight_recorder import WeightRecorder

register_moved_classes()

__all__ = [
    "ScratchMLPEnsembleRegressor",
    "ScratchMLPRegressor",
    "WeightRecorder",
    "fit_with_checkpoints",
    "recommended_parameters",
    "trusted_types",
]
