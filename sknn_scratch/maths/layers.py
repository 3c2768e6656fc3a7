"""Layers: what a network is a chain of.

A layer holds its arrays, which are views of the parameter vector, and knows three formulas:

    forward(a)                 z, what it makes of what the layer below hands on
    gradient(a, delta, into)   the derivatives of the loss in its arrays
    below(a, delta)            the derivative of the loss in ``a``

    a       what enters, of shape (n_samples, fan_in)
    delta   the derivative of the loss in z, of shape (n_samples, fan_out)

The gradient is a vector like the parameters, so it is cut into the same layers, and ``into`` is
the layer whose arrays receive the derivatives. `Dense` is the layer that `network` is about;
`embedding` has another.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .activations import Activation
from .types import Array, Matrix


class Layer:
    """The interface of a layer; see the module for the shapes."""

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

    def left(self, shift: Array, scale: Array) -> tuple[Array, Array] | None:
        """Return the shift and the scale that `rescale` leaves for the layer above, or None.

        An element for each column of z.
        """
        return None


class _DenseArrays(NamedTuple):
    W: Array  # weights, of shape (fan_in, fan_out)
    b: Array  # intercepts, of shape (fan_out,)


class Dense(Layer, _DenseArrays):
    """z = a @ W + b: every output is a weighted sum of all inputs, and an intercept."""

    __slots__ = ()

    def forward(self, a: Array) -> Array:
        return a @ self.W + self.b

    def gradient(self, a: Array, delta: Array, into: "Dense") -> None:
        into.W[...] = a.T @ delta
        into.b[...] = delta.sum(axis=0)

    def below(self, a: Array, delta: Array) -> Array:
        return delta @ self.W.T

    def rescale(self, shift: Array, scale: Array) -> None:
        self.W[...] /= scale[:, np.newaxis]
        self.b[...] -= shift @ self.W

    def unscale(self, shift: Array, scale: Array) -> None:
        self.b[...] += shift @ self.W
        self.W[...] *= scale[:, np.newaxis]


def output(X: Matrix, layers: Sequence[Layer], activations: Sequence[Activation]) -> Array:
    """Return what leaves the last layer; parameters as for `forward_pass`."""
    for _, a in forward_pass(X, layers, activations):
        last = a
    return last


def forward_pass(
    X: Matrix, layers: Sequence[Layer], activations: Sequence[Activation]
) -> Iterator[tuple[Array, Array]]:
    """Yield (z, a) of each layer in turn, where a = f(z) is what the next one is handed.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
        What enters the first.
    layers : sequence of Layer
    activations : sequence of Activation
        The f of each layer.
    """
    a = X
    for layer, f in zip(layers, activations, strict=True):
        z = layer.forward(a)
        a = f(z)
        yield z, a
