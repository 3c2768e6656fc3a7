"""Numbers, booleans and arrays from outside, made sure of; and the ranges of numbers.

Every error names the parameter or the array, says what it got, and what it takes.

Ranges are intervals, written as in mathematics: "[0, 1)" holds 0 but not 1, "(0, inf)" all positive
finite numbers. A field of a component, which is a dataclass then, has it beside its type::

    momentum: Annotated[float, "[0, 1]"] = 0.9
"""

from dataclasses import fields
from numbers import Integral, Real
from typing import Annotated, Any, get_args, get_origin

import numpy as np
from scipy import sparse

from ..maths import Array

KINDS: dict[type[Any], type[Any]] = {int: Integral, float: Real}


def check_number(value: Any, name: str, kind: type[Any], interval: str) -> None:
    """Raise TypeError or ValueError unless ``value`` is an int, or a float, in the interval.

    An int is a float too, and NumPy's numbers are what they stand for; booleans are neither.
    """
    noun = "an int" if kind is int else "a number"
    message = f"{name} must be {noun} in {interval}, got {value!r}."
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, KINDS[kind]):
        raise TypeError(message)
    low, high = map(float, interval[1:-1].split(","))
    above = value >= low if interval[0] == "[" else value > low
    below = value <= high if interval[-1] == "]" else value < high
    if not (above and below):  # nan is neither
        raise ValueError(message)


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
    for name, (kind, interval) in ranges_of(type(component)).items():
        value = getattr(component, name)
        check_number(value, f"{name} of {type(component).__name__}", kind, interval)
        object.__setattr__(component, name, kind(value))  # past the frozen dataclass
    for field in fields(component):
        if field.type is bool:
            value = getattr(component, field.name)
            check_boolean(value, f"{field.name} of {type(component).__name__}")
            object.__setattr__(component, field.name, bool(value))


def refuse_masked(values: Any, name: str) -> None:
    """Raise ValueError if ``values`` is a masked array in which something is masked."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        n_masked = np.ma.count_masked(values)
        raise ValueError(
            f"{name} must not be masked, got {n_masked} masked values: drop their rows, or fill "
            f"them in ({name}.filled)."
        )


def as_numbers(values: Any, name: str) -> Array:
    """Return ``values`` as an array; TypeError or ValueError if it is not of real numbers."""
    refuse_masked(values, name)
    if sparse.issparse(values):
        raise TypeError(f"{name} must be a dense array, got a sparse matrix.")
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O":
            if hasattr(values, "isna"):  # of pandas, whose NA is no number
                array = np.where(values.isna(), np.nan, array)
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be real numbers: {error}") from error
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name} must be real numbers, got an array of dtype {array.dtype}.")
    return array
