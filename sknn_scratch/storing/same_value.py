"""Whether two constructor parameters, one of them from a file, have the same value."""

import pickle
from numbers import Number
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np


def same_value(a: Any, b: Any) -> bool:
    """Return True if two parameters have the same value.

    Numbers are compared as numbers, arrays (and pandas' series) by type and elements, lists and
    tuples by elements; all else by what pickle makes of it, that is by class and state.
    """
    if a is b:
        return True
    if isinstance(a, Number) and isinstance(b, Number):
        return bool(a == b or (a != a and b != b))
    if hasattr(a, "__array__") or hasattr(b, "__array__"):
        a, b = np.asarray(a), np.asarray(b)
        same = (a.dtype.kind, a.shape) == (b.dtype.kind, b.shape)
        return same and all(map(same_value, a.ravel().tolist(), b.ravel().tolist()))
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same_value, a, b))
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_value(a[key], b[key]) for key in a)
    if isinstance(a, (str, bytes, type, FunctionType, BuiltinFunctionType)):
        return a == b
    return same_value(*map(reduced, (a, b)))


def reduced(value: Any) -> str | list[Any]:
    """Return what pickle stores of an object: how it is made, of what, and its state."""
    parts = value.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    return parts if isinstance(parts, str) else [*parts[:3], *map(list, filter(None, parts[3:5]))]
