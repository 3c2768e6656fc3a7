"""A fitted network as scikit-learn's own MLPRegressor, for what knows only that.

MLPRegressor applies one activation to all hidden layers, and to the output the one that its
attribute ``out_activation_`` names. A network that is made so can be expressed, and predicts the
same. Training is another matter: what MLPRegressor does not have is left out.
"""

import copy
from collections.abc import Sequence
from math import inf
from numbers import Real
from typing import Any

import numpy as np
from sklearn.neural_network import MLPRegressor

from ..components import ACTIVATIONS, SCHEDULES, SOLVERS, name_of
from ..maths import Loss, Network
from ..training import warn_caller
from .base import constructor_parameters

ENOUGH = 1e-4  # of the scale of a column: what folding may move it by
# The names that both have.
HIDDEN = "identity", "logistic", "tanh", "relu"
SHARED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "solver": (SOLVERS, ("adam", "sgd", "lbfgs")),
    "learning_rate": (SCHEDULES, ("constant", "invscaling", "adaptive")),
}
ATTRIBUTES = (
    "n_layers_",
    "n_outputs_",
    "n_iter_",
    "t_",
    "loss_",
    "loss_curve_",
    "validation_scores_",
    "best_validation_score_",
    "n_features_in_",
    "feature_names_in_",
)


def to_mlp_regressor(estimator: Any) -> Any:
    """Return a fitted MLPRegressor with the predictions of a fitted ScratchMLPRegressor.

    Warns if folded weights (see `data.scaling`) lose digits; ValueError if there is none.
    """
    network, given = estimator._network, constructor_parameters(estimator)
    if network.embedding is not None:
        raise ValueError(f"MLPRegressor has no embedding, this network has {network.embedding!r}.")
    defaults = MLPRegressor().get_params()
    outputs = (*HIDDEN, "exp") if "loss" in defaults else HIDDEN
    hidden, out = shared_activations(network, outputs)

    params = shared_parameters(given, defaults)
    params["hidden_layer_sizes"] = network.sizes[1:-1]
    if hidden is not None or params["activation"] not in HIDDEN:
        params["activation"] = hidden or "identity"
    if "loss" in defaults:  # since scikit-learn 1.7; it decides on the output in a new fit
        params["loss"] = "poisson" if out == "exp" else "squared_error"

    model = MLPRegressor(**copy.deepcopy(params))
    model.out_activation_ = out
    model.coefs_ = [W.copy() for W in estimator.coefs_]
    model.intercepts_ = [b.copy() for b in estimator.intercepts_]
    for name in ATTRIBUTES:
        if hasattr(estimator, name):
            setattr(model, name, copy.deepcopy(getattr(estimator, name)))
    # In the unit of y, as its own losses are: `partial_fit` can only count progress anew.
    model.best_loss_ = None if params["early_stopping"] else inf
    scaling, dtype = estimator._scaling, estimator._params.dtype
    lost = np.finfo(dtype).eps * np.abs(scaling.x_shift) > ENOUGH * scaling.x_scale
    if lost.any() or not all(np.isfinite(W).all() for W in estimator.coefs_):
        warn_caller(
            "MLPRegressor cannot hold these predictions: a column of X varies by too little for "
            "how far it is from zero, or its unit is extreme. Move the column near zero, or use "
            "float64."
        )
    return model


def shared_activations(network: Network, outputs: Sequence[str]) -> tuple[str | None, str]:
    """Return the names of the hidden layers' (None without any) and the output's activation.

    ValueError if MLPRegressor does not have them; ``outputs`` are those it has for the output.
    """
    loss = network.loss
    if len(loss.levels) > 1 or type(loss).predict is not Loss.predict:
        raise ValueError(f"MLPRegressor predicts its output as it is, unlike loss={loss!r}.")
    *hidden, out = (name_of(f, ACTIVATIONS) for f in network.activations)
    if any(name not in HIDDEN or name != hidden[0] for name in hidden):
        raise ValueError(
            f"MLPRegressor has one activation for all hidden layers, out of {_listed(HIDDEN)}; "
            f"got {', '.join(map(repr, hidden))}."
        )
    if out not in outputs:
        raise ValueError(
            f"MLPRegressor of this version of scikit-learn has out_activation {_listed(outputs)}; "
            f"got {out!r}."
        )
    return (hidden[0] if hidden else None), out


def shared_parameters(given: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the constructor parameters that are shared, at their defaults where values are not."""
    params = {name: given[name] for name in defaults if name in given}
    for parameter, (registry, names) in SHARED.items():
        component = given[parameter]
        built_in = [
            name for name in names if component == name or type(component) is registry[name]
        ]
        params[parameter] = built_in[0] if built_in else defaults[parameter]
        if built_in and not isinstance(component, str):
            params.update(
                (name, vars(component)[name]) for name in defaults if name in vars(component)
            )
    params["early_stopping"] = bool(given["early_stopping"])
    if not isinstance(given["validation_fraction"], Real):
        params["validation_fraction"] = defaults["validation_fraction"]
    params["warm_start"] = False  # it has not the solver's state to go on from
    return params


def _listed(names):
    return f"{', '.join(map(repr, names[:-1]))} or {names[-1]!r}"
