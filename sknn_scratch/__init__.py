"""A multi-layer perceptron regressor for scikit-learn, written from scratch in NumPy.

What is imported as itself is public.
"""

from inspect import ismodule as _ismodule

from ._version import __version__ as __version__
from .components import ELU as ELU
from .components import GELU as GELU
from .components import LBFGS as LBFGS
from .components import SELU as SELU
from .components import AbsoluteError as AbsoluteError
from .components import AdamW as AdamW
from .components import Adaptive as Adaptive
from .components import Bounded as Bounded
from .components import Constant as Constant
from .components import Cosine as Cosine
from .components import Embedding as Embedding
from .components import Exp as Exp
from .components import Gamma as Gamma
from .components import Gaussian as Gaussian
from .components import Huber as Huber
from .components import InverseScaling as InverseScaling
from .components import Layer as Layer
from .components import LeakyReLU as LeakyReLU
from .components import LogCosh as LogCosh
from .components import Mish as Mish
from .components import OneCycle as OneCycle
from .components import Periodic as Periodic
from .components import PiecewiseLinear as PiecewiseLinear
from .components import Poisson as Poisson
from .components import Progress as Progress
from .components import Quantile as Quantile
from .components import RMSprop as RMSprop
from .components import Schedule as Schedule
from .components import SiLU as SiLU
from .components import Softplus as Softplus
from .components import backprop as backprop
from .ensemble import ScratchMLPEnsembleRegressor as ScratchMLPEnsembleRegressor
from .estimators import ScratchMLPRegressor as ScratchMLPRegressor
from .estimators import WeightRecorder as WeightRecorder
from .estimators import recommended_parameters as recommended_parameters
from .interop import add_onnx_hooks as _add_onnx_hooks
from .maths import SGD as SGD
from .maths import Activation as Activation
from .maths import Adam as Adam
from .maths import Identity as Identity
from .maths import Logistic as Logistic
from .maths import Loss as Loss
from .maths import Network as Network
from .maths import ReLU as ReLU
from .maths import Solver as Solver
from .maths import SquaredError as SquaredError
from .maths import Tanh as Tanh
from .maths import feedforward as feedforward
from .plotting import ExplanationDisplay as ExplanationDisplay
from .plotting import IntervalDisplay as IntervalDisplay
from .plotting import LossCurveDisplay as LossCurveDisplay
from .plotting import NetworkDisplay as NetworkDisplay
from .storing import fit_with_checkpoints as fit_with_checkpoints
from .storing import trusted_types as trusted_types
from .tables import TableEncoder as TableEncoder
from .tracing import calls_of as calls_of

_add_onnx_hooks()
# For `import *`, which would bring the rooms as well. Type checkers go by the imports.
_names = [name for name, thing in globals().items() if name[0] != "_" and not _ismodule(thing)]
globals()["__all__"] = _names
