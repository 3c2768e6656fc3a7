"""More components of each kind, their names, and the constructor parameters that stand for them."""

from .arrays import as_numbers, quantiles, refuse_masked
from .checks import check_hidden_layer_sizes, check_seed
from .embeddings import Embedding, Layer, Periodic, PeriodicLayer
from .examples import add_examples
from .gaussian import Gaussian
from .initializers import initialize
from .mistakes import backprop
from .parameters import check_parameters, resolve
from .piecewise_linear import PiecewiseLinear, PiecewiseLinearLayer
from .positive import Exp, Gamma, Poisson
from .ranges import check_number
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
