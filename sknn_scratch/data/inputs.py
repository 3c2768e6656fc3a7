"""What comes in, checked: inputs of any kind, targets, sample weights.

Inputs are arrays, data frames, tables, mapped files or sparse matrices. Every error names the
array, and the column where there is one, says what it got, and what it takes.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse
from sklearn import utils
from sklearn.utils import assert_all_finite

from ..components import as_numbers, refuse_masked
from ..maths import Array, Loss, Matrix, MatrixLike
from .chunking import Mapped, is_mapped, slices
from .dataset import is_per_target, rows_of_a_part

check_array: Callable[..., Any] = utils.check_array  # scikit-learn declares no types

# What takes gaps, words and dates, for the errors about them.
ENCODER = " Write make_pipeline(TableEncoder(), ...) for tables with gaps, words or dates."


def check_inputs(
    validate: Callable[..., Any], X: MatrixLike, dtypes: Sequence[DTypeLike], name: str = "X"
) -> Matrix:
    """Return X as an array, `Mapped`, or a sparse matrix.

    ``validate`` is `sklearn.utils.validation.validate_data` of an estimator, ``dtypes`` are those
    that X may have: all others are converted to the first. TypeError or ValueError, which call it
    by the name, if it is not of numbers, or not of the right shape.
    """
    if type(X) is np.ndarray:
        small = small_and_plain(X, X.dtype if X.dtype in dtypes else dtypes[0])
        if small is not None:
            return validate(small, skip_check_array=True)
    if X is None:
        raise ValueError(f"{name} must be of shape (n_samples, n_features), got None.")
    refuse_lazy(X, name)
    refuse_masked(X, name)
    refuse_dates(X, name)
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # too large for float32: an error
            if is_mapped(X):
                return check_mapped(validate(X, ensure_all_finite=False), dtypes)
            return validate(X, accept_sparse=("csr", "csc"), dtype=dtypes)
    except (TypeError, ValueError) as error:
        message = message_of(error, X, name)
        if message == str(error):
            raise
        raise (TypeError if isinstance(error, TypeError) else ValueError)(message) from error


def refuse_lazy(X: Any, name: str) -> None:
    """Raise TypeError if X is a plan to compute it, as polars' LazyFrame is."""
    if hasattr(X, "collect") and not hasattr(X, "__len__"):
        raise TypeError(f"{name} must be in memory, got a {type(X).__name__}: call its collect().")


def refuse_dates(X: Any, name: str) -> None:
    """Raise TypeError if X, or a column of it, is of dates or times: their unit is arbitrary."""
    types = column_types(X)
    for i, dtype in enumerate(types) if any(map(is_temporal, set(types))) else ():
        if is_temporal(dtype):
            which = f"column {labels_of(X)[i]!r} of {name}" if len(types) > 1 else name
            raise TypeError(f"{which} must be numbers, got {dtype}.{ENCODER}")


def is_temporal(dtype: Any) -> bool:
    """Return True if a type of NumPy, pandas, polars or Arrow is of dates or times."""
    return str(dtype).lower().startswith(("date", "time", "duration", "period"))


def column_types(X: Any) -> list[Any]:
    """Return the type of each column, or a single one for all."""
    if is_frame(X) and hasattr(X, "schema"):  # of Arrow, or of polars
        return getattr(X.schema, "types", None) or list(X.schema.values())
    if hasattr(X, "dtypes") and np.ndim(X.dtypes):
        return list(X.dtypes)
    return [X.dtype] if hasattr(X, "dtype") else []


def is_frame(X: Any) -> bool:
    """Return True for a data frame of pandas or polars, and for a table of Arrow's."""
    return len(getattr(X, "shape", ())) == 2 and (hasattr(X, "iloc") or hasattr(X, "schema"))


def labels_of(X: Any) -> list[Any]:
    """Return what the columns of a frame or an array are called: their names, or their numbers."""
    names = getattr(X, "column_names", getattr(X, "columns", None))  # Arrow's columns are no names
    return list(range(np.shape(X)[1]) if names is None else names)


def labelled_columns(X: Any) -> Iterator[tuple[Any, Array]]:
    """Yield the label of each column, and the column as an array; nothing if there are none."""
    if is_frame(X):
        for i, label in enumerate(labels_of(X)):
            yield label, np.asarray(X.iloc[:, i] if hasattr(X, "iloc") else X[label])
    elif not sparse.issparse(X):
        try:
            array = np.asarray(X)
        except ValueError:  # ragged
            return
        if array.ndim == 2:
            yield from enumerate(array.T)


def message_of(error: Exception, X: Any, name: str) -> str:
    """Return what to say of an error of scikit-learn's checks: with the array, and the column."""
    not_finite = f"Input {name} contains" in str(error)  # nan, or infinity: it does not say where
    first_line = str(error).splitlines()[0]  # the others name another library's estimators
    advice = ENCODER if "NaN" in first_line else ""
    for label, column in labelled_columns(X):
        if not_finite:
            if column.dtype.kind == "f" and not np.isfinite(column).all():
                return f"column {label!r} of {name}: {first_line}{advice}"
            continue
        if column.dtype.kind == "c":
            return f"column {label!r} of {name} must be real numbers: Complex data not supported."
        try:
            if column.dtype.kind not in "buif":
                column.astype(np.float64)
        except (TypeError, ValueError) as reason:
            return f"column {label!r} of {name} must be real numbers: {reason}.{ENCODER}"
    if not_finite:
        return f"{first_line}{advice}"
    return str(error) if re.search(rf"\b{name}\b", str(error)) else f"{name}: {error}"


def small_and_plain(X: Any, dtype: DTypeLike) -> Array | None:
    """Return X, of that type, if it is a small array of numbers with nothing to object to.

    None otherwise: `check_inputs` takes longer over a few rows than the network does.
    """
    if not (type(X) is np.ndarray and X.dtype.kind == "f" and X.ndim == 2 and 0 < X.size < 10_000):
        return None
    if X.dtype != dtype:
        with np.errstate(over="ignore"):
            X = X.astype(dtype)
    return X if np.isfinite(X).all() else None


def check_mapped(X: Array, dtypes: Sequence[DTypeLike]) -> Mapped:
    """Return an array over a mapped file as `Mapped`: as it is, or converted when it is read.

    As `check_array` does, but a part at a time: ``dtypes`` are the accepted ones, the first of
    which all others are converted to. ValueError if a value is not finite, or too large for it.
    """
    mapped = Mapped(X, X.dtype if X.dtype in dtypes else dtypes[0])
    for part in slices(len(X), rows_of_a_part(X.shape[1])):
        assert_all_finite(mapped[part], estimator_name="ScratchMLPRegressor", input_name="X")
    return mapped


def check_dense(X: Matrix, embedding: Any) -> None:
    """Raise TypeError if X is sparse and the network has an embedding."""
    if embedding is not None and sparse.issparse(X):
        raise TypeError(
            f"X must be a dense array with embedding={embedding!r}, got a sparse matrix: an "
            "embedding turns zeros into other numbers. Use X.toarray(), or embedding=None."
        )


def check_target(y: Any, n_samples: int, loss: Loss, dtype: DTypeLike, suffix: str = "") -> Array:
    """Return ``y`` as an array of shape (n_samples, n_outputs) and of ``dtype``.

    ValueError if it is not numeric, not finite, all lost in ``dtype``, not 1-D or 2-D, not of the
    length of X, or outside the domain of the loss; ``suffix`` is that of the arrays' names there.
    """
    name = f"y{suffix}"
    if y is None:
        raise ValueError(
            f"This estimator requires {name} to be passed, but the target {name} is None."
        )
    y = as_numbers(y, name)
    if y.ndim not in (1, 2) or y.size == 0:
        raise ValueError(
            f"{name} should be a 1d array, or a 2d array for several outputs, got shape {y.shape}."
        )
    if len(y) != n_samples:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"X{suffix} has {n_samples}, {name} has {len(y)}."
        )
    y = y.reshape(n_samples, -1)
    if not (y.dtype == dtype and y.size < 10_000 and np.isfinite(y).all()):  # no quick answer
        if y.dtype.kind == "f" and np.isnan(y).any():
            raise ValueError(
                f"Input {name} contains NaN. missing_targets='ignore' leaves out what was not "
                "measured; else drop these rows."
            )
        given, y = y, check_array(y, dtype=dtype, input_name=name)
        lost = np.flatnonzero(~y.any(axis=0) & given.any(axis=0))
        if len(lost):
            raise ValueError(
                f"{name}[:, {lost[0]}] contains values too small for {y.dtype}, the type of X: the "
                f"largest is {np.abs(given[:, lost[0]]).max():.2g}; rescale it, or make X float64."
            )
    if not loss.in_domain(y).all():
        raise ValueError(f"{name} must be {loss.domain} for {loss!r}, got a minimum of {y.min()}.")
    return y


def fill_gaps(y: Any, name: str = "y", otherwise: Any = 1.0) -> tuple[Array, Array | None]:
    """Return targets with a measured one of the same column for each nan, and which are measured.

    So every number is one that the loss takes. A column of nan alone is filled with ``otherwise``.
    Which are measured are booleans of shape (n_samples, n_outputs), or None if all are.
    """
    if isinstance(y, np.ma.MaskedArray):
        y = y.astype(np.float64).filled(np.nan)
    y = as_numbers(y, name)
    if y.ndim not in (1, 2) or y.size == 0 or not np.isnan(y).any():
        return y, None
    columns = y.reshape(len(y), -1)
    measured = ~np.isnan(columns, order="C")  # so that sums do not depend on the order of y
    first = columns[measured.argmax(axis=0), np.arange(columns.shape[1])]
    first = np.where(measured.any(axis=0), first, np.resize(otherwise, len(first)))
    return np.where(measured, columns, first).astype(y.dtype).reshape(y.shape), measured


def weight_of_targets(weight: Array | None, measured: Array | None) -> Any:
    """Return the weights of rows; of each target, 0 where it was not measured, if some were not."""
    if measured is None:
        return weight
    return measured * (np.ones(len(measured)) if weight is None else weight)[:, np.newaxis]


def measured_alone(y: Any, sample_weight: Any) -> tuple[Any, Any]:
    """Return targets and weights to score by: without weight where y is nan."""
    y, measured = fill_gaps(y)
    if measured is None:
        return y, sample_weight
    weight = weight_of_targets(check_sample_weight(sample_weight, len(y)), measured)
    if not weight.any():
        raise ValueError("y must have a measured value to score by, got none.")
    return y, weight.ravel() if weight.shape[1] == 1 else weight


def check_measured(weight: Array | None, where: str) -> None:
    """Raise ValueError if each target has weights of its own, and one has none above 0."""
    if not is_per_target(weight) or weight.any(axis=0).all():
        return
    which = f"y[:, {np.argmin(weight.any(axis=0))}]" if weight.shape[1] > 1 else "y"
    raise ValueError(f"{which} must have a measured value, of a weight above 0, in {where}.")


def check_separable(loss: Loss, y: Array) -> None:
    """Raise ValueError unless the loss is one number for each target, or there is but one."""
    if y.shape[1] == 1:
        return
    y = y[:1]
    with np.errstate(all="ignore"):
        separable = loss.n_outputs(y.shape[1]) == y.shape[1] == np.shape(loss(y, y))[-1]
    if not separable:
        raise ValueError(
            "missing_targets='ignore' needs a loss that is one number for each target and its only "
            f"output where y has several columns, got {loss!r}."
        )


def check_sample_weight(sample_weight: Any, n_samples: int, suffix: str = "") -> Array | None:
    """Return the sample weights as an array of shape (n_samples,), or None.

    ValueError if a weight is negative or not finite, if all are zero, or the shape is wrong;
    ``suffix`` is that of the arrays' names there.
    """
    if sample_weight is None:
        return None
    name = f"sample_weight{suffix}"
    weight = as_numbers(sample_weight, name)
    if weight.ndim == 0:
        weight = np.full(n_samples, weight)
    if weight.shape != (n_samples,):
        raise ValueError(
            f"{name} must have shape ({n_samples},), one weight per row of X{suffix}; "
            f"got {weight.shape}."
        )
    weight = check_array(weight, ensure_2d=False, dtype=np.float64, input_name=name)
    if weight.min() < 0:
        raise ValueError(f"{name} must be >= 0, got a minimum of {weight.min()}.")
    if weight.max() == 0:
        raise ValueError(f"{name} must not be zero for all samples.")
    if weight.max() > np.finfo(np.float64).max / n_samples:
        raise ValueError(f"{name} must have a finite sum, got up to {weight.max()}.")
    return weight
