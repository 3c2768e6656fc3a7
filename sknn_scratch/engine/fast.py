"""Activations and losses once more, for the training loop: the same arithmetic as calls.

For a small network, making an array takes longer than filling it. So the training loop works
in arrays that are made once per fit, by calls ``(function, argument, ...)`` that are fixed
beforehand (see `forward`). Every component can be made into such calls from its formulas, which
allocate; the components in the two tables below (and in `fast_rectifiers`) have calls of their own,
which do not. The tables go by the very class, so a subclass with another formula is computed by
that formula.
"""

from functools import partial

import numpy as np
from scipy.special import expit

from ..maths import Exp, Identity, Logistic, ReLU, SquaredError, Tanh
from . import fast_rectifiers

FEW = 128  # values for which one call of SciPy's is quicker than four of NumPy's


def forward(f, z, a):
    """Return the calls that put f(z) into ``a`` (which may be ``z`` if ``f.from_output``)."""
    if type(f) in FORWARD:
        return FORWARD[type(f)](f, z, a)
    return [(lambda: np.copyto(a, f(z)),)]


def backward(f, delta, z, a):
    """Return the calls that multiply ``delta`` by f'(z); they may spoil ``z`` and ``a``."""
    if type(f) is Identity:
        return []
    return [*slope(f, z, a), (np.multiply, delta, a, delta)]


def slope(f, z, a):
    """Return the calls that put f'(z) where f(z) is, into ``a``; they may spoil ``z``."""
    if type(f) in SLOPE:
        return SLOPE[type(f)](f, z, a)
    return [(lambda: np.copyto(a, f.derivative(z, a)),)]


def _logistic(f, z, a):
    if a.size <= FEW:
        return [(expit, z, a)]
    one = np.ones((), a.dtype)  # a 0-d array: a Python number is converted at each call
    return [(np.negative, z, a), (np.exp, a, a), (np.add, a, one, a), (np.divide, one, a, a)]


def _logistic_slope(f, z, a):
    one, rest = np.ones((), a.dtype), np.empty_like(a)
    return [(np.subtract, one, a, rest), (np.multiply, a, rest, a)]


def _tanh_slope(f, z, a):
    one = np.ones((), a.dtype)
    return [(np.multiply, a, a, a), (np.subtract, one, a, a)]


def _relu(f, z, a):
    # An array of zeros, not the number 0: that is the ufunc's fast path.
    return [(partial(np.maximum, out=a), z, np.zeros_like(z))]


FORWARD = {
    Identity: lambda f, z, a: [] if a is z else [(np.copyto, a, z)],
    Logistic: _logistic,
    Tanh: lambda f, z, a: [(np.tanh, z, a)],
    ReLU: _relu,
    Exp: lambda f, z, a: [(np.exp, z, a)],
    **fast_rectifiers.FORWARD,
}
SLOPE = {
    Identity: lambda f, z, a: [(a.fill, 1)],
    Logistic: _logistic_slope,
    Tanh: _tanh_slope,
    ReLU: lambda f, z, a: fast_rectifiers.step(a, a),
    Exp: lambda f, z, a: [],
    **fast_rectifiers.SLOPE,
}


def gradient_is_error(loss):
    """Return True if d loss / d a is ``a - y``."""
    return type(loss) is SquaredError


def record(loss, y, a, weight, scale, error, delta, total):
    """Return the calls that put twice ``scale * sum of weight * loss`` into 0-d ``total``.

    ``y`` and ``a`` have shape (n_outputs, n_samples). If `gradient_is_error`, ``error = a - y``
    and ``delta = scale * weight * error`` stand ready when the calls are made: one product is
    the sum of scale * weight * error^2.
    """
    if gradient_is_error(loss):
        return [(error.reshape(-1).dot, delta.reshape(-1), total)]

    def add_up():
        values = loss(y.T, a.T).T
        total[()] = 2 * scale * (values if weight is None else weight * values).sum()

    return [(add_up,)]
