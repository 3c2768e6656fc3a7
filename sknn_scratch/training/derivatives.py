"""Whether the formulas of components of one's own fit together, asked before a training.

The derivative of an activation or a loss is compared with finite differences at a few points, and
an activation is asked whether the output of a unit hangs on its own input alone: training takes
all other derivatives for 0. It takes less time than an epoch, and for the components of the package
none: their tests do it. So is what their classes say of them: that another unit of the target is
another of the weights (``scaling``, ``rescaling``), and which delta is ``a - y`` (``canonical``).
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

import numpy as np

from ..maths import Activation, Array, Loss, Network
from ..tracing import is_ours
from .warnings import warn_caller

INPUTS = -1.7, -0.61, 0.37, 1.23  # z, where kinks are not apt to be
TARGETS = (-0.7, 0.4, 1.3, 2.1), (0.2, 0.7, 1.6, 2.9), (0.0, 1.0, 2.0, 3.0), (0.2, 0.4, 0.6, 0.8)
MOST = 3  # units whose derivative is looked at
STEPS = 1e-2, 1e-4, 1e-6  # the largest for formulas in float32, the smallest beside a kink
AT_A_KINK = 10  # an error of no more than this many times the jump of the slope is the kink's
RELATIVE, ABSOLUTE = 0.01, 1e-3  # errors from which on a derivative is wrong
SAME = 1e-6  # the difference of outputs of the same input, relative or not
CHECK = (
    "and may lead anywhere: check_gradient(X, y, details=True) tells how far the gradient is off."
)
SCALINGS: dict[str, tuple[str, Callable[..., Any]]] = {  # what they say of f, and its two sides
    "linear": ("f(2 z + 3) is 2 f(z) + 3", lambda f, z: (f(2 * z + 3), 2 * f(z) + 3)),
    "positive": ("f(2 z) is 2 f(z)", lambda f, z: (f(2 * z), 2 * f(z))),
    "log": ("f(z + log 2) is 2 f(z)", lambda f, z: (f(z + np.log(2)), 2 * f(z))),
}


class WrongShape(ValueError):
    """A formula returns an array of another shape than it is documented for."""


@np.errstate(all="ignore")
def warn_of_formulas(network: Network) -> None:
    """Warn of mistakes in activations and loss that are not of this package.

    `WrongShape` if a formula returns an array of another shape.
    """
    out, loss, n_outputs = network.activations[-1], network.loss, network.sizes[-1]
    own = {id(part) for part in (*network.activations, loss) if not is_ours(type(part))}
    if not own:
        return
    of_layers: dict[int, tuple[Activation, list[int]]] = {}  # units of the layers that share it
    for f, units in zip(network.activations, network.sizes[1:]):
        if id(f) in own:
            of_layers.setdefault(id(f), (f, []))[1].append(units)
    checks: list[Any] = [(_of_activation, f, units) for f, units in of_layers.values()]
    if id(loss) in own:
        checks.append((_of_loss, loss, out, n_outputs))
    if own & {id(loss), id(out)}:
        checks.append((_of_canonical, loss, out, n_outputs))
    if id(out) in own:
        checks.append((_of_scaling, out))
    for check, component, *args in checks:
        try:
            text = check(copy.deepcopy(component), *args)  # so that nothing happens to it
        except WrongShape:
            raise
        except Exception:  # training calls it too, and does not hide what it raises
            continue
        if text:
            warn_caller(text)


def _of_activation(f: Activation, units: list[int]) -> str:
    z, name = np.multiply.outer(INPUTS, np.linspace(1, 1.1, max(units))), type(f).__name__
    a, again = (np.array(f(z.copy())) for _ in range(2))
    if a.shape != z.shape:
        raise WrongShape(
            f"{name} must return an array of the shape of z, {z.shape}, got {a.shape}."
        )
    if len(units) > 1:  # what it keeps for the derivative is of another layer by then
        f(z + 1)
    derivative = np.broadcast_to(np.array(f.derivative(a if f.from_output else z, a)), z.shape)
    if not np.array_equal(a, again, equal_nan=True):
        return ""  # it draws random numbers
    for place in places(z):
        slope = difference(lambda x, place: f(x)[place], z, place, derivative[place])
        if slope is not None:
            return of_derivative(f"{name}.derivative", derivative[place], f"z={z[place]:g}", slope)
    for place in places(z):
        others_moved = 1.01 * z
        others_moved[place] = z[place]
        if not np.isclose(f(others_moved)[place], a[place], SAME, SAME, equal_nan=True):
            return (
                f"{name} is not elementwise: the output of a unit changes with the inputs of other "
                f"units, or rows. Training takes the derivatives in these for 0, {CHECK}"
            )
    return ""


def _of_loss(loss: Loss, out_activation: Activation, n_outputs: int) -> str:
    name, y = type(loss).__name__, _targets(loss, n_outputs)
    a = np.array(out_activation(np.resize(INPUTS, (len(INPUTS), n_outputs))))
    values, gradient = np.array(loss(y, a)), np.array(loss.gradient(y, a))
    if values.ndim != 2 or len(values) != len(a):
        raise WrongShape(
            f"{name} must return the loss of each target and prediction, in the shape of a, "
            f"{a.shape}, got {values.shape}. The mean is taken by the network."
        )
    if gradient.shape != a.shape:
        raise WrongShape(
            f"{name}.gradient must return an array of the shape of a, {a.shape}, got "
            f"{gradient.shape}."
        )
    for row, unit in places(a):
        place = row, unit
        slope = difference(lambda x, _: loss(y, x).sum(), a, place, gradient[place])
        if slope is not None:
            point = f"y={y[row, unit % y.shape[1]]:g}, a={a[place]:g}"
            return of_derivative(f"{name}.gradient", gradient[place], point, slope)
    return _of_rescaling(loss, y, a, gradient)


def _of_rescaling(loss: Loss, y: Array, a: Array, gradient: Array) -> str:
    """Return what to say if another unit or origin of y does more than ``rescaling`` says."""
    is_doubled = loss.rescaling == "mean"
    factor, added = (2.0, 0.0) if is_doubled else (1.0, 0.5)
    there = factor * y + added
    if loss.rescaling is None or not loss.in_domain(there).all():
        return ""
    one = np.ones(y.shape[1])
    shift, scale = loss.output_scaling(added * one, factor * one)
    found = np.array(loss.gradient(there, scale * a + shift))
    says = "where y and a grow by 0.5, its gradient stays"
    if is_doubled:
        says = "where y and a are doubled, its gradient is multiplied by one number"
        gradient = gradient * np.nanmedian(found / gradient)
    return _of_claim(loss, "rescaling", says, "a", a, found, gradient)


def _of_canonical(loss: Loss, f: Activation, n_outputs: int) -> str:
    """Return what to say if delta is another than ``a - y``, which training takes for it."""
    if loss.canonical is None or loss.canonical != f.name:
        return ""
    z = np.resize(INPUTS, (len(INPUTS), n_outputs))
    y, a = _targets(loss, n_outputs), np.array(f(z))
    delta = loss.gradient(y, a) * f.derivative(a if f.from_output else z, a)
    claimed = (f, "name") if is_ours(type(loss)) else (loss, "canonical")
    says = "the gradient of the loss times f' is a - y"
    return _of_claim(*claimed, says, "z", z, delta, a - y)


def _of_scaling(f: Activation) -> str:
    """Return what to say if outputs on another scale cannot be had as ``scaling`` says."""
    if f.scaling is None:
        return ""
    says, sides = SCALINGS[f.scaling]
    z = np.array(INPUTS)[:, np.newaxis]
    return _of_claim(f, "scaling", says, "z", z, *map(np.asarray, sides(f, z)))


def _of_claim(component, attribute, says, name, at, found, wanted):
    """Return what to say if what is equal, by what a class says of its formula, is not.

    ``at`` is what is called ``name``: where both were computed.
    """
    off = np.abs(found - wanted) - RELATIVE * np.maximum(np.abs(found), np.abs(wanted))
    off = np.where(np.isfinite(off), off, 0.0)
    place = np.unravel_index(off.argmax(), off.shape)
    if off[place] <= ABSOLUTE:
        return ""
    return (
        f"{type(component).__name__}.{attribute} is {getattr(component, attribute)!r}, which says "
        f"that {says}, but at {name}={at[place]:.4g} it is {found[place]:.4g} in place of "
        f"{wanted[place]:.4g}. Training relies on it all the same, and predictions may be wrong: "
        f"leave {attribute} out."
    )


def _targets(loss: Loss, n_outputs: int) -> Array:
    """Return possible targets of a loss, a row for each of the `INPUTS`; LookupError if none."""
    n_targets = next(n for n in range(n_outputs, 0, -1) if _suits(loss, n, n_outputs))
    for column in TARGETS:
        y = np.tile(np.array(column)[:, np.newaxis], n_targets)
        if loss.in_domain(y).all():
            return y
    raise LookupError(loss.domain)


def _suits(loss: Loss, n_targets: int, n_outputs: int) -> bool:
    try:
        return loss.n_outputs(n_targets) == n_outputs
    except ValueError:
        return False


def places(x: Array) -> Iterator[tuple[int, int]]:
    """Yield the (row, unit) that are looked at."""
    return product(range(len(x)), range(min(x.shape[1], MOST)))


def difference(
    function: Callable[[Array, tuple[int, int]], Any],
    x: Array,
    place: tuple[int, int],
    returned: float,
) -> float | None:
    """Return the derivative of a function in a place of x; None if it is ``returned``.

    None, too, if there is none: at a kink, and where numbers are not finite.
    """

    def moved(by):
        there = x.copy()
        there[place] += by
        return float(function(there, place))

    closest, error, jump = closest_slope(moved, returned, STEPS)
    allowed = ABSOLUTE + RELATIVE * max(abs(closest), abs(returned))
    return closest if error > max(allowed, AT_A_KINK * jump) else None


def closest_slope(
    function: Callable[[float], float], returned: float, steps: Iterable[float], enough: float = 0.0
) -> tuple[float, float, float]:
    """Return the difference quotient at 0 that is closest to a derivative, and how far it is off.

    And the jump of the slope at 0, which is large at a kink. Steps that may come closer than
    ``enough`` are not taken.
    """
    closest, error, jump, middle = np.nan, np.inf, np.inf, function(0.0)
    for step in steps:
        below, above = (middle - function(-step)) / step, (function(step) - middle) / step
        slope = (below + above) / 2
        jump = min(jump, abs(above - below))
        if abs(slope - returned) < error:
            closest, error = slope, abs(slope - returned)
        if error < enough:
            break
    return closest, error, jump


def of_derivative(formula: str, returned: float, point: str, slope: float) -> str:
    """Return what to say of a derivative that is another."""
    return (
        f"{formula} returns {returned:.4g} at {point}, where finite differences are {slope:.4g}. "
        f"Training follows it, {CHECK}"
    )
