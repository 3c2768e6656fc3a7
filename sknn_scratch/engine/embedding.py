"""The first layer of a network that has an embedding, as calls in buffers.

An embedding stands between a batch and the first dense layer, which takes what it hands on for
its batch: `EmbeddedBatch` is one as those in `batches` are. Any layer can be made into calls by
its formulas, which allocate; the layer in the table at the end has calls of its own, which do not.
"""

from functools import partial
from math import pi
from typing import Any

import numpy as np

from ..components import Layer, PeriodicLayer
from ..maths import Array, Calls, Network
from ..tracing import aligned
from .batches import Batch


class Embedded:
    """Buffers for what an embedding hands on, for batches of one size.

    Parameters
    ----------
    network : Network
    params : ndarray of shape (network.n_parameters,)
        Read by the calls.
    size : int
        Samples in a batch.

    Attributes
    ----------
    a : ndarray of shape (width [+ 1], size)
        What the first dense layer reads, with its row of ones where there are intercepts.
    delta : ndarray of shape (width, size)
        The derivative of the loss in it.
    """

    n_features: int
    a: Array
    delta: Array
    W: Array
    calls: "FormulaCalls | PeriodicCalls"

    def __init__(self, network: Network, params: Array, size: int) -> None:
        layer, self.n_features = network.embedding_layer(params), network.sizes[0]
        width = network.embedding.width(self.n_features)
        self.a = aligned((width + network.fit_intercept, size), params.dtype, 1)
        self.delta = aligned((width, size), params.dtype)
        self.W = network.blocks(params)[0][:width]
        self.calls = CALLS.get(type(layer), FormulaCalls)(layer, self.a[:width], self.delta)


class EmbeddedBatch:
    """A batch that passes through an embedding.

    Parameters
    ----------
    embedded : Embedded
    x : DenseBatch
    into : Layer or None
        Whose arrays receive the gradient; None if nobody asks for it.
    """

    embedded: Embedded
    into: Layer | None
    x: Array

    def __init__(self, embedded: Embedded, x: Batch, into: Layer | None = None) -> None:
        self.embedded, self.into = embedded, into
        self.x = x.x[: embedded.n_features]

    def forward(self, block: Array, z: Array) -> Calls:
        """Return the calls for z = block.T @ [embedding of x, 1]."""
        return [*self.embedded.calls.forward(self.x), (block.T.dot, self.embedded.a, z)]

    def backward(self, delta: Array, gradient: Array) -> Calls:
        """Return the calls for the gradient of the dense layer's block, and of the embedding."""
        return [
            (self.embedded.a.dot, delta.T, gradient),
            (self.embedded.W.dot, delta, self.embedded.delta),
            *self.embedded.calls.backward(self.x, self.into),
        ]


class FormulaCalls:
    """The formulas of a layer, as calls: ``a`` is what it hands on, a sample per column."""

    layer: Layer
    a: Array
    delta: Array

    def __init__(self, layer: Layer, a: Array, delta: Array) -> None:
        self.layer, self.a, self.delta = layer, a, delta

    def forward(self, x: Array) -> Calls:
        """Return the calls that compute ``a`` of x."""
        return [(lambda: np.copyto(self.a, self.layer.forward(x.T).T),)]

    def backward(self, x: Array, into: Any) -> Calls:
        """Return the calls that put the gradient into the arrays of ``into``."""
        return [(self.layer.gradient, x.T, self.delta.T, into)]


class PeriodicCalls:
    """What `PeriodicLayer` computes; arrays are of shape (columns, ..., samples)."""

    layer: PeriodicLayer
    x: Array
    e: Array
    delta: Array
    u: Array
    cosines: Array
    w: Array
    b: Array
    full_turn: Array

    def __init__(self, layer: PeriodicLayer, a: Array, delta: Array) -> None:
        columns, k, mixed = layer.coefs.shape
        size, dtype = a.shape[1], a.dtype
        self.layer, self.x = layer, a[columns * mixed :]
        self.e, self.delta = (
            each[: columns * mixed].reshape(columns, mixed, size) for each in (a, delta)
        )
        self.u, self.cosines = (aligned((columns, k, size), dtype) for _ in range(2))
        self.w, self.b = (aligned((columns, k), dtype) for _ in range(2))  # in radians
        self.full_turn = np.array(2 * pi, dtype)

    def forward(self, x: Array) -> Calls:
        """Return the calls that compute ``a`` of x, and keep u and its cosines."""
        layer, samples = self.layer, np.newaxis
        return [
            (np.copyto, self.x, x),
            (np.multiply, layer.frequencies, self.full_turn, self.w),
            (np.multiply, layer.phases, self.full_turn, self.b),
            (np.multiply, self.x[:, np.newaxis], self.w[..., samples], self.u),
            (np.add, self.u, self.b[..., samples], self.u),
            (np.cos, self.u, self.cosines),
            (np.matmul, layer.coefs.transpose(0, 2, 1), self.cosines, self.e),
            (np.add, self.e, layer.intercepts[..., samples], self.e),
        ]

    def backward(self, x: Array, into: Any) -> Calls:
        """Return the calls that put the gradient into the arrays of ``into``."""
        d, over_samples = self.u, partial(np.add.reduce, axis=2)
        return [
            (np.matmul, self.cosines, self.delta.transpose(0, 2, 1), into.coefs),
            (partial(over_samples, self.delta, out=into.intercepts),),
            (np.sin, self.u, self.u),
            (np.multiply, self.u, -self.full_turn, self.u),
            (np.matmul, self.layer.coefs, self.delta, self.cosines),
            (np.multiply, self.u, self.cosines, d),
            (partial(over_samples, d, out=into.phases),),
            (np.multiply, d, self.x[:, np.newaxis], d),
            (partial(over_samples, d, out=into.frequencies),),
        ]


CALLS: dict[type[Layer], type[PeriodicCalls]] = {PeriodicLayer: PeriodicCalls}
