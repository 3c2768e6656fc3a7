"""More losses, for the interface that `maths.losses` describes.

First those that large errors do not dominate, as they do the squared error; then the deviances of
counts and of positive amounts; at last a likelihood, of a mean and a variance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from numbers import Real
from typing import Annotated, Any

import numpy as np
from scipy.special import kl_div

from ..maths import Array, Loss

MAX_ERROR = 10.0  # in predicted standard deviations; the gradient of `Gaussian` is clipped there


class AbsoluteError(Loss, rescaling="standard"):
    """The absolute error, abs(a - y): fits the median. Link: identity. Gradient at a = y: 0.

    See Also
    --------
    Quantile : Any other quantile.
    Huber : Smooth where errors are small.

    Examples
    --------
    >>> AbsoluteError()(np.array([1.0]), np.array([4.0]))
    array([3.])
    """

    def __call__(self, y: Array, a: Array) -> Array:
        return np.abs(a - y)

    def gradient(self, y: Array, a: Array) -> Array:
        return np.sign(a - y)


@dataclass(frozen=True)
class Huber(Loss, rescaling="robust"):
    """Half the square of small errors, linear in large ones. Link: identity.

    With e = a - y, it is e^2 / 2 where abs(e) <= delta, and delta (abs(e) - delta / 2) beyond:
    both are c (e - c / 2), where c is e clipped to +-delta, in the unit of the target that the
    network sees. Huber, Robust estimation of a location parameter, Annals of
    Mathematical Statistics 35, 1964.

    Parameters
    ----------
    delta : float > 0, default=1.35
        Where the loss becomes linear.

    See Also
    --------
    LogCosh : Without a place where it changes.
    AbsoluteError : Linear throughout.

    Examples
    --------
    >>> Huber(1.0)(np.array([0.0, 0.0]), np.array([1.0, 4.0]))
    array([0.5, 3.5])
    """

    delta: Annotated[float, "(0, inf)"] = 1.35

    def __call__(self, y: Array, a: Array) -> Array:
        clipped = np.clip(a - y, -self.delta, self.delta)
        return clipped * (a - y - clipped / 2)

    def gradient(self, y: Array, a: Array) -> Array:
        return np.clip(a - y, -self.delta, self.delta)


class LogCosh(Loss, rescaling="robust"):
    """log(cosh(e)), e = a - y: near e^2 / 2 if small, abs(e) - log(2) if large. Link: identity.

    Green, Bayesian reconstructions from emission tomography data, IEEE Trans. Med. Imaging 9, 1990.

    See Also
    --------
    Huber : The same with a place where it becomes linear.

    Examples
    --------
    >>> LogCosh()(np.array([0.0, 0.0]), np.array([1.0, 4.0])).round(2)
    array([0.43, 3.31])
    """

    def __call__(self, y: Array, a: Array) -> Array:
        error = np.abs(a - y)  # cosh(e) = exp(e) (1 + exp(-2 e)) / 2 would overflow
        return error + np.log1p(np.expm1(-2 * error) / 2)

    def gradient(self, y: Array, a: Array) -> Array:
        return np.tanh(a - y)


@dataclass(frozen=True)
class Quantile(Loss, rescaling="standard"):
    """The pinball loss: q (y - a) if a < y, else (1 - q) (a - y): fits a quantile. Link: identity.

    At a = y the gradient is 0. Koenker and Bassett, Regression quantiles, Econometrica 46, 1978.

    Several predictions are sorted, so that no two cross; that never increases the loss
    (Chernozhukov, Fernandez-Val and Galichon, Quantile and probability curves without crossing,
    Econometrica 78, 2010).

    Parameters
    ----------
    quantile : float or sequence of float in (0, 1), default=0.5
        q, or several in increasing order, for one target.

    See Also
    --------
    AbsoluteError : Twice the loss of the median.
    Gaussian : A mean and a standard deviation.

    Examples
    --------
    >>> Quantile(0.9)(np.array([0.0, 0.0]), np.array([-1.0, 1.0])).round(1)
    array([0.9, 0.1])
    """

    quantile: float | Sequence[float] = 0.5

    def __post_init__(self) -> None:
        got = self.quantile
        q = tuple(got) if np.iterable(got) else (got,)
        if not (q and all(isinstance(x, Real) for x in q) and (np.diff([0, *q, 1]) > 0).all()):
            raise ValueError(f"quantile must be in (0, 1), and increase if several; got {got!r}.")
        object.__setattr__(self, "quantile", tuple(map(float, q)) if q[1:] else float(q[0]))

    @property
    def levels(self) -> tuple[float, ...]:  # pyright: ignore
        several: Any = self.quantile if np.iterable(self.quantile) else (self.quantile,)
        return several

    def __call__(self, y: Array, a: Array) -> Array:
        q, error = np.asarray(self.quantile, a.dtype), y - a
        return np.maximum(q * error, (q - 1) * error)

    def gradient(self, y: Array, a: Array) -> Array:
        q = np.asarray(self.quantile, a.dtype)
        return (1 - q) * (a > y).astype(a.dtype) - q * (a < y).astype(a.dtype)


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


@dataclass(frozen=True)
class Gaussian(Loss, rescaling="standard"):
    """The Gaussian negative log-likelihood; fits mean and variance of every target.

    The outputs are the means of all targets, followed by the logarithms of all variances. The loss
    of a mean m and a logarithm l is, up to the constant log(2 pi) / 2::

        r = (y - m) / exp(l / 2)                  the error, in standard deviations
        (l + r^2) / 2                             the loss

    Nix and Weigend, Estimating the mean and variance of the target probability distribution, ICNN
    1994; with l in the place of the variance Kendall and Gal, What uncertainties do we need in
    Bayesian deep learning for computer vision?, NeurIPS 2017, equation 8.

    As it stands that can be made as small as one likes, by a variance that vanishes where a target
    is met, and its gradient has no bounds. So exp(l) is kept from falling below the square of
    ``min_std`` by a spring: below, the bound s stands for l in the loss, and (l - s)^2 / 2 is
    added. And errors of more than 10 standard deviations count linearly, as Huber's do: r^2 is
    20 abs(r) - 100 then.

    Parameters
    ----------
    min_std : float, default=1e-3
        The smallest standard deviation that is worth predicting, relative to that of the target
        (in the unit of y with ``standardize=False``).

    See Also
    --------
    Quantile : Quantiles, of a target of any distribution.

    Examples
    --------
    >>> loss = Gaussian()
    >>> mean_and_log_variance = np.array([[1.0, np.log(4.0)]])
    >>> loss.std(mean_and_log_variance)
    array([[2.]])
    """

    min_std: Annotated[float, "(0, 1]"] = 1e-3

    def __call__(self, y: Array, a: Array) -> Array:
        m, log_var, s = self._parts(a)
        r = np.abs(y - m) * np.exp(-s / 2)
        clipped = np.minimum(r, MAX_ERROR)
        return (s + clipped * (2 * r - clipped) + (log_var - s) ** 2) / 2

    def gradient(self, y: Array, a: Array) -> Array:
        m, log_var, s = self._parts(a)
        r = (y - m) * np.exp(-s / 2)
        clipped = np.clip(r, -MAX_ERROR, MAX_ERROR)
        inside = (log_var == s).astype(a.dtype)
        # r changes with l too: clipped * (2 r - clipped) has the derivative -clipped * r in l
        in_log_var = inside * (1 - clipped * r) / 2 + (log_var - s)
        return np.concatenate([-clipped * np.exp(-s / 2), in_log_var], axis=1)

    def n_outputs(self, n_targets: int) -> int:
        return 2 * n_targets

    def predict(self, a: Array) -> Array:
        return a[:, : a.shape[1] // 2]

    def std(self, a: Array) -> Array:  # pyright: ignore
        """Return the standard deviation of each target, in the unit of y."""
        with np.errstate(over="ignore", under="ignore"):  # far from the data
            return np.exp(a[:, a.shape[1] // 2 :] / 2)

    def output_scaling(self, shift: Array, scale: Array) -> tuple[Array, Array]:
        scale_of_std = np.maximum(scale, np.finfo(scale.dtype).tiny)  # 0 if a target is constant
        return np.r_[shift, 2 * np.log(scale_of_std)], np.r_[scale, np.ones_like(scale)]

    def _parts(self, a):
        """Return mean, logarithm of the variance, and the latter within its bounds."""
        m, log_var = np.split(a, 2, axis=1)
        return m, log_var, np.maximum(log_var, 2 * log(self.min_std))
