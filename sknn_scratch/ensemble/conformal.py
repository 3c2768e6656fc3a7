"""Intervals from what was held out: how far off predictions are, by rank, not by a normal table.

Predictions were made for rows that were not trained on, and a score says how far off each was, in
units that suit the row::

    score = (y - location) / scale

If a new row is exchangeable with these n, its score is equally likely to fall into each of the
n + 1 gaps between theirs. So it is at most the k-th smallest of them with a probability of
k / (n + 1) or more, whatever the distribution (Vovk, Gammerman and Shafer, Algorithmic Learning
in a Random World, 2005, section 2.2; Lei, G'Sell, Rinaldo, Tibshirani and Wasserman,
Distribution-free predictive inference for regression, 2018, section 2.2), and a quantile of y is

    location + scale * (the score of rank k)

with k = ceil((n + 1) level) above the median, and from the other end below it. A rank beyond the
largest score is an infinite quantile: so few rows do not tell.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..components import quantiles as weighted_quantiles
from ..maths import Array, Loss
from ..training import location, warn_caller
from .folds import weights_by_column
from .units import Unit

SLACK = 1e-12  # relative: (n + 1) * level is rounded, and must not reach the next rank for that
N_TYPICAL = 100  # scores that stand for all, where each is put back into the unit of y


def conformal_quantiles(scores: Array, levels: ArrayLike, weight: Array | None = None) -> Array:
    """Return quantiles of the score of a new row, infinite where there are too few scores.

    Those above the median err upwards, those below it downwards, and the median is the mean of
    both. A row of weight 2 counts as two rows. Only ratios matter: the new row weighs
    ``sum(weight**2) / sum(weight)``, what a row of these weighs that is drawn by its weight
    (Tibshirani, Barber, Candes and Ramdas, Conformal prediction under covariate shift, 2019, lemma
    3, with that weight for the test point). So few heavy rows are as few equal ones.
    """
    levels = np.asarray(levels, dtype=float)
    weight = np.ones(len(scores)) if weight is None else weight
    order = np.argsort(scores)
    scores, weight = scores[order], weight[order]
    total = weight.sum() * (1 + 1 / effective_count(weight))  # with the new row
    upper = _reaching(levels * total, np.append(scores, np.inf), weight)
    lower = _reaching((1 - levels) * total, np.append(scores[::-1], -np.inf), weight[::-1])
    return np.where(levels > 0.5, upper, np.where(levels < 0.5, lower, (lower + upper) / 2))


def _reaching(amounts, scores, weight):
    """Return, for each amount of weight, the first score up to which there is as much."""
    return scores[np.searchsorted(np.cumsum(weight), amounts * (1 - SLACK))]


def effective_count(weight: Array) -> float:
    """Return how many rows of equal weight say as much as these (Kish, Survey sampling, 1965)."""
    weight = weight / weight.max()  # so that no square is lost
    return weight.sum() ** 2 / (weight**2).sum()


def warn_of_quantiles(
    quantiles: Array,
    levels: Array,
    n: float,
    weight: Array | None = None,
    n_groups: int | None = None,
) -> None:
    """Warn of quantiles of y for which n scores, or groups, are too few."""
    farthest = max(levels, key=lambda level: abs(level - 0.5))
    odds = max(farthest, 1 - farthest) / min(farthest, 1 - farthest)
    needed = np.ceil(odds * (1 - SLACK))  # for the quantile to be finite
    rows_were, advice = f"{n} were", "Intervals of a smaller coverage need fewer."
    if weight is not None and np.ptp(weight) > 0:
        n = min(effective_count(column) for column in weight.reshape(len(weight), -1).T)
        rows_were = f"those held out weigh as {n:.3g} would that weigh alike"
        advice += " Of a time series, fewer splits hold out more rows each."
    # Of a prediction that is infinite the members warn.
    if np.isinf(quantiles).any() and n < needed * (1 - SLACK):
        warn_caller(
            f"Some quantiles are infinite: that of level {farthest:g} needs {needed:.0f} "
            f"rows held out, and {rows_were}. {advice}"
        )
    elif n_groups is not None and n_groups < needed:
        warn_caller(
            f"The rows held out come from {n_groups} groups: rows of a new group are covered less "
            f"often than asked for, unless there are about {needed:.0f}."
        )


class Calibration:
    """How far predictions were off, and so how far others will be.

    ``y``, ``prediction`` and ``weight`` are of rows that were held out (``weight`` may be of each
    target); ``scale``, of the shape of y, is how far y spreads about these predictions, but for a
    factor; ``spread(X, prediction)`` returns that of other rows. Scores and scales are in ``unit``.
    """

    def __init__(
        self,
        loss: Loss,
        y: Array,
        prediction: Array,
        scale: Array,
        weight: Array,
        spread: Callable[[Any, Array], Array],
        unit: Unit,
    ) -> None:
        self.loss = loss
        self.weight = weight
        self.spread = spread
        self.unit = unit
        self.scores: Array = (self.unit(y) - location(loss, self.unit(prediction))) / scale

    def std(self, X: Any, prediction: Array, novelty: Array | float) -> Array:
        """Return the standard deviation of y about predictions, larger by a novelty above 1."""
        middle, scale = self._middle_and_scale(X, prediction, novelty)
        if type(self.unit) is Unit:
            return scale * root_mean_square(self.scores, self.weight)
        y = self.unit.inverse(middle)
        scores = typical_scores(self.scores, self.weight)
        with np.errstate(over="ignore", invalid="ignore"):  # inf - inf, if y is unbounded there
            errors = (self.unit.inverse(middle + scale * score) - y for score in scores)
            std = np.sqrt(sum(error**2 for error in errors) / len(scores))
        return np.where(np.isnan(std), np.inf, std)

    def _middle_and_scale(self, X, prediction, novelty):
        in_unit = self.unit(prediction)
        return location(self.loss, in_unit), self.spread(X, in_unit) * np.maximum(novelty, 1)

    def quantiles(self, X: Any, prediction: Array, levels: Array, novelty: Array | float) -> Array:
        """Return the quantiles of y where these are the predictions; levels are the last axis."""
        y = self._quantiles(*self._middle_and_scale(X, prediction, novelty), levels)
        positive = not self.loss.in_domain(np.array(-1.0))
        return np.maximum(y, 0) if positive else y

    def _quantiles(self, middle, scale, levels):
        by_column = [
            conformal_quantiles(scores, levels, weight)
            for scores, weight in scores_and_weights(self.scores, self.weight)
        ]
        of_scores = np.reshape(by_column, (*self.scores.shape[1:], len(levels)))
        middle = middle[..., np.newaxis]
        scale = scale[..., np.newaxis]
        with np.errstate(over="ignore", invalid="ignore"):  # inf - inf, if a prediction is infinite
            bounds = middle + scale * of_scores
            infinite = np.where(of_scores == 0, middle, of_scores * np.inf)
        bounds = np.where(np.isnan(bounds), infinite, bounds)
        return np.stack([self.unit.inverse(bounds[..., i]) for i in range(len(levels))], axis=-1)

    def interval_score(self, y: Array, prediction: Array, scale: Array) -> float:
        """Return how good intervals of the rows held out are: the less, the better.

        The mean logarithm, over targets, of the mean width of 90% intervals, plus what y lies
        beyond them times 20 (Gneiting and Raftery, Strictly proper scoring rules, prediction, and
        estimation, 2007, section 6.2). ``scale`` is that of each row, in the unit of the scores.
        """
        middle = location(self.loss, self.unit(prediction))
        low, high = np.moveaxis(self._quantiles(middle, scale, np.array([0.05, 0.95])), -1, 0)
        score = high - low + 20 * (np.maximum(low - y, 0) + np.maximum(y - high, 0))
        score[self.weight == 0] = 0  # not nan where it is infinite, too
        with np.errstate(divide="ignore"):  # of errors of nothing
            logarithm = np.log(np.average(score, axis=0, weights=self.weight))
        return float(np.mean(logarithm))


def typical_scores(scores: Array, weight: Array) -> Array:
    """Return `N_TYPICAL` scores, or for each target as many, that stand for all of them alike."""
    levels = (np.arange(N_TYPICAL) + 0.5) / N_TYPICAL
    by_column = [weighted_quantiles(*pair, levels) for pair in scores_and_weights(scores, weight)]
    return np.column_stack(by_column).reshape(N_TYPICAL, *scores.shape[1:])


def scores_and_weights(scores: Array, weight: Array) -> Iterator[tuple[Array, Array]]:
    """Yield the scores and the weights of each target."""
    columns = scores.reshape(len(scores), -1).T
    return zip(columns, weights_by_column(weight, len(columns)))


def root_mean_square(values: Array, weight: Array) -> Array:
    """Return the root mean square of each column, whatever the unit: no square underflows."""
    largest = np.abs(values).max(axis=0)
    largest = np.where(largest > 0, largest, 1.0)
    return largest * np.sqrt(np.average((values / largest) ** 2, axis=0, weights=weight))
