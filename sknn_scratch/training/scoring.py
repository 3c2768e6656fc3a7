"""The score of predictions: R2, or D2 where they are quantiles."""

from numbers import Real

import numpy as np
from sklearn.metrics import d2_pinball_score, r2_score

from ..components import refuse_masked
from ..data import power_of_two


def score_of(loss, y, prediction, sample_weight=None):
    """Return how good predictions are: 1 is perfect, 0 is as good as the best constant.

    Parameters
    ----------
    loss : Loss
        What they were trained for. If these are quantiles, the score is the mean over levels of
        `sklearn.metrics.d2_pinball_score`: R2 is best at the mean, and would prefer a network
        that misses its quantile. With all else it is `sklearn.metrics.r2_score`, of targets near
        1: it is the same in any unit, but squares of tiny or huge numbers are not.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
    prediction : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like of shape (n_samples,), default=None

    Returns
    -------
    float
    """
    refuse_masked(y, "y")
    refuse_masked(sample_weight, "sample_weight")
    if not loss.levels:
        return r2_score(*near_one(y, prediction), sample_weight=sample_weight)
    quantiles = [prediction] if len(loss.levels) == 1 else prediction.T
    scores = [
        d2_pinball_score(y, quantile, sample_weight=sample_weight, alpha=level)
        for level, quantile in zip(loss.levels, quantiles, strict=True)
    ]
    return float(np.mean(scores))


def near_one(y, prediction):
    """Return targets and predictions in units in which their squares are finite, and not 0."""
    values = np.asarray(y)
    if values.dtype.kind == "f" and values.ndim > 0:
        largest = np.max(np.abs(values), axis=0, initial=0.0)
        bound = float(np.finfo(values.dtype).max) ** (1 / 3)  # 1e102; 7e12 in float32
        if ((largest > 0) & (largest < 1 / bound) | (largest > bound)).any():
            unit = power_of_two(largest)  # exact, unlike other factors
            return values / unit, prediction / unit
    return y, prediction


def check_score(score, decides):
    """Raise TypeError or ValueError unless ``score`` is a number: not nan, if it decides."""
    if not isinstance(score, Real):
        raise TypeError(f"scoring must give a number, got {score!r}.")
    if decides and np.isnan(score):
        raise ValueError(
            "The score on the validation data is nan, and cannot decide when to stop: the "
            "validation data need more rows, or scoring must give a number."
        )
