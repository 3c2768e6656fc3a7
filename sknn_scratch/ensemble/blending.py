"""How much each member counts: as much as helps on rows held out.

Kinds of members are blended. The members of each split count alike, where each row is trained on by
some of them, as with folds. Where the last rows are trained on by none, as in time series, members
that have seen less of the series may be worse there by far. Then their weights are those of the
combination that is closest to y on these rows, but drawn towards equal ones: a dozen rows do not
tell the best combination, and a mean errs less than its parts.
"""

import numpy as np
from scipy.optimize import nnls

from ..maths import Array
from .folds import Splits

FEWEST_ROWS = 5  # to judge splits by
SUM = 1e3  # how strongly their weights are held to a sum of 1


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


def rows_new_to_all(n: int, splits: Splits) -> Array:
    """Return the rows, of n, that are held out by some split and trained on by none."""
    is_held_out, is_trained_on = np.zeros(n, bool), np.zeros(n, bool)
    for train, held_out in splits:
        is_trained_on[train] = True
        is_held_out[held_out] = True
    return np.flatnonzero(is_held_out & ~is_trained_on)


def shares_of_splits(errors: Array, weight: Array | None = None) -> Array:
    """Return how much the members of each split count.

    It makes the (weighted) mean square of the error of the combination least, plus the least mean
    square of a split's error times the sum of the squared shares: as if each had, besides, errors
    of its own that are as large again.

    Parameters
    ----------
    errors : ndarray of shape (n_splits, n_rows) or (n_splits, n_rows, n_targets)
        Of the members of each split, on rows that none of them has seen.
    weight : ndarray of shape (n_rows,), default=None
        The sample weights of these rows.

    Returns
    -------
    shares : ndarray of shape (n_splits,)
        Not negative; their sum is 1.
    """
    n_splits, n_rows = errors.shape[:2]
    weight = np.ones(n_rows) if weight is None else weight
    equal = np.full(n_splits, 1 / n_splits)
    if n_splits == 1 or np.count_nonzero(weight) < FEWEST_ROWS:
        return equal
    errors = errors.reshape(n_splits, n_rows, -1)
    largest = np.abs(errors).max(axis=(0, 1))
    errors = errors / np.where(largest > 0, largest, 1)  # no square overflows or underflows
    errors = errors * np.sqrt(weight / weight.sum())[:, np.newaxis]
    least = (errors**2).sum(axis=1).min(axis=0)  # of each target
    if not np.all(least > 0):
        return equal
    of_splits = (errors / np.sqrt(least * len(least))).reshape(n_splits, -1)
    rows = np.vstack([of_splits.T, np.eye(n_splits), np.full((1, n_splits), SUM)])
    shares, _ = nnls(rows, np.append(np.zeros(len(rows) - 1), SUM))
    return shares / shares.sum()


def typically_one(weight: Array | None) -> Array | None:
    """Return sample weights divided by the median of those above 0.

    So it is no matter whether they are counts, probabilities or inverse variances, and a few heavy
    rows leave the others what they are.
    """
    return None if weight is None else weight / np.median(weight[weight > 0])


def weights_of_rows(splits: Splits, shares: Array, weight: Array) -> Array:
    """Return, for each row, how much what it says counts: as the members that predicted it.

    Parameters
    ----------
    splits : list of (ndarray, ndarray)
    shares : ndarray of shape (n_splits,)
    weight : ndarray of shape (n,)
        Their sample weights.

    Returns
    -------
    weight : ndarray of shape (n,)
        The sample weights where members count alike; 0 for rows that were never held out.
    """
    total, count = np.zeros(len(weight)), np.zeros(len(weight))
    for (_, held_out), share in zip(splits, shares):
        np.add.at(total, held_out, share * len(splits))
        np.add.at(count, held_out, 1)
    return weight * np.divide(total, count, out=np.zeros(len(weight)), where=count > 0)
