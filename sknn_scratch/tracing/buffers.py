"""A recorded formula, as calls on arrays that are made once.

`recording` says what a formula computes; a `Plan` says where. A value is needed from the operation
that makes it to the last one that reads it. An array can hold one value after another, if their
times do not overlap; and an operation may put its result where it reads, number by number. So
1 - a * a needs no other array than a's.

Time is counted in operations. A recording may have two parts, with something else in between (at
the time `BETWEEN`): f in feedforward, and f' in backpropagation. What the second part reads of the
first is kept in arrays of its own; all others are scratch, which other formulas may share.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from math import inf
from operator import itemgetter
from typing import Any, TypeAlias

import numpy as np

from ..maths import Array, Calls, DType, Shape
from .aligned import empty
from .recording import Recording
from .values import Value

BETWEEN = "between"  # the time after the first part, before the second
BEGINNING, EVER = -1, inf
FILLED = np.maximum, np.minimum  # are quicker with an array of one number than with the number
UNLIKE = (*FILLED, np.copyto)  # are not called as function(*inputs, out)

Settled: TypeAlias = tuple[Value, int, float | str]  # (value, place, until)


class Plan:
    """Where each value of a recording is, and the calls that put it there.

    Parameters
    ----------
    recording : Recording
        Operations that nothing wanted depends on are left out.
    given : list of (Value, place, until)
        The values that lie in given arrays: the number of the array, and until when the value must
        stay there, if nothing reads it later.
    wanted : list of (Value, place, until)
        The values to be put into given arrays.
    split : int, default=None
        How many operations belong to the first part; None is all of them.

    Attributes
    ----------
    description : list
        Equal for formulas that do the same.
    """

    description: list[tuple[Any, ...]]
    parts: tuple[list[Value], list[Value]]
    given: list[Value]
    homes: dict[Value, int]
    stays: dict[Value, float | str]
    forms: dict[int, tuple[Shape, DType]]
    n_given: int
    kept: set[int]
    steps: list[list[Any]]
    constants: list[tuple[Value, Shape]]

    def __init__(
        self,
        recording: Recording,
        given: Sequence[Settled],
        wanted: Sequence[Settled],
        split: int | None = None,
    ) -> None:
        if recording.failed:
            raise TypeError("the formula cannot be followed")
        operations = recording.operations
        self.description = recording.description(*(value for value, *_ in wanted))
        cut = len(operations) if split is None else split
        self.parts = list(operations[:cut]), list(operations[cut:])
        self.given = [value for value, *_ in given]
        self.homes, self.stays, self.forms = {}, {}, {}
        for value, place, until in given:
            self._settle(value, place, until)
        self._leave_out({value for value, *_ in wanted})
        for value, place, until in wanted:
            part = self.parts[split is not None and until != BETWEEN]
            self._settle(self._free(value, place, part), place, until)
        self._find_homes()
        self._list_steps()

    def _settle(self, value, place, until):
        self.homes[value], self.stays[value] = place, until
        self.forms[place] = value.shape, value.dtype

    def _leave_out(self, needed):
        """Leave out the operations that nothing needed depends on."""
        for part in self.parts[::-1]:
            for value in part[::-1]:
                if value in needed:
                    needed.update(value.inputs)
                else:
                    part.remove(value)

    def _free(self, value, place, part):
        """Return what can be settled in a place: the value, or a copy made at the end of a part."""
        made, last = self._times()
        rivals = [x for x, home in self.homes.items() if home == place and x is not value]
        elsewhere = value not in made or self.homes.get(value, place) != place
        if not (elsewhere or any(last[x] > made[value] for x in rivals)):
            return value
        part.append(type(value)(value.shape, value.dtype, np.copyto, (value,)))
        return part[-1]

    def _times(self):
        """Return when each value is made, and until when it is needed."""
        between, made = len(self.parts[0]) - 0.5, dict.fromkeys(self.given, BEGINNING)
        last = dict(made)
        for t, operation in enumerate(self.parts[0] + self.parts[1]):
            made[operation] = last[operation] = t
            last.update((value, t) for value in operation.inputs)
        for value, until in self.stays.items():
            last[value] = max(last[value], between if until == BETWEEN else until)
        return made, last

    def _find_homes(self):
        """Give each value a home that is free while it is needed, where it is made if possible."""
        made, last = self._times()
        busy, between = defaultdict(list), len(self.parts[0]) - 0.5
        for value, place in self.homes.items():
            busy[place].append((made[value], last[value]))
        self.n_given = len(self.forms)
        for value in self.parts[0] + self.parts[1]:
            if value not in self.homes:
                start, end, form = made[value], last[value], (value.shape, value.dtype)
                near = [self.homes[x] for x in value.inputs if x in self.homes]
                for place in (*near, *self.forms, len(self.forms)):
                    free = all(end <= since or until <= start for since, until in busy[place])
                    if self.forms.setdefault(place, form) == form and free:
                        break
                self.homes[value] = place
                busy[place].append((start, end))
        self.kept = {
            place for place, times in busy.items() if any(s < between < e for s, e in times)
        }

    def _list_steps(self):
        """Note the arrays of each operation; constants have places after all others."""
        constants = {}

        def place(x, shape):
            if x in self.homes:
                return self.homes[x]
            return len(self.forms) + constants.setdefault((x, shape), len(constants))

        self.steps = [[], []]
        for part, steps in zip(self.parts, self.steps):
            for value in part:
                fill = value.function in FILLED
                inputs = [
                    place(x, x.shape or value.shape if fill else x.shape) for x in value.inputs
                ]
                steps.append((value.function, itemgetter(*inputs, self.homes[value])))
        self.constants = list(constants)

    def calls(
        self, arrays: Sequence[Array], scratch: dict[Any, Array] | None = None
    ) -> list[Calls]:
        """Return the calls of the two parts.

        Parameters
        ----------
        arrays : list of ndarray
            The given ones.
        scratch : dict, default=None
            Keeps the arrays that other formulas may use too. None shares with nobody.
        """
        scratch = {} if scratch is None else scratch
        order, same = "C" if arrays[0].flags.c_contiguous else "F", defaultdict(int)
        arrays = list(arrays)
        for place in range(self.n_given, len(self.forms)):
            shape, dtype = form = self.forms[place]
            same[form] += 1
            key = same[form], order, *form
            if place in self.kept:
                arrays.append(empty(shape, dtype, order))
            else:
                if key not in scratch:
                    scratch[key] = empty(shape, dtype, order)
                arrays.append(scratch[key])
        for x, shape in self.constants:
            if x.constant.shape == shape:
                arrays.append(x.constant)
            else:
                key = x.constant.tobytes(), order, shape, x.dtype
                if key not in scratch:
                    scratch[key] = np.full(shape, x.constant, x.dtype, order)
                arrays.append(scratch[key])
        return [
            [_call(f, *of(arrays)) if f in UNLIKE else (f, *of(arrays)) for f, of in steps]
            for steps in self.steps
        ]


def _call(function, *arrays):
    """Return the call of one of those `UNLIKE` the others; the last array takes the result."""
    *inputs, out = arrays
    if function in FILLED:
        return (partial(function, out=out), *inputs)
    (x,) = inputs  # to be copied; a boolean is a byte of 0 or 1, and numbers are quicker to copy
    return (np.copyto, out, x.view(np.uint8) if x.dtype == bool else x)
