"""Feedforward once more, as a list of calls: for the training loop, and for many rows.

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
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..components import Layer
from ..data import Scaling, slices
from ..maths import Array, Calls, DType, Network
from ..tracing import aligned, empty, formulas
from .batches import Batch, DenseBatch
from .dropout import Dropout, Dropped
from .embedding import Embedded, EmbeddedBatch

AT_A_TIME = 1 << 15  # numbers that are standardised at a time


def compiled(calls: Calls) -> list[partial[Any]]:
    """Return the calls, tuples ``(function, argument, ...)``, as callables without arguments."""
    return [partial(*call) for call in calls]


class Forward:
    """Buffers for batches of one size, and the calls that compute the activations in them.

    Parameters
    ----------
    network : Network
    params : ndarray of shape (network.n_parameters,)
        Read by the calls.
    size : int
        Samples in a batch.
    dropout : Dropout or None

    Attributes
    ----------
    a, z : list of ndarray of shape (units [+ 1], size)
        Of each layer; a[0] and z[0] are None.
    """

    network: Network
    size: int
    dtype: DType
    weights: list[Array]
    made: dict[Any, Sequence[Calls]]
    scratch: dict[Any, Array]
    a: list[Any]
    z: list[Any]
    embedded: Embedded | None
    dropped: dict[int, Dropped]
    read: list[Any]

    def __init__(
        self, network: Network, params: Array, size: int, dropout: Dropout | None = None
    ) -> None:
        dtype, last = params.dtype, len(network.activations)
        self.network, self.size, self.dtype = network, size, dtype
        self.weights, self.made, self.scratch = network.blocks(params), {}, {}
        self.a, self.z = [None], [None]
        for layer, (units, f) in enumerate(zip(network.sizes[1:], network.activations), 1):
            ones = int(network.fit_intercept and layer < last)
            self.a.append(aligned((units + ones, size), dtype, 1))
            output = self.a[-1][:units]
            self.z.append(output if f.from_output else empty((units, size), dtype))
        self.embedded = Embedded(network, params, size) if network.embedding else None
        self.dropped, self.read = {}, list(self.a)  # what the next layer reads
        for layer, rate in enumerate(dropout.rates if dropout else (), 1):
            if dropout and rate > 0:
                units = network.sizes[layer]
                self.dropped[layer] = Dropped(rate, dropout.generator, self.a[layer], units)
                self.read[layer] = self.dropped[layer].a

    def forward(self, x: Batch) -> Calls:
        """Return the calls that compute every z and a of ``x``, a batch (see `batches`)."""
        x = self.entering(x)
        calls = x.forward(self.weights[0], self.z[1])
        for layer in range(1, len(self.a)):
            if layer > 1:
                calls.append((self.weights[layer - 1].T.dot, self.read[layer - 1], self.z[layer]))
            calls += self.activation(layer, x)[0]
            if layer in self.dropped:
                calls += self.dropped[layer].forward()
        return calls

    def entering(self, x: Batch, into: Layer | None = None) -> Batch:
        """Return what the first dense layer takes for its batch; see `EmbeddedBatch`."""
        return EmbeddedBatch(self.embedded, x, into) if self.embedded else x

    def activation(self, layer: int, x: Batch) -> Sequence[Calls]:
        """Return the calls of a layer's f, and (in `Backward`) of its f', for a batch ``x``."""
        return self.activation_calls(layer)

    def activation_calls(self, layer: int, **second: Any) -> Sequence[Calls]:
        """Return two lists of calls; ``second`` says what the second is for (see `formulas`).

        They are made once, for all batches: they bring arrays of their own, which stay in the
        cache only if they are few.
        """
        key = layer, *second
        if key not in self.made:
            f, z = self.network.activations[layer - 1], self.z[layer]
            a = z if f.from_output else self.a[layer][: len(z)]
            self.made[key] = formulas.activation(f, a, z, scratch=self.scratch, **second)
        return self.made[key]


class Predictor:
    """What `network.feedforward` computes, for arrays of rows in turn, and faster.

    Parameters
    ----------
    network : Network
    params : ndarray of shape (network.n_parameters,)
    scaling : Scaling, default=None
        By which rows are standardised as they are copied; predictions stay standardised.
    """

    def __init__(self, network: Network, params: Array, scaling: Scaling | None = None) -> None:
        self.network = network
        self.params = params
        self.scaling: Scaling | None = None if scaling is None or scaling.is_identity else scaling
        self.programs: dict[int, Any] = {}
        if self.scaling:
            shape = max(1, AT_A_TIME // network.sizes[0]), network.sizes[0]
            self.shift: Array = np.broadcast_to(self.scaling.x_shift, shape).copy()
            self.scale: Array = np.broadcast_to(self.scaling.x_scale, shape).copy()
            self.part: Array = np.empty_like(self.shift)

    def __call__(self, X: Array) -> Array:
        """Return the predictions for some rows, in an array that the next call overwrites."""
        if len(X) not in self.programs:
            forward = Forward(self.network, self.params, len(X))
            width = X.shape[1] + self.network.fit_intercept
            rows = aligned((len(X), width), self.params.dtype, 1)
            calls = compiled(forward.forward(DenseBatch(rows.T)))
            self.programs[len(X)] = rows[:, : X.shape[1]], calls, forward.a[-1].T
        inputs, calls, output = self.programs[len(X)]
        self.read(X, inputs)
        with np.errstate(over="ignore"):  # of exp(-z), on the way to 1 / (1 + exp(-z))
            for call in calls:
                call()
        return output

    def read(self, X: Array, inputs: Array) -> None:
        """Copy X into ``inputs``, standardised in its own type: a part at a time, in the cache.

        With shift and scale repeated for each row there is one loop over all numbers of a part.
        """
        if self.scaling is None:
            inputs[...] = X
            return
        for rows in slices(len(X), len(self.shift)):
            n = len(X[rows])
            part = np.subtract(X[rows], self.shift[:n], out=self.part[:n])
            part /= self.scale[:n]
            inputs[rows] = part
