"""What a network gives for any number of rows."""

from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from ..data import LEAST, Mapped, Scaling, by_rows, rows_at_a_time, slices, widths
from ..maths import Array, Matrix, Network
from ..tracing import aligned
from .batches import Batch
from .program import Forward, compiled

AT_A_TIME = 1 << 15  # numbers that are standardised at a time


@np.errstate(over="ignore", invalid="ignore")  # whoever asks looks at what is not finite
def predict_rows(
    network: Network, params: Array, X: Matrix, scaling: Scaling | None = None
) -> Array:
    """Return what leaves the network, of shape (n_samples, n_outputs).

    X, an array, `Mapped` or a sparse matrix, is taken a few hundred rows at a time: that bounds the
    memory. By ``scaling`` it is standardised first, and what leaves the network is restored.
    """
    scaling = None if scaling is None or scaling.is_identity else scaling
    size = LEAST if X.shape[0] <= LEAST else rows_at_a_time(widths(network), params.itemsize)
    if X.shape[0] <= size:
        a = by_formulas(network, params, scaling, X[:] if type(X) is Mapped else X)
    else:
        a = in_parts(network, params, scaling, X, size)
    return scaling.restored(network, a) if scaling else a


def by_formulas(network: Network, params: Array, scaling: Scaling | None, X: Matrix) -> Array:
    """Return what leaves the network for rows that are standardised first, all at once."""
    if scaling:
        X = scaling.inputs(X).astype(params.dtype, copy=False)
    return network.output(X, params)


def in_parts(
    network: Network, params: Array, scaling: Scaling | None, X: Matrix, size: int
) -> Array:
    """Return the same for many rows, ``size`` at a time, or as many as are quicker."""
    plain = network.embedding is None and not sparse.issparse(X) and X.dtype == params.dtype
    if plain and scaling and scaling.folds_exactly:
        params, scaling = scaling.fold_inputs(network, params), None
    wide = X.shape[1] > max(network.sizes[1:]) and type(X) is not Mapped
    if sparse.issparse(X) or (plain and wide and scaling is None):
        # To slice sparse rows, or to copy wide ones, takes long; and a part costs more than its
        # activations, which may then be more than the cache holds.
        size = 4 * rows_at_a_time(widths(network)[1:], params.itemsize)
        predict: Any = partial(by_formulas, network, params, scaling)
    else:
        predict = Predictor(network, params, scaling)
    return by_rows(predict, X, size)


class Predictor:
    """What `network.feedforward` computes, for arrays of rows in turn, and faster.

    By ``scaling`` rows are standardised as they are copied; predictions stay standardised.
    """

    def __init__(self, network: Network, params: Array, scaling: Scaling | None = None) -> None:
        self.network = network
        self.params = params
        self.scaling = scaling
        self.programs: dict[int, Any] = {}
        if scaling:
            shape = max(1, AT_A_TIME // network.sizes[0]), network.sizes[0]
            self.shift: Array = np.broadcast_to(scaling.x_shift, shape).copy()
            self.scale: Array = np.broadcast_to(scaling.x_scale, shape).copy()
            self.part: Array = np.empty_like(self.shift)

    def __call__(self, X: Array) -> Array:
        """Return the predictions for some rows, in an array that the next call overwrites."""
        if len(X) not in self.programs:
            forward = Forward(self.network, self.params, len(X))
            width = X.shape[1] + self.network.fit_intercept
            rows = aligned((len(X), width), self.params.dtype, 1)
            calls = compiled(forward.forward(Batch(rows.T)))
            self.programs[len(X)] = rows[:, : X.shape[1]], calls, forward.a[-1].T
        inputs, calls, output = self.programs[len(X)]
        self.read(X, inputs)
        with np.errstate(over="ignore"):  # of exp(-z), on the way to 1 / (1 + exp(-z))
            for call in calls:
                call()
        return output

    def read(self, X: Array, inputs: Array) -> None:
        """Copy X into ``inputs``, standardised in its own type: a part at a time, in the cache.

        With shift and scale repeated for each row there is one loop over all numbers of a part.
        """
        if self.scaling is None:
            inputs[...] = X
            return
        for rows in slices(len(X), len(self.shift)):
            n = len(X[rows])
            part = np.subtract(X[rows], self.shift[:n], out=self.part[:n])
            part /= self.scale[:n]
            inputs[rows] = part
