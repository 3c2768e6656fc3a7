"""The attributes of a fitted estimator, from the state of its training."""

from inspect import signature
from typing import Any
from weakref import WeakKeyDictionary

from numpy.typing import DTypeLike

from ..components import ACTIVATIONS, name_of
from ..data import Scaling
from ..maths import Array, Network
from ..training import TrainingState


def predicting(network: Network, params: Array, scaling: Scaling) -> dict[str, Any]:
    """Return the attributes that a network predicts by: its parameters are those as trained."""
    return {
        "_network": network,
        "_params": params,
        "_scaling": scaling,
        "n_layers_": len(network.sizes),
        "n_outputs_": network.sizes[-1],
        "out_activation_": name_of(network.activations[-1], ACTIVATIONS),
    }


def fitted(
    network: Network, state: TrainingState, monitor: str | None, dtype: DTypeLike
) -> dict[str, Any]:
    """Return all attributes, as if training had ended in this `TrainingState`.

    ``monitor`` is what decided when to stop: see `training.Settings`. ``dtype`` is that of X, in
    which the network predicts; it may have been trained in another.
    """
    history, best = state.history, state.best
    params = state.best_params.astype(dtype, copy=False)
    is_validated = history.is_validated or bool(history.validation_scores)
    return {
        **predicting(network, params, state.scaling),
        "_state": state,
        "n_iter_": history.n_iter,
        "t_": state.t,
        "loss_": history.loss,
        "loss_curve_": history.losses,
        "validation_scores_": history.validation_scores if is_validated else None,
        "validation_loss_curve_": history.validation_losses if is_validated else None,
        "best_loss_": None if monitor else best.loss,
        "best_validation_score_": best.score if monitor else None,
        "n_iter_best_": best.epoch,
    }


_NAMES = WeakKeyDictionary()  # of the constructor parameters of each class


def constructor_parameters(estimator: Any) -> dict[str, Any]:
    """Return the parameters of all constructors that an estimator's class derives from.

    A class of one's own may take a few others, and set these: ``get_params`` knows its own only.
    It reads the signature anew, too, which takes as long as to train a network on a few rows.
    """
    cls = type(estimator)
    if cls not in _NAMES:
        constructors = [vars(base)["__init__"] for base in cls.__mro__ if "__init__" in vars(base)]
        names = {name for each in constructors[:-1] for name in signature(each).parameters}
        _NAMES[cls] = tuple(name for name in sorted(names) if hasattr(estimator, name))
    return {name: getattr(estimator, name) for name in _NAMES[cls]}
