"""Activations, losses and solvers as calls, made of their formulas.

Each formula is followed and planned (see `recording`, `buffers`); one that cannot be followed is
called as it is, and its result copied to where it belongs. Which of the two makes no difference
but in speed. A call is a tuple ``(function, argument, ...)``, as in `forward`.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..maths import Activation, Array, Calls, DType, Loss, Shape, Solver, State
from .buffers import BEGINNING, BETWEEN, EVER, Plan
from .following import followed
from .recording import Recording, Traced
from .scalars import RATE, Number, refresher


def activation(
    f: Activation,
    a: Array,
    z: Array,
    delta: Array | None = None,
    slope: bool = False,
    scratch: dict[Any, Array] | None = None,
) -> Sequence[Calls]:
    """Return the calls of f and of f' for a layer, as two lists.

    Parameters
    ----------
    f : Activation
    a, z : ndarray of shape (units, size)
        The first list puts f(z) into ``a``, which may be ``z`` if ``f.from_output``.
    delta : ndarray of shape (units, size), default=None
        What the second list multiplies by f'(z); it may spoil ``z`` and ``a``.
    slope : bool, default=False
        Whether the second list puts f'(z) into ``a`` instead.
    scratch : dict, default=None
        Of arrays that other formulas may use too.
    """
    in_place, factor = a is z, delta is not None
    plan = followed(follow_activation, f, a.shape, a.dtype, in_place, factor, slope)
    if plan:
        arrays = [a, *([] if in_place else [z]), *([delta] if factor else [])]
        return plan.calls(arrays, scratch)
    back: Calls = [(lambda: np.copyto(a, f.derivative(z, a)),)]
    if factor:
        back.append((np.multiply, delta, a, delta))
    return [(lambda: np.copyto(a, f(z)),)], back


def follow_activation(
    f: Activation, shape: Shape, dtype: DType, in_place: bool, factor: bool, slope: bool
) -> Plan:
    """Return the `Plan` of an activation."""
    recording = Recording()
    z = recording.given(shape, dtype)
    given = [(z.value, 1 - in_place, BEGINNING)]
    a = recording.value(f(z), shape, dtype)
    if not (factor or slope):
        return Plan(recording, given, [(a, 0, EVER)])
    split = len(recording.operations)
    a = Traced(recording, a, writable=False)
    derivative = f.derivative(a if in_place else z, a)
    if slope:
        result, place = derivative, 0
    else:
        delta, place = recording.given(shape, dtype), 2 - in_place
        given.append((delta.value, place, BEGINNING))
        result = np.multiply(delta, derivative)
    result = recording.value(result, shape, dtype)
    return Plan(recording, given, [(a.value, 0, BETWEEN), (result, place, EVER)], split)


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
    """Return the calls that compute the loss, and its derivative in ``a`` if that is asked for.

    Parameters
    ----------
    objective : Loss
        Which is handed the samples as rows.
    y : ndarray of shape (n_targets, n_samples)
    a, values, delta : ndarray of shape (n_outputs, n_samples)
        The derivative is put into ``delta``; ``values`` may be spoiled.
    weight : ndarray of shape (n_samples,) or None
    scale : float
    total : ndarray of shape ()
        Receives twice the sum of all losses, times weights and ``scale``.
    """
    rows = [x.T for x in (values, y, a, delta) if x is not None]
    forms = rows[1].shape, rows[2].shape, a.dtype, delta is not None
    plan = followed(follow_loss, objective, *forms)
    if plan:
        calls, _ = plan.calls(rows)
        weighted = [] if weight is None else [(np.multiply, values, weight, values)]
        twice = np.full((), 2 * scale, a.dtype)
        return [
            *calls,
            *weighted,
            (partial(values.sum, out=total),),
            (np.multiply, total, twice, total),
        ]

    def add_up():
        values = objective(y.T, a.T).T
        total[()] = 2 * scale * (values if weight is None else weight * values).sum()

    gradient = [(lambda: np.copyto(delta, objective.gradient(y.T, a.T).T),)]
    return [*([] if delta is None else gradient), (add_up,)]


def follow_loss(
    objective: Loss, y_shape: Shape, shape: Shape, dtype: DType, with_gradient: bool
) -> Plan:
    """Return the `Plan` of a loss."""
    recording = Recording()
    y, a = recording.given(y_shape, dtype), recording.given(shape, dtype)
    given = [(y.value, 1, EVER), (a.value, 2, EVER)]
    values = objective(y, a)
    if getattr(values, "shape", ()) != shape:
        recording.refuse("there is not one loss for each output")
    wanted = [(recording.value(values, shape, dtype), 0, EVER)]
    if with_gradient:
        wanted.append((recording.value(objective.gradient(y, a), shape, dtype), 3, EVER))
    return Plan(recording, given, wanted)


def solver(
    rule: Solver, params: Array, gradient: Array, state: State, learning_rate: Array
) -> Calls:
    """Return the calls that make one step of a solver; ``learning_rate`` is a 0-d array."""
    arrays, *forms = solver_forms(params, gradient, state)
    plan = followed(follow_solver, rule, *forms)
    if not plan:
        return [(lambda: rule.update(params, gradient, state, learning_rate.item()),)]
    return plan.step(arrays, state, learning_rate)


def solver_forms(params: Array, gradient: Array, state: State) -> tuple[Any, ...]:
    """Return the arrays of a step, then their shapes and types, and all keys of the state."""
    numbers = tuple(key for key, x in state.items() if type(x) in (int, float))
    keys = tuple(key for key in state if key not in numbers)
    arrays = [params, gradient, *(state[key] for key in keys)]
    forms = tuple([(x.shape, x.dtype) if isinstance(x, np.ndarray) else None for x in arrays])
    return arrays, forms, keys, numbers


def follow_solver(
    rule: Solver, forms: tuple[Any, ...], keys: tuple[str, ...], numbers: tuple[str, ...]
) -> Plan:
    """Return the `Plan` of a step of a solver."""
    recording, form = Recording(), forms[0]
    if any(other != form for other in forms) or not all(type(key) is str for key in numbers):
        recording.refuse("the state holds more than numbers, and arrays like the parameters")
    arrays = [recording.given(*form, writable=True) for _ in forms]
    given = [(array.value, place, BEGINNING) for place, array in enumerate(arrays)]
    params, gradient, *kept = arrays
    before = dict(zip(keys, kept))
    before |= {key: recording.number(f"state[{key!r}]") for key in numbers}
    state = dict(before)
    rule.update(params, gradient, state, recording.number(RATE))
    apart = {id(x) for x in (params, gradient, *state.values()) if isinstance(x, Traced)}
    if state.keys() != before.keys() or len(apart) < len(arrays):
        recording.refuse("the rule changes what its state consists of")
    wanted = [(params.value, 0, EVER)]
    for place, key in enumerate(keys, 2):
        if not isinstance(state[key], Traced) or state[key].shape != form[0]:
            recording.refuse("an array in the state becomes something else")
        wanted.append((recording.value(state[key], *form), place, EVER))
    changes = {key: state[key] for key in numbers if state[key] is not before[key]}
    if not all(type(x) in (int, float, Number) for x in changes.values()):
        recording.refuse("a number in the state becomes something else")
    return _Step(recording, given, wanted, changes)


class _Step(Plan):
    """The `Plan` of a step of a solver, which has numbers that change from step to step.

    ``changes`` are those that the rule puts into the state.
    """

    def __init__(self, recording, given, wanted, changes):
        super().__init__(recording, given, wanted)
        self.description += recording.description(*changes, *changes.values())
        (_, dtype), self.changes = self.forms[0], changes
        itself = RATE, dtype  # needs no computing
        self.computed = [x for x in self.cells if (x.inputs[0].source, x.dtype) != itself]
        self.refresher = refresher([x.inputs[0] for x in self.computed], changes)

    def step(self, arrays, state, learning_rate):
        """Return the calls of a step."""
        cells = {x: np.zeros((), x.dtype) for x in self.computed}
        calls, _ = self.calls(arrays, None, dict.fromkeys(self.cells, learning_rate) | cells)
        if self.computed or self.changes:
            calls.insert(0, (self.refresher(state, learning_rate.item, *cells.values()),))
        return calls
