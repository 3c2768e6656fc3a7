"""Whether a trace is taken for the formula, and plans that serve all fits.

To trace a formula is to call it when nobody else would, and to take what it did for what it always
does. That holds for the components of the package, so their plans are made once. A component of
somebody else's is traced for each fit, and as a copy, so that nothing happens to it. Then the calls
are held against the formula, on numbers, in the shapes and the type of the fit, unless that
has been done with the same trace. If they differ by more than rounding, or the component draws
random numbers, or changes itself or its class, then the formula is called as it is.
"""

import copy
import pickle
import random
from collections.abc import Sequence
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np

from ..maths import Array, Calls
from .buffers import Plan

PACKAGE = __name__.partition(".")[0]
PLANS: dict[Any, Plan] = {}  # of the components of the package, by all that they depend on
MOST = 512  # that are kept
# Of classes of somebody else's, the traces that did with numbers what the formulas do.
PROVEN: WeakKeyDictionary[type, set[Any]] = WeakKeyDictionary()
EDGES = 0.0, 1.0, -1.0, 30.0, -30.0, 200.0, -200.0, 1e-6  # where formulas are apt to branch
ROUNDINGS = 200  # of an operation, by which the results of two orders of operations may differ


class Form(Protocol):
    """What the calls of a component depend on beside its formulas: shapes, types, and where to."""

    def plan(self, component: Any, /) -> Plan:
        """Trace the formulas, and plan where what they compute lies."""
        ...

    def plain(self, component: Any, arrays: Sequence[Array], /) -> Sequence[Calls]:
        """Return calls that do the same as the plan's, by the formulas as they are."""
        ...


def is_ours(cls: type) -> bool:
    """Return True if a class is of this package."""
    return cls.__module__.partition(".")[0] == PACKAGE


def plan_of(component: Any, form: Form) -> Plan | None:
    """Return the plan of a component's formulas, or None if they are to be called as they are."""
    try:
        return proven_plan(component, form)
    except Exception:  # it may be anybody's code
        return None


def proven_plan(component: Any, form: Form) -> Plan:
    """Return what `plan_of` does; if there is no plan, raise an error that says why."""
    if is_ours(type(component)):
        key = type(component), tuple(vars(component).items()), form
        if key not in PLANS:
            make_room(PLANS)
            PLANS[key] = form.plan(component)
        return PLANS[key]
    return _tried_plan(component, form)


def make_room(kept: dict[Any, Any] | set[Any]) -> None:
    """Empty, in place, what has grown to as much as is kept."""
    if len(kept) >= MOST:
        kept.clear()


def _tried_plan(component, form):
    """Return the plan of a component of somebody else's, after a trial."""
    twin = copy.deepcopy(component)
    before = surroundings(twin)
    plan = form.plan(twin)
    key = (*plan.description, form, pickle.dumps(vars(twin)))
    proven = PROVEN.setdefault(type(component), set())
    if key not in proven:
        if not agrees(plan, form, twin):
            raise TypeError(
                f"{component!r} does something else with numbers than when it is traced"
            )
        make_room(proven)
        proven.add(key)
    if surroundings(twin) != before:
        proven.discard(key)
        raise TypeError(f"{component!r} draws random numbers, or changes itself or its class")
    return plan


def surroundings(component: Any) -> bytes:
    """Return what a formula could change beside its arguments, as something to be compared."""
    attributes = [
        (name, value)
        for cls in type(component).__mro__
        for name, value in vars(cls).items()
        if not (is_ours(cls) or name.startswith(("__", "_abc_")) or hasattr(value, "__get__"))
    ]
    generators = np.random.get_state(), random.getstate()
    return pickle.dumps((vars(component), attributes, generators))


@np.errstate(all="ignore")
def agrees(plan: Plan, form: Form, component: Any) -> bool:
    """Return whether the calls of a plan compute what the formulas do, on some numbers."""
    rng = np.random.default_rng(0)
    pool = np.r_[EDGES, 2 * rng.standard_normal(1000)]
    arrays = []
    for shape, dtype in plan.forms_of_arrays:
        numbers = np.resize(np.roll(pool, 7 * len(arrays)), shape[::-1]).astype(dtype)
        arrays.append(numbers.T)  # rows are samples, and contiguous the other way round
    copies = [array.copy("K") for array in arrays]
    parts = zip(plan.calls(arrays), form.plain(component, copies), plan.results, strict=True)
    for traced_calls, plain_calls, places in parts:
        for function, *arguments in [*traced_calls, *plain_calls]:
            function(*arguments)
        for place in places:
            if not is_close(arrays[place], copies[place]):
                return False
    return True


def is_close(x: Array, y: Array) -> bool:
    """Return whether two arrays are equal but for rounding."""
    if np.array_equal(x, y):  # the usual case, and quick
        return True
    tolerance = ROUNDINGS * np.finfo(x.dtype).eps
    return np.allclose(x, y, rtol=tolerance, atol=tolerance, equal_nan=True)
