"""Data on a Dask cluster, as a source of training.

It stands where `training.Arrays` stand for arrays in memory: ``check`` reads every chunk once, and
of the data set that it returns ``rows`` are what each worker keeps, and ``objective`` adds up what
they compute.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from itertools import accumulate, repeat
from operator import add
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..data import DataSet, Moments, Scaling, Tree, rows_at_a_time, rows_of_a_part, widths
from ..engine import FullBatch, Rows
from ..maths import Array, Index, Loss, Network
from ..training import COLUMN_VECTOR, Message
from .dask_chunks import Summary, cut, packed, summarize, sums_over_rows

try:
    import dask.config
    from dask import array as da
    from dask.delayed import delayed
    from dask.distributed import Client, get_client
except ImportError as error:
    raise ImportError(
        "sknn_scratch.dask needs Dask: python -m pip install 'sknn-scratch[dask]'"
    ) from error

BRANCHES = 8  # trees that one task adds up


def connected(client: Any) -> Any:
    """Return the client, or the current one if it is None; TypeError if it is another thing."""
    client = get_client() if client is None else client
    if not isinstance(client, Client) or client.asynchronous:
        raise TypeError(f"client must be a synchronous dask.distributed.Client, got {client!r}.")
    return client


@dataclass(frozen=True)
class ClusterArrays:
    """Dask arrays as they were given, to be checked where they are."""

    X: object
    y: object
    sample_weight: object
    client: Any  # a `Client`
    loss: Loss
    with_moments: bool  # whether means and variances are wanted

    def check(
        self,
        validate: Callable[..., Any],
        loss: Loss,
        dtypes: Sequence[DTypeLike],
    ) -> tuple["ClusterData", list[Message]]:
        """Return a `ClusterData`, and the messages to warn of: see `training.Arrays.check`.

        The target is checked by the workers, by the same ``loss``.
        """
        arrays, messages = dask_arrays(self.X, self.y, self.sample_weight)
        X, y, weight = arrays
        validate(X, skip_check_array=True)
        dtype = X.dtype if X.dtype in dtypes else np.dtype(dtypes[0])
        size = rows_of_a_part(X.shape[1])
        do = partial(
            summarize, size=size, loss=self.loss, dtype=dtype, with_moments=self.with_moments
        )
        chunks, starts = cut_alike(*arrays, size)
        trees = [task(do)(*chunk, start // size) for chunk, start in zip(chunks, starts)]
        found = self.client.compute(added(trees)).result().total()
        if not np.isfinite(found.weight):
            raise ValueError("sample_weight must have a finite sum.")
        y = y if y.ndim == 2 else y[:, np.newaxis]
        return ClusterData(X.astype(dtype), y, weight, found, self.client), messages


@dataclass(frozen=True)
class ClusterData(DataSet):
    """Dask arrays, checked, and what is known of them."""

    summary: Summary
    client: Any

    def __len__(self) -> int:
        return self.summary.n

    def mean_weight(self, rows: Index | None = None) -> float:
        return self.summary.weight / self.summary.n

    def statistics(self, name: str, rows: Array | None = None) -> Moments:
        return getattr(self.summary, name)

    def sample(self, name: str, n: int, rows: Array | None = None) -> Any:
        return self.client.compute(super().sample(name, n, rows)).result()

    def rows(
        self, network: Network, weight: Any, chosen: Any, dtype: np.dtype[Any], scaling: Scaling
    ) -> "ClusterRows":
        """Return the rows to train on, kept by the workers from now on."""
        size = rows_at_a_time(widths(network), dtype.itemsize)
        # Cut at multiples of a power of two, so that a chunk is few nodes of the tree; of no more
        # than half a chunk, so that few rows move.
        unit = size * 2 ** int(np.log2(max(2, len(self) / self.X.numblocks[0] / size)) - 1)
        chunks, starts = cut_alike(self.X, self.y, weight, unit)
        do = partial(packed, dtype=dtype, ones=network.fit_intercept, scaling=scaling)
        rows = self.client.persist([task(do)(*chunk) for chunk in chunks])
        return ClusterRows(rows, [start // size for start in starts], len(self), dtype)

    def objective(self, problem: Any) -> "ClusterBatch":
        """Return what L-BFGS minimises."""
        return ClusterBatch(problem, self.client)


@dataclass(frozen=True)
class ClusterRows:
    """The training rows, kept by workers.

    Attributes
    ----------
    chunks : list of Delayed
        A `Rows` of each chunk.
    firsts : list of int
        The number of the batch that each begins with, as `FullBatch` counts them.
    n : int
        Rows in all chunks.
    dtype : dtype
    """

    chunks: list[Any]
    firsts: list[int]
    n: int
    dtype: np.dtype

    def __len__(self) -> int:
        return self.n


class ClusterBatch(FullBatch):
    """Loss and gradient of all rows; they are on the workers, and only the penalty is here."""

    def __init__(self, problem: Any, client: Any) -> None:
        network, n = problem.network, len(problem.rows)
        X, y = (np.empty((0, size)) for size in (network.sizes[0], network.sizes[-1]))
        none = Rows(X, y, None, None, problem.rows.dtype, network.fit_intercept)
        super().__init__(replace(problem, rows=none), n)
        self.client = client
        self.chunks: list[Any] = problem.rows.chunks
        self.firsts: list[int] = problem.rows.firsts
        self.do: Callable[..., Tree] = partial(sums_over_rows, n=n, network=network)

    def sums(self, vector: Array, first: int = 0) -> Tree:
        """Return the sum of twice the loss and of the gradient over all rows, as a `Tree`."""
        # The vector is part of the graph, not scattered: it too must outlive a worker.
        params = delayed(vector.astype(self.params.dtype), pure=False, traverse=False)
        trees = [task(self.do)(*chunk, params) for chunk in zip(self.chunks, self.firsts)]
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
            future = self.client.compute(added(trees))
        return future.result()


def task(function: Callable[..., Any]) -> Any:
    """Return ``function`` for tasks; none is taken for another because its arguments are alike."""
    return delayed(function, pure=False, traverse=False)


def added(trees: list[Any]) -> Any:
    """Return the sum of delayed trees."""
    while len(trees) > 1:
        groups = [trees[i : i + BRANCHES] for i in range(0, len(trees), BRANCHES)]
        trees = [task(partial(reduce, add))(group) for group in groups]
    return trees[0]


def cut_alike(X: Any, y: Any, weight: Any, unit: int) -> tuple[list[Any], list[int]]:
    """Return the chunks (X, y, weight or None), delayed, and the numbers of their first rows."""
    lengths = cut(X.chunks[0], unit)
    columns = [
        repeat(None) if array is None else array.rechunk({0: lengths}).to_delayed().ravel()
        for array in (X, y, weight)
    ]
    return list(zip(*columns)), list(accumulate(lengths[:-1], initial=0))


def dask_arrays(X: Any, y: Any, sample_weight: Any) -> tuple[tuple[Any, Any, Any], list[Message]]:
    """Return dask arrays of whole rows, the last may be None; and the messages to warn of.

    Raises
    ------
    ValueError
        If there is no target, or the shapes do not fit.
    """
    X = da.asarray(X)
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"Expected 2D array of samples and features, X has shape {X.shape}.")
    if np.isnan(X.shape).any():
        raise ValueError(
            "X has chunks of unknown lengths: call X.compute_chunk_sizes(), or make it of a data "
            "frame by to_dask_array(lengths=True)."
        )
    if y is None:
        raise ValueError("ScratchMLPRegressor requires y to be passed, but the target y is None.")
    y = da.asarray(y)
    if y.ndim not in (1, 2):
        raise ValueError(
            f"y should be a 1d array, or a 2d array for several outputs, got shape {y.shape}."
        )
    weight = None if sample_weight is None else da.asarray(sample_weight)
    if weight is not None and weight.ndim != 1:
        raise ValueError(
            f"sample_weight must have shape ({len(X)},), one weight per row of X; "
            f"got {weight.shape}."
        )
    for name, array in (("y", y), ("sample_weight", weight)):
        if array is not None and array.shape[0] != len(X):  # unknown lengths are nan
            raise ValueError(
                "Found input variables with inconsistent numbers of samples: "
                f"X has {len(X)}, {name} has {array.shape[0]}."
            )
    messages = []
    if y.shape[1:] == (1,):
        y, messages = y[:, 0], [COLUMN_VECTOR]
    return (X.rechunk({1: -1}), y.rechunk({1: -1}) if y.ndim == 2 else y, weight), messages
