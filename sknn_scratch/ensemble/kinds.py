"""What an ensemble trains on each split by default: networks that differ in kind."""

from typing import Any

import numpy as np

from ..components import Periodic
from ..estimators import long_parameters

SHORT, FEWEST_EPOCHS = 16, 6
DEFAULT_EPOCHS = 200


def member_parameters(
    n_samples: int, n_features: int, n_fewest: int, dense: bool = True
) -> list[dict[str, Any]]:
    """Return the parameters of the networks that are trained on each split.

    Where the target is mostly signal, long training is better; where it is mostly noise, short
    training is. The rows held out tell which, so both are done: the second is cheap. A wide network
    is good at other things than a deep one, and their mean is better than either. The network with
    the default parameters, as cheap, is in case that none of these suits.

    Parameters
    ----------
    n_samples, n_features : int
        The shape of X.
    n_fewest : int
        The fewest rows that a split trains on.
    dense : bool, default=True
        Whether X is: an embedding cannot be had with sparse X.

    Returns
    -------
    parameters : list of dict
        For a deep network, a wide one, the first again, trained for a sixteenth of the epochs, and
        the defaults, but for a schedule that ends by itself, after no more epochs than the first.
    """
    deep = long_parameters(n_samples, n_features)
    deep["batch_size"] = min(deep["batch_size"], n_fewest)
    deep["embedding"] = deep["embedding"] if dense else None
    wide = {
        **deep,
        "hidden_layer_sizes": (100,),
        "activation": "relu",
        "learning_rate_init": 1e-2,
        "embedding": deep["embedding"] and Periodic(scale=0.3),
    }
    short = {**deep, "max_iter": max(FEWEST_EPOCHS, deep["max_iter"] // SHORT)}
    plain = {  # with the mean of the default learning rate, and an end that is planned
        "learning_rate": "cosine",
        "learning_rate_init": 2e-3,
        "max_iter": min(DEFAULT_EPOCHS, deep["max_iter"]),
        "n_iter_no_change": np.inf,
        "tol": 0,
    }
    return [deep, wide, short, plain]
