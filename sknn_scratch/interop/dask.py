"""L-BFGS on a Dask cluster: loss and gradient are sums over rows, wherever the rows are.

`fit_lbfgs` fits a `ScratchMLPRegressor` to dask arrays, as its own `fit` would to the same arrays
in memory. Every chunk of rows is read twice: to be checked and summarised, and to be packed by the
worker that keeps it. After that, for each evaluation of

    E(params) = (sum over chunks of (sum over its rows of loss(y, a)) + penalty) / n

the parameter vector goes out, and loss and gradient of each chunk come back, added up on their
way. L-BFGS itself runs where `fit_lbfgs` is called.

L-BFGS magnifies differences in the last bit: after some hundred iterations two fits that round
differently have little in common. So the sums are those of the local `fit`, in its very order:
chunks are cut where it cuts the rows, and added up by its `data.Tree`. If a worker dies, Dask
recomputes what it held from where the arrays came from, and the result is the same again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from itertools import repeat
from math import inf
from operator import add
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from scipy import sparse
from sklearn import utils

from ..components import check_parameters
from ..data import (
    DataSet,
    Moments,
    Scaling,
    Tree,
    check_inputs,
    check_sample_weight,
    check_target,
    is_frame,
    rows_at_a_time,
    rows_of_a_part,
    slices,
    widths,
)
from ..engine import FullBatch, Problem, Rows
from ..estimators import ScratchMLPRegressor, constructor_parameters
from ..maths import Array, Loss, MatrixLike, Network
from ..training import warn_of_column_vector

try:
    import dask.config
    from dask import array as da
    from dask.delayed import delayed
    from dask.distributed import Client, get_client
except ImportError as error:
    raise ImportError(
        "sknn_scratch.dask needs Dask: python -m pip install 'sknn-scratch[dask]'"
    ) from error

check_array: Callable[..., Any] = utils.check_array  # scikit-learn declares no types

BRANCHES = 8  # trees that one task adds up
# Of functions and values, whole: none is taken for another that is alike.
task: Any = partial(delayed, pure=False, traverse=False)


def fit_lbfgs(
    estimator: ScratchMLPRegressor,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    X_val: MatrixLike | None = None,
    y_val: MatrixLike | None = None,
    sample_weight_val: ArrayLike | None = None,
    client: Any = None,
) -> ScratchMLPRegressor:
    """Fit a regressor to dask arrays by L-BFGS, each chunk where it is.

    The estimator ends up as after ``estimator.fit`` on the same arrays in memory, and predicts
    anywhere (a dask array by ``X.map_blocks(estimator.predict, drop_axis=1, dtype=float)``).

    Parameters
    ----------
    estimator : ScratchMLPRegressor
        With ``solver='lbfgs'``. It is fitted in place.
    X : dask array of shape (n_samples, n_features)
        The inputs, in dense chunks of known lengths. float32 stays float32, all else becomes
        float64. An array in memory, here and below, is made into a dask array.
    y : dask array of shape (n_samples,) or (n_samples, n_outputs)
        The targets.
    sample_weight : dask array of shape (n_samples,), default=None
        A sample of weight 2 counts as two samples.
    X_val, y_val, sample_weight_val : array-like, default=None
        Validation data in memory, as for `ScratchMLPRegressor.fit`. Early stopping needs them:
        no rows are held out of dask arrays.
    client : dask.distributed.Client, default=None
        The cluster; None is the current client.

    Returns
    -------
    estimator : ScratchMLPRegressor

    Raises
    ------
    TypeError, ValueError
        As `ScratchMLPRegressor.fit`; also if the solver is another one, or there is no client.
        The estimator is then as it was before the call.

    Notes
    -----
    sknn_scratch must be installed on the workers. One that dies does no harm, unless data were
    put on it by `Client.scatter`, which Dask cannot recompute.

    Examples
    --------
    >>> from dask.distributed import Client
    >>> from sknn_scratch import ScratchMLPRegressor
    >>> from sknn_scratch.dask import fit_lbfgs
    >>> with Client():  # doctest: +SKIP
    ...     model = fit_lbfgs(ScratchMLPRegressor(solver="lbfgs"), X, y)
    """
    if not isinstance(estimator, ScratchMLPRegressor):
        raise TypeError(f"estimator must be a ScratchMLPRegressor, got {type(estimator).__name__}.")
    if check_parameters(constructor_parameters(estimator)).solver.stochastic:
        raise ValueError(f"fit_lbfgs needs solver='lbfgs', got {estimator.solver!r}.")
    if estimator.early_stopping and X_val is None:
        raise ValueError(
            f"early_stopping={estimator.early_stopping!r} needs X_val and y_val: no rows are held "
            "out of dask arrays."
        )
    client = get_client() if client is None else client
    if not isinstance(client, Client) or client.asynchronous:
        raise TypeError(f"client must be a synchronous dask.distributed.Client, got {client!r}.")
    source = ClusterArrays(X, y, sample_weight, client)
    return estimator._train_on(source, (X_val, y_val, sample_weight_val))


# What is done here: the data are a source of training, as `training.Arrays` are in memory


@dataclass(frozen=True)
class ClusterArrays:
    """Dask arrays as they were given, to be checked where they are."""

    X: object
    y: object
    sample_weight: object
    client: Any  # a `Client`

    def check(
        self,
        validate: Callable[..., Any],
        loss: Loss,
        dtypes: Sequence[DTypeLike],
        gaps: Any = None,
    ) -> "ClusterData":
        """Return a `ClusterData`: see `training.Arrays.check`.

        The target is checked by the workers, by the same ``loss``.
        """
        if gaps is not None:
            raise ValueError("missing_targets must be 'error' with fit_lbfgs, got 'ignore'.")
        X, y, weight = dask_arrays(self.X, self.y, self.sample_weight)
        validate(X, skip_check_array=True)
        dtype = X.dtype if X.dtype in dtypes else np.dtype(dtypes[0])
        size = rows_of_a_part(X.shape[1])
        do = partial(summarize, size=size, loss=loss, dtype=dtype)
        chunks, starts = cut_alike(X, y, weight, size)
        trees = [task(do)(*chunk, start // size) for chunk, start in zip(chunks, starts)]
        total_weight, of_X, of_y = self.client.compute(added(trees)).result().total()
        if not np.isfinite(total_weight):
            raise ValueError("sample_weight must have a finite sum.")
        warn_of_column_vector(y.shape)
        X, y = X.astype(dtype), (y if y.ndim == 2 else y[:, np.newaxis]).astype(dtype)
        weight = None if weight is None else weight.astype(np.float64)
        mean_weight, moments = total_weight / len(X), {"X": of_X, "y": of_y}
        return ClusterData(X, y, weight, mean_weight, moments, self.client)


@dataclass(frozen=True)
class ClusterData(DataSet):
    """Dask arrays, checked, and what is known of them."""

    mean: float  # weight
    moments: dict[str, Moments]
    client: Any

    def mean_weight(self) -> float:
        return self.mean

    def statistics(self, name: str) -> Moments:
        return self.moments[name]

    def sample(self, name: str, n: int) -> Any:
        rows = None
        if self.weight is not None:
            rows = np.flatnonzero(self.client.compute(self.weight > 0).result())
        return self.client.compute(DataSet.sample(replace(self, chosen=rows), name, n)).result()

    def rows(
        self, network: Network, weight: Any, dtype: np.dtype[Any], scaling: Scaling
    ) -> "ClusterRows":
        """Return the rows to train on, kept by the workers from now on."""
        size = rows_at_a_time(widths(network), dtype.itemsize)
        # Cut at multiples of a power of two, so that a chunk is few nodes of the tree; of no more
        # than half a chunk, so that few rows move.
        unit = size * 2 ** int(np.log2(max(2, len(self) / self.X.numblocks[0] / size)) - 1)
        chunks, starts = cut_alike(self.X, self.y, weight, unit)
        ones = network.fit_intercept
        do = partial(Rows, rows=None, dtype=dtype, ones=ones, scaling=scaling, most=inf)
        rows = self.client.persist([task(do)(*chunk) for chunk in chunks])
        return ClusterRows(list(zip(rows, (start // size for start in starts))), len(self), dtype)

    def objective(self, problem: Any) -> "ClusterBatch":
        """Return what L-BFGS minimises."""
        return ClusterBatch(problem, self.client)


@dataclass(frozen=True)
class ClusterRows:
    """The training rows, kept by workers."""

    chunks: list[tuple[Any, int]]  # delayed `Rows`, and the number of the batch they begin with
    n: int  # rows in all chunks
    dtype: np.dtype[Any]


class ClusterBatch(FullBatch):
    """Loss and gradient of all rows; they are on the workers, and only the penalty is here."""

    def __init__(self, problem: Any, client: Any) -> None:
        network, rows = problem.network, problem.rows
        X, y = (np.empty((0, size)) for size in (network.sizes[0], network.sizes[-1]))
        none = Rows(X, y, None, None, rows.dtype, network.fit_intercept)
        super().__init__(replace(problem, rows=none), rows.n)
        self.client = client
        self.chunks: list[tuple[Any, int]] = rows.chunks
        self.do: Callable[..., Tree] = partial(sums_over_rows, n=rows.n, network=network)

    def sums(self, vector: Array, first: int = 0) -> Tree:
        # The vector is part of the graph, not scattered: it too must outlive a worker.
        params = task(vector.astype(self.params.dtype))
        trees = [task(self.do)(*chunk, params) for chunk in self.chunks]
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
            future = self.client.compute(added(trees))
        return future.result()


def added(trees: list[Any]) -> Any:
    """Return the sum of delayed trees."""
    while len(trees) > 1:
        groups = [trees[i : i + BRANCHES] for i in range(0, len(trees), BRANCHES)]
        trees = [task(partial(reduce, add))(group) for group in groups]
    return trees[0]


def dask_arrays(X: Any, y: Any, sample_weight: Any) -> list[Any]:
    """Return them as dask arrays of as many rows; y and weights may be None.

    TypeError if X is a frame, ValueError if it is no matrix, or lengths are unknown or differ; all
    else the workers check.
    """
    if is_frame(X):
        raise TypeError(
            f"X must be an array, got a {type(X).__name__}: call its to_numpy(), or "
            "to_dask_array(lengths=True) where it is one of Dask's."
        )
    arrays = [None if array is None else da.asarray(array) for array in (X, y, sample_weight)]
    X = arrays[0]
    if X is None or X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"Expected 2D array of samples and features, X has shape {np.shape(X)}.")
    utils.check_consistent_length(*arrays)  # says what to do, where lengths are unknown
    return arrays


def cut_alike(X: Any, y: Any, weight: Any, unit: int) -> tuple[list[Any], list[int]]:
    """Return the chunks (X, y, weight or None), delayed, and the numbers of their first rows.

    They are as long as those of X, but begin at multiples of ``unit``.
    """
    ends = np.cumsum(X.chunks[0])
    near = np.rint(ends / unit).astype(int) * unit
    starts = np.unique([0, *near[near < ends[-1]]]).tolist()
    lengths = tuple(np.diff([*starts, ends[-1]]).tolist())
    columns = [
        repeat(None)
        if array is None
        else array.rechunk((lengths, *array.shape[1:])).to_delayed().ravel()
        for array in (X, y, weight)
    ]
    return list(zip(*columns)), starts


# What workers do to a chunk; Dask does not come into it


def summarize(
    X: Any, y: Any, weight: Array | None, first: int, size: int, loss: Loss, dtype: DTypeLike
) -> Tree:
    """Check the rows of a chunk as `fit` checks its arrays, and summarise them.

    Terms are the sum of the weights and the `Moments` of X and y, of ``size`` rows each.
    """
    if sparse.issparse(X):
        raise TypeError("The chunks of X must be dense arrays, got a sparse matrix.")
    X = check_inputs(checked_array, X, [dtype])
    y = check_target(y, len(X), loss, dtype)
    if weight is not None and weight.any():  # all zero: there may be others elsewhere
        weight = check_sample_weight(weight, len(X))
    tree = Tree()
    for i, part in enumerate(slices(len(X), size)):
        w = None if weight is None else weight[part]
        total = float(len(X[part]) if w is None else w.sum())
        moments = Moments.of(X[part], w), Moments.of(y[part], w)
        tree.add(np.array([total, *moments], object), first + i)
    return tree


def checked_array(X: Any, skip_check_array: bool = False, **keywords: Any) -> Any:
    """Return what `sklearn.utils.validation.validate_data` does, without an estimator."""
    return X if skip_check_array else check_array(X, input_name="X", **keywords)


def sums_over_rows(rows: Rows, first: int, params: Array, n: int, network: Network) -> Tree:
    """Return the loss of a chunk's rows and its gradient, without penalty (`FullBatch.sums`)."""
    with np.errstate(all="ignore"):  # a divergence is told once, where training is watched
        full_batch = FullBatch(Problem(network, params, rows, 0.0), n, copying=True)
        return full_batch.sums(params, first)
