"""Inputs in a file that is mapped into memory, and may be larger than it.

`Mapped` stands for them where else there is an array. It reads and converts the rows that are
asked for, so that no more of the file is in memory than what is being worked on. (Pages of the
file that the operating system keeps beside are its own to drop.)
"""

import mmap
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..maths import Array, DType, Index


def is_mapped(X: Any) -> bool:
    """Return True if X is an array over a mapped file: an `np.memmap`, or a view of one."""
    if not isinstance(X, np.ndarray):
        return False
    while isinstance(X, np.ndarray):
        X = X.base
    return isinstance(X, mmap.mmap)


class Mapped:
    """Rows of a mapped array, converted when they are taken: ``X[rows]``.

    Parameters
    ----------
    array : ndarray of shape (n, n_features)
        Over the mapped file.
    dtype : dtype
        What is returned.
    rows : ndarray of int or None
        Which rows of the array these are; None is all.

    Attributes
    ----------
    shape : tuple of int
        (number of rows, n_features).
    """

    array: Array
    dtype: DType
    rows: Array | None
    shape: tuple[int, int]

    def __init__(self, array: Array, dtype: DTypeLike, rows: Array | None = None) -> None:
        self.array, self.dtype, self.rows = array, np.dtype(dtype), rows
        self.shape = (len(array) if rows is None else len(rows), array.shape[1])

    def _chosen(self, rows):
        return rows if self.rows is None else self.rows[rows]

    def __getitem__(self, rows: Index) -> Array:
        """Return these rows, a slice or an array of int, as an array."""
        # Not by `take`, which copies the whole of an array that is not C-contiguous.
        return np.asarray(self.array[self._chosen(rows)], self.dtype)

    def take(self, rows: Array) -> "Mapped":
        """Return these rows, to be read later."""
        return Mapped(self.array, self.dtype, self._chosen(rows))

    def to_array(self) -> Array:
        """Return the map itself where it serves as it is, else a copy in memory."""
        return self.array if self.rows is None else self.array[self.rows]
