"""How much members count: against a general optimiser, and where it is known."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, ShuffleSplit, TimeSeriesSplit

from sknn_scratch import ScratchMLPEnsembleRegressor
from sknn_scratch.ensemble.blending import (
    blending_weights,
    rows_new_to_all,
    shares_of_splits,
    typically_one,
    weights_of_rows,
)


@pytest.mark.parametrize("n_kinds", [2, 3, 4])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_they_make_the_squared_error_least(n_kinds, weighted, unit, rng):
    y = rng.normal(size=50)
    predictions = y + rng.normal(size=(n_kinds, 50)) * rng.uniform(0.2, 2, (n_kinds, 1))
    weight = rng.uniform(0, 2, 50) if weighted else None
    w = blending_weights(unit * y, unit * predictions, weight)
    assert w.min() >= 0
    assert w.sum() == pytest.approx(1)

    def loss(w):
        return np.average((y - w @ predictions) ** 2, weights=weight)

    best = minimize(
        loss,
        np.full(n_kinds, 1 / n_kinds),
        bounds=[(0, 1)] * n_kinds,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
    )
    feasible = best.x / best.x.sum()  # to a millionth, its sum is another
    assert loss(w) <= loss(feasible) * (1 + 1e-9)


def test_the_better_one_takes_all_if_the_other_adds_nothing(rng):
    y = rng.normal(size=40)
    assert_allclose(blending_weights(y, np.array([y + 5, y + 1])), [0, 1])
    assert_allclose(blending_weights(y, np.array([y, y - 1])), [1, 0])
    assert_allclose(blending_weights(y, np.array([y + 1, y - 3])), [0.75, 0.25])
    assert_allclose(blending_weights(y, np.array([y + 1])), [1])


def with_rows_that_none_predicts(rng):
    """Return y and two predictions of it: both miss two rows by far, the second one by less."""
    y = rng.normal(size=200)
    predictions = y + rng.normal(size=(2, 200)) * [[0.1], [0.2]]
    y[:2] = 1_000
    predictions[:, :2] = [[0], [300]]  # of each kind
    return y, predictions


def test_a_few_rows_that_none_predicts_do_not_decide(rng):
    y, predictions = with_rows_that_none_predicts(rng)
    expected = blending_weights(y[2:], predictions[:, 2:])
    assert expected[0] > 0.7
    assert_allclose(blending_weights(y, predictions), expected, atol=0.1)


def test_where_most_rows_are_predicted_exactly_the_others_decide():
    y = np.zeros(100)
    y[:4] = 4
    assert_allclose(blending_weights(y, np.array([y / 2, 1.5 * y - y / 4])), [1 / 3, 2 / 3])


def test_a_weight_of_two_is_a_row_twice(rng):
    y, predictions = with_rows_that_none_predicts(rng)
    weight = rng.integers(0, 3, len(y))
    expected = blending_weights(np.repeat(y, weight), np.repeat(predictions, weight, axis=1))
    assert_allclose(blending_weights(y, predictions, weight), expected, rtol=1e-9)


def test_one_that_is_exact_takes_all_whatever_the_size_of_the_others(rng):
    y, right = np.zeros(30), np.arange(12) == 11
    for _ in range(100):
        size = np.where(right, 0, 10 ** rng.uniform(-6, 6, 12))
        predictions = rng.normal(size=(12, 30)) * size[:, np.newaxis]
        assert_allclose(blending_weights(y, predictions), right, atol=1e-12)


def test_the_unit_of_weights_does_not_matter(rng):
    weight = np.array([1, 2, 3, 7, 7, 7, 3.0])  # 9 of 10 are 27 of 30, up to the last bit
    for _ in range(100):
        y = rng.normal(size=7)
        predictions = y + rng.standard_t(1.5, size=(2, 7))
        expected = blending_weights(
            np.repeat(y, weight.astype(int)), np.repeat(predictions, weight.astype(int), axis=1)
        )
        for factor in (1, 3.7, 1e-300, 1e300):
            assert_allclose(blending_weights(y, predictions, factor * weight), expected, rtol=1e-6)


@pytest.mark.parametrize("far", [1e20, 1e200, 1e300])
def test_a_row_that_is_off_by_any_amount_leaves_the_others_what_they_are(far, rng):
    y = rng.normal(size=50)
    predictions = y + rng.normal(size=(2, 50)) * [[0.1], [0.2]]
    predictions[:, 0] = far
    w = blending_weights(y, predictions)
    assert_allclose(w, blending_weights(y[1:], predictions[:, 1:]), atol=0.1)
    assert 0.6 < w[0] < 1
    without = blending_weights(y, predictions, np.where(predictions[0] == far, 0, 1.0))
    assert_allclose(without, blending_weights(y[1:], predictions[:, 1:]), rtol=1e-9)


def test_rows_of_weight_0_change_no_bit(rng):
    y, predictions = with_rows_that_none_predicts(rng)
    weight = rng.integers(0, 3, len(y)).astype(float)
    counting = weight > 0
    expected = blending_weights(y[counting], predictions[:, counting], weight[counting])
    assert_array_equal(blending_weights(y, predictions, weight), expected)


def test_rows_that_were_never_held_out_do_not_count(rng):
    y = rng.normal(size=40)
    predictions = y + rng.normal(size=(2, 40))
    expected = blending_weights(y[10:], predictions[:, 10:])
    predictions[:, :10] = np.nan
    assert_allclose(blending_weights(y, predictions), expected)


def test_each_target_has_weights_of_its_own(rng):
    y = rng.normal(size=(40, 2))
    predictions = y + rng.normal(size=(3, 40, 2)) * [1, 100]
    w = blending_weights(y, predictions)
    for column in range(2):
        alone = blending_weights(y[:, column], predictions[:, :, column])
        assert_allclose(w[:, column], alone)


def test_the_same_prediction_twice_is_no_trouble():
    y = np.arange(9.0)
    w = blending_weights(y, np.array([y + 1, y + 1]))
    assert w.sum() == pytest.approx(1)
    w = blending_weights(y, np.array([y, y]))
    assert w.sum() == pytest.approx(1)


X60 = np.zeros((60, 1))


def test_rows_are_new_to_all_only_where_no_split_trains_on_them():
    assert len(rows_new_to_all(60, list(KFold(4).split(X60)))) == 0
    last = rows_new_to_all(60, list(TimeSeriesSplit(4).split(X60)))
    assert_array_equal(last, np.arange(48, 60))
    one = list(ShuffleSplit(1, random_state=0).split(X60))
    assert_array_equal(rows_new_to_all(60, one), np.sort(one[0][1]))


def test_splits_that_err_alike_count_alike(rng):
    own = rng.normal(size=(4, 5000))
    assert_allclose(shares_of_splits(own), np.full(4, 0.25), atol=0.02)
    assert_allclose(shares_of_splits(np.stack([own[0]] * 3)), np.full(3, 1 / 3), atol=1e-3)


def test_a_split_counts_the_less_the_more_it_errs(rng):
    errors = rng.normal(size=(3, 5000)) * [[5.0], [2.0], [1.0]]
    # with own errors of variance v + 1, independent: in inverse proportion to it
    expected = 1 / (np.array([25, 4, 1]) + 1)
    assert_allclose(shares_of_splits(errors), expected / expected.sum(), atol=0.02)


def test_neither_the_unit_nor_repeated_rows_matter(rng):
    errors = rng.normal(size=(3, 30)) * [[5.0], [2.0], [1.0]]
    shares = shares_of_splits(errors)
    for unit in (1e-200, 1e200):
        assert_allclose(shares_of_splits(unit * errors), shares)
    weight = rng.integers(1, 4, 30)
    repeated = shares_of_splits(np.repeat(errors, weight, axis=1))
    assert_allclose(shares_of_splits(errors, weight.astype(float)), repeated)


@pytest.mark.parametrize("off", [1e7, 1e200, np.inf, -np.inf, np.nan])
def test_a_split_that_is_off_beyond_all_measure_does_not_count(off, rng):
    errors = rng.normal(size=(3, 30)) * [[5.0], [2.0], [1.0]]
    others = shares_of_splits(errors[:2])
    errors[2, 4] = off
    assert_allclose(shares_of_splits(errors), [*others, 0], rtol=1e-12)
    with_exact = np.stack([np.zeros((3, 30)), errors], axis=2)
    assert_allclose(shares_of_splits(with_exact), [*others, 0], rtol=1e-12)


def test_where_all_splits_are_off_beyond_all_measure_they_count_alike(rng):
    errors = rng.normal(size=(3, 30))
    errors[:, 4] = [np.inf, -np.inf, np.nan]
    assert_array_equal(shares_of_splits(errors), np.full(3, 1 / 3))


def test_few_rows_and_no_errors_say_nothing():
    assert_array_equal(shares_of_splits(np.eye(4)), np.full(4, 0.25))
    assert_array_equal(shares_of_splits(np.zeros((2, 9))), np.full(2, 0.5))
    assert_array_equal(shares_of_splits(np.ones((1, 9))), [1])


def test_a_target_that_is_predicted_exactly_leaves_shares_to_the_others(rng):
    errors = rng.normal(size=(3, 30, 1)) * [[[5.0]], [[2.0]], [[1.0]]]
    with_exact = np.concatenate([np.zeros((3, 30, 1)), errors], axis=2)
    assert_allclose(shares_of_splits(with_exact), shares_of_splits(errors))
    with_exact[1, 4, 0] = 1e-16  # as rounding is
    assert_allclose(shares_of_splits(with_exact), shares_of_splits(errors))


def test_a_row_counts_as_the_members_that_predicted_it():
    splits = [(np.arange(2), np.array([2, 3])), (np.arange(3), np.array([3, 4]))]
    found = weights_of_rows(splits, np.array([0.25, 0.75]), np.array([1.0, 1, 1, 1, 2]))
    assert_allclose(found, [0, 0, 0.5, 1, 3])


@pytest.mark.parametrize("unit", [1e-300, 1 / 60, 1.0, 1e250])
def test_weights_in_any_unit_are_made_counts_of_rows(unit):
    assert_allclose(typically_one(np.full(60, unit)), np.ones(60))
    assert_allclose(typically_one(unit * np.array([0.0, 1, 1, 0])), [0, 1, 1, 0])
    assert_allclose(typically_one(unit * np.array([1.0, 1, 1, 1e9])), [1, 1, 1, 1e9])


@pytest.mark.parametrize("several", [False, True])
def test_late_members_of_a_series_that_bends_count_most_and_calibrate(several):
    t = np.arange(240.0)
    y = (t / 60) ** 3 + 0.1 * np.random.default_rng(0).normal(size=240)
    X = np.c_[t, t % 12]
    model = ScratchMLPEnsembleRegressor(LinearRegression(), cv=TimeSeriesSplit(8))
    model.fit(X[:220], np.c_[y, -y][:220] if several else y[:220])
    by_split = model.weights_ if not several else model.weights_[:, None].ravel()[:8]
    assert by_split[-2:].sum() > 0.9
    error = (model.predict(X[220:]).reshape(20, -1)[:, 0] - y[220:]) ** 2
    alike = np.mean([member.predict(X[220:]) for member in model.estimators_], axis=0)
    assert error.mean() < 0.5 * np.mean((alike.reshape(20, -1)[:, 0] - y[220:]) ** 2)


def test_where_every_row_is_trained_on_members_count_alike(regression):
    model = ScratchMLPEnsembleRegressor(LinearRegression(), 4).fit(*regression)
    assert_array_equal(model.weights_, np.full(4, 0.25))


@pytest.mark.parametrize("constant", [0.1, 3.7])
def test_how_a_constant_target_is_rounded_does_not_decide_on_splits(constant, rng):
    X = rng.normal(size=(90, 2))
    y = X[:, 0] * np.linspace(-1, 1, 90)  # early splits know little of the last rows
    model = ScratchMLPEnsembleRegressor(LinearRegression(), 3, cv=TimeSeriesSplit(3))
    expected = model.fit(X, y).weights_
    assert expected[2] > 2 * expected[0]
    found = model.fit(X, np.c_[y, np.full(90, constant)]).weights_
    assert_allclose(found, expected)
    assert_allclose(model.fit(X, np.full(90, constant)).weights_, 1 / 3)
