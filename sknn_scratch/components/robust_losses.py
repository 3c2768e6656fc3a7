"""Losses that large errors do not dominate, as they do the squared error; see `maths.losses`."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Annotated, Any

import numpy as np

from ..maths import Array, Loss


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
        clipped = self.gradient(y, a)
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
