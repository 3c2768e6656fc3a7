"""A formula, followed once and written down as a list of operations.

The formulas of `maths` and `components` are plain NumPy: each operation makes an array. A training
loop has no time for that, and a graph of ONNX wants the operations, not the arrays. So a formula
is called once with a `Traced` in the place of each array. NumPy hands every function of it to
`Traced` (by the protocols ``__array_ufunc__`` and ``__array_function__``), and that writes the
function down in place of carrying it out. What is written of ``1 - a * a`` is::

    v = multiply(a, a)
    w = subtract(1, v)

Every operation makes a new value, and no value ever changes. What a formula does in place, as in
``params -= step``, makes a new value too, for which ``params`` stands from there on. So a function
of the same values has the same result, and is written down once: what f and f' have in common is
computed once. `buffers` makes calls on arrays of the list, and `interop.onnx_graph` nodes.

A formula that depends on numbers, which are not known yet, cannot be followed: one that branches
on them, adds them up, picks some, or calls what is no elementwise function of NumPy or SciPy.
TypeError is raised then, and whoever asked runs the formula as it is.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import DTypeLike
from scipy import special

from ..maths import Shape
from .normal import single_ndtr
from .values import Value

NUMBERS = bool, int, float  # which have no type of NumPy's yet
FEW = 128  # values for which one call of SciPy's is quicker than four of NumPy's


class Recording:
    """The operations of formulas that are followed, in their order.

    Attributes
    ----------
    operations : list of Value
    composed : dict
        Functions that are made of others, or of which more is known.
    failed : bool
        Whether anything could not be followed, even if the formula then went another way.
    """

    lacks = "{} is no elementwise function"  # what is said of a function that cannot be followed

    def __init__(self, composed: dict[Any, Callable[..., Any]] | None = None) -> None:
        self.composed: dict[Any, Any] = COMPOSED if composed is None else composed
        self.operations: list[Value] = []
        self.known: dict[Any, Any] = {}
        self.failed: bool = False
        self.errors: Any = np.geterr()

    def given(self, shape: Shape, dtype: DTypeLike, writable: bool = False) -> Any:
        """Return what stands for an array that will be given."""
        key = "given", len(self.known)
        return Traced(self, self.kept(key, Value(shape, dtype)), writable)

    def refuse(self, reason: str) -> NoReturn:
        """Raise TypeError: the formula cannot be followed."""
        self.failed = True
        raise TypeError(reason)

    def call(self, function: Any, *inputs: Any, **options: Any) -> Any:
        """Return what stands for ``function(*inputs, **options)``."""
        if np.geterr() != self.errors:
            self.refuse("np.errstate is in force while a formula is followed, not afterwards")
        made = self.composed[function](*inputs, **options) if function in self.composed else None
        return Traced(self, self.apply(function, inputs)) if made is None else made

    def shape_of(self, value: Value) -> Shape:
        """Return the shape of a value, which a formula asks for."""
        return value.shape

    def accepts(self, function: Any) -> bool:
        """Return whether a function can be an operation."""
        return isinstance(function, np.ufunc) and function.nout == 1 and not function.signature

    def apply(self, function: Any, inputs: Iterable[Any]) -> Value:
        """Write down an elementwise function; return its result, a `Value`."""
        if not self.accepts(function):
            self.refuse(self.lacks.format(function.__name__))
        inputs = [x if type(x) in NUMBERS else self.operand(x) for x in inputs]
        arrays = [x for x in inputs if type(x) is Value and x.shape and x.dtype.kind == "f"]
        common = np.result_type(*(x.dtype for x in arrays)) if arrays else None
        values = [self.operand(x, common) for x in inputs]
        dtype = function(*(x.sample for x in values)).dtype
        if dtype.kind not in "bf":
            self.refuse(f"{function.__name__} returns numbers of type {dtype}")
        if dtype.kind == "f":  # numbers are quicker to compute with than booleans
            values = [
                self.value(x, x.shape, dtype) if x.dtype == bool and x.shape else x for x in values
            ]
        shape = np.broadcast_shapes(*(x.shape for x in values))
        if function is np.multiply:
            for one, other in (values, values[::-1]):
                if is_one(one) and (other.shape, other.dtype) == (shape, dtype):
                    return other
        return self.written(function, values, shape, dtype)

    def operand(self, x: Any, dtype: DTypeLike | None = None) -> Value:
        """Return the `Value` of an input; Python's own numbers take the type of the arrays."""
        if type(x) is Value:
            return x
        if isinstance(x, Traced):
            if x.recording is not self:
                self.refuse("an array of another formula is used")
            return x.value
        if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "bif":
            x = np.asarray(x)
        elif type(x) in (bool, int, float):
            x = np.array(x, dtype)
        else:
            self.refuse(f"{type(x).__name__} is neither a number nor an array of numbers")
        return self.kept((x.shape, x.dtype, x.tobytes()), Value(x.shape, x.dtype, constant=x))

    def value(self, x: Any, shape: Shape, dtype: DTypeLike) -> Value:
        """Return the `Value` of what a formula returns, in a shape and type; a copy if need be."""
        x = self.operand(x, dtype)
        same = (x.shape, x.dtype) == (tuple(shape), dtype)
        return x if same else self.written(np.copyto, [x], shape, dtype)

    def written(
        self, function: Any, inputs: Iterable[Value], shape: Shape, dtype: DTypeLike
    ) -> Value:
        """Return the result of an operation, which is written down if it is new."""
        value = Value(shape, dtype, function, tuple(inputs))
        kept = self.kept((function, *inputs, value.shape, value.dtype), value)
        if kept is value:
            self.operations.append(value)
        return kept

    def kept(self, key: Any, value: Any) -> Any:
        """Return the value that was kept by this key, else ``value``, from now on."""
        return self.known.setdefault(key, value)

    def description(self, *others: Any) -> list[tuple[Any, ...]]:
        """Return what was written down, and other values, as something that can be compared."""
        number = {value: i for i, value in enumerate(self.known.values())}
        lines = [*self.known, others]
        return [tuple(number[x] if isinstance(x, Value) else x for x in line) for line in lines]


def is_one(value: Value) -> bool:
    """Return True if a value is the number 1, or an array of it."""
    return value.constant is not None and value.constant.shape == () and value.constant == 1


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """What stands for an array while a formula is followed.

    ``value`` is what the array holds at the time; ``writable`` says whether that may change. (An
    activation that changes its input in place is not followed.)
    """

    recording: Recording
    value: Value
    writable: bool

    def __init__(self, recording: Recording, value: Value, writable: bool = True) -> None:
        self.recording, self.value, self.writable = recording, value, writable

    shape: Any = property(lambda self: self.recording.shape_of(self.value))
    size: Any = property(lambda self: math.prod(self.shape))
    ndim: Any = property(lambda self: len(self.value.shape))
    dtype: Any = property(lambda self: self.value.dtype)

    def __array_ufunc__(
        self, function: Any, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        if method != "__call__":
            self.recording.refuse(self.recording.lacks.format(f"{function.__name__}.{method}"))
        if options:
            self.recording.refuse(f"{function.__name__} is called with {', '.join(options)}")
        result = self.recording.call(function, *inputs)
        return result if out is None else out[0].become(result)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        if function not in self.recording.composed:
            self.recording.refuse(self.recording.lacks.format(function.__name__))
        return self.recording.call(function, *inputs, **options)

    def become(self, other: "Traced") -> "Traced":
        """Stand for another value of the same shape and type from here on."""
        old, new = self.value, other.value
        if not self.writable or (old.shape, old.dtype) != (new.shape, new.dtype):
            self.recording.refuse("an array is changed that is not the formula's own")
        self.value = new
        return self

    def __setitem__(self, key: Any, x: Any) -> None:
        if not (key is Ellipsis or (isinstance(key, slice) and key == slice(None))):
            self.recording.refuse("a part of an array is changed")
        value = self.recording.value(x, self.value.shape, self.dtype)
        self.become(Traced(self.recording, value))

    def __pow__(self, exponent: Any) -> Any:  # as arrays do it
        quick = {2: np.square, 0.5: np.sqrt} if type(exponent) in (int, float) else {}
        return quick[exponent](self) if exponent in quick else np.power(self, exponent)

    def astype(self, dtype: DTypeLike) -> "Traced":
        """Return a copy in another type."""
        if np.dtype(dtype).kind != "f":
            self.recording.refuse(f"numbers become {np.dtype(dtype)}")
        value = self.recording.value(self, self.value.shape, np.dtype(dtype))
        return Traced(self.recording, value)

    def __array__(self, *args: Any, **options: Any) -> NoReturn:
        self.recording.refuse("the formula asks for numbers, which are not known yet")

    __bool__ = __float__ = __int__ = __len__ = __iter__ = __getitem__ = __array__


def _like(number):
    def filled(x):
        shape, dtype = x.value.shape, x.dtype
        value = Value(shape, dtype, constant=np.array(number, dtype))
        return Traced(x.recording, x.recording.kept((number, shape, dtype), value))

    return filled


COMPOSED: dict[Any, Callable[..., Any]] = {
    special.expit: lambda x: 1 / (1 + np.exp(-x)) if x.size > FEW else None,
    special.ndtr: lambda x: single_ndtr(x) if x.dtype == np.float32 and x.size > FEW else None,
    np.clip: lambda x, low, high: np.minimum(np.maximum(x, low), high),
    np.ones_like: _like(1),
    np.zeros_like: _like(0),
}
