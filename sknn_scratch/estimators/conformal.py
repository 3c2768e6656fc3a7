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

import numpy as np

LEAST_SCALE = 1e-2  # of the mean scale: where hardly any spread is predicted there is some
SLACK = 1e-12  # relative: (n + 1) * level is rounded, and must not reach the next rank for that


def conformal_quantiles(scores, levels, weight=None):
    """Return quantiles of the score of a new row.

    Parameters
    ----------
    scores : ndarray of shape (n_scores,)
        Of rows that were held out.
    levels : array-like of shape (n_levels,)
        In (0, 1). Quantiles above the median err upwards, those below it downwards, and the median
        is the mean of both.
    weight : ndarray of shape (n_scores,), default=None
        A row of weight 2 counts as two rows. Only ratios matter: the new row has the mean weight
        of all rows whose weight is not 0 (Tibshirani, Barber, Candes and Ramdas, Conformal
        prediction under covariate shift, 2019, lemma 3, with that weight for the test point).

    Returns
    -------
    quantiles : ndarray of shape (n_levels,)
        In increasing order where the levels are; infinite where there are too few scores.
    """
    levels = np.asarray(levels, dtype=float)
    weight = np.ones(len(scores)) if weight is None else weight
    upper = _upper(scores, levels, weight)
    lower = -_upper(-scores, 1 - levels, weight)
    with np.errstate(invalid="ignore"):  # half of inf - inf, where there is no score at all
        middle = (lower + upper) / 2
    return np.select([levels > 0.5, levels < 0.5], [upper, lower], np.nan_to_num(middle, nan=0))


def _upper(scores, levels, weight):
    """Return, per level, the smallest score up to which there is that share of all weight."""
    order = np.argsort(scores, kind="stable")
    order = order[weight[order] > 0]
    scores, reached = np.append(scores[order], np.inf), np.cumsum(weight[order])
    if len(order) == 0:
        return np.full(len(levels), np.inf)
    total = reached[-1] * (1 + 1 / len(order))  # with the new row
    return scores[np.searchsorted(reached, levels * total * (1 - SLACK))]


class Calibration:
    """How far predictions were off, and so how far others will be.

    Parameters
    ----------
    loss : Loss
        What the predictions were trained for: says what they are, and how y spreads about them.
    y : ndarray of shape (n,) or (n, n_targets)
        The targets of rows that were held out.
    prediction : ndarray of shape (n,) or (n, n_outputs)
        The predictions for these rows.
    weight : ndarray of shape (n,) or None
        Their sample weights.

    Attributes
    ----------
    scores : ndarray of the shape of y
    """

    def __init__(self, loss, y, prediction, weight):
        self.loss, self.weight, self.least = loss, weight, 0.0
        location, scale = self.located(prediction)
        self.least = LEAST_SCALE * np.mean(scale, axis=0)
        scale = np.maximum(scale, self.least)
        if location.shape != y.shape:
            raise ValueError(
                f"The members must predict y, of shape {y.shape}; for the rows held out they "
                f"predict {location.shape}."
            )
        self.scores = (y - location) / scale

    def located(self, prediction):
        """Return location and scale of y: a row (of each target) may be off by so much."""
        if len(self.loss.levels) > 1:
            middle = np.abs(np.asarray(self.loss.levels) - 0.5)
            location = prediction[:, np.isclose(middle, middle.min())].mean(axis=1)
            scale = prediction[:, -1] - prediction[:, 0]
        else:
            location, scale = prediction, self.loss.spread(prediction)
        return location, np.maximum(scale, self.least)

    def std(self, prediction):
        """Return the standard deviation of y about predictions."""
        mean_square = np.average(self.scores**2, axis=0, weights=self.weight)
        return self.located(prediction)[1] * np.sqrt(mean_square)

    def quantiles(self, prediction, levels):
        """Return the quantiles of y where these are the predictions; levels are the last axis."""
        location, scale = self.located(prediction)
        columns = self.scores.reshape(len(self.scores), -1).T
        found = np.array([conformal_quantiles(each, levels, self.weight) for each in columns])
        found = found.reshape(*self.scores.shape[1:], len(levels))
        found = location[..., np.newaxis] + scale[..., np.newaxis] * found
        positive = not self.loss.in_domain(np.array(-1.0))
        return np.maximum(found, 0) if positive else found
