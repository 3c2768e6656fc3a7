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
from dataclasses import dataclass, field, is_dataclass, replace
from math import pi, prod, sqrt
from typing import Annotated, Any, NamedTuple

import numpy as np

from ..maths import Array, Component, Index


class Layer:
    """The layer of an embedding: it holds views of the parameter vector, and its formulas.

    In these ``a``, what enters, is of shape (n_samples, n_features), and ``delta``, the derivative
    of the loss in z, what leaves, of shape (n_samples, width). The gradient is a vector like the
    parameters, and cut into the same arrays: those of the layer ``into``.

    See Also
    --------
    Embedding : What makes a layer.

    Examples
    --------
    >>> Periodic(2, 2).layer(np.zeros(7), n_features=1).forward(np.ones((1, 1)))
    array([[0., 1.]])
    """

    def forward(self, a: Array) -> Array:
        """Return z, what the layer makes of what enters."""
        raise NotImplementedError

    def as_products(self, a: Array) -> Array:
        """Return z by matrix products and elementwise functions alone (as ONNX has them)."""
        return self.forward(a)

    def gradient(self, a: Array, delta: Array, into: Any) -> None:
        """Put the derivatives in this layer's arrays, summed over samples, into ``into``'s."""
        raise NotImplementedError

    def below(self, a: Array, delta: Array) -> Array:
        """Return the derivative of the loss in ``a``."""
        raise NotImplementedError

    def rescale(self, shift: Array, scale: Array) -> None:
        """Change the arrays in place, so that ``a`` does what ``(a - shift) / scale`` did."""
        raise NotImplementedError

    def left(self, shift: Array, scale: Array) -> tuple[Array, Array]:
        """Return the shift and the scale that `rescale` leaves for the dense layer above.

        An element for each column of z: 0 and 1 where nothing is left.
        """
        raise NotImplementedError

    @property
    def arrays(self) -> Any:
        """What ``embedding_`` shows: the layer itself, as a tuple of its arrays, if it is one."""
        return self if isinstance(self, tuple) else ()

    @classmethod
    def stack(cls, layers: Sequence[Any]) -> Any:
        """Return layers as one, or None if that cannot be.

        Its `forward` takes a stack of shape (n_layers, n_samples, fan_in), and does with each part
        of it what that layer does.
        """
        return None


class Embedding(Component):
    """A first layer with parameters of its own: how large it is, and where it starts.

    If it has something to learn of the columns first, such as which of them to embed, `fit` returns
    an embedding that has learnt it: that one the network keeps.

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
        this: Any = self
        return replace(this) if is_dataclass(self) else self

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


def have_many_values(X: Array) -> Array:
    """Return which columns have more than two values: of others a straight line says all."""
    low, high = X.min(axis=0), X.max(axis=0)
    return ((low != X) & (high != X)).any(axis=0)


def copy_with(embedding: Any, **values: Any) -> Any:
    """Return a copy of an embedding, a frozen dataclass, that has learnt the values of fields."""
    copy = embedding.choice
    vars(copy).update(values)  # past the frozen dataclass
    return copy


@dataclass(frozen=True)
class Periodic(Embedding):
    """Each column of X becomes ``n_outputs``: mixtures of learnt cosines, and itself.

    A column of at most two values stays as it is, and comes last: a straight line is all that there
    is to learn of it.

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
    spread : float, default=1.0
        Above 1, the initial frequencies are spread over scales: one in each of ``n_frequencies``
        equal parts, in the logarithm, of the range from ``scale`` to ``spread * scale``. What the
        fast ones are weighed by begins smaller, in inverse proportion, so that the first functions
        are smooth, whatever is left to be found.

    Attributes
    ----------
    columns : tuple of int, or None
        Those that become waves; None is all, as before `fit`.

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
    spread: Annotated[float, "[1, inf)"] = 1.0

    columns: tuple[int, ...] | None = field(default=None, init=False, repr=False)

    def fit(self, X: Array, sample_weight: Array | None = None) -> Embedding:
        varied = have_many_values(X)
        columns = None if varied.all() else tuple(np.flatnonzero(varied).tolist())
        return copy_with(self, columns=columns)

    def shapes(self, n_features: int) -> list[tuple[int, ...]]:
        n_columns, mixed = len(self._columns(n_features)), self.n_outputs - 1
        per_column = n_columns, self.n_frequencies
        return [per_column, per_column, (*per_column, mixed), (n_columns, mixed)]

    def width(self, n_features: int) -> int:
        return n_features + len(self._columns(n_features)) * (self.n_outputs - 1)

    def layer(self, vector: Array, n_features: int) -> "PeriodicLayer":
        arrays, start = [], 0
        for shape in self.shapes(n_features):
            arrays.append(vector[start : start + prod(shape)].reshape(shape))
            start += prod(shape)
        layer = PeriodicLayer(*arrays)
        if self.columns is not None:
            layer.columns = np.array(self.columns, int)
            layer.order = np.array(self._order(n_features), int)
        return layer

    def draw(self, layer: "PeriodicLayer", random_state: np.random.RandomState) -> None:
        w, b, V, v = layer
        bound = 1 / sqrt(self.n_frequencies)
        if self.spread == 1:
            w[...] = random_state.normal(0, self.scale, w.shape)
        else:
            parts = np.arange(self.n_frequencies) + random_state.uniform(size=w.shape)
            w[...] = self.scale * self.spread ** (parts / self.n_frequencies)
        b[...] = random_state.uniform(-0.5, 0.5, b.shape)
        V[...] = random_state.uniform(-bound, bound, V.shape)
        v[...] = random_state.uniform(-bound, bound, v.shape)
        if self.spread > 1:
            V *= self.scale / w[..., np.newaxis]

    def names(self, features: Sequence[str]) -> list[str]:
        waves = [features[i] for i in self._columns(len(features))]
        mixed = [f"{name} ~{i}" for name in waves for i in range(1, self.n_outputs)]
        return [*mixed, *(features[i] for i in self._order(len(features)))]

    def _columns(self, n_features):
        return range(n_features) if self.columns is None else self.columns

    def _order(self, n_features):
        """Return the columns of X in the order in which they are handed on."""
        columns = self._columns(n_features)
        return [*columns, *(i for i in range(n_features) if i not in columns)]


class _PeriodicArrays(NamedTuple):
    frequencies: Array  # w, of shape (n_features, n_frequencies), in periods
    phases: Array  # b, of the same shape, in periods
    coefs: Array  # V, of shape (n_features, n_frequencies, n_outputs - 1)
    intercepts: Array  # v, of shape (n_features, n_outputs - 1)


class PeriodicLayer(Layer, _PeriodicArrays):
    """The layer of `Periodic`; its arrays are those of the module's formulas, for all columns."""

    columns: Index = slice(None)  # of X, that become waves
    order: Index = slice(None)  # in which those and all others are handed on

    @classmethod
    def stack(cls, layers: Sequence["PeriodicLayer"]) -> "PeriodicLayer | None":
        orders: list[Any] = [layer.order for layer in layers]
        if any(not np.array_equal(order, orders[0]) for order in orders):
            return None
        together = cls(*map(np.stack, zip(*layers)))
        together.columns, together.order = layers[0].columns, orders[0]
        return together

    def forward(self, a: Array) -> Array:
        e = np.cos(self._u(a)) @ self.coefs + self.intercepts[..., np.newaxis, :]
        e = np.swapaxes(e, -3, -2)  # (n, columns, n_outputs - 1)
        n_mixed = e.shape[-2] * e.shape[-1]
        return np.concatenate([e.reshape(*a.shape[:-1], n_mixed), a[..., self.order]], axis=-1)

    def as_products(self, a: Array) -> Array:
        n_columns, k, mixed = self.coefs.shape
        n = n_columns if isinstance(self.order, slice) else len(self.order)
        n_mixed = self.intercepts.size
        x = a @ (np.eye(n)[:, self.order] @ np.eye(n, n_mixed + n, n_mixed))
        if n_columns == 0:
            return x
        w, V = np.zeros((n, n_columns, k)), np.zeros((n_columns, k, n_columns, mixed))
        for i, column in enumerate(np.arange(n)[self.columns]):  # blocks: columns do not meet
            w[column, i], V[i, :, i] = self.frequencies[i], self.coefs[i]
        u = 2 * pi * (a @ w.reshape(n, -1) + self.phases.ravel())
        V = np.hstack([V.reshape(n_columns * k, -1), np.zeros((n_columns * k, n))])
        return np.cos(u) @ V + x + np.concatenate([self.intercepts.ravel(), np.zeros(n)])

    def gradient(self, a: Array, delta: Array, into: "PeriodicLayer") -> None:
        u, delta = self._u(a), self._of_columns(delta)
        d = self._d(u, delta)
        into.coefs[...] = np.cos(u).transpose(0, 2, 1) @ delta
        into.intercepts[...] = delta.sum(axis=1)
        into.frequencies[...] = 2 * pi * (d * a.T[self.columns][:, :, np.newaxis]).sum(axis=1)
        into.phases[...] = 2 * pi * d.sum(axis=1)

    def below(self, a: Array, delta: Array) -> Array:
        d = self._d(self._u(a), self._of_columns(delta))
        result = np.empty(a.shape, delta.dtype)
        result[:, self.order] = delta[:, self.intercepts.size :]
        result[:, self.columns] += 2 * pi * (d @ self.frequencies[:, :, np.newaxis])[:, :, 0].T
        return result

    def rescale(self, shift: Array, scale: Array) -> None:
        self.frequencies[...] /= scale[self.columns, np.newaxis]
        self.phases[...] -= shift[self.columns, np.newaxis] * self.frequencies

    def left(self, shift: Array, scale: Array) -> tuple[Array, Array]:
        n = self.intercepts.size  # columns of e; only x itself, beside them, has any left
        return np.r_[np.zeros(n), shift[self.order]], np.r_[np.ones(n), scale[self.order]]

    def _u(self, a):
        """Return u, of shape (columns, n, k)."""
        x = np.swapaxes(a[..., self.columns], -1, -2)[..., np.newaxis]
        one_row = (..., np.newaxis, slice(None))
        return 2 * pi * (x * self.frequencies[one_row] + self.phases[one_row])

    def _of_columns(self, delta):
        """Return the part of ``delta`` that belongs to e, of shape (columns, n, n_outputs - 1)."""
        columns, mixed = self.intercepts.shape
        return delta[:, : columns * mixed].reshape(len(delta), columns, mixed).transpose(1, 0, 2)

    def _d(self, u, delta):
        """Return the derivative in u, of its shape."""
        return -np.sin(u) * (delta @ self.coefs.transpose(0, 2, 1))
