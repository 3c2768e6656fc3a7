"""Validation data: rows held out of training, or data of the user's own."""

from numbers import Real
from typing import Any

import numpy as np
from sklearn.model_selection import ShuffleSplit

from ..maths import Array
from .dataset import DataSet


def split_rows(
    fraction: Any, data: DataSet, groups: Any, random_state: np.random.RandomState
) -> tuple[Array, Array]:
    """Return the rows to train on and the rows to validate on.

    ``fraction`` is the proportion to draw at random; or an object with scikit-learn's ``split(X, y,
    groups)``, of whose splits the last is used; or the test fold: True, or a number from 0 up, for
    rows to validate on, False or -1 for rows to train on (as in `PredefinedSplit`).

    ValueError if there are too few rows on either side, or rows on both, or not a group for each.
    """
    n = len(data)
    if isinstance(fraction, Real):
        train, held_out = _draw(fraction, n, random_state)
    elif hasattr(fraction, "split"):
        check_groups(groups, n)
        splits = list(fraction.split(data.inputs(), data.target(), groups))
        if not splits:
            raise ValueError(f"validation_fraction={fraction} made no split.")
        train, held_out = rows_of_split(splits[-1], n, "validation_fraction")
    else:
        is_held_out = _in_test_fold(fraction, n)
        train, held_out = np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)
    if np.isin(held_out, train).any():
        raise ValueError(
            f"validation_fraction={fraction} validates on rows that it trains on: they would tell "
            "nothing of others."
        )
    if len(train) == 0:
        raise ValueError("validation_fraction leaves no rows to train on.")
    if len(held_out) < (2 if isinstance(fraction, Real) else 1):  # one row may be meant
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' "
            "or the size of your dataset."
        )
    return np.asarray(train), np.asarray(held_out)


def rows_of_split(split: Any, n: int, name: str) -> tuple[Array, Array]:
    """Return the rows to train on and those held out, as numbers of rows.

    ValueError that begins with ``name``, of who made the split, unless it is one of n rows.
    """
    try:
        train, held_out = (np.arange(n)[rows] for rows in split)  # numbers, or masks
        if not train.ndim == held_out.ndim == 1:
            raise ValueError(f"got {split}")
    except (IndexError, TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must split the {n} rows of X into (rows to train on, rows held out): {error}."
        ) from error
    return train, held_out


def check_groups(groups: Any, n_samples: int) -> None:
    """Raise ValueError unless there is a group for each row, or none at all."""
    if groups is not None and np.shape(groups)[:1] != (n_samples,):
        raise ValueError(
            f"groups must have shape ({n_samples},), one group per row of X; got "
            f"{np.shape(groups)}."
        )


def _draw(fraction, n, random_state):
    try:
        shuffled = ShuffleSplit(1, test_size=fraction, random_state=random_state)
        return next(shuffled.split(np.arange(n)))  # as train_test_split, of NumPy's numbers too
    except ValueError as error:
        raise ValueError(
            f"validation_fraction={fraction} cannot split {n} samples: {error}"
        ) from error


def _in_test_fold(fold, n):
    """Return which rows belong to the test fold."""
    fold = np.asarray(fold)
    if fold.shape != (n,) or fold.dtype.kind not in "biu":
        raise ValueError(
            "validation_fraction, as a test fold, must be booleans or integers (-1 to train on) "
            f"of shape ({n},), one per row of X; got {fold.dtype} of shape {fold.shape}."
        )
    return fold if fold.dtype.kind == "b" else fold >= 0
