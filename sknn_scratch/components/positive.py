"""Positive targets: the exponential, and the deviances of counts and of amounts."""

import numpy as np
from scipy.special import kl_div

from ..maths import Activation, Array, Loss


class Exp(Activation, name="exp", from_output=True, scaling="log"):
    """f(z) = exp(z), positive: the output of a model of counts or rates; f' = a.

    See Also
    --------
    Softplus : Positive as well, and linear in large z.

    Examples
    --------
    >>> Exp()(np.array([-1.0, 0.0])).round(2)
    array([0.37, 1.  ])
    """

    def __call__(self, z: Array) -> Array:
        return np.exp(z)

    def derivative(self, z: Array, a: Array) -> Array:
        return a


class Poisson(Loss, out_activation="exp", canonical="exp", domain="numbers >= 0", rescaling="mean"):
    """Half the Poisson deviance, y log(y / a) - y + a. Link: log, so a = exp(z) > 0.

    See Also
    --------
    Gamma : Errors in proportion to the target.

    Examples
    --------
    >>> Poisson()(np.array([0.0, 2.0]), np.array([1.0, 1.0])).round(2)
    array([1.  , 0.39])
    """

    def __call__(self, y: Array, a: Array) -> Array:
        return np.fmax(kl_div(y, a), _infinite(a))  # 0 log(0 / a) is 0

    def gradient(self, y: Array, a: Array) -> Array:
        return 1 - y / a

    def spread(self, a: Array) -> Array:
        return np.sqrt(a)

    def in_domain(self, y: Array) -> Array:
        return np.isfinite(y) & (y >= 0)


def _infinite(x):
    """Return inf where x is inf, else 0: what a loss is at least, where it is inf - inf or more."""
    return x * (x == np.inf).astype(x.dtype)


class Gamma(Loss, out_activation="exp", domain="numbers > 0", rescaling="mean"):
    """Half the gamma deviance, y / a - 1 - log(y / a). Link: log, so a = exp(z) > 0.

    See Also
    --------
    Poisson : Counts, which may be 0.

    Examples
    --------
    >>> Gamma()(np.array([1.0, 2.0]), np.array([1.0, 1.0])).round(2)
    array([0.  , 0.31])
    """

    def __call__(self, y: Array, a: Array) -> Array:
        ratio = y / a
        return np.fmax(ratio - 1 - np.log(ratio), _infinite(ratio))

    def gradient(self, y: Array, a: Array) -> Array:
        return (1 - y / a) / a

    def spread(self, a: Array) -> Array:
        return a

    def in_domain(self, y: Array) -> Array:
        return np.isfinite(y) & (y > 0)
