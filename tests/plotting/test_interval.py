"""The picture of intervals: what is drawn, and what the title says."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import (
    IntervalDisplay,
    LossCurveDisplay,
    NetworkDisplay,
    Quantile,
    ScratchMLPEnsembleRegressor,
    ScratchMLPRegressor,
)

matplotlib = pytest.importorskip("matplotlib")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def ensemble(estimator=None):
    return ScratchMLPEnsembleRegressor(estimator or LinearRegression(), 3, random_state=0)


Y_TRUE = np.array([0.0, 1.0, 2.0, 9.0])
Y_PRED = np.array([0.5, 1.5, 1.0, 3.0])
INTERVAL = np.c_[Y_PRED - 1, Y_PRED + 1]


def segments(display):
    return np.array(display.band_.get_segments())


def test_each_row_is_an_interval_at_its_prediction_and_a_point_at_the_truth():
    display = IntervalDisplay.from_predictions(Y_TRUE, Y_PRED, INTERVAL, coverage=0.8)
    assert_array_equal(segments(display)[:, :, 0], np.c_[Y_PRED, Y_PRED])
    assert_array_equal(segments(display)[:, :, 1], INTERVAL)
    assert_array_equal(display.inside_.get_data(), [Y_PRED[:3], Y_TRUE[:3]])
    assert_array_equal(display.outside_.get_data(), [Y_PRED[3:], Y_TRUE[3:]])
    assert display.ax_.get_xlabel() == "predicted"
    assert display.ax_.get_ylabel() == "actual"


def test_the_ends_of_an_interval_are_inside():
    display = IntervalDisplay.from_predictions([1.0, 2.0], [1.5, 1.5], [[1.0, 2.0]] * 2)
    assert display.coverage_ == 1


def test_the_title_says_coverage_and_width():
    display = IntervalDisplay.from_predictions(Y_TRUE, Y_PRED, INTERVAL, coverage=0.8)
    assert (display.coverage_, display.width_) == (0.75, 2.0)
    sd = np.std(Y_TRUE)
    expected = f"75% inside (asked for: 80%)\nmean width {2 / sd:.2f} sd of y"
    assert display.ax_.get_title() == expected
    asked = IntervalDisplay.from_predictions(Y_TRUE, Y_PRED, INTERVAL, coverage=0.999)
    assert "(asked for: 99.9%)" in asked.ax_.get_title()
    wider = IntervalDisplay.from_predictions(Y_TRUE, Y_PRED, INTERVAL * [1, 2])
    assert wider.width_ == 2 + np.mean(Y_PRED + 1)
    unasked = IntervalDisplay.from_predictions(Y_TRUE, Y_PRED, INTERVAL)
    assert unasked.ax_.get_title().startswith("75% inside\nmean width")


def test_the_intervals_of_an_ensemble_are_those_it_predicts(regression):
    X, y = regression
    model = ensemble().fit(X, y)
    display = IntervalDisplay.from_estimator(model, X, y, coverage=0.6)
    interval = model.predict_interval(X, 0.6)
    assert_array_equal(display.interval, interval)
    low, high = interval.T
    assert display.coverage_ == np.mean((low <= y) & (y <= high))
    assert_allclose(segments(display)[:, :, 1], interval)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: make_pipeline(StandardScaler(), model),
        make_pipeline,
        lambda model: GridSearchCV(model, {"n_estimators": [3]}, cv=2),
    ],
    ids=["pipeline", "pipeline of one", "search"],
)
def test_an_ensemble_is_found_where_it_is(wrap, regression):
    X, y = regression
    model = wrap(ensemble()).fit(X, y)
    display = IntervalDisplay.from_estimator(model, X, y)
    assert_allclose(display.y_pred, model.predict(X))
    assert (np.ptp(display.interval, axis=1) > 0).all()
    assert display.coverage_ > 0.8


@pytest.mark.parametrize("levels", [[0.1, 0.5, 0.9], [0.1, 0.9]], ids=["three", "two"])
def test_of_quantiles_the_middle_is_the_prediction(levels, regression):
    X, y = regression
    network = ScratchMLPRegressor((3,), loss=Quantile(levels), solver="lbfgs", max_iter=20)
    model = ensemble(network).fit(X, y)
    display = IntervalDisplay.from_estimator(model, X, y)
    middle = model.predict(X)[:, 1:-1] if len(levels) == 3 else model.predict(X)
    assert_allclose(display.y_pred, middle.mean(axis=1))


def test_of_many_rows_some_are_drawn_and_all_are_counted(rng):
    y = rng.normal(size=5000)
    interval = np.tile([-1.0, 1.0], (5000, 1))
    display = IntervalDisplay.from_predictions(y, np.zeros(5000), interval)
    assert len(segments(display)) == 1000
    drawn = np.concatenate([display.inside_.get_ydata(), display.outside_.get_ydata()])
    assert len(set(drawn)) == 1000
    assert (np.abs(display.inside_.get_ydata()) <= 1).all()
    assert (np.abs(display.outside_.get_ydata()) > 1).all()
    assert display.coverage_ == np.mean(np.abs(y) <= 1)
    everything = IntervalDisplay.from_predictions(y, np.zeros(5000), interval, subsample=None)
    assert len(segments(everything)) == 5000


def test_infinite_bounds_reach_the_edge_of_the_picture():
    interval = np.c_[np.full(4, -np.inf), np.full(4, np.inf)]
    display = IntervalDisplay.from_predictions(Y_TRUE, Y_PRED, interval)
    drawn = segments(display)[:, :, 1]
    assert np.isfinite(drawn).all()
    assert (drawn[:, 0] < Y_TRUE.min()).all()
    assert (drawn[:, 1] > Y_TRUE.max()).all()
    assert display.coverage_ == 1


def test_axes_may_be_given(plt):
    ax = plt.subplots()[1]
    assert IntervalDisplay.from_predictions(Y_TRUE, Y_PRED, INTERVAL, ax=ax).ax_ is ax


def test_what_cannot_be_drawn_is_refused(regression):
    X, y = regression
    with pytest.raises(TypeError, match="needs an estimator with predict_interval"):
        IntervalDisplay.from_estimator(LinearRegression().fit(X, y), X, y)
    with pytest.raises(NotFittedError):
        IntervalDisplay.from_estimator(ensemble(), X, y)
    with pytest.raises(ValueError, match=r"draws one target.* by from_predictions"):
        IntervalDisplay.from_estimator(ensemble().fit(X, np.c_[y, y]), X, np.c_[y, y])
    with pytest.raises(ValueError, match=r"interval must have shape \(4, 2\), got \(4,\)"):
        IntervalDisplay.from_predictions(Y_TRUE, Y_PRED, Y_TRUE)
    with pytest.raises(ValueError, match="y_true must have no nan: leave out the rows"):
        IntervalDisplay.from_predictions([np.nan, *Y_TRUE[1:]], Y_PRED, INTERVAL)
    with pytest.raises(ValueError, match=r"y_pred must have shape \(4,\), got \(3,\)"):
        IntervalDisplay.from_predictions(Y_TRUE, Y_PRED[:3], INTERVAL)
    with pytest.raises((TypeError, ValueError), match="coverage"):
        IntervalDisplay.from_estimator(ensemble().fit(X, y), X, y, coverage=2)
    with pytest.raises((TypeError, ValueError), match="subsample"):
        IntervalDisplay.from_predictions(Y_TRUE, Y_PRED, INTERVAL, subsample=0)


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="IntervalDisplay requires matplotlib"):
        IntervalDisplay.from_predictions(Y_TRUE, Y_PRED, INTERVAL)


# --- the loss curves of an ensemble ---


def test_the_curves_of_all_members_are_drawn_in_one_colour(regression):
    X, y = regression
    network = ScratchMLPRegressor((3,), max_iter=5)
    model = ensemble(make_pipeline(StandardScaler(), network)).fit(X, y)
    display = LossCurveDisplay.from_estimator(model)
    for line, member in zip(display.line_, model.estimators_, strict=True):
        assert_array_equal(line.get_ydata(), member[-1].loss_curve_)
    assert len({line.get_color() for line in display.line_}) == 1
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == ["ensemble, 3 members"]


def test_beside_a_network_an_ensemble_has_a_colour_of_its_own(regression):
    X, y = regression
    network = ScratchMLPRegressor((3,), max_iter=5, early_stopping=True)
    models = {"one": network.fit(X, y), "many": ensemble(network).fit(X, y)}
    display = LossCurveDisplay.from_estimators(models)
    assert len(display.line_) == 4
    colours = [line.get_color() for line in display.line_]
    assert colours[0] != colours[1] == colours[2] == colours[3]
    assert [line.get_color() for line in display.validation_line_] == colours
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts[:2] == ["one", "many, 3 members"]


def test_an_ensemble_of_other_models_has_no_loss_curves(regression):
    with pytest.raises(TypeError, match="needs a network with loss_curve_"):
        LossCurveDisplay.from_estimator(ensemble().fit(*regression))


def test_of_an_ensemble_no_one_network_is_drawn(regression):
    network = ScratchMLPRegressor((3,), max_iter=2, random_state=0)
    model = ScratchMLPEnsembleRegressor(network, 2, random_state=0).fit(*regression)
    with pytest.raises(TypeError, match="draws one network, got 2"):
        NetworkDisplay.from_estimator(model)
