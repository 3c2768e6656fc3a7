"""Targets that were not measured: ``missing_targets='ignore'`` of an ensemble."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import ScratchMLPEnsembleRegressor, ScratchMLPRegressor
from sknn_scratch.ensemble.blending import blending_weights, shares_of_splits
from sknn_scratch.ensemble.candidates import linear_network
from sknn_scratch.ensemble.choice import errors_in_pilot, pilot_splits
from sknn_scratch.ensemble.conformal import typical_scores, warn_of_quantiles
from sknn_scratch.ensemble.spread import learn_spread

N = 300
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 4))
FULL = np.column_stack([X[:, 0] + np.tanh(X[:, 1]), 2 * X[:, 0] - X[:, 2]])
FULL += 0.3 * RNG.normal(size=FULL.shape)
MEASURED = RNG.uniform(size=N) < 0.4
Y = np.column_stack([FULL[:, 0], np.where(MEASURED, FULL[:, 1], np.nan)])
CELLS = (~np.isnan(Y)).astype(float)
LINEAR = ScratchMLPRegressor((), solver="lbfgs", standardize=False, alpha=3, tol=1e-12)
LINEAR.set_params(max_iter=2000, missing_targets="ignore")


def ensemble(estimator=None, n_estimators=4, **params):
    params = {"random_state": 0, "missing_targets": "ignore", **params}
    return ScratchMLPEnsembleRegressor(estimator, n_estimators, **params)


@pytest.fixture(scope="module")
def fitted():
    return ensemble().fit(X, Y)


@pytest.mark.parametrize("cv", [KFold(4), TimeSeriesSplit(4)])
@pytest.mark.parametrize("weight", [None, RNG.uniform(0.5, 2, size=N)])
def test_each_column_is_calibrated_as_by_itself(cv, weight):
    both = ensemble(LINEAR, cv=cv).fit(X, Y, weight)
    first = ensemble(LINEAR, cv=cv).fit(X, Y[:, 0], weight)
    second = ensemble(LINEAR, cv=cv).fit(X, Y[:, 1], weight)
    assert_array_equal(np.isnan(both.conformity_scores_[:, 1]), np.isnan(second.conformity_scores_))
    if isinstance(cv, KFold):  # else splits count by both targets
        for j, alone in enumerate((first, second)):
            for of_all, expected in (
                (both.conformity_scores_[:, j], alone.conformity_scores_),
                (
                    both.predict_quantile(X, [0.1, 0.5, 0.9])[:, j],
                    alone.predict_quantile(X, [0.1, 0.5, 0.9]),
                ),
                (both.predict(X, return_std=True)[1][:, j], alone.predict(X, return_std=True)[1]),
            ):
                assert_allclose(of_all, expected, rtol=1e-4, atol=1e-4)
        assert_allclose(both.oob_score_, (first.oob_score_ + second.oob_score_) / 2, rtol=1e-5)


@pytest.mark.parametrize("estimator", [pytest.param(None, marks=pytest.mark.slow), LINEAR])
def test_rows_without_a_target_are_rows_of_weight_zero(estimator):
    model = ensemble(estimator).fit(X, Y[:, 1])
    for value in (0.0, 1.5):
        y = np.where(MEASURED, Y[:, 1], Y[MEASURED, 1][0] + value)
        other = ensemble(estimator, missing_targets="error").fit(X, y, MEASURED.astype(float))
        assert_allclose(model.predict_interval(X), other.predict_interval(X), rtol=1e-6, atol=1e-6)
        assert_allclose(model.oob_score_, other.oob_score_, rtol=1e-6)
    assert_array_equal(np.isnan(model.conformity_scores_), ~MEASURED)
    assert not np.isnan(model.oob_prediction_).any()


@pytest.mark.slow
def test_intervals_cover_what_is_asked_where_it_was_measured_and_where_not(fitted):
    new = np.random.default_rng(1).normal(size=(1000, 4))
    y = np.column_stack([new[:, 0] + np.tanh(new[:, 1]), 2 * new[:, 0] - new[:, 2]])
    y += 0.3 * np.random.default_rng(2).normal(size=y.shape)
    for inputs, target in ((new, y), (X[~MEASURED], FULL[~MEASURED])):
        low, high = np.moveaxis(fitted.predict_interval(inputs, 0.8), -1, 0)
        assert_allclose(((low <= target) & (target <= high)).mean(axis=0), 0.8, atol=0.08)
    assert_array_equal(np.isnan(fitted.conformity_scores_), np.isnan(Y))
    inside = np.abs(fitted.conformity_scores_[MEASURED, 1])
    assert fitted._calibration.scores.shape == (N, 2)
    assert np.isfinite(inside).all()


def test_scores_are_the_mean_over_columns_of_what_was_measured(fitted):
    for prediction, score in (
        (fitted.oob_prediction_, fitted.oob_score_),
        (fitted.predict(X), fitted.score(X, Y)),
    ):
        rows = MEASURED
        second = r2_score(Y[rows, 1], prediction[rows, 1])
        assert_allclose(score, (r2_score(Y[:, 0], prediction[:, 0]) + second) / 2, rtol=1e-10)
    assert all(each.missing_targets == "ignore" for each in fitted.estimators_)
    state = fitted.__getstate__()
    del state["missing_targets"], state["blend_with"]  # of a version before
    older = ScratchMLPEnsembleRegressor.__new__(ScratchMLPEnsembleRegressor)
    older.__setstate__(state)
    assert older.missing_targets == "error"
    assert older.get_params(deep=False)["blend_with"] is None
    assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(X), older.predict(X))


@pytest.mark.parametrize("estimator", [pytest.param(None, marks=pytest.mark.slow), LINEAR])
def test_without_gaps_not_a_bit_is_other(estimator):
    rows = slice(0, 120)
    one = ensemble(estimator).fit(X[rows], FULL[rows])
    other = ensemble(estimator, missing_targets="error").fit(X[rows], FULL[rows])
    assert_array_equal(one.predict_interval(X), other.predict_interval(X))
    assert_array_equal(one.conformity_scores_, other.conformity_scores_)
    assert one.oob_score_ == other.oob_score_


@pytest.mark.slow
def test_it_takes_weights_tables_blends_pipelines_and_rare_targets():
    pd = pytest.importorskip("pandas")
    network = make_pipeline(StandardScaler(), LINEAR)
    model = ensemble(network, blend_with=[LINEAR]).fit(X, Y)
    assert model.weights_.shape == (8, 2)
    frame = pd.DataFrame(Y).astype("Float64")
    assert_array_equal(
        ensemble(LINEAR).fit(X, frame).predict(X), ensemble(LINEAR).fit(X, Y).predict(X)
    )
    rare = FULL.copy()
    rare[12:, 1] = np.nan
    rare[5] = np.nan
    model = ensemble().fit(X, rare, np.where(np.arange(N) == 7, 0.0, 2.0))
    with pytest.warns(UserWarning, match="those held out weigh as 10 "):
        interval = model.predict_interval(X)
    assert np.isfinite(interval[:, 0]).all()
    assert np.isinf(interval[:, 1]).all()
    assert np.isfinite(model.predict_interval(X, 0.5)).all()


@pytest.mark.parametrize(
    ("estimator", "y", "parameters", "message"),
    [
        (None, Y, {"missing_targets": "error"}, "Input y contains NaN. missing_targets='ignore'"),
        (None, Y, {"missing_targets": 1}, "missing_targets must be 'error' or 'ignore', got 1"),
        (None, np.where([True, False], np.nan, Y), {}, r"y\[:, 0\] must have a measured value"),
        (None, np.full(N, np.nan), {}, "y must have a measured value, .* in the rows of fit"),
        (
            LINEAR,
            np.where(np.arange(N) < 70, FULL.T, [FULL[:, 0], np.full(N, np.nan)]).T,
            {"cv": [(np.arange(70, N), np.arange(70)), (np.arange(70), np.arange(70, N))]},
            r"y\[:, 1\] must have .* in the rows to train on of every fold",
        ),
        (
            LINEAR,
            np.where(np.arange(N) < 70, FULL.T, [FULL[:, 0], np.full(N, np.nan)]).T,
            {"cv": [(np.arange(70), np.arange(70, N))]},
            r"y\[:, 1\] must have .* in the rows that cv holds out",
        ),
        (ScratchMLPRegressor(), Y, {}, r"estimator must be .*missing_targets='ignore'.* got Scr"),
        (Ridge(), Y, {}, r"estimator must be .*missing_targets='ignore'.* got Ridge"),
        (TransformedTargetRegressor(LINEAR), Y, {}, "estimator must be .* got TransformedTarget"),
        (None, Y, {"blend_with": [Ridge()]}, "each of blend_with must be .* got Ridge"),
        (ScratchMLPRegressor(loss="gaussian"), Y, {}, "y must have no nan .* loss=Gaussian"),
        (ScratchMLPRegressor(loss="quantile"), Y, {}, "y must have no nan .* loss=Quantile"),
        (None, np.where(np.isnan(Y), np.nan, np.inf), {}, "infinity"),
    ],
)
def test_what_has_no_meaning_is_refused(estimator, y, parameters, message):
    with pytest.raises(ValueError, match=message):
        ensemble(estimator, **parameters).fit(X, y)


def learnt(inputs, error, cells):
    splits = list(KFold(4, shuffle=True, random_state=0).split(inputs))
    source = np.random.RandomState(0)
    return learn_spread(inputs, error, np.zeros(error.shape), splits, cells, source, 1)


def test_what_stands_in_a_gap_has_no_part_in_a_spread(rng):
    inputs = rng.uniform(-1, 1, (400, 2))
    error = np.exp(2 * inputs[:, [0]]) * rng.normal(size=(400, 2))
    cells = np.column_stack([np.ones(400), np.arange(400) % 2]).astype(float)
    spread, of_rows = learnt(inputs, error, cells)
    other, of_rows_of_other = learnt(inputs, np.where(cells > 0, error, 1e3), cells)
    assert np.all(spread.exponent > 0)
    assert_array_equal(of_rows_of_other, of_rows)
    assert_array_equal(other(inputs, error), spread(inputs, error))


def test_no_row_without_a_target_has_a_spread_that_no_measured_one_has(rng):
    inputs = rng.uniform(-1, 1, (400, 2))
    error = np.exp(2 * inputs[:, [0]]) * rng.normal(size=(400, 2))
    far = np.arange(400) % 20 == 0
    inputs[far, 0] = 3.0
    cells = np.column_stack([np.ones(400), ~far])
    spread, of_rows = learnt(inputs, error, cells)
    assert np.all(spread.exponent > 0)
    assert_allclose(np.ptp(of_rows[:, 1]), np.ptp(of_rows[~far, 1]))


def test_a_target_that_was_rarely_measured_spreads_alike(rng):
    inputs = rng.uniform(-1, 1, (400, 2))
    error = np.exp(2 * inputs[:, [0]]) * rng.normal(size=(400, 2))
    cells = np.column_stack([np.ones(400), np.arange(400) % 8 == 0])
    spread, _ = learnt(inputs, error, cells)
    assert spread.exponent[0] > 0
    assert spread.exponent[1] == 0


def test_rows_without_a_target_are_not_known_to_it():
    row = np.flatnonzero(~MEASURED)[0]
    inputs = X.copy()
    inputs[row] *= 10
    both = ensemble(LINEAR).fit(inputs, Y)
    second = ensemble(LINEAR).fit(inputs, Y[:, 1])
    assert_allclose(both._most_disagreement[1], second._most_disagreement, rtol=1e-3)


def test_each_target_has_weights_of_its_own():
    y, cells = FULL[:60], np.column_stack([np.ones(60), np.arange(60) % 3 == 0]).astype(float)
    noisy = np.where(cells > 0, y, 1e3)  # what stands in a gap
    kinds = np.array([y * 1.1, y + RNG.normal(size=y.shape)])
    found = blending_weights(noisy, kinds, cells)
    for j in range(2):
        rows = cells[:, j] > 0
        alone = blending_weights(y[rows, j], kinds[:, rows, j])
        assert_allclose(found[:, j], alone, rtol=1e-8)
    of_splits = kinds - noisy
    assert_allclose(
        shares_of_splits(of_splits, cells * [1, 0]), shares_of_splits(of_splits[..., :1])
    )
    scores = typical_scores(noisy, cells)
    assert_allclose(scores[:, 1], typical_scores(y[cells[:, 1] > 0, 1], np.ones(20)))
    with pytest.warns(UserWarning, match="as 20"):
        warn_of_quantiles(np.array([np.inf]), np.array([0.99]), 60, cells)
    alphas = [linear_network(X[:60], y[:, j], w)["alpha"] for j, w in enumerate(cells.T)]
    assert_allclose(linear_network(X[:60], noisy, cells)["alpha"], np.sqrt(np.prod(alphas)))


def test_pilots_compare_by_what_was_measured():
    y, cells = FULL[:60], np.column_stack([np.ones(60), np.arange(60) < 40]).astype(float)
    split = [(np.arange(30), np.arange(30, 60))]
    one, other = y[30:] + 0.1, y[30:] - 0.3
    expected = errors_in_pilot(y, [one, other], split, 4, np.ones((60, 2)))[0]
    assert_allclose(expected, errors_in_pilot(y, [one, other], split, 4, np.ones(60))[0])
    wild = np.where(cells[30:] > 0, 0, 1e200)
    (found,) = errors_in_pilot(
        np.where(cells > 0, y, 0), [one + wild, other + wild], split, 4, cells
    )
    assert np.isfinite(found).all()
    (first,) = errors_in_pilot(y[:, 0], [one[:, 0], other[:, 0]], split, 4, np.ones(60))
    assert_allclose(found[10:], first[10:] / 2 / cells[30:].mean())
    folds = [(np.arange(40, 60), np.arange(40)), (np.arange(40), np.arange(40, 60))]
    train, held_out = pilot_splits(folds, cells)[0]
    assert cells[train].any(axis=0).all()
    assert len(held_out) == 20
