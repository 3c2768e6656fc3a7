"""Where earlier versions kept the classes that stored models name.

A pickle, or a file of skops, names each class by its module and its name there. So that a model
loads whose classes have moved since, a module that is gone has a stand-in in ``sys.modules``, with
nothing in it but those classes. Whoever moves or renames a class that a fitted model can hold adds
it here; ``tests/data`` has models of each layout.
"""

import sys
from types import ModuleType

from .. import components, maths
from ..data import Scaling
from ..estimators import ScratchMLPRegressor
from ..training import TrainingState

MOVED: dict[str, list[type]] = {  # module of layout 1: the classes that stored models name there
    "activations": [maths.Exp, maths.Identity, maths.Logistic, maths.ReLU, maths.Tanh],
    "bounded": [components.Bounded],
    "losses": [maths.Gamma, maths.Poisson, maths.SquaredError],
    "network": [maths.Network],
    "rectifiers": [
        *(components.ELU, components.GELU, components.LeakyReLU, components.Mish),
        *(components.SELU, components.SiLU, components.Softplus),
    ],
    "regressor": [ScratchMLPRegressor],
    "robust": [
        *(components.AbsoluteError, components.Huber, components.LogCosh, components.Quantile)
    ],
    "schedules": [
        *(components.Adaptive, components.Constant, components.Cosine, components.Factor),
        *(components.InverseScaling, components.OneCycle),
    ],
    "solvers": [*(maths.Adam, components.AdamW, maths.LBFGS, components.RMSprop, maths.SGD)],
    "standardize": [Scaling],
    "watch": [TrainingState],
}
RENAMED = {Scaling: "Units"}  # what they were called then


def register_moved_classes() -> None:
    """Put a stand-in for each module that is gone into ``sys.modules``."""
    package = __name__.partition(".")[0]
    for module, classes in MOVED.items():
        stand_in = ModuleType(f"{package}.{module}", "Classes that stored models name here.")
        vars(stand_in).update({RENAMED.get(each, each.__name__): each for each in classes})
        sys.modules.setdefault(stand_in.__name__, stand_in)
