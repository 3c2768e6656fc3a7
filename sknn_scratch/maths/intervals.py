"""Numbers of components that are objects with parameters of their own, checked when they are made.

A component is a dataclass that derives from `Checked`; a field says what it takes::

    momentum: float = number("[0, 1]", default=0.9)

Intervals are written as in mathematics: "[0, 1)" holds 0 but not 1, "(0, inf)" all positive
finite numbers.
"""

from dataclasses import MISSING, field, fields
from numbers import Integral, Real
from typing import Any

import numpy as np


def number(interval: str, default: Any = MISSING) -> Any:
    """Return a dataclass field for a number in the interval."""
    return field(default=default, metadata={"interval": interval})


class Checked:
    """A dataclass whose numbers are checked when it is made, and made Python's own.

    (A NumPy number, as a grid search may hand over, would turn float32 into float64.)
    """

    def __post_init__(self) -> None:
        for each in fields(self):
            if "interval" in each.metadata:
                name = f"{each.name} of {type(self).__name__}"
                value = getattr(self, each.name)
                kind = Integral if each.type is int else Real
                check_range(value, name, each.metadata["interval"], kind)
                object.__setattr__(self, each.name, each.type(value))  # past the frozen dataclass


def check_range(value: Any, name: str, interval: str, kind: type[Any] = Real) -> None:
    """Raise TypeError or ValueError unless ``value`` is a ``kind`` of number in the interval."""
    noun = "an int" if kind is Integral else "a number"
    message = f"{name} must be {noun} in {interval}, got {value!r}."
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
        raise TypeError(message)
    low, high = bounds_of(interval)
    above = value >= low if interval[0] == "[" else value > low
    below = value <= high if interval[-1] == "]" else value < high
    if not (above and below):  # nan is neither
        raise ValueError(message)
    check_fits_float(value, name)


def bounds_of(interval: str) -> tuple[float, float]:
    """Return the ends of an interval, as floats."""
    low, high = (float(bound) for bound in interval[1:-1].split(","))
    return low, high


def check_fits_float(value: Any, name: str) -> None:
    """Raise ValueError if ``value`` is an int that is too large to be a float."""
    try:
        float(value)
    except OverflowError:
        raise ValueError(f"{name} must be a number that fits into a float, got more.") from None
