"""What y can be, where the user says so."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression

from sknn_scratch import ScratchMLPEnsembleRegressor, ScratchMLPRegressor


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
    [((0, None), 0, np.inf), ((None, 5.5), -np.inf, 5.5), ([0, 5], 0, 5), (None, -np.inf, np.inf)],
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
        (("0", None), TypeError, "target_range must be None or a tuple"),
        ((True, None), TypeError, "target_range must be None or a tuple"),
        ((1, 0), ValueError, "lower end below its upper end, got"),
        ((np.nan, None), ValueError, "lower end below its upper end, got"),
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
