"""How far y spreads about predictions: alike everywhere, as the loss says, or as it was learnt.

A spread is a function of inputs and predictions that returns a number for each target, in the
unit of y but for a factor: only ratios between rows matter, the factor is calibrated.

How far members are from each other is no spread: within the data it says less of an error than the
rows held out do. Far from the data there are no rows held out, and members, which agree where they
were trained, go different ways. So a row on which they disagree more than on any row of `fit` is
new to them, and its interval is widened by as much. They may well agree and be wrong together: no
more than a part of what is new is seen.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.model_selection import KFold

from ..data import weight_by_row, where_measured
from ..estimators import ScratchMLPRegressor
from ..maths import Array, Loss
from .folds import LARGEST_SEED, Splits, mean_by_row, take_rows, without_weightless
from .members import MemberTrainer
from .stacked import predictions_of

LEAST = 1e-2  # of the mean spread: where hardly any is predicted there is some
LOWEST = -5.0  # of the logarithm of a scale, in units of the mean absolute error
EXPONENTS = 0.0, 0.25, 0.5, 0.75, 1.0
STEPS_OF_ROWS, LEAST_EPOCHS, MOST_EPOCHS = 25_600, 8, 64
FEWEST_ROWS = 40  # to learn a spread from
FOLDS = 5  # of the rows held out, where there is one split


class SpreadOfLoss:
    """What the loss says: 1, or more where the mean is larger, or the distance of two quantiles.

    The least is a hundredth of the (weighted) mean spread at ``prediction``, of rows held out.
    """

    def __init__(self, loss: Loss, prediction: Array, weight: Array | None = None) -> None:
        self.loss = loss
        self.least: float | Array = 0.0
        mean = np.average(self(None, prediction), axis=0, weights=weight)
        self.least = np.where(mean > 0, LEAST * mean, 1.0)  # of a constant target all are alike

    def __call__(self, X: Any, prediction: Array) -> Array:
        if len(self.loss.levels) > 1:
            spread = prediction[:, -1] - prediction[:, 0]
        else:
            spread = self.loss.spread(prediction)
        return np.maximum(spread, self.least)


class SpreadOfMembers:
    """What members that predict a standard deviation themselves say: its geometric mean.

    ``bounds``, of shape (2,) or (2, n_targets), are the least and the largest logarithm that is
    believed of a member.
    """

    def __init__(self, members: Sequence[Any], bounds: Array) -> None:
        self.members = members
        self.bounds = bounds

    def __call__(self, X: Any, prediction: Array) -> Array:
        logarithms = (np.clip(log_std(member, X), *self.bounds) for member in self.members)
        return np.exp(sum(logarithms) / len(self.members))


class LearntSpread:
    """What networks have learnt of the size of errors, to the power that suits the errors best.

    They predict the logarithm of the mean absolute error, and their mean is taken, within
    ``bounds``, of shape (2,) or (2, n_targets): the least and the largest on rows held out.
    """

    def __init__(self, networks: Sequence[Any], exponent: float | Array, bounds: Array) -> None:
        self.networks = networks
        self.exponent = exponent
        self.bounds = bounds

    def __call__(self, X: Any, prediction: Array) -> Array:
        X = X.toarray() if sparse.issparse(X) else X  # which it may be now, where members take it
        inputs = np.column_stack([X, prediction])
        logarithm: Any = sum(predictions_of(self, self.networks, inputs)) / len(self.networks)
        return self.of_logarithm(logarithm)

    def of_logarithm(self, logarithm: Array) -> Array:
        """Return the spread where this is what networks predict."""
        return np.exp(self.exponent * np.clip(logarithm, *self.bounds))


class LogScale(Loss):
    """The negative log-likelihood of an error y, of Laplace's distribution with scale exp(a).

    The scale is the mean of ``abs(y)``. Unlike the normal distribution's, which is the mean of
    ``y**2``, it is not decided by a few outliers.
    """

    def __call__(self, y: Array, a: Array) -> Array:
        return a + np.abs(y) * np.exp(-np.maximum(a, LOWEST))

    def gradient(self, y: Array, a: Array) -> Array:
        return 1 - (a > LOWEST) * np.abs(y) * np.exp(-np.maximum(a, LOWEST))


def learn_spread(
    X: Array,
    error: Array,
    prediction: Array,
    splits: Splits,
    weight: Array,
    random_state: np.random.RandomState,
    n_jobs: Any,
) -> tuple[LearntSpread, Array] | None:
    """Learn how the size of errors goes with inputs and predictions, on the folds of the members.

    The networks are trained on errors of rows held out, each on all folds but one, and judged on
    that one (as Nix and Weigend, Estimating the mean and variance of the target probability
    distribution, 1994, but with the mean known, and with Laplace's distribution, which outliers
    hardly move). A power of what they say, from 0 (all rows alike) to 1, is chosen by the
    likelihood of the errors on those rows.

    ``error`` and ``prediction``, of shape (n,) or (n, n_targets), are nan where a row was never
    held out. Weights may be of each target, 0 where it was not measured. Returned are the spread,
    and that of each row, by the network that has not seen it; None, in the place of both, if they
    do not help, or there are too few rows.
    """
    held_out: Any = np.isfinite(error).reshape(len(error), -1).all(axis=1)
    parts = without_weightless(spread_folds(splits, held_out, random_state), weight)
    n_measured = np.min([np.count_nonzero(weight[train], axis=0) for train, _ in parts], axis=0)
    if np.max(n_measured) < FEWEST_ROWS or np.min(n_measured) == 0:
        return None
    unit = np.average(np.abs(error[held_out]), axis=0, weights=weight[held_out])
    if not np.any(unit > 0):
        return None
    # a target that is predicted exactly, as a constant is, spreads alike
    error = np.divide(error, unit, out=np.ones_like(error), where=unit > 0)
    row_weight = weight_by_row(weight)
    judged = held_out & (row_weight > 0)
    inputs, target = np.column_stack([X, prediction]), where_measured(error, weight)
    networks, predictions = MemberTrainer(inputs, target, random_state, n_jobs).train(
        [ScratchMLPRegressor(**network_parameters(judged.sum()))],
        parts,
        {"sample_weight": row_weight},
        quiet=True,  # the exponent sees to networks that are no better than a constant
    )
    logarithm = np.maximum(mean_by_row(len(error), parts, predictions), LOWEST)
    exponent = best_exponent(error[judged], logarithm[judged], weight[judged])
    exponent = np.where(n_measured < FEWEST_ROWS, 0.0, exponent)
    if not np.any(exponent):
        return None
    measured = where_measured(logarithm, weight)[judged]
    bounds = np.array([np.nanmin(measured, axis=0), np.nanmax(measured, axis=0)])
    spread = LearntSpread(networks, exponent, bounds)
    return spread, spread.of_logarithm(logarithm)


def spread_folds(
    splits: Splits, was_held_out: Array, random_state: np.random.RandomState
) -> Splits:
    """Return rows to learn a spread on and rows to judge it by, all of them held out before.

    Where a split trains on too few such rows, as with time series, each set of rows held out is
    judged by all others.
    """
    folds = [(train[was_held_out[train]], held_out) for train, held_out in splits]
    if min(len(train) for train, _ in folds) >= FEWEST_ROWS:
        return folds
    rows = np.flatnonzero(was_held_out)
    if len(splits) == 1:
        seed = random_state.randint(LARGEST_SEED)
        cv = KFold(min(FOLDS, len(rows)), shuffle=True, random_state=seed)
        return [(rows[train], rows[judged]) for train, judged in cv.split(rows)]
    return [(np.setdiff1d(rows, held_out), held_out) for _, held_out in splits]


def spread_of_members(
    members: Sequence[Any], X: Any, splits: Splits, weight: Array
) -> tuple[SpreadOfMembers, Array]:
    """Return what members say of new rows, and what they said of each row held out.

    The logarithm of a standard deviation goes on in a straight line far from the data, so it is not
    believed beyond the largest one of rows held out, nor below a hundredth of their median. Rows of
    weight zero might as well not be there.
    """
    held_out = [rows for _, rows in splits]
    logarithms = [log_std(member, take_rows(X, rows)) for member, rows in zip(members, held_out)]
    counting = [each[weight[rows] > 0] for each, rows in zip(logarithms, held_out)]
    finite = np.concatenate(counting)
    finite[~np.isfinite(finite)] = np.nan
    least = np.nanmedian(finite, axis=0) + np.log(LEAST)
    bounds = np.array([least, np.nanmax(finite, axis=0)])
    logarithms = [np.clip(each, *bounds) for each in logarithms]
    return SpreadOfMembers(members, bounds), np.exp(mean_by_row(X.shape[0], splits, logarithms))


def log_std(member: Any, X: Any) -> Array:
    """Return the logarithm of what a network, or the last step of a pipeline, predicts as std."""
    if hasattr(member, "steps"):
        return log_std(member.steps[-1][1], member[:-1].transform(X) if len(member) > 1 else X)
    std = member._network.loss.std(member._output(X))  # what is infinite is no news to the user
    with np.errstate(divide="ignore"):  # far from the data it may be 0, too
        return np.log(std.ravel() if std.shape[1] == 1 else std)


def network_parameters(n_rows: int) -> dict[str, Any]:
    """Return the parameters of the network that learns a spread: small, and briefly trained."""
    return {
        "hidden_layer_sizes": (64,),
        "activation": "silu",
        "loss": LogScale(),
        "batch_size": 32,
        "learning_rate": "one_cycle",
        "max_iter": int(np.clip(STEPS_OF_ROWS // n_rows, LEAST_EPOCHS, MOST_EPOCHS)),
        "missing_targets": "ignore",
        "n_iter_no_change": np.inf,
        "standardize": True,
        "tol": 0,
    }


def best_exponent(error: Array, logarithm: Array, weight: Array) -> Array:
    """Return, for each target, the exponent with which errors are likeliest.

    With the spread s = exp(exponent * logarithm) and the mean c of abs(error) / s, the mean
    log-likelihood of Laplace's distribution is -mean(log(s * c)), but for a constant.
    """

    def cost(exponent):
        log_spread = exponent * logarithm
        scaled = np.average(np.abs(error) * np.exp(-log_spread), axis=0, weights=weight)
        return np.average(log_spread, axis=0, weights=weight) + np.log(scaled)

    costs = np.array([cost(exponent) for exponent in EXPONENTS])
    return np.array(EXPONENTS)[np.argmin(costs, axis=0)]


def standard_deviation(predictions: Array, weights: Array) -> Any:
    """Return how far members' predictions are from their mean, row by row.

    They are of shape (n_members, n) or (n_members, n, n_targets); the weights, of shape
    (n_members,) or (n_members, n_targets), have the sum 1.
    """
    n_members, *of_targets = weights.shape
    weights = weights.reshape(n_members, *[1] * (predictions.ndim - weights.ndim), *of_targets)
    with np.errstate(invalid="ignore", over="ignore"):  # of predictions that are infinite
        distance = np.abs(predictions - (weights * predictions).sum(axis=0))
        largest = distance.max(axis=0)
        unit = np.where(largest > 0, largest, 1.0)  # in which no square overflows
        distance /= unit
        distance *= distance
        deviation = unit * np.sqrt((weights * distance).sum(axis=0))
    return np.where(np.isnan(deviation), np.inf, deviation)


def relative_to(most: Array, deviation: Array) -> Array:
    """Return deviations in units of the largest on rows of `fit`; 0 if members never differed."""
    with np.errstate(invalid="ignore", over="ignore"):
        relative = np.divide(deviation, most, out=np.zeros_like(deviation), where=most > 0)
    return np.where(np.isnan(relative), np.inf, relative)
