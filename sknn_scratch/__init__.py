"""A multi-layer perceptron regressor for scikit-learn, written from scratch in NumPy."""

from .activations import Activation, Exp, Identity, Logistic, ReLU, Tanh
from .bounded import Bounded
from .network import Network, backprop, feedforward
from .rectifiers import ELU, GELU, SELU, LeakyReLU, Mish, SiLU, Softplus
from .regressor import ScratchMLPRegressor
from .schedules import Adaptive, Constant, Cosine, InverseScaling, OneCycle, Progress, Schedule
from .solvers import LBFGS, SGD, Adam, AdamW, RMSprop, Solver

__all__ = [
    "ELU",
    "GELU",
    "LBFGS",
    "SELU",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "Adaptive",
    "Bounded",
    "Constant",
    "Cosine",
    "Exp",
    "Identity",
    "InverseScaling",
    "LeakyReLU",
    "Logistic",
    "Mish",
    "Network",
    "OneCycle",
    "Progress",
    "RMSprop",
    "ReLU",
    "Schedule",
    "ScratchMLPRegressor",
    "SiLU",
    "Softplus",
    "Solver",
    "Tanh",
    "backprop",
    "feedforward",
]
__version__ = "0.1.0"
