"""More components of each kind, their names, and the constructor parameters that stand for them."""

from .checks import as_numbers, check_number, refuse_masked
from .embedding_union import EmbeddingUnion, UnionLayer
from .embeddings import Embedding, Layer, Periodic, PeriodicLayer, have_many_values
from .examples import add_examples
from .initializers import initialize
from .mistakes import backprop
from .more_activations import ELU, GELU, SELU, Bounded, Exp, LeakyReLU, Mish, SiLU, Softplus
from .more_losses import AbsoluteError, Gamma, Gaussian, Huber, LogCosh, Poisson, Quantile
from .more_solvers import LBFGS, AdamW, RMSprop
from .parameters import (
    Settings,
    check_hidden_layer_sizes,
    check_missing_targets,
    check_parameters,
    check_seed,
    resolve,
)
from .piecewise_linear import PiecewiseLinear, PiecewiseLinearLayer, quantiles
from .registries import ACTIVATIONS, EMBEDDINGS, LOSSES, SCHEDULES, SOLVERS, name_of
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

add_examples()
