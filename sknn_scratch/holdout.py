"""Validation data: rows held out of training, or data of the user's own."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
from sklearn.model_selection import train_test_split

from .batches import slices
from .mapped import Mapped
from .moments import rows_of_a_part, statistics
from .sums import Tree


@dataclass(frozen=True)
class Data:
    """Inputs, targets and weights, checked.

    Attributes
    ----------
    X : {ndarray, Mapped, CSR matrix} of shape (n_samples, n_features)
    y : ndarray of shape (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,) or None
    """

    X: object
    y: np.ndarray
    weight: np.ndarray

    def __len__(self):
        return len(self.y)

    def target(self):
        """Return y as scikit-learn's tools expect it: of shape (n_samples,) if it is one."""
        return self.y[:, 0] if self.y.shape[1] == 1 else self.y

    def take(self, rows):
        """Return these rows: a copy, but for a mapped X."""
        X = self.X.take(rows) if isinstance(self.X, Mapped) else self.X[rows]
        return Data(X, self.y[rows], None if self.weight is None else self.weight[rows])

    def mean_weight(self, rows=None):
        """Return the mean weight of these rows; None is all."""
        if self.weight is None:
            return 1.0
        weight, tree = self.weight if rows is None else self.weight[rows], Tree()
        for i, part in enumerate(slices(len(weight), rows_of_a_part(self.X.shape[1]))):
            tree.add(float(weight[part].sum()), i)
        return tree.total() / len(weight)

    def statistics(self, name, rows=None):
        """Return the `Moments` of "X" or "y" over these rows; None is all."""
        size = rows_of_a_part(self.X.shape[1])
        return statistics(getattr(self, name), self.weight, rows, size)

    def inputs(self):
        """Return X as an array or a sparse matrix, to be handed to the user's functions."""
        return self.X.to_array() if isinstance(self.X, Mapped) else self.X


def split_rows(fraction, data, groups, random_state):
    """Return the rows to train on and the rows to validate on.

    Parameters
    ----------
    fraction : float, splitter or array-like of shape (n_samples,)
        The proportion to draw at random; or an object with scikit-learn's ``split(X, y, groups)``,
        of whose splits the last is used; or the test fold: True, or a number from 0 up, for rows
        to validate on, False or -1 for rows to train on (as in `PredefinedSplit`).
    data : Data
    groups : array-like of shape (n_samples,) or None
        For the splitter.
    random_state : RandomState
        For the draw.

    Raises
    ------
    ValueError
        If there are too few rows on either side.
    """
    n = len(data)
    if isinstance(fraction, Real):
        train, held_out = _draw(fraction, n, random_state)
    elif hasattr(fraction, "split"):
        splits = list(fraction.split(data.inputs(), data.target(), groups))
        if not splits:
            raise ValueError(f"validation_fraction={fraction} made no split.")
        train, held_out = (np.arange(n)[rows] for rows in splits[-1])  # numbers, or masks
    else:
        is_held_out = _in_test_fold(fraction, n)
        train, held_out = np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)
    if len(train) == 0:
        raise ValueError("validation_fraction leaves no rows to train on.")
    if len(held_out) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' "
            "or the size of your dataset."
        )
    return train, held_out


def _draw(fraction, n, random_state):
    try:
        return train_test_split(np.arange(n), test_size=fraction, random_state=random_state)
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
