"""Location and scale of targets that outliers do not move."""

import numpy as np


def robust(data, rows, fallback):
    """Return the weighted median of each column, and what is a normal's standard deviation.

    That is the distance between its quartiles, divided by 1.349; where it is 0, the fallback.
    Sums of weights that differ by their rounding alone are equal: 0.1 for each row is as 1.
    """
    rows = np.arange(len(data)) if rows is None else rows
    y, weight = np.asarray(data.y), data.weight
    shares = np.full(len(rows), 1.0) if weight is None else np.asarray(weight)[rows]
    low, median, high = np.empty((3, y.shape[1]))
    for column, values in enumerate(y[rows].T):
        order = np.argsort(values)
        reached = np.cumsum(shares[order])
        total = reached[-1] * (1 - 1e-10)  # far more than rounding, far less than a row's share
        for quantiles, level in ((low, 0.25), (median, 0.5), (high, 0.75)):
            quantiles[column] = values[order][np.searchsorted(reached, level * total)]
    scale = (high - low) / 1.349
    return median, np.where(scale > 0, scale, fallback)
