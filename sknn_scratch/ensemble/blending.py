"""How much each member counts: as much as helps on rows held out.

Kinds of members are blended. The members of each split count alike, where each row is trained on by
some of them, as with folds. Where the last rows are trained on by none, as in time series, members
that have seen less of the series may be worse there by far. Then their weights are those of the
combination that is closest to y on these rows, but drawn towards equal ones: a dozen rows do not
tell the best combination, and a mean errs less than its parts.
"""

from typing import Any

import numpy as np
from scipy.optimize import nnls

from ..components import quantiles
from ..maths import Array
from .folds import Splits, mean_by_row, weights_by_column

FEWEST_ROWS = 5  # to judge splits by
HOPELESS = 1e6  # times as far off as the closest split: 1e-12 of its share would be left
TINY = 1e-12  # of the largest column: what is as short, or nothing, is exact
FAR, MOST = 2.0, 0.9  # a row is off by far if by twice as much as nine rows in ten are at most


def blending_weights(y: Array, predictions: Array, weight: Array | None = None) -> Array:
    """Return the convex combination of predictions that is closest to y.

    It makes the (weighted) mean of ``(y - sum(w * predictions))**2`` least (Breiman, Stacked
    regressions, 1996): hardly more likely to fit noise than the best of its parts is. That is done
    twice: what the first one misses by far is drawn in before the second, so that a few rows, which
    none may predict, do not decide (Winsorised residuals: Huber, Robust estimation of a location
    parameter, 1964). Where y is skewed, that favours what predicts its median.

    ``predictions`` are of shape (n_kinds, n) or (n_kinds, n, n_targets), nan for rows that were not
    held out; the weights of shape (n_kinds,), or (n_kinds, n_targets), each target by itself.
    """
    if len(predictions) == 1:
        return np.ones(1)
    if y.ndim == 2:
        weights = weights_by_column(weight, y.shape[1])
        targets = zip(y.T, predictions.transpose(2, 0, 1), weights)
        return np.column_stack([blending_weights(*of_target) for of_target in targets])
    weight = np.ones(len(y)) if weight is None else weight
    rows = ~np.isnan(predictions[0]) & (weight > 0)
    weight = weight[rows] / weight[rows].max()
    errors = (y[rows] - predictions[:, rows]).T  # that of the combination is errors @ w
    off = np.abs(errors @ closest_mean(errors, weight))
    far = FAR * quantiles(off, weight, MOST)
    is_far = (off > far) & (far > 0)  # where most are exact, the others decide
    drawn_in = np.divide(far, off, out=np.ones(len(off)), where=is_far)
    return closest_mean(errors * drawn_in[:, np.newaxis], weight)


def closest_mean(errors: Array, weight: Array) -> Array:
    """Return the weights with which the mean of columns of errors has the least mean square."""
    errors = errors * np.sqrt(weight)[:, np.newaxis]
    errors /= np.abs(errors).max() or 1.0  # before they are squared: none overflows
    triangle: Any = np.linalg.qr(errors, mode="r")
    return shortest_mean(triangle)


def shortest_mean(columns: Array) -> Array:
    """Return the weights, not negative and of sum 1, with which ``columns @ w`` is shortest.

    A further row asks for a sum of 1. It is missed a little, by a factor: the mean is shortest, for
    the sum that it has. Columns are brought to one size first, since `nnls` may not end otherwise.
    """
    size = np.linalg.norm(columns, axis=0)
    least = max(size.min(), TINY * size.max()) or 1.0
    size = np.maximum(size, least)
    rows = np.vstack([columns / size, least / size])
    w, _ = nnls(rows, np.append(np.zeros(len(columns)), 1.0))
    return w / size / (w / size).sum()


def rows_new_to_all(n: int, splits: Splits) -> Array:
    """Return the rows, of n, that are held out by some split and trained on by none."""
    is_new = np.zeros(n, bool)
    for _, held_out in splits:
        is_new[held_out] = True
    for train, _ in splits:
        is_new[train] = False
    return np.flatnonzero(is_new)


def shares_of_splits(errors: Array, weight: Array | None = None) -> Array:
    """Return how much the members of each split count; the sum is 1.

    It makes the (weighted) mean square of the error of the combination least, plus the least mean
    square of a split's error times the sum of the squared shares: as if each had, besides, errors
    of its own that are as large again.

    ``errors``, of shape (n_splits, n_rows) or (n_splits, n_rows, n_targets), are those of the
    members of each split, on rows that none of them has seen. Targets with weights of their own
    count if they have enough rows. A split that is off by a million times as much as another, or
    infinitely, does not count at all.
    """
    n_splits, n_rows = errors.shape[:2]
    weight = np.ones(n_rows) if weight is None else weight
    errors = errors.reshape(n_splits, n_rows, -1)
    if weight.ndim == 2:
        enough = np.count_nonzero(weight, axis=0) >= FEWEST_ROWS
        errors, weight = errors[..., enough], weight[:, enough]
    equal = np.full(n_splits, 1 / n_splits)
    if np.count_nonzero(weight) < FEWEST_ROWS:
        return equal
    farthest = np.abs(errors).max(axis=1)  # of each split, and target
    closest = np.fmin.reduce(farthest)
    counts = ((farthest / HOPELESS <= closest) | (closest == 0)).all(axis=1)  # 0 is no measure
    if not (np.isfinite(closest).all() and counts.any()):
        return equal
    if not counts.all():
        shares = np.zeros(n_splits)
        shares[counts] = shares_of_splits(errors[counts], weight)
        return shares
    largest = farthest.max(axis=0)
    errors = errors / np.where(largest > 0, largest, 1)  # no square overflows or underflows
    errors = errors * np.sqrt(weight / weight.sum(axis=0)).reshape(n_rows, -1)
    least = (errors**2).sum(axis=1).min(axis=0)  # of each target
    inexact = least > 0  # targets that no split predicts exactly, as all do a constant
    if not inexact.any():
        return equal
    of_splits = errors[..., inexact] / np.sqrt(least[inexact] * np.count_nonzero(inexact))
    of_splits = of_splits.reshape(n_splits, -1)
    return shortest_mean(np.vstack([of_splits.T, np.eye(n_splits)]))


def typically_one(weight: Array | None) -> Array | None:
    """Return sample weights divided by the median of those above 0.

    So it is no matter whether they are counts, probabilities or inverse variances, and a few heavy
    rows leave the others what they are.
    """
    return None if weight is None else weight / np.median(weight[weight > 0])


def weights_of_rows(splits: Splits, shares: Array, weight: Array) -> Array:
    """Return how much what each row, or target, says counts: as the members that predicted it.

    That is its weight where members count alike, and 0 for a row that was never held out.
    """
    shares_of_rows = [
        np.full(len(rows), len(splits) * share) for (_, rows), share in zip(splits, shares)
    ]
    counts = np.nan_to_num(mean_by_row(len(weight), splits, shares_of_rows))
    return weight * counts.reshape(-1, *[1] * (weight.ndim - 1))
