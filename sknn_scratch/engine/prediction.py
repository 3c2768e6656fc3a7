"""What a network gives for any number of rows."""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from ..data import Scaling, by_rows, rows_at_a_time, widths
from ..maths import Array, Matrix, Network
from .forward import Predictor


@np.errstate(over="ignore", invalid="ignore")  # whoever asks looks at what is not finite
def predict_rows(
    network: Network, params: Array, X: Matrix, scaling: Scaling | None = None
) -> Array:
    """Return what leaves the network, a few hundred rows at a time: that bounds the memory.

    Parameters
    ----------
    network : Network
    params : ndarray of shape (network.n_parameters,)
    X : {ndarray, Mapped, sparse matrix} of shape (n_samples, n_features)
    scaling : Scaling, default=None
        By which X is standardised first, and what leaves the network is restored.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    size = rows_at_a_time(widths(network), params.itemsize)

    def of_formulas(rows):
        return network.output(scaling.inputs(rows) if scaling else rows, params)

    predict: Callable[[Matrix], Array] = of_formulas

    if sparse.issparse(X):
        # To slice such rows takes long, and a part costs more than its activations, which may then
        # be more than the cache holds.
        size = 4 * rows_at_a_time(widths(network)[1:], params.itemsize)
    elif X.shape[0] > size:
        predict = Predictor(network, params, scaling)
    a = by_rows(predict, X, size)
    return scaling.restored(network, a) if scaling else a
