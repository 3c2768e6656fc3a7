"""What is done to one chunk of the rows of a data set that is spread over several machines.

    summarize             check the rows, and take what must be known of them before training
    packed             make them `engine.Rows`
    sums_over_rows     their part of what L-BFGS minimises

Nothing here knows Dask. What comes of several chunks can be added, and the sum is the one that
`fit` arrives at with all rows in memory, to the last bit: see `data.Tree`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse
from sklearn import utils

from ..data import Moments, Scaling, Tree, check_sample_weight, check_target, slices
from ..engine import FullBatch, Problem, Rows
from ..maths import Array, Loss, Network

check_array: Callable[..., Any] = utils.check_array  # scikit-learn declares no types


@dataclass(frozen=True)
class Summary:
    """What there is to know of rows before training."""

    n: int
    weight: float  # the sum over the rows
    X: Any = None  # `Moments`, if they were asked for
    y: Any = None

    def __add__(self, other: "Summary") -> "Summary":
        """Return the summary of the rows of both."""
        n, weight = self.n + other.n, self.weight + other.weight
        if self.X is None:
            return Summary(n, weight)
        return Summary(n, weight, self.X + other.X, self.y + other.y)


def summarize(
    X: Any,
    y: Any,
    weight: Array | None,
    first: int,
    size: int,
    loss: Loss,
    dtype: DTypeLike,
    with_moments: bool,
) -> Tree:
    """Check the rows of a chunk as `fit` checks its arrays; return their summaries.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
    y : ndarray of shape (n,) or (n, n_outputs)
    weight : ndarray of shape (n,) or None
    first : int
        The number of the part that the rows begin with.
    size : int
        Rows of a part.
    loss : Loss
    dtype : dtype
        Of the network.
    with_moments : bool
        Whether means and variances are wanted.

    Returns
    -------
    Tree of Summary

    Raises
    ------
    TypeError, ValueError
        If an array is not what is asked for.
    """
    if sparse.issparse(X):
        raise TypeError("The chunks of X must be dense arrays, got a sparse matrix.")
    X = check_array(X, dtype=dtype, estimator="ScratchMLPRegressor", input_name="X")
    y = check_target(y, len(X), loss, dtype)
    if weight is not None and weight.any():  # all zero: there may be others elsewhere
        weight = check_sample_weight(weight, len(X))
    tree = Tree()
    for i, part in enumerate(slices(len(X), size)):
        w = None if weight is None else weight[part]
        found = len(X[part]), float(len(X[part]) if w is None else w.sum())
        moments = (Moments.of(X[part], w), Moments.of(y[part], w)) if with_moments else ()
        tree.add(Summary(*found, *moments), first + i)
    return tree


def packed(
    X: Any, y: Any, weight: Array | None, dtype: DTypeLike, ones: bool, scaling: Scaling
) -> Rows:
    """Return the rows of a chunk, as `engine.Rows`: a copy, which can be sent."""
    y = y.reshape(len(X), -1).astype(dtype)
    return Rows(X, y, weight, None, dtype, ones, scaling, most=inf)


def sums_over_rows(rows: Rows, first: int, params: Array, n: int, network: Network) -> Tree:
    """Return the loss of a chunk's rows and its gradient, without penalty (`FullBatch.sums`)."""
    with np.errstate(all="ignore"):  # a divergence is told once, where training is watched
        full_batch = FullBatch(Problem(network, params, rows, 0.0), n, copying=True)
        return full_batch.sums(params, first)


def cut(lengths: Sequence[int], unit: int) -> tuple[int, ...]:
    """Return lengths of chunks, close to these, that begin at multiples of ``unit`` rows."""
    ends = np.cumsum(lengths)
    near = np.rint(ends / unit).astype(int) * unit
    return tuple(np.diff(np.unique([0, *near[near < ends[-1]], ends[-1]])).tolist())
