"""Ranges of numbers: of constructor parameters, and of the fields of components.

Ranges are intervals, written as in mathematics: "[0, 1)" holds 0 but not 1, "(0, inf)" all positive
finite numbers. A field of a component, which is a dataclass then, has it beside its type::

    momentum: Annotated[float, "[0, 1]"] = 0.9
"""

from dataclasses import fields
from numbers import Integral, Real
from typing import Annotated, Any, get_args, get_origin

import numpy as np

KINDS: dict[type[Any], type[Any]] = {int: Integral, float: Real}


def check_number(value: Any, name: str, kind: type[Any], interval: str) -> None:
    """Raise TypeError or ValueError unless ``value`` is a ``kind`` of number in the interval.

    The kinds are `numbers.Integral` and `numbers.Real`.
    """
    noun = "an int" if kind is Integral else "a number"
    message = f"{name} must be {noun} in {interval}, got {value!r}."
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
        raise TypeError(message)
    low, high = map(float, interval[1:-1].split(","))
    above = value >= low if interval[0] == "[" else value > low
    below = value <= high if interval[-1] == "]" else value < high
    if not (above and below):  # nan is neither
        raise ValueError(message)
    if kind is Real:
        try:
            float(value)
        except OverflowError:
            raise ValueError(f"{name} must be a number that fits into a float.") from None


def check_boolean(value: Any, name: str) -> None:
    """Raise TypeError unless ``value`` is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}.")


def ranges_of(component: Any) -> dict[str, tuple[type[Any], str]]:
    """Return {field: (int or float, interval)} of the numbers of a component, or of its class."""
    return {
        field.name: get_args(field.type)[:2]
        for field in fields(component)
        if get_origin(field.type) is Annotated
    }


def check_fields(component: Any) -> None:
    """Check numbers and booleans of a new component, and make them Python's own, in place.

    (A NumPy number, as a grid search may hand over, would turn float32 into float64.)
    """
    for name, (number, interval) in ranges_of(type(component)).items():
        value = getattr(component, name)
        check_number(value, f"{name} of {type(component).__name__}", KINDS[number], interval)
        object.__setattr__(component, name, number(value))  # past the frozen dataclass
    for field in fields(component):
        if field.type is bool:
            value = getattr(component, field.name)
            check_boolean(value, f"{field.name} of {type(component).__name__}")
            object.__setattr__(component, field.name, bool(value))
