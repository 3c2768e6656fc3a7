import numpy as np
import pytest
from sklearn.metrics import d2_pinball_score, r2_score

from sknn_scratch import Huber, Quantile, ScratchMLPRegressor
from sknn_scratch.components.registries import LOSSES
from sknn_scratch.training.scoring import make_score, score_of

weights = pytest.mark.parametrize("weight", [None, np.arange(40.0)], ids=["", "weighted"])


@weights
def test_several_quantiles_are_scored_by_their_mean_d2(weight, rng):
    y, prediction = rng.normal(size=40), np.sort(rng.normal(size=(40, 3)), axis=1)
    expected = np.mean(
        [
            d2_pinball_score(y, prediction[:, k], alpha=level, sample_weight=weight)
            for k, level in enumerate([0.1, 0.5, 0.9])
        ]
    )
    for target in (y, y[:, np.newaxis]):
        score = score_of(Quantile([0.1, 0.5, 0.9]), target, prediction, weight)
        assert score == pytest.approx(expected, rel=1e-12)


shapes = pytest.mark.parametrize("shape", [(40,), (40, 1), (40, 2)])


@shapes
@weights
def test_one_quantile_is_scored_by_its_d2(weight, shape, rng):
    y, prediction = rng.normal(size=shape), rng.normal(size=shape)
    expected = d2_pinball_score(y, prediction, alpha=0.9, sample_weight=weight)
    assert score_of(Quantile(0.9), y, prediction, weight) == pytest.approx(expected, rel=1e-12)


@shapes
@pytest.mark.parametrize(
    "loss", [loss for loss in LOSSES.values() if not (loss.levels or loss.std)]
)
@weights
def test_all_else_is_scored_by_r2(loss, weight, shape, rng):
    y, prediction = rng.normal(size=shape), rng.normal(size=shape)
    expected = r2_score(y, prediction, sample_weight=weight)
    assert score_of(loss, y, prediction, weight) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_r2_is_the_same_in_any_unit_that_the_numbers_can_have(dtype, rng):
    y, prediction = rng.normal(size=(2, 40)).astype(dtype)
    expected = score_of(LOSSES["squared_error"], y, prediction)
    digits = 100 if dtype is np.float32 else 1000
    for unit in (dtype(2.0) ** -digits, dtype(2.0) ** digits):  # exact
        score = score_of(LOSSES["squared_error"], unit * y, unit * prediction)
        assert score == pytest.approx(expected, rel=1e-6)


@weights
def test_the_score_of_a_model_is_that_of_the_loss_that_it_was_trained_for(weight, regression):
    X, y = regression[0][:40], regression[1][:40]
    for loss in (Huber(), Quantile([0.1, 0.9])):
        model = ScratchMLPRegressor((5,), loss=loss, random_state=0).partial_fit(X, y)
        expected = score_of(loss, y, model.predict(X), weight)
        model.set_params(loss=Quantile([0.3, 0.4]))
        assert model.score(X, y, weight) == expected


def sklearns(loss, y, prediction, weight):
    """Return what scikit-learn's functions say of float64 arrays of two axes."""
    y, prediction = np.asarray(y, np.float64), np.asarray(prediction, np.float64)
    if not loss.levels:
        return r2_score(y, prediction, sample_weight=weight)
    if len(loss.levels) == 1:
        return d2_pinball_score(y, prediction, alpha=loss.levels[0], sample_weight=weight)
    return np.mean(
        [
            d2_pinball_score(y[:, 0], prediction[:, k], alpha=level, sample_weight=weight)
            for k, level in enumerate(loss.levels)
        ]
    )


scored = pytest.mark.parametrize(
    ("loss", "n_targets", "n_outputs"),
    [
        (Huber(), 1, 1),
        (Huber(), 3, 3),
        (Quantile(0.1), 1, 1),
        (Quantile(0.9), 3, 3),
        (Quantile([0.01, 0.5, 0.99]), 1, 3),
    ],
)


@scored
@weights
@pytest.mark.parametrize(("dtype", "accuracy"), [(np.float64, 1e-12), (np.float32, 2e-6)])
def test_the_score_of_an_epoch_is_scikit_learns(
    loss, n_targets, n_outputs, weight, dtype, accuracy, rng
):
    y = rng.normal(3, 2, size=(40, n_targets)).astype(dtype)
    score = make_score(loss, y, weight)
    for spread in (2.0, 0.1, 0.0):  # poor, good and perfect predictions
        noise = spread * rng.normal(size=(40, n_outputs))
        prediction = (y + noise).astype(dtype)
        assert type(score(prediction)) is float
        expected = sklearns(loss, y, prediction, weight)
        assert score(prediction) == pytest.approx(expected, rel=accuracy, abs=accuracy)


@scored
@weights
@pytest.mark.parametrize("constant", [0.0, 0.1, 3.0])
def test_the_score_of_a_constant_target_is_scikit_learns(
    loss, n_targets, n_outputs, weight, constant, rng
):
    y = rng.normal(size=(40, n_targets))
    y[:, 0] = constant
    score = make_score(loss, y, weight)
    exact = y + np.zeros(n_outputs)
    for prediction in (exact, exact + 0.5, exact + 0.5 * (np.arange(n_outputs) == 0)):
        expected = sklearns(loss, y, prediction, weight)
        assert score(prediction) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@scored
def test_the_score_of_one_row_is_nan_without_a_warning_in_each_epoch(loss, n_targets, n_outputs):
    score = make_score(loss, np.ones((1, n_targets)), None)
    assert np.isnan(score(np.ones((1, n_outputs))))


@scored
@weights
@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_the_score_of_an_epoch_is_the_same_in_any_unit(
    loss, n_targets, n_outputs, weight, unit, rng
):
    y, prediction = rng.normal(size=(40, n_targets)), rng.normal(size=(40, n_outputs))
    expected = sklearns(loss, y, prediction, weight)
    score = make_score(loss, y * unit, weight)(prediction * unit)
    assert score == pytest.approx(expected, rel=1e-9)
