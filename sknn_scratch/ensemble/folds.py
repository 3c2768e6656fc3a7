"""The rows of `fit`: their targets and weights, and which each member never sees."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from scipy import sparse
from sklearn.model_selection import GroupKFold, KFold

from ..components import check_number
from ..data import (
    check_groups,
    check_measured,
    is_per_target,
    rows_of_a_part,
    rows_of_split,
    slices,
    weight_by_row,
    weight_of_targets,
)
from ..maths import Array, Loss
from ..training import warn_caller

LARGEST_SEED: int = np.iinfo(np.int32).max
COPIES_ALIKE = 0.95  # of the rows whose X is met again
MANY_COPIES = 0.05  # of the rows held out: by about as much fewer are covered
FEW_COPIES, USUAL = 10, 0.1  # rows that are alike, and their share, from which on that is usual
Splits: TypeAlias = list[tuple[Array, Array]]  # (rows to train on, rows held out)


class TrainingData(NamedTuple):
    """The rows of `fit`, checked; the loss of what is predicted of them, and how they are split."""

    X: Any  # an array, `Mapped`, a sparse matrix or a data frame
    y: Array  # of shape (n,) or (n, n_targets); gaps are filled with others of their column
    target: Array  # what members are trained on: y, or nan where it was not measured
    sample_weight: Array | None  # what members are handed
    weight: Array  # of rows where members are judged; of each target, if some were not measured
    loss: Loss  # of what is predicted, in the unit of y
    folds: Splits = []
    splits: Splits = []  # what members of a kind are trained on: the folds, as often as it takes


def training_data(
    X: Any, y: Array, sample_weight: Array | None, measured: Array | None, loss: Loss
) -> TrainingData:
    """Return the rows of `fit`; ``measured``, of shape (n, n_targets), may be None: all were."""
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    if measured is None:
        return TrainingData(X, y, y, sample_weight, weight, loss)
    target = np.where(measured.reshape(y.shape), y, np.nan)
    weight = weight_of_targets(weight, measured).reshape(y.shape)
    return TrainingData(X, y, target, sample_weight, weight, loss)


def check_folds(cv: Any, n_estimators: int) -> None:
    """Raise TypeError or ValueError unless folds can be made."""
    check_number(n_estimators, "n_estimators", int, "[1, inf)")
    if cv is None and n_estimators < 2:
        raise ValueError(
            f"n_estimators must be at least 2: each fold is held out of one member; "
            f"got {n_estimators}."
        )
    if isinstance(cv, (Integral, np.bool_)):
        check_number(cv, "cv", int, "[2, inf)")
    elif isinstance(cv, (str, bytes, type)) or not (
        cv is None or hasattr(cv, "split") or np.iterable(cv)
    ):
        raise TypeError(
            "cv must be None, an int, a splitter with a method 'split', or an iterable of "
            f"(rows to train on, rows held out); got {cv!r}."
        )


def make_splits(
    cv: Any,
    n_estimators: int,
    X: Any,
    y: Array,
    random_state: np.random.RandomState,
    params: dict[str, Any],
) -> Splits:
    """Return the splits: a list of (rows to train on, rows held out), as numbers of rows.

    ``params`` are further arguments of ``split``: the groups. ValueError if there are too few rows
    for the folds, or a split is none.
    """
    if cv is None or isinstance(cv, Integral):
        return shuffled_folds(cv, n_estimators, X, y, random_state.randint(LARGEST_SEED))
    check_groups(params.get("groups"), X.shape[0])
    splits = list(cv.split(X, y, **params) if hasattr(cv, "split") else cv)
    if not splits:
        raise ValueError(f"cv={cv!r} made no split.")
    splits = [_checked(split, X.shape[0]) for split in splits]
    warn_of_copies(X, y, splits)
    return splits


def shuffled_folds(cv: Any, n_estimators: int, X: Any, y: Array, seed: int) -> Splits:
    """Return the splits by folds of shuffled rows; copies of a row come into the same one."""
    n = X.shape[0]
    n_folds = int(cv or n_estimators)
    if n_folds > n:
        name = "n_estimators" if cv is None else "cv"
        raise ValueError(
            f"{name}={n_folds} needs at least {n_folds} rows, one to hold out in each fold; "
            f"got n_samples={n}. Give a smaller {name}{', or cv' if cv is None else ''}."
        )
    copies = copied_rows(X, y)
    if copies is None or len(np.unique(copies)) < n_folds:
        return list(KFold(n_folds, shuffle=True, random_state=seed).split(X, y))
    return list(GroupKFold(n_folds, shuffle=True, random_state=seed).split(X, y, copies))


def warn_of_copies(X: Any, y: Array, splits: Splits) -> None:
    """Warn if rows held out have copies among those trained on."""
    kinds = copied_rows(X, y)
    if kinds is None:
        return
    is_copy = [np.isin(kinds[held_out], kinds[train]) for train, held_out in splits]
    share = np.concatenate(is_copy).mean()
    if share > MANY_COPIES:
        warn_caller(
            f"{share:.0%} of the rows that cv holds out have copies (the same X and y) among those "
            "trained on: intervals are too narrow for other rows. Leave cv=None, which holds out "
            "copies together, or give a splitter by groups, such as GroupKFold, and groups."
        )


def copied_rows(X: Any, y: Array) -> Array | None:
    """Return for each row the number of its kind, if rows are copies of each other; else None.

    A member that is trained on a copy of a row that is held out has seen its target. Rows count as
    copies where X is the same, and with it, in all but a few, y. Where X is the same and y is not,
    as where inputs take few values, they are observations of their own; and where more than a tenth
    of all rows are the same, as of a machine that is off, since so will new ones be. Of X, arrays
    and sparse matrices are looked at.
    """
    if not sparse.issparse(X) and not (isinstance(X, np.ndarray) and X.dtype.kind in "fiub"):
        return None
    rows = hashes_of_rows(X)
    _, first, kinds = np.unique(rows, return_index=True, return_inverse=True)
    kinds = kinds.ravel()
    n_alike = np.bincount(kinds)[kinds]
    is_usual = n_alike > max(FEW_COPIES, USUAL * len(y))
    is_copied = (n_alike > 1) & ~is_usual
    same = (y == y[first[kinds]]).reshape(len(y), -1).all(axis=1)
    if not is_copied.any() or same[is_copied].mean() <= COPIES_ALIKE:
        return None
    return np.where(is_usual, -1 - np.arange(len(y)), kinds)


def hashes_of_rows(X: Any) -> Array:
    """Return 64 bits for each row: the same for the same numbers, however they are stored.

    Rows that differ share them by a chance of 2**-40 at most. They are sums of the bits of numbers,
    multiplied by odd factors, modulo 2**64, so exact in any order.
    """
    factors = 2 * np.random.RandomState(0).randint(2**63, size=X.shape[1], dtype=np.uint64) + 1
    if sparse.issparse(X):
        X = X.copy()
        X.sum_duplicates()
        X.data = mixed_bits(X.data)
        return X @ factors
    parts = slices(len(X), rows_of_a_part(X.shape[1]))
    return np.concatenate([mixed_bits(X[part]) @ factors for part in parts])


def mixed_bits(numbers: Array) -> Array:
    """Return the bits of numbers, as float64; of round numbers not all last ones are 0."""
    bits = (np.asarray(numbers, np.float64) + 0).view(np.uint64)  # -0 becomes 0
    return bits ^ (bits >> 32)


def _checked(split, n):
    train, held_out = rows_of_split(split, n, "cv")
    if len(train) == 0 or len(held_out) == 0:
        raise ValueError(
            f"Each split of cv must have rows to train on and rows to hold out; one has "
            f"{len(train)} and {len(held_out)}."
        )
    if np.isin(held_out, train).any():
        raise ValueError("cv holds out rows that it trains on: nothing can be calibrated on them.")
    return train, held_out


def check_weights(data: TrainingData, folds: Splits) -> None:
    """Raise ValueError if a network would train, or all be judged, on rows of weight zero alone."""
    weight = data.weight
    held_out = np.concatenate([rows for _, rows in folds])
    if data.target is not data.y:  # some were not measured
        columns = weight.reshape(len(weight), -1)
        for train, _ in folds:
            check_measured(columns[train], "the rows to train on of every fold")
        check_measured(columns[held_out], "the rows that cv holds out")
    elif not all(weight[train].any() for train, _ in folds):
        raise ValueError(
            "sample_weight must be above 0 for some rows to train on in every fold; got "
            f"{np.count_nonzero(weight)} such rows, all held out at once."
        )
    elif not weight[held_out].any():
        raise ValueError(
            "sample_weight must be above 0 for some of the rows that cv holds out; got "
            f"{np.count_nonzero(weight)} such rows, all of them only trained on."
        )


def weights_by_column(weight: Any, n: int) -> list[Any]:
    """Return the weights of each of n targets: those of the rows, unless they have their own."""
    return [*weight.T] if is_per_target(weight) else [weight] * n


def without_weightless(splits: Splits, weight: Array) -> Splits:
    """Return the splits without the rows to train on that weigh nothing."""
    of_rows = weight_by_row(weight)
    return [(train[of_rows[train] > 0], held_out) for train, held_out in splits]


def number_of_groups(groups: Any, weight: Array) -> int | None:
    """Return from how many groups the rows come that have a weight; None where there are none."""
    if groups is None:
        return None
    return len(np.unique(np.asarray(groups)[weight_by_row(weight) > 0]))


def take_rows(X: Any, rows: Array) -> Any:
    """Return rows of an array, a sparse matrix, a data frame, or a table of Arrow's."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    return X.take(rows) if hasattr(X, "column_names") else X[rows]


def at_most(n: int, rows: Array) -> Array:
    """Return at most n of the rows: all, or every second, third, ..."""
    return rows[:: -(-len(rows) // n)]


def take_params(params: dict[str, Any], rows: Array, n: int) -> dict[str, Any]:
    """Return what to hand to `fit` for these rows.

    What has an entry for each of the n rows of X is cut as X is; validation data, whose names end
    in ``_val``, are not, whatever their length, nor what is no array, such as [(X, y)].
    """
    cut = dict(params)
    for name, value in params.items():
        if shape_of(value)[:1] == (n,) and not name.endswith("_val"):
            cut[name] = take_rows(value if hasattr(value, "shape") else np.asarray(value), rows)
    return cut


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of an array, or of what can be one; else ()."""
    try:
        return np.shape(value)
    except ValueError:  # ragged
        return ()


def mean_by_row(n: int, splits: Splits, predictions: Sequence[Array]) -> Array:
    """Return the mean, for each of n rows, of the predictions made while it was held out.

    Those of each split, of shape (n_held_out,) or (n_held_out, n_outputs), are for its rows held
    out. The mean is nan for rows that were never held out.
    """
    shape = predictions[0].shape[1:]
    total, count = np.zeros((n, *shape)), np.zeros((n, *shape))
    for (_, held_out), prediction in zip(splits, predictions):
        np.add.at(total, held_out, prediction)
        np.add.at(count, held_out, 1)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
