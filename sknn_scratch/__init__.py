"""A multi-layer perceptron regressor for scikit-learn, written from scratch in NumPy."""

from .regressor import ScratchMLPRegressor

__all__ = ["ScratchMLPRegressor"]
__version__ = "0.1.0"
