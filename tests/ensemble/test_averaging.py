"""How much less the mean of all members errs than one that has not seen a row."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold

from sknn_scratch import ScratchMLPEnsembleRegressor
from sknn_scratch.ensemble.averaging import error_ratio


class Shifted:
    """Errs by numbers of its own, drawn anew for each row, with those that all members share."""

    def __init__(self, shared, own):
        self.prediction = shared + own

    def predict(self, X):
        return self.prediction[X[:, 0].astype(int)]


def folds(n, n_splits):
    return list(KFold(n_splits).split(np.zeros(n)))


@pytest.fixture
def rng():
    return np.random.RandomState(0)


@pytest.mark.parametrize("shape", [(4000,), (4000, 2)])
def test_errors_shared_and_own_give_the_ratio_of_their_mean_squares(rng, shape):
    shared, own = 3, np.array([4.0, 1.0])[: len(shape)]
    own = own[0] if len(shape) == 1 else own
    y, rows = np.zeros(shape), np.arange(4000)[:, np.newaxis]
    common = shared * rng.normal(size=shape)
    members = [Shifted(common, own * rng.normal(size=shape)) for _ in range(8)]
    weights = np.full((8, *shape[1:]), 1 / 8)

    ratio = error_ratio(members, weights, rows, y, folds(4000, 8), np.ones(shape))

    expected = np.sqrt((shared**2 + own**2 / 8) / (shared**2 + own**2))
    np.testing.assert_allclose(ratio, expected, rtol=0.03)


def test_rows_held_out_of_two_members_err_less_than_those_of_one(rng):
    y, rows = np.zeros(4000), np.arange(4000)[:, np.newaxis]
    members = [Shifted(0 * y, rng.normal(size=4000)) for _ in range(8)]
    weights, splits = np.full(8, 1 / 8), folds(4000, 4) * 2

    ratio = error_ratio(members, weights, rows, y, splits, np.ones(4000))

    assert ratio == pytest.approx(np.sqrt(2 / 8), rel=0.05)


def test_kinds_are_averaged_within_each_split(rng):
    y, rows = np.zeros(4000), np.arange(4000)[:, np.newaxis]
    own = rng.normal(size=(8, 4000))
    members = [Shifted(1 + 0 * y, each) for each in (*own, *-own)]  # the second undo the first

    ratio = error_ratio(members, np.full(16, 1 / 16), rows, y, folds(4000, 8), np.ones(4000))

    assert ratio == pytest.approx(1)


def test_members_that_agree_leave_errors_as_they_are(rng):
    X, y = rng.normal(size=(40, 2)), rng.normal(size=40)
    members = [LinearRegression().fit(X, y)] * 4
    ratio = error_ratio(members, np.full(4, 1 / 4), X, y, folds(40, 4), np.ones(40))
    assert ratio == pytest.approx(1)


def test_where_no_two_members_have_seen_a_row_errors_stay_as_they_are():
    X, y = np.zeros((6, 1)), np.arange(6.0)
    members = [LinearRegression().fit(X, y)] * 2
    assert error_ratio(members, np.full(2, 1 / 2), X, y, folds(6, 2), np.ones(6)) == 1


def test_perfect_predictions_stay_perfect():
    X = np.arange(12.0)[:, np.newaxis]
    members = [Shifted(np.arange(12.0), 0.0)] * 4
    ratio = error_ratio(members, np.full(4, 1 / 4), X, X[:, 0], folds(12, 4), np.ones(12))
    assert ratio == 1


@pytest.mark.parametrize("n", [200, 30_000])
def test_a_row_of_weight_zero_or_never_held_out_does_not_count(rng, n):
    y, rows = np.zeros(n), np.arange(n)[:, np.newaxis]
    half = n // 2
    own = rng.normal(size=(4, n))
    own[:, half:] *= 100
    members = [Shifted(np.ones(n), each) for each in own]
    weights, first = np.full(4, 1 / 4), np.arange(n) < half
    splits, scale = folds(n, 4), np.ones(n)

    without = error_ratio(members, weights, rows, y, splits, np.where(first, scale, np.nan))
    weighted = error_ratio(members, weights, rows, y, splits, scale, first.astype(float))

    assert without == pytest.approx(np.sqrt((1 + 1 / 4) / 2), rel=0.1)
    assert weighted == pytest.approx(without)


def test_what_is_left_where_members_reproduce_their_rows_says_little(rng):
    """Each stops anywhere near the rows that it has seen, and all err alike on those it has not."""
    y, rows, splits = np.zeros(4000), np.arange(4000)[:, np.newaxis], folds(4000, 8)
    shared, members = rng.normal(size=4000), []
    for train, _ in splits:
        error = shared.copy()
        error[train] = 1e-3 * rng.normal(size=len(train))
        members.append(Shifted(error, 0.0))

    ratio = error_ratio(members, np.full(8, 1 / 8), rows, y, splits, np.ones(4000))

    assert ratio == pytest.approx(1, abs=1e-5)


def test_intervals_cover_where_there_are_as_many_columns_as_rows(rng):
    X = rng.normal(size=(360, 60))
    y = X[:, 0] + np.sin(X[:, 1]) + 0.5 * rng.normal(size=360)
    model = ScratchMLPEnsembleRegressor(n_estimators=4, random_state=0).fit(X[:60], y[:60])
    low, high = model.predict_interval(X[60:], 0.8).T
    assert np.mean((low <= y[60:]) & (y[60:] <= high)) > 0.7
