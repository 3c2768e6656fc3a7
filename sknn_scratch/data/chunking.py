"""Rows taken some at a time: how many, which, and a function of all of them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from scipy import sparse

from ..maths import Array, Matrix, Network
from .mapped import Mapped

CACHED = 1 << 18  # bytes that stay in the cache while they are worked on


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
    return max(256, CACHED // (itemsize * max(sizes)))


def slices(length: int, size: int) -> Iterator[slice]:
    """Yield the slices of ``size`` that cover ``length``; the last may be shorter."""
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))


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
