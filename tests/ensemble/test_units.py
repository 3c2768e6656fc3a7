"""The unit in which errors are measured, intervals of transformed targets, the range of y."""

import math
import pickle

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, QuantileTransformer, StandardScaler

from sknn_scratch import Quantile, ScratchMLPEnsembleRegressor, ScratchMLPRegressor, SquaredError
from sknn_scratch.ensemble.units import (
    Logarithm,
    TransformedUnit,
    candidate_units,
    in_unit,
    unit_of,
)

LOG = {"func": np.log, "inverse_func": np.exp}
DOWN = {"func": np.reciprocal, "inverse_func": np.reciprocal}


def transformed(regressor=None, **params):
    return TransformedTargetRegressor(regressor or LinearRegression(), **params)


@pytest.fixture
def dear():
    """Return X and y whose relative error is the same everywhere, to train on and to test by."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3400, 2))
    y = np.exp(1 + X[:, 0] + 0.5 * rng.normal(size=3400))
    return X[:400], y[:400], X[400:], y[400:]


def test_a_logarithm_is_the_unit_of_what_is_trained_in_it():
    y = np.array([1.0, 2.0, 5.0])
    for estimator in (transformed(**LOG), make_pipeline(StandardScaler(), transformed(**LOG))):
        unit = unit_of(estimator, y)
        assert_allclose(unit(y), np.log(y))
        assert_allclose(unit.inverse(unit(np.c_[y, 2 * y])), np.c_[y, 2 * y])


@pytest.mark.parametrize("params", [LOG, {"transformer": StandardScaler()}], ids=["log", "scaler"])
def test_transformers_are_asked_for_arrays_where_others_make_frames(params):
    pytest.importorskip("pandas")
    y = np.array([1.0, 2.0, 5.0])
    with sklearn.config_context(transform_output="pandas"):
        unit = unit_of(transformed(**params), y)
        assert type(unit) is TransformedUnit
        assert_allclose(unit.inverse(unit(y)), y)


def test_a_decreasing_transform_is_turned_round():
    y = np.array([1.0, 2.0, 5.0])
    unit = unit_of(transformed(**DOWN), y)
    assert_allclose(unit(y), -1 / y)
    assert_allclose(unit.inverse(-1 / y), y)
    assert in_unit(Quantile([0.1, 0.3, 0.6]), unit) == Quantile([0.4, 0.7, 0.9])
    loss = SquaredError()
    assert in_unit(loss, unit) is loss


@pytest.mark.parametrize(
    "estimator",
    [
        LinearRegression(),
        transformed(),
        transformed(func=np.sin, inverse_func=np.arcsin, check_inverse=False),
    ],
)
def test_what_is_not_monotone_or_no_transform_leaves_the_unit_of_y(estimator):
    y = np.linspace(0, 9, 50)
    assert not isinstance(unit_of(estimator, y), TransformedUnit)


def test_each_target_has_its_own_direction():
    y = np.random.default_rng(0).uniform(1, 2, (30, 2))
    both = transformed(
        func=lambda y: np.c_[np.log(y[:, :1]), -y[:, 1:]],
        inverse_func=lambda u: np.c_[np.exp(u[:, :1]), -u[:, 1:]],
    )
    unit = unit_of(both, y)
    assert_array_equal(unit.sign, [1, -1])
    assert_allclose(unit(y), np.c_[np.log(y[:, 0]), y[:, 1]])
    assert_allclose(unit.inverse(unit(y)), y)


def test_what_is_not_finite_stays_what_it_is():
    unit = unit_of(transformed(**DOWN), np.array([1.0, 2.0]))
    values = np.array([-np.inf, np.nan, 2.0, np.inf])
    assert_array_equal(unit(values), [-np.inf, np.nan, -0.5, np.inf])
    assert_array_equal(unit.inverse(np.array([-np.inf, np.inf])), [-np.inf, np.inf])
    y = 1 + np.random.default_rng(0).exponential(size=50) ** 3
    bounded = unit_of(transformed(transformer=PowerTransformer("box-cox")), y)
    assert bounded.inverse(np.array([1e6]))[0] == np.inf  # where its inverse is nan


@pytest.mark.parametrize(
    ("root", "inverse"),
    [
        (np.sqrt, np.square),
        (lambda y: -np.sqrt(y), np.square),
        (np.sqrt, lambda u: np.where(u < 0, -1, u**2)),  # of which no root is a number
        (np.vectorize(math.sqrt), lambda u: np.where(u < 0, -1, u**2)),  # an error
    ],
    ids=["root", "decreasing", "no number", "error"],
)
def test_a_target_has_its_end_where_the_transform_ends(root, inverse):
    estimator = transformed(func=root, inverse_func=inverse)
    unit = unit_of(estimator, np.array([1.0, 4.0, 9.0]))
    of_y = unit.inverse(np.array([-9, -0.5, 0, 0.5, 4, np.inf]))
    assert_allclose(of_y, [0, 0, 0, 0.25, 16, np.inf], atol=1e-9)


def test_intervals_of_roots_of_counts_cover_zeros(rng):
    X = rng.normal(size=(1300, 2))
    y = rng.poisson(np.exp(0.7 * X[:, 0] - 0.5))
    root = transformed(func=np.sqrt, inverse_func=np.square)
    model = ScratchMLPEnsembleRegressor(root, random_state=0).fit(X[:300], y[:300])
    low, middle, high = model.predict_quantile(X[300:], [0.05, 0.5, 0.95]).T
    assert np.mean((low <= y[300:]) & (y[300:] <= high)) == pytest.approx(0.9, abs=0.03)
    assert (low >= 0).all()
    assert ((low <= middle) & (middle <= high)).all()


@pytest.mark.parametrize(
    "params",
    [
        LOG,
        {"transformer": PowerTransformer()},
        {"transformer": QuantileTransformer(n_quantiles=100)},
        DOWN,
    ],
    ids=["log", "power", "quantiles", "reciprocal"],
)
def test_intervals_of_a_transformed_target_cover_cheap_and_dear_rows_alike(params, dear):
    X, y, X_new, y_new = dear
    model = ScratchMLPEnsembleRegressor(transformed(**params), random_state=0).fit(X, y)
    low, high = model.predict_interval(X_new, 0.9).T
    inside = (low <= y_new) & (y_new <= high)
    assert inside.mean() == pytest.approx(0.9, abs=0.03)
    if params is LOG:  # which is what y is made of
        cheap = X_new[:, 0] < 0
        assert inside[cheap].mean() == pytest.approx(0.9, abs=0.03)
        assert inside[~cheap].mean() == pytest.approx(0.9, abs=0.03)
        assert (low > 0).all()
        width = np.log(high / low)[model.novelty(X_new) <= 1]
        assert_allclose(width, np.full(len(width), width[0]))
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict_interval(X_new)[:, 0], low)


def test_the_standard_deviation_is_one_in_the_unit_of_y(dear):
    X, y, X_new, _ = dear
    model = ScratchMLPEnsembleRegressor(transformed(**LOG), random_state=0).fit(X, y)
    prediction, std = model.predict(X_new, return_std=True)
    # of a lognormal y about its median
    sigma = np.std(model.conformity_scores_)
    expected = prediction * np.sqrt(np.exp(2 * sigma**2) - 2 * np.exp(sigma**2 / 2) + 1)
    assert_allclose((std / expected)[model.novelty(X_new) <= 1], 1, rtol=0.1)


@pytest.mark.parametrize("target_range", [None, (0, None)])
def test_where_a_transform_has_ended_the_standard_deviation_is_infinite(target_range, dear):
    X, y, X_test, _ = dear
    model = ScratchMLPEnsembleRegressor(transformed(**DOWN), 4, target_range=target_range)
    prediction, std = model.fit(X, y).predict(X_test, return_std=True)
    is_beyond = prediction <= 0  # past the pole
    assert is_beyond.any()
    assert np.isinf(std[is_beyond]).all()
    assert (std > 0).all()


def test_quantiles_through_a_decreasing_transform_are_in_order_and_calibrated(dear):
    X, y, X_new, y_new = dear
    network = ScratchMLPRegressor((5,), solver="lbfgs", alpha=1, max_iter=2000)
    network.set_params(loss=Quantile([0.1, 0.4, 0.6]))
    model = ScratchMLPEnsembleRegressor(
        transformed(network, func=lambda y: -np.log(y), inverse_func=lambda u: np.exp(-u)),
        4,
        random_state=0,
    ).fit(X, y)
    assert (np.diff(model.predict(X_new), axis=1) >= 0).all()
    # the levels are turned round: those of y are .4, .6 and .9
    below = (y_new[:, np.newaxis] < model.predict(X_new)).mean(axis=0)
    assert_allclose(below, [0.4, 0.6, 0.9], atol=0.06)
    low, high = model.predict_interval(X_new, 0.8).T
    assert np.isfinite(high).all()
    assert np.mean((low <= y_new) & (y_new <= high)) == pytest.approx(0.8, abs=0.06)


def test_logarithms_are_tried_for_what_is_positive_and_spans_a_range():
    def names(y):
        return [type(unit).__name__ for unit in candidate_units(np.asarray(y))]

    assert names([1.0, 9.0]) == ["Unit", "Logarithm"]
    assert names([1.0, 2.0]) == names([0.0, 9.0]) == names([-1.0, 9.0]) == ["Unit"]
    assert names([[1.0, 1.0], [9.0, 2.0]]) == ["Unit"]


def test_a_prediction_below_all_targets_counts_as_the_smallest():
    unit = Logarithm(np.float64(0.5))
    assert_allclose(unit(np.array([-3.0, 0.5, 2.0])), np.log([0.5, 0.5, 2]))
    assert_allclose(unit.inverse(np.log([0.1, 2.0])), [0.1, 2])


@pytest.mark.parametrize("times", [True, False], ids=["multiplied", "added"])
@pytest.mark.slow
def test_by_default_errors_are_measured_in_logarithms_where_they_multiply(times):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (2400, 2))
    mean, noise = np.exp(1.2 * X[:, 0]), rng.normal(size=2400)
    y = mean * np.exp(0.5 * noise) if times else 10 * mean + noise
    model = ScratchMLPEnsembleRegressor(n_estimators=4, random_state=0).fit(X[:400], y[:400])
    assert isinstance(model._calibration.unit, Logarithm) == times
    low, high = model.predict_interval(X[400:]).T
    inside = (low <= y[400:]) & (y[400:] <= high)
    for half in (X[400:, 0] < 0, X[400:, 0] >= 0):
        assert inside[half].mean() == pytest.approx(0.9, abs=0.05)
    assert (low > 0).all()
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict_interval(X[400:])[:, 0], low)


@pytest.mark.slow
def test_predictions_are_no_smaller_than_any_target_where_errors_multiply(rng):
    X = rng.uniform(0, 1, (300, 2))
    y = np.exp(5 * X) * np.exp(0.3 * rng.normal(size=(300, 2)))
    model = ScratchMLPEnsembleRegressor(n_estimators=4, random_state=0).fit(X, y)
    assert isinstance(model._calibration.unit, Logarithm)
    far = X - 1
    prediction, interval = model.predict(far), model.predict_interval(far)
    assert_array_equal(prediction.min(axis=0), y.min(axis=0))
    assert_array_equal(model.oob_prediction_.min(axis=0), y.min(axis=0))
    assert (interval[..., 0] < prediction).all()
    assert (prediction < interval[..., 1]).all()
    expected = r2_score(y, model.oob_prediction_)
    assert model.oob_score_ == pytest.approx(expected)


@pytest.mark.slow
def test_a_series_may_fall_below_all_that_it_has_seen_but_not_below_zero():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.linspace(0, 1, 300), rng.uniform(-1, 1, 300)])
    y = np.exp(X[:, 1] - X[:, 0]) * np.exp(0.4 * rng.normal(size=300))
    cv = TimeSeriesSplit(4)
    model = ScratchMLPEnsembleRegressor(n_estimators=4, cv=cv, random_state=0).fit(X, y)
    assert isinstance(model._calibration.unit, Logarithm)
    later = np.column_stack([np.linspace(1, 4, 40), np.repeat(-1.0, 40)])
    prediction = model.predict(later)
    assert np.sum((prediction > 0) & (prediction < y.min())) > 0
    assert prediction.min() == 0


@pytest.mark.slow
def test_a_row_of_weight_zero_that_is_never_held_out_makes_no_series(rng):
    X = rng.uniform(0, 1, (300, 2))
    y = np.exp(3 * X[:, 0]) * np.exp(0.4 * rng.normal(size=300))
    weight = np.repeat([1.0, 0.0], [297, 3])
    folds = KFold(3, shuffle=True, random_state=0).split(X[:297])
    cv = [(np.r_[train, 297:300], held_out) for train, held_out in folds]
    model = ScratchMLPEnsembleRegressor(n_estimators=3, cv=cv, random_state=0)
    model.fit(X, y, sample_weight=weight)
    assert isinstance(model._calibration.unit, Logarithm)
    assert model.predict(X - 1).min() == y[:297].min()


@pytest.mark.slow
def test_rows_of_weight_zero_do_not_decide_the_unit():
    rng = np.random.default_rng(0)
    X, weight = rng.uniform(-1, 1, (480, 2)), np.repeat([1.0, 0.0], [400, 80])
    y = np.exp(1.2 * X[:, 0] + 0.5 * rng.normal(size=480))
    y[weight == 0] = -1.0
    model = ScratchMLPEnsembleRegressor(n_estimators=4, random_state=0).fit(X, y, weight)
    assert isinstance(model._calibration.unit, Logarithm)


def ensemble(target_range, estimator=None, **params):
    return ScratchMLPEnsembleRegressor(
        estimator or LinearRegression(), 4, random_state=0, target_range=target_range, **params
    )


@pytest.fixture
def counts(rng):
    X = rng.uniform(-1, 1, (200, 2))
    return X, rng.poisson(np.exp(2 * X[:, 0])).astype(float)


@pytest.mark.parametrize(
    ("target_range", "low", "high"),
    [
        ((0, np.inf), 0, np.inf),
        ((None, 5.5), -np.inf, 5.5),
        ([0, 5], 0, 5),
        (None, -np.inf, np.inf),
    ],
)
def test_nothing_that_is_predicted_lies_beyond_it(target_range, low, high, counts):
    X, y = counts
    y = np.clip(y, low, high)
    model, free = ensemble(target_range).fit(X, y), ensemble(None).fit(X, y)
    for method in ("predict", "predict_interval"):
        expected = np.clip(getattr(free, method)(X), low, high)
        if method == "predict":
            assert_array_equal(model.predict(X), expected)
        found = getattr(model, method)(X)
        assert low <= found.min() <= found.max() <= high
    held_out = model.oob_prediction_
    assert_array_equal(held_out, np.clip(free.oob_prediction_, low, high))


def test_intervals_within_a_range_still_cover(counts, rng):
    X, y = counts
    X_new = rng.uniform(-1, 1, (3000, 2))
    y_new = rng.poisson(np.exp(2 * X_new[:, 0]))
    low, high = ensemble((0, None)).fit(X, y).predict_interval(X_new, 0.8).T
    assert np.mean((low <= y_new) & (y_new <= high)) > 0.77


@pytest.mark.parametrize(
    ("target_range", "error", "match"),
    [
        (0, TypeError, "target_range must be None or a tuple of two numbers"),
        ((0, 1, 2), TypeError, "target_range must be None or a tuple"),
        (("0", None), TypeError, "an end of target_range must be a number"),
        ((True, None), TypeError, "an end of target_range must be a number"),
        ((1, 0), ValueError, "lower end below its upper end, got"),
        ((np.nan, None), ValueError, "an end of target_range must be .* got nan"),
        ((1, None), ValueError, "y must be in target_range, from 1 to inf; got 0"),
    ],
)
def test_what_is_no_range_or_does_not_hold_y_is_refused(target_range, error, match, counts):
    X, y = counts
    with pytest.raises(error, match=match):
        ensemble(target_range).fit(X, np.where(y > 0, y, 0))


def test_a_target_near_the_largest_number_is_refused_or_right(rng):
    X = rng.uniform(-1, 1, (60, 2))
    y = X[:, 0] + 0.1 * rng.normal(size=60)
    y /= abs(y).max()
    linear, unit = ScratchMLPRegressor((), solver="lbfgs", tol=1e-8), 2.0**1020
    model, small = ensemble(None, linear).fit(X, unit * y), ensemble(None, linear).fit(X, y)
    for method in ("predict", "predict_interval"):
        found = getattr(model, method)(X)
        assert_allclose(found / unit, getattr(small, method)(X), rtol=1e-9, atol=1e-12)
    before = model.predict(X)
    with pytest.raises(ValueError, match=r"y contains values too large .* 9e\+307: .* Divide y"):
        model.fit(X, 9e307 * y)
    assert_array_equal(model.predict(X), before)
