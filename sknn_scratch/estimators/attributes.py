"""The attributes of a fitted estimator, from the state of its training."""

from ..components import ACTIVATIONS, name_of


def predicting(network, params):
    """Return the attributes that a network predicts by, given its parameters for X as it came."""
    return {
        "_network": network,
        "_params": params,
        "n_layers_": len(network.sizes),
        "n_outputs_": network.sizes[-1],
        "out_activation_": name_of(network.activations[-1], ACTIVATIONS),
    }


def fitted(network, state, monitor):
    """Return all attributes, as if training had ended in this `TrainingState`.

    ``monitor`` is what decided when to stop: see `training.Settings`.
    """
    history, best = state.history, state.best
    is_validated = bool(history.validation_scores)
    return {
        **predicting(network, state.folded(network)),
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
