"""The network once more, for the training loop: feedforward and backprop as a list of calls.

This module computes what `network.backprop` computes; nothing new happens here (`forward` has
the first half, and how the calls are made). Each bit of arithmetic writes into an array that
is made once per fit, and reads others that were.
"""

from functools import cached_property

import numpy as np

from . import fast
from .aligned import aligned
from .batches import DenseBatch
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

    def __init__(self, network, params, gradient, size, dropout=None):
        super().__init__(network, params, size, dropout)
        self.gradients = network.blocks(gradient)
        self.embedding_gradient = network.embedding_layer(gradient)
        self.delta = [None]
        for units in network.sizes[1:]:
            self.delta.append(aligned((units, size), self.dtype))
        self.error = aligned(self.delta[-1].shape, self.dtype)

    def calls(self, x, y, weight, scale, loss):
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

    def output_delta(self, y, weight, scale, loss):
        """Return the calls that compute the loss, and its derivative in the last z."""
        z, a, delta, error = self.z[-1], self.a[-1], self.delta[-1], self.error
        objective = self.network.loss
        factor = np.full((), scale, self.dtype)
        weighted = [] if weight is None else [(np.multiply, delta, weight, delta)]
        canonical, last = self.network.is_canonical, len(self.a) - 1
        slope = [] if canonical else self.calls_of(fast.backward, last, delta, z, a)
        if canonical or fast.gradient_is_error(objective):
            gradient = [(np.subtract, a, y, error), (np.multiply, error, factor, delta)]
        else:
            gradient = [(lambda: np.multiply(objective.gradient(y.T, a.T).T, factor, delta),)]
        record = fast.record(objective, y, a, weight, scale, error, delta, loss)
        return [*gradient, *weighted, *record, *slope]

    def backward(self, x):
        """Return the calls that compute every delta and the gradient of every block."""
        x, calls = self.entering(x, self.embedding_gradient), []
        for layer in range(len(self.weights), 1, -1):
            below, delta = layer - 1, self.delta[layer]
            calls.append((self.read[below].dot, delta.T, self.gradients[below]))
            if layer == 2 and self.is_factored and isinstance(x, DenseBatch):
                return calls + self.first_gradient(x)
            a, z, W, into = self.below(layer)
            calls.append((W.dot, delta, into))
            if below in self.dropped:
                calls += self.dropped[below].backward(into)
            calls += self.calls_of(fast.backward, below, into, z, a)
        return calls + x.backward(self.delta[1], self.gradients[0])

    def below(self, layer):
        """Return a and z of the layer below, the weights between, and delta of the layer below."""
        units = self.network.sizes[layer - 1]
        W, a = self.weights[layer - 1][:units], self.a[layer - 1][:units]
        return a, self.z[layer - 1], W, self.delta[layer - 1]

    @property
    def is_factored(self):
        """Whether layer 2 is one unit, and layer 1 so wide that `first_gradient` saves time."""
        units, below = self.network.sizes[1:3], self.network.sizes[0]
        return len(units) == 2 and units[1] == 1 and units[0] >= 2 * below

    def first_gradient(self, x):
        """Return the calls for the gradient of the first block if layer 2 is one unit.

        Then delta[1] = W * delta[2] * f'(z), with one W per hidden unit and one delta[2] per
        sample. Neither need be multiplied by each f'(z): x @ delta[1].T is also
        ((x * delta[2]) @ f'(z).T) * W.T, with a product and a pass over (units, samples) less.
        """
        a, z, W, _ = self.below(2)
        calls = [*self.calls_of(fast.slope, 1, z, a)]
        if 1 in self.dropped:
            calls += self.dropped[1].backward(a)
        gradient = self.gradients[0]
        return [
            *calls,
            (np.multiply, x.x, self.delta[2], self.scaled),
            (self.scaled.dot, a.T, gradient),
            (np.multiply, gradient, W.T, gradient),
        ]

    @cached_property
    def scaled(self):
        """The buffer for x * delta[2]."""
        return aligned((len(self.gradients[0]), self.size), self.dtype)


class Penalty:
    """The penalty ``strength / 2 * sum of W^2`` on one parameter vector; intercepts are free."""

    def __init__(self, network, params, gradient, strength):
        self.params, self.gradient = params, gradient
        self.decay, self.product = (aligned(params.shape, params.dtype) for _ in range(2))
        for W, _ in network.layers(self.decay):
            W[...] = strength

    def calls(self, total):
        """Return the calls that add the gradient, and put twice the penalty into 0-d ``total``."""
        return [
            (np.multiply, self.decay, self.params, self.product),
            (np.add, self.gradient, self.product, self.gradient),
            (self.product.dot, self.params, total),
        ]
