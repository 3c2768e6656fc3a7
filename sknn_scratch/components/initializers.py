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


def uniform(shape: Shape, random_state: RandomState, activation: Any = None) -> Array:
    """Draw uniformly from [0, 1): the teaching network's."""
    return random_state.uniform(0.0, 1.0, shape)


def uniform_of(variance: Callable[[int, int], float]) -> Callable[..., Array]:
    """Return what draws from a uniform of mean 0 with ``variance(fan_in, fan_out)``."""

    def draw(shape, random_state, activation=None):
        bound = np.sqrt(3 * variance(*shape))
        return random_state.uniform(-bound, bound, shape)

    return draw


def normal_of(variance: Callable[[int, int], float]) -> Callable[..., Array]:
    """Return what draws from a normal of mean 0 with ``variance(fan_in, fan_out)``."""
    return lambda shape, random_state, _: random_state.normal(0.0, np.sqrt(variance(*shape)), shape)


def glorot(fan_in: int, fan_out: int) -> float:
    """Return Glorot and Bengio's variance (2010, equations 12 and 16)."""
    return 2 / (fan_in + fan_out)


def he(fan_in: int, fan_out: int) -> float:
    """Return the variance of He et al. (2015, equation 10)."""
    return 2 / fan_in


def lecun(fan_in: int, fan_out: int) -> float:
    """Return the variance of LeCun et al. (1998, equation 16)."""
    return 1 / fan_in


INITIALIZERS: dict[str, Callable[..., Any]] = {
    "auto": glorot_sklearn,
    "glorot_uniform": uniform_of(glorot),
    "glorot_normal": normal_of(glorot),
    "he_uniform": uniform_of(he),
    "he_normal": normal_of(he),
    "lecun_normal": normal_of(lecun),
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

    The arrays of an embedding are drawn first, by itself; the dense layers as ``init`` says: by the
    name of an initialiser, by a function, or by the weights of all layers, optionally followed by
    the intercepts of all layers. ``activations`` decide, for each layer, the bound of 'auto'. (The
    output layer's own does not: MLPRegressor goes by that of the hidden layers.)

    ValueError if an array has the wrong shape or is not finite, or there are too few or too many.
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
