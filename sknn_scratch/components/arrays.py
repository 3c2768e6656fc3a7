"""Arrays from outside, made sure of; and their quantiles."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from ..maths import Array


def refuse_masked(values: Any, name: str) -> None:
    """Raise ValueError if ``values`` is a masked array in which something is masked."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        n_masked = np.ma.count_masked(values)
        raise ValueError(
            f"{name} must not be masked, got {n_masked} masked values: drop their rows, or fill "
            f"them in ({name}.filled)."
        )


def as_numbers(values: Any, name: str) -> Array:
    """Return ``values`` as an array of real numbers.

    Raises
    ------
    TypeError, ValueError
        If it is sparse, masked or not numbers; the message begins with ``name``.
    """
    refuse_masked(values, name)
    if sparse.issparse(values):
        raise TypeError(f"{name} must be a dense array, got a sparse matrix.")
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O":  # pandas' columns with missing values, for one
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be real numbers: {error}") from error
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name} must be real numbers, got an array of dtype {array.dtype}.")
    return array


def quantiles(values: Array, shares: Array, levels: ArrayLike) -> Array:
    """Return the weighted quantiles of these levels of an array of shape (n_samples,).

    Sums of weights that differ by their rounding alone are equal: 0.1 for each row is as 1.
    """
    order = np.argsort(values)
    reached = np.cumsum(shares[order])
    total = reached[-1] * (1 - 1e-10)  # far more than rounding, far less than a row's share
    return values[order][np.searchsorted(reached, np.multiply(levels, total))]
