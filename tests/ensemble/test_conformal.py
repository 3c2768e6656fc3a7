"""Conformal quantiles: against counting, simulation, and repeated rows for weights."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknn_scratch import Gamma, Poisson, Quantile, SquaredError
from sknn_scratch.ensemble.conformal import (
    Calibration,
    conformal_quantiles,
    typical_scores,
    warn_of_quantiles,
)
from sknn_scratch.ensemble.spread import SpreadOfLoss
from sknn_scratch.ensemble.units import Logarithm, Unit
from tests.helpers import label


def calibrated(loss, y, prediction):
    """Return a calibration on these rows, with the spread that the loss says."""
    spread = SpreadOfLoss(loss, prediction)
    scale, weight = spread(None, prediction), np.ones(len(y))
    return Calibration(loss, y, prediction, scale, weight, spread, Unit())


NINETEEN = np.arange(1.0, 20.0)  # of the 20 gaps between them a new score falls into each alike


def test_a_quantile_is_the_score_of_its_rank_among_the_old_ones_and_the_new():
    levels = [0.05, 0.1, 0.45, 0.55, 0.9, 0.95]
    expected = [1, 2, 9, 11, 18, 19]
    shuffled = np.random.default_rng(0).permutation(NINETEEN)
    assert_array_equal(conformal_quantiles(shuffled, levels), expected)


def test_between_two_ranks_it_is_the_one_further_out():
    assert_array_equal(conformal_quantiles(NINETEEN, [0.06, 0.94, 0.901]), [1, 19, 19])


def test_a_level_that_so_few_scores_do_not_reach_is_infinite():
    assert_array_equal(conformal_quantiles(NINETEEN, [0.04, 0.96]), [-np.inf, np.inf])


def test_the_median_is_the_middle():
    assert conformal_quantiles(NINETEEN, [0.5]) == [10]
    assert conformal_quantiles(NINETEEN[:-1], [0.5]) == [9.5]


@pytest.mark.parametrize("n", [*range(1, 40), 999])
def test_a_level_that_is_a_rank_is_not_rounded_to_the_next(n):
    scores, ranks = np.arange(1.0, n + 1), np.arange(1, n + 1)
    levels = ranks / (n + 1)
    above, below = levels > 0.5, levels < 0.5
    found = conformal_quantiles(scores, levels)
    assert_array_equal(found[above], ranks[above])
    assert_array_equal(found[below], ranks[below])


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 37, 200])
@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
def test_a_new_score_is_covered_as_often_as_asked_for(n, coverage):
    rng, trials = np.random.default_rng(0), 4000
    levels, inside = [(1 - coverage) / 2, (1 + coverage) / 2], 0
    for _ in range(trials):
        scores = rng.standard_t(2, n + 1)
        low, high = conformal_quantiles(scores[1:], levels)
        inside += low <= scores[0] <= high
    error = 4 * np.sqrt(coverage * (1 - coverage) / trials)
    assert coverage - error < inside / trials < coverage + 2 / (n + 1) + error


@pytest.mark.parametrize("levels", [[0.05, 0.95], [0.01, 0.9], [0.9], [0.001, 0.999], [2 / 3]])
def test_the_warning_of_infinite_quantiles_tells_how_many_scores_are_enough(levels):
    with pytest.warns(UserWarning, match="Some quantiles are infinite") as told:
        warn_of_quantiles(np.full(len(levels), np.inf), levels, 0)
    enough = int(re.search(r"needs (\d+) rows", str(told[0].message))[1])
    scores = np.arange(float(enough))
    assert np.isfinite(conformal_quantiles(scores, levels)).all()
    assert np.isinf(conformal_quantiles(scores[1:], levels)).any()
    warn_of_quantiles(conformal_quantiles(scores, levels), levels, enough)
    of_infinite_predictions = np.full(len(levels), np.inf)  # of which the members warn
    warn_of_quantiles(of_infinite_predictions, levels, enough)


def test_without_the_new_row_a_small_sample_would_cover_less(rng):
    """What the rank is for: plain quantiles of 20 scores fall short by more than the error."""
    inside = 0
    for _ in range(4000):
        scores = rng.normal(size=21)
        low, high = np.quantile(scores[1:], [0.05, 0.95])
        inside += low <= scores[0] <= high
    assert inside / 4000 < 0.88


def test_equal_weights_and_their_unit_change_nothing(rng):
    scores, levels = rng.normal(size=53), [0.03, 0.1, 0.5, 0.8, 0.97]
    expected = conformal_quantiles(scores, levels)
    for weight in (1.0, 0.1, 7.0, 1e-250, 1e250):
        found = conformal_quantiles(scores, levels, np.full(53, weight))
        assert_array_equal(found, expected)


def test_rows_of_weight_zero_might_as_well_not_be_there(rng):
    scores, levels = rng.normal(size=60), [0.02, 0.1, 0.5, 0.9, 0.98]
    weight = (np.arange(60) % 3 > 0).astype(float)
    found = conformal_quantiles(scores, levels, weight)
    assert_array_equal(found, conformal_quantiles(scores[weight > 0], levels))


def test_weights_move_quantiles_as_repeated_rows_do(rng):
    scores, weight = rng.normal(size=400), rng.integers(1, 4, size=400)
    levels = [0.05, 0.25, 0.75, 0.95]
    weighted = conformal_quantiles(scores, levels, weight.astype(float))
    repeated = conformal_quantiles(np.repeat(scores, weight), levels)
    plain = conformal_quantiles(scores, levels)
    ranks = [np.searchsorted(np.sort(scores), each) for each in (weighted, repeated)]
    assert np.abs(ranks[0] - ranks[1]).max() <= 1  # the new row weighs more than one there
    heavy = conformal_quantiles(scores, levels, np.where(scores > 0, 3.0, 1.0))
    assert (heavy > plain).all()


@pytest.mark.slow
@pytest.mark.parametrize("power", [1, 2, 3])
def test_rows_that_are_met_by_their_weight_are_covered_however_few_are_heavy(power, rng):
    inside = 0
    for _ in range(3000):
        scores, weight = rng.normal(size=41), rng.exponential(size=41) ** power
        new = rng.choice(41, p=weight / weight.sum())
        old = np.arange(41) != new
        low, high = conformal_quantiles(scores[old], [0.1, 0.9], weight[old])
        inside += low <= scores[new] <= high
    assert inside / 3000 > 0.8 - 4 * np.sqrt(0.16 / 3000)


def test_one_row_that_outweighs_all_others_is_one_row(rng):
    weight = np.ones(300)
    weight[7] = 1e9
    scores = rng.normal(size=300)
    found = conformal_quantiles(scores, [0.05, 0.95], weight)
    assert_array_equal(found, [-np.inf, np.inf])
    with pytest.warns(UserWarning, match="weigh as 1 would .* fewer splits"):
        warn_of_quantiles(found, [0.05, 0.95], 300, weight)


@pytest.mark.parametrize(
    ("loss", "draw"),
    [
        (Poisson(), lambda mean, rng: rng.poisson(mean).astype(float)),
        (Gamma(), lambda mean, rng: mean * rng.gamma(3, 1 / 3, len(mean))),
    ],
    ids=label,
)
def test_intervals_of_counts_and_amounts_cover_small_and_large_means_alike(loss, draw, rng):
    mean = rng.choice([20.0, 500.0], 4000)
    calibration = calibrated(loss, draw(mean, rng), mean)
    new = draw(mean, rng)
    low, high = calibration.quantiles(None, mean, [0.05, 0.95], 1).T
    for size in (20.0, 500.0):
        rows = mean == size
        assert np.mean((low <= new) & (new <= high), where=rows) == pytest.approx(0.9, abs=0.03)
        assert new[rows].std() == pytest.approx(calibration.std(None, mean, 1)[rows][0], rel=0.1)


@pytest.mark.parametrize("loss", [Poisson(), Gamma()], ids=str)
def test_what_cannot_be_negative_has_no_negative_quantile(loss):
    calibration = calibrated(loss, np.full(50, 0.1), np.linspace(1, 10, 50))
    assert calibration.quantiles(None, np.array([5.0]), [0.01, 0.5], 1)[0, 0] == 0


def test_quantiles_of_a_network_are_calibrated_between_their_outermost(rng):
    """They are too narrow by a factor: the intervals make up for it, row by row."""
    spread = rng.choice([1.0, 10.0], 5000)
    y = spread * rng.normal(size=5000)
    prediction = np.outer(spread, [-0.5, 0.0, 0.5])
    calibration = calibrated(Quantile([0.1, 0.5, 0.9]), y, prediction)
    new = spread * rng.normal(size=5000)
    low, high = calibration.quantiles(None, prediction, [0.1, 0.9], 1).T
    for size in (1.0, 10.0):
        rows = spread == size
        assert np.mean((low <= new) & (new <= high), where=rows) == pytest.approx(0.8, abs=0.03)
        assert high[rows][0] == pytest.approx(1.2816 * size, rel=0.05)


def test_quantiles_do_not_cross_and_widen_outwards(rng):
    y = rng.normal(size=(200, 2)) * [1, 5]
    calibration = calibrated(SquaredError(), y, np.zeros((200, 2)))
    found = calibration.quantiles(None, np.ones((3, 2)), np.linspace(0.01, 0.99, 25), 1)
    assert found.shape == (3, 2, 25)
    assert (np.diff(found, axis=-1) >= 0).all()
    assert_allclose(calibration.std(None, np.ones((3, 2)), 1)[0], np.sqrt(np.mean(y**2, axis=0)))


@pytest.mark.parametrize("loss", [SquaredError(), Poisson()], ids=repr)
def test_the_standard_deviation_counts_a_row_of_weight_2_twice(loss, rng):
    y, prediction = rng.poisson(3, 40).astype(float), rng.uniform(2, 4, 40)
    weight = np.where(np.abs(y - prediction) > 1, 1, 3)
    rows = np.repeat(np.arange(40), weight)
    spread = SpreadOfLoss(loss, prediction)
    scale = spread(None, prediction)
    weighted = Calibration(loss, y, prediction, scale, weight, spread, Unit())
    repeated = Calibration(
        loss, y[rows], prediction[rows], scale[rows], np.ones(len(rows)), spread, Unit()
    )
    found = weighted.std(None, prediction, 1)
    assert_allclose(found, repeated.std(None, prediction, 1))
    assert np.abs(found / calibrated(loss, y, prediction).std(None, prediction, 1) - 1).max() > 0.05


@pytest.mark.parametrize("unit", [Unit(), Logarithm(0.01)], ids=label)
def test_a_calibration_might_as_well_not_have_rows_of_weight_zero(unit, rng):
    y, prediction, weight = rng.uniform(0.1, 9, 90), np.full(90, 4.0), np.arange(90) % 3 > 0
    y[weight == 0] *= 9

    def found(rows, weight):
        measured = y[rows], prediction[rows], np.ones(len(y[rows]))
        calibration = Calibration(
            SquaredError(), *measured, weight, lambda X, p: np.ones_like(p), unit
        )
        quantiles = calibration.quantiles(None, prediction[:1], np.array([0.1, 0.5, 0.9]), 1)
        std = calibration.std(None, prediction[:1], 1)
        return [*quantiles[0], *std, calibration.interval_score(*measured)]

    weighted = found(slice(None), weight.astype(float))
    assert_allclose(weighted, found(weight, np.ones(60)))
    assert weighted[-1] < found(slice(None), np.ones(90))[-1] - 0.1


def test_too_few_groups_are_told_with_how_many_are_enough():
    found, levels = np.ones(2), [0.5, 0.95]
    warn_of_quantiles(found, levels, 99, None, 19)
    with pytest.warns(UserWarning, match=r"come from 18 groups: .* about 19\."):
        warn_of_quantiles(found, levels, 99, None, 18)


def test_the_interval_score_is_the_width_and_twenty_times_what_lies_beyond(rng):
    y = rng.normal(size=(2000, 2)) * [1.0, 9.0]
    calibration = calibrated(SquaredError(), y, np.zeros((2000, 2)))
    found = calibration.interval_score(y, np.zeros((2000, 2)), np.ones((2000, 2)))
    # of a normal distribution: width 3.29, and 20 * 2 * .0209 beyond on either side
    assert np.exp(found) == pytest.approx((3.290 + 0.835) * 3, rel=0.05)


def test_a_wrong_scale_and_a_wrong_unit_have_a_higher_interval_score(rng):
    size = rng.uniform(1, 9, 1000)
    y, prediction, ones = size * np.exp(rng.normal(size=1000)), size, np.ones(1000)
    of_y, logarithm = Unit(), Logarithm(y.min())

    def score(scale, unit):
        calibration = Calibration(SquaredError(), y, prediction, scale, ones, None, unit)
        return calibration.interval_score(y, prediction, scale)

    assert score(ones, logarithm) == pytest.approx(score(size, of_y))  # factors of the mean
    assert score(size, of_y) < score(ones, of_y) - 0.05
    assert score(ones, logarithm) < score(size, logarithm) - 0.05


def test_without_enough_rows_it_is_infinite():
    y = np.arange(5.0)
    measured, weight = (y, y * 0, np.ones(5)), np.arange(5) % 2
    for calibration in (
        calibrated(SquaredError(), y, y * 0),
        Calibration(SquaredError(), *measured, weight, None, Unit()),
    ):
        assert calibration.interval_score(*measured) == np.inf


def test_what_stands_for_all_scores_has_their_mean_in_each_target():
    scores = np.arange(1000.0)[:, np.newaxis] * [1, -2]
    assert_allclose(typical_scores(scores, np.ones(1000)).mean(axis=0), scores.mean(axis=0), atol=2)
    weight = np.repeat([0.0, 1.0], 500)
    assert_allclose(typical_scores(scores, weight).mean(axis=0), scores[500:].mean(axis=0), atol=2)


def test_the_standard_deviation_of_skewed_errors_in_logarithms_is_that_of_y():
    scores, prediction = -np.log1p(np.arange(200.0)), np.full(200, 3.0)
    y, ones = 3 * np.exp(scores), np.ones(200)
    unit = Logarithm(y.min())
    calibration = Calibration(
        SquaredError(), y, prediction, ones, ones, lambda X, p: np.ones_like(p), unit
    )
    expected = np.sqrt(np.mean((y - 3) ** 2))
    assert_allclose(calibration.std(None, np.array([3.0]), 1), expected, rtol=0.02)


def test_quantiles_of_an_infinite_prediction_are_infinite_but_of_the_median_score():
    y = np.arange(-10.0, 11.0)
    calibration = calibrated(SquaredError(), y, 0 * y)
    found = calibration.quantiles(None, np.array([np.inf, -np.inf]), [0.1, 0.5, 0.9], 1)
    assert_array_equal(found, [[np.inf] * 3, [-np.inf] * 3])


def test_equal_weights_are_told_as_rows():
    with pytest.warns(UserWarning, match=r"and 30 were\. [^.]*\.$"):
        warn_of_quantiles(np.array([np.inf]), np.array([0.99]), 30, np.full(30, 2.0))
