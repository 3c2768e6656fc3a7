"""Arrays from outside, made sure of; and arrays for the training loop, made on cache lines."""

import math

import numpy as np
from scipy import sparse

LINE = 64  # bytes: arrays start on the boundary of a cache line, which NumPy's own need not


def aligned(shape, dtype, fill=0):
    """Return ``np.full(shape, fill, dtype)``, aligned to a cache line."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    array = memory[start : start + size].view(dtype).reshape(shape)
    array[...] = fill
    return array


def aligned_copy(array):
    """Return a copy of ``array``, aligned to a cache line."""
    copy = aligned(array.shape, array.dtype)
    copy[...] = array
    return copy


def as_numbers(values, name):
    """Return ``values`` as an array of real numbers.

    Raises
    ------
    TypeError, ValueError
        If it is sparse, or not numbers; the message begins with ``name``.
    """
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
