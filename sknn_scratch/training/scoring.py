"""The score of predictions: R2, or D2 where they are quantiles; score and loss after each epoch.

`score_of` is scikit-learn's, for whatever a user hands over. `make_score` is the same for training,
which asks after each epoch: scikit-learn's functions check their arguments and compute anew what
depends on y alone, and take longer than the epoch of a small network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import d2_pinball_score, r2_score

from ..components import refuse_masked
from ..data import DataSet, Mapped, Scaling, is_per_target, power_of_two
from ..engine import predict_rows
from ..maths import Array, Loss, Matrix, MatrixLike, Network

LEAST_STD = 1e-200  # of targets near 1: 0, for which exp underflows, would make nan of a likelihood


def score_of(
    loss: Loss, y: MatrixLike, prediction: Array, sample_weight: ArrayLike | None = None
) -> float:
    """Return how good predictions are: 1 is perfect, 0 is as good as the best constant.

    If the ``loss`` is for quantiles, the score is the mean over levels of
    `sklearn.metrics.d2_pinball_score`: R2 is best at the mean, and would prefer a network that
    misses its quantile. With all else it is `sklearn.metrics.r2_score`, of targets near 1: it is
    the same in any unit, but squares of tiny or huge numbers are not. With weights of each target
    it is the mean over those that have any.

    ValueError if there are several predictions for each target, and they are no quantiles.
    """
    refuse_masked(y, "y")
    refuse_masked(sample_weight, "sample_weight")
    if np.ndim(sample_weight) == 2:
        if n_columns(y) > 1 and n_columns(y) != n_columns(prediction):
            raise ValueError(
                f"y must have {n_columns(prediction)} columns, as predictions do, got "
                f"{n_columns(y)}."
            )
        columns = columns_of(np.asarray(y), np.asarray(sample_weight))
        scores = [
            score_of(loss, of_y, prediction.reshape(len(prediction), -1)[:, at], weight)
            for of_y, at, weight in columns
        ]
        return float(np.mean(scores))
    if not loss.levels:
        n_targets, n_predictions = n_columns(y), n_columns(prediction)
        if n_predictions != n_targets and n_predictions == loss.n_outputs(n_targets):
            raise ValueError(
                f"{loss!r} predicts {n_predictions} numbers for {n_targets} target(s), which R2 "
                "cannot compare: give its class a `predict` that returns one for each target."
            )
        return r2_score(*near_one(y, prediction), sample_weight=sample_weight)
    quantiles = [prediction] if len(loss.levels) == 1 else prediction.T
    scores = [
        d2_pinball_score(y, quantile, sample_weight=sample_weight, alpha=level)
        for level, quantile in zip(loss.levels, quantiles, strict=True)
    ]
    return float(np.mean(scores))


def location(loss: Loss, prediction: Array) -> Array:
    """Return the middle of what is predicted: the prediction, or that of several quantiles."""
    if len(loss.levels) < 2:
        return prediction
    distance = np.abs(np.asarray(loss.levels) - 0.5)
    return prediction[..., np.isclose(distance, distance.min())].mean(axis=-1)


def columns_of(y: Array, weight: Array) -> list[tuple[Array, Any, Array]]:
    """Return the targets that have weights, the outputs that are about them, and the weights.

    All outputs are about a single target. One that a single row has, of which there is no R2, is
    left out where there are others.
    """
    y = y.reshape(len(y), -1)
    outputs = [slice(None)] if y.shape[1] == 1 else [[j] for j in range(y.shape[1])]
    counts = np.count_nonzero(weight, axis=0)
    columns = zip(y.T[:, :, np.newaxis], outputs, weight.T)
    return [column for column, n in zip(columns, counts) if n >= min(2, counts.max())]


def n_columns(array: MatrixLike) -> int:
    """Return the number of columns; 1 for a vector."""
    return np.shape(array)[1] if np.ndim(array) == 2 else 1


def likelihood_score(y: Any, mean: Any, std: Any, sample_weight: ArrayLike | None = None) -> float:
    """Return how good means and standard deviations are: 1 is perfect, 0 is a constant's.

    It is ``1 - exp(-2 gain)``, where the gain is the mean log-likelihood of a Gaussian of these
    over that of the best constant mean and variance: R2, where the variance is a constant (Cox
    and Snell, Analysis of binary data, 2nd edition, 1989, section 6.3, by n-th roots). The mean
    over targets; nan for a single sample, with a warning, as of `sklearn.metrics.r2_score`.
    """
    refuse_masked(y, "y")
    refuse_masked(sample_weight, "sample_weight")
    constant = r2_score(*near_one(y, mean), sample_weight=sample_weight)  # checks the arrays
    if np.isnan(constant):
        return constant
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
    weighs = weight > 0  # a row of weight 0 may have a likelihood of 0
    y, mean, std = (np.asarray(x, np.float64).reshape(len(y), -1)[weighs] for x in (y, mean, std))
    unit = safe_unit(y)
    y, mean = y / unit, mean / unit
    std = np.maximum(std / unit, LEAST_STD)
    average = partial(np.average, axis=0, weights=weight[weighs])
    spread = np.sqrt(average((y - average(y)) ** 2))
    with np.errstate(all="ignore"):  # targets that are constant; a likelihood of 0
        gain = average(np.log(spread / std) - ((y - mean) / std) ** 2 / 2) + 0.5
        scores = np.where(spread > 0, -np.expm1(-2 * gain), (y == mean).all(axis=0))
    return float(scores.mean())


def near_one(y: MatrixLike, prediction: Any) -> tuple[Any, Any]:
    """Return targets and predictions in units in which their squares are finite, and not 0."""
    y = np.asarray(y)
    if y.dtype.kind != "f" or y.ndim == 0:
        return y, prediction
    unit = safe_unit(y)
    return y / unit, prediction / unit


def safe_unit(y: Array) -> Array | float:
    """Return the units in which the squares of targets are finite, and not 0: mostly 1."""
    largest = np.max(np.abs(y), axis=0, initial=0.0)
    bound = float(np.finfo(y.dtype).max) ** (1 / 3)  # 1e102; 7e12 in float32
    is_far = (largest > 0) & (largest < 1 / bound) | (largest > bound)
    return power_of_two(largest) if is_far.any() else 1.0  # exact, unlike other factors


def make_score(loss: Loss, y: Array, sample_weight: Array | None) -> Callable[[Array], float]:
    """Return the function of predictions that is `score_of` for these targets.

    It takes an array of shape (n_samples, n_outputs), and returns nan if there are several
    predictions for each target, and they are no quantiles.
    """
    if not can_be_scored(y, sample_weight):
        return lambda prediction: np.nan
    if is_per_target(sample_weight):
        columns = columns_of(y, sample_weight)
        return partial(mean_score, [(make_score(loss, of_y, w), at) for of_y, at, w in columns])
    if not loss.levels:
        return R2(y, sample_weight)
    scores = [D2(y, level, sample_weight) for level in loss.levels]
    if len(scores) == 1:
        return scores[0]
    return partial(mean_score, [(score, [i]) for i, score in enumerate(scores)])


def can_be_scored(y: Array, sample_weight: Array | None) -> bool:
    """Return False where there is no score, of which scikit-learn would warn in every epoch."""
    return len(y) > 1 and (sample_weight is None or bool(np.any(sample_weight)))


def mean_score(scores: Sequence[tuple[Any, Any]], prediction: Array) -> float:
    """Return the mean of several scores, each of some columns of a prediction."""
    return float(np.mean([score(prediction[:, columns]) for score, columns in scores]))


class R2:
    """`sklearn.metrics.r2_score` of predictions for y; nan if there are several for each target."""

    def __init__(self, y: Array, sample_weight: Array | None) -> None:
        self.unit: Any = safe_unit(y)
        self.weight: Any = None
        if sample_weight is not None:
            self.weight = sample_weight[:, np.newaxis].astype(y.dtype)
        self.y: Array = y / self.unit
        self.of_mean: Array = self.squares(np.average(self.y, axis=0, weights=sample_weight))

    def squares(self, prediction: Array) -> Array:
        """Return the sum of squared errors in each column, in these units."""
        error = self.y - prediction
        error *= error
        return np.add.reduce(error if self.weight is None else self.weight * error)

    def __call__(self, prediction: Array) -> float:
        if prediction.shape != self.y.shape:
            return np.nan
        return share_explained(self.squares(prediction / self.unit), self.of_mean)


class D2:
    """`sklearn.metrics.d2_pinball_score` of predictions for y."""

    def __init__(self, y: Array, level: float, sample_weight: Array | None) -> None:
        self.y, self.level = y, level
        self.share: Any = None if sample_weight is None else sample_weight / sample_weight.sum()
        self.of_constant: Array = pinball_of_best_constant(y, level, sample_weight)

    def __call__(self, prediction: Array) -> float:
        error = self.y - prediction
        losses = np.maximum(self.level * error, (self.level - 1) * error)
        pinball = losses.mean(axis=0) if self.share is None else self.share @ losses
        return share_explained(pinball, self.of_constant)


def pinball_of_best_constant(y: Array, level: float, sample_weight: Array | None) -> Array:
    """Return the pinball loss of the constant that scikit-learn holds predictions against.

    That is a quantile of y, which is not the same in all versions where there are few samples. So
    it is asked for: the loss of predictions that are above each target by the same is known, and
    scikit-learn's score of them, ``1 - loss_above / loss of the constant``, tells the other.
    """
    above = 1 + 4 * np.ptp(y.astype(np.float64), axis=0) / (1 - level)  # not lost in y + above
    loss_above = (1 - level) * above
    score = d2_pinball_score(
        y, y + above, sample_weight=sample_weight, alpha=level, multioutput="raw_values"
    )
    return np.where(score == 0, 0, loss_above / (1 - score))  # 0 is what it gives if y is constant


def share_explained(error: Array, of_constant: Array) -> float:
    """Return the mean over columns of ``1 - error / of_constant``, the error of the best constant.

    Where that makes no error, it is 1 for predictions that make none, and 0 for others.
    """
    if all(of_constant.tolist()):  # of a few numbers sooner known than by NumPy
        return 1 - float(np.add.reduce(error / of_constant)) / len(of_constant)
    varies = of_constant != 0
    shares = 1 - error / np.where(varies, of_constant, 1)
    return float(np.mean(np.where(varies, shares, error == 0)))


def check_score(score: Any, decides: bool) -> None:
    """Raise TypeError or ValueError unless ``score`` is a number: not nan, if it decides."""
    if not isinstance(score, Real):
        raise TypeError(f"scoring must give a number, got {score!r}.")
    if decides and score != score:
        raise ValueError(
            "The score on the validation data is nan, and cannot decide when to stop: the "
            "validation data need more rows, the loss needs a `predict` that returns a number for "
            "each target, or scoring must give a number. early_stopping='loss' needs no score."
        )


@dataclass
class Validator:
    """Loss and score on validation data, as a function of the parameters.

    ``score(params, output)`` is that of what the network gives for the data, in the unit of y as it
    came; ``decides`` says whether it decides when to stop.
    """

    network: Network
    scaling: Scaling
    data: DataSet
    score: Callable[[Array, Array], float]
    decides: bool

    @np.errstate(over="ignore")
    def __post_init__(self) -> None:
        X, scaling = self.data.X, self.scaling
        self.y: Array = scaling.targets(self.data.y)
        is_mapped = isinstance(X, Mapped)  # else it is standardised once for all epochs
        self.X: Matrix = X if is_mapped else scaling.inputs(X)
        self.still_to_scale: Scaling | None = scaling.only_inputs() if is_mapped else None

    def __call__(self, params: Array) -> tuple[float, float]:
        """Return loss, in standardised units and without penalty, and score."""
        params = params.astype(self.X.dtype, copy=False)  # training may be in float32, X is not
        a = predict_rows(self.network, params, self.X, self.still_to_scale)
        output = self.scaling.restored(self.network, a)
        if not np.isfinite(output).all():
            return np.nan, np.nan
        losses, weight = self.network.loss(self.y, a), self.data.weight
        if weight is None:
            loss = float(losses.sum()) / len(losses)
        elif self.data.per_target:
            loss = float((losses * weight).sum() / weight.sum() * weight.shape[1])
        else:
            loss = float(np.average(losses.sum(axis=1), weights=weight))
        score = self.score(params, output)
        check_score(score, self.decides and isfinite(loss))
        return loss, float(score)  # in single precision it would swallow `tol`
