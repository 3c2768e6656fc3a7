"""The same maths as lists of calls on buffers, for the training loop and for many rows."""

from .batches import Rows
from .dropout import Dropout
from .minibatch import MinibatchLoop
from .prediction import predict_rows
from .problem import FullBatch, Problem
from .threads import largest_product, quiet_blas, shared_blas
