"""A data set: inputs, targets and weights, checked; and mean and deviation of its columns.

These are taken part by part, and are the same to the last bit wherever the parts are.
"""

from dataclasses import dataclass, field
from functools import reduce
from typing import Any, TypeGuard

import numpy as np
from scipy import sparse
from sklearn.utils.sparsefuncs import inplace_column_scale, mean_variance_axis

from ..maths import Array, Matrix
from .chunking import Mapped, slices

AT_A_TIME = 1 << 22  # bytes of X in a part
CONSTANT = 1e-14  # of its mean, to which the deviation of a constant sparse column is rounded


def is_per_target(weight: Any) -> TypeGuard[Array]:
    """Return True for weights of each target, of shape (n, n_targets); else they are of rows."""
    return weight is not None and weight.ndim == 2


def weight_by_row(weight: Any) -> Any:
    """Return the weights of rows, where targets have their own: these, or 0 if all are."""
    return weight.max(axis=1) if is_per_target(weight) else weight


def where_measured(values: Array, weight: Any) -> Array:
    """Return the values, nan where targets have weights of their own and one's is 0."""
    return np.where(weight > 0, values, np.nan) if is_per_target(weight) else values


@dataclass(frozen=True)
class DataSet:
    """Inputs, targets and weights, checked."""

    X: Matrix  # an array, `Mapped` or a CSR matrix
    y: Array  # of shape (n_samples, n_outputs); gaps are filled with others of their column
    weight: Any  # an Array or None: of rows; or of each target, which is 0 where not measured
    chosen: Array | None = field(default=None, kw_only=True)  # the rows to train on; None is all

    def __len__(self) -> int:
        return len(self.y if self.chosen is None else self.chosen)

    def of_chosen(self, array: Any) -> Any:
        """Return the chosen rows of an array."""
        return array if self.chosen is None else array[self.chosen]

    @property
    def per_target(self) -> bool:
        """Whether each target has a weight of its own."""
        return is_per_target(self.weight)

    def target(self) -> Array:
        """Return y as scikit-learn's tools expect it: of shape (n_samples,) if it is one."""
        y = where_measured(self.y, self.weight)
        return y[:, 0] if y.shape[1] == 1 else y

    @property
    def row_weight(self) -> Any:
        """The weight of each row: the mean of those of its targets."""
        return self.weight.mean(axis=1) if self.per_target else self.weight

    def take(self, rows: Array) -> "DataSet":
        """Return these rows: a copy, but for a mapped X."""
        X = self.X.take(rows) if isinstance(self.X, Mapped) else self.X[rows]
        return DataSet(X, self.y[rows], None if self.weight is None else self.weight[rows])

    def mean_weight(self) -> float:
        """Return the mean weight of the chosen rows, or of their targets."""
        if self.weight is None:
            return 1.0
        weight, tree = self.of_chosen(self.weight), Tree()
        for i, part in enumerate(slices(len(weight), self.rows_of_a_part)):
            tree.add(float(weight[part].sum()), i)
        return tree.total() / weight.size

    def statistics(self, name: str) -> "Moments":
        """Return the `Moments` of "X" or "y" over the chosen rows."""
        array, weight = (self.y, self.weight) if name == "y" else (self.X, self.row_weight)
        rows, size, tree = self.chosen, self.rows_of_a_part, Tree()
        for i, start in enumerate(range(0, len(self), size)):
            part = slice(start, start + size)
            part = part if rows is None else rows[part]
            tree.add(Moments.of(array[part], None if weight is None else weight[part]), i)
        return tree.total()

    @property
    def rows_of_a_part(self) -> int:
        """Of how many rows statistics are taken together.

        Of sparse X what is stored counts: no less in a part than there are columns, each of which
        costs something in every part.
        """
        X = self.X
        if not sparse.issparse(X):
            return rows_of_a_part(X.shape[1])
        stored_per_row = max(1, X.nnz / max(1, X.shape[0]))
        return max(1, int(max(AT_A_TIME // 8, X.shape[1]) / stored_per_row))

    def sample(self, name: str, n: int) -> Matrix:
        """Return "X" or "y" of n of the chosen rows that have a weight, or of all of them."""
        rows = self.chosen
        if isinstance(self.weight, np.ndarray):
            weighing = self.of_chosen(self.row_weight) > 0
            rows = np.flatnonzero(weighing) if rows is None else rows[weighing]
        n_rows = len(self) if rows is None else len(rows)
        if n < n_rows:
            some = np.linspace(0, n_rows - 1, n).astype(int)
            rows = some if rows is None else rows[some]
        return getattr(self, name)[slice(None) if rows is None else rows]

    def inputs(self) -> Matrix:
        """Return X as an array or a sparse matrix, to be handed to the user's functions."""
        return self.X.to_array() if isinstance(self.X, Mapped) else self.X


@dataclass(frozen=True)
class Moments:
    """Mean and standard deviation of columns; they can be added.

    The sum is that of Chan, Golub and LeVeque, Algorithms for computing the sample variance:
    analysis and recommendations, The American Statistician 37, 1983, with sums of weights for
    numbers of samples. Squares are of numbers near 1, so they neither overflow nor underflow. The
    deviation of a constant column, whatever its value, is exactly 0.
    """

    weight: Any  # the sum over the rows; of each column, where they differ in that
    count: int  # rows of any weight
    mean_: Array
    std_: Array
    filled: Any = 1.0  # of sparse columns, the share of the weight that is not on zeros

    @classmethod
    def of(cls, X: Matrix, weight: Array | None = None) -> "Moments":
        """Return the moments of an array, or a sparse matrix, that is not too large.

        ``weight`` is of rows, or of the shape of X.
        """
        if is_per_target(weight):
            columns = [cls.of(X[:, [j]], w) for j, w in enumerate(weight.T)]
            means, stds = np.transpose([(one.mean_[0], one.std_[0]) for one in columns])
            return cls(np.array([one.weight for one in columns]), len(weight), means, stds)
        if weight is not None:
            X, weight = X[weight > 0], weight[weight > 0]
        n, n_columns = X.shape
        if n == 0:
            return cls(0.0, 0, np.zeros(n_columns), np.zeros(n_columns))
        relative = None if weight is None else weight / weight.mean()
        moments = moments_of_sparse if sparse.issparse(X) else moments_of_dense
        with np.errstate(over="ignore", invalid="ignore"):  # leaves what is not finite
            of_columns = moments(X, relative)
        return cls(float(n if weight is None else weight.sum()), n, *of_columns)

    def __add__(self, other: "Moments") -> "Moments":
        """Return the moments of the rows of both."""
        if self.count == 0 or other.count == 0:
            return other if self.count == 0 else self
        weight = self.weight + other.weight
        share = other.weight / np.where(weight > 0, weight, 1)
        with np.errstate(over="ignore", invalid="ignore"):
            delta = other.mean_ - self.mean_
            mean = self.mean_ + share * delta
            unit = power_of_two(np.max([self.std_, other.std_, np.abs(delta)], axis=0))
            a, b, d = self.std_ / unit, other.std_ / unit, delta / unit
            var = (1 - share) * a**2 + share * (b**2 + (1 - share) * d**2)
            std = np.sqrt(var) * unit
            filled = self.filled + share * (other.filled - self.filled)
            return Moments(weight, self.count + other.count, mean, std, filled)

    def root_mean_square(self) -> Array:
        """Return the scale about zero."""
        with np.errstate(over="ignore"):
            return np.hypot(self.mean_, self.std_)

    def root_mean_square_of_filled(self) -> Array:
        """Return the scale about zero of what is not zero in a sparse column."""
        return self.root_mean_square() / np.sqrt(np.where(self.filled > 0, self.filled, 1))


def power_of_two(size: Array) -> Array:
    """Return the power of two that brings each number into [1, 2); a normal number."""
    return np.ldexp(1.0, np.maximum(np.frexp(size)[1] - 1, np.finfo(np.float64).minexp))


def moments_of_dense(X: Array, weight: Array | None) -> tuple[Array, Array]:
    """Return mean and standard deviation of the columns of an array, by two passes.

    They are taken of what the rows differ from the first by. By no matrix product: the order in
    which it adds depends on the threads of the BLAS. The columns are made contiguous, which makes
    each pass several times faster.
    """
    columns = np.array(X.T, np.float64, order="C")
    first = columns[:, :1].copy()
    columns -= first
    unit = power_of_two(np.maximum(columns.max(axis=1), -columns.min(axis=1)))
    columns *= 1 / unit[:, np.newaxis]
    mean = np.average(columns, axis=1, weights=weight)
    columns -= mean[:, np.newaxis]
    columns *= columns
    var = np.average(columns, axis=1, weights=weight)
    return first[:, 0] + mean * unit, np.sqrt(var) * unit


def moments_of_sparse(X: Matrix, weight: Array | None) -> tuple[Array, Array, Array]:
    """Return mean, standard deviation and share of what is not 0 of columns of a sparse matrix."""
    X = X.astype(np.float64)
    largest = abs(X).max(axis=0).toarray().ravel()
    unit = power_of_two(largest)
    inplace_column_scale(X, 1 / unit)
    moments: Any = mean_variance_axis(X, axis=0, weights=weight)
    mean = moments[0] * unit
    std = np.sqrt(np.maximum(moments[1], 0)) * unit  # rounding may leave the variance below 0
    is_constant = std <= CONSTANT * np.abs(mean)  # whose mean is rounded too, being a sum
    mean = np.where(is_constant, np.copysign(largest, mean), mean)
    std = np.where(is_constant, 0, std)
    share = np.full(X.shape[0], 1 / X.shape[0]) if weight is None else weight / len(weight)
    return mean, std, share @ (X != 0)


def rows_of_a_part(n_features: int) -> int:
    """Return of how many rows statistics are taken together."""
    return max(1, AT_A_TIME // (8 * n_features))


class Tree:
    """A sum of numbered terms, added in pairs: ((0 + 1) + (2 + 3)) + ((4 + 5) + ...).

    The same additions are made in whatever order the terms come, and however they are spread
    over several trees that are added in the end. (Pairs also keep the error small: it grows with
    the logarithm of the number of terms; Higham, Accuracy and Stability of Numerical Algorithms,
    2002, section 4.2.)
    """

    def __init__(self, nodes: Any = ()) -> None:
        # (level, position): the sum of the 2^level terms from number position * 2^level on, where
        # the sum of twice as many is not known yet
        self.nodes: dict[tuple[int, int], Any] = dict(nodes)

    def add(self, term: Any, position: int, level: int = 0) -> None:
        """Add a term, or the sum of 2^level terms; None of them is changed."""
        while (level, position ^ 1) in self.nodes:
            sibling = self.nodes.pop((level, position ^ 1))
            term = sibling + term if position & 1 else term + sibling
            level, position = level + 1, position >> 1
        self.nodes[level, position] = term

    def __add__(self, other: "Tree") -> "Tree":
        """Return the tree of the terms of both."""
        tree = Tree(self.nodes)
        for (level, position), term in other.nodes.items():
            tree.add(term, position, level)
        return tree

    def total(self) -> Any:
        """Return the sum, when all terms have come."""
        nodes = sorted(self.nodes.items(), key=lambda node: -node[0][0])  # in order of the terms
        return reduce(lambda above, below: above + below, (term for _, term in nodes))
