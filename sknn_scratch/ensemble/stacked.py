"""Networks of one shape, predicted by together: for a few rows most of the time is calls, not sums.

The arrays of M networks are stacked, with an axis of networks in front. The formulas stay as they
are, since a product of stacks is the products of their matrices::

    z = a @ W + b        (M, n, fan_out) = (M, n, fan_in) @ (M, fan_in, fan_out) + (M, 1, fan_out)

Stacks are copies, so they are kept only as long as the networks have the very arrays that they were
made of: what assigns weights makes new ones.

Networks that were trained in float32 predict in it: rows are standardised in their own type, and
what leaves the network is restored in that. It errs by some 1e-7 of the deviation of y.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..data import Mapped, Scaling
from ..engine import predict_rows
from ..maths import Array, DType, feedforward

MOST_ROWS = 16  # of more, the activations of all networks leave the cache

_STACKS: WeakKeyDictionary[Any, tuple[list[Array], list["Stack"]]] = WeakKeyDictionary()


class Stack:
    """Fitted networks of one shape, whose embeddings can be stacked, as one."""

    def __init__(self, networks: Sequence[Any]) -> None:
        shape = networks[0]._network
        params = [params_of(network) for network in networks]
        layers = [shape.layers(of_network) for of_network in params]  # of networks: their (W, b)
        pairs = [[np.stack(arrays) for arrays in zip(*of_layer)] for of_layer in zip(*layers)]
        self.coefs: list[Array] = [W for W, _ in pairs]
        self.intercepts: list[Array] = [b[:, np.newaxis] for _, b in pairs]
        self.dtype: DType = params[0].dtype
        self.activations: Any = shape.activations
        self.embedding: Any = stacked_embedding(networks)
        scalings: list[Scaling] = [network._scaling for network in networks]
        self.x_shift: Array = np.stack([[scaling.x_shift] for scaling in scalings])
        self.x_scale: Array = np.stack([[scaling.x_scale] for scaling in scalings])
        shift, scale = zip(*(scaling.of_outputs(shape) for scaling in scalings))
        self.y_shift: Array = np.stack(shift)[:, np.newaxis]
        self.y_scale: Array = np.stack(scale)[:, np.newaxis]

    @np.errstate(over="ignore", invalid="ignore")  # whoever asks looks at what is not finite
    def __call__(self, X: Array) -> Array:
        """Return what each network gives, of shape (n_networks, n_samples, n_outputs)."""
        a = ((X - self.x_shift) / self.x_scale).astype(self.dtype, copy=False)
        if self.embedding is not None:
            a = self.embedding.forward(a)
        a = feedforward(a, self.coefs, self.intercepts, self.activations)
        return a * self.y_scale + self.y_shift


def predictions_of(owner: Any, networks: Sequence[Any], X: Any) -> Iterator[Array]:
    """Yield what each network predicts, of shape (n_samples,) or (n_samples, n_outputs).

    ``owner`` is what the networks belong to: it keeps their stacks. X is as it was checked.
    """
    if X.shape[0] <= MOST_ROWS and type(X) is np.ndarray:
        output = np.concatenate([stack(X) for stack in stacks_of(owner, networks)])
        if np.isfinite(output).all():  # of others the networks warn
            yield from output[..., 0] if output.shape[2] == 1 else output
            return
    is_dense = isinstance(X, (np.ndarray, Mapped))
    for network in networks:
        if is_dense:
            output = predict_rows(network._network, params_of(network), X, network._scaling)
            if np.isfinite(output).all():
                output = output.astype(np.float64, copy=False)
                yield output[:, 0] if output.shape[1] == 1 else output
                continue
        yield np.asarray(network.predict(X), np.float64)


def params_of(network: Any) -> Array:
    """Return the parameters of a network in the type that they were trained in."""
    return network._params.astype(network._state.params.dtype, copy=False)


def stacked_embedding(networks: Sequence[Any]) -> Any:
    """Return the embeddings of networks as one layer; None if there are none, or that cannot be."""
    layers = [network._network.embedding_layer(params_of(network)) for network in networks]
    return None if layers[0] is None else type(layers[0]).stack(layers)


def stacks_of(owner: Any, networks: Sequence[Any]) -> list[Stack]:
    """Return the stacks of networks, in their order, made anew if one has changed."""
    params = [network._params for network in networks]
    params_before, stacks = _STACKS.get(owner, ([], []))
    is_same = [one is other for one, other in zip(params_before, params)]
    if len(params_before) != len(params) or not all(is_same):
        stacks = []
        for _, group in groupby(networks, key=form_of):
            alike = list(group)
            can_be_stacked = alike[0]._network.embedding is None or stacked_embedding(alike)
            parts = [alike] if can_be_stacked else [[network] for network in alike]
            stacks += map(Stack, parts)
        _STACKS[owner] = params, stacks
    return stacks


def form_of(network: Any) -> tuple[Any, ...]:
    """Return what networks of one stack have in common."""
    shape = network._network
    layer = shape.embedding_layer(network._params)
    embedding = type(layer), [array.shape for array in layer.arrays] if layer else None
    return shape.sizes, shape.shapes, shape.activations, embedding, params_of(network).dtype
