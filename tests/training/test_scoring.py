import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import d2_pinball_score, r2_score

from sknn_scratch import Huber, Identity, Network, Quantile, ScratchMLPRegressor, SquaredError
from sknn_scratch.components.registries import LOSSES
from sknn_scratch.data import DataSet, Scaling
from sknn_scratch.training.scoring import Validator, location, make_score, score_of

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


# --- loss and score on validation data ---

NETWORK = Network((1, 1), (Identity(),), SquaredError())
SCALING = Scaling(np.array([1.0]), np.array([2.0]), np.array([10.0]), np.array([4.0]))
X = np.array([[1.0], [3.0], [7.0]])
WEIGHT = np.array([1.0, 0.0, 2.0])
HALF = np.array([0.5, 0.0])  # in standardised units: y = 0.5 x


def make_validator(score=lambda params, output: 0.5, decides=True, weight=None, y=(10, 12, 14)):
    data = DataSet(X, np.array(y, float)[:, np.newaxis], weight)
    return Validator(NETWORK, SCALING, data, score, decides)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weighted"])
def test_the_loss_is_that_of_standardised_units_and_without_penalty(weight):
    # standardised: x = 0, 1, 3, so the network gives 0, 0.5, 1.5; y is 0, 0.5, 1
    loss, score = make_validator(weight=weight)(HALF)
    assert_allclose(loss, 0.5 * np.average([0, 0, 0.25], weights=weight))
    assert score == 0.5


def test_the_score_is_told_the_parameters_and_the_output_in_the_unit_of_y():
    told = []
    make_validator(lambda *given: told.append(given) or 0.5)(HALF)
    ((params, output),) = told
    assert_allclose(params, HALF)
    assert_allclose(output[:, 0], [10, 12, 16])


@pytest.mark.parametrize("score", [np.float32(-1e6), np.int64(3), 3], ids=repr)
def test_a_score_of_whatever_type_is_a_number_that_tol_can_be_added_to(score):
    _, found = make_validator(lambda *given: score)(HALF)
    assert type(found) is float
    assert found < found + 1e-4


def test_an_output_that_is_not_finite_has_neither():
    with np.errstate(invalid="ignore"):
        assert np.isnan(make_validator()(np.array([np.inf, 0]))).all()


def test_a_score_of_nan_is_an_error_only_if_it_decides():
    _, score = make_validator(lambda *given: np.nan, decides=False)(HALF)
    assert np.isnan(score)
    with pytest.raises(ValueError, match="score on the validation data is nan"):
        make_validator(lambda *given: np.nan)(HALF)


def test_the_middle_of_several_quantiles_is_the_median_or_the_mean_of_those_around_it():
    assert_array_equal(location(Quantile([0.1, 0.5, 0.8]), np.array([[1.0, 5.0, 6.0]])), [5])
    assert_array_equal(location(Quantile([0.1, 0.4, 0.6]), np.array([[1.0, 5.0, 6.0]])), [5.5])
