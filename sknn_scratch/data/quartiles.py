"""Location and scale of targets that outliers do not move."""

import numpy as np

from ..components import quantiles
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
