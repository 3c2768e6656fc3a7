"""A picture of which columns a model goes by, and how: importances, and curves of the largest."""

from __future__ import annotations

import re
import warnings
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.inspection import (
    PartialDependenceDisplay,
    partial_dependence,
    permutation_importance,
)
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from ..components import check_number
from ..maths import Array, RandomState
from .drawing import ink, pyplot_for, shortened, some_rows

ROWS_OF_CURVES = 30  # that are drawn one by one, behind the mean
BARS = 15  # of the most frequent words; points of a line through dates
DATE = re.compile(r"\d{4}-\d\d-\d\d")


class ExplanationDisplay:
    """Which columns a model goes by, and how its prediction changes along the largest of them.

    On the left, a bar for each of the most important columns: how much worse the score gets if the
    column is shuffled (permutation importance). Beside it, for the first of them, the mean
    prediction along the column (partial dependence; dashed) and that of single rows: where rows
    run apart, the effect hangs on other columns. Columns of words have a bar for each of the 15
    most frequent words; dates have a line through 15 of them, from the first to the last.

    All of it is scikit-learn's `permutation_importance` and `PartialDependenceDisplay`, so it works
    for any regressor: a network, a pipeline, an ensemble on a table as it comes. What it explains
    is the model; columns that say the same share their importance. Make it with `from_estimator`.

    Parameters
    ----------
    importances : ndarray of shape (n_columns, n_repeats)
        By how much the score falls.
    columns : list of str
        Their names.

    Attributes
    ----------
    order_ : ndarray of shape (n_columns,)
        The columns, the most important first.
    curves_ : list of PartialDependenceDisplay
        One for each of the largest columns.
    axes_ : list of Axes
    figure_ : Figure

    See Also
    --------
    IntervalDisplay : How sure the model is.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_diabetes
    >>> from sknn_scratch import ExplanationDisplay, ScratchMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = ScratchMLPRegressor((20,), activation="tanh", solver="lbfgs", alpha=10)
    >>> model = model.set_params(random_state=0).fit(X[:300], y[:300])
    >>> show = ExplanationDisplay.from_estimator
    >>> display = show(model, X[300:], y[300:], n_curves=0, figure=Figure())
    >>> sorted(display.columns[i] for i in display.order_[:2])
    ['bmi', 's5']
    """

    def __init__(self, *, importances: Array, columns: list[str]) -> None:
        self.importances = importances
        self.columns = columns

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        n_curves: int = 3,
        n_repeats: int = 5,
        subsample: int = 500,
        scoring: Any = None,
        random_state: RandomState = 0,
        figure: Any = None,
    ) -> ExplanationDisplay:
        """Measure and draw what a fitted regressor goes by.

        Parameters
        ----------
        estimator : estimator
            Fitted, with `predict` and `score`.
        X : {array-like, data frame} of shape (n_samples, n_columns)
            Rows that it was not trained on: on others it seems to use whatever it has learnt by
            heart.
        y : array-like of shape (n_samples,)
            Their targets.
        n_curves : int, default=3
            The columns to draw curves of; 0 draws importances only.
        n_repeats : int, default=5
            How often each column is shuffled.
        subsample : int, default=500
            Use so many rows, drawn at random, if there are more.
        scoring : str or callable, default=None
            The score, as in `cross_val_score`; None is that of the estimator (R2).
        random_state : int, RandomState instance or None, default=0
            Decides the rows and how they are shuffled.
        figure : Figure, default=None
            Where to draw; None makes a new one.

        Returns
        -------
        ExplanationDisplay

        Raises
        ------
        ImportError
            Without matplotlib.
        TypeError, ValueError
            If a number is not as above, or X and y do not fit the estimator.
        """
        plt = pyplot_for(cls.__name__)
        check_is_fitted(estimator)
        check_number(n_curves, "n_curves", int, "[0, inf)")
        check_number(n_repeats, "n_repeats", int, "[1, inf)")
        random_state = check_random_state(random_state)
        is_foreign = hasattr(X, "to_pandas")  # polars, Arrow
        X = X.to_pandas() if is_foreign else X
        X = X if hasattr(X, "shape") else np.asarray(X)
        y = np.asarray(y)
        check_consistent_length(X, y)
        rows = some_rows(len(y), subsample, random_state)
        X, y = _take(X, rows), y[rows]
        columns = list(map(str, getattr(X, "columns", [f"x{i}" for i in range(X.shape[1])])))
        options = {"n_repeats": n_repeats, "scoring": scoring, "random_state": random_state}
        with warnings.catch_warnings():
            # of the only bar of a constant column
            warnings.filterwarnings("ignore", "Attempting to set identical low and high ylims")
            if is_foreign:  # in which older scikit-learns see no names
                warnings.filterwarnings("ignore", "X has feature names", UserWarning)
            shape = np.shape(estimator.predict(_take(X, [0])))
            if n_curves and shape[1:] not in ((), (1,)):
                raise ValueError(
                    f"n_curves must be 0 where predictions have {shape[1]} columns: curves are of "
                    "one."
                )
            permuted: Any = permutation_importance(estimator, X, y, **options)
            display = cls(importances=permuted.importances, columns=columns)
            if figure is None:
                width = 3.2 * (1 + min(n_curves, len(columns)))
                figure = plt.figure(figsize=(width, 3.4), layout="constrained")
            display._draw(figure, estimator, X, n_curves, random_state)
        return display

    def _draw(self, figure, estimator, X, n_curves, random_state):
        """Draw bars, and curves of the largest."""
        self.order_: Array = np.argsort(-self.importances.mean(axis=1), kind="stable")
        with_values = (i for i in self.order_ if not _gaps_of(_column_of(X, i)).all())
        largest = list(islice(with_values, n_curves))
        self.figure_: Any = figure
        bars, *panels = np.atleast_1d(figure.subplots(1, 1 + len(largest)))
        self._draw_bars(bars)
        self.curves_: list[Any] = [
            self._draw_curve(estimator, X, column, random_state, ax)
            for column, ax in zip(largest, panels)
        ]
        self.axes_: list[Any] = [bars, *(curve.axes_[0, 0] for curve in self.curves_)]

    def _draw_bars(self, ax):
        """Draw the importances of the first ten columns, the largest on top."""
        shown = self.order_[:10][::-1]
        places, names = range(len(shown)), [shortened(self.columns[i]) for i in shown]
        mean, sd = self.importances.mean(axis=1)[shown], self.importances.std(axis=1)[shown]
        ax.barh(places, mean, xerr=sd, color="tab:blue", ecolor=ink(ax, 0.75))
        ax.set_yticks(places, names, parse_math=False)
        ax.set(xlabel="fall of the score, if shuffled", title="Which columns matter")

    def _draw_curve(self, estimator, X, column, random_state, ax):
        """Draw the mean prediction along a column, over its rows without a gap."""
        values = _column_of(X, column)
        if values.dtype.kind == "m":
            values = values / np.timedelta64(1, "D")  # in days, as tables are encoded
        rows = np.flatnonzero(~_gaps_of(values))
        if values.dtype.kind in "fiu":
            ylabel = "prediction (dashed: mean)"
            X = _with_column(_take(X, rows), column, _take(values, rows).astype(float))
            curve = _draw_numbers(estimator, X, int(column), random_state, ax)
        else:
            ylabel = "mean prediction"
            # every value that the column has is put into every row: it has to hold no others
            shown = rows[_bars_of(np.asarray(values)[rows])]
            X = _with_column(X, column, _take(values, np.resize(shown, len(values))))
            curve = _draw_words(estimator, X, int(column), ax)
        drawn = curve.axes_[0, 0]  # in the place of `ax`
        drawn.set_title(shortened(self.columns[column]), parse_math=False)
        drawn.set(xlabel="", ylabel=ylabel)
        if drawn.get_legend():
            drawn.get_legend().remove()
        for label in drawn.get_xticklabels():
            label.set_parse_math(False)  # words are no formulas: "$100-$200"
        return curve


def _draw_numbers(estimator, X, column, random_state, ax):
    """Draw the mean prediction along a column of numbers, and that of single rows."""
    n_points, values = 100, _column_of(X, column)
    if np.isclose(*np.quantile(values, [0.05, 0.95])):  # scikit-learn finds none between
        n_points = 1 + len(values)  # so each value is one
    options = {"kind": "both", "grid_resolution": n_points, "random_state": random_state}
    options["subsample"] = min(ROWS_OF_CURVES, len(values))
    curve: Any = PartialDependenceDisplay
    return curve.from_estimator(estimator, X, [column], ax=ax, **options)


def _draw_words(estimator, X, column, ax):
    """Draw the mean prediction for each word of a column: bars, or a line through dates."""
    words: Any = partial_dependence(
        estimator, X, [column], categorical_features=[column], kind="average"
    )
    (values,) = words["grid_values"]
    dtype = _column_of(X, column).dtype
    if getattr(dtype, "ordered", False):  # as their order has them, not the alphabet
        order = np.argsort(dtype.categories.get_indexer(values))
        values, words["average"] = values[order], words["average"][:, order]
        words["grid_values"] = [values]
    are_dates = _are_dates(values)
    if not are_dates:  # whatever they are (codes, truths, times of the day), side by side
        words["grid_values"] = [list(map(str, values))]
    places = {"features": [(0,)], "feature_names": [""], "target_idx": 0, "deciles": {}}
    curve: Any = PartialDependenceDisplay([words], is_categorical=[(not are_dates,)], **places)
    curve.plot(ax=ax, pd_line_kw={"linestyle": "--"})
    drawn = curve.axes_[0, 0]
    drawn.tick_params(axis="x", rotation=90)
    if not are_dates:
        drawn.set_xticks(range(len(values)), map(shortened, words["grid_values"][0]))
    return curve


def _column_of(X, i):
    """Return a column of an array or a data frame."""
    return X.iloc[:, i] if hasattr(X, "iloc") else X[:, i]


def _take(X, rows):
    """Return rows of an array or a data frame."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _gaps_of(values):
    """Return where a column of an array or a data frame is empty."""
    if hasattr(values, "isna"):
        return values.isna().to_numpy()
    return (values != values) | (values == np.array(None))  # nan among words is not itself


def _bars_of(values):
    """Return where the words stand that get a bar: the most frequent; or dates, evenly apart."""
    distinct, first, counts = np.unique(values, return_index=True, return_counts=True)
    if _are_dates(distinct):
        n_bars = min(BARS, len(distinct))
        return first[np.linspace(0, len(distinct) - 1, n_bars).round().astype(int)]
    return first[np.argsort(-counts, kind="stable")[:BARS]]


def _are_dates(values):
    """Return whether all values are dates, or strings of dates."""
    return all(DATE.match(str(value)) for value in values)


def _with_column(X, column, values):
    """Return a copy of X with other values in a column."""
    if hasattr(X, "iloc"):
        X = X.copy()
        X.isetitem(column, values.set_axis(X.index))
        return X
    X = X.astype(np.result_type(X, values))
    X[:, column] = values
    return X
