"""The names by which activations, losses, solvers and schedules are chosen.

Solvers and schedules are made anew from the estimator's parameters, so their names stand for
classes. (Initialisers are functions, listed where they are defined: `initializers`.)
"""

from .activations import Exp, Identity, Logistic, ReLU, Tanh
from .losses import Gamma, Poisson, SquaredError
from .rectifiers import ELU, GELU, SELU, LeakyReLU, Mish, SiLU, Softplus
from .robust import AbsoluteError, Huber, LogCosh, Quantile
from .schedules import Adaptive, Constant, Cosine, InverseScaling, OneCycle
from .solvers import LBFGS, SGD, Adam, AdamW, RMSprop

ACTIVATIONS = {
    "identity": Identity(),
    "logistic": Logistic(),
    "tanh": Tanh(),
    "relu": ReLU(),
    "exp": Exp(),
    "leaky_relu": LeakyReLU(),
    "elu": ELU(),
    "selu": SELU(),
    "softplus": Softplus(),
    "silu": SiLU(),
    "gelu": GELU(),
    "mish": Mish(),
}
LOSSES = {
    "squared_error": SquaredError(),
    "absolute_error": AbsoluteError(),
    "huber": Huber(),
    "log_cosh": LogCosh(),
    "quantile": Quantile(),
    "poisson": Poisson(),
    "gamma": Gamma(),
}
SOLVERS = {"sgd": SGD, "adam": Adam, "adamw": AdamW, "rmsprop": RMSprop, "lbfgs": LBFGS}
SCHEDULES = {
    "constant": Constant,
    "invscaling": InverseScaling,
    "adaptive": Adaptive,
    "cosine": Cosine,
    "one_cycle": OneCycle,
}


def name_of(piece, registry):
    """Return the name under which the registry holds such a piece, else the piece itself."""
    for name, known in registry.items():
        if type(piece) is type(known) and vars(piece) == vars(known):
            return name
    return piece
