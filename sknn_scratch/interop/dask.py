"""L-BFGS on a Dask cluster: loss and gradient are sums over rows, wherever the rows are.

`fit_lbfgs` fits a `ScratchMLPRegressor` to dask arrays, as its own `fit` would to the same arrays
in memory. Every chunk of rows is read twice: to be checked and summarised, and to be packed by the
worker that keeps it (see `dask_chunks`). After that, for each evaluation of

    E(params) = (sum over chunks of (sum over its rows of loss(y, a)) + penalty) / n

the parameter vector goes out, and loss and gradient of each chunk come back, added up on their
way. L-BFGS itself runs where `fit_lbfgs` is called.

L-BFGS magnifies differences in the last bit: after some hundred iterations two fits that round
differently have little in common. So the sums are those of the local `fit`, in its very order:
chunks are cut where it cuts the rows, and added up by its `data.Tree`. If a worker dies, Dask
recomputes what it held from where the arrays came from, and the result is the same again.
"""

import warnings
from dataclasses import dataclass, replace
from functools import partial, reduce
from itertools import accumulate, repeat
from operator import add

import numpy as np
from sklearn.exceptions import DataConversionWarning
from sklearn.utils.validation import validate_data

from ..components import check_parameters
from ..data import DataSet, rows_at_a_time, rows_of_a_part
from ..engine import FullBatch, Rows
from ..estimators import ScratchMLPRegressor
from .dask_chunks import Summary, cut, packed, summarize, sums_over_rows

try:
    import dask
    from dask import array as da
    from dask.distributed import Client, get_client
except ImportError as error:
    raise ImportError(
        "sknn_scratch.dask needs Dask: python -m pip install 'sknn-scratch[dask]'"
    ) from error

BRANCHES = 8  # trees that one task adds up


def fit_lbfgs(
    estimator,
    X,
    y,
    sample_weight=None,
    *,
    X_val=None,
    y_val=None,
    sample_weight_val=None,
    client=None,
):
    """Fit a regressor to dask arrays by L-BFGS, each chunk where it is.

    The estimator ends up as after ``estimator.fit`` on the same arrays in memory. It holds
    nothing of Dask: it can be pickled, and predicts anywhere (a dask array by
    ``X.map_blocks(estimator.predict, drop_axis=1, dtype=float)``).

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
    if check_parameters(estimator.get_params(deep=False)).solver.stochastic:
        raise ValueError(f"fit_lbfgs needs solver='lbfgs', got {estimator.solver!r}.")
    client = get_client() if client is None else client
    if not isinstance(client, Client) or client.asynchronous:
        raise TypeError(f"client must be a synchronous dask.distributed.Client, got {client!r}.")
    trainer = _Trainer()
    vars(trainer).update(vars(estimator), _client=client)
    with trainer._unchanged_on_error():
        given = trainer._check_together(X_val, y_val, sample_weight_val, None)
        trainer._fit((X, y, sample_weight), given, None, incremental=False)
    del trainer._client
    vars(estimator).clear()
    vars(estimator).update(vars(trainer))
    return estimator


class _Trainer(ScratchMLPRegressor):
    """The estimator while it is trained: all that differs is where the rows are."""

    def _check_data(self, X, y, sample_weight, loss, dtypes, reset, suffix=""):
        if suffix:  # validation data, in memory
            return super()._check_data(X, y, sample_weight, loss, dtypes, reset, suffix)
        arrays = dask_arrays(X, y, sample_weight)
        validate_data(self, arrays[0], reset=reset, skip_check_array=True)
        dtype = arrays[0].dtype if arrays[0].dtype in dtypes else np.dtype(dtypes[0])
        size = rows_of_a_part(arrays[0].shape[1])
        do = partial(summarize, size=size, loss=loss, dtype=dtype, with_moments=self.standardize)
        chunks, starts = cut_alike(*arrays, size)
        trees = [task(do)(*chunk, start // size) for chunk, start in zip(chunks, starts)]
        found = self._client.compute(added(trees)).result().total()
        if not np.isfinite(found.weight):
            raise ValueError("sample_weight must have a finite sum.")
        X, y, weight = arrays
        return ClusterData(X.astype(dtype), y if y.ndim == 2 else y[:, np.newaxis], weight, found)

    def _split(self, state, data, groups):
        raise ValueError(
            f"early_stopping={self.early_stopping!r} needs X_val and y_val: no rows are held out "
            "of dask arrays."
        )

    def _rows(self, data, weight, train, state):
        dtype, X = state.params.dtype, data.X
        size = rows_at_a_time(self._network.widths, dtype.itemsize)
        # Cut at multiples of a power of two, so that a chunk is few nodes of the tree; of no more
        # than half a chunk, so that few rows move.
        unit = size * 2 ** int(np.log2(max(2, len(data) / X.numblocks[0] / size)) - 1)
        chunks, starts = cut_alike(X, data.y, weight, unit)
        do = partial(packed, dtype=dtype, ones=self.fit_intercept, scaling=state.scaling)
        rows = self._client.persist([task(do)(*chunk) for chunk in chunks])
        return ClusterRows(rows, [start // size for start in starts], len(data), dtype)

    def _full_batch(self, problem):
        return ClusterBatch(problem, self._client)


_Trainer.__name__ = ScratchMLPRegressor.__name__  # in error messages


@dataclass(frozen=True)
class ClusterData(DataSet):
    """Dask arrays, and what is known of them."""

    summary: Summary

    def __len__(self):
        return self.summary.n

    def mean_weight(self, rows=None):
        return self.summary.weight / self.summary.n

    def statistics(self, name, rows=None):
        return getattr(self.summary, name)


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

    chunks: list
    firsts: list
    n: int
    dtype: np.dtype

    def __len__(self):
        return self.n


class ClusterBatch(FullBatch):
    """Loss and gradient of all rows; they are on the workers, and only the penalty is here."""

    def __init__(self, problem, client):
        network, n = problem.network, len(problem.rows)
        X, y = (np.empty((0, size)) for size in (network.sizes[0], network.sizes[-1]))
        none = Rows(X, y, None, None, problem.rows.dtype, network.fit_intercept)
        super().__init__(replace(problem, rows=none), n)
        self.client, self.chunks, self.firsts = client, problem.rows.chunks, problem.rows.firsts
        self.do = partial(sums_over_rows, n=n, network=network)

    def sums(self, vector):
        """Return the sum of twice the loss and of the gradient over all rows, as a `Tree`."""
        # The vector is part of the graph, not scattered: it too must outlive a worker.
        params = dask.delayed(vector.astype(self.params.dtype), pure=False, traverse=False)
        trees = [task(self.do)(*chunk, params) for chunk in zip(self.chunks, self.firsts)]
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
            future = self.client.compute(added(trees))
        return future.result()


def task(function):
    """Return ``function`` for tasks; none is taken for another because its arguments are alike."""
    return dask.delayed(function, pure=False, traverse=False)


def added(trees):
    """Return the sum of delayed trees."""
    while len(trees) > 1:
        groups = [trees[i : i + BRANCHES] for i in range(0, len(trees), BRANCHES)]
        trees = [task(partial(reduce, add))(group) for group in groups]
    return trees[0]


def cut_alike(X, y, weight, unit):
    """Return the chunks (X, y, weight or None), delayed, and the numbers of their first rows."""
    lengths = cut(X.chunks[0], unit)
    columns = [
        repeat(None) if array is None else array.rechunk({0: lengths}).to_delayed().ravel()
        for array in (X, y, weight)
    ]
    return list(zip(*columns)), list(accumulate(lengths[:-1], initial=0))


def dask_arrays(X, y, sample_weight):
    """Return dask arrays of whole rows; the last may be None.

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
    if y.shape[1:] == (1,):
        message = "A column-vector y was passed when a 1d array was expected."
        warnings.warn(message, DataConversionWarning, stacklevel=6)
        y = y[:, 0]
    return X.rechunk({1: -1}), y.rechunk({1: -1}) if y.ndim == 2 else y, weight
