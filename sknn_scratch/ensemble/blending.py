"""How much each of several kinds of members counts: as much as helps on rows held out."""

import numpy as np
from scipy.optimize import nnls

from ..maths import Array


def blending_weights(y: Array, predictions: Array, weight: Array | None = None) -> Array:
    """Return the convex combination of predictions that is closest to y.

    It makes the (weighted) mean of ``(y - sum(w * predictions))**2`` least, with weights w that are
    not negative and add up to 1 (Breiman, Stacked regressions, 1996). With such weights the
    combination is hardly more likely to fit noise than the best of its parts.

    Parameters
    ----------
    y : ndarray of shape (n,) or (n, n_targets)
        The targets.
    predictions : ndarray of shape (n_kinds, n) or (n_kinds, n, n_outputs)
        Predictions for rows that were held out; nan where a row was not.
    weight : ndarray of shape (n,), default=None
        Their sample weights.

    Returns
    -------
    w : ndarray of shape (n_kinds,) or (n_kinds, n_targets)
        For each target by itself.
    """
    n_kinds = len(predictions)
    if n_kinds == 1:
        return np.ones(1)
    if y.ndim == 2:
        columns = zip(y.T, predictions.transpose(2, 0, 1))
        return np.column_stack([blending_weights(*each, weight) for each in columns])
    rows = ~np.isnan(predictions[0])
    y, predictions = y[rows], predictions[:, rows]
    root = np.sqrt(np.ones(len(y)) if weight is None else weight[rows] / weight[rows].max())
    errors = (y - predictions).T
    errors /= np.abs(errors).max() or 1.0  # before they are squared: none overflows
    errors *= root[:, np.newaxis]  # that of the mean is errors @ w
    errors /= np.sqrt(np.mean(errors**2)) or 1.0
    # A further row asks for a sum of 1. It is missed a little, by a factor: |errors @ w| is least,
    # for the sum that it has.
    rows = np.vstack([np.linalg.qr(errors, mode="r"), np.ones(n_kinds)])
    w, _ = nnls(rows, np.append(np.zeros(len(rows) - 1), 1.0))
    return w / w.sum()
