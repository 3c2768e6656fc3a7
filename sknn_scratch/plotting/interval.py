"""A picture of predictions with their intervals against the truth, and how often these hold it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from ..components import as_numbers, check_number
from ..maths import Array, MatrixLike, RandomState
from .drawing import drawing_axes, ink, some_rows

INSIDE, OUTSIDE = "tab:blue", "tab:red"


class IntervalDisplay:
    """Predictions with an interval each, against the truth.

    Each row is a vertical line, the interval, at the height of its prediction on the diagonal; the
    point on it is the truth, in another colour where it lies outside. The title says how many lie
    inside, and how wide the intervals are in standard deviations of the truth: an interval is only
    worth something if it is narrower than about 3.3 of them, which cover 90% of a normal
    distribution without any model.

    Make it with `from_estimator` or `from_predictions`. Parameters are stored as attributes.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,)
        The truth.
    y_pred : ndarray of shape (n_samples,)
        The predictions.
    interval : ndarray of shape (n_samples, 2)
        Lower and upper bounds; infinite ones are drawn to the edge.
    coverage : float, default=None
        The share of rows that should fall inside, for the title.

    Attributes
    ----------
    coverage_ : float
        The share of rows that do fall inside.
    width_ : float
        The mean width of the intervals, in the unit of y.
    band_ : LineCollection
        The intervals.
    inside_, outside_ : Line2D
        The truth, inside and outside.
    line_ : Line2D
        The predictions.
    ax_ : Axes
    figure_ : Figure

    See Also
    --------
    ScratchMLPEnsembleRegressor.predict_interval : The intervals of an ensemble.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_diabetes
    >>> from sknn_scratch import IntervalDisplay, ScratchMLPEnsembleRegressor, ScratchMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> network = ScratchMLPRegressor((20,), activation="tanh", solver="lbfgs", alpha=10)
    >>> model = ScratchMLPEnsembleRegressor(network, random_state=0).fit(X[:300], y[:300])
    >>> display = IntervalDisplay.from_estimator(model, X[300:], y[300:], ax=Figure().subplots())
    >>> round(display.coverage_, 1)
    0.9
    """

    def __init__(
        self, *, y_true: Array, y_pred: Array, interval: Array, coverage: float | None = None
    ) -> None:
        self.y_true = y_true
        self.y_pred = y_pred
        self.interval = interval
        self.coverage = coverage

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: MatrixLike,
        y: MatrixLike,
        *,
        coverage: float = 0.9,
        subsample: int | None = 1000,
        random_state: RandomState = 0,
        ax: Any = None,
    ) -> IntervalDisplay:
        """Draw the intervals that an estimator predicts.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``predict_interval(X, coverage)``: a `ScratchMLPEnsembleRegressor`, a
            pipeline that ends in one, or a search that found one.
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs, best of rows that it was not trained on.
        y : array-like of shape (n_samples,)
            Their targets.
        coverage : float, default=0.9
            The share of rows, in (0, 1), that should fall inside.
        subsample : int or None, default=1000
            Draw so many rows, drawn at random, if there are more; None draws all. Coverage and
            width are those of all rows.
        random_state : int, RandomState instance or None, default=0
            Decides which.
        ax : Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        IntervalDisplay

        Raises
        ------
        TypeError, ValueError
            If the estimator predicts no intervals, or arrays do not have these shapes.
        """
        check_is_fitted(estimator)
        interval = predict_interval(estimator, X, coverage, cls.__name__)
        prediction = np.asarray(estimator.predict(X))
        if prediction.ndim == 2:  # quantiles: the middle one, or the mean of two
            prediction = np.median(prediction, axis=1)
        options = {"subsample": subsample, "random_state": random_state, "ax": ax}
        return cls.from_predictions(y, prediction, interval, coverage=coverage, **options)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        interval: ArrayLike,
        *,
        coverage: float | None = None,
        subsample: int | None = 1000,
        random_state: RandomState = 0,
        ax: Any = None,
    ) -> IntervalDisplay:
        """Draw intervals, of any model.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            The truth.
        y_pred : array-like of shape (n_samples,)
            The predictions.
        interval : array-like of shape (n_samples, 2)
            Lower and upper bounds.
        coverage : float, default=None
            The share of rows that should fall inside, for the title.
        subsample, random_state, ax
            As for `from_estimator`.

        Returns
        -------
        IntervalDisplay
        """
        y_true, y_pred = as_numbers(y_true, "y_true"), as_numbers(y_pred, "y_pred")
        interval, n = as_numbers(interval, "interval"), len(np.atleast_1d(y_true))
        for name, array, shape in (
            ("y_true", y_true, (n,)),
            ("y_pred", y_pred, (n,)),
            ("interval", interval, (n, 2)),
        ):
            if array.shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {array.shape}.")
            if np.isnan(array).any():
                raise ValueError(f"{name} must have no nan: leave out the rows that have.")
        display = cls(y_true=y_true, y_pred=y_pred, interval=interval, coverage=coverage)
        return display.plot(ax, subsample=subsample, random_state=random_state)

    def plot(
        self,
        ax: Any = None,
        *,
        subsample: int | None = 1000,
        random_state: RandomState = 0,
    ) -> IntervalDisplay:
        """Draw the intervals.

        Parameters
        ----------
        ax, subsample, random_state
            As for `from_estimator`.

        Returns
        -------
        self : IntervalDisplay
        """
        low, high = self.interval.T
        inside = (low <= self.y_true) & (self.y_true <= high)
        self.coverage_: float = float(inside.mean())
        self.width_: float = float(np.mean(high - low))
        rows = some_rows(len(inside), subsample, random_state)
        ax = drawing_axes(ax, type(self).__name__)
        y, x, hit = self.y_true[rows], self.y_pred[rows], inside[rows]
        interval = self.interval[rows]
        drawn = np.concatenate([y, x, interval[np.isfinite(interval)]])
        about = 0.05 * np.ptp(drawn)
        low, high = np.clip(interval, drawn.min() - about, drawn.max() + about).T
        style: dict[str, Any] = {"color": ink(ax, 0.25), "linewidth": 1, "zorder": 1}
        self.band_: Any = ax.vlines(x, low, high, label="interval", **style)
        ends = [x.min(), x.max()]
        style = {"color": ink(ax, 0.7), "linewidth": 1, "zorder": 2}
        self.line_: Any = ax.plot(ends, ends, label="prediction", **style)[0]
        style = {"linestyle": "none", "marker": "o", "markersize": 4, "zorder": 3}
        self.inside_: Any = ax.plot(x[hit], y[hit], c=INSIDE, label="truth, inside", **style)[0]
        missed = ~hit
        self.outside_: Any = ax.plot(
            x[missed], y[missed], c=OUTSIDE, label="truth, outside", **style
        )[0]
        ax.set(xlabel="predicted", ylabel="actual", title=self._title())
        ax.legend(loc="upper left")  # above the diagonal
        self.ax_: Any = ax
        self.figure_: Any = ax.figure
        return self

    def _title(self):
        asked = "" if self.coverage is None else f" (asked for: {100 * self.coverage:.4g}%)"
        width = f"mean width {self.width_ / (np.std(self.y_true) or 1):.2f} sd of y"
        return f"{self.coverage_:.0%} inside{asked}\n{width}"


def predict_interval(estimator: Any, X: MatrixLike, coverage: float, display: str) -> Array:
    """Return the intervals of an estimator, or of the last step of a pipeline."""
    check_number(coverage, "coverage", float, "(0, 1)")
    model = estimator
    while not hasattr(model, "predict_interval"):
        if hasattr(model, "steps"):
            X = model[:-1].transform(X) if len(model) > 1 else X
            model = model.steps[-1][1]
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        else:
            raise TypeError(
                f"{display} needs an estimator with predict_interval, got {estimator!r}."
            )
    interval = model.predict_interval(X, coverage)
    if interval.ndim != 2:
        raise ValueError(
            f"{display} draws one target, got intervals of {interval.shape[1]}: draw one of them "
            "by from_predictions."
        )
    return interval
