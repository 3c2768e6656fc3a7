"""Functions that are traced as others: because these make them up, or are quicker.

SciPy's normal distribution takes thirty times as long as an exponential, and computes digits that
float32 drops; its logistic four times. Formulas of the package take the quick forms, and are right
to rounding with them. In a formula of somebody else's these might not be: ``log(ndtr(z))`` needs
all digits of a tail, and the logistic is 0 in float32 where exp(-z) overflows, and SciPy's is not.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import special

from ..maths import Array
from .trace import Traced, Value

FEW = 128  # values for which one call of SciPy's is quicker than four of NumPy's
SCALE = 0.2334
TAIL = 0.12070328, -0.098465773, 0.61496199, -0.62663184, 0.48943247


def single_ndtr(z: Array) -> Array:
    """Return P(z) for a float32 array, to 4e-7; z P(z) is as exact as with SciPy's P.

    Beyond |z|, with t = 1 / (1 + scale |z|), lies

        Q = (c_1 t + c_2 t^2 + ... + c_5 t^5) exp(-z^2 / 2)

    and P is Q where z <= 0, else 1 - Q. The form is 7.1.26 of Abramowitz and Stegun, Handbook of
    mathematical functions, 1964. Theirs is the best for P; these constants are for z P(z).
    """
    t = 1 / (1 + SCALE * np.abs(z))
    polynomial = TAIL[-1] * t
    for c in TAIL[-2::-1]:
        polynomial = (polynomial + c) * t
    tail = polynomial * np.exp(-0.5 * z**2)
    return np.abs((z > 0).astype(z.dtype) - tail)


def _filled(number: float) -> Callable[[Traced], Traced]:
    """Return the function that returns an array of a number, like another array."""

    def filled(x):
        constant = Value(x.value.shape, x.dtype, constant=np.array(number, x.dtype))
        return Traced(x.trace, x.trace.unique((number, x.value.shape, x.dtype), constant))

    return filled


EXACT: dict[Any, Callable[..., Any]] = {
    np.clip: lambda x, low, high: np.minimum(np.maximum(x, low), high),
    np.ones_like: _filled(1),
    np.zeros_like: _filled(0),
}
QUICK: Mapping[Any, Callable[..., Any]] = {
    **EXACT,
    special.expit: lambda x: 1 / (1 + np.exp(-x)) if x.size > FEW else None,
    special.ndtr: lambda x: single_ndtr(x) if x.dtype == np.float32 and x.size > FEW else None,
}
