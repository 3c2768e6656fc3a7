"""A multi-layer perceptron regressor for scikit-learn, written from scratch in NumPy."""

from .activations import Activation, Exp, Identity, Logistic, ReLU, Tanh
from .bounded import Bounded
from .rectifiers import ELU, GELU, SELU, LeakyReLU, Mish, SiLU, Softplus
from .regressor import ScratchMLPRegressor

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "Activation",
    "Bounded",
    "Exp",
    "Identity",
    "LeakyReLU",
    "Logistic",
    "Mish",
    "ReLU",
    "ScratchMLPRegressor",
    "SiLU",
    "Softplus",
    "Tanh",
]
__version__ = "0.1.0"
