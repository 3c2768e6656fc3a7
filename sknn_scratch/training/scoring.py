"""The score of predictions: R2, or D2 where they are quantiles."""

from numbers import Real

import numpy as np
from sklearn.metrics import d2_pinball_score, r2_score


def score_of(loss, y, prediction, sample_weight=None):
    """Return how good predictions are: 1 is perfect, 0 is as good as the best constant.

    Parameters
    ----------
    loss : Loss
        What they were trained for. If these are quantiles, the score is the mean over levels of
        `sklearn.metrics.d2_pinball_score`: R2 is best at the mean, and would prefer a network
        that misses its quantile. With all else it is `sklearn.metrics.r2_score`.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
    prediction : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like of shape (n_samples,), default=None

    Returns
    -------
    float
    """
    if not loss.levels:
        return r2_score(y, prediction, sample_weight=sample_weight)
    quantiles = [prediction] if len(loss.levels) == 1 else prediction.T
    scores = [
        d2_pinball_score(y, quantile, sample_weight=sample_weight, alpha=level)
        for level, quantile in zip(loss.levels, quantiles, strict=True)
    ]
    return float(np.mean(scores))


def check_score(score, decides):
    """Raise TypeError or ValueError unless ``score`` is a number: not nan, if it decides."""
    if not isinstance(score, Real):
        raise TypeError(f"scoring must give a number, got {score!r}.")
    if decides and np.isnan(score):
        raise ValueError(
            "The score on the validation data is nan, and cannot decide when to stop: the "
            "validation data need more rows, or scoring must give a number."
        )
