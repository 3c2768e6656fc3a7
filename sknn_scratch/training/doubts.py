"""What there may be to doubt about a training: looked at before it, or after, and told."""

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..data import ROWS, Apart, holds_folded
from ..maths import output
from .messages import Message

NOT_FINITE = Message(
    "The network predicts numbers that are not finite for rows that it was trained on. Its weights "
    "or its targets are too large: try a smaller learning_rate_init, or float64.",
    ConvergenceWarning,
)


def look_at_predictions(network, state, data, chosen):
    """Find out, on some of the rows, what predictions are worth.

    Sets ``state.apart`` to False where folding does no harm, and returns what there is to warn of.
    """
    params, scaling, rows = state.best_params, state.scaling, data.sample(ROWS, chosen)
    with np.errstate(all="ignore"):
        inputs = scaling.inputs(rows).astype(params.dtype, copy=False)
        predictions = scaling.restored(network, output(inputs, *network.chain(params)))
        is_finite = np.isfinite(predictions.astype(params.dtype)).all()
        if state.apart:
            state.apart = not holds_folded(network, Apart.of(network, scaling, params), rows)
    return [] if is_finite else [NOT_FINITE]
