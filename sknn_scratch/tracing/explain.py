"""What the training loop makes of a formula, for people to read."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import DTypeLike

from ..maths import Activation, Loss
from .buffers import Plan
from .formulas import plain_activation, plain_loss, plan_activation, plan_loss
from .trials import proven_plan

SAMPLES, UNITS = 200, 100  # more than a few: some functions are computed otherwise for a few


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
    try:
        return _calls_of(component, np.dtype(dtype))
    except AttributeError as error:  # of an array, as a sum is
        raise TypeError(f"{component!r} cannot be traced: {error}") from error


def _calls_of(component, dtype):
    if isinstance(component, Activation):
        in_place = component.from_output
        names = ["a", "delta"] if in_place else ["a", "z", "delta"]
        plain = partial(plain_activation, in_place=in_place, has_delta=True)
        forms = (SAMPLES, UNITS), dtype, in_place, True, False
        return lines(proven_plan(plan_activation, plain, component, *forms), names)
    if isinstance(component, Loss):
        shape = SAMPLES, component.n_outputs(1)
        plan = proven_plan(plan_loss, plain_loss, component, (SAMPLES, 1), shape, dtype, True)
        return lines(plan, ["loss", "y", "a", "gradient"])
    raise TypeError(f"component must be an activation or a loss, got {component!r}.")


def lines(plan: Plan, names: Sequence[str]) -> list[str]:
    """Return each call of a plan as text; the arrays that it is handed have these names."""

    def name(value):
        if value not in plan.homes:
            return f"{value.constant:.6g}" if value.constant.shape == () else "constants"
        place = plan.homes[value]
        return names[place] if place < len(names) else f"t{place - len(names) + 1}"

    text = []
    for value in plan.parts[0] + plan.parts[1]:
        function = "copy" if value.function is np.copyto else value.function.__name__
        text.append(f"{name(value)} = {function}({', '.join(map(name, value.inputs))})")
    return text
