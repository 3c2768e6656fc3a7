"""What the training loop makes of a formula, for people to read."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..maths import Activation, Loss
from .following import followed
from .formulas import follow_activation, follow_loss

UNITS, SAMPLES = 100, 200  # more than a few: some functions are computed otherwise for a few


def calls_of(component: Activation | Loss, dtype: DTypeLike = np.float64) -> list[str]:
    r"""Return the calls that the training loop makes of a component's formulas, as text.

    The formulas of an activation or a loss are followed once, and become calls on arrays that are
    made once. What f and its derivative have in common is computed once. (A solver's formula is
    called as it is.)

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
        If a formula cannot be followed, and why. It is called as it is then, and makes its arrays
        at each step. So it is with one that does something else when it is called again.

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
    follow: Callable[..., Any]
    if isinstance(component, Activation):
        in_place = component.from_output
        names = ["a", *([] if in_place else ["z"]), "delta"]
        follow, forms = follow_activation, ((UNITS, SAMPLES), dtype, in_place, True, False)
    elif isinstance(component, Loss):
        names, shape = ["loss", "y", "a", "gradient"], (SAMPLES, component.n_outputs(1))
        follow, forms = follow_loss, ((SAMPLES, 1), shape, dtype, True)
    else:
        raise TypeError(f"component must be an activation or a loss, got {component!r}.")
    plan = followed(follow, component, *forms)
    if plan is None:
        follow(component, *forms)  # says why not, unless it is that the next call does not do so
        raise TypeError(f"{component!r} does not do the same each time")
    return _lines(plan, names)


def _lines(plan, names):
    """Return each call of a plan as text, given the names of the given arrays."""

    def name(x):
        if x in plan.homes:
            place = plan.homes[x]
            return names[place] if place < len(names) else f"t{place - len(names) + 1}"
        return f"{x.constant:.6g}" if x.constant.shape == () else "constants"

    return [
        f"{name(x)} = {'copy' if x.function is np.copyto else x.function.__name__}"
        f"({', '.join(map(name, x.inputs))})"
        for part in plan.parts
        for x in part
    ]
