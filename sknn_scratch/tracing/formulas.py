"""Activations and losses as calls, made of their formulas.

Each formula is traced and planned (see `trace`, `buffers`); one that cannot be is called as it is,
and its result copied to where it belongs. Which of the two makes no difference but in speed. A call
is a tuple ``(function, argument, ...)``, as in `engine.program`.

The training loop keeps a sample per column, formulas are documented for a sample per row: they are
handed transposed views of its arrays.

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
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import DTypeLike

from ..maths import Activation, Array, DType, Loss, Shape
from .buffers import BEGINNING, EVER, Calls, Plan
from .trace import EXACT, QUICK, Trace, Traced

SAMPLES, UNITS = 200, 100  # more than a few: some functions are computed otherwise for a few
PACKAGE = __name__.partition(".")[0]
PLANS: dict[Any, Plan] = {}  # of the components of the package, by all that they depend on
MOST = 512  # that are kept
# Of classes of somebody else's, the traces that did with numbers what the formulas do.
PROVEN: WeakKeyDictionary[type, set[Any]] = WeakKeyDictionary()
EDGES = 0.0, 1.0, -1.0, 30.0, -30.0, 200.0, -200.0, 1e-6  # where formulas are apt to branch
ROUNDINGS = 200  # of an operation, by which the results of two orders of operations may differ


@dataclass(frozen=True)
class ActivationForm:
    """What the calls of an activation depend on; the arrays are a, z unless it is a, and delta."""

    shape: Shape  # (samples, units)
    dtype: DType
    in_place: bool  # a is the array of z
    into: Literal["delta", "a"] | None  # what f' is multiplied into, or put into

    def plan(self, f: Activation) -> Plan:
        """Trace the formulas, and plan where what they compute lies."""
        trace = Trace(QUICK if is_ours(type(f)) else EXACT)
        z: Any = trace.input(self.shape, self.dtype)
        inputs = [(z.value, 0 if self.in_place else 1, BEGINNING)]
        a = trace.value(f(z), self.shape, self.dtype)
        n_first = len(trace.operations)
        if self.into is None:
            return Plan(trace, inputs, [[(a, 0)], []], n_first)
        output: Any = Traced(trace, a)
        product = f.derivative(output if self.in_place else z, output)
        buffer = 0
        if self.into == "delta":
            buffer = 1 if self.in_place else 2
            delta = trace.input(self.shape, self.dtype)
            inputs.append((delta.value, buffer, BEGINNING))
            product = np.multiply(delta, product)
        product = trace.value(product, self.shape, self.dtype)
        return Plan(trace, inputs, [[(a, 0)], [(product, buffer)]], n_first)

    def plain(self, f: Activation, arrays: Sequence[Array]) -> Sequence[Calls]:
        """Return calls that do the same as the plan's, by the formulas as they are."""
        a, z = arrays[0], arrays[0 if self.in_place else 1]
        forward: Calls = [(lambda: np.copyto(a, f(z)),)]
        backward: Calls = [(lambda: np.copyto(a, f.derivative(z, a)),)]
        if self.into == "delta":
            backward.append((np.multiply, arrays[-1], a, arrays[-1]))
        return forward, backward


def activations(
    layers: Sequence[tuple[Activation, Array, Array, Array | Literal["a"] | None]],
) -> list[Sequence[Calls]]:
    """Return the calls of f and of f' for each layer (f, a, z, into), as two lists.

    Arrays are (units, samples). The first list puts f(z) into ``a``, which may be ``z`` if
    ``f.from_output``. The second, which may spoil both, multiplies the array ``into`` by f'(z), or
    puts f'(z) into ``a`` if that is "a"; there is no second list if it is None.
    """
    formed = []
    for f, a, z, into in layers:
        arrays = [a.T] if a is z else [a.T, z.T]
        if isinstance(into, np.ndarray):
            arrays.append(into.T)
            into = "delta"
        formed.append((f, arrays, ActivationForm(a.T.shape, a.dtype, a is z, into)))
    plans = [plan_of(f, form) for f, _, form in formed]
    scratch: dict[Any, Array] = {}
    return [
        plan.calls(arrays, scratch) if plan else form.plain(f, arrays)
        for plan, (f, arrays, form) in zip(plans, formed)
    ]


@dataclass(frozen=True)
class LossForm:
    """What the calls of a loss depend on; the arrays are values, y, a, and perhaps gradient."""

    y_shape: Shape  # (samples, targets)
    shape: Shape  # (samples, outputs)
    dtype: DType
    with_gradient: bool

    def plan(self, objective: Loss) -> Plan:
        """Trace the formulas, and plan where what they compute lies."""
        trace = Trace(QUICK if is_ours(type(objective)) else EXACT)
        y, a = trace.input(self.y_shape, self.dtype), trace.input(self.shape, self.dtype)
        values = objective(y, a)
        if getattr(values, "shape", ()) != self.shape:
            trace.refuse("there is not one loss for each output")
        results = [(trace.value(values, self.shape, self.dtype), 0)]
        if self.with_gradient:
            gradient = trace.value(objective.gradient(y, a), self.shape, self.dtype)
            results.append((gradient, 3))
        inputs = [(y.value, 1, EVER), (a.value, 2, EVER)]
        return Plan(trace, inputs, [results, []], len(trace.operations))

    def plain(self, objective: Loss, arrays: Sequence[Array]) -> Sequence[Calls]:
        """Return calls that do the same as the plan's, by the formulas as they are."""
        values, y, a, *gradient = arrays
        calls: Calls = [(lambda: np.copyto(values, objective(y, a)),)]
        if gradient:
            calls.append((lambda: np.copyto(gradient[0], objective.gradient(y, a)),))
        return calls, []


def loss(
    objective: Loss,
    y: Array,
    a: Array,
    weight: Array | None,
    scale: float,
    total: Array,
    values: Array,
    delta: Array | None = None,
) -> Calls:
    """Return the calls that compute the loss, and put its derivative in ``a`` into ``delta``.

    Arrays are of shape (n_targets or n_outputs, n_samples); ``weight`` may have a single row.
    ``total``, of shape (), receives twice the sum of all losses, times weights and ``scale``;
    ``values`` may be spoiled.
    """
    arrays = [x.T for x in (values, y, a, delta) if x is not None]
    form = LossForm(y.T.shape, a.T.shape, a.dtype, delta is not None)
    plan = plan_of(objective, form)
    if plan:
        calls, _ = plan.calls(arrays)
        weighted = [] if weight is None else [(np.multiply, values, weight, values)]
        twice = np.full((), 2 * scale, a.dtype)
        sums = [(partial(values.sum, out=total),), (np.multiply, total, twice, total)]
        return [*calls, *weighted, *sums]

    def add_up():  # there may be fewer losses than outputs
        values = objective(y.T, a.T).T
        total[()] = 2 * scale * (values if weight is None else weight * values).sum()

    _, *gradient = form.plain(objective, arrays)[0]
    return [*gradient, (add_up,)]


Form: TypeAlias = ActivationForm | LossForm


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
    untouched = surroundings(twin)
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
    if surroundings(twin) != untouched:
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
    for shape, dtype in (plan.forms[i] for i in range(plan.n_handed)):
        numbers = np.resize(np.roll(pool, 7 * len(arrays)), shape[::-1]).astype(dtype)
        arrays.append(numbers.T)  # rows are samples, and contiguous the other way round
    copies = [array.copy("K") for array in arrays]
    parts = zip(plan.calls(arrays), form.plain(component, copies), plan.results, strict=True)
    for traced_calls, plain_calls, buffers in parts:
        for function, *arguments in [*traced_calls, *plain_calls]:
            function(*arguments)
        for buffer in buffers:
            tolerance = ROUNDINGS * np.finfo(arrays[buffer].dtype).eps
            if not np.allclose(
                arrays[buffer], copies[buffer], tolerance, tolerance, equal_nan=True
            ):
                return False
    return True


def calls_of(component: Activation | Loss, dtype: DTypeLike = np.float64) -> list[str]:
    r"""Return the calls that the training loop makes of a component's formulas, as text.

    The formulas of an activation or a loss are traced: called once, with stand-ins for the arrays.
    They become calls on arrays that are made once, and what f and its derivative have in common is
    computed once. (A solver is called as it is written.)

    Parameters
    ----------
    component : Activation or Loss
    dtype : dtype, default=numpy.float64
        Of the network.

    Returns
    -------
    list of str
        A line for each call. Where the derivative of an activation needs ``a`` only, z is in the
        same array. ``t1``, ``t2``, ... are arrays that the calls bring.

    Raises
    ------
    TypeError
        If the formulas cannot be traced, and why; or if the calls do not do with numbers what the
        formulas do, which is tried for every component that is not of this package. The formulas
        are called as they are then, with a sample per row, and make their arrays at each step.

    Examples
    --------
    >>> from sknn_scratch import Tanh, calls_of
    >>> print("\n".join(calls_of(Tanh())))
    a = tanh(a)
    a = multiply(a, a)
    a = subtract(1, a)
    delta = multiply(delta, a)
    """
    dtype = np.dtype(dtype)
    if isinstance(component, Activation):
        in_place = component.from_output
        names = ["a", "delta"] if in_place else ["a", "z", "delta"]
        form = ActivationForm((SAMPLES, UNITS), dtype, in_place, "delta")
    elif isinstance(component, Loss):
        names = ["loss", "y", "a", "gradient"]
        form = LossForm((SAMPLES, 1), (SAMPLES, component.n_outputs(1)), dtype, True)
    else:
        raise TypeError(f"component must be an activation or a loss, got {component!r}.")
    try:
        return lines(proven_plan(component, form), names)
    # an attribute of an array, as a sum is; a function in it that is none of a module
    except (AttributeError, pickle.PicklingError) as error:
        raise TypeError(f"{component!r} cannot be traced: {error}") from error


def lines(plan: Plan, names: Sequence[str]) -> list[str]:
    """Return each call of a plan as text; the arrays that it is handed have these names."""

    def name(value):
        if value not in plan.buffer_of:
            return f"{value.constant:.6g}" if value.constant.shape == () else "constants"
        buffer = plan.buffer_of[value]
        return names[buffer] if buffer < len(names) else f"t{buffer - len(names) + 1}"

    text = []
    for value in plan.parts[0] + plan.parts[1]:
        function = "copy" if value.function is np.copyto else value.function.__name__
        text.append(f"{name(value)} = {function}({', '.join(map(name, value.inputs))})")
    return text
