"""The standard normal distribution in single precision, by operations that NumPy is quick at.

SciPy's takes thirty times as long as an exponential, and computes digits that float32 drops.
"""

import numpy as np

from ..maths import Array

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
