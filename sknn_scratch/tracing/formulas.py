"""Activations and losses as calls, made of their formulas.

Each formula is followed and planned (see `recording`, `buffers`); one that cannot be followed is
called as it is, and its result copied to where it belongs. Which of the two makes no difference
but in speed. A call is a tuple ``(function, argument, ...)``, as in `forward`.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..maths import Activation, Array, Calls, DType, Loss, Shape
from .buffers import BEGINNING, BETWEEN, EVER, Plan
from .following import followed
from .recording import Recording, Traced


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
