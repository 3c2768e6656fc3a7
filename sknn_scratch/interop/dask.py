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

from typing import Any

from numpy.typing import ArrayLike

from ..components import check_parameters
from ..estimators import ScratchMLPRegressor, constructor_parameters
from ..maths import MatrixLike
from .dask_source import ClusterArrays, connected


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
    components = check_parameters(constructor_parameters(estimator))
    if components.solver.stochastic:
        raise ValueError(f"fit_lbfgs needs solver='lbfgs', got {estimator.solver!r}.")
    if estimator.early_stopping and X_val is None:
        raise ValueError(
            f"early_stopping={estimator.early_stopping!r} needs X_val and y_val: no rows are held "
            "out of dask arrays."
        )
    how = connected(client), components.loss, estimator.standardize
    source = ClusterArrays(X, y, sample_weight, *how)
    return estimator._train_on(source, (X_val, y_val, sample_weight_val))
