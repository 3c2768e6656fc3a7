"""Where the network is, in a pipeline, a search or an ensemble, and whether weights are of one."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..components import check_number
from ..maths import Array, MatrixLike


def find_network(estimator: Any, attribute: str, display: str) -> Any:
    """Return the fitted network in ``estimator``: itself, a last step, or the best of a search."""
    check_is_fitted(estimator)
    found = estimator
    while not hasattr(found, attribute):
        found = _inside(found)
        if found is None:
            raise TypeError(f"{display} needs a network with {attribute}, got {estimator!r}.")
    return found


def _inside(estimator):
    """Return what does the predictions of a meta-estimator, or None if it is none."""
    if hasattr(estimator, "steps"):
        return estimator.steps[-1][1]
    names = "best_estimator_", "regressor_"  # of a search, of a TransformedTargetRegressor
    return next((getattr(estimator, name) for name in names if hasattr(estimator, name)), None)


def find_networks(estimator: Any, attribute: str, display: str) -> list[Any]:
    """Return the fitted networks in ``estimator``: as above, or those of an ensemble."""
    check_is_fitted(estimator)
    found = estimator
    while not (hasattr(found, attribute) or hasattr(found, "estimators_")):
        inside = _inside(found)
        if inside is None:
            break
        found = inside
    members = [found] if hasattr(found, attribute) else getattr(found, "estimators_", [found])
    return [find_network(member, attribute, display) for member in members]


def predict_interval(estimator: Any, X: MatrixLike, coverage: float, display: str) -> Array:
    """Return the intervals of an estimator, or of the last step of a pipeline."""
    check_number(coverage, "coverage", float, "(0, 1)")
    found = estimator
    while not hasattr(found, "predict_interval"):
        if hasattr(found, "steps") and len(found.steps) > 1:
            X, found = found[:-1].transform(X), found.steps[-1][1]
        elif hasattr(found, "best_estimator_"):
            found = found.best_estimator_
        else:
            raise TypeError(
                f"{display} needs an estimator with predict_interval, got {estimator!r}."
            )
    interval = found.predict_interval(X, coverage)
    if interval.ndim != 2:
        raise ValueError(f"{display} draws one target, got intervals of {interval.shape[1]}.")
    return interval


def check_coefs(coefs: Sequence[Array]) -> None:
    """Raise ValueError unless these are the matrices of a chain of layers."""
    shapes = [np.shape(W) for W in coefs]
    matrices = bool(shapes) and all(len(shape) == 2 for shape in shapes)
    if not matrices or any(one[1] != next_[0] for one, next_ in pairwise(shapes)):
        raise ValueError(
            "coefs must be a matrix of shape (fan_in, fan_out) for each layer, got shapes "
            f"{shapes}. Those of one record i of a WeightRecorder are "
            "[W[i] for W in recorder.coefs_]."
        )
