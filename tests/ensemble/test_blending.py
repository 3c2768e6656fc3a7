"""Convex weights: against a general optimiser, and where they are known."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from sknn_scratch.ensemble.blending import blending_weights


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
