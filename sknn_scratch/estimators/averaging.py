"""How much less the mean of all members errs than those of them that have not seen a row.

A new row is predicted by all M members, but one that was held out by only m of them (often one)
that had not seen it. With c the mean square of the error that members share, and V the variance
between them, the mean squares of the errors of the two predictions are::

    c + V / M   and   c + V / m

so errors on rows held out are too large. V cannot be had from rows that one member predicts; from
rows that members were trained on c and V can, but are too small. Their ratio is right where members
are linear smoothers, f(x) = sum of s(x, x_i) y_i: what such a member errs on a row that it was
trained on is 1 - s(x_i, x_i) times what it would have erred without it (Craven and Wahba, Smoothing
noisy data with spline functions, 1979; Hastie, Tibshirani and Friedman, The elements of statistical
learning, section 7.10). That makes both c and V smaller by the square of it. Networks are no linear
smoothers: for them the ratio is an approximation.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..maths import Array, Matrix
from .folds import Splits, take_rows

MOST_ROWS = 20_000  # to look at; of more, every second, third, ... is taken


def error_ratio(
    members: Sequence[Any],
    weights: Array,
    X: Matrix,
    y: Array,
    splits: Splits,
    scale: Array,
    sample_weight: Array | None = None,
) -> float | Array:
    """Return by how much the errors of all members are smaller than those on rows held out.

    Parameters
    ----------
    members : list of estimators
        Those of the first kind, one for each split, then those of the second, and so on.
    weights : ndarray of shape (n_members,) or (n_members, n_targets)
        How much each counts in the mean.
    X : {ndarray, sparse matrix} of shape (n, n_features)
    y : ndarray of shape (n,) or (n, n_targets)
    splits : list of (ndarray, ndarray)
        Rows trained on, rows held out.
    scale : ndarray of the shape of y
        The unit of each error; nan where the row was never held out.
    sample_weight : ndarray of shape (n,), default=None

    Returns
    -------
    ratio : float or ndarray of shape (n_targets,)
        In (0, 1]: 1 where there are no two members that have seen the same row.
    """
    n, n_splits = len(y), len(splits)
    rows = np.arange(0, n, -(-n // MOST_ROWS))
    size = np.abs(y[rows]).max(axis=0)  # whatever the unit of y is, squares stay finite
    unit, of_rows = scale[rows] * np.where(size > 0, size, 1), take_rows(X, rows)
    count, total = np.zeros(len(rows)), np.zeros(unit.shape)
    squares = np.zeros(unit.shape)
    for i, (train, _) in enumerate(splits):
        pairs = zip(weights[i::n_splits], members[i::n_splits])
        mean = sum(w * member.predict(of_rows) for w, member in pairs) * n_splits
        seen = np.isin(rows, train)
        error = np.where(_over(seen, unit), (mean - y[rows]) / unit, 0)
        count, total, squares = count + seen, total + error, squares + error**2
    use = (count > 1) & np.isfinite(unit.reshape(len(rows), -1)).all(axis=1)
    weight = np.ones(n) if sample_weight is None else sample_weight
    if not np.any(weight[rows][use] > 0):
        return 1.0
    count, total, squares = _over(count, unit)[use], total[use], squares[use]
    variance = (squares - total**2 / count) / (count - 1)
    single, variance = (
        np.average(each, axis=0, weights=weight[rows][use]) for each in (squares / count, variance)
    )
    held_out = np.bincount(np.concatenate([out for _, out in splits]), minlength=n)
    one_in = np.mean(1 / held_out[held_out > 0])  # 1 / m
    of_all, of_held_out = (single - variance * (1 - part) for part in (1 / n_splits, one_in))
    return np.sqrt(np.where(of_held_out > 0, of_all / np.where(of_held_out > 0, of_held_out, 1), 1))


def _over(of_rows, like):
    """Return an array of one number a row with the dimensions of ``like``."""
    return of_rows.reshape(-1, *(1,) * (like.ndim - 1))
