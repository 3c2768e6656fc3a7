"""The network: from one vector of parameters to a prediction, and back to one gradient.

A network is a chain of layers. Layer l has a matrix of weights W[l], a vector of intercepts
b[l] and an activation f. What enters is a[0] = X, a sample per row; what leaves the last layer
is the prediction. **Feedforward** takes the layers in order::

    z[l+1] = a[l] @ W[l] + b[l]        (n, fan_out) = (n, fan_in) @ (fan_in, fan_out)
    a[l+1] = f(z[l+1])

Training makes the mean loss of the prediction, plus a penalty on large weights, small::

    E = (sum over samples and outputs of  loss(y, a[last])  +  alpha / 2 * sum of W^2) / n

and for that needs the derivative of E in every weight. **Backpropagation** is the chain rule,
taken from the last layer to the first. Let delta[l] be the derivative of the loss in z[l]::

    delta[last] = d loss / d a[last] * f'(z[last])
    delta[l]    = (delta[l+1] @ W[l].T) * f'(z[l])

Since z[l+1] is linear in W[l] and b[l], its derivatives follow at once::

    dW[l] = (a[l].T @ delta[l+1] + alpha * W[l]) / n          db[l] = (sum of delta[l+1]) / n

(Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, Nature
323, 1986.) With sample weights w, each sample's loss and delta are multiplied by its weight,
and n stands for the sum of the weights: a sample of weight 2 is a sample that occurs twice. Weights
w[i, j] of single targets, 0 for those that were not measured, stand likewise at each target's loss
and delta, and n for their sum divided by the number of targets.

**One vector.** All parameters live in one flat vector, so a solver sees a vector and its
gradient and need not know what a layer is. Each layer owns one block of it, of shape
(fan_in + 1, fan_out): W[l] is the block without its last row, and the last row is b[l]. With a
column of ones beside a[l], one product gives a[l] @ W[l] + b[l] and one gives both gradients::

    z[l+1] = [a[l], 1] @ block[l]               dblock[l] = [a[l], 1].T @ delta[l+1]

`feedforward` and `backprop` below are these formulas, and the definition. `engine/program.py`
does the same arithmetic in buffers, for the training loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from .activations import Activation
from .component import Array, Arrays, MatrixLike, check
from .losses import Loss


def feedforward(
    X: MatrixLike, coefs: Arrays, intercepts: Arrays, activations: Sequence[Activation]
) -> Array:
    """Return the prediction of a network.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
    coefs : list of ndarray of shape (fan_in, fan_out)
        The weights W of each layer.
    intercepts : list of ndarray of shape (fan_out,)
        The intercepts b of each layer.
    activations : list of Activation
        The activation of each layer.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    a: Any = X
    for W, b, f in zip(coefs, intercepts, activations, strict=True):
        z = a @ W + b
        a = f(z)
    return a


def backprop(
    X: MatrixLike,
    y: Array,
    params: Array,
    network: "Network",
    sample_weight: Array | None = None,
    alpha: float = 0.0,
) -> tuple[float, Array]:
    """Return the loss of a network and its gradient in all parameters.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
    y : ndarray of shape (n_samples, n_targets), for which ``loss.n_outputs`` outputs are needed
    params : ndarray of shape (network.n_parameters,)
    network : Network
    sample_weight : ndarray of shape (n_samples,) or (n_samples, n_outputs), default=None
        Of samples, or of each of their targets; None is a weight of 1 for each.
    alpha : float, default=0.0
        The strength of the penalty ``alpha / 2 * sum of W^2``; intercepts are free.

    Returns
    -------
    loss : float
    gradient : ndarray of shape (network.n_parameters,)

    Raises
    ------
    ValueError
        If ``y`` or ``params`` has another shape.
    """
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    weight = weight.reshape(len(y), -1)
    n = weight.sum() / weight.shape[1]
    weight = weight.astype(params.dtype)
    layers, f, loss = network.layers(params), network.activations, network.loss

    z: list[Any] = [None]
    a: list[Any] = [network.entering(X, params)]
    for (W, b), activation in zip(layers, f):
        z.append(a[-1] @ W + b)
        a.append(activation(z[-1]))

    if network.is_canonical:
        delta = weight * (a[-1] - y)
    else:
        delta = weight * loss.gradient(y, a[-1]) * f[-1].derivative(z[-1], a[-1])

    gradient = np.empty_like(params)
    gradients = network.layers(gradient)
    for i in reversed(range(len(layers))):
        (W, _), (dW, db) = layers[i], gradients[i]
        dW[...] = a[i].T @ delta + alpha * W
        db[...] = delta.sum(axis=0)
        if i > 0:
            delta = (delta @ W.T) * f[i - 1].derivative(z[i], a[i])
        elif network.embedding:
            embedding = network.embedding_layer(params)
            embedding.gradient(X, delta @ W.T, network.embedding_layer(gradient))
    gradient /= n

    penalty = alpha / 2 * sum((W * W).sum() for W, _ in layers)
    return float(((weight * loss(y, a[-1])).sum() + penalty) / n), gradient


@dataclass(frozen=True)
class Network:
    """The shape of a network; its parameters are a vector of their own.

    Parameters
    ----------
    sizes : tuple of int
        Features, units of each hidden layer, outputs.
    activations : tuple of Activation
        Of each layer, the output layer last: one less than sizes.
    loss : Loss
    fit_intercept : bool, default=True
        If False, a layer's block is W alone, and its b is zero.
    embedding : Embedding or None, default=None
        What X passes through before the layers (see `components.embeddings`).
    """

    sizes: tuple[int, ...]
    activations: tuple[Activation, ...]
    loss: Loss
    fit_intercept: bool = True
    embedding: Any = None

    def __post_init__(self) -> None:
        check(self)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """The shape of each layer's block."""
        shapes = [(fan_in + self.fit_intercept, units) for fan_in, units in pairwise(self.sizes)]
        if self.embedding:
            width = self.embedding.width(self.sizes[0])
            shapes[0] = width + self.fit_intercept, self.sizes[1]
        return shapes

    @property
    def n_parameters(self) -> int:
        """The length of the parameter vector: that of all blocks, and of an embedding."""
        n_embedding = self.embedding.n_parameters(self.sizes[0]) if self.embedding else 0
        return sum(map(prod, self.shapes)) + n_embedding

    @property
    def is_canonical(self) -> bool:
        """True if delta = a - y at the output, without a derivative (see `losses`)."""
        return self.loss.canonical is not None and self.loss.canonical == self.activations[-1].name

    def blocks(self, vector: Array) -> list[Array]:
        """Return each layer's block of ``vector``: views, (fan_in [+ 1], fan_out)."""
        blocks, start = [], 0
        for n_rows, units in self.shapes:
            end = start + n_rows * units
            blocks.append(vector[start:end].reshape(n_rows, units))
            start = end
        return blocks

    def layers(self, vector: Array) -> list[tuple[Array, Array]]:
        """Return (W, b) of each layer, views of ``vector`` (b is a new zero without intercepts)."""
        if not self.fit_intercept:
            return [(W, np.zeros_like(W[0])) for W in self.blocks(vector)]
        return [(block[:-1], block[-1]) for block in self.blocks(vector)]

    def embedding_layer(self, vector: Array) -> Any:
        """Return the layer of the embedding, whose arrays follow the blocks; None without."""
        start = sum(map(prod, self.shapes))
        return self.embedding and self.embedding.layer(vector[start:], self.sizes[0])

    def entering(self, X: MatrixLike, params: Array) -> MatrixLike:
        """Return a[0]: X, or what the embedding makes of it."""
        return self.embedding_layer(params).forward(X) if self.embedding else X

    def output(self, X: MatrixLike, params: Array) -> Array:
        """Return what leaves the last layer, as `feedforward` does, for a parameter vector."""
        coefs, intercepts = zip(*self.layers(params))
        return feedforward(self.entering(X, params), coefs, intercepts, self.activations)
