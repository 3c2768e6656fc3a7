"""A Gaussian likelihood: a network that predicts a mean and how far off it expects to be.

There are two outputs for each target, the mean m and the logarithm l of the variance. The loss is
the negative log-likelihood, up to the constant log(2 pi) / 2::

    r = (y - m) / exp(l / 2)                  the error, in standard deviations
    (l + r^2) / 2                             the loss

Nix and Weigend, Estimating the mean and variance of the target probability distribution, ICNN
1994; with l in the place of the variance Kendall and Gal, What uncertainties do we need in
Bayesian deep learning for computer vision?, NeurIPS 2017, equation 8.

As it stands that can be made as small as one likes, by a variance that vanishes where a target is
met, and its gradient has no bounds. So exp(l) is kept from falling below the square of ``min_std``
by a spring: below, the bound s stands for l in the loss, and (l - s)^2 / 2 is added. And errors of
more than 10 standard deviations count linearly, as Huber's do: r^2 is 20 |r| - 100 then.
"""

from dataclasses import dataclass
from math import log
from typing import Annotated

import numpy as np

from ..maths import Array, Loss

MAX_ERROR = 10.0  # in predicted standard deviations; the gradient is clipped there


@dataclass(frozen=True)
class Gaussian(Loss, rescaling="standard"):
    """The Gaussian negative log-likelihood; fits mean and variance of every target.

    The outputs are the means of all targets, followed by the logarithms of all variances.

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
