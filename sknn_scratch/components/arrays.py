"""Arrays from outside, made sure of."""

from typing import Any

import numpy as np
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
