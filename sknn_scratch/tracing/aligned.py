"""Arrays for the training loop, made on cache lines."""

import math
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from ..maths import Array, Shape

LINE = 64  # bytes: arrays start on the boundary of a cache line, which NumPy's own need not


def empty(shape: Shape, dtype: DTypeLike, order: Literal["C", "F"] = "C") -> Array:
    """Return ``np.empty(shape, dtype, order)``, aligned to a cache line."""
    dtype = np.dtype(dtype)
    memory = np.empty(math.prod(shape) * dtype.itemsize + LINE, np.uint8)
    return np.ndarray(shape, dtype, memory, -memory.ctypes.data % LINE, order=order)


def aligned(shape: Shape, dtype: DTypeLike, fill: float = 0) -> Array:
    """Return ``np.full(shape, fill, dtype)``, aligned to a cache line."""
    array = empty(shape, dtype)
    array.fill(fill)
    return array


def aligned_copy(array: Array) -> Array:
    """Return a copy of ``array``, aligned to a cache line."""
    copy = empty(array.shape, array.dtype)
    copy[...] = array
    return copy


def as_aligned(array: Array) -> Array:
    """Return ``array`` itself if it is aligned to a cache line, else a copy that is."""
    return aligned_copy(array) if array.ctypes.data % LINE else array
