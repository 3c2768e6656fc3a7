"""What pictures have in common: axes, colours, and where the network is that they are of.

matplotlib is needed for drawing only, and imported where that happens.
"""

from typing import Any

from sklearn.utils.validation import check_is_fitted


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


def find_network(estimator: Any, attribute: str, display: str) -> Any:
    """Return the fitted network in ``estimator``: itself, a last step, or the best of a search."""
    check_is_fitted(estimator)
    found = estimator
    while not hasattr(found, attribute):
        found = _inside(found)
        if found is None:
            raise TypeError(f"{display} needs a network with {attribute}, got {estimator!r}.")
    return found


def find_networks(estimator: Any, attribute: str, display: str) -> list[Any]:
    """Return the fitted networks in ``estimator``: as above, or those of an ensemble."""
    check_is_fitted(estimator)
    found = estimator
    while not (hasattr(found, attribute) or hasattr(found, "estimators_") or found is None):
        found = _inside(found)
    if hasattr(found, attribute):
        return [found]
    members = getattr(found, "estimators_", [estimator])
    return [find_network(member, attribute, display) for member in members]


def _inside(estimator):
    """Return what does the predictions of a meta-estimator, or None if it is none."""
    if hasattr(estimator, "steps"):
        return estimator.steps[-1][1]
    names = "best_estimator_", "regressor_"  # of a search, of a TransformedTargetRegressor
    return next((getattr(estimator, name) for name in names if hasattr(estimator, name)), None)
