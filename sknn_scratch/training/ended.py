"""What there may be to doubt about a training that `tol` has ended: it may have been too early.

Training that `tol` has ended is said to have converged, and yet may have come to nothing. Either
the loss still fell, by less than ``tol`` an epoch: that is a small part of the loss at first, and
a large part of what may be left of it in the end (under early stopping, that is validation loss or
score). Or the loss is no less than that of the best constant prediction, the mean of y for the
squared error. A network begins with learning that, which leaves small slopes everywhere, and only
then finds out what X is good for.
"""

from math import floor, log10

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..data import DataSet
from ..engine import loss_of_best_constant
from ..maths import Array, Network, SquaredError
from .loops import is_about, is_no_better
from .messages import Message
from .run import Run
from .settings import Settings
from .state import TrainingState

FALLS = 0.05  # the part of the loss that it falls by, if it still falls
NOTHING_LEFT = 1e-8  # of the loss of the best constant: there is no use in less
LITTLE_LEFT = 1e-4  # the same for L-BFGS, which near a minimum finds most of the rest in a step


def constant_loss(
    network: Network, state: TrainingState, data: DataSet, chosen: Array | None
) -> float:
    """Return the loss of the best constant prediction for the rows to train on, as it is trained.

    It is nan if no target varies.

    Parameters
    ----------
    network : Network
    state : TrainingState
        With its scaling.
    data : DataSet
    chosen : ndarray of int or None
        The rows to train on; None is all.
    """
    if state.standardized and network.is_canonical and type(network.loss) is SquaredError:
        deviation = data.statistics("y", chosen).std_ / state.scaling.y_scale
        return float((deviation**2).sum() / 2) or np.nan
    rows = slice(None) if chosen is None else chosen
    y = np.asarray(data.y)[rows].astype(state.params.dtype)
    weight = None if data.weight is None else np.asarray(data.weight)[rows]
    y = y if y.ndim == 2 else y[:, np.newaxis]
    return loss_of_best_constant(network, state.scaling.targets(y), weight)


def doubt_end(
    run: Run, network: Network, settings: Settings, n_batches: float, constant: float
) -> list[Message]:
    """Return what there is to warn of in a training that `tol` has ended.

    Parameters
    ----------
    run : Run
    network : Network
    settings : Settings
    n_batches : float
        Of an epoch, relative to its rows: the penalty is part of the loss of each.
    constant : float
        The loss of the best constant prediction.
    """
    state = run.state
    squares = sum((W * W).sum(dtype=np.float64) for W, _ in network.layers(state.params))
    loss = state.history.loss - settings.alpha / state.mean_weight / 2 * squares * n_batches
    stochastic = settings.solver.stochastic
    # mini-batches that stop well above it have not come so far
    is_stuck = is_about(loss, constant) if stochastic else is_no_better(loss, constant)
    fall = fallen(run, settings, constant)
    if fall and (stochastic or not is_stuck):  # else L-BFGS has tried to go on
        return [still_falling(network, settings, constant, *fall)]
    if settings.monitor and stochastic:  # to hold on to the mean, if all else is worse, is its task
        return []
    return [stuck(loss, network, settings, constant)] if is_stuck else []


def fallen(run: Run, settings: Settings, constant: float) -> tuple[int, float, float, float] | None:
    """Return in how many last epochs the loss fell, by what, from what, and to what; or None.

    Of L-BFGS, which goes by the gradient, the last iteration counts, and nothing under early
    stopping. Else that is about the validation loss, or about minus the validation score: a fall
    by more than 5% of what it was, and of 1. None with standardize=False, where training stops and
    warns as MLPRegressor does.
    """
    stochastic, history = settings.solver.stochastic, run.state.history
    n, floor_ = (settings.n_iter_no_change, NOTHING_LEFT) if stochastic else (1, LITTLE_LEFT)
    losses = {
        None: history.losses,
        "loss": history.validation_losses,
        "score": [-score for score in history.validation_scores],
    }[settings.monitor]
    losses = losses[len(losses) - history.n_iter :]
    losses = losses if stochastic else [run.first_loss, *losses]
    is_asked = settings.standardize and (stochastic or not settings.monitor)
    if not is_asked or not n < len(losses):
        return None
    before, after = min(losses[:-n]), min(losses[-n:])  # which noise does not lower
    if settings.monitor == "score":
        is_much = before - after > FALLS * (1 + abs(before))
    else:
        is_much = before - after > FALLS * abs(before) and after > floor_ * constant
    return (n, before - after, before, losses[-1]) if is_much else None


def still_falling(
    network: Network,
    settings: Settings,
    constant: float,
    n: int,
    by: float,
    before: float,
    last: float,
) -> Message:
    """Return the message that the loss still fell, or the score rose."""
    smaller, what = settings.tol / 10, "the last iteration"
    if settings.solver.stochastic:
        smaller, what = min(by / n, settings.tol) / 10, f"the last {n} epochs"
    beginning = f"Training stopped by tol={settings.tol:g} while "
    advice = f"Try tol={10.0 ** floor(log10(smaller)):g}"
    if settings.monitor == "score":
        text = f"the validation score still rose: by {by:.2g} in {what}, to {-last:.3g}. {advice}."
        return Message(beginning + text, ConvergenceWarning)
    whose = "the validation" if settings.monitor else "its"
    advice += (
        "." if settings.monitor else ", or early_stopping if the loss on new data does not fall."
    )
    return Message(
        f"{beginning}{whose} loss still fell: by {by / abs(before):.0%} in {what}, to {last:.3g}. "
        "tol is in the unit of that loss, which is for standardised y: to predict "
        f"{best_of(network)} has a loss of {constant:.3g}. {advice}",
        ConvergenceWarning,
    )


def stuck(loss: float, network: Network, settings: Settings, constant: float) -> Message:
    """Return the message that what training came to is no better than a constant."""
    advice = "What may leave it: a smaller tol"
    if settings.solver.stochastic:
        advice = (
            "Where the loss is flat for a while, n_iter_no_change=np.inf and a larger max_iter go "
            "on. What may leave it sooner: a larger learning_rate_init"
        )
    return Message(
        f"Training stopped by tol={settings.tol:g} at a loss of {loss:.3g} (without penalty), no "
        f"better than to predict {best_of(network)}, which has {constant:.3g}. {advice}, another "
        "random_state, n_init > 1, activation='relu' or 'tanh', fewer layers, a smaller alpha. "
        "Or X says nothing about y.",
        ConvergenceWarning,
    )


def best_of(network: Network) -> str:
    """Return what the best constant prediction is called."""
    return "the mean" if type(network.loss) is SquaredError else "the best constant"
