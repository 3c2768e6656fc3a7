"""A multi-layer perceptron regressor for scikit-learn, written from scratch in NumPy."""

from .activations import Activation, Exp, Identity, Logistic, ReLU, Tanh
from .bounded import Bounded
from .checkpoint import fit_with_checkpoints
from .display import LossCurveDisplay
from .losses import Gamma, Loss, Poisson, SquaredError
from .network import Network, backprop, feedforward
from .network_display import NetworkDisplay
from .rectifiers import ELU, GELU, SELU, LeakyReLU, Mish, SiLU, Softplus
from .regressor import ScratchMLPRegressor
from .robust import AbsoluteError, Huber, LogCosh, Quantile
from .schedules import Adaptive, Constant, Cosine, InverseScaling, OneCycle, Progress, Schedule
from .solvers import LBFGS, SGD, Adam, AdamW, RMSprop, Solver

__all__ = [
    "ELU",
    "GELU",
    "LBFGS",
    "SELU",
    "SGD",
    "AbsoluteError",
    "Activation",
    "Adam",
    "AdamW",
    "Adaptive",
    "Bounded",
    "Constant",
    "Cosine",
    "Exp",
    "Gamma",
    "Huber",
    "Identity",
    "InverseScaling",
    "LeakyReLU",
    "LogCosh",
    "Logistic",
    "Loss",
    "LossCurveDisplay",
    "Mish",
    "Network",
    "NetworkDisplay",
    "OneCycle",
    "Poisson",
    "Progress",
    "Quantile",
    "RMSprop",
    "ReLU",
    "Schedule",
    "ScratchMLPRegressor",
    "SiLU",
    "Softplus",
    "Solver",
    "SquaredError",
    "Tanh",
    "backprop",
    "feedforward",
    "fit_with_checkpoints",
]
__version__ = "0.1.0"
