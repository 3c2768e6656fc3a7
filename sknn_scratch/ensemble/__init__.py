"""The ensemble: its members, how they are held out and weighted, and how wide intervals are."""

from .conformal import Calibration
from .ensemble import ScratchMLPEnsembleRegressor
from .spread import LearntSpread, LogScale, SpreadOfLoss, SpreadOfMembers
from .units import Logarithm, TransformedUnit, Unit
