"""A formula, traced: called once, and written as a list of operations.

The formulas of `maths` and `components` are plain NumPy: each operation makes an array. A training
loop has no time for that, and a graph of ONNX wants the operations, not the arrays. So a formula
is called once with a `Traced` in the place of each array. NumPy hands every function of it to
`Traced` (by the protocols ``__array_ufunc__`` and ``__array_function__``), and that appends the
function to a `Trace` in place of carrying it out. The trace of ``1 - a * a`` is::

    v = multiply(a, a)
    w = subtract(1, v)

Every operation makes a new `Value`, and no value ever changes. So a function of the same values has
the same result, and is in the trace once: what f and f' have in common is computed once. `buffers`
makes calls on arrays of a trace, and `interop.onnx_graph` nodes.

A formula that depends on numbers, which are not known yet, cannot be traced: one that branches on
them, adds them up, picks some, changes them in place, or calls what is no elementwise function of
NumPy or SciPy. TypeError is raised then, and whoever asked runs the formula as it is.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import DTypeLike
from scipy import special

from ..maths import Array, DType, Shape

NUMBERS = bool, int, float  # Python's own, which take the type of the arrays beside them
# Of booleans: ONNX has them of numbers only. (Others ask what type they are handed.)
ARITHMETIC = np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum


@dataclass(eq=False, slots=True)
class Value:
    """An input, a constant, or what a function makes of other values, its inputs.

    A constant of shape () may have the shape of an array, each number of which it is.
    """

    shape: Shape
    dtype: DType
    function: Any = None
    inputs: tuple["Value", ...] = ()
    constant: Any = None

    @property
    def sample(self) -> Array:
        """An array without numbers, or with one, from which functions show what they return."""
        if self.shape:
            return np.empty(0, self.dtype)
        return np.ones((), self.dtype) if self.constant is None else self.constant


class Trace:
    """The operations of formulas, in their order.

    ``composed`` says of functions that are made of others, or have quicker ones (see `QUICK`), what
    to call in their place; that may return None, and the function becomes an operation after all.
    """

    lacks = "{} is no elementwise function"  # what is said of a function that cannot be traced

    def __init__(self, composed: Mapping[Any, Callable[..., Any]]) -> None:
        self.composed = composed
        self.operations: list[Value] = []
        self.values: dict[Any, Value] = {}  # all of them, by what makes them: each is there once
        self.failed: bool = False  # even if the formula then went another way
        self.errors: Any = np.geterr()

    def input(self, shape: Shape, dtype: DTypeLike) -> Any:
        """Return what stands for an array that the calls will be handed."""
        key = "input", len(self.values)
        return Traced(self, self.values.setdefault(key, Value(tuple(shape), np.dtype(dtype))))

    def refuse(self, reason: str) -> NoReturn:
        """Raise TypeError: the formula cannot be traced."""
        self.failed = True
        raise TypeError(reason)

    def call(self, function: Any, *inputs: Any, **options: Any) -> Any:
        """Return what stands for ``function(*inputs, **options)``."""
        if np.geterr() != self.errors:
            self.refuse("np.errstate is in force while a formula is traced, not afterwards")
        if function in self.composed:
            result = self.composed[function](*inputs, **options)
            if result is not None:
                return result
        return Traced(self, self.apply(function, inputs))

    def shape_of(self, value: Value) -> Shape:
        """Return the shape of a value, which a formula asks for."""
        return value.shape

    def accepts(self, function: Any) -> bool:
        """Return whether a function can be an operation."""
        return isinstance(function, np.ufunc) and function.nout == 1 and not function.signature

    def apply(self, function: Any, inputs: Iterable[Any]) -> Value:
        """Return the result of an elementwise function, an operation unless it is known."""
        if not self.accepts(function):
            self.refuse(self.lacks.format(function.__name__))
        operands = self._operands(inputs)
        shape = np.broadcast_shapes(*(x.shape for x in operands))
        dtype = function(*(x.sample for x in operands)).dtype
        if dtype.kind not in "bf":
            self.refuse(f"{function.__name__} returns numbers of type {dtype}")
        if dtype.kind == "f" and function in ARITHMETIC:
            operands = [
                self.value(x, x.shape, dtype) if x.dtype == bool and x.shape else x
                for x in operands
            ]
        if function is np.multiply:
            for one, other in (operands, operands[::-1]):
                is_one = one.constant is not None and (one.constant == 1).all()
                if is_one and (other.shape, other.dtype) == (shape, dtype):
                    return other
        return self.append(function, operands, shape, dtype)

    def _operands(self, inputs: Iterable[Any]) -> list[Value]:
        """Return the values of inputs, Python's numbers in the type that the arrays have."""
        inputs = [x if type(x) in NUMBERS else self.operand(x) for x in inputs]
        dtypes = [x.dtype for x in inputs if type(x) is Value and x.shape and x.dtype.kind == "f"]
        common = np.result_type(*dtypes) if dtypes else None
        return [self.operand(x, common) for x in inputs]

    def operand(self, x: Any, dtype: DTypeLike | None = None) -> Value:
        """Return the `Value` of an input; a number of Python's own has this type."""
        if type(x) is Value:
            return x
        if isinstance(x, Traced):
            if x.trace is not self:
                self.refuse("an array of another formula is used")
            return x.value
        if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "bif":
            constant = np.array(x)  # a copy: the formula may change its array afterwards
        elif type(x) in NUMBERS:
            constant = np.array(x, dtype)
        else:
            self.refuse(f"{type(x).__name__} is neither a number nor an array of numbers")
        key = constant.shape, constant.dtype, constant.tobytes()
        return self.values.setdefault(key, Value(constant.shape, constant.dtype, constant=constant))

    def value(self, x: Any, shape: Shape, dtype: DTypeLike) -> Value:
        """Return the `Value` of what a formula returns, in a shape and type; a copy if need be."""
        value = self.operand(x, dtype)
        if (value.shape, value.dtype) == (tuple(shape), dtype):
            return value
        return self.append(np.copyto, [value], shape, dtype)

    def append(
        self, function: Any, inputs: Iterable[Value], shape: Shape, dtype: DTypeLike
    ) -> Value:
        """Return the result of an operation, which is appended if it is new."""
        result = Value(tuple(shape), np.dtype(dtype), function, tuple(inputs))
        value = self.values.setdefault(
            (function, *result.inputs, result.shape, result.dtype), result
        )
        if value is result:
            self.operations.append(value)
        return value

    def description(self, *others: Any) -> list[tuple[Any, ...]]:
        """Return all values, and some in particular, as something that can be compared."""
        number = {value: i for i, value in enumerate(self.values.values())}
        lines = [*self.values, others]
        return [tuple(number[x] if type(x) is Value else x for x in line) for line in lines]


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """What stands for an array while a formula is traced."""

    def __init__(self, trace: Trace, value: Value) -> None:
        self.trace = trace
        self.value: Value = value

    shape: Any = property(lambda self: self.trace.shape_of(self.value))
    size: Any = property(lambda self: math.prod(self.shape))
    ndim: Any = property(lambda self: len(self.value.shape))
    dtype: Any = property(lambda self: self.value.dtype)

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__":
            self.trace.refuse(self.trace.lacks.format(f"{function.__name__}.{method}"))
        if "out" in options:
            self.trace.refuse("an array is changed in place")
        if options:
            self.trace.refuse(f"{function.__name__} is called with {', '.join(options)}")
        return self.trace.call(function, *inputs)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        if function not in self.trace.composed:
            self.trace.refuse(self.trace.lacks.format(function.__name__))
        return self.trace.call(function, *inputs, **options)

    def __setitem__(self, key: Any, x: Any) -> NoReturn:
        self.trace.refuse("an array is changed in place")

    def __pow__(self, exponent: Any) -> Any:  # as arrays do it
        quick = {2: np.square, 0.5: np.sqrt} if type(exponent) in (int, float) else {}
        return quick[exponent](self) if exponent in quick else np.power(self, exponent)

    def __getattr__(self, name: str) -> NoReturn:
        if not name.startswith("__"):  # else NumPy asks, for what it can do without
            self.trace.failed = True
        raise AttributeError(f"an array that stands for others has no {name}")

    def astype(self, dtype: DTypeLike) -> "Traced":
        """Return a copy in another type."""
        if np.dtype(dtype).kind != "f":
            self.trace.refuse(f"numbers become {np.dtype(dtype)}")
        value = self.trace.value(self, self.value.shape, np.dtype(dtype))
        return Traced(self.trace, value)

    def __array__(self, *args: Any, **options: Any) -> NoReturn:
        self.trace.refuse("the formula asks for numbers, which are not known yet")

    __bool__: Any = __array__
    __float__: Any = __array__
    __int__: Any = __array__
    __len__: Any = __array__
    __iter__: Any = __array__
    __getitem__: Any = __array__


# --- functions that are traced as others: because these make them up, or are quicker ---

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
        return Traced(
            x.trace, x.trace.values.setdefault((number, x.value.shape, x.dtype), constant)
        )

    return filled


EXACT: dict[Any, Callable[..., Any]] = {
    np.clip: lambda x, low, high: np.minimum(np.maximum(x, low), high),
    np.ones_like: _filled(1),
    np.zeros_like: _filled(0),
}
# SciPy's normal distribution takes thirty times as long as an exponential, and computes digits that
# float32 drops; its logistic four times. Formulas of the package are right to rounding with these.
# Somebody else's might not be: ``log(ndtr(z))`` needs all digits of a tail, and this logistic is 0
# in float32 where exp(-z) overflows.
QUICK: Mapping[Any, Callable[..., Any]] = {
    **EXACT,
    special.expit: lambda x: 1 / (1 + np.exp(-x)) if x.size > FEW else None,
    special.ndtr: lambda x: single_ndtr(x) if x.dtype == np.float32 and x.size > FEW else None,
}
