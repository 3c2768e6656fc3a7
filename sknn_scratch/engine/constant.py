"""The loss of the best constant prediction: by it is measured what training came to."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize

from ..data import quantiles
from ..maths import Activation, Array, Network

# Inputs of the output layer, to see how far its outputs reach.
PROBES = np.r_[-1e300, np.linspace(-50, 50, 2001), 1e300]


def loss_of_best_constant(network: Network, y: Array, weight: Array | None = None) -> float:
    """Return the smallest mean loss that a constant prediction has; nan if no target varies.

    Parameters
    ----------
    network : Network
        Its loss and the activation of its output count.
    y : ndarray of shape (n_samples, n_targets)
        The targets, as the network is trained on them.
    weight : ndarray of shape (n_samples,), default=None
        None is the same weight for each sample.
    """
    y = y.astype(np.float64)
    weight = np.ones(len(y)) if weight is None else weight.astype(np.float64)
    y, weight = y[weight > 0], weight[weight > 0]
    if not len(y) or (y == y[0]).all():
        return np.nan
    shares, n_outputs = weight / weight.sum(), network.sizes[-1]
    low, high = reach(network.activations[-1])

    def mean_loss(constant):
        a = np.broadcast_to(np.clip(constant, low, high), (len(y), n_outputs))
        loss, gradient = network.loss(y, a), network.loss.gradient(y, a)
        return shares @ loss.sum(axis=1), shares @ gradient

    with np.errstate(all="ignore"):
        starts = [np.clip(guess, low, high) for guess in guesses(network, y, shares)]
        values = [np.nan_to_num(mean_loss(start)[0], nan=np.inf) for start in starts]
        least, best = min(values), starts[np.argmin(values)]
        for _ in range(2):  # the first may begin so far off that its tolerance is a coarse one
            before, unit = least, units(y, n_outputs)
            least, best = descended(mean_loss, best, least, (low, high), unit)
            if before - least < 0.01 * abs(before):
                break
        return float(least)


def descended(
    mean_loss: Callable[[Array], tuple[Any, Array]],
    start: Array,
    at_start: float,
    limits: Any,
    unit: Array,
) -> tuple[float, Array]:
    """Return the least loss that L-BFGS comes to from ``start``, and where."""
    size = abs(at_start) or 1.0  # loss and steps near 1: the tolerances are made for that

    def scaled(t):
        loss, gradient = mean_loss(start + unit * t)
        return loss / size, gradient * unit / size

    bounds = [tuple((limits - at) / each) for at, each in zip(start, unit)]
    found = minimize(scaled, np.zeros_like(start), jac=True, method="L-BFGS-B", bounds=bounds)
    value = found.fun * size
    return (value, start + unit * found.x) if value < at_start else (at_start, start)


def units(y: Array, n_outputs: int) -> Array:
    """Return how far constants have to be changed to matter: the deviation of the targets."""
    deviation = np.where(y.std(axis=0) > 0, y.std(axis=0), 1.0)
    if n_outputs % len(deviation) == 0:
        return np.tile(deviation, n_outputs // len(deviation))
    return np.ones(n_outputs)


def guesses(network: Network, y: Array, shares: Array) -> list[Array]:
    """Return constants near the best: the quantiles that the loss fits, or means and medians."""
    levels, n_outputs = network.loss.levels, network.sizes[-1]
    if levels:
        return [np.concatenate([quantiles(column, shares, levels) for column in y.T])]
    medians = np.concatenate([quantiles(column, shares, (0.5,)) for column in y.T])
    zeros = np.zeros(max(0, n_outputs - y.shape[1]))  # of what else the loss has outputs for
    return [np.r_[guess, zeros] for guess in (shares @ y, medians)]


def reach(activation: Activation) -> tuple[float, float]:
    """Return the least and the largest output of an activation, infinite where it has no bound."""
    with np.errstate(all="ignore"):
        outputs = activation(PROBES[:, np.newaxis])
    low, high = np.nanmin(outputs), np.nanmax(outputs)
    return (low if low > -1e100 else -np.inf), (high if high < 1e100 else np.inf)
