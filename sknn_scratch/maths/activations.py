"""Activations: the function f that a layer applies to its input z, and its derivative f'.

    z       what reaches a layer, before f         (any shape: f works elementwise)
    a       what leaves it, a = f(z)
    delta   the derivative of the loss in a; times f'(z), in z

An activation is two formulas. One of your own::

    class Sine(Activation):
        def __call__(self, z):
            return np.sin(z)

        def derivative(self, z, a):
            return np.cos(z)

More of them are in `components`. The training loop does not call the formulas: they are traced
once, and become calls that make no arrays (see `tracing.trace`). For that to succeed a formula
must not branch on numbers: ``np.maximum``, or a product with a mask, instead of ``where``.
"""

from abc import abstractmethod

import numpy as np
from scipy.special import expit

from .component import Array, Component


class Activation(Component):
    """An elementwise function and its derivative; it has no state.

    Attributes
    ----------
    name : str or None
        What it is called by; None for one of your own.
    from_output : bool
        True if f' needs ``a`` only. The training loop then writes ``a`` over ``z``, and
        `derivative` is handed the same array twice.
    glorot_factor : float
        scikit-learn draws weights within ``+-sqrt(glorot_factor / (fan_in + fan_out))``.
    scaling : {'linear', 'positive', 'log'} or None
        How outputs on another scale (c > 0) can be had by other weights of the layer: 'linear'
        if c f(z) + d = f(c z + d), 'positive' if c f(z) = f(c z), 'log' if c f(z) =
        f(z + log c), None if in none of these ways.
    """

    name: str | None = None
    from_output: bool = False
    glorot_factor: float = 6.0
    scaling: str | None = None

    def __init_subclass__(cls, **said: object) -> None:
        super().__init_subclass__(**said)  # what is said of one formula does not hold for another
        if {"__call__", "derivative"} & set(vars(cls)):
            for attribute in {"name", "from_output", "scaling"} - set(vars(cls)):
                setattr(cls, attribute, getattr(Activation, attribute))

    @abstractmethod
    def __call__(self, z: Array) -> Array:
        """Return f(z)."""

    @abstractmethod
    def derivative(self, z: Array, a: Array) -> Array:
        """Return f'(z), where ``a = f(z)``."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Identity(Activation, name="identity", from_output=True, scaling="linear"):
    """f(z) = z; f' = 1."""

    def __call__(self, z: Array) -> Array:
        return z

    def derivative(self, z: Array, a: Array) -> Array:
        return np.ones_like(a)


class Logistic(Activation, name="logistic", from_output=True, glorot_factor=2.0):
    """f(z) = 1 / (1 + exp(-z)), between 0 and 1; f' = a (1 - a)."""

    def __call__(self, z: Array) -> Array:
        return expit(z)

    def derivative(self, z: Array, a: Array) -> Array:
        return a * (1 - a)


class Tanh(Activation, name="tanh", from_output=True):
    """f(z) = tanh(z), between -1 and 1; f' = 1 - a^2."""

    def __call__(self, z: Array) -> Array:
        return np.tanh(z)

    def derivative(self, z: Array, a: Array) -> Array:
        return 1 - a * a


class ReLU(Activation, name="relu", from_output=True, scaling="positive"):
    """f(z) = max(z, 0); f' = 1 where z > 0, else 0 (at 0 too)."""

    def __call__(self, z: Array) -> Array:
        return np.maximum(z, 0)

    def derivative(self, z: Array, a: Array) -> Array:
        return (a > 0).astype(a.dtype)
