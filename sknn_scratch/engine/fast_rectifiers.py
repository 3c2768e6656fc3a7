"""Rectifiers once more, for the training loop: the same arithmetic as calls (see `fast`)."""

from functools import partial
from math import pi, sqrt

import numpy as np

from ..components import ELU, GELU, SELU, LeakyReLU, SiLU


def step(x, out):
    """Return the calls that put 1 where x > 0, else 0, into ``out``, which may be ``x``."""
    # A boolean is a byte of 0 or 1, and numbers are quicker to copy than booleans.
    positive, zero = np.empty(x.shape, bool), np.zeros((), x.dtype)
    return [(np.greater, x, zero, positive), (np.copyto, out, positive.view(np.uint8))]


def _leaky_relu(f, z, a):
    slope, leak = np.array(f.slope, a.dtype), np.empty_like(a)
    return [(np.multiply, z, slope, leak), (partial(np.maximum, out=a), z, leak)]


def _leaky_relu_slope(f, z, a):
    slope, rise = (np.array(x, a.dtype) for x in (f.slope, 1 - f.slope))
    return [*step(a, a), (np.multiply, a, rise, a), (np.add, a, slope, a)]


def _elu(z, a, low, high):
    """Return the calls for ``high z`` where z > 0, else ``low (exp(z) - 1)``."""
    zero, negative = np.zeros_like(z), np.empty_like(a)
    low, high = np.array(low, a.dtype), np.array(high, a.dtype)
    return [
        (partial(np.minimum, out=negative), z, zero),
        (np.expm1, negative, negative),
        (np.multiply, negative, low, negative),
        (partial(np.maximum, out=a), z, zero),
        (np.multiply, a, high, a),
        (np.add, a, negative, a),
    ]


def _elu_slope(a, low, high):
    """Return the calls for the slope ``high`` where a > 0, else ``a + low``."""
    zeros, start = np.zeros_like(a), np.array(low, a.dtype)
    before, after = [], []
    if high != low:  # what is more where a > 0
        more, rise = np.empty_like(a), np.array(high - low, a.dtype)
        before = [*step(a, more), (np.multiply, more, rise, more)]
        after = [(np.add, a, more, a)]
    below = [(partial(np.minimum, out=a), a, zeros), (np.add, a, start, a)]
    return [*before, *below, *after]


def _silu(f, z, a):
    one = np.ones((), a.dtype)  # and z / inf is 0 where exp(-z) overflows
    return [(np.negative, z, a), (np.exp, a, a), (np.add, a, one, a), (np.divide, z, a, a)]


def _silu_slope(f, z, a):
    # s + a (1 - s) = 1 - (1 - a) (1 - s), where 1 - s = 1 / (1 + exp(z))
    one = np.ones((), a.dtype)
    return [
        (np.exp, z, z),
        (np.add, z, one, z),
        (np.subtract, one, a, a),
        (np.divide, a, z, a),
        (np.subtract, one, a, a),
    ]


def _gelu_slope(f, z, a):
    # P(z) = a / z takes far less time than the distribution itself; at 0 it is a half.
    P, nonzero = np.empty_like(a), np.empty(a.shape, bool)
    zero, half, factor = (np.array(x, a.dtype) for x in (0, -0.5, 1 / sqrt(2 * pi)))
    return [
        (np.not_equal, z, zero, nonzero),
        (P.fill, 0.5),
        (partial(np.divide, where=nonzero), a, z, P),
        (np.multiply, z, z, a),
        (np.multiply, a, half, a),
        (np.exp, a, a),
        (np.multiply, a, z, a),
        (np.multiply, a, factor, a),
        (np.add, a, P, a),
    ]


FORWARD = {
    LeakyReLU: _leaky_relu,
    ELU: lambda f, z, a: _elu(z, a, f.alpha, 1),
    SELU: lambda f, z, a: _elu(z, a, f.scale * f.alpha, f.scale),
    SiLU: _silu,
}
SLOPE = {
    LeakyReLU: _leaky_relu_slope,
    ELU: lambda f, z, a: _elu_slope(a, f.alpha, 1),
    SELU: lambda f, z, a: _elu_slope(a, f.scale * f.alpha, f.scale),
    SiLU: _silu_slope,
    GELU: _gelu_slope,
}
