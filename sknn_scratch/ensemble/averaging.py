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
smoothers: for them the ratio is an approximation. Where they all but reproduce the rows that they
were trained on, as they do where there are many columns, what is left there is where each of them
happened to stop, and the ratio is much too small. So it counts in full only where errors on rows
trained on are not `BELIEVED` times smaller, in the mean square, than those on rows held out; where
they are, in proportion.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..maths import Array, Matrix
from .folds import Splits, take_rows

MOST_ROWS = 20_000  # to look at; of more, every second, third, ... is taken
BELIEVED = 5


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
    seen, out = (np.array([np.isin(rows, split[part]) for split in splits]) for part in (0, 1))
    held_out = out.sum(axis=0)
    one_in = np.mean(1 / held_out[held_out > 0])  # 1 / m
    use = (seen.sum(axis=0) > 1) & np.isfinite(unit.reshape(len(rows), -1)).all(axis=1)
    weight = np.ones(n) if sample_weight is None else sample_weight
    if not np.any(weight[rows[use]] > 0):
        return 1.0
    errors = []
    for i in range(n_splits):
        pairs = zip(weights[i::n_splits], members[i::n_splits])
        prediction = sum(w * member.predict(of_rows) for w, member in pairs) * n_splits
        errors.append((prediction - y[rows])[use] / unit[use])
    errors, seen, out, weight = np.array(errors), seen[:, use], out[:, use], weight[rows[use]]
    if errors.ndim == 3:  # (members, rows, targets)
        seen, out = seen[:, :, np.newaxis], out[:, :, np.newaxis]
    average, count = partial(np.average, axis=0, weights=weight), seen.sum(axis=0)
    single, single_out = (average(_mean(errors**2, chosen)) for chosen in (seen, out))
    squares = (errors - _mean(errors, seen)) ** 2
    variance = average(_mean(squares, seen) * (count / (count - 1)))
    of_all, of_held_out = (single - variance * (1 - part) for part in (1 / n_splits, one_in))
    smaller = 1 - _quotient(of_all, of_held_out)
    return np.sqrt(1 - smaller * np.minimum(1, BELIEVED * _quotient(single, single_out)))


def _mean(values, chosen):
    """Return the mean of the chosen members' values in each row."""
    return (values * chosen).sum(axis=0) / chosen.sum(axis=0)


def _quotient(one, other):
    """Return one / other, and 1 where there is nothing to divide by."""
    return np.where(other > 0, one / np.where(other > 0, other, 1), 1)
