"""More activations, for the interface that `maths.activations` describes.

Rectifiers, leaky and smooth, which let through what is positive, as ReLU does; and two for outputs:
`Exp`, of what is positive, and `Bounded`, of what lies in an interval.

Where a function has a kink at 0, its derivative there is the one from the left, as in PyTorch.
"""

from dataclasses import dataclass
from math import inf, pi, sqrt
from typing import Annotated

import numpy as np
from scipy.special import expit, ndtr

from ..maths import Activation, Array


@dataclass(frozen=True)
class LeakyReLU(Activation, name="leaky_relu", from_output=True, scaling="positive"):
    """f(z) = max(z, slope z); f' = 1 where z > 0, else slope (at 0 too).

    Maas, Hannun and Ng, Rectifier nonlinearities improve neural network acoustic models, ICML
    2013 (workshop on deep learning for audio, speech and language processing).

    Parameters
    ----------
    slope : float, default=0.01
        The slope for z < 0, from 0 (which makes it ReLU) to 1.

    See Also
    --------
    ReLU : Nothing below 0.
    ELU : Smooth, and bounded below.

    Examples
    --------
    >>> LeakyReLU(0.1)(np.array([-1.0, 2.0]))
    array([-0.1,  2. ])
    """

    slope: Annotated[float, "[0, 1]"] = 0.01

    def __call__(self, z: Array) -> Array:
        return np.maximum(z, self.slope * z)

    def derivative(self, z: Array, a: Array) -> Array:
        return np.maximum((a > 0).astype(a.dtype), self.slope)


@dataclass(frozen=True)
class ELU(Activation, name="elu", from_output=True):
    """f(z) = z where z > 0, else alpha (exp(z) - 1); f' = 1 where z > 0, else a + alpha.

    At 0 f' is alpha. Clevert, Unterthiner and Hochreiter, Fast and accurate deep network
    learning by exponential linear units (ELUs), ICLR 2016.

    Parameters
    ----------
    alpha : float, default=1.0
        The limit of -f for z << 0, greater than 0.

    See Also
    --------
    SELU : The same with constants that keep mean and variance.

    Examples
    --------
    >>> ELU()(np.array([-1.0, 2.0])).round(2)
    array([-0.63,  2.  ])
    """

    alpha: Annotated[float, "(0, inf)"] = 1.0

    def __call__(self, z: Array) -> Array:
        return np.maximum(z, 0) + self.alpha * np.expm1(np.minimum(z, 0))

    def derivative(self, z: Array, a: Array) -> Array:
        return _exponential_slope(a, self.alpha, 1)


def _exponential_slope(a, low, high):
    """Return ``high`` where a > 0, else ``a + low``."""
    slope = np.minimum(a, 0) + low
    return slope if low == high else slope + (high - low) * (a > 0).astype(a.dtype)


class SELU(Activation, name="selu", from_output=True):
    """f(z) = scale z where z > 0, else scale alpha (exp(z) - 1).

    f' = scale where z > 0, else a + scale alpha (at 0 too). With these two constants and
    weights of variance 1 / fan_in (``init='lecun_normal'``) the outputs of all layers stay near
    mean 0 and variance 1. Klambauer, Unterthiner, Mayr and Hochreiter, Self-normalizing neural
    networks, NIPS 2017, equation 2.

    See Also
    --------
    ELU : The same with a slope of 1.

    Examples
    --------
    >>> SELU()(np.array([-1.0, 2.0])).round(2)
    array([-1.11,  2.1 ])
    """

    alpha: float = 1.6732632423543772
    scale: float = 1.0507009873554805

    def __call__(self, z: Array) -> Array:
        below = (self.scale * self.alpha) * np.expm1(np.minimum(z, 0))
        return self.scale * np.maximum(z, 0) + below

    def derivative(self, z: Array, a: Array) -> Array:
        return _exponential_slope(a, self.scale * self.alpha, self.scale)


class Softplus(Activation, name="softplus", from_output=True):
    """f(z) = log(1 + exp(z)), positive; f' = 1 / (1 + exp(-z)) = 1 - exp(-a).

    Dugas, Bengio, Bélisle, Nadeau and Garcia, Incorporating second-order functional knowledge
    for better option pricing, NIPS 2000.

    See Also
    --------
    Exp : Positive as well, and steeper.
    ReLU : Its limit for large z.

    Examples
    --------
    >>> Softplus()(np.array([-1.0, 2.0])).round(2)
    array([0.31, 2.13])
    """

    def __call__(self, z: Array) -> Array:
        return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))  # the same, and never overflows

    def derivative(self, z: Array, a: Array) -> Array:
        return -np.expm1(-a)


class SiLU(Activation, name="silu"):
    """f(z) = z s, where s = 1 / (1 + exp(-z)); f' = s + a (1 - s). Also called swish.

    Elfwing, Uchibe and Doya, Sigmoid-weighted linear units for neural network function
    approximation in reinforcement learning, Neural Networks 107, 2018.

    See Also
    --------
    GELU, Mish : Of about the same shape.

    Examples
    --------
    >>> SiLU()(np.array([-1.0, 2.0])).round(2)
    array([-0.27,  1.76])
    """

    def __call__(self, z: Array) -> Array:
        return z * expit(z)

    def derivative(self, z: Array, a: Array) -> Array:
        s = expit(z)
        return s + a * (1 - s)


class GELU(Activation, name="gelu"):
    """f(z) = z P(z), where P is the standard normal distribution; f' = P(z) + z P'(z).

    P' is the density exp(-z^2 / 2) / sqrt(2 pi). This is the exact form, not the one by tanh.
    Hendrycks and Gimpel, Gaussian error linear units (GELUs), arXiv:1606.08415, section 2.

    See Also
    --------
    SiLU, Mish : Of about the same shape.

    Examples
    --------
    >>> GELU()(np.array([-1.0, 2.0])).round(2)
    array([-0.16,  1.95])
    """

    def __call__(self, z: Array) -> Array:
        return z * ndtr(z)

    def derivative(self, z: Array, a: Array) -> Array:
        return ndtr(z) + z * np.exp(-0.5 * z**2) * (1 / sqrt(2 * pi))


class Mish(Activation, name="mish"):
    """f(z) = z tanh(log(1 + exp(z))).

    With w = exp(z) and n = w (w + 2), f = z n / (n + 2) and f' = n / (n + 2) +
    4 z w (w + 1) / (n + 2)^2. Misra, Mish: a self regularized non-monotonic activation
    function, BMVC 2020.

    See Also
    --------
    SiLU, GELU : Of about the same shape.

    Examples
    --------
    >>> Mish()(np.array([-1.0, 2.0])).round(2)
    array([-0.3 ,  1.94])
    """

    def __call__(self, z: Array) -> Array:
        w = np.exp(np.minimum(z, 40))  # beyond 40, n / (n + 2) is 1 to the last digit
        n = w * (w + 2)
        return z * (n / (n + 2))

    def derivative(self, z: Array, a: Array) -> Array:
        w = np.exp(np.minimum(z, 40))
        n = w * (w + 2)
        return n / (n + 2) + 4 * z * (w / (n + 2)) * ((w + 1) / (n + 2))


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


@dataclass(frozen=True)
class Bounded(Activation, glorot_factor=2.0):  # the logistic's, which Bounded(0, 1) is
    """f(z) = low + (high - low) s, where s = 1 / (1 + exp(-z)); f' = (high - low) s (1 - s).

    The logistic, stretched to an interval: for outputs that are known to lie in one.

    Parameters
    ----------
    low, high : float
        The ends of the interval. Outputs lie in it to the last digit, ends included.

    Raises
    ------
    TypeError, ValueError
        If low and high are not finite numbers, or not low < high.

    See Also
    --------
    Logistic : From 0 to 1.

    Examples
    --------
    >>> Bounded(0, 100)
    Bounded(low=0.0, high=100.0)
    """

    low: Annotated[float, "(-inf, inf)"]
    high: Annotated[float, "(-inf, inf)"]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.high - self.low < inf:
            raise ValueError(
                f"Bounded takes low < high and a finite high - low, got {self.low} and {self.high}."
            )

    def __call__(self, z: Array) -> Array:
        return np.minimum(self.low + (self.high - self.low) * expit(z), self.high)

    def derivative(self, z: Array, a: Array) -> Array:
        s = expit(z)  # not from a, which has few digits left if low and high are close
        return (self.high - self.low) * s * (1 - s)
