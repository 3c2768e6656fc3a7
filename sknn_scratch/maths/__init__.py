"""The textbook: the network, its activations and losses, and the solvers, as formulas."""

from .activations import Activation, Exp, Identity, Logistic, ReLU, Tanh
from .clipping import clip
from .intervals import Checked, bounds_of, check_fits_float, check_range, number
from .losses import Gamma, Loss, Poisson, SquaredError
from .mistakes import Component, advice, required
from .network import Network, backprop, feedforward
from .solvers import LBFGS, SGD, Adam, Solver
from .types import (
    Array,
    Arrays,
    Call,
    Calls,
    DType,
    Index,
    Matrix,
    MatrixLike,
    RandomState,
    Shape,
    State,
)

__all__ = [
    "LBFGS",
    "SGD",
    "Activation",
    "Adam",
    "Array",
    "Arrays",
    "Call",
    "Calls",
    "Checked",
    "Component",
    "DType",
    "Exp",
    "Gamma",
    "Identity",
    "Index",
    "Logistic",
    "Loss",
    "Matrix",
    "MatrixLike",
    "Network",
    "Poisson",
    "RandomState",
    "ReLU",
    "Shape",
    "Solver",
    "SquaredError",
    "State",
    "Tanh",
    "advice",
    "backprop",
    "bounds_of",
    "check_fits_float",
    "check_range",
    "clip",
    "feedforward",
    "number",
    "required",
]
