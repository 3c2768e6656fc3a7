"""Parameters to begin with, by the size of the data."""

from numbers import Integral

import numpy as np

from ..components import check_number

BATCH_SIZE = 32
EPOCHS = 256  # where the data are small
SHORT = 16  # as many times fewer, for the second network of an ensemble
STEPS = 400_000  # at most
FEWEST_EPOCHS = 8
HELD_OUT = 0.1


def recommended_parameters(n_samples, n_features):
    """Return the parameters of a network that suits data of this size.

    The defaults of `ScratchMLPRegressor` are those of MLPRegressor: they stop before a small data
    set is learnt. These parameters train two layers, behind a periodic embedding, for longer, with
    a learning rate that rises and then falls to nothing; a tenth of the rows, held out, says which
    epoch to keep. They are one rule, by the size of the data alone.

    Parameters
    ----------
    n_samples : int
        The rows to train on.
    n_features : int
        The columns of X.

    Returns
    -------
    parameters : dict
        For ``ScratchMLPRegressor(**parameters)``. There are 256 epochs, or fewer where these would
        be more than 400,000 steps of 32 rows (from 50,000 rows on), but no fewer than 8.

    Raises
    ------
    TypeError, ValueError
        If a size is not an int from 1 up.

    Notes
    -----
    They are for dense X; for sparse X set ``embedding=None``. With fewer than 20 rows nothing is
    held out.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sknn_scratch import ScratchMLPRegressor, recommended_parameters
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ScratchMLPRegressor(**recommended_parameters(*X.shape), random_state=0).fit(X, y)
    >>> model.n_iter_
    256
    """
    parameters = long_parameters(n_samples, n_features)
    if n_samples < 2 / HELD_OUT:
        return parameters
    n_trained = int(n_samples) - int(np.ceil(HELD_OUT * n_samples))
    return {
        **parameters,
        "batch_size": min(BATCH_SIZE, n_trained),
        "dropout": 0.1,
        "early_stopping": "loss",
        "validation_fraction": HELD_OUT,
    }


def long_parameters(n_samples, n_features):
    """Return the parameters of a network that is trained to the end of its schedule."""
    check_number(n_samples, "n_samples", Integral, 1, None, "left")
    check_number(n_features, "n_features", Integral, 1, None, "left")
    epochs = STEPS * BATCH_SIZE // int(n_samples)
    return {
        "hidden_layer_sizes": (64, 64),
        "activation": "gelu",
        "embedding": "periodic",
        "batch_size": min(BATCH_SIZE, int(n_samples)),
        "learning_rate": "one_cycle",
        "learning_rate_init": 3e-3,
        "max_iter": min(EPOCHS, max(FEWEST_EPOCHS, epochs)),
        "n_iter_no_change": np.inf,
        "tol": 0,
    }


def member_parameters(n_samples, n_features, dense=True):
    """Return the parameters of the two networks that an ensemble trains on each split.

    Where the target is mostly signal, long training is better, where it is mostly noise, short
    training is. The rows held out tell which, so both are trained: the second one is cheap.
    """
    long = long_parameters(n_samples, n_features)
    if not dense:
        del long["embedding"]
    return [long, {**long, "max_iter": max(1, long["max_iter"] // SHORT)}]
