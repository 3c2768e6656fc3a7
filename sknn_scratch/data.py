"""Targets and sample weights, checked before use.

Every error names the array, says what it got, and what it takes.
"""

import numpy as np
from sklearn.utils import check_array, column_or_1d

from .arrays import as_numbers


def check_target(y, n_samples, loss, dtype):
    """Return ``y`` as an array of shape (n_samples, n_outputs) and of ``dtype``.

    Raises
    ------
    ValueError
        If it is not numeric, not finite, not 1-D or 2-D, not of the length of X, or outside
        the domain of the loss.
    """
    if y is None:
        raise ValueError("ScratchMLPRegressor requires y to be passed, but the target y is None.")
    y = as_numbers(y, "y")
    if y.ndim not in (1, 2) or y.size == 0:
        raise ValueError(
            f"y should be a 1d array, or a 2d array for several outputs, got shape {y.shape}."
        )
    if len(y) != n_samples:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"X has {n_samples}, y has {len(y)}."
        )
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    y = check_array(y.reshape(n_samples, -1), dtype=dtype, input_name="y")
    if not loss.in_domain(y).all():
        raise ValueError(f"y must be {loss.domain} for {loss!r}, got a minimum of {y.min()}.")
    return y


def check_sample_weight(sample_weight, n_samples):
    """Return the sample weights as an array of shape (n_samples,), or None.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, if all are zero, or the shape is wrong.
    """
    if sample_weight is None:
        return None
    weight = as_numbers(sample_weight, "sample_weight")
    if weight.ndim == 0:
        weight = np.full(n_samples, weight)
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have shape ({n_samples},), one weight per row of X; "
            f"got {weight.shape}."
        )
    weight = check_array(weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if weight.min() < 0:
        raise ValueError(f"sample_weight must be >= 0, got a minimum of {weight.min()}.")
    if weight.max() == 0:
        raise ValueError("sample_weight must not be zero for all samples.")
    if weight.max() > np.finfo(np.float64).max / n_samples:
        raise ValueError(f"sample_weight must have a finite sum, got up to {weight.max()}.")
    return weight
