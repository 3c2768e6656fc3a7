"""How far members are from each other: little where there are data, ever more away from them.

Within the data it says less of an error than the rows held out do. Far from the data there are no
rows held out, and members, which agree where they were trained, go different ways. So a row on
which they disagree more than on any row of `fit` is new to them, and its interval is widened by as
much. They may well agree and be wrong together: no more than a part of what is new is seen.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..maths import Array

MOST_ROWS = 5_000  # of `fit` to look at: of more, every second, third, ...


def rows_to_look_at(n: int) -> Array:
    """Return the numbers of at most `MOST_ROWS` of n rows, spread evenly over them."""
    return np.arange(0, n, -(-n // MOST_ROWS))


def standard_deviation(predictions: Iterable[Array], weights: Array) -> Any:
    """Return how far predictions are from their mean, row by row.

    Parameters
    ----------
    predictions : iterable of ndarray of shape (n,) or (n, n_targets)
        One after the other: they need not all be in memory.
    weights : ndarray of shape (n_members,) or (n_members, n_targets)
        How much each counts; their sum is 1.

    Returns
    -------
    deviation : ndarray of the shape of a prediction
    """
    total: Any = 0.0
    mean: Any = 0.0
    deviation: Any = 0.0
    with np.errstate(invalid="ignore", over="ignore"):  # of predictions that are infinite
        for weight, prediction in zip(weights, predictions):
            total = total + weight
            before = np.abs(prediction - mean)
            mean = mean + (prediction - mean) * (weight / np.where(total > 0, total, 1))
            after = np.abs(prediction - mean)
            # Welford's update adds weight * before * after to the square; no square overflows here.
            deviation = np.hypot(deviation, np.sqrt(weight) * np.sqrt(before) * np.sqrt(after))
    return np.where(np.isnan(deviation), np.inf, deviation)


def relative_to(most: Array, deviation: Array) -> Array:
    """Return deviations in units of the largest on rows of `fit`; 0 if members never differed."""
    with np.errstate(invalid="ignore", over="ignore"):
        relative = np.divide(deviation, most, out=np.zeros_like(deviation), where=most > 0)
    return np.where(np.isnan(relative), np.inf, relative)
