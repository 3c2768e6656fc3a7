"""What pictures have in common: axes, colours, and where the network is that they are of.

matplotlib is needed for drawing only, and imported where that happens.
"""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..components import check_number
from ..maths import Array, RandomState

LONGEST = 24  # letters of a name or a word


def pyplot_for(display: str) -> Any:
    """Return matplotlib's pyplot, or raise an ImportError that names the display."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{display} requires matplotlib. You can install matplotlib with "
            "`pip install matplotlib`"
        ) from error
    return plt


def drawing_axes(ax: Any, display: str, **figure: Any) -> Any:
    """Return ``ax``, or the axes of a new figure if it is None."""
    plt = pyplot_for(display)
    return plt.subplots(layout="constrained", **figure)[1] if ax is None else ax


def ink(ax: Any, share: float) -> tuple[float, ...]:
    """Return a colour between the background of ``ax`` (0) and its labels (1), light or dark."""
    from matplotlib.colors import to_rgb

    back, front = to_rgb(ax.get_facecolor()), to_rgb(ax.xaxis.label.get_color())
    return tuple((1 - share) * b + share * f for b, f in zip(back, front))


def shortened(text: str) -> str:
    """Return a name or a word that leaves the picture room: of a long one, both ends."""
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]}\N{HORIZONTAL ELLIPSIS}{text[1 - LONGEST // 2 :]}"


def find_networks(estimator: Any, attribute: str, display: str) -> list[Any]:
    """Return the fitted networks in ``estimator``, which have an attribute.

    That is itself, a last step, the best of a search, or the members of an ensemble.
    """
    check_is_fitted(estimator)
    networks = networks_within(estimator, attribute)
    if not networks:
        raise TypeError(f"{display} needs a network with {attribute}, got {estimator!r}.")
    return networks


def networks_within(estimator: Any, attribute: str) -> list[Any]:
    """Return what has an attribute: a fitted estimator, or parts of it, or none."""
    if hasattr(estimator, attribute):
        return [estimator]
    names = "best_estimator_", "regressor_"  # of a search, of a TransformedTargetRegressor
    inside = [getattr(estimator, name) for name in names if hasattr(estimator, name)]
    if hasattr(estimator, "steps"):
        inside = [estimator.steps[-1][1]]
    inside = inside or getattr(estimator, "estimators_", [])
    return [network for part in inside for network in networks_within(part, attribute)]


def some_rows(n: int, subsample: int | None, random_state: RandomState) -> Array:
    """Return which of n rows to draw: all, or so many at random."""
    if subsample is not None:
        check_number(subsample, "subsample", int, "[1, inf)")
    if subsample is None or n <= subsample:
        return np.arange(n)
    return check_random_state(random_state).choice(n, size=subsample, replace=False)
