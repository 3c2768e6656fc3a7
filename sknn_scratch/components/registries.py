"""The names by which activations, embeddings, losses, solvers and schedules are chosen.

Solvers and schedules are made anew from the estimator's parameters, so their names stand for
classes. (Initialisers are functions, listed where they are defined: `initializers`.)
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from ..maths import (
    SGD,
    Activation,
    Adam,
    Identity,
    Logistic,
    Loss,
    ReLU,
    Solver,
    SquaredError,
    Tanh,
)
from .embedding_union import EmbeddingUnion
from .embeddings import Embedding, Periodic
from .more_activations import ELU, GELU, SELU, Exp, LeakyReLU, Mish, SiLU, Softplus
from .more_losses import AbsoluteError, Gamma, Gaussian, Huber, LogCosh, Poisson, Quantile
from .more_solvers import LBFGS, AdamW, RMSprop
from .piecewise_linear import PiecewiseLinear
from .schedules import Adaptive, Constant, Cosine, InverseScaling, OneCycle, Schedule

ACTIVATIONS: dict[str, Activation] = {
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
EMBEDDINGS: dict[str, Embedding] = {
    "periodic": Periodic(),
    "piecewise_linear": PiecewiseLinear(),
    "union": EmbeddingUnion(),
}
LOSSES: dict[str, Loss] = {
    "squared_error": SquaredError(),
    "absolute_error": AbsoluteError(),
    "huber": Huber(),
    "log_cosh": LogCosh(),
    "quantile": Quantile(),
    "poisson": Poisson(),
    "gamma": Gamma(),
    "gaussian": Gaussian(),
}
SOLVERS: dict[str, type[Solver]] = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
    "lbfgs": LBFGS,
}
SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "invscaling": InverseScaling,
    "adaptive": Adaptive,
    "cosine": Cosine,
    "one_cycle": OneCycle,
}


def name_of(component: Any, registry: Mapping[str, Any]) -> Any:
    """Return the name under which the registry holds such a component, else itself."""
    for name, registered in registry.items():
        if type(component) is type(registered) and vars(component) == vars(registered):
            return name
    return component


# What other libraries call them, and what they are called here.
ALSO_CALLED = {
    "bfgs": "lbfgs",
    "l-bfgs": "lbfgs",
    "l1": "absolute_error",
    "l2": "squared_error",
    "linear": "identity",
    "logcosh": "log_cosh",
    "mae": "absolute_error",
    "mean_absolute_error": "absolute_error",
    "mean_squared_error": "squared_error",
    "mse": "squared_error",
    "pinball": "quantile",
    "pinball_loss": "quantile",
    "sigmoid": "logistic",
    "smooth_l1": "huber",
    "swish": "silu",
}


def likely_name(value: Any, registry: Mapping[str, Any]) -> str:
    """Return a sentence on which name of the registry ``value`` may stand for, or ""."""
    if not isinstance(value, str):
        return ""
    name = value.lower().replace(" ", "_")
    if ALSO_CALLED.get(name) in registry:
        return f" It is called {ALSO_CALLED[name]!r} here."
    close = get_close_matches(name, registry, n=1, cutoff=0.7)
    return f" Did you mean {close[0]!r}?" if close else ""
