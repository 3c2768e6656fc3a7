"""The network once more, as lists of calls: for the training loop, and for many rows.

This module computes what `network.feedforward` and `network.backprop` compute; nothing new happens
here. Each bit of arithmetic writes into an array that is made once per fit, and reads others that
were.

For a network of ordinary size most of the time goes into calling NumPy and into making arrays,
not into arithmetic. So everything that can be done once is done once: the arrays are allocated,
the views are taken, and what is left is a fixed list of calls, each a tuple
``(function, argument, ...)``, that `compiled` turns into a loop body without arguments::

    for call in step:
        call()

Three conventions make that list short.

*   Activations are kept as (units, samples), a transposed `maths.network`: the formulas read
    z = block.T @ a, and the first rows of an array are contiguous, as ``ndarray.dot`` asks of
    the array it writes to.
*   The array of an activation has one more row, of ones, for the intercepts (see `maths.network`).
*   ``a.dot(b, out)`` is the quickest way to call a matrix product, and a 0-d array the
    quickest way to pass a number.

Passes over vectors as long as the parameters wait for memory, where those are longer than the
caches. So long vectors are taken block by block: all passes over one block, which stays in the
cache, and then the next.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..components import Layer
from ..data import slices
from ..maths import Array, DType, Network, SquaredError
from ..tracing import Calls, aligned, empty, formulas
from .batches import Batch
from .dropout import Dropout, Dropped
from .embedding import Embedded, EmbeddedBatch

BLOCK = 1 << 16  # numbers: a block of each vector of Adam is 2 MB in float64
LONG = 1_000_000  # parameters from which on blocks are faster


def compiled(calls: Calls) -> list[partial[Any]]:
    """Return the calls, tuples ``(function, argument, ...)``, as callables without arguments."""
    return [partial(*call) for call in calls]


class Forward:
    """Buffers for batches of ``size`` samples, and the calls that compute the activations in them.

    The calls read ``params``. ``a`` and ``z``, lists of arrays of shape (units [+ 1], size), are
    those of each layer; a[0] and z[0] are None.
    """

    def __init__(
        self, network: Network, params: Array, size: int, dropout: Dropout | None = None
    ) -> None:
        dtype = params.dtype
        self.network = network
        self.size = size
        self.dtype: DType = dtype
        self.activations: list[Sequence[Calls]] = []  # of each layer, once they are made
        self.a: list[Any] = [None]
        self.z: list[Any] = [None]
        last = len(network.activations)
        for layer, (units, f) in enumerate(zip(network.sizes[1:], network.activations), 1):
            ones = int(network.fit_intercept and layer < last)
            self.a.append(aligned((units + ones, size), dtype, 1))
            output = self.a[-1][:units]
            self.z.append(output if f.from_output else empty((units, size), dtype))
        self.embedded: Embedded | None = None
        if network.embedding:
            self.embedded = Embedded(network, params, size)
        self.dropped: dict[int, Dropped] = {}
        self.read: list[Any] = list(self.a)  # what the next layer reads
        for layer, rate in enumerate(dropout.rates if dropout else (), 1):
            if dropout and rate > 0:
                units = network.sizes[layer]
                self.dropped[layer] = Dropped(rate, dropout.generator, self.a[layer], units)
                self.read[layer] = self.dropped[layer].a
        self.weights: list[Array] = network.blocks(params)

    def forward(self, x: Batch) -> Calls:
        """Return the calls that compute every z and a of ``x``, a batch (see `batches`)."""
        x = self.entering(x)
        self.make_activations(x)
        calls = x.forward(self.weights[0], self.z[1])
        for layer in range(1, len(self.a)):
            if layer > 1:
                calls.append((self.weights[layer - 1].T.dot, self.read[layer - 1], self.z[layer]))
            calls += self.activations[layer - 1][0]
            if layer in self.dropped:
                calls += self.dropped[layer].forward
        return calls

    def entering(self, x: Batch, into: Layer | None = None) -> Batch:
        """Return what the first dense layer takes for its batch; see `EmbeddedBatch`."""
        return EmbeddedBatch(self.embedded, x, into) if self.embedded else x

    def make_activations(self, x: Batch) -> None:
        """Make the calls of each layer's f, and of what is made of its f' (see `formulas`).

        They serve all batches, which are alike in kind: they bring arrays of their own, which stay
        in the cache only if they are few.
        """
        if self.activations:
            return
        layers = []
        for layer, f in enumerate(self.network.activations, 1):
            z = self.z[layer]
            a = z if f.from_output else self.a[layer][: len(z)]
            layers.append((f, a, z, self.derivative_into(layer, x)))
        self.activations = formulas.activations(layers)

    def derivative_into(self, layer: int, x: Batch) -> Any:
        """Return what f' of a layer goes into, as `formulas.activations` is told: here nothing."""
        return None


class Backward(Forward):
    """Buffers for batches of ``size`` samples, and the calls that compute loss and gradient.

    The calls read ``params``, and write ``gradient``.
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
        self.is_canonical: bool = network.is_canonical
        self.delta: list[Any] = [None]
        for units in network.sizes[1:]:
            self.delta.append(empty((units, size), self.dtype))
        self.error: Array = empty(self.delta[-1].shape, self.dtype)
        features, *units = network.sizes
        # Whether layer 2 is one unit, and layer 1 so wide that `first_gradient` pays.
        is_wide = len(units) == 2 and units[1] == 1 and units[0] >= 2 * features
        shape = len(self.gradients[0]), size
        self.scaled: Array | None = empty(shape, self.dtype) if is_wide else None

    def calls(self, x: Batch, y: Array, weight: Array | None, scale: float, loss: Array) -> Calls:
        """Return the calls for one batch.

        y is of shape (n_outputs, size), or (1, size) for several quantiles; ``weight``, of samples
        or of their targets, of shape (1, size) or (n_targets, size), None for ones. Loss and
        gradient are multiplied by ``scale``: ``1 / n`` gives their means. ``loss``, of shape (),
        receives twice the loss of the batch, without penalty.
        """
        return self.forward(x) + self.output_delta(y, weight, scale, loss) + self.backward(x)

    def derivative_into(self, layer: int, x: Batch) -> Any:
        if layer == len(self.a) - 1 and self.is_canonical:
            return None
        return "a" if layer == 1 and self.is_factored(x) else self.delta[layer]

    def output_delta(self, y: Array, weight: Array | None, scale: float, loss: Array) -> Calls:
        """Return the calls that compute the loss, and its derivative in the last z."""
        a, delta, error = self.a[-1], self.delta[-1], self.error
        objective, factor = self.network.loss, np.full((), scale, self.dtype)
        weighted = [] if weight is None else [(np.multiply, delta, weight, delta)]
        squared = type(objective) is SquaredError
        if squared or self.is_canonical:
            calls = [(np.subtract, a, y, error), (np.multiply, error, factor, delta), *weighted]
            if squared:  # the sum of scale * weight * error^2 is one product
                return [*calls, (error.reshape(-1).dot, delta.reshape(-1), loss)]
            return calls + formulas.loss(objective, y, a, weight, scale, loss, error)
        calls = formulas.loss(objective, y, a, weight, scale, loss, error, delta)
        return [*calls, (np.multiply, delta, factor, delta), *weighted]

    def backward(self, x: Batch) -> Calls:
        """Return the calls that compute every delta and the gradient of every block."""
        x = self.entering(x, self.embedding_gradient)
        calls = [*self.activations[-1][1]]
        for layer in range(len(self.weights), 1, -1):
            below, delta = layer - 1, self.delta[layer]
            calls.append((self.read[below].dot, delta.T, self.gradients[below]))
            if below == 1 and self.is_factored(x):
                return calls + self.first_gradient(x)
            W, into = self.weights[below][: self.network.sizes[below]], self.delta[below]
            calls.append((W.dot, delta, into))
            if below in self.dropped:
                calls += self.dropped[below].backward(into)
            calls += self.activations[below - 1][1]
        return calls + x.backward(self.delta[1], self.gradients[0])

    def is_factored(self, x: Batch) -> bool:
        """Return True if the gradient of the first block is that of `first_gradient`."""
        return self.scaled is not None and type(x) is Batch

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
            *self.activations[0][1],  # puts f'(z) into a
            *dropped,
            (np.multiply, x.x, self.delta[2], self.scaled),
            (self.scaled.dot, a.T, gradient),
            (np.multiply, gradient, W.T, gradient),
        ]


def blocks_of(vector: Array) -> list[slice]:
    """Return the blocks that a vector is taken in: all of it at once, if it is not a long one."""
    return slices(len(vector), BLOCK) if len(vector) > LONG else [slice(0, len(vector))]


class Penalty:
    """The penalty ``strength / 2 * sum of W^2`` on one parameter vector; intercepts are free."""

    def __init__(self, network: Network, params: Array, gradient: Array) -> None:
        self.params = params
        self.gradient = gradient
        self.blocks: list[slice] = blocks_of(params)
        self.product: Array = empty(params[self.blocks[0]].shape, params.dtype)
        self.is_weight: Array = np.zeros(params.shape, bool)
        for W, _ in network.layers(self.is_weight):
            W[...] = True
        self.decays: dict[float, Array] = {}  # of each strength: it, and 0 for intercepts

    def calls(self, strength: float, total: Array) -> Calls:
        """Return the calls that add the gradient, and put twice the penalty into 0-d ``total``."""
        calls: Calls = []
        if strength not in self.decays:
            self.decays[strength] = empty(self.params.shape, self.params.dtype)
            np.multiply(self.is_weight, strength, out=self.decays[strength], casting="same_kind")
        decay = self.decays[strength]
        is_one = len(self.blocks) == 1
        totals = total[np.newaxis] if is_one else aligned((len(self.blocks),), total.dtype)
        for i, block in enumerate(self.blocks):
            params, gradient = self.params[block], self.gradient[block]
            product = self.product[: len(params)]
            calls += [
                (np.multiply, decay[block], params, product),
                (np.add, gradient, product, gradient),
                (product.dot, params, totals[i, ...]),
            ]
        return calls if is_one else [*calls, (partial(totals.sum, out=total),)]
