"""Finite differences: the derivative that no formula was copied into."""

import numpy as np


def numerical_derivative(f, x, step=1e-5):
    """Return f'(x) elementwise, for an elementwise function, by central differences."""
    return (f(x + step) - f(x - step)) / (2 * step)


def numerical_gradient(f, x, step=1e-6):
    """Return the gradient of a scalar function of a vector, by central differences."""
    gradient = np.empty_like(x)
    for i in range(len(x)):
        shift = np.zeros_like(x)
        shift[i] = step
        gradient[i] = (f(x + shift) - f(x - shift)) / (2 * step)
    return gradient


def assert_is_gradient(gradient, f, x, rtol=1e-6):
    """Raise AssertionError unless ``gradient`` is that of f at x."""
    expected = numerical_gradient(f, x)
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=rtol * scale)
