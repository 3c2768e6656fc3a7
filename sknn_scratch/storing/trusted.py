"""The classes that a stored model may hold, by name: what skops asks its user to trust."""

from .. import components, maths
from ..data import Scaling
from ..ensemble import (
    Calibration,
    LearntSpread,
    Logarithm,
    LogScale,
    ScratchMLPEnsembleRegressor,
    SpreadOfLoss,
    SpreadOfMembers,
    TransformedUnit,
    Unit,
)
from ..estimators import Record, ScratchMLPRegressor, WeightRecorder
from ..tables import KINDS_OF_COLUMNS, TableEncoder
from ..training import Best, History, TrainingState

KINDS = maths.Activation, components.Embedding, maths.Loss, maths.Solver, components.Schedule
PARTS: list[type] = [
    *(ScratchMLPEnsembleRegressor, ScratchMLPRegressor, maths.Network, Scaling),
    *(TableEncoder, *KINDS_OF_COLUMNS),
    *(TrainingState, Best, History),
    *(WeightRecorder, Record),
    *(Calibration, LearntSpread, LogScale, SpreadOfLoss, SpreadOfMembers),
    *(Logarithm, TransformedUnit, Unit),
]


def trusted_types() -> list[str]:
    """Return the names of all classes of this package that a stored model may hold.

    They are for ``trusted`` of `skops.io.load` and of whatever else loads files of skops. None of
    them runs code that the file brings along. Classes of your own are not among them, nor those of
    other packages, but for NumPy's `dtype`, which scikit-learn's imputer in an encoder of tables
    holds.

    Returns
    -------
    list of str
        In alphabetical order.

    Examples
    --------
    >>> from sknn_scratch import trusted_types
    >>> "sknn_scratch.maths.network.Network" in trusted_types()
    True
    """
    public = [*vars(components).values(), *vars(maths).values()]
    # `isinstance` takes the alias list[int] for a type on Python 3.10.
    classes = [cls for cls in public if issubclass(type(cls), type)]
    kinds = [cls for cls in classes if issubclass(cls, KINDS)]
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in (*PARTS, *kinds)}
    return sorted(names | {"numpy.dtype"})
