"""Embeddings: what the columns of X may pass through before the dense layers.

An embedding is a first layer with parameters of its own. `network.backprop` hands it X, takes what
it makes of it for the a[0] of the dense layers, and hands it ``delta[1] @ W[0].T`` on the way back.

**Periodic.** A dense layer sees a column x as one number, and has to build every bend of a
function of it from its hidden units. Here x first becomes ``k`` cosines, whose frequencies and
phases are learnt, and these are mixed into a few numbers by weights of the column's own::

    u = 2 pi (x w + b)             k values                                 (w, b: k each)
    e = cos(u) @ V + v             n_outputs - 1 values            (V: k x (n_outputs - 1))

The layer hands on [e of the first column, e of the second, ..., x of all columns].
Backpropagation goes the same way back. With delta the derivative of the loss in e, and d the
derivative in u::

    dV = cos(u).T @ delta         dv = sum of delta
    d  = -sin(u) * (delta @ V.T)
    dw = 2 pi (sum of d x)        db = 2 pi (sum of d)       dx = 2 pi (d @ w), and that of x itself

where sums are over samples. The periodic features are those of Gorishniy, Rubachev and Babenko,
On embeddings for numerical features in tabular deep learning, NeurIPS 2022, section 3.3; phases
in the place of sines, and x beside e, are from Holzmueller, Grinsztajn and Steinwart, Better by
default, NeurIPS 2024, section 3 ("PBLD": periodic, bias, linear, densely connected).
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, prod, sqrt
from typing import Annotated, Any, NamedTuple

import numpy as np

from ..maths import Array, Component


class Layer:
    """The layer of an embedding: it holds views of the parameter vector, and its formulas.

    ::

        forward(a)                 z, what the layer makes of what enters
        gradient(a, delta, into)   the derivatives of the loss in its arrays
        below(a, delta)            the derivative of the loss in ``a``

    where ``a`` is of shape (n_samples, n_features), and ``delta``, the derivative of the loss in
    z, of shape (n_samples, width). The gradient is a vector like the parameters, so it is cut
    into the same arrays: ``into`` is the layer whose arrays receive the derivatives.

    See Also
    --------
    Embedding : What makes a layer.

    Examples
    --------
    >>> Periodic(2, 2).layer(np.zeros(7), n_features=1).forward(np.ones((1, 1)))
    array([[0., 1.]])
    """

    def forward(self, a: Array) -> Array:
        """Return z."""
        raise NotImplementedError

    def as_products(self, a: Array) -> Array:
        """Return z by matrix products and elementwise functions alone (as ONNX has them)."""
        return self.forward(a)

    def gradient(self, a: Array, delta: Array, into: Any) -> None:
        """Put the derivatives in this layer's arrays, summed over samples, into ``into``'s."""
        raise NotImplementedError

    def below(self, a: Array, delta: Array) -> Array:
        """Return the derivative in ``a``."""
        raise NotImplementedError

    def rescale(self, shift: Array, scale: Array) -> None:
        """Change the arrays in place, so that ``a`` does what ``(a - shift) / scale`` did."""
        raise NotImplementedError

    def unscale(self, shift: Array, scale: Array) -> None:
        """Undo `rescale`, in place."""
        raise NotImplementedError

    def left(self, shift: Array, scale: Array) -> tuple[Array, Array]:
        """Return the shift and the scale that `rescale` leaves for the dense layer above.

        An element for each column of z: 0 and 1 where nothing is left.
        """
        raise NotImplementedError

    @property
    def arrays(self) -> Any:
        """What ``embedding_`` shows: the arrays of the layer."""
        return self

    @classmethod
    def stack(cls, layers: Sequence[Any]) -> Any:
        """Return layers as one, or None if that cannot be.

        Its `forward` takes a stack of shape (n_layers, n_samples, fan_in), and does with each part
        of it what that layer does.
        """
        return None


class Embedding(Component):
    """A first layer with parameters of its own: how large it is, and where it starts.

    A subclass says what arrays the layer has; `layer` cuts them from a vector. If it has something
    to learn of the columns before that, such as which of them to embed, `fit` returns an embedding
    that has learnt it: that one the network keeps.

    See Also
    --------
    Periodic : Waves of each column.
    Layer : What it makes.

    Examples
    --------
    >>> Periodic().width(n_features=3)  # four columns of each
    12
    """

    @property
    def choice(self) -> "Embedding":
        """The embedding as it was chosen, before `fit`."""
        return self

    def fit(self, X: Array, sample_weight: Array | None = None) -> "Embedding":
        """Return the embedding for a network that is trained on such rows; here itself.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Rows of the training set, none of weight 0, standardised as the network sees them: all,
            or some thousands of many.
        sample_weight : ndarray of shape (n_samples,), default=None
            None is a weight of 1 for each.
        """
        return self

    @abstractmethod
    def shapes(self, n_features: int) -> list[tuple[int, ...]]:
        """Return the shapes of the arrays of the layer."""

    def n_parameters(self, n_features: int) -> int:
        """Return how many numbers they hold."""
        return sum(map(prod, self.shapes(n_features)))

    @abstractmethod
    def width(self, n_features: int) -> int:
        """Return how many columns the layer hands on."""

    @abstractmethod
    def layer(self, vector: Array, n_features: int) -> Layer:
        """Return the `Layer` whose arrays are views of ``vector``."""

    @abstractmethod
    def draw(self, layer: Any, random_state: np.random.RandomState) -> None:
        """Put the values that training starts from into the arrays of a layer."""

    @abstractmethod
    def names(self, features: Sequence[str]) -> list[str]:
        """Return names of the columns that it hands on, from those of the columns of X."""


def embed_varied_columns(embedding: Embedding, X: Array) -> Embedding:
    """Return an embedding of those columns of X that have more than two values.

    Of two values a straight line is all that there is to learn; the others pass by as they are.
    """
    low, high = X.min(axis=0), X.max(axis=0)
    columns = np.flatnonzero(((low != X) & (high != X)).any(axis=0))
    if len(columns) == X.shape[1]:
        return embedding
    return ColumnEmbedding(embedding, tuple(columns.tolist()))


@dataclass(frozen=True)
class ColumnEmbedding(Embedding):
    """An embedding of some columns; the others pass by it, and come last."""

    embedding: Embedding
    columns: tuple[int, ...]

    @property
    def choice(self) -> Embedding:
        return self.embedding.choice

    def shapes(self, n_features: int) -> list[tuple[int, ...]]:
        return self.embedding.shapes(len(self.columns))

    def width(self, n_features: int) -> int:
        return self.embedding.width(len(self.columns)) + n_features - len(self.columns)

    def layer(self, vector: Array, n_features: int) -> "ColumnLayer":
        layer = self.embedding.layer(vector, len(self.columns))
        width = self.embedding.width(len(self.columns))
        return ColumnLayer(layer, np.array(self.columns, int), n_features, width)

    def draw(self, layer: Any, random_state: np.random.RandomState) -> None:
        self.embedding.draw(layer.layer, random_state)

    def names(self, features: Sequence[str]) -> list[str]:
        others = [name for i, name in enumerate(features) if i not in self.columns]
        return [*self.embedding.names([features[i] for i in self.columns]), *others]


class ColumnLayer(Layer):
    """The layer of `ColumnEmbedding`: that of an embedding, and columns beside it."""

    def __init__(self, layer: Layer, columns: Array, n_features: int, width: int) -> None:
        self.layer: Layer = layer
        self.columns: Array = columns
        self.width: int = width
        self.others: Array = np.setdiff1d(np.arange(n_features), columns)

    @property
    def arrays(self) -> Any:
        return self.layer.arrays

    @classmethod
    def stack(cls, layers: Sequence["ColumnLayer"]) -> "ColumnLayer | None":
        first = layers[0]
        if any(not np.array_equal(each.columns, first.columns) for each in layers):
            return None
        together = type(first.layer).stack([each.layer for each in layers])
        if together is None:
            return None
        n_features = len(first.columns) + len(first.others)
        return cls(together, first.columns, n_features, first.width)

    def forward(self, a: Array) -> Array:
        embedded = self.layer.forward(a[..., self.columns])
        return np.concatenate([embedded, a[..., self.others]], axis=-1)

    def as_products(self, a: Array) -> Array:
        chosen = np.eye(len(self.columns) + len(self.others))  # products with its columns take some
        total, beside = self.width + len(self.others), np.eye(len(self.others))
        others = chosen[:, self.others] @ np.hstack([np.zeros((len(beside), self.width)), beside])
        if len(self.columns) == 0:
            return a @ others
        embedded = self.layer.as_products(a @ chosen[:, self.columns])
        return embedded @ np.eye(self.width, total) + a @ others

    def gradient(self, a: Array, delta: Array, into: "ColumnLayer") -> None:
        self.layer.gradient(a[:, self.columns], delta[:, : self.width], into.layer)

    def below(self, a: Array, delta: Array) -> Array:
        result = np.empty(a.shape, delta.dtype)
        result[:, self.columns] = self.layer.below(a[:, self.columns], delta[:, : self.width])
        result[:, self.others] = delta[:, self.width :]
        return result

    def rescale(self, shift: Array, scale: Array) -> None:
        self.layer.rescale(shift[self.columns], scale[self.columns])

    def unscale(self, shift: Array, scale: Array) -> None:
        self.layer.unscale(shift[self.columns], scale[self.columns])

    def left(self, shift: Array, scale: Array) -> tuple[Array, Array]:
        of_embedded = self.layer.left(shift[self.columns], scale[self.columns])
        return np.r_[of_embedded[0], shift[self.others]], np.r_[of_embedded[1], scale[self.others]]


@dataclass(frozen=True)
class Periodic(Embedding):
    """Each column of X becomes ``n_outputs``: mixtures of learnt cosines, and itself.

    A column of at most two values stays as it is.

    Parameters
    ----------
    n_frequencies : int, default=8
        The cosines of each column.
    n_outputs : int, default=4
        What each column becomes, itself among them; at least 2.
    scale : float, default=0.1
        The standard deviation of the initial frequencies, in periods per standard deviation of
        the column (per unit with ``standardize=False``). The larger, the more bends the first
        functions have.

    See Also
    --------
    PiecewiseLinear : Bins in place of waves.

    Examples
    --------
    >>> Periodic(n_outputs=3).names(["height"])
    ['height ~1', 'height ~2', 'height']
    """

    n_frequencies: Annotated[int, "[1, inf)"] = 8
    n_outputs: Annotated[int, "[2, inf)"] = 4
    scale: Annotated[float, "(0, inf)"] = 0.1

    def fit(self, X: Array, sample_weight: Array | None = None) -> Embedding:
        return embed_varied_columns(self, X)

    def shapes(self, n_features: int) -> list[tuple[int, ...]]:
        per_column, mixed = (n_features, self.n_frequencies), self.n_outputs - 1
        return [per_column, per_column, (*per_column, mixed), (n_features, mixed)]

    def width(self, n_features: int) -> int:
        return n_features * self.n_outputs

    def layer(self, vector: Array, n_features: int) -> "PeriodicLayer":
        arrays, start = [], 0
        for shape in self.shapes(n_features):
            arrays.append(vector[start : start + prod(shape)].reshape(shape))
            start += prod(shape)
        return PeriodicLayer(*arrays)

    def draw(self, layer: "PeriodicLayer", random_state: np.random.RandomState) -> None:
        w, b, V, v = layer
        bound = 1 / sqrt(self.n_frequencies)
        w[...] = random_state.normal(0, self.scale, w.shape)
        b[...] = random_state.uniform(-0.5, 0.5, b.shape)
        V[...] = random_state.uniform(-bound, bound, V.shape)
        v[...] = random_state.uniform(-bound, bound, v.shape)

    def names(self, features: Sequence[str]) -> list[str]:
        mixed = [f"{name} ~{i}" for name in features for i in range(1, self.n_outputs)]
        return [*mixed, *features]


class _PeriodicArrays(NamedTuple):
    frequencies: Array  # w, of shape (n_features, n_frequencies), in periods
    phases: Array  # b, of the same shape, in periods
    coefs: Array  # V, of shape (n_features, n_frequencies, n_outputs - 1)
    intercepts: Array  # v, of shape (n_features, n_outputs - 1)


class PeriodicLayer(Layer, _PeriodicArrays):
    """The layer of `Periodic`; its arrays are those of the module's formulas, for all columns."""

    __slots__ = ()

    @classmethod
    def stack(cls, layers: Sequence["PeriodicLayer"]) -> "PeriodicLayer":
        return cls(*map(np.stack, zip(*layers)))

    def forward(self, a: Array) -> Array:
        e = np.cos(self._u(a)) @ self.coefs + self.intercepts[..., np.newaxis, :]
        e = np.swapaxes(e, -3, -2)  # (n, columns, n_outputs - 1)
        n_mixed = e.shape[-2] * e.shape[-1]
        return np.concatenate([e.reshape(*a.shape[:-1], n_mixed), a], axis=-1)

    def as_products(self, a: Array) -> Array:
        columns, k, mixed = self.coefs.shape
        w, V = np.zeros((columns, columns, k)), np.zeros((columns, k, columns, mixed))
        for column in range(columns):  # blocks along the diagonal: the columns do not meet
            w[column, column], V[column, :, column] = self.frequencies[column], self.coefs[column]
        u = 2 * pi * (a @ w.reshape(columns, -1) + self.phases.ravel())
        V = np.hstack([V.reshape(columns * k, -1), np.zeros((columns * k, columns))])
        v = np.concatenate([self.intercepts.ravel(), np.zeros(columns)])
        return np.cos(u) @ V + a @ np.eye(columns, len(v), len(v) - columns) + v

    def gradient(self, a: Array, delta: Array, into: "PeriodicLayer") -> None:
        u, delta = self._u(a), self._of_columns(delta)
        d = self._d(u, delta)
        into.coefs[...] = np.cos(u).transpose(0, 2, 1) @ delta
        into.intercepts[...] = delta.sum(axis=1)
        into.frequencies[...] = 2 * pi * (d * a.T[:, :, np.newaxis]).sum(axis=1)
        into.phases[...] = 2 * pi * d.sum(axis=1)

    def below(self, a: Array, delta: Array) -> Array:
        d = self._d(self._u(a), self._of_columns(delta))
        through_e = 2 * pi * (d @ self.frequencies[:, :, np.newaxis])[:, :, 0].T
        return through_e + delta[:, self.intercepts.size :]

    def rescale(self, shift: Array, scale: Array) -> None:
        self.frequencies[...] /= scale[:, np.newaxis]
        self.phases[...] -= shift[:, np.newaxis] * self.frequencies

    def unscale(self, shift: Array, scale: Array) -> None:
        self.phases[...] += shift[:, np.newaxis] * self.frequencies
        self.frequencies[...] *= scale[:, np.newaxis]

    def left(self, shift: Array, scale: Array) -> tuple[Array, Array]:
        n_mixed = self.intercepts.size  # columns of e; only x itself, beside them, has any left
        return np.r_[np.zeros(n_mixed), shift], np.r_[np.ones(n_mixed), scale]

    def _u(self, a):
        """Return u, of shape (columns, n, k)."""
        x, one_row = np.swapaxes(a, -1, -2)[..., np.newaxis], (..., np.newaxis, slice(None))
        return 2 * pi * (x * self.frequencies[one_row] + self.phases[one_row])

    def _of_columns(self, delta):
        """Return the part of ``delta`` that belongs to e, of shape (columns, n, n_outputs - 1)."""
        columns, mixed = self.intercepts.shape
        return delta[:, : columns * mixed].reshape(len(delta), columns, mixed).transpose(1, 0, 2)

    def _d(self, u, delta):
        """Return the derivative in u, of its shape."""
        return -np.sin(u) * (delta @ self.coefs.transpose(0, 2, 1))
