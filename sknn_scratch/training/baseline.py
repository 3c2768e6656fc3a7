"""What is reached by predicting almost nothing: by it is measured what training came to.

A constant is the mean of y for the squared error. For most other losses it has no formula, and
need not be known to more than a small part of `MARGIN`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from scipy import sparse

from ..components import quantiles
from ..data import DataSet, is_per_target
from ..maths import Array, Identity, Network, SquaredError
from .state import TrainingState

MARGIN = 0.01  # what a loss may differ from that of the best constant by, to be about it
MOST_PRODUCTS = 1e8  # multiplications that a linear model may take: some tenths of a second


@dataclass
class Baseline:
    """The losses of the simplest models of the rows to train on, computed when they are needed.

    They are of standardised targets, if the scaling of ``state`` standardises.
    """

    network: Network
    state: TrainingState
    data: DataSet

    @cached_property
    def constant(self) -> float:
        """The loss of the best constant prediction; nan if no target varies."""
        network, state, data = self.network, self.state, self.data
        if state.standardized and network.is_canonical and type(network.loss) is SquaredError:
            moments = data.statistics("y")
            deviation = moments.std_ / state.scaling.y_unit
            share = moments.weight / np.mean(moments.weight)
            return float((share * deviation**2).sum() / 2) or np.nan
        return over_targets(partial(loss_of_best_constant, network), *self.targets())

    @cached_property
    def linear(self) -> float:
        """The loss of the best linear model, for the squared error; nan if it takes too long.

        It is nan as well if the network is one.
        """
        network, data = self.network, self.data
        is_linear = all(type(f) is Identity for f in network.activations) and not network.embedding
        of_squares = network.is_canonical and type(network.loss) is SquaredError
        n_products = len(data) * (network.sizes[0] + 1) ** 2
        if is_linear or not of_squares or n_products > MOST_PRODUCTS:
            return np.nan
        rows = data.X[slice(None) if data.chosen is None else data.chosen]
        rows = rows.toarray() if sparse.issparse(rows) else np.asarray(rows)  # wherever they are
        X = self.state.scaling.inputs(rows)
        y, weight = self.targets()
        X = np.column_stack([X, np.full(len(X), float(network.fit_intercept))])

        def loss(y, weight):
            share = np.full(len(y), 1 / len(y)) if weight is None else weight / weight.sum()
            root = np.sqrt(share)[:, np.newaxis]
            W = np.linalg.lstsq(root * X, root * y, rcond=None)[0]
            return float(share @ network.loss(y, X @ W).sum(axis=1))

        return over_targets(loss, y, weight)

    def targets(self) -> tuple[Array, Array | None]:
        """Return the targets as they are trained on, of shape (n, n_targets), and the weights."""
        data = self.data
        y = data.of_chosen(np.asarray(data.y)).astype(self.state.params.dtype)
        weight = None if data.weight is None else data.of_chosen(np.asarray(data.weight))
        return self.state.scaling.targets(y), weight


def over_targets(
    loss_of: Callable[[Array, Array | None], float], y: Array, weight: Array | None
) -> float:
    """Return ``loss_of(y, weight)``; the sum over targets, where each has weights of its own."""
    if not is_per_target(weight):
        return loss_of(y, weight)
    total = weight.sum(axis=0)
    losses = [loss_of(y[:, [j]], weight[:, j]) for j in np.flatnonzero(total)]
    return float(np.nansum(losses * total[total > 0] / total.mean())) or np.nan


def is_no_better(loss: float, baseline: float) -> bool:
    """Return True if a loss is within 1% of that of a simple model, or more."""
    return loss >= baseline - MARGIN * abs(baseline)


def is_about(loss: float, baseline: float) -> bool:
    """Return True if a loss is within 1% of that of a simple model."""
    return is_no_better(loss, baseline) and loss <= baseline + MARGIN * abs(baseline)


def loss_of_best_constant(network: Network, y: Array, weight: Array | None = None) -> float:
    """Return the smallest mean loss that a constant prediction has.

    nan if no target varies, or if it is not known what the outputs of a loss stand for; y is of
    shape (n_samples, n_targets), as the network is trained on it.
    """
    y = y.astype(np.float64)
    weight = np.ones(len(y)) if weight is None else weight.astype(np.float64)
    y, weight = y[weight > 0], weight[weight > 0]
    if not len(y) or (y == y[0]).all():
        return np.nan
    share = weight / weight.sum()
    losses = []
    with np.errstate(all="ignore"):
        for constant in constants(network, y, share):
            if len(constant) != network.sizes[-1]:
                return np.nan
            a = np.broadcast_to(constant, (len(y), len(constant)))
            losses.append(share @ network.loss(y, a))
        return float(np.fmin.reduce(losses).sum())  # each output has a constant of its own


def constants(network: Network, y: Array, share: Array) -> list[Array]:
    """Return predictions one of which is near the best constant, for each output.

    That is the quantile where a loss fits these. Else it lies between median and mean, or, where
    large errors count for more than their squares, beyond the mean.
    """
    loss = network.loss
    if loss.levels:
        return [np.concatenate([quantiles(column, share, loss.levels) for column in y.T])]
    mean = share @ y
    median = np.concatenate([quantiles(column, share, (0.5,)) for column in y.T])
    deviation = np.sqrt(share @ (y - mean) ** 2)
    deviation = np.where(deviation > 0, deviation, 1.0)
    centres = [mean, *(median + part * (mean - median) for part in np.linspace(0, 2, 17))]
    return [loss.output_scaling(centre, deviation)[0] for centre in centres]
