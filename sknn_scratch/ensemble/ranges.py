"""What y can be, where the user says so."""

from numbers import Real
from typing import Any

import numpy as np

from ..maths import Array


def check_range(target_range: Any) -> None:
    """Raise TypeError or ValueError unless it is None, or the least and the most y can be."""
    if target_range is None:
        return
    is_pair = isinstance(target_range, (tuple, list)) and len(target_range) == 2
    ends = target_range if is_pair else ()
    if not is_pair or not all(end is None or _is_number(end) for end in ends):
        raise TypeError(
            "target_range must be None or a tuple of two numbers or None, such as (0, None); got "
            f"{target_range!r}."
        )
    low, high = limits_of(target_range)
    if not low < high:
        raise ValueError(
            f"target_range must have its lower end below its upper end, got {target_range!r}."
        )


def _is_number(end):
    return isinstance(end, Real) and not isinstance(end, (bool, np.bool_))


def limits_of(target_range: Any) -> tuple[float, float]:
    """Return the ends of a range as numbers: infinite where there is none."""
    low, high = (None, None) if target_range is None else target_range
    return -np.inf if low is None else float(low), np.inf if high is None else float(high)


def refuse_huge(y: Array) -> None:
    """Raise ValueError if sums of a few targets may overflow."""
    largest = np.abs(y).max()
    if largest > np.finfo(y.dtype).max / 8:
        raise ValueError(
            f"y contains values too large for an ensemble, up to {largest:.2g}: differences from "
            "what is predicted must be finite. Divide y by some number."
        )


def refuse_outside(y: Array, limits: tuple[float, float]) -> None:
    """Raise ValueError if a target lies outside of its range."""
    low, high = limits
    outside = y[(y < low) | (y > high)]
    if outside.size:
        raise ValueError(
            f"y must be in target_range, from {low:g} to {high:g}; got {outside[0]:g}."
        )
