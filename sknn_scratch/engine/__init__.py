"""The same maths as lists of calls on buffers, for the training loop and for many rows."""

from .aligned import aligned_copy
from .batches import Rows
from .dropout import Dropout
from .forward import Predictor
from .full_batch import FullBatch
from .minibatch import MinibatchLoop
from .problem import Problem
from .threads import quiet_blas, shared_blas

__all__ = [
    "Dropout",
    "FullBatch",
    "MinibatchLoop",
    "Predictor",
    "Problem",
    "Rows",
    "aligned_copy",
    "quiet_blas",
    "shared_blas",
]
