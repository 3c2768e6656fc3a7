"""Activations: the function f that a layer applies to its input z, and its derivative f'.

    z       what reaches a layer, before f         (any shape: f works elementwise)
    a       what leaves it, a = f(z)
    delta   the derivative of the loss in a; times f'(z), in z

Each activation is written twice. `__call__` and `derivative` are the formulas, and the
definition. `forward` and `backward` are the same arithmetic for the training loop: calls that
work in arrays made once per fit, as tuples ``(function, argument, ...)``. For a small network
making an array takes longer than filling it. The base class derives the second from the first,
so an activation of your own needs the formulas only::

    class Sine(Activation):
        def __call__(self, z):
            return np.sin(z)

        def derivative(self, z, a):
            return np.cos(z)
"""

from functools import partial

import numpy as np
from scipy.special import expit


class Activation:
    """An elementwise function and its derivative; it has no state.

    Attributes
    ----------
    name : str or None
        What it is called in the registry; None for one of your own.
    from_output : bool
        True if f' needs ``a`` only. The training loop then writes ``a`` over ``z``, and
        `derivative` is handed the same array twice.
    glorot_factor : float
        scikit-learn draws weights within ``+-sqrt(glorot_factor / (fan_in + fan_out))``.
    """

    name = None
    from_output = False
    glorot_factor = 6.0

    def __init_subclass__(cls):  # calls inherited with another formula would be those of the old
        if {"__call__", "derivative"} & set(vars(cls)):
            for inherited in {"name", "forward", "backward"} - set(vars(cls)):
                setattr(cls, inherited, vars(Activation)[inherited])

    def __call__(self, z):
        """Return f(z)."""
        raise NotImplementedError

    def derivative(self, z, a):
        """Return f'(z), where ``a = f(z)``."""
        raise NotImplementedError

    def forward(self, z, a):
        """Return the calls that put f(z) into ``a`` (which may be ``z``)."""
        return [(lambda: np.copyto(a, self(z)),)]

    def backward(self, delta, z, a):
        """Return the calls that multiply ``delta`` by f'(z); they may spoil ``z`` and ``a``."""
        return [(lambda: np.multiply(delta, self.derivative(z, a), delta),)]

    def __repr__(self):
        return f"{type(self).__name__}()"


class Identity(Activation):
    """f(z) = z; f' = 1."""

    name, from_output = "identity", True

    def __call__(self, z):
        return z

    def derivative(self, z, a):
        return np.ones_like(a)

    def forward(self, z, a):
        return [] if a is z else [(np.copyto, a, z)]

    def backward(self, delta, z, a):
        return []


class Logistic(Activation):
    """f(z) = 1 / (1 + exp(-z)), between 0 and 1; f' = a (1 - a)."""

    name, from_output = "logistic", True
    glorot_factor = 2.0

    def __call__(self, z):
        return expit(z)

    def derivative(self, z, a):
        return a * (1 - a)

    def forward(self, z, a):
        one = np.ones((), a.dtype)  # a 0-d array: a Python number is converted at each call
        return [(np.negative, z, a), (np.exp, a, a), (np.add, a, one, a), (np.divide, one, a, a)]

    def backward(self, delta, z, a):
        one = np.ones((), a.dtype)
        return [
            (np.multiply, delta, a, delta),
            (np.subtract, one, a, a),
            (np.multiply, delta, a, delta),
        ]


class Tanh(Activation):
    """f(z) = tanh(z), between -1 and 1; f' = 1 - a^2."""

    name, from_output = "tanh", True

    def __call__(self, z):
        return np.tanh(z)

    def derivative(self, z, a):
        return 1 - a * a

    def forward(self, z, a):
        return [(np.tanh, z, a)]

    def backward(self, delta, z, a):
        one = np.ones((), a.dtype)
        return [(np.multiply, a, a, a), (np.subtract, one, a, a), (np.multiply, delta, a, delta)]


class ReLU(Activation):
    """f(z) = max(z, 0); f' = 1 where z > 0, else 0 (at 0 too)."""

    name, from_output = "relu", True

    def __call__(self, z):
        return np.maximum(z, 0)

    def derivative(self, z, a):
        return (a > 0).astype(a.dtype)

    def forward(self, z, a):
        # An array of zeros, not the number 0: that is the ufunc's fast path.
        return [(partial(np.maximum, out=a), z, np.zeros_like(z))]

    def backward(self, delta, z, a):
        # a >= 0, so the integer with the bits of -a has its sign bit set exactly where a > 0.
        # Shifted over the whole word, the sign bit is a mask that keeps delta there.
        integer = np.dtype(f"i{a.itemsize}")
        mask, kept, shift = (
            a.view(integer),
            delta.view(integer),
            np.array(8 * a.itemsize - 1, integer),
        )
        return [
            (np.negative, mask, mask),
            (np.right_shift, mask, shift, mask),
            (np.bitwise_and, kept, mask, kept),
        ]


class Exp(Activation):
    """f(z) = exp(z), positive: the output of a model of counts or rates; f' = a."""

    name, from_output = "exp", True

    def __call__(self, z):
        return np.exp(z)

    def derivative(self, z, a):
        return a

    def forward(self, z, a):
        return [(np.exp, z, a)]

    def backward(self, delta, z, a):
        return [(np.multiply, delta, a, delta)]


ACTIVATIONS = {f.name: f for f in (Identity(), Logistic(), Tanh(), ReLU(), Exp())}
