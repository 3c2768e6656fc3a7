"""The values that `recording` writes down."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..maths import Array, DType, Shape


class Value:
    """A given array, a constant, or what a function makes of other values, its inputs.

    A constant of shape () may have the shape of an array, each number of which it is.
    """

    __slots__ = "constant", "dtype", "function", "inputs", "shape"

    shape: Shape
    dtype: DType
    function: Any
    inputs: tuple[Any, ...]
    constant: Any

    def __init__(
        self,
        shape: Shape,
        dtype: DTypeLike,
        function: Any = None,
        inputs: tuple[Any, ...] = (),
        constant: Any = None,
    ) -> None:
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)
        self.function, self.inputs, self.constant = function, inputs, constant

    @property
    def sample(self) -> Array:
        """An array without numbers, or with one, from which functions show what they return."""
        if self.shape:
            return np.empty(0, self.dtype)
        return np.ones((), self.dtype) if self.constant is None else self.constant
