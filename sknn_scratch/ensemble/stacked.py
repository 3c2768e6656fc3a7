"""Networks of one shape, predicted by together: for a few rows most of the time is calls, not sums.

The arrays of M networks are stacked, with an axis of networks in front. The formulas stay as they
are, since a product of stacks is the products of their matrices::

    z = a @ W + b        (M, n, fan_out) = (M, n, fan_in) @ (M, fan_in, fan_out) + (M, 1, fan_out)

Stacks are copies, so they are kept only as long as the networks have the very arrays that they were
made of: what assigns weights makes new ones.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..data import Scaling
from ..maths import Array, feedforward

MOST_ROWS = 16  # of more, the activations of all networks leave the cache

_STACKS: WeakKeyDictionary[Any, tuple[list[Array], list["Stack"]]] = WeakKeyDictionary()


class Stack:
    """Networks of one shape, as one.

    Parameters
    ----------
    networks : list of fitted networks
        Of the same layers; their embeddings can be stacked.
    """

    def __init__(self, networks: Sequence[Any]) -> None:
        shape = networks[0]._network
        layers = [shape.layers(each._params) for each in networks]  # of networks: their (W, b)
        pairs = [[np.stack(arrays) for arrays in zip(*of_layer)] for of_layer in zip(*layers)]
        self.coefs: list[Array] = [W for W, _ in pairs]
        self.intercepts: list[Array] = [b[:, np.newaxis] for _, b in pairs]
        self.activations: Any = shape.activations
        self.embedding: Any = stacked_embedding(networks)
        scalings: list[Scaling] = [each._scaling for each in networks]
        self.x_shift: Array
        self.x_scale: Array
        self.x_shift, self.x_scale = (
            np.stack([getattr(each, name) for each in scalings])[:, np.newaxis]
            for name in ("x_shift", "x_scale")
        )
        of_outputs = [each.of_outputs(shape) for each in scalings]
        self.y_shift: Array
        self.y_scale: Array
        self.y_shift, self.y_scale = (np.stack(each)[:, np.newaxis] for each in zip(*of_outputs))

    @np.errstate(over="ignore", invalid="ignore")  # whoever asks looks at what is not finite
    def __call__(self, X: Array) -> Array:
        """Return what each network gives, of shape (n_networks, n_samples, n_outputs)."""
        a = (X - self.x_shift) / self.x_scale
        if self.embedding is not None:
            a = self.embedding.forward(a)
        a = feedforward(a, self.coefs, self.intercepts, self.activations)
        return a * self.y_scale + self.y_shift


def stacked_embedding(networks: Sequence[Any]) -> Any:
    """Return the embeddings of networks as one layer; None if there are none, or that cannot be."""
    layers = [each._network.embedding_layer(each._params) for each in networks]
    return None if layers[0] is None else type(layers[0]).stack(layers)


def stacks_of(ensemble: Any, members: Sequence[Any]) -> list[Stack]:
    """Return the stacks of an ensemble's members, in their order, made anew if one has changed."""
    params = [member._params for member in members]
    kept, stacks = _STACKS.get(ensemble, ([], []))
    if len(kept) != len(params) or any(one is not other for one, other in zip(kept, params)):
        stacks = []
        for _, group in groupby(members, key=form_of):
            alike = list(group)
            together = alike[0]._network.embedding is None or stacked_embedding(alike)
            stacks += [Stack(alike)] if together else [Stack([each]) for each in alike]
        _STACKS[ensemble] = params, stacks
    return stacks


def form_of(network: Any) -> tuple[Any, ...]:
    """Return what networks of one stack have in common."""
    shape = network._network
    layer = shape.embedding_layer(network._params)
    embedding = type(layer), [array.shape for array in layer.arrays] if layer else None
    return shape.sizes, shape.shapes, shape.activations, embedding, network._params.dtype
