"""A bounded output: for a target that is known to lie in an interval."""

from dataclasses import dataclass
from math import inf

import numpy as np
from scipy.special import expit

from .activations import Activation
from .checks import Checked, number


@dataclass(frozen=True)
class Bounded(Checked, Activation):
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

    Examples
    --------
    >>> Bounded(0, 100)
    Bounded(low=0.0, high=100.0)
    """

    low: float = number("(-inf, inf)")
    high: float = number("(-inf, inf)")

    glorot_factor = 2.0  # the logistic's, which Bounded(0, 1) is

    def __post_init__(self):
        super().__post_init__()
        if not 0 < self.high - self.low < inf:
            raise ValueError(
                f"Bounded takes low < high and a finite high - low, got {self.low} and {self.high}."
            )

    def __call__(self, z):
        return np.minimum(self.low + (self.high - self.low) * expit(z), self.high)

    def derivative(self, z, a):
        s = expit(z)  # not from a, which has few digits left if low and high are close
        return (self.high - self.low) * s * (1 - s)
