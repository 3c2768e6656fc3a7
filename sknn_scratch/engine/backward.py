"""The network once more, for the training loop: feedforward and backprop as a list of calls.

This module computes what `network.backprop` computes; nothing new happens here (`forward` has
the first half, and how the calls are made). Each bit of arithmetic writes into an array that
is made once per fit, and reads others that were.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..components import Layer
from ..maths import Array, Calls, Network, SquaredError
from ..tracing import empty, formulas
from .batches import Batch, DenseBatch
from .dropout import Dropout
from .forward import Forward


class Backward(Forward):
    """Buffers for batches of one size, and the calls that compute loss and gradient in them.

    Parameters
    ----------
    network : Network
    params, gradient : ndarray of shape (network.n_parameters,)
        Read and written by the calls.
    size : int
        Samples in a batch.
    dropout : Dropout or None
    """

    def __init__(
        self,
        network: Network,
        params: Array,
        gradient: Array,
        size: int,
        dropout: Dropout | None = None,
    ) -> None:
        super().__init__(network, params, size, dropout)
        self.gradients: list[Array] = network.blocks(gradient)
        self.embedding_gradient: Layer | None = network.embedding_layer(gradient)
        self.delta: list[Any] = [None]
        for units in network.sizes[1:]:
            self.delta.append(empty((units, size), self.dtype))
        self.error: Array = empty(self.delta[-1].shape, self.dtype)

    def calls(self, x: Batch, y: Array, weight: Array | None, scale: float, loss: Array) -> Calls:
        """Return the calls for one batch.

        Parameters
        ----------
        x : DenseBatch or SparseBatch
            The input (see `batches`).
        y : ndarray of shape (n_outputs, size), or (1, size) for several quantiles
        weight : ndarray of shape (size,) or None
            Sample weights; None stands for ones.
        scale : float
            What the loss and the gradient are multiplied by: ``1 / n`` gives their means.
        loss : ndarray of shape ()
            Receives twice the loss of the batch, without penalty.
        """
        return self.forward(x) + self.output_delta(y, weight, scale, loss) + self.backward(x)

    def activation(self, layer: int, x: Batch) -> Sequence[Calls]:
        if layer == len(self.a) - 1 and self.network.is_canonical:
            return self.activation_calls(layer)
        if layer == 1 and self.is_factored(x):
            return self.activation_calls(layer, slope=True)
        return self.activation_calls(layer, delta=self.delta[layer])

    def output_delta(self, y: Array, weight: Array | None, scale: float, loss: Array) -> Calls:
        """Return the calls that compute the loss, and its derivative in the last z."""
        a, delta, error = self.a[-1], self.delta[-1], self.error
        objective, factor = self.network.loss, np.full((), scale, self.dtype)
        weighted = [] if weight is None else [(np.multiply, delta, weight, delta)]
        squared = type(objective) is SquaredError
        if squared or self.network.is_canonical:
            calls = [(np.subtract, a, y, error), (np.multiply, error, factor, delta), *weighted]
            if squared:  # the sum of scale * weight * error^2 is one product
                return [*calls, (error.reshape(-1).dot, delta.reshape(-1), loss)]
            return calls + formulas.loss(objective, y, a, weight, scale, loss, error)
        calls = formulas.loss(objective, y, a, weight, scale, loss, error, delta)
        return [*calls, (np.multiply, delta, factor, delta), *weighted]

    def backward(self, x: Batch) -> Calls:
        """Return the calls that compute every delta and the gradient of every block."""
        x = self.entering(x, self.embedding_gradient)
        calls = [*self.activation(len(self.a) - 1, x)[1]]
        for layer in range(len(self.weights), 1, -1):
            below, delta = layer - 1, self.delta[layer]
            calls.append((self.read[below].dot, delta.T, self.gradients[below]))
            if below == 1 and self.is_factored(x):
                return calls + self.first_gradient(x)
            W, into = self.weights[below][: self.network.sizes[below]], self.delta[below]
            calls.append((W.dot, delta, into))
            if below in self.dropped:
                calls += self.dropped[below].backward(into)
            calls += self.activation(below, x)[1]
        return calls + x.backward(self.delta[1], self.gradients[0])

    def is_factored(self, x: Batch) -> bool:
        """Return True if layer 2 is one unit, and layer 1 so wide that `first_gradient` pays."""
        units, below = self.network.sizes[1:3], self.network.sizes[0]
        wide = len(units) == 2 and units[1] == 1 and units[0] >= 2 * below
        return wide and isinstance(x, DenseBatch)

    def first_gradient(self, x: Batch) -> Calls:
        """Return the calls for the gradient of the first block if layer 2 is one unit.

        Then delta[1] = W * delta[2] * f'(z), with one W per hidden unit and one delta[2] per
        sample. Neither need be multiplied by each f'(z): x @ delta[1].T is also
        ((x * delta[2]) @ f'(z).T) * W.T, with a product and a pass over (units, samples) less.
        """
        units, gradient = self.network.sizes[1], self.gradients[0]
        a, W = self.a[1][:units], self.weights[1][:units]
        dropped = self.dropped[1].backward(a) if 1 in self.dropped else []
        return [
            *self.activation(1, x)[1],  # puts f'(z) into a
            *dropped,
            (np.multiply, x.x, self.delta[2], self.scaled),
            (self.scaled.dot, a.T, gradient),
            (np.multiply, gradient, W.T, gradient),
        ]

    @cached_property
    def scaled(self) -> Array:
        """The buffer for x * delta[2]."""
        return empty((len(self.gradients[0]), self.size), self.dtype)
