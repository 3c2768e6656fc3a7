"""More components of each kind, their names, and the constructor parameters that stand for them."""

from .checks import as_numbers, check_number, refuse_masked
from .embeddings import Embedding, Layer, Periodic, PeriodicLayer
from .examples import add_examples
from .gaussian import Gaussian
from .initializers import initialize
from .mistakes import backprop
from .parameters import check_hidden_layer_sizes, check_parameters, check_seed, resolve
from .piecewise_linear import PiecewiseLinear, PiecewiseLinearLayer, quantiles
from .positive import Exp, Gamma, Poisson
from .rectifiers import ELU, GELU, SELU, Bounded, LeakyReLU, Mish, SiLU, Softplus
from .registries import ACTIVATIONS, EMBEDDINGS, LOSSES, SCHEDULES, SOLVERS, name_of
from .robust_losses import AbsoluteError, Huber, LogCosh, Quantile
from .schedules import (
    Adaptive,
    Constant,
    Cosine,
    Factor,
    InverseScaling,
    OneCycle,
    Progress,
    Schedule,
)
from .solvers import LBFGS, AdamW, RMSprop

add_examples()
