"""Arrays that are made once, on cache lines; and a trace, as calls on them.

A `trace` says what a formula computes; a `Plan` says where. A value is needed from the operation
that makes it to the last one that reads it. An array can hold one value after another, if their
lives do not overlap; and an operation may put its result where it reads, number by number. So
1 - a * a needs no other array than a's.

Time is counted in operations. A trace may have two parts, with something else in between: f in
feedforward, and f' in backpropagation. What the second part reads of the first lies in arrays of
its own; all others are scratch, which other formulas may share.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from ..maths import Array, DType, Shape
from .trace import Trace, Value

LINE = 64  # bytes: arrays start on the boundary of a cache line, which NumPy's own need not

BEGINNING, EVER = -1, math.inf
FILLED = np.maximum, np.minimum  # are quicker with an array of one number than with the number
UNLIKE = (*FILLED, np.copyto)  # are not called as function(*inputs, out)

Calls: TypeAlias = list[tuple[Any, ...]]  # (function, argument, ...)


def empty(shape: Shape, dtype: DTypeLike, order: Literal["C", "F"] = "C") -> Array:
    """Return ``np.empty(shape, dtype, order)``, aligned to a cache line."""
    dtype = np.dtype(dtype)
    memory = np.empty(math.prod(shape) * dtype.itemsize + LINE, np.uint8)
    return np.ndarray(shape, dtype, memory, -memory.ctypes.data % LINE, order=order)


def aligned(shape: Shape, dtype: DTypeLike, fill: float = 0) -> Array:
    """Return ``np.full(shape, fill, dtype)``, aligned to a cache line."""
    array = empty(shape, dtype)
    array.fill(fill)
    return array


def aligned_copy(array: Array) -> Array:
    """Return a copy of ``array``, aligned to a cache line."""
    copy = empty(array.shape, array.dtype)
    copy[...] = array
    return copy


def as_aligned(array: Array) -> Array:
    """Return ``array`` itself if it is aligned to a cache line, else a copy that is."""
    return aligned_copy(array) if array.ctypes.data % LINE else array


class Plan:
    """In which buffer each value of a trace is, and the calls that put it there.

    A buffer is an array for one value after another. They go by their numbers: first come those
    that `calls` is handed, then those that the plan brings. ``inputs`` are the values that lie in
    the former, as (value, buffer, until): until when the value must stay there, if nothing reads it
    later. ``results`` are, for each part, the values that it has to leave in some of them, as
    (value, buffer). The first part has ``n_first`` operations. ``description`` is equal for
    formulas that do the same.
    """

    def __init__(
        self,
        trace: Trace,
        inputs: Sequence[tuple[Value, int, float]],
        results: Sequence[Sequence[tuple[Value, int]]],
        n_first: int,
    ) -> None:
        if trace.failed:
            raise TypeError("the formula cannot be traced")
        self.description: list[tuple[Any, ...]] = trace.description(
            *(value for of_part in results for value, _ in of_part)
        )
        operations = trace.operations
        self.parts: tuple[list[Value], list[Value]] = operations[:n_first], operations[n_first:]
        # the buffers of each part's results
        self.results: list[list[int]] = [[buffer for _, buffer in of_part] for of_part in results]
        self.buffer_of: dict[Value, int] = {}  # the buffer of each value that is no constant
        self.forms: dict[int, tuple[Shape, DType]] = {}  # of the array in each buffer
        self.filled: dict[int, list[float]] = defaultdict(list)  # when a buffer gets a result
        self.needed: dict[Value, float] = {  # until when
            x: t for t, operation in enumerate(operations) for x in operation.inputs
        }
        for value, buffer, until in inputs:
            self._put(value, buffer, until)
        taken = set(self.forms)
        for part, of_part, end in zip(self.parts, results, (n_first - 0.5, EVER)):
            for value, buffer in of_part:
                self._put_result(value, buffer, operations, part, end)
        self.n_handed: int = len(self.forms)  # buffers that `calls` is handed
        self._assign_buffers(operations, [buffer for buffer in self.forms if buffer not in taken])
        # buffers of what the second part reads of the first
        self.outlast: set[int] = {
            self.buffer_of[x] for x in self.parts[0] if self.needed.get(x, BEGINNING) >= n_first
        }

    def _put(self, value, buffer, until):
        self.buffer_of[value] = buffer
        self.forms[buffer] = value.shape, value.dtype
        self.needed[value] = max(until, self.needed.get(value, BEGINNING))

    def _put_result(self, value, buffer, operations, part, end):
        """Have a value made in a buffer, if it is free by then, else copied there after a part."""
        if self.buffer_of.get(value) != buffer:
            is_made = value in operations and value not in self.buffer_of  # not put elsewhere
            time = operations.index(value) if is_made else BEGINNING
            others = [x for x, where in self.buffer_of.items() if where == buffer]
            if not is_made or any(self.needed[x] > time for x in others):
                self.needed[value] = max(end, self.needed.get(value, BEGINNING))
                value, time = Value(value.shape, value.dtype, np.copyto, (value,)), end
                part.append(value)
            self.filled[buffer].append(time)
        self._put(value, buffer, end)

    def _assign_buffers(self, operations, free):
        """Give each value a buffer: that of an input read the last time, a free or a new one."""
        for t, operation in enumerate(operations):
            last_read = [x for x in operation.inputs if x in self.buffer_of and self.needed[x] == t]
            free = [*(self.buffer_of[x] for x in last_read), *free]
            if operation not in self.buffer_of:
                form = operation.shape, operation.dtype
                until = self.needed.get(operation, t)
                fitting = (buffer for buffer in free if self._fits(buffer, form, t, until))
                buffer = next(fitting, len(self.forms))
                self.forms.setdefault(buffer, form)
                self.buffer_of[operation] = buffer
            taken = self.buffer_of[operation]
            free = [buffer for buffer in dict.fromkeys(free) if buffer != taken]

    def _fits(self, buffer, form, since, until):
        """Return True if a buffer has this form, and gets no result meanwhile."""
        is_filled = any(since <= time < until for time in self.filled[buffer])
        return self.forms[buffer] == form and not is_filled

    def calls(
        self, arrays: Sequence[Array], scratch: dict[Any, Array] | None = None
    ) -> list[Calls]:
        """Return the calls of the two parts, which read and write these arrays.

        ``scratch`` has the arrays that other formulas may use too; None shares with nobody.
        """
        scratch = {} if scratch is None else scratch
        order: Literal["C", "F"] = "C" if arrays[0].flags.c_contiguous else "F"
        buffers = [*arrays, *self._own(scratch, order)]

        def array_of(x, result):
            """Return where an operand is; a constant may have to fill an array of its own."""
            if x in self.buffer_of:
                return buffers[self.buffer_of[x]]
            fills = result.function in FILLED and not x.shape
            shape = result.shape if fills else x.shape
            if x.constant.shape == shape:
                return x.constant
            key = x.constant.tobytes(), order, shape, x.dtype
            if key not in scratch:
                scratch[key] = np.full(shape, x.constant, x.dtype, order)
            return scratch[key]

        return [
            [
                call(x.function, *(array_of(y, x) for y in x.inputs), buffers[self.buffer_of[x]])
                for x in part
            ]
            for part in self.parts
        ]

    def _own(self, scratch, order):
        """Return the arrays that the plan brings; those that do not outlast a part are scratch."""
        arrays = []
        n_alike = defaultdict(int)  # so that no two of the arrays are one
        for buffer in range(self.n_handed, len(self.forms)):
            form = self.forms[buffer]
            n_alike[form] += 1
            key = n_alike[form], order, *form
            shared = {} if buffer in self.outlast else scratch
            if key not in shared:
                shared[key] = empty(*form, order)
            arrays.append(shared[key])
        return arrays


def call(function: Any, *arrays: Array) -> tuple[Any, ...]:
    """Return a call that puts the function of the first arrays into the last one."""
    if function not in UNLIKE:
        return (function, *arrays)
    *inputs, out = arrays
    if function in FILLED:
        return (partial(function, out=out), *inputs)
    (x,) = inputs  # to be copied; a boolean is a byte of 0 or 1, and numbers are quicker to copy
    return (np.copyto, out, x.view(np.uint8) if x.dtype == bool else x)
