"""Activations and losses as calls, made of their formulas.

Each formula is traced and planned (see `trace`, `buffers`); one that cannot be is called as it is,
and its result copied to where it belongs. Which of the two makes no difference but in speed. A call
is a tuple ``(function, argument, ...)``, as in `engine.program`.

The training loop keeps a sample per column, formulas are documented for a sample per row: they are
handed transposed views of its arrays.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..maths import Activation, Array, Calls, DType, Loss, Shape
from .buffers import BEGINNING, BETWEEN, EVER, Plan
from .functions import EXACT, QUICK
from .trace import Trace, Traced
from .trials import is_ours, plan_of


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
        Which is handed the samples as rows.
    a, z : ndarray of shape (units, size)
        The first list puts f(z) into ``a``, which may be ``z`` if ``f.from_output``.
    delta : ndarray of shape (units, size), default=None
        What the second list multiplies by f'(z); it may spoil ``z`` and ``a``.
    slope : bool, default=False
        Whether the second list puts f'(z) into ``a`` instead.
    scratch : dict, default=None
        Of arrays that other formulas may use too.
    """
    in_place, has_delta = a is z, delta is not None
    arrays = [a.T, *([] if in_place else [z.T]), *([delta.T] if delta is not None else [])]
    forms = a.T.shape, a.dtype, in_place, has_delta, slope
    plain = partial(plain_activation, in_place=in_place, has_delta=has_delta)
    plan = plan_of(plan_activation, plain, f, *forms)
    return plan.calls(arrays, scratch) if plan else plain(f, arrays)


def plain_activation(
    f: Activation, arrays: Sequence[Array], in_place: bool, has_delta: bool
) -> Sequence[Calls]:
    """Return the calls of `activation` by the formulas as they are."""
    a, z = arrays[0], arrays[0 if in_place else 1]
    forward: Calls = [(lambda: np.copyto(a, f(z)),)]
    backward: Calls = [(lambda: np.copyto(a, f.derivative(z, a)),)]
    if has_delta:
        backward.append((np.multiply, arrays[-1], a, arrays[-1]))
    return forward, backward


def plan_activation(
    f: Activation, shape: Shape, dtype: DType, in_place: bool, has_delta: bool, slope: bool
) -> Plan:
    """Return the `Plan` of an activation."""
    trace = Trace(QUICK if is_ours(type(f)) else EXACT)
    z: Any = trace.input(shape, dtype)
    inputs = [(z.value, 0 if in_place else 1, BEGINNING)]
    a = trace.value(f(z), shape, dtype)
    if not (has_delta or slope):
        return Plan(trace, inputs, [(a, 0, EVER)])
    split = len(trace.operations)
    output: Any = Traced(trace, a, writable=False)
    product = f.derivative(output if in_place else z, output)
    place = 0
    if has_delta:
        place = 1 if in_place else 2
        delta = trace.input(shape, dtype)
        inputs.append((delta.value, place, BEGINNING))
        product = np.multiply(delta, product)
    wanted = [(a, 0, BETWEEN), (trace.value(product, shape, dtype), place, EVER)]
    return Plan(trace, inputs, wanted, split)


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
    arrays = [x.T for x in (values, y, a, delta) if x is not None]
    forms = y.T.shape, a.T.shape, a.dtype, delta is not None
    plan = plan_of(plan_loss, plain_loss, objective, *forms)
    if plan:
        calls, _ = plan.calls(arrays)
        weighted = [] if weight is None else [(np.multiply, values, weight, values)]
        twice = np.full((), 2 * scale, a.dtype)
        sums = [(partial(values.sum, out=total),), (np.multiply, total, twice, total)]
        return [*calls, *weighted, *sums]

    def add_up():  # there may be fewer losses than outputs
        values = objective(y.T, a.T).T
        total[()] = 2 * scale * (values if weight is None else weight * values).sum()

    _, *gradient = plain_loss(objective, arrays)[0]
    return [*gradient, (add_up,)]


def plain_loss(objective: Loss, arrays: Sequence[Array]) -> Sequence[Calls]:
    """Return the calls of `plan_loss` by the formulas as they are."""
    values, y, a, *delta = arrays
    calls: Calls = [(lambda: np.copyto(values, objective(y, a)),)]
    if delta:
        calls.append((lambda: np.copyto(delta[0], objective.gradient(y, a)),))
    return calls, []


def plan_loss(
    objective: Loss, y_shape: Shape, shape: Shape, dtype: DType, with_gradient: bool
) -> Plan:
    """Return the `Plan` of a loss."""
    trace = Trace(QUICK if is_ours(type(objective)) else EXACT)
    y, a = trace.input(y_shape, dtype), trace.input(shape, dtype)
    inputs = [(y.value, 1, EVER), (a.value, 2, EVER)]
    values = objective(y, a)
    if getattr(values, "shape", ()) != shape:
        trace.refuse("there is not one loss for each output")
    wanted = [(trace.value(values, shape, dtype), 0, EVER)]
    if with_gradient:
        wanted.append((trace.value(objective.gradient(y, a), shape, dtype), 3, EVER))
    return Plan(trace, inputs, wanted)
