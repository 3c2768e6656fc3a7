"""What training has to warn of, before it and after it; of its end, see `convergence`.

It only says so: the public method warns, at the line of its caller.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from ..data import DataSet, Scaling, takes_factor
from ..engine import quiet_blas
from ..maths import Array, Network
from .state import TrainingState


class Message(NamedTuple):
    """What there is to warn of."""

    text: str
    category: type = UserWarning


INTERRUPTED = Message("Training interrupted by user.")
SMALL_WEIGHT = 0.01  # the mean weight from which on the penalty is doubted
FAR = 100.0  # by what factor the targets may be off 1
FAR_OUTSIDE = 10.0  # how many standard deviations from the first batch a later one may lie
ROWS = 64  # of the training set, on which something is looked at
BEGIN_OTHERWISE = (
    "Begin with a batch that is a sample of all rows, or standardise beforehand and set "
    "standardize=False."
)
NOT_FINITE = Message(
    "The network predicts numbers that are not finite for rows that it was trained on. Its weights "
    "or its targets are too large: try a smaller learning_rate_init, or float64.",
    ConvergenceWarning,
)


def prediction_warnings(
    network: Network, state: TrainingState, data: DataSet, chosen: Array | None
) -> list[Message]:
    """Return what there is to warn of in the predictions for some of the rows."""
    params, scaling, rows = state.best_params, state.scaling, data.sample("X", ROWS, chosen)
    largest_product = ROWS * max(W.size for W, _ in network.layers(params))
    with np.errstate(all="ignore"), quiet_blas(largest_product):
        inputs = scaling.inputs(rows).astype(params.dtype, copy=False)
        predictions = scaling.restored(network, network.output(inputs, params))
        is_finite = np.isfinite(predictions.astype(params.dtype)).all()
    return [] if is_finite else [NOT_FINITE]


def weight_warnings(alpha: float, mean_weight: float) -> list[Message]:
    """Return what there is to warn of if weights are so small that the penalty is large."""
    if not (alpha > 0 and mean_weight < SMALL_WEIGHT):
        return []
    return [
        Message(
            f"sample_weight has a mean of {mean_weight:.2g}. The penalty is not weighted, and acts "
            f"as alpha={alpha / mean_weight:.2g} would with weights of mean 1: divide the weights "
            "by their mean if only their ratios are to matter."
        )
    ]


def unit_warnings(network: Network, data: DataSet, chosen: Array | None) -> list[Message]:
    """Return what there is to warn of if targets are far from 1 and cannot be standardised."""
    if network.loss.rescaling is None or takes_factor(network):
        return []
    size = data.statistics("y", chosen).root_mean_square()
    if (size > 1 / FAR).all() and (size < FAR).all():
        return []
    return [
        Message(
            f"y cannot be standardised with {network.loss!r}, out_activation="
            f"{network.activations[-1]!r} and fit_intercept={network.fit_intercept}, and is about "
            f"{size.max():.2g}: alpha, tol and the learning rate are for a y near 1. Divide y by "
            "its mean or standard deviation (and the bounds of the output, if it has any)."
        )
    ]


def first_batch_warnings(scaling: Scaling, data: DataSet) -> list[Message]:
    """Return what there is to warn of if columns are constant in the first of several batches.

    Columns of sparse X that are empty are no surprise.
    """
    left_out = np.isinf(scaling.x_scale) & (not sparse.issparse(data.X))
    constant = columns("X", left_out) + columns("y", scaling.y_scale == 0)
    if not constant:
        return []
    return [
        Message(
            f"{listed(constant)} constant in the first batch: a column of X is left out, and a "
            "constant y predicted, until a batch in which it varies, which then decides what it is "
            f"standardised by. {BEGIN_OTHERWISE}"
        )
    ]


def scaling_warnings(scaling: Scaling, data: DataSet, chosen: Array | None) -> list[Message]:
    """Return what there is to warn of if rows lie far from those that the scaling was taken of."""
    standardised = {
        "X": scaling.inputs(data.sample("X", ROWS, chosen)),
        "y": scaling.targets(data.sample("y", ROWS, chosen)),
    }
    distances = {name: abs(Z).mean(axis=0) for name, Z in standardised.items()}
    far = [part for name, d in distances.items() for part in columns(name, d > FAR_OUTSIDE)]
    if not far:
        return []
    largest = max(d.max() for d in distances.values())
    return [
        Message(
            f"{listed(far)} up to {largest:.2g} standard deviations from the mean of the first "
            f"batch, by which all are standardised. {BEGIN_OTHERWISE}"
        )
    ]


def renewal_warnings(of_x: Array, of_y: Array) -> list[Message]:
    """Return what there is to warn of if a warm start standardises these columns anew."""
    others = columns("X", of_x) + columns("y", of_y)
    if not others:
        return []
    return [
        Message(
            f"{listed(others)} far from what warm_start goes on from, as in another unit, and "
            "standardised anew. Training begins at the weights as they are, which belong to "
            "standardised data; to begin at others, set warm_start=False."
        )
    ]


def columns(name: str, chosen: Array) -> list[str]:
    """Return what the chosen columns of an array are called."""
    return [f"{name}[:, {i}]" for i in np.flatnonzero(chosen)]


def listed(names: Sequence[str]) -> str:
    """Return names, of which the first few will do, as the beginning of a sentence."""
    more = f" and {len(names) - 3} more columns" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more} {'is' if len(names) == 1 else 'are'}"
