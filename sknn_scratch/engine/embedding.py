"""The first layer of a network that has an embedding, as calls in buffers.

An embedding stands between a batch and the first dense layer, which takes what it hands on for
its batch: `EmbeddedBatch` is one as those in `batches` are. Any layer can be made into calls by
its formulas, which allocate; those in the table at the end have calls of their own, which do not.
"""

from dataclasses import dataclass
from functools import partial
from math import pi
from typing import Any

import numpy as np

from ..components import Layer, PeriodicLayer, PiecewiseLinearLayer, UnionLayer
from ..maths import Array, Network
from ..tracing import Calls, aligned
from .batches import Batch


class Embedded:
    """Buffers for what an embedding hands on, for batches of ``size`` samples.

    ``a``, of shape (width [+ 1], size), is what the first dense layer reads, with its row of ones
    where there are intercepts; ``delta``, of shape (width, size), the derivative of the loss in it.
    """

    def __init__(self, network: Network, params: Array, size: int) -> None:
        self.n_features: int = network.sizes[0]
        width = network.embedding.width(self.n_features)
        self.a: Array = aligned((width + network.fit_intercept, size), params.dtype, 1)
        self.delta: Array = aligned((width, size), params.dtype)
        self.W: Array = network.blocks(params)[0][:width]
        layer = network.embedding_layer(params)
        self.calls: Any = calls_of_layer(layer, self.a[:width], self.delta)


class EmbeddedBatch(Batch):
    """A batch that passes through an embedding.

    The arrays of ``into`` receive the gradient; it is None if nobody asks for that.
    """

    def __init__(self, embedded: Embedded, x: Batch, into: Layer | None = None) -> None:
        super().__init__(x.x[: embedded.n_features])
        self.embedded = embedded
        self.into = into

    def forward(self, block: Array, z: Array) -> Calls:
        return [*self.embedded.calls.forward(self.x), (block.T.dot, self.embedded.a, z)]

    def backward(self, delta: Array, gradient: Array) -> Calls:
        calls = [(self.embedded.a.dot, delta.T, gradient)]
        of_embedding = self.embedded.calls.backward(self.x, self.into)
        if of_embedding:  # else nothing is asked of delta
            calls.append((self.embedded.W.dot, delta, self.embedded.delta))
        return calls + of_embedding


@dataclass
class LayerCalls:
    """The formulas of a layer, as calls: ``a`` is what it hands on, a sample per column."""

    layer: Any
    a: Array
    delta: Array

    def forward(self, x: Array) -> Calls:
        """Return the calls that compute ``a`` of x, and keep what `backward` needs."""
        return [(lambda: np.copyto(self.a, self.layer.forward(x.T).T),)]

    def backward(self, x: Array, into: Any) -> Calls:
        """Return the calls that put the gradient into the arrays of ``into``."""
        return [(self.layer.gradient, x.T, self.delta.T, into)]


class PeriodicCalls(LayerCalls):
    """What `PeriodicLayer` computes; arrays are of shape (columns, ..., samples).

    Products with a row of ones beside x stand for broadcasts and for sums over samples, as they do
    in the dense layers::

        u = 2 pi [w, b] @ [x, 1]            2 pi [dw, db] = d @ [x, 1].T

    NumPy's float64 cosine and sine take several times as long as its tangent, so there both come
    from the tangent of the half angle, t = tan(u / 2), with an error of 3e-16::

        h = 2 / (1 + t^2)                   cos(u) = h - 1          sin(u) = t h
    """

    def __init__(self, layer: PeriodicLayer, a: Array, delta: Array) -> None:
        columns, k, mixed = layer.coefs.shape
        size, dtype = a.shape[1], a.dtype
        self.layer = layer
        self.x: Array = a[columns * mixed :]
        self.e: Array = a[: columns * mixed].reshape(columns, mixed, size)
        self.delta: Array = delta[: columns * mixed].reshape(columns, mixed, size)
        self.inputs: Array = aligned((columns, 2, size), dtype, 1)  # [x, 1]
        # [w, b], in radians, of u or of u / 2
        self.weights: Array = aligned((columns, k, 2), dtype)
        self.gradient: Array = aligned((columns, k, 2), dtype)  # [dw, db]
        self.u: Array = aligned((columns, k, size), dtype)
        self.cosines: Array = aligned((columns, k, size), dtype)
        self.by_tangent: bool = dtype == np.float64
        self.h: Array | None = aligned((columns, k, size), dtype) if self.by_tangent else None

    def forward(self, x: Array) -> Calls:
        layer, one, two = self.layer, np.array(1.0), np.array(2.0)
        turn = np.array(pi if self.by_tangent else 2 * pi, self.u.dtype)
        cosine = [(np.cos, self.u, self.cosines)]
        if self.by_tangent:
            cosine = [
                (np.tan, self.u, self.u),
                (np.multiply, self.u, self.u, self.h),
                (np.add, self.h, one, self.h),
                (np.divide, two, self.h, self.h),
                (np.subtract, self.h, one, self.cosines),
            ]
        take = (np.copyto, self.x, x)
        if not isinstance(layer.order, slice):
            take = (partial(x.take, layer.order, axis=0, out=self.x, mode="clip"),)
        return [
            take,
            (np.copyto, self.inputs[:, 0], self.x[: len(self.inputs)]),
            (np.multiply, layer.frequencies, turn, self.weights[..., 0]),
            (np.multiply, layer.phases, turn, self.weights[..., 1]),
            (np.matmul, self.weights, self.inputs, self.u),
            *cosine,
            (np.matmul, layer.coefs.transpose(0, 2, 1), self.cosines, self.e),
            (np.add, self.e, layer.intercepts[..., np.newaxis], self.e),
        ]

    def backward(self, x: Array, into: Any) -> Calls:
        delta_rows = self.delta.reshape(-1, x.shape[1])
        ones = np.ones(x.shape[1], self.u.dtype)
        turn = np.array(-2 * pi, self.u.dtype)  # the sign is that of the cosine's derivative
        sine = (np.sin, self.u, self.u)
        if self.by_tangent:
            sine = (np.multiply, self.u, self.h, self.u)
        return [
            (np.matmul, self.cosines, self.delta.transpose(0, 2, 1), into.coefs),
            (delta_rows.dot, ones, into.intercepts.reshape(-1)),
            sine,
            (np.matmul, self.layer.coefs, self.delta, self.cosines),
            (np.multiply, self.u, self.cosines, self.u),  # -d
            (np.matmul, self.u, self.inputs.transpose(0, 2, 1), self.gradient),
            (np.multiply, self.gradient[..., 0], turn, into.frequencies),
            (np.multiply, self.gradient[..., 1], turn, into.phases),
        ]


class PiecewiseLinearCalls(LayerCalls):
    """What `PiecewiseLinearLayer` computes."""

    def __init__(self, layer: PiecewiseLinearLayer, a: Array, delta: Array) -> None:
        n_bins = len(layer.columns)
        self.columns: Array = layer.columns
        self.bins: Array = a[:n_bins]
        self.x: Array = a[n_bins:]
        self.factor: Array = (1 / layer.widths)[:, np.newaxis]
        self.low: Array = layer.low[:, np.newaxis]

    def forward(self, x: Array) -> Calls:
        bins, zero, one = self.bins, np.array(0, x.dtype), np.array(1, x.dtype)
        return [
            (np.copyto, self.x, x),
            (partial(self.x.take, self.columns, axis=0, out=bins, mode="clip"),),
            (np.subtract, bins, self.low, bins),  # first: close edges are far from 0 in bins
            (np.multiply, bins, self.factor, bins),
            (partial(np.maximum, bins, zero, out=bins),),
            (partial(np.minimum, bins, one, out=bins),),
        ]

    def backward(self, x: Array, into: Any) -> Calls:
        return []  # there are no parameters


class UnionCalls(LayerCalls):
    """What `UnionLayer` computes: each part, in its rows of the buffers."""

    def __init__(self, layer: UnionLayer, a: Array, delta: Array) -> None:
        self.parts: list[Any] = [
            calls_of_layer(part, a[rows], delta[rows])
            for part, rows in zip(layer.parts, layer.columns)
        ]

    def forward(self, x: Array) -> Calls:
        return [call for part in self.parts for call in part.forward(x)]

    def backward(self, x: Array, into: Any) -> Calls:
        pairs = zip(self.parts, into.parts)
        return [call for part, into_part in pairs for call in part.backward(x, into_part)]


CALLS: dict[type[Layer], Any] = {
    PeriodicLayer: PeriodicCalls,
    PiecewiseLinearLayer: PiecewiseLinearCalls,
    UnionLayer: UnionCalls,
}


def calls_of_layer(layer: Layer, a: Array, delta: Array) -> Any:
    """Return what makes the calls of a layer, in these buffers."""
    return CALLS.get(type(layer), LayerCalls)(layer, a, delta)
