"""Location and scale of targets that outliers do not move."""

import numpy as np
from numpy.typing import ArrayLike

from ..maths import Array
from .dataset import DataSet


def robust(data: DataSet, rows: Array | None, fallback: Array) -> tuple[Array, Array]:
    """Return the weighted median of each column, and what is a normal's standard deviation.

    That is the distance between its quartiles, divided by 1.349; where it is 0, the fallback.
    """
    rows = np.arange(len(data)) if rows is None else rows
    y, weight = np.asarray(data.y), data.weight
    shares = np.full(len(rows), 1.0) if weight is None else np.asarray(weight)[rows]
    levels = 0.25, 0.5, 0.75
    low, median, high = np.transpose([quantiles(column, shares, levels) for column in y[rows].T])
    scale = (high - low) / 1.349
    return median, np.where(scale > 0, scale, fallback)


def quantiles(values: Array, shares: Array, levels: ArrayLike) -> Array:
    """Return the weighted quantiles of these levels of an array of shape (n_samples,).

    Sums of weights that differ by their rounding alone are equal: 0.1 for each row is as 1.
    """
    order = np.argsort(values)
    reached = np.cumsum(shares[order])
    total = reached[-1] * (1 - 1e-10)  # far more than rounding, far less than a row's share
    return values[order][np.searchsorted(reached, np.multiply(levels, total))]
