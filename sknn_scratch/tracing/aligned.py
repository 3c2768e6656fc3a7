"""Arrays from outside, made sure of; and arrays for the training loop, made on cache lines.

A training makes several arrays as long as the parameter vector, and leaves them when it ends. The
operating system hands out memory of that size page by page, as it is first written to, and takes it
back at once: for `partial_fit`, which makes a few steps, that takes longer than the steps. So some
memory stays, for whichever array is made next. It belongs to nobody, and what was in it is never
read: an estimator knows nothing of it.
"""

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from ..maths import Array, Shape

LINE = 64  # bytes: arrays start on the boundary of a cache line, which NumPy's own need not
LENT = 1 << 16  # bytes from which on an array's memory is kept
KEPT = 1 << 24  # bytes kept at most
FREE: dict[int, list[Any]] = {}  # by their length, lists of what is kept


class Lent(np.ndarray):
    """The bytes of a bytearray, which is kept once the last array over them is gone."""

    def __del__(self, free: dict[int, list[Any]] = FREE, most: int = KEPT) -> None:
        # Without a lock, since this may run within `memory_of`, in the same thread. What changes
        # the dict or a list is one operation each; at worst, some memory is not kept.
        size = len(self)
        if sum(n * len(kept) for n, kept in list(free.items())) + size > most:
            free.clear()
        free.setdefault(size, []).append(self.base)


def memory_of(size: int) -> Array:
    """Return an array of so many bytes, whatever they are."""
    if not LENT <= size <= KEPT:
        return np.empty(size, np.uint8)
    try:
        memory = FREE[size].pop()
    except (KeyError, IndexError):
        memory = bytearray(size)
    return Lent(size, np.uint8, memory)


def empty(shape: Shape, dtype: DTypeLike, order: Literal["C", "F"] = "C") -> Array:
    """Return ``np.empty(shape, dtype, order)``, aligned to a cache line."""
    dtype = np.dtype(dtype)
    memory = memory_of(math.prod(shape) * dtype.itemsize + LINE)
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
