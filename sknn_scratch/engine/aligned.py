"""Arrays from outside, made sure of; and arrays for the training loop, made on cache lines."""

import math

import numpy as np

LINE = 64  # bytes: arrays start on the boundary of a cache line, which NumPy's own need not


def aligned(shape, dtype, fill=0):
    """Return ``np.full(shape, fill, dtype)``, aligned to a cache line."""
    dtype = np.dtype(dtype)
    memory = np.empty(math.prod(shape) * dtype.itemsize + LINE, np.uint8)
    array = np.ndarray(shape, dtype, memory, -memory.ctypes.data % LINE)
    array.fill(fill)
    return array


def aligned_copy(array):
    """Return a copy of ``array``, aligned to a cache line."""
    copy = aligned(array.shape, array.dtype)
    copy[...] = array
    return copy


def as_aligned(array):
    """Return ``array`` itself if it is aligned to a cache line, else a copy that is."""
    return aligned_copy(array) if array.ctypes.data % LINE else array
