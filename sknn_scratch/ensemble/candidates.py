"""The networks that an ensemble chooses from by default.

Which penalty, which embedding and which shape suit a table, and how long to train, matters by 5 to
25% of the error each, and no rule by the size of the data finds them (see `choice`, which does).
To add a candidate takes a line in `CANDIDATES`.
"""

from math import sqrt
from typing import Any

import numpy as np
from scipy.stats import gmean
from sklearn.linear_model import RidgeCV

from ..components import Cosine, Periodic, PiecewiseLinear
from ..data import Moments, input_scaling, is_per_target
from ..estimators import epochs
from ..maths import Array
from .folds import at_most

DEEP: dict[str, Any] = {
    "hidden_layer_sizes": (64, 64),
    "activation": "silu",
    "embedding": Periodic(scale=0.2),
    "learning_rate_init": 3e-3,
    "alpha": 1e-4,
}
WIDE: dict[str, Any] = {
    "hidden_layer_sizes": (100,),
    "activation": "relu",
    "embedding": Periodic(n_frequencies=16, scale=2.0),
    "learning_rate_init": 1e-2,
    "alpha": 1e-4,
}
# A penalty holds the weights of rare words by as many rows as have them, if these are standardised.
PENALISED: dict[str, Any] = {"alpha": 1.0, "standardize": True}
CANDIDATES: dict[str, dict[str, Any]] = {
    "deep": DEEP,
    "deep, penalised": {**DEEP, **PENALISED},
    "deep, fine": {**DEEP, "embedding": Periodic(n_frequencies=16, scale=1.0)},
    "wide, fine": WIDE,
    "deep, bins": {**DEEP, "activation": "relu", "embedding": PiecewiseLinear(32)},
    "wide, bins": {**WIDE, "embedding": PiecewiseLinear(32)},
}
# Where there are few rows.
OF_FEW_ROWS: dict[str, dict[str, Any]] = {
    "wide, much penalised": {**WIDE, **PENALISED, "alpha": 10.0, "embedding": Periodic(scale=0.3)},
}
FEW_ROWS = 1_000
LARGE_ALPHA, SLOWER = 0.5, 1  # from which alpha on, and by how many doublings
HELD = Cosine(warmup=0.05, hold=0.65)  # 'one_cycle' takes more epochs to learn as much
MOST_FEATURES = 500  # with an embedding, which makes several of each; and for the linear network
BATCH_SIZES = ((1_000, 32), (10_000, 64), (50_000, 128))  # below so many rows, so many in a batch
LARGEST_BATCH, REFERENCE_BATCH = 256, 32
N_LENGTHS = 6
MOST_ITERATIONS = 1_000  # of the linear network
PENALTIES, MOST_ROWS = np.logspace(-1, 4, 12), 20_000  # to choose that of the linear network by


def candidates(
    n_samples: int, n_features: int, n_fewest: int, dense: bool = True
) -> dict[str, dict[str, Any]]:
    """Return the parameters of the networks to choose from, by name.

    But for how long they are trained. No two are alike: without embeddings, which cannot be had
    where X is sparse, those that differ in them are one. ``n_fewest`` are the fewest rows that a
    split trains on.
    """
    size = batch_size(n_samples)
    chosen: dict[str, dict[str, Any]] = {}
    for name, network in (CANDIDATES | (OF_FEW_ROWS if n_samples < FEW_ROWS else {})).items():
        if not dense or n_features > MOST_FEATURES:
            network = {**network, "embedding": None}
        network = {
            **network,
            "batch_size": min(size, n_fewest),
            "alpha": network["alpha"] * size / REFERENCE_BATCH,  # of each row, the same
            "learning_rate": HELD,
            "learning_rate_init": network["learning_rate_init"] * sqrt(size / REFERENCE_BATCH),
            "n_iter_no_change": np.inf,
            "tol": 0,
        }
        if network not in chosen.values():
            chosen[name] = network
    return chosen


def head_starts(networks: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Return by how many lengths each candidate is trained for longer than others in the pilot.

    Where the penalty is large, training is slow, and its length does no harm.
    """
    is_slow = {name: network["alpha"] >= LARGE_ALPHA for name, network in networks.items()}
    return {name: SLOWER if slow else 0 for name, slow in is_slow.items()}


def batch_size(n_samples: int) -> int:
    """Return how many rows a batch has: the more there are, the more."""
    return next((size for most, size in BATCH_SIZES if n_samples < most), LARGEST_BATCH)


def lengths(n_samples: int) -> list[int]:
    """Return the lengths of training to choose from, in epochs: doubled, up to the longest."""
    longest = epochs(n_samples)
    return sorted({max(1, round(longest / 2**halvings)) for halvings in range(N_LENGTHS)})


def linear_network(X: Array, y: Array, weight: Array) -> dict[str, Any] | None:
    """Return the parameters of a network without hidden layers, or None if it would take too long.

    It is a ridge regression; its penalty is chosen by the errors that it makes on each row if all
    others are trained on, which have a closed form (Golub, Heath and Wahba, Generalized
    cross-validation as a method for choosing a good ridge parameter, 1979). As members go it is
    cheap, and safe: where there are fewer rows than columns, and far from the data. Where targets
    have weights of their own, it is the geometric mean of those that suit each on its rows.
    """
    if X.shape[1] > MOST_FEATURES:
        return None
    if is_per_target(weight):
        of_targets: Any = [linear_network(X, *of_target) for of_target in zip(y.T, weight.T)]
        alphas = [network["alpha"] for network in of_targets]
        return {**of_targets[0], "alpha": float(gmean(alphas))}
    rows = at_most(MOST_ROWS, np.flatnonzero(weight))
    inputs, targets = standardised(X[rows]), standardised(y[rows].reshape(len(rows), -1))
    ridge: Any = RidgeCV(PENALTIES).fit(inputs, targets, weight[rows])
    return {
        "hidden_layer_sizes": (),
        "solver": "lbfgs",
        "alpha": float(ridge.alpha_),
        "standardize": True,  # as for the choice of alpha
        "max_iter": MOST_ITERATIONS,
    }


def standardised(columns: Array) -> Array:
    """Return columns with mean 0 and standard deviation 1, whatever their unit; 0 if constant."""
    shift, scale = input_scaling(Moments.of(columns), centred=True)
    return (columns - shift) / np.where(scale > 0, scale, np.inf)
