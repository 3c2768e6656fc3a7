"""What a network gives for any number of rows."""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from ..data import Mapped, Scaling, by_rows, rows_at_a_time, widths
from ..maths import Array, Matrix, Network
from .program import Predictor


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
    scaling = None if scaling is None or scaling.is_identity else scaling
    size = rows_at_a_time(widths(network), params.itemsize)
    to_scale = scaling

    def of_formulas(rows):
        rows = to_scale.inputs(rows).astype(params.dtype, copy=False) if to_scale else rows
        return network.output(rows, params)

    predict: Callable[[Matrix], Array] = of_formulas
    if X.shape[0] > size:
        plain = network.embedding is None and not sparse.issparse(X) and X.dtype == params.dtype
        if plain and to_scale and to_scale.folds_exactly:
            params, to_scale = to_scale.fold_inputs(network, params), None
        wide = X.shape[1] > max(network.sizes[1:]) and type(X) is not Mapped
        if sparse.issparse(X) or (plain and wide and to_scale is None):
            # To slice sparse rows, or to copy wide ones, takes long; and a part costs more than its
            # activations, which may then be more than the cache holds.
            size = 4 * rows_at_a_time(widths(network)[1:], params.itemsize)
        else:
            predict = Predictor(network, params, to_scale)
    a = by_rows(predict, X, size)
    return scaling.restored(network, a) if scaling else a
