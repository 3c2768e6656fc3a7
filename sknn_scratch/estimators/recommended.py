"""Parameters to begin with, by the size of the data."""

from math import log2, sqrt
from typing import Any

import numpy as np

from ..components import Cosine, Embedding, EmbeddingUnion, Periodic, PiecewiseLinear, check_number

BATCH_SIZE = 32
# Epochs: 512 up to 400 rows, 6,400 steps up to 2,000 rows, 102 up to 10,000 rows, and beyond in
# inverse proportion to the square root of the rows. A million rows are 312,500 steps.
MOST_EPOCHS, STEPS, EPOCHS, LEAST_EPOCHS = 512, 6_400, 102, 8
MANY_ROWS = 10_000
MOST_FEATURES = 500  # with an embedding, which makes up to 21 of each
HELD_OUT, FEWEST_ROWS = 0.1, 20  # for early stopping
DROPOUT, ROWS_WITH_DROPOUT = 0.05, 2_000
# From a tenth of a period to three in a standard deviation of the column: what is smooth is found,
# and what bends often too.
WAVES = Periodic(scale=0.1, spread=30)
# Bins find what jumps, or bends where the data are dense; few rows they fit too closely.
WAVES_AND_BINS, ROWS_WITH_BINS = EmbeddingUnion((WAVES, PiecewiseLinear(16))), 200
MOST_RESTARTS, SHORTEST = 4, 3  # epochs of the first of the trainings that are tried in one
MAX_GRAD_NORM = 1.0  # which few steps exceed: those that would throw a training off its way


def recommended_parameters(n_samples: int, n_features: int) -> dict[str, Any]:
    """Return the parameters of a network that suits data of this size.

    The defaults of `ScratchMLPRegressor` are those of MLPRegressor: they stop before a small data
    set is learnt. These parameters train two layers, behind waves of all lengths and, from 200 rows
    on, bins of each column, for longer. The learning rate falls to nothing five times (less often
    where the epochs are few), each time over twice as many epochs as before, and a tenth of the
    rows, held out, says which epoch to keep: a short training where the target is mostly noise, the
    longest where there is much to learn. They are one rule, by the size of the data alone.

    An ensemble (`ScratchMLPEnsembleRegressor`) is more accurate, most of all below 200 rows, where
    a tenth of them says little.

    Parameters
    ----------
    n_samples : int
        The rows to train on; those of weight 0 do not count.
    n_features : int
        The columns of X.

    Returns
    -------
    parameters : dict
        For ``ScratchMLPRegressor(**parameters)``. The steps of training, of 32 rows each, are
        bounded: 6,400 up to 2,000 rows, 32,000 for 10,000, about 100,000 for 100,000 and 312,500
        for a million.

    Raises
    ------
    TypeError, ValueError
        If a size is not an int from 1 up.

    Notes
    -----
    They are for dense X; for sparse X set ``embedding=None``. Above 500 columns there is none.
    With fewer than 20 rows nothing is held out.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sknn_scratch import ScratchMLPRegressor, recommended_parameters
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ScratchMLPRegressor(**recommended_parameters(*X.shape), random_state=0).fit(X, y)
    >>> model.n_iter_
    463
    """
    check_number(n_samples, "n_samples", int, "[1, inf)")
    check_number(n_features, "n_features", int, "[1, inf)")
    parameters: dict[str, Any] = {
        "hidden_layer_sizes": (64, 64),
        "activation": "silu",
        "embedding": embedding(int(n_samples), int(n_features)),
        "batch_size": min(BATCH_SIZE, int(n_samples)),
        "learning_rate": "one_cycle",
        "learning_rate_init": 3e-3,
        "max_grad_norm": MAX_GRAD_NORM,
        "max_iter": epochs(int(n_samples)),
        "n_iter_no_change": np.inf,
        "tol": 0,
    }
    if n_samples < FEWEST_ROWS:
        return parameters
    n_trained = int(n_samples) - int(np.ceil(HELD_OUT * n_samples))
    return {
        **parameters,
        "batch_size": min(BATCH_SIZE, n_trained),
        "dropout": DROPOUT if n_samples <= ROWS_WITH_DROPOUT else 0.0,
        "learning_rate": Cosine(restarts=restarts(parameters["max_iter"])),
        "early_stopping": "loss",
        "validation_fraction": HELD_OUT,
    }


def embedding(n_samples: int, n_features: int) -> Embedding | None:
    """Return the embedding: waves, and bins where there are rows enough; none of many columns."""
    if n_features > MOST_FEATURES:
        return None
    return WAVES if n_samples < ROWS_WITH_BINS else WAVES_AND_BINS


def epochs(n_samples: int) -> int:
    """Return how many epochs to train for."""
    by_steps = max(EPOCHS, min(MOST_EPOCHS, round(STEPS * BATCH_SIZE / n_samples)))
    return max(LEAST_EPOCHS, round(by_steps * min(1, sqrt(MANY_ROWS / n_samples))))


def restarts(n_epochs: int) -> int:
    """Return how often training starts anew: the first stretch has a few epochs, or more."""
    return min(MOST_RESTARTS, int(log2(n_epochs / SHORTEST + 1)) - 1)
