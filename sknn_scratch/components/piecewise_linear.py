"""A piecewise-linear embedding: bins of the columns of X, which dense layers can bend at.

A dense layer makes a function of a column x bend where a hidden unit does, and has to learn where.
Here x is cut into bins between fixed edges e[0] < e[1] < ..., and each bin says how far into it x
has come::

    u = (x - e[t]) / (e[t+1] - e[t])
    bin t = min(max(u, 0), 1)

A weighted sum of the bins is any function that is linear in each of them. The layer hands on [bins
of the first column, bins of the second, ..., x of all columns]. Nothing in it is trained. On the
way back, with delta the derivative of the loss in bin t, dx gains delta / (e[t+1] - e[t]) where
0 <= u < 1: at an edge, as many rows are, it is the derivative to the right.

Gorishniy, Rubachev and Babenko, On embeddings for numerical features in tabular deep learning,
NeurIPS 2022, section 3.2, equation 1, with edges at quantiles; x beside the bins goes on where
these end, which theirs do at the first and the last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike

from ..maths import Array
from .embeddings import Embedding, Layer, copy_with, have_many_values


def quantiles(values: Array, shares: Array, levels: ArrayLike) -> Array:
    """Return the weighted quantiles of these levels of an array of shape (n_samples,).

    Sums of weights that differ by their rounding alone are equal: 0.1 for each row is as 1.
    """
    order = np.argsort(values)
    reached = np.cumsum(shares[order])
    total = reached[-1] * (1 - 1e-10)  # far more than rounding, far less than a row's share
    return values[order][np.searchsorted(reached, np.multiply(levels, total))]


@dataclass(frozen=True)
class PiecewiseLinear(Embedding):
    """Each column of X becomes how far it has come in each of its bins, and itself.

    The edges of the bins are quantiles of the column, over the rows that are trained on. A column
    of at most two values, or one with less than two bins, stays as it is.

    Parameters
    ----------
    n_bins : int, default=16
        The bins of each column, at least 2; fewer where quantiles are equal.
    max_total_bins : int, default=640
        Where columns are many, each has fewer bins, at least 2, for the time that they take: about
        so many in all. Columns of at most two values do not count.

    Attributes
    ----------
    edges : tuple of tuple of float, or None
        Of the bins of each column, none for one that stays as it is; None before `fit`.

    See Also
    --------
    Periodic : Waves whose lengths are trained.

    Examples
    --------
    >>> import numpy as np
    >>> embedding = PiecewiseLinear(n_bins=2).fit(np.array([[0.0], [1.0], [5.0]]))
    >>> embedding.edges
    ((0.0, 1.0, 5.0),)
    >>> embedding.layer(np.empty(0), 1).forward(np.array([[0.5], [3.0]]))
    array([[0.5, 0. , 0.5],
           [1. , 0.5, 3. ]])
    """

    n_bins: Annotated[int, "[2, inf)"] = 16
    max_total_bins: Annotated[int, "[2, inf)"] = 640
    edges: tuple[tuple[float, ...], ...] | None = field(default=None, init=False, repr=False)

    def fit(self, X: Array, sample_weight: Array | None = None) -> Embedding:
        shares = np.ones(len(X)) if sample_weight is None else sample_weight
        n_columns = max(1, np.count_nonzero(have_many_values(X)))
        n_bins = min(self.n_bins, max(2, self.max_total_bins // n_columns))
        levels = np.linspace(0, 1, n_bins + 1)
        edges = [np.unique(quantiles(x, shares, levels)) for x in X.T]
        of_bins = (tuple(map(float, column)) if len(column) > 2 else () for column in edges)
        return copy_with(self, edges=tuple(of_bins))

    def shapes(self, n_features: int) -> list[tuple[int, ...]]:
        return []

    def width(self, n_features: int) -> int:
        return n_features + sum(max(0, len(column) - 1) for column in self._edges())

    def layer(self, vector: Array, n_features: int) -> "PiecewiseLinearLayer":
        columns = [i for i, edges in enumerate(self._edges()) for _ in edges[1:]]
        low = [edge for edges in self._edges() for edge in edges[:-1]]
        high = [edge for edges in self._edges() for edge in edges[1:]]
        low, high = np.array(low, vector.dtype), np.array(high, vector.dtype)
        return PiecewiseLinearLayer(n_features, np.array(columns, int), low, high - low)

    def draw(self, layer: Any, random_state: np.random.RandomState) -> None:
        pass

    def names(self, features: Sequence[str]) -> list[str]:
        pairs = zip(features, self._edges())
        bins = [f"{name} bin {t}" for name, edges in pairs for t in range(1, len(edges))]
        return [*bins, *features]

    def _edges(self):
        """Return the edges; ValueError if there are none yet."""
        if self.edges is None:
            raise ValueError(f"{self!r} has no bins yet: they are learnt by fit(X).")
        return self.edges


class PiecewiseLinearLayer(Layer):
    """The layer of `PiecewiseLinear`; it has no parameters.

    For each bin of all there is its column of X, where it begins (``low``) and how far it goes.
    """

    def __init__(self, n_features: int, columns: Array, low: Array, widths: Array) -> None:
        self.n_features = n_features
        self.columns = columns
        self.low = low
        self.widths = widths

    @classmethod
    def stack(cls, layers: Sequence["PiecewiseLinearLayer"]) -> "PiecewiseLinearLayer | None":
        columns = layers[0].columns
        if any(not np.array_equal(layer.columns, columns) for layer in layers):
            return None
        low = np.stack([layer.low for layer in layers])[:, np.newaxis]
        widths = np.stack([layer.widths for layer in layers])[:, np.newaxis]
        return cls(layers[0].n_features, columns, low, widths)

    def forward(self, a: Array) -> Array:
        return np.concatenate([np.clip(self._u(a), 0, 1), a], axis=-1)

    def as_products(self, a: Array) -> Array:
        n_bins, n_features = len(self.columns), self.n_features
        x = np.eye(n_features, n_bins + n_features, n_bins)
        if n_bins == 0:
            return a @ x
        u = a @ (np.eye(n_features)[:, self.columns] / self.widths) - self.low / self.widths
        return np.minimum(np.maximum(u, 0), 1) @ np.eye(n_bins, n_bins + n_features) + a @ x

    def gradient(self, a: Array, delta: Array, into: "PiecewiseLinearLayer") -> None:
        pass

    def below(self, a: Array, delta: Array) -> Array:
        n_bins, u = len(self.columns), self._u(a)
        slopes = ((u >= 0) & (u < 1)) * delta[:, :n_bins] / self.widths
        result = delta[:, n_bins:].copy()
        np.add.at(result.T, self.columns, slopes.T)
        return result

    def rescale(self, shift: Array, scale: Array) -> None:
        pass

    def left(self, shift: Array, scale: Array) -> tuple[Array, Array]:
        n_bins = len(self.columns)  # only x itself, beside them, has any left
        return np.r_[np.zeros(n_bins), shift], np.r_[np.ones(n_bins), scale]

    def _u(self, a):
        """Return u, of shape (n, n_bins)."""
        return (a[..., self.columns] - self.low) / self.widths
