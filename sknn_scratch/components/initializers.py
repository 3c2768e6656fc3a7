"""Initialisers: the weights that training starts from.

An initialiser is a function of a layer's shape ``(fan_in, fan_out)`` and a random state (the
named ones are told the activation too). It returns the weights, or the weights and the
intercepts; intercepts that it does not return start at zero.

The variances are those of Glorot and Bengio, Understanding the difficulty of training deep
feedforward neural networks, AISTATS 2010; He, Zhang, Ren and Sun, Delving deep into rectifiers,
ICCV 2015; LeCun, Bottou, Orr and Müller, Efficient BackProp, in Neural networks: tricks of the
trade, 1998.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import DTypeLike

from ..maths import Activation, Array, Network, Shape
from .checks import as_numbers


def glorot_sklearn(
    shape: Shape, random_state: RandomState, activation: Activation
) -> tuple[Array, Array]:
    """Draw weights and intercepts as MLPRegressor does, in its order: 'auto'.

    Uniform within ``+-sqrt(6 / (fan_in + fan_out))`` (2 in place of 6 for the logistic).
    """
    bound = np.sqrt(activation.glorot_factor / sum(shape))
    weights = random_state.uniform(-bound, bound, shape)
    return weights, random_state.uniform(-bound, bound, shape[1])


def glorot_uniform(shape: Shape, random_state: RandomState, activation: Any = None) -> Array:
    """Draw from a uniform of variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010, eq. 16)."""
    return _uniform(2 / sum(shape), shape, random_state)


def glorot_normal(shape: Shape, random_state: RandomState, activation: Any = None) -> Array:
    """Draw from a normal of variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010, eq. 12)."""
    return _normal(2 / sum(shape), shape, random_state)


def he_uniform(shape: Shape, random_state: RandomState, activation: Any = None) -> Array:
    """Draw from a uniform of variance 2 / fan_in (He et al., 2015, eq. 10)."""
    return _uniform(2 / shape[0], shape, random_state)


def he_normal(shape: Shape, random_state: RandomState, activation: Any = None) -> Array:
    """Draw from a normal of variance 2 / fan_in (He et al., 2015, eq. 10)."""
    return _normal(2 / shape[0], shape, random_state)


def lecun_normal(shape: Shape, random_state: RandomState, activation: Any = None) -> Array:
    """Draw from a normal of variance 1 / fan_in (LeCun et al., 1998, eq. 16)."""
    return _normal(1 / shape[0], shape, random_state)


def uniform(shape: Shape, random_state: RandomState, activation: Any = None) -> Array:
    """Draw uniformly from [0, 1): the teaching network's."""
    return random_state.uniform(0.0, 1.0, shape)


def _uniform(variance, shape, random_state):
    bound = np.sqrt(3 * variance)
    return random_state.uniform(-bound, bound, shape)


def _normal(variance, shape, random_state):
    return random_state.normal(0.0, np.sqrt(variance), shape)


INITIALIZERS: dict[str, Callable[..., Any]] = {
    "auto": glorot_sklearn,
    "glorot_uniform": glorot_uniform,
    "glorot_normal": glorot_normal,
    "he_uniform": he_uniform,
    "he_normal": he_normal,
    "lecun_normal": lecun_normal,
    "uniform": uniform,
}


def initialize(
    network: Network,
    init: Any,
    activations: Sequence[Activation],
    random_state: RandomState,
    dtype: DTypeLike,
) -> Array:
    """Return the parameter vector that training starts from.

    The arrays of an embedding are drawn first, by itself; the dense layers as ``init`` says.

    Parameters
    ----------
    network : Network
    init : str, callable or sequence of array-like
        A name of `INITIALIZERS`; a function ``(shape, random_state)`` that returns the weights
        of a layer, or its weights and intercepts; or the weights of all layers, optionally
        followed by the intercepts of all layers.
    activations : sequence of Activation
        For each layer, the one that decides the bound of 'auto'. (The output layer's own does
        not: MLPRegressor goes by that of the hidden layers.)
    random_state : RandomState
    dtype : dtype

    Raises
    ------
    ValueError
        If an array has the wrong shape or is not finite, or there are too few or too many.
    """
    params = np.zeros(network.n_parameters, dtype)
    layers = network.layers(params)
    if network.embedding:
        network.embedding.draw(network.embedding_layer(params), random_state)
    if isinstance(init, str):
        draw = INITIALIZERS[init]
        for (W, b), activation in zip(layers, activations):
            drawn = draw(W.shape, random_state, activation)
            W[...], b[...] = drawn if isinstance(drawn, tuple) else (drawn, 0)
        return params
    if callable(init):
        drawn = [_pair(init(W.shape, random_state)) for W, _ in layers]
    else:
        drawn = _pairs(list(init), len(layers))
    if not network.fit_intercept and any(b is not None for _, b in drawn):
        raise ValueError("init gives intercepts, but fit_intercept=False.")
    for layer, ((W, b), (weights, intercepts)) in enumerate(zip(layers, drawn)):
        W[...] = _checked(weights, W.shape, dtype, f"the weights of layer {layer}")
        if intercepts is not None:
            b[...] = _checked(intercepts, b.shape, dtype, f"the intercepts of layer {layer}")
    return params


def _pair(drawn):
    """Return (weights, intercepts or None) from what an initialiser returned."""
    if not isinstance(drawn, tuple):
        return drawn, None
    if len(drawn) != 2:
        raise ValueError(f"init must return weights, or (weights, intercepts); got {len(drawn)}.")
    return drawn


def _pairs(arrays, n_layers):
    """Return [(weights, intercepts or None), ...] from a flat list of arrays."""
    if len(arrays) not in (n_layers, 2 * n_layers):
        raise ValueError(
            f"init must hold {n_layers} weight matrices, optionally followed by {n_layers} "
            f"vectors of intercepts; got {len(arrays)} arrays."
        )
    return list(zip(arrays, arrays[n_layers:] or [None] * n_layers))


def _checked(array, shape, dtype, name):
    array = as_numbers(array, f"init: {name}")
    if array.shape != shape:
        raise ValueError(f"init: {name} must have shape {shape}, got {array.shape}.")
    with np.errstate(over="ignore"):
        array = array.astype(dtype)
    if not np.isfinite(array).all():
        raise ValueError(f"init: {name} must be finite in {np.dtype(dtype)}.")
    return array
