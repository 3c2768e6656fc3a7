"""What a model goes by: importances in order, curves of the largest columns."""

import sys
from datetime import time, timedelta

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from sknn_scratch import ExplanationDisplay, Quantile, ScratchMLPRegressor, TableEncoder

pytest.importorskip("matplotlib")


@pytest.fixture
def line(rng):
    """Return X (200, 3) and y = 3 x1 - x2, and the model that knows it."""
    X = rng.normal(size=(200, 3))
    y = 3 * X[:, 1] - X[:, 2]
    return LinearRegression().fit(X, y), X, y


def test_columns_are_in_the_order_in_which_they_matter(line):
    display = ExplanationDisplay.from_estimator(*line, n_curves=2)
    assert list(display.order_) == [1, 2, 0]
    # a column shuffled is a column of its own: the error is 2 w^2 var(x), R2 falls by that
    # share of var(y)
    assert display.importances.mean(axis=1) == pytest.approx([0, 1.8, 0.2], abs=0.3)
    assert [label.get_text() for label in display.axes_[0].get_yticklabels()] == ["x0", "x2", "x1"]
    assert [ax.get_title() for ax in display.axes_[1:]] == ["x1", "x2"]


def test_the_ten_largest_have_a_bar_with_how_far_it_spreads(rng):
    X, w = rng.normal(size=(300, 12)), 2.0 ** np.arange(12)
    model, options = LinearRegression().fit(X, X @ w), {"n_repeats": 3, "n_curves": 0}
    display = ExplanationDisplay.from_estimator(
        model, X, X @ w, scoring="neg_mean_squared_error", **options
    )
    assert display.importances.shape == (12, 3)
    mean, sd = display.importances.mean(axis=1), display.importances.std(axis=1)
    assert mean == pytest.approx(2 * w**2 * X.var(axis=0), rel=0.3)
    (bars,) = display.axes_
    assert [label.get_text() for label in bars.get_yticklabels()] == [f"x{i}" for i in range(2, 12)]
    assert [bar.get_width() for bar in bars.patches] == pytest.approx(mean[2:])
    (spread,) = bars.collections
    ends = np.array(spread.get_segments())[:, :, 0]
    np.testing.assert_allclose(ends, np.c_[mean - sd, mean + sd][2:])


def test_the_curve_of_a_line_is_the_line(line):
    display = ExplanationDisplay.from_estimator(*line, n_curves=1)
    (result,) = display.curves_[0].pd_results
    (grid,) = result["grid_values"]
    assert len(display.axes_[1].lines) == 30 + 1  # of single rows, and the mean
    slope = np.diff(result["average"][0]) / np.diff(grid)
    assert slope == pytest.approx(3)


def test_a_raw_table_is_explained_by_its_own_columns(rng):
    pd = pytest.importorskip("pandas")
    words = rng.choice(["red", "green"], 120)
    table = pd.DataFrame({"size": rng.normal(size=120), "colour": words, "gap": np.nan})
    table.loc[::2, "gap"] = rng.normal(size=60)
    y = 10.0 * (words == "red") + table["size"] + table["gap"].fillna(0)
    network = ScratchMLPRegressor((), solver="lbfgs", max_iter=500)
    model = make_pipeline(TableEncoder(), network).fit(table, y)
    display = ExplanationDisplay.from_estimator(model, table, y, n_curves=3)
    assert display.columns[display.order_[0]] == "colour"
    (result,) = display.curves_[0].pd_results
    means = dict(zip(result["grid_values"][0], result["average"][0]))
    assert means["red"] - means["green"] == pytest.approx(10, abs=0.1)


def explain_a_column(values, y):
    """Return what is drawn along a column that y hangs on, and where."""
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({0: values, 1: np.sin(np.arange(len(y)))})
    network = ScratchMLPRegressor((), solver="lbfgs", max_iter=500)
    model = make_pipeline(TableEncoder(), network).fit(table, y)
    display = ExplanationDisplay.from_estimator(model, table, y, n_curves=1)
    (result,) = display.curves_[0].pd_results
    assert display.order_[0] == 0
    return result["grid_values"][0], result["average"][0], display.axes_[1]


@pytest.mark.parametrize("as_they_come", ["dates", "gaps", "strings", "of a zone"])
def test_a_line_is_drawn_through_dates(rng, as_they_come):
    pd = pytest.importorskip("pandas")
    day = rng.choice(2000, 300, replace=False)
    day[:2] = 0, 1999
    dates = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(day, unit="D"))
    if as_they_come == "gaps":
        dates[5:15] = None
    elif as_they_come == "strings":
        dates = dates.dt.strftime("%Y-%m-%d")
    elif as_they_come == "of a zone":
        dates = dates.dt.tz_localize("UTC")
    grid, average, ax = explain_a_column(dates, day / 100)
    assert [str(each)[:10] for each in grid[[0, -1]]] == ["2020-01-01", "2025-06-22"]
    assert average[[0, -1]] == pytest.approx([0, 19.99], abs=0.2)
    assert len(grid) == 15
    assert len(ax.patches) == 0
    assert {label.get_rotation() for label in ax.get_xticklabels()} == {90}
    np.testing.assert_array_equal(ax.lines[-1].get_ydata(), average)


@pytest.mark.parametrize("kind", ["in a small unit", "mostly zero"])
def test_a_curve_is_drawn_along_values_close_to_each_other(kind, rng):
    x = rng.normal(size=1500)
    x = 5e-7 + 1e-10 * x if kind == "in a small unit" else np.where(np.arange(1500) < 1400, 0, x)
    X, y = np.column_stack([x, np.ones(1500)]), 3 * x / x.std()
    model = LinearRegression().fit(X, y)
    display = ExplanationDisplay.from_estimator(model, X, y, n_curves=1, subsample=1500)
    (result,) = display.curves_[0].pd_results
    np.testing.assert_array_equal(result["grid_values"][0], np.unique(x))
    np.testing.assert_allclose(result["average"][0], model.predict(X)[np.unique(x, True)[1]])


def test_of_many_words_the_most_frequent_have_a_bar(rng):
    often, once = np.repeat([f"w{i}" for i in range(15)], 20), [f"rare{i}" for i in range(120)]
    words = np.concatenate([often, once])
    grid, average, ax = explain_a_column(words, np.where(words == "w3", 5.0, 0.0))
    assert sorted(grid) == sorted(set(often))
    assert len(ax.patches) == 15
    assert grid[np.argmax(average)] == "w3"


def test_long_words_leave_the_picture_room(rng):
    words = rng.choice([word + 99 * "o" for word in "abc"], 60)
    _, _, ax = explain_a_column(words, np.where(words < "b", 5.0, 0.0))
    ax.figure.canvas.draw()  # warns where there is none
    short = [word + 11 * "o" + "\N{HORIZONTAL ELLIPSIS}" + 11 * "o" for word in "abc"]
    assert [label.get_text() for label in ax.get_xticklabels()] == short


BARS_OF = {  # a column of each kind, and what is written below its bars
    "truths": ([True, False] * 30, ["False", "True"]),
    "one truth": ([True] * 60, ["True"]),
    "truths and gaps": ([True, None, False] * 20, ["False", "True"]),
    "codes": ([10115, 80331] * 30, ["10115", "80331"]),
    "times": ([time(8, 15), time(17)] * 30, ["08:15:00", "17:00:00"]),
    "durations": (
        [timedelta(days=1), timedelta(days=9)] * 30,
        ["1 day, 0:00:00", "9 days, 0:00:00"],
    ),
}


@pytest.mark.parametrize("kind", BARS_OF)
def test_what_is_no_number_has_bars_side_by_side_with_its_name_below(kind):
    pd = pytest.importorskip("pandas")
    values, names = BARS_OF[kind]
    column = pd.Series(values, dtype=object if kind != "truths" else bool)
    X = pd.DataFrame({"c": column.astype("category") if kind == "codes" else column})
    y = np.array([len(names) if value == max(filter(None, values)) else 1.0 for value in values])
    model = make_pipeline(TableEncoder(), LinearRegression()).fit(X, y)
    display = ExplanationDisplay.from_estimator(model, X, y)
    bars = display.axes_[1]
    assert [label.get_text() for label in bars.get_xticklabels()] == names
    places = [bar.get_x() + bar.get_width() / 2 for bar in bars.patches]
    np.testing.assert_allclose(places, bars.get_xticks())
    np.testing.assert_allclose(places, range(len(names)), atol=1e-9)
    assert [bar.get_height() for bar in bars.patches] == pytest.approx(range(1, len(names) + 1))


def test_bars_of_words_with_an_order_stand_in_it(rng):
    pd = pytest.importorskip("pandas")
    levels = ["poor", "fair", "good", "never seen"]
    codes = rng.integers(0, 3, 120)
    table = pd.DataFrame({"a": pd.Categorical.from_codes(codes, levels, ordered=True)})
    network = ScratchMLPRegressor((), solver="lbfgs", max_iter=500)
    model = make_pipeline(TableEncoder(), network).fit(table, codes.astype(float))
    ax = ExplanationDisplay.from_estimator(model, table, codes, n_curves=1).axes_[1]
    assert [label.get_text() for label in ax.get_xticklabels()] == levels[:3]
    bars = {bar.get_x() + bar.get_width() / 2: bar.get_height() for bar in ax.patches}
    assert [bars[place] for place in range(3)] == pytest.approx([0, 1, 2], abs=0.01)


def test_words_are_no_formulas_and_may_be_all_the_same(rng):
    pd = pytest.importorskip("pandas")
    words = rng.choice(["$1_a_$2", "$2_a_$3"], 60)
    table, y = pd.DataFrame({"price": words, "same": "word"}), 1.0 * (words < "$2")
    network = ScratchMLPRegressor((), solver="lbfgs", max_iter=500)
    model = make_pipeline(TableEncoder(), network).fit(table, y)
    display = ExplanationDisplay.from_estimator(model, table, y, n_curves=2)
    display.figure_.canvas.draw()
    _, price, same = display.axes_
    assert [label.get_text() for label in price.get_xticklabels()] == ["$1_a_$2", "$2_a_$3"]
    assert len(same.patches) == 1


def test_curves_are_of_one_target(line):
    model, X, y = line
    both = model.fit(X, np.c_[y, -y]), X, np.c_[y, -y]
    with pytest.raises(ValueError, match="n_curves must be 0 where predictions have 2 columns"):
        ExplanationDisplay.from_estimator(*both)
    assert ExplanationDisplay.from_estimator(*both, n_curves=0).order_[0] == 1
    quantiles = ScratchMLPRegressor((), loss=Quantile([0.1, 0.5, 0.9]))
    quantiles.partial_fit(X, y)
    with pytest.raises(ValueError, match="n_curves must be 0 where predictions have 3 columns"):
        ExplanationDisplay.from_estimator(quantiles, X, y)


def test_columns_of_like_names_have_a_bar_each(line):
    pd = pytest.importorskip("pandas")
    model, X, y = line
    begin = "temperature_of_the_room_in_"
    X = pd.DataFrame(X, columns=[f"{begin}kelvin", f"{begin}degrees", "$in_a_$"])
    display = ExplanationDisplay.from_estimator(model.fit(X, y), X, y, n_curves=2)
    display.figure_.canvas.draw()  # where names are no formulas
    bars = display.axes_[0]
    assert [round(bar.get_y() + bar.get_height() / 2) for bar in bars.patches] == [0, 1, 2]
    names = [label.get_text() for label in bars.get_yticklabels()]
    assert names == [
        "temperature_\N{HORIZONTAL ELLIPSIS}m_in_kelvin",
        "$in_a_$",
        "temperature_\N{HORIZONTAL ELLIPSIS}_in_degrees",
    ]


def test_rows_without_a_target_are_refused(line):
    model, X, y = line
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[200, 100\]"):
        ExplanationDisplay.from_estimator(model, X, y[:100])


@pytest.mark.parametrize("dtype", ["int64", "Int64", "a gap"])
def test_whole_numbers_have_a_curve_of_numbers(rng, dtype):
    pd = pytest.importorskip("pandas")
    number = rng.permutation(300)
    column = pd.Series(number, dtype="int64" if dtype == "int64" else "Int64")
    if dtype == "a gap":
        column[:3] = pd.NA
    grid, average, _ = explain_a_column(column, 2.0 * number)
    assert np.diff(average) / np.diff(grid) == pytest.approx(2, rel=0.02)


def test_whole_numbers_in_an_array_have_a_curve_too():
    X = np.arange(240).reshape(120, 2) % 77
    model = LinearRegression().fit(X, 3 * X[:, 1])
    display = ExplanationDisplay.from_estimator(model, X, 3 * X[:, 1], n_curves=1)
    (result,) = display.curves_[0].pd_results
    assert np.diff(result["average"][0]) / np.diff(result["grid_values"][0]) == pytest.approx(3)


def test_gaps_among_words_of_pandas_are_left_out():
    pd = pytest.importorskip("pandas")
    words = pd.Series(["a", "b", None] * 40, dtype="string")
    grid, average, _ = explain_a_column(words, np.array([0.0, 1.0, 5.0] * 40))
    assert dict(zip(grid, average)) == pytest.approx({"a": 0, "b": 1}, abs=0.05)


def test_a_column_of_gaps_has_no_curve(rng):
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"gap": np.nan, "size": rng.normal(size=60), "none": [None] * 60})
    model = make_pipeline(TableEncoder(), LinearRegression()).fit(table, table["size"])
    display = ExplanationDisplay.from_estimator(model, table, table["size"], n_curves=3)
    assert [ax.get_title() for ax in display.axes_[1:]] == ["size"]


def test_durations_have_a_curve_of_days(rng):
    pd = pytest.importorskip("pandas")
    hours = rng.permutation(240)
    durations = pd.Series(pd.to_timedelta(hours, unit="h"))
    durations[:3] = None
    grid, average, _ = explain_a_column(durations, hours / 24)
    assert np.diff(average) / np.diff(grid) == pytest.approx(1, rel=0.02)


def test_a_table_of_polars_is_explained_as_one_of_pandas(rng):
    polars = pytest.importorskip("polars")
    pytest.importorskip("pyarrow", exc_type=ImportError)  # by it polars becomes pandas
    words = rng.choice(["red", "green"], 120)
    table = polars.DataFrame({"noise": rng.normal(size=120), "colour": words})
    network = ScratchMLPRegressor((), solver="lbfgs", max_iter=500)
    model = make_pipeline(TableEncoder(), network).fit(table, 10.0 * (words == "red"))
    show = ExplanationDisplay.from_estimator
    display = show(model, table, 10.0 * (words == "red"), n_curves=2)
    assert [display.columns[i] for i in display.order_] == ["colour", "noise"]
    (result,) = display.curves_[0].pd_results
    assert result["average"][0] == pytest.approx([0, 10], abs=0.1)


def test_more_rows_than_asked_for_are_drawn_from(line):
    model, X, y = line
    first = ExplanationDisplay.from_estimator(model, X, y, subsample=50, random_state=1)
    again = ExplanationDisplay.from_estimator(model, X, y, subsample=50, random_state=1)
    other = ExplanationDisplay.from_estimator(model, X, y, subsample=50, random_state=2)
    np.testing.assert_array_equal(first.importances, again.importances)
    assert not np.array_equal(first.importances, other.importances)


def test_it_draws_into_a_figure_that_it_is_given(line):
    from matplotlib.figure import Figure

    figure = Figure()
    display = ExplanationDisplay.from_estimator(*line, n_curves=0, figure=figure)
    assert display.figure_ is figure
    assert len(figure.axes) == 1


@pytest.mark.parametrize("name", ["n_curves", "n_repeats", "subsample"])
def test_a_count_that_is_none_is_named(line, name):
    with pytest.raises(TypeError, match=name):
        ExplanationDisplay.from_estimator(*line, **{name: 1.5})
    with pytest.raises(ValueError, match=name):
        ExplanationDisplay.from_estimator(*line, **{name: -1})


def test_an_estimator_that_is_not_fitted_is_refused(line):
    with pytest.raises(NotFittedError):
        ExplanationDisplay.from_estimator(LinearRegression(), *line[1:])


def test_without_matplotlib_an_error_says_what_to_install(line, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="ExplanationDisplay requires matplotlib"):
        ExplanationDisplay.from_estimator(*line)
