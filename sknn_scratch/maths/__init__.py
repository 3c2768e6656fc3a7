"""The textbook: the network, its activations and losses, and the solvers, as formulas."""

from .activations import Activation, Identity, Logistic, ReLU, Tanh
from .component import (
    CHECKS,
    Array,
    Arrays,
    Component,
    DType,
    Index,
    Matrix,
    MatrixLike,
    RandomState,
    Shape,
    State,
)
from .losses import Loss, SquaredError
from .network import Network, backprop, feedforward
from .solvers import SGD, Adam, Solver
