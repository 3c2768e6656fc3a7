"""How far members are from each other, and what that does to intervals."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import ShuffleSplit

from sknn_scratch import ScratchMLPEnsembleRegressor
from sknn_scratch.ensemble.spread import relative_to, rows_to_look_at, standard_deviation


@pytest.mark.parametrize("shape", [(50,), (50, 2)])
@pytest.mark.parametrize("unit", [1.0, 1e-250, 1e250])
def test_it_is_the_weighted_standard_deviation_in_any_unit(shape, unit, rng):
    predictions, weights = rng.normal(size=(6, *shape)), rng.uniform(size=(6, *shape[1:]))
    weights[2] = 0
    weights /= weights.sum(axis=0)
    broad = np.broadcast_to(weights.reshape(6, 1, *shape[1:]), predictions.shape)
    mean = np.average(predictions, axis=0, weights=broad)
    expected = np.sqrt(np.average((predictions - mean) ** 2, axis=0, weights=broad))
    assert_allclose(standard_deviation(unit * predictions, weights), unit * expected)


def test_about_what_is_infinite_members_disagree_infinitely():
    found = standard_deviation([np.array([np.inf, 1.0]), np.array([0.0, 1.0])], np.array([0.5] * 2))
    assert_array_equal(found, [np.inf, 0])
    assert_array_equal(relative_to(np.array(0.0), np.array([0.0, 3.0])), [0, 0])
    assert_array_equal(relative_to(np.array(np.inf), np.array([np.inf, 3.0])), [np.inf, 0])


def test_of_many_rows_some_are_looked_at():
    assert_array_equal(rows_to_look_at(7), np.arange(7))
    rows = rows_to_look_at(12_345)
    assert 2_500 < len(rows) <= 5_000
    assert rows[-1] > 12_300


@pytest.fixture(params=["", "several"])
def model(request, rng):
    X = rng.uniform(-1, 1, (200, 2))
    y = X[:, 0] + 0.5 * rng.normal(size=200)
    y = np.c_[y, rng.normal(size=200)] if request.param else y
    return ScratchMLPEnsembleRegressor(LinearRegression(), random_state=0).fit(X, y), X


def test_no_row_of_fit_is_novel_and_the_farther_the_more(model):
    model, X = model
    assert model.novelty(X).shape == (200,)
    assert model.novelty(X).max() == pytest.approx(1, abs=1e-9) or model.n_outputs_ > 1
    assert (model.novelty(X) <= 1 + 1e-9).all()
    far = model.novelty(np.array([[10.0, 0], [100.0, 0]]))
    assert 1 < far[0] < far[1]
    assert far[1] == pytest.approx(10 * far[0], rel=0.1)  # members are straight lines


def test_intervals_are_as_they_were_within_the_data_and_wider_by_the_novelty_beyond(model):
    model, X = model
    far = np.array([[30.0, -10.0]])
    width = np.ptp(model.predict_interval(np.vstack([X, far])), axis=-1).reshape(201, -1)
    assert_allclose(width[:-1], np.broadcast_to(width[0], width[:-1].shape))
    factor = width[-1] / width[0]
    assert factor.max() == pytest.approx(model.novelty(far)[0])
    std = model.predict(np.vstack([X, far]), return_std=True)[1].reshape(201, -1)
    assert_allclose(std[-1] / std[0], factor)


def test_one_member_does_not_disagree(regression):
    X, y = regression
    cv = ShuffleSplit(1, test_size=0.5, random_state=0)
    model = ScratchMLPEnsembleRegressor(LinearRegression(), 1, cv=cv).fit(X, y)
    assert_array_equal(model.novelty(100 * X), np.zeros(60))
    assert np.isfinite(model.predict_interval(100 * X)).all()
