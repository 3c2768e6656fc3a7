"""What training has to warn of, before it and after it; of its end, see `convergence`.

It only says so: the public method warns, at the line of its caller.
"""

from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..data import ROWS, Apart, DataSet, holds_folded, takes_factor
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
NOT_FINITE = Message(
    "The network predicts numbers that are not finite for rows that it was trained on. Its weights "
    "or its targets are too large: try a smaller learning_rate_init, or float64.",
    ConvergenceWarning,
)


def prediction_warnings(
    network: Network, state: TrainingState, data: DataSet, chosen: Array | None
) -> list[Message]:
    """Find out, on some of the rows, what predictions are worth.

    Sets ``state.apart`` to False where folding does no harm, and returns what there is to warn of.
    """
    params, scaling, rows = state.best_params, state.scaling, data.sample(ROWS, chosen)
    largest_product = ROWS * max(W.size for W, _ in network.layers(params))
    with np.errstate(all="ignore"), quiet_blas(largest_product):
        inputs = scaling.inputs(rows).astype(params.dtype, copy=False)
        predictions = scaling.restored(network, network.output(inputs, params))
        is_finite = np.isfinite(predictions.astype(params.dtype)).all()
        if state.apart:
            state.apart = not holds_folded(network, Apart.of(network, scaling, params), rows)
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
