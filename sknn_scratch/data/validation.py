"""Mapped inputs, targets and sample weights, checked before use.

Every error names the array, says what it got, and what it takes.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse
from sklearn import utils
from sklearn.utils import assert_all_finite

from ..components import as_numbers
from ..maths import Array, Loss, Matrix
from .chunking import Mapped, slices
from .moments import rows_of_a_part

check_array: Callable[..., Any] = utils.check_array  # scikit-learn declares no types


def check_mapped(X: Array, dtypes: Sequence[DTypeLike]) -> Mapped:
    """Return an array over a mapped file as `Mapped`: as it is, or converted when it is read.

    As `check_array` does, but a part at a time: ``dtypes`` are the accepted ones, the first of
    which all others are converted to.

    Raises
    ------
    ValueError
        If a value is not finite, or too large for that type.
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
            "embedding makes numbers of zeros. Use X.toarray(), or embedding=None."
        )


def check_target(y: Any, n_samples: int, loss: Loss, dtype: DTypeLike, suffix: str = "") -> Array:
    """Return ``y`` as an array of shape (n_samples, n_outputs) and of ``dtype``.

    ``suffix`` is that of the arrays' names, for error messages.

    Raises
    ------
    ValueError
        If it is not numeric, not finite, all lost in ``dtype``, not 1-D or 2-D, not of the length
        of X, or outside the domain of the loss.
    """
    name = f"y{suffix}"
    if y is None:
        raise ValueError(
            f"ScratchMLPRegressor requires {name} to be passed, but the target {name} is None."
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


def check_sample_weight(sample_weight: Any, n_samples: int, suffix: str = "") -> Array | None:
    """Return the sample weights as an array of shape (n_samples,), or None.

    ``suffix`` is that of the arrays' names, for error messages.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, if all are zero, or the shape is wrong.
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
