"""How much the members of each split count."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, ShuffleSplit, TimeSeriesSplit

from sknn_scratch import ScratchMLPEnsembleRegressor
from sknn_scratch.ensemble.blending import (
    rows_new_to_all,
    shares_of_splits,
    typically_one,
    weights_of_rows,
)

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


def test_few_rows_and_no_errors_say_nothing():
    assert_array_equal(shares_of_splits(np.eye(4)), np.full(4, 0.25))
    assert_array_equal(shares_of_splits(np.zeros((2, 9))), np.full(2, 0.5))
    assert_array_equal(shares_of_splits(np.ones((1, 9))), [1])


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
