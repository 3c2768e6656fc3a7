"""Rows taken some at a time: how many, which, and a function of all; also of a mapped file.

`Mapped` takes the place of an array where the inputs are in a file that is mapped into memory, and
may be larger than it. It reads and converts the rows that are asked for, so that no more of the
file is in memory than what is being worked on. (The operating system may keep other pages of the
file, as long as it has memory to spare.)
"""

import mmap
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse

from ..maths import Array, DType, Index, Matrix, Network

CACHED = 1 << 18  # bytes that stay in the cache while they are worked on
LEAST = 256  # rows to take at a time, whatever they are through


def is_mapped(X: Any) -> bool:
    """Return True if X is an array over a mapped file: an `np.memmap`, or a view of one."""
    if not isinstance(X, np.ndarray):
        return False
    while isinstance(X, np.ndarray):
        X = X.base
    return isinstance(X, mmap.mmap)


class Mapped:
    """Rows of a mapped array, converted to ``dtype`` when they are taken: ``X[rows]``.

    ``rows`` says which rows of the array over the file these are; None is all.
    """

    def __init__(self, array: Array, dtype: DTypeLike, rows: Array | None = None) -> None:
        self.array = array
        self.dtype: DType = np.dtype(dtype)
        self.rows = rows
        n_rows = len(array) if rows is None else len(rows)
        self.shape: tuple[int, int] = (n_rows, array.shape[1])

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


def widths(network: Network) -> tuple[int, ...]:
    """Return how many numbers each layer hands on, X first, and an embedding last."""
    if network.embedding is None:
        return network.sizes
    return (*network.sizes, network.embedding.width(network.sizes[0]))


def rows_at_a_time(sizes: Iterable[int], itemsize: int) -> int:
    """Return how many rows to take at a time through layers of ``sizes`` units.

    So many that the activations of the widest layer stay in the cache, but not so few that a
    matrix product is over before it has started.
    """
    return max(LEAST, CACHED // (itemsize * max(sizes)))


def slices(length: int, size: int) -> list[slice]:
    """Return the slices of ``size`` that cover ``length``; the last may be shorter."""
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]


def by_rows(function: Callable[[Matrix], Array], X: Matrix, size: int) -> Array:
    """Return ``function(X)``, a row per row of X, computed at most ``size`` rows at a time.

    Always the same number of rows, so that what the function prepares for it serves all parts:
    the last part may begin with rows of the one before.
    """
    n_rows = X.shape[0]
    if n_rows <= size:
        return function(X[:] if isinstance(X, Mapped) else X)
    X = X.tocsr() if sparse.issparse(X) else X
    n_parts = -(-n_rows // size)
    size = -(-n_rows // n_parts)
    result: Any = None
    for start in range(0, n_rows, size):
        part = slice(min(start, n_rows - size), min(start + size, n_rows))
        rows = function(X[part])
        if result is None:
            result = np.empty((n_rows, *rows.shape[1:]), rows.dtype)
        result[part] = rows
    return result
