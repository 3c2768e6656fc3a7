"""A data set: inputs, targets and weights, checked."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..maths import Array, Index, Matrix
from .chunking import Mapped, slices
from .moments import Moments, Tree, is_per_target, rows_of_a_part, rows_of_a_sparse_part, statistics


@dataclass(frozen=True)
class DataSet:
    """Inputs, targets and weights, checked.

    Attributes
    ----------
    X : {ndarray, Mapped, CSR matrix} of shape (n_samples, n_features)
    y : ndarray of shape (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,) or (n_samples, n_outputs), or None
        Of rows; or of each target, which is 0 where one was not measured. Then ``y`` holds another
        target of its column.
    """

    X: Matrix
    y: Array
    weight: Array | None

    def __len__(self) -> int:
        return len(self.y)

    def target(self) -> Array:
        """Return y as scikit-learn's tools expect it: of shape (n_samples,) if it is one."""
        y = self.y
        if is_per_target(self.weight):
            y = np.where(self.weight > 0, y, np.nan)
        return y[:, 0] if y.shape[1] == 1 else y

    @property
    def row_weight(self) -> Array | None:
        """The weight of each row: the mean of those of its targets."""
        return self.weight.mean(axis=1) if is_per_target(self.weight) else self.weight

    def weighing(self, rows: Array | None) -> Array | None:
        """Return those of the rows that have a weight above 0; None is all."""
        if not isinstance(self.weight, np.ndarray):
            return rows
        weight = self.row_weight if rows is None else self.row_weight[rows]
        return np.flatnonzero(weight) if rows is None else rows[weight > 0]

    def take(self, rows: Array) -> "DataSet":
        """Return these rows: a copy, but for a mapped X."""
        X = self.X.take(rows) if isinstance(self.X, Mapped) else self.X[rows]
        return DataSet(X, self.y[rows], None if self.weight is None else self.weight[rows])

    def mean_weight(self, rows: Index | None = None) -> float:
        """Return the mean weight of these rows, or of their targets; None is all."""
        if self.weight is None:
            return 1.0
        weight, tree = self.weight if rows is None else self.weight[rows], Tree()
        for i, part in enumerate(slices(len(weight), self.rows_of_a_part)):
            tree.add(float(weight[part].sum()), i)
        return tree.total() / weight.size

    def statistics(self, name: str, rows: Array | None = None) -> Moments:
        """Return the `Moments` of "X" or "y" over these rows; None is all."""
        weight = self.weight if name == "y" else self.row_weight
        return statistics(getattr(self, name), weight, rows, self.rows_of_a_part)

    @property
    def rows_of_a_part(self) -> int:
        """Of how many rows statistics are taken together."""
        X = self.X
        return rows_of_a_sparse_part(X) if sparse.issparse(X) else rows_of_a_part(X.shape[1])

    def sample(self, name: str, n: int, rows: Array | None = None) -> Matrix:
        """Return "X" or "y" of n of these rows, or of all if they are fewer; None is all rows."""
        n_rows = len(self) if rows is None else len(rows)
        chosen = np.linspace(0, n_rows - 1, min(n, n_rows)).astype(int)
        return getattr(self, name)[chosen if rows is None else rows[chosen]]

    def inputs(self) -> Matrix:
        """Return X as an array or a sparse matrix, to be handed to the user's functions."""
        return self.X.to_array() if isinstance(self.X, Mapped) else self.X
