"""What a network gives for any number of rows."""

from functools import partial

import numpy as np
from scipy import sparse

from ..data import Apart, Mapped, by_rows, rows_at_a_time, widths
from ..maths import Array, Matrix, Network
from .forward import Predictor


@np.errstate(over="ignore", invalid="ignore")  # whoever asks looks at what is not finite
def predict_rows(network: Network, params: Array, X: Matrix, apart: Apart | None = None) -> Array:
    """Return what leaves the network, a few hundred rows at a time: that bounds the memory.

    Parameters
    ----------
    network : Network
    params : ndarray of shape (network.n_parameters,)
    X : {ndarray, Mapped, sparse matrix} of shape (n_samples, n_features)
    apart : Apart or None
        What to predict by in the place of ``params``.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    size = rows_at_a_time(widths(network), params.itemsize)
    if apart is not None:
        return by_rows(partial(apart.predict, network), X, size)
    # An embedding takes longer than copying what it reads, however many columns there are.
    wide = network.embedding is None and X.shape[1] > max(network.sizes[1:])
    if wide and isinstance(X, Mapped):
        pass  # rows are copied as they are read, perhaps converted: they are to be few
    elif wide or sparse.issparse(X):
        # To copy such rows would take too long, and a part costs more than its activations, which
        # may then be more than the cache holds.
        size = 4 * rows_at_a_time(widths(network)[1:], params.itemsize)
    elif X.shape[0] > size:
        return by_rows(Predictor(network, params), X, size)
    return by_rows(lambda X: network.output(X, params), X, size)
