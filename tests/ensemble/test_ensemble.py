"""The ensemble: its members, what they have not seen, its intervals, and its manners."""

import copy
import pickle
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    RepeatedKFold,
    TimeSeriesSplit,
)
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import sknn_scratch.ensemble.members as members
from sknn_scratch import (
    Quantile,
    ScratchMLPEnsembleRegressor,
    ScratchMLPRegressor,
)
from sknn_scratch.ensemble.candidates import lengths
from tests.bad_input import BAD_DATA, X, Y, same

NET = ScratchMLPRegressor((5,), solver="lbfgs", max_iter=20)
EPOCHS = ScratchMLPRegressor((5,), max_iter=5)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def ensemble(estimator=NET, n_estimators=4, **params):
    return ScratchMLPEnsembleRegressor(estimator, n_estimators, **{"random_state": 0, **params})


# --- scikit-learn's checks ---


def checks_that_cannot_hold(model):
    if model.estimator is None:
        reason = "repeated rows and weighted rows make other mini-batches"
        return {
            f"check_sample_weight_equivalence_on_{kind}_data": reason
            for kind in ("dense", "sparse")
        }
    old = tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 7)
    if isinstance(model.estimator, Pipeline) and old:
        reason = "a pipeline of scikit-learn 1.6 says that it takes sparse X, whatever its steps"
        return {"check_sample_weight_equivalence_on_sparse_data": reason}
    return {}


NAMES, CASES = parametrize_with_checks(
    [
        ensemble(),
        ensemble(make_pipeline(StandardScaler(), NET), 3),
        ensemble(TransformedTargetRegressor(NET, transformer=StandardScaler()), 2),
        ensemble(None, 2),
    ],
    expected_failed_checks=checks_that_cannot_hold,
).args


def values(case):
    """Return the estimator and the check of a case, which may be marked."""
    return getattr(case, "values", case)


def is_tried_already(estimator, check):
    """Return True for sparse matrices by default: sparse arrays are tried, in all their formats."""
    return estimator.estimator is None and "check_estimator_sparse_matrix" in repr(check)


@pytest.mark.filterwarnings("ignore:.*have copies:UserWarning")  # one repeats rows in other folds
@pytest.mark.parametrize(NAMES, [case for case in CASES if not is_tried_already(*values(case))])
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


# --- members ---


def test_each_member_is_the_network_trained_on_all_folds_but_one(regression):
    X, y = regression
    splits = list(KFold(3).split(X))
    model = ensemble(cv=splits, n_estimators=3).fit(X, y)
    assert len(model.estimators_) == 3
    for member, (train, held_out) in zip(model.estimators_, splits):
        twin = clone(NET).set_params(random_state=member.random_state).fit(X[train], y[train])
        assert_array_equal(member.predict(X), twin.predict(X))
        assert_array_equal(model.oob_prediction_[held_out], twin.predict(X[held_out]))
    expected = np.mean([member.predict(X) for member in model.estimators_], axis=0)
    assert_allclose(model.predict(X), expected, rtol=1e-12)
    assert model.oob_score_ == pytest.approx(r2_score(y, model.oob_prediction_))
    assert len({member.random_state for member in model.estimators_}) == 3


def test_the_score_of_rows_held_out_counts_a_row_of_weight_2_twice(regression):
    X, y = regression
    weight = np.arange(60) % 4  # some are 0
    model = ensemble(LinearRegression()).fit(X, y, sample_weight=weight)
    rows = np.repeat(np.arange(60), weight)
    assert model.oob_score_ == pytest.approx(r2_score(y[rows], model.oob_prediction_[rows]))
    assert abs(model.oob_score_ - r2_score(y, model.oob_prediction_)) > 1e-3


@pytest.mark.slow
def test_by_default_members_are_networks_that_a_pilot_chose_and_linear_ones(regression):
    X, y = regression
    model = ScratchMLPEnsembleRegressor(n_estimators=2, random_state=0).fit(X, y)
    assert len(model.estimators_) == 10
    *chosen, linear = (model.estimators_[i : i + 2] for i in range(0, 10, 2))
    names = ["hidden_layer_sizes", "activation", "embedding", "alpha", "max_iter"]
    found = [[each.get_params()[name] for name in names] for each, _ in chosen]
    for of_kind, (one, other) in zip(found, chosen):
        assert of_kind == [other.get_params()[name] for name in names]
        assert one.random_state != other.random_state
        assert one.n_iter_ == one.max_iter in lengths(60)
    assert not any(each in found[:i] for i, each in enumerate(found))
    assert all(each.hidden_layer_sizes == () for each in linear)
    assert model.weights_.sum() == pytest.approx(1)
    assert_allclose(model.predict(X), model.transform(X) @ model.weights_, atol=1e-5)
    assert model.oob_score_ > 0.3


@pytest.mark.slow
@pytest.mark.parametrize("slope", [0, 1e-3])
def test_by_default_a_straight_line_is_found_to_be_one(slope, rng):
    X = rng.normal(size=(100, 3))
    y = slope * X[:, 0] + rng.normal(size=100)
    model = ScratchMLPEnsembleRegressor(n_estimators=2, random_state=0).fit(X, y)
    assert np.std(model.predict(X)) < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("far", [0, 1.7e9, -1e12])
def test_by_default_members_are_trained_in_float32_and_predict_as_x_is(far, regression):
    X, y = regression
    model = ensemble(None, 2).fit(np.c_[X, far + X[:, 0]], far + y)
    assert {member._state.params.dtype for member in model.estimators_} == {np.dtype(np.float32)}
    assert model.predict(np.c_[X, far + X[:, 0]]).dtype == np.float64
    assert model.oob_score_ > 0.3
    assert all("_train_dtype" not in vars(member) for member in model.estimators_)


@pytest.mark.slow
def test_by_default_the_units_of_x_and_y_do_not_matter(regression):
    X, y = (each[::2] for each in regression)

    def measured(X, y, unit=1.0):
        model = ensemble(None, 2).fit(X, y)
        _, std = model.predict(X, return_std=True)
        interval = model.predict_interval(X, 0.8)
        return model.oob_score_, model.weights_, std / unit, interval / unit

    expected = measured(X, y)
    for unit in (1e-300, 1e-39, 1e39, 1e300):  # float32 has neither of them
        for found in (measured(X, unit * y, unit), measured(unit * X, y)):
            for each, as_expected in zip(found, expected):
                assert_allclose(each, as_expected, rtol=0.1, atol=0.1)


@pytest.mark.slow
def test_a_member_trained_in_float32_can_go_on_training(regression):
    X, y = regression
    member = ScratchMLPEnsembleRegressor(n_estimators=2, random_state=0).fit(X, y).estimators_[0]
    before = np.mean((member.predict(X) - y) ** 2)
    for _ in range(50):
        member.partial_fit(X, y)
    assert np.mean((member.predict(X) - y) ** 2) < before


@pytest.mark.slow
def test_by_default_an_embedding_that_is_fine_enough_is_found(rng):
    X = rng.uniform(-2, 2, (400, 1))
    y = np.sin(12 * X[:, 0])
    model = ensemble(None, 2).fit(X[:300], y[:300])
    assert model.score(X[300:], y[300:]) > 0.9
    best = model.estimators_[np.argmax(model.weights_)]
    assert getattr(best.embedding, "scale", 0) >= 1 or hasattr(best.embedding, "n_bins")


def test_every_row_is_held_out_once_and_folds_are_shuffled(regression):
    X, y = regression
    order = np.argsort(y)  # in order, folds would extrapolate
    X, y = X[order], y[order]
    neighbors = KNeighborsRegressor()
    sorted_folds = ensemble(neighbors, cv=KFold(4)).fit(X, y)
    for model in (ensemble(neighbors).fit(X, y), ensemble(neighbors, cv=4).fit(X, y)):
        assert not np.isnan(model.oob_prediction_).any()
        assert model.oob_score_ > sorted_folds.oob_score_ + 0.05


@pytest.mark.parametrize(("n_estimators", "n_splits", "members"), [(8, 3, 9), (2, 3, 3), (6, 3, 6)])
def test_every_split_trains_the_same_number_of_members(n_estimators, n_splits, members, regression):
    X, y = regression
    model = ensemble(EPOCHS, n_estimators, cv=n_splits).fit(X, y)
    assert len(model.estimators_) == members
    first, again = model.estimators_[0], model.estimators_[-3] if members > 3 else None
    if again:
        assert not np.allclose(first.predict(X), again.predict(X))


def test_a_row_held_out_more_than_once_has_the_mean_prediction(regression):
    X, y = regression
    cv = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    model = ensemble(LinearRegression(), cv=cv).fit(X, y)
    splits = list(cv.split(X))
    row = 7
    of_row = [
        LinearRegression().fit(X[train], y[train]).predict(X[[row]])
        for train, held_out in splits
        if row in held_out
    ]
    assert len(of_row) == 2
    assert model.oob_prediction_[row] == pytest.approx(np.mean(of_row))


def test_the_same_seed_makes_the_same_ensemble_and_another_does_not(regression):
    X, y = regression
    first = ensemble().fit(X, y).predict(X)
    assert_array_equal(ensemble().fit(X, y).predict(X), first)
    assert not np.allclose(ensemble(random_state=1).fit(X, y).predict(X), first)
    source = np.random.RandomState(0)
    assert_array_equal(ensemble(random_state=source).fit(X, y).predict(X), first)
    assert not np.allclose(ensemble(random_state=source).fit(X, y).predict(X), first)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threading", "loky", "multiprocessing"])
def test_members_trained_at_the_same_time_are_the_same(backend, regression):
    X, y = regression
    expected = ensemble().fit(X, y).predict(X)
    with parallel_config(backend, n_jobs=2):
        model = ensemble().fit(X, y)
    assert_allclose(model.predict(X), expected, rtol=1e-6)
    assert_allclose(ensemble(n_jobs=2).fit(X, y).predict(X), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("fitted", "later"),
    [(LinearRegression(), None), pytest.param(None, LinearRegression(), marks=pytest.mark.slow)],
)
def test_an_estimator_that_is_set_after_fit_waits_for_the_next_fit(fitted, later, regression):
    X, y = regression
    model = ensemble(fitted, 2).fit(X, y)
    before = model.predict(X[:3])
    assert_array_equal(model.set_params(estimator=later).predict(X[:3]), before)


def test_seeds_of_all_parts_of_a_pipeline_are_drawn(regression):
    X, y = regression
    inner = TransformedTargetRegressor(ScratchMLPRegressor((5,), max_iter=2, random_state=0))
    model = ensemble(make_pipeline(StandardScaler(), inner), 2).fit(X, y)
    seeds = {member[-1].regressor_.random_state for member in model.estimators_}
    assert len(seeds) == 2
    assert 0 not in seeds
    assert inner.regressor.random_state == 0


# --- intervals ---


def truth(n, rng):
    """Return X and y: noise with long tails about a smooth function."""
    X = rng.uniform(-2, 2, (n, 2))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] + 0.3 * rng.standard_t(3, n)


def test_intervals_cover_new_rows_as_often_as_asked_for(rng):
    (X, y), (X_new, y_new) = truth(500, rng), truth(4000, rng)
    model = ensemble(ScratchMLPRegressor((20,), solver="lbfgs", alpha=1, max_iter=100), 5).fit(X, y)
    for coverage in (0.5, 0.8, 0.9, 0.95):
        low, high = model.predict_interval(X_new, coverage).T
        inside = np.mean((low <= y_new) & (y_new <= high))
        assert inside == pytest.approx(coverage, abs=0.04)
    spread = np.std([member.predict(X_new) for member in model.estimators_], axis=0)
    assert (
        np.mean(np.abs(model.predict(X_new) - y_new) < 1.645 * spread) < 0.6
    )  # not an uncertainty


def test_the_standard_deviation_is_that_of_new_errors(rng):
    (X, y), (X_new, y_new) = truth(500, rng), truth(4000, rng)
    model = ensemble(ScratchMLPRegressor((20,), solver="lbfgs", alpha=1, max_iter=100), 5).fit(X, y)
    prediction, std = model.predict(X_new, return_std=True)
    assert_array_equal(prediction, model.predict(X_new))
    assert std.shape == prediction.shape
    assert np.sqrt(np.mean((prediction - y_new) ** 2)) == pytest.approx(std.mean(), rel=0.15)


def test_an_interval_is_a_pair_of_quantiles_and_quantiles_do_not_cross(regression):
    X, y = regression
    model = ensemble().fit(X, y)
    assert_array_equal(
        model.predict_interval(X, 0.6), model.predict_quantile(X, [(1 - 0.6) / 2, (1 + 0.6) / 2])
    )
    levels = np.linspace(0.02, 0.98, 20)
    found = model.predict_quantile(X, levels)
    assert found.shape == (60, 20)
    assert (np.diff(found) >= 0).all()
    assert_array_equal(model.predict_quantile(X, levels[3]), found[:, 3])


def test_the_scores_are_the_errors_on_rows_held_out(regression):
    X, y = regression
    model = ensemble().fit(X, y)
    assert_allclose(model.conformity_scores_, y - model.oob_prediction_)


def test_few_rows_have_an_infinite_interval_not_a_narrow_one(regression):
    X, y = (each[:12] for each in regression)
    model = ensemble().fit(X, y)
    with pytest.warns(UserWarning, match="level 0.05 needs 19 rows held out, and 12 were") as found:
        assert_array_equal(np.isinf(model.predict_interval(X, 0.9)), True)
    assert found[0].filename == __file__
    assert np.isfinite(model.predict_interval(X, 0.8)).all()


def test_a_row_of_weight_zero_is_none_of_those_that_an_interval_needs(regression):
    X, y = regression
    weight = np.where(np.arange(60) < 12, np.arange(1, 61), 0)
    model = ensemble(LinearRegression()).fit(X, y, weight)
    with pytest.warns(UserWarning, match="needs 19 rows held out, and .* weigh as 9.36 would"):
        model.predict_interval(X, 0.9)
    assert np.isfinite(model.predict_interval(X, 0.8)).all()


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.slow
def test_by_default_no_member_warns_that_it_alone_is_of_no_use(n_jobs, rng):
    X = np.r_[rng.uniform(-4, -1, 60), rng.uniform(1, 4, 60)][:, np.newaxis]
    y = X[:, 0] ** 2 + 0.1 * rng.normal(size=120)  # to a linear member X says nothing
    model = ScratchMLPEnsembleRegressor(n_estimators=2, n_jobs=n_jobs, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.9


def test_no_more_processes_are_asked_for_than_there_are_members(regression, monkeypatch):
    asked = []

    class Noted(members.Parallel):
        def __init__(self, n_jobs=None, **kwargs):
            asked.append(n_jobs)
            super().__init__(n_jobs=1, **kwargs)

    monkeypatch.setattr(members, "Parallel", Noted)
    ensemble(LinearRegression(), 3, n_jobs=64).fit(*regression)
    assert asked == [3]


def test_intervals_from_few_groups_are_warned_of(regression):
    X, y = regression
    model = ensemble(LinearRegression(), cv=GroupKFold(4)).fit(X, y, groups=np.arange(60) // 6)
    with pytest.warns(UserWarning, match="from 10 groups: .* there are about 19"):
        model.predict_interval(X, 0.9)
    assert np.isfinite(model.predict_interval(X, 0.8)).all()  # of which nine are enough


def test_groups_that_are_only_trained_on_say_nothing_of_intervals(regression):
    X, y = regression
    cv = GroupShuffleSplit(1, test_size=12, random_state=0)
    model = ensemble(LinearRegression(), cv=cv).fit(X, y, groups=np.arange(60) // 2)
    with pytest.warns(UserWarning, match="from 12 groups"):
        model.predict_interval(X, 0.9)


def test_several_targets_are_calibrated_each_by_itself(regression):
    X, y = regression
    model = ensemble().fit(X, np.c_[y, 100 * y + 3])
    interval = model.predict_interval(X)
    assert interval.shape == (60, 2, 2)
    width = np.ptp(interval, axis=-1)
    assert_allclose(width[:, 1], 100 * width[:, 0], rtol=0.5)
    assert model.oob_prediction_.shape == (60, 2)
    assert model.predict_quantile(X, 0.5).shape == (60, 2)
    assert model.predict(X, return_std=True)[1].shape == (60, 2)
    assert model.n_outputs_ == 2


def test_weights_count_in_the_quantiles(regression):
    X, y = regression
    model = ensemble(LinearRegression()).fit(X, y)
    above = np.where(model.conformity_scores_ > 0, 100.0, 1.0)
    folds = KFold(4)
    plain = ensemble(KNeighborsRegressor(), cv=folds)  # takes no weights
    with pytest.raises(ValueError, match=r"sample_weight must be None.*KNeighbors"):
        plain.fit(X, y, above)
    heavy = ensemble(LinearRegression(), cv=folds).fit(X, y, above)
    expected = np.average(y, weights=above)
    assert heavy.predict(X).mean() > y.mean()
    assert heavy.predict_quantile(X, 0.5).mean() == pytest.approx(expected, abs=0.3)


@pytest.mark.slow
def test_by_default_only_ratios_of_weights_matter(regression):
    X, y = regression
    plain = ensemble(None, 2).fit(X, y).predict_interval(X)
    for weight in (1e-12, 1e12):  # without a warning of the penalty
        model = ensemble(None, 2).fit(X, y, np.full(60, weight))
        assert_allclose(model.predict_interval(X), plain, rtol=1e-4, atol=1e-4)


def test_a_single_heavy_row_is_not_warned_of_by_networks_that_the_user_does_not_know(regression):
    X, y = regression
    weight = np.ones(60)
    weight[0] = 1e9
    model = ensemble(None, 2).fit(X, y, weight)
    with pytest.warns(UserWarning, match="weigh as 1 would"):
        assert np.isinf(model.predict_interval(X)).all()


def test_a_weight_of_zero_is_as_good_as_no_row(regression):
    X, y = regression
    weight = np.ones(60)
    weight[30:] = 0
    y_other = np.where(weight > 0, y, 1e3)
    splits = [(np.r_[:15, 30:60], np.arange(15, 30)), (np.arange(15, 60), np.arange(15))]
    kept = [(train[train < 30], held_out) for train, held_out in splits]
    model = ensemble(cv=[*splits, (np.arange(30), np.arange(30, 60))], n_estimators=3)
    model.fit(X, y_other, weight)
    fewer = ensemble(cv=kept, n_estimators=2).fit(X[:30], y[:30])
    q = [0.2, 0.8]
    width, expected = (np.diff(each.predict_quantile(X, q)) for each in (model, fewer))
    assert_allclose(width, expected, rtol=0.3)
    assert model.oob_score_ > -1


@pytest.mark.slow
def test_rows_to_train_on_that_weigh_nothing_might_as_well_not_be_there(regression):
    X, y = regression
    model = ScratchMLPEnsembleRegressor(n_estimators=2, random_state=0)
    splits = [(np.r_[:20, 40:60], np.arange(20, 40)), (np.r_[20:60], np.arange(20))]
    # another unit, and a column of two values that would be one of many
    X_more = np.where(np.arange(60)[:, np.newaxis] < 40, X, 1e3 * X)
    X[:40, 3] = X_more[:40, 3] = X[:40, 3] > 0
    with_them = clone(model).set_params(cv=splits).fit(X_more, y, np.arange(60) < 40)
    kept = [(train[train < 40], held_out) for train, held_out in splits]
    without = clone(model).set_params(cv=kept).fit(X[:40], y[:40], np.ones(40))
    assert len(with_them.estimators_) == len(without.estimators_)
    assert_allclose(with_them.predict_interval(X), without.predict_interval(X), rtol=1e-6)


@pytest.mark.parametrize("array", ["X", "y"])
@pytest.mark.slow
def test_a_cell_of_another_size_is_warned_of_and_nothing_else(array, regression):
    X, y = regression
    (X if array == "X" else y[:, np.newaxis])[7, 0] = 1e200
    match = rf"{array}\[:, 0\] is nearly the same in most rows, beside a few"
    with pytest.warns(UserWarning, match=match) as told:
        ScratchMLPEnsembleRegressor(n_estimators=2, random_state=0).fit(X, y)
    assert {each.category for each in told} == {UserWarning}
    assert len({str(each.message) for each in told}) == 1


def test_a_row_of_weight_zero_is_new_to_the_members(regression):
    X, y = (rows.copy() for rows in regression)
    weight = np.ones(60)
    X[59], weight[59] = 50, 0
    model = ensemble(LinearRegression()).fit(X, y, weight)
    novelty = model.novelty(X)
    assert novelty[:59].max() == pytest.approx(1)
    assert novelty[59] > 2


# --- losses ---


@pytest.mark.parametrize("loss", ["poisson", "gaussian"])
def test_a_row_held_out_of_weight_zero_might_as_well_not_be_there(loss, rng):
    X = rng.normal(size=(60, 2))
    y = rng.poisson(np.exp(X[:, 0])).astype(float)
    X[59], weight = 20, np.ones(60)
    weight[59] = 0
    network = ScratchMLPRegressor((5,), loss=loss, solver="lbfgs", alpha=1, max_iter=20)
    cv = [(np.arange(30), np.arange(30, 60)), (np.arange(30, 60), np.arange(30))]
    with_it = ensemble(network, cv=cv).fit(X, y, weight)
    cv = [(train[train < 59], held_out[held_out < 59]) for train, held_out in cv]
    without = ensemble(network, cv=cv).fit(X[:59], y[:59])
    assert_allclose(with_it.predict_interval(X[:59]), without.predict_interval(X[:59]), atol=1e-9)


def test_a_row_of_weight_zero_is_not_among_those_that_bound_the_spread():
    rng = np.random.default_rng(2)
    X, weight = rng.normal(size=(80, 2)), np.ones(80)
    y = np.exp(X[:, 0]) * rng.normal(size=80)
    X[79], weight[79] = 100, 0
    network = ScratchMLPRegressor((5,), loss="gaussian", solver="lbfgs", alpha=1, max_iter=100)
    model = ensemble(network).fit(X, y, weight)
    std = model.predict(X, return_std=True)[1] / np.maximum(model.novelty(X), 1)
    assert std[79] < 3 * std[:79].max()
    assert np.ptp(std[:79]) > 0.1 * std[:79].max()  # between their bounds they differ


def test_quantiles_of_a_constant_target_are_it(regression):
    X, _ = regression
    network = ScratchMLPRegressor((5,), loss=Quantile((0.1, 0.5, 0.9)), max_iter=5)
    model = ensemble(network).fit(X, np.full(60, 3.0))
    assert_array_equal(model.predict_interval(X, 0.5), np.full((60, 2), 3.0))
    assert_array_equal(model.predict(X, return_std=True)[1], np.zeros(60))


def test_several_quantiles_are_conformalised(rng):
    X = rng.uniform(0, 1, (600, 1))
    y = (0.1 + X[:, 0]) * rng.normal(size=600)
    X_new = rng.uniform(0, 1, (3000, 1))
    y_new = (0.1 + X_new[:, 0]) * rng.normal(size=3000)
    network = ScratchMLPRegressor(
        (10,), loss=Quantile([0.1, 0.5, 0.9]), solver="lbfgs", alpha=1, max_iter=200
    )
    model = ensemble(network).fit(X, y)
    assert model.predict(X_new).shape == (3000, 3)
    assert model.oob_prediction_.shape == (600, 3)
    low, high = model.predict_interval(X_new, 0.8).T
    for part in (X_new[:, 0] < 0.5, X_new[:, 0] >= 0.5):  # widths follow the data
        inside = np.mean((low <= y_new) & (y_new <= high), where=part)
        assert inside == pytest.approx(0.8, abs=0.05)
    assert 0 < model.oob_score_ < 0.5  # D2 of the pinball loss
    assert model.score(X_new, y_new) == pytest.approx(model.oob_score_, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrap", [lambda net: net, lambda net: make_pipeline(StandardScaler(), net)]
)
def test_the_standard_deviation_of_gaussian_members_is_calibrated(wrap, rng):
    X = rng.uniform(0, 1, (600, 1))
    y = (0.1 + X[:, 0]) * rng.standard_t(3, 600)
    X_new = rng.uniform(0, 1, (3000, 1))
    y_new = (0.1 + X_new[:, 0]) * rng.standard_t(3, 3000)
    network = ScratchMLPRegressor((10,), loss="gaussian", solver="lbfgs", alpha=1, max_iter=200)
    model = ensemble(wrap(network), 8, cv=4).fit(X, y)
    prediction, std = model.predict(X_new, return_std=True)
    assert np.corrcoef(std, X_new[:, 0])[0, 1] > 0.95
    assert np.std((y_new - prediction) / std) == pytest.approx(1, abs=0.2)
    low, high = model.predict_interval(X_new, 0.8).T
    for part in (X_new[:, 0] < 0.5, X_new[:, 0] >= 0.5):
        inside = np.mean((low <= y_new) & (y_new <= high), where=part)
        assert inside == pytest.approx(0.8, abs=0.06)
    far = np.array([[-1e3], [-1e9], [1e3], [1e9]])  # where single members say 0, or infinity
    std_far = model.predict(far, return_std=True)[1]
    assert (std.min() / 1e3 < std_far).all()
    assert np.isfinite(std_far).all()
    assert np.isfinite(model.predict_interval(far)).all()
    assert model.fit(X, np.c_[y, y]).predict_interval(X_new).shape == (3000, 2, 2)


@pytest.mark.parametrize(
    "loss", ["absolute_error", "huber", "log_cosh", "quantile", "poisson", "gamma"]
)
def test_other_losses_have_intervals_too(loss, regression):
    X, y = regression[0], np.exp(regression[1])
    model = ensemble(ScratchMLPRegressor((5,), loss=loss, solver="lbfgs", max_iter=50)).fit(X, y)
    low, high = model.predict_interval(X, 0.8).T
    assert 0.7 < np.mean((low <= y) & (y <= high)) <= 1
    assert (low < high).all()
    if loss in ("poisson", "gamma"):
        assert (low >= 0).all()
        width = high - low
        assert np.corrcoef(width, model.predict(X))[0, 1] > 0.9


def test_a_target_outside_the_domain_of_the_loss_is_refused(regression):
    X, y = regression
    network = ScratchMLPRegressor((5,), loss="poisson")
    with pytest.raises(ValueError, match="y must be numbers >= 0"):
        ensemble(network).fit(X, y)
    logarithm = TransformedTargetRegressor(
        ScratchMLPRegressor((5,), loss="gamma", solver="lbfgs"), func=np.exp, inverse_func=np.log
    )
    for estimator in (logarithm, make_pipeline(StandardScaler(), logarithm)):
        assert ensemble(estimator).fit(X, y).predict_interval(X).min() < 0


@pytest.mark.parametrize("loss", ["gaussian", Quantile([0.1, 0.5, 0.9])])
def test_a_transformed_target_within_a_pipeline_has_intervals_as_one_around_it(loss, regression):
    X, y = regression
    network = ScratchMLPRegressor((5,), loss=loss, solver="lbfgs", max_iter=20)

    def transformed(regressor):
        return TransformedTargetRegressor(regressor, func=np.log, inverse_func=np.exp)

    scaler = StandardScaler()
    orders = (
        make_pipeline(scaler, transformed(network)),
        transformed(make_pipeline(scaler, network)),
    )
    inside, around = (ensemble(each).fit(X, np.exp(y)).predict_interval(X) for each in orders)
    assert inside.shape == (60, 2)
    assert_array_equal(inside, around)


def test_predictions_for_rows_held_out_that_are_not_finite_are_refused_by_the_row(regression):
    X, y = regression
    model = ensemble(LinearRegression()).fit(X, y)
    before = copy.deepcopy(vars(model))
    far = np.r_[X[:33], 1e9 * X[33:34], X[34:]]
    network = ScratchMLPRegressor((5,), loss="poisson", solver="lbfgs", max_iter=20)
    network.set_params(out_activation="exp", activation="identity")
    model.set_params(estimator=network)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the member warns as well
        with pytest.raises(ValueError, match="must be finite, got inf for row 33 of X"):
            model.fit(far, np.exp(X[:, 0] * np.sign(X[33, 0])))
    assert same(vars(model.set_params(estimator=before["estimator"])), before)


def test_an_infinite_prediction_has_an_infinite_interval_and_no_advice_on_rows(regression):
    X, y = regression
    network = ScratchMLPRegressor((5,), loss="poisson", solver="lbfgs", max_iter=20, alpha=1)
    model = ensemble(network.set_params(activation="identity")).fit(X, np.exp(y))
    far = 1e9 * np.sign(model.predict(X) - model.predict(-X))[:, np.newaxis] * X
    with pytest.warns(UserWarning, match="predictions are not finite") as found:
        interval = model.predict_interval(far)
    assert not [each for each in found if "held out" in str(each.message)]
    is_infinite = np.isinf(interval[:, 1])
    assert is_infinite.any()
    assert_array_equal(interval[is_infinite, 0], 0)
    assert not np.isnan(interval).any()


def test_predictions_may_be_a_list(regression):
    class Listed(LinearRegression):
        def predict(self, X):
            return super().predict(X).tolist()

    found, expected = (ensemble(each()).fit(*regression) for each in (Listed, LinearRegression))
    assert_array_equal(found.oob_prediction_, expected.oob_prediction_)
    assert_array_equal(found.transform(regression[0]), expected.transform(regression[0]))


# --- folds ---


def test_groups_are_held_out_together(regression):
    X, y = regression
    groups = np.arange(60) // 6
    model = ensemble(LinearRegression(), cv=GroupKFold(5)).fit(X, y, groups=groups)
    for train, held_out in GroupKFold(5).split(X, y, groups):
        expected = LinearRegression().fit(X[train], y[train]).predict(X[held_out])
        assert_allclose(model.oob_prediction_[held_out], expected)
    with pytest.raises(ValueError, match="groups needs a splitter as cv"):
        ensemble(LinearRegression()).fit(X, y, groups=groups)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")  # of the inverse
@pytest.mark.parametrize("other", [None, DummyRegressor()])
def test_members_of_a_time_series_that_explode_after_it_do_not_count(other):
    rows = np.arange(60.0)
    logarithm = np.where(rows < 15, 13 * rows, 195 - rows)  # early members see it rise for ever
    by_logarithm = TransformedTargetRegressor(LinearRegression(), func=np.log, inverse_func=np.exp)
    model = ensemble(other or by_logarithm, 3, cv=TimeSeriesSplit(3))
    model.set_params(blend_with=other and [by_logarithm])
    X = rows[:, np.newaxis]
    model.fit(X, np.exp(logarithm))
    assert np.isinf(model.transform(X)[-1]).any()
    assert model.weights_[np.isinf(model.transform(X)[-1])].sum() == 0
    assert np.isfinite(model.predict(X)).all()


def test_where_only_members_that_do_not_count_were_judged_there_is_an_error(regression):
    X, y = regression

    class FarOff(LinearRegression):
        def predict(self, X):
            return super().predict(X) + (1e9 if self.n_rows_ == 45 else 0)

        def fit(self, X, y, sample_weight=None):
            self.n_rows_ = len(y)
            return super().fit(X, y, sample_weight)

    weight = np.repeat([1.0, 0.0, 0.0, 1.0], 15)  # of rows held out, only the last weigh
    with pytest.raises(ValueError, match="above 0, in the rows held out whose members count"):
        ensemble(FarOff(), cv=TimeSeriesSplit(3)).fit(X, y, weight)


def test_rows_of_a_time_series_that_are_never_held_out_are_nan(regression):
    X, y = regression
    model = ensemble(LinearRegression(), cv=TimeSeriesSplit(4)).fit(X, y)
    never = np.arange(60) < 12
    assert_array_equal(np.isnan(model.oob_prediction_), never)
    assert_array_equal(np.isnan(model.conformity_scores_), never)
    assert np.isfinite(model.predict_interval(X)).all()
    assert model.oob_score_ == pytest.approx(r2_score(y[12:], model.oob_prediction_[12:]))


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"n_estimators": 30}, r"n_estimators=30 needs at least 30 rows.*n_samples=24"),
        ({"cv": 30}, r"cv=30 needs at least 30 rows.*n_samples=24"),
        ({"cv": []}, "made no split"),
        ({"cv": [([0, 1], [2, 99])]}, "cv must split the 24 rows of X"),
        ({"cv": [([0, 1], [])]}, "rows to hold out; one has 2 and 0"),
        ({"cv": [0, 1, 2]}, r"cv must split the 24 rows of X into \(rows to train on, rows held"),
        ({"cv": [[0, 1]]}, r"cv must split the 24 rows of X .* held out\): got \[0, 1\]"),
        ({"cv": [([0], [1], [2])]}, "cv must split the 24 rows of X into"),
        ({"cv": KFold}, "cv must be None, an int, a splitter"),
        ({"cv": [([0, 1], [1, 2])]}, "holds out rows that it trains on"),
        ({"n_estimators": 1}, "n_estimators must be at least 2"),
        ({"n_estimators": 0}, "n_estimators"),
        ({"n_estimators": 2.0}, "n_estimators"),
        ({"n_estimators": True}, "n_estimators"),
        ({"cv": 1}, "cv"),
        ({"cv": True}, "cv"),
        ({"cv": "5"}, "cv must be None, an int, a splitter"),
        ({"cv": 2.5}, "cv must be None, an int, a splitter"),
        ({"estimator": ScratchMLPRegressor}, "estimator must be None or a regressor"),
        ({"estimator": "mlp"}, "estimator must be None or a regressor"),
        ({"estimator": make_pipeline(LogisticRegression())}, "estimator must be None or a regress"),
        ({"estimator": StandardScaler()}, "estimator must be None or a regressor"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"n_jobs": 1.5}, "n_jobs"),
        ({"n_jobs": "all"}, "n_jobs"),
        ({"random_state": "0"}, "random_state must be"),
        ({"random_state": -1}, "random_state must be"),
        ({"verbose": "yes"}, "verbose"),
        ({"verbose": -1}, "verbose"),
        ({"estimator": ScratchMLPRegressor(alpha=-1)}, "alpha"),
    ],
    ids=str,
)
def test_a_bad_parameter_is_named_and_leaves_a_fitted_ensemble_as_it_was(params, match):
    model = ensemble().fit(X, Y)
    model.set_params(**params)
    before = copy.deepcopy(vars(model))
    with pytest.raises((TypeError, ValueError), match=match):
        model.fit(X[:, :2], Y)
    assert same(vars(model), before)
    model.predict(X)


# These are tables, which networks in an ensemble take: see test_tables_in_ensembles.py.
TABLES = {"X dates", "X spans", "X with NaN", "X strings"}
OF_ENSEMBLES = {
    "X objects": "column 2 of X holds numbers and words",
    "y huge": "y contains values too large for an ensemble",
}


@pytest.mark.parametrize("case", [case for case in BAD_DATA if case not in TABLES])
def test_bad_data_leave_a_fitted_ensemble_as_it_was(case):
    arguments, match = BAD_DATA[case]
    match = OF_ENSEMBLES.get(case, match)
    source = np.random.RandomState(0)
    model = ensemble(random_state=source).fit(X, Y)
    before = copy.deepcopy(vars(model))
    with pytest.raises((TypeError, ValueError), match=match):
        model.fit(*arguments)
    assert same(vars(model), before)


@pytest.mark.parametrize("coverage", [0, 1, -0.1, 1.5, "0.9", None, True, np.nan, [0.9]])
def test_a_coverage_that_is_none_is_refused(coverage):
    with pytest.raises((TypeError, ValueError), match="coverage"):
        ensemble(LinearRegression()).fit(X, Y).predict_interval(X, coverage)


@pytest.mark.parametrize("levels", [0, 1.0, [], [0.1, 1.5], [[0.1]], "0.5", None, [None], np.nan])
def test_quantiles_that_are_none_are_refused(levels):
    with pytest.raises((TypeError, ValueError), match="quantiles"):
        ensemble(LinearRegression()).fit(X, Y).predict_quantile(X, levels)


def test_before_fit_nothing_is_predicted():
    model = ensemble()
    for call in (model.predict, model.predict_interval, model.transform):
        with pytest.raises(NotFittedError):
            call(X)
    assert not [name for name in dir(model) if name.endswith("_") and not name.startswith("_")]


# --- kinds of X ---


@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.csc_array, sparse.csr_array], ids=str)
@pytest.mark.parametrize("estimator", [NET, make_pipeline(StandardScaler(with_mean=False), NET)])
def test_sparse_inputs_predict_as_sparse_ones_do_in_a_network(estimator, make):
    rng = np.random.default_rng(0)
    X = sparse.random(60, 8, density=0.3, random_state=0, format="csr")
    y = np.asarray(X.sum(axis=1)).ravel() + 0.1 * rng.normal(size=60)
    splits = list(KFold(2).split(y))
    model = ensemble(estimator, cv=splits, n_estimators=2).fit(make(X), y)
    member = clone(model.estimators_[0]).fit(X[splits[0][0]], y[splits[0][0]])
    assert_allclose(model.estimators_[0].predict(X), member.predict(X))
    assert model.predict_interval(make(X)).shape == (60, 2)


def test_float32_stays_float32(regression):
    X, y = regression
    model = ensemble().fit(X.astype(np.float32), y)
    assert model.predict(X.astype(np.float32)).dtype == np.float32
    assert model.estimators_[0].coefs_[0].dtype == np.float32


def test_columns_of_a_data_frame_reach_the_pipeline_by_name(regression):
    X, y = regression
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["kind"] = np.where(X[:, 0] > 0, "high", "low")
    columns = make_column_transformer(
        (OneHotEncoder(), ["kind"]), (StandardScaler(), ["a", "b", "c", "d"])
    )
    model = ensemble(make_pipeline(columns, NET)).fit(frame, pd.Series(y))
    assert list(model.feature_names_in_) == [*"abcd", "kind"]
    assert model.oob_score_ > 0
    assert_allclose(model.predict(frame[::-1])[::-1], model.predict(frame))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"a": "z"}))


def arrow():
    return pytest.importorskip("pyarrow", exc_type=ImportError)  # new ones need NumPy 2


@pytest.mark.parametrize(
    "estimator", [NET, make_pipeline(StandardScaler(), NET)], ids=["net", "pipe"]
)
@pytest.mark.parametrize(
    ("frame", "series"),
    [
        (lambda X: pd.DataFrame(X, columns=list("abcd")), pd.Series),
        (lambda X: pl.DataFrame(X, schema=list("abcd")), pl.Series),
        (lambda X: arrow().table(dict(zip("abcd", X.T))), pl.Series),
    ],
    ids=["pandas", "polars", "arrow"],
)
def test_frames_train_as_arrays_do(frame, series, estimator, regression):
    X, y = regression
    expected = ensemble(estimator).fit(X, y, np.ones(60)).predict_interval(X)
    model = ensemble(estimator).fit(frame(X), series(y), series(np.ones(60)))
    assert_allclose(model.predict_interval(frame(X)), expected)


# --- metadata, callbacks, output ---


def first_member(model, params, splits, X, y):
    train = splits[0][0]
    cut = {name: value[train] for name, value in params.items()}
    return clone(model.estimators_[0]).fit(X[train], y[train], **cut)


@pytest.mark.parametrize(
    "wrap", [lambda net: net, lambda net: make_pipeline(StandardScaler(), net)]
)
@pytest.mark.parametrize("around", [lambda net: net, TransformedTargetRegressor])
def test_weights_reach_the_network_wherever_it_is(wrap, around, regression, weight):
    X, y = regression
    weight[:10] = 0
    splits = list(KFold(2).split(X))
    model = ensemble(wrap(around(NET)), cv=splits, n_estimators=2).fit(X, y, weight)
    estimator = model.estimators_[0]
    prefix = f"{estimator.steps[-1][0]}__" if hasattr(estimator, "steps") else ""
    expected = first_member(model, {f"{prefix}sample_weight": weight}, splits, X, y)
    assert_array_equal(estimator.predict(X), expected.predict(X))
    assert not np.allclose(estimator.predict(X), first_member(model, {}, splits, X, y).predict(X))


@pytest.mark.usefixtures("routing")
def test_metadata_are_routed_to_the_members_and_the_split(regression, weight):
    X, y = regression
    groups, cv = np.arange(60) // 6, GroupKFold(5)
    splits = list(cv.split(X, y, groups))
    network = clone(NET).set_fit_request(sample_weight=True, groups=False)
    model = ensemble(network, cv=cv).fit(X, y, sample_weight=weight, groups=groups)
    expected = first_member(model, {"sample_weight": weight}, splits, X, y)
    assert_array_equal(model.estimators_[0].predict(X), expected.predict(X))
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        ensemble(cv=cv).fit(X, y, sample_weight=weight, groups=groups)
    ignoring = clone(NET).set_fit_request(sample_weight=False, groups=False)
    unweighted = ensemble(ignoring, cv=cv).fit(X, y, sample_weight=weight, groups=groups)
    expected = first_member(unweighted, {}, splits, X, y)
    assert_array_equal(unweighted.estimators_[0].predict(X), expected.predict(X))


@pytest.mark.usefixtures("routing")
def test_groups_go_to_the_validation_of_a_member_too(regression):
    X, y = regression
    groups = np.arange(60) // 6
    network = ScratchMLPRegressor(
        (5,), early_stopping=True, validation_fraction=GroupShuffleSplit(1, random_state=0)
    ).set_fit_request(groups=True)
    model = ensemble(network, cv=GroupKFold(5)).fit(X, y, groups=groups)
    splits = list(GroupKFold(5).split(X, y, groups))
    expected = first_member(model, {"groups": groups}, splits, X, y)
    assert_array_equal(model.estimators_[0].predict(X), expected.predict(X))


@pytest.mark.parametrize(
    "wrap", [lambda net: net, lambda net: make_pipeline(StandardScaler(), net)]
)
@pytest.mark.parametrize("around", [lambda net: net, TransformedTargetRegressor])
def test_without_routing_groups_reach_a_network_that_stops_by_them(wrap, around, regression):
    X, y = regression
    groups, seen = np.arange(60) // 6, []

    class Recorded(GroupShuffleSplit):
        def split(self, X, y, groups):
            seen.append(groups)
            return super().split(X, y, groups)

    network = clone(EPOCHS).set_params(early_stopping="loss")
    network.set_params(validation_fraction=Recorded(1, random_state=0))
    model = ensemble(wrap(around(network)), cv=GroupKFold(5))
    model.fit(X, y, groups=groups)
    for found, (train, _) in zip(seen, GroupKFold(5).split(X, y, groups), strict=True):
        assert_array_equal(found, groups[train])
    assert ensemble(cv=GroupKFold(5)).fit(X, y, groups=groups).oob_score_ > 0


@pytest.mark.slow
@pytest.mark.usefixtures("routing")
def test_a_grid_search_routes_weights_into_an_ensemble_by_default(regression, weight):
    X, y = regression
    model = ensemble(None, 2).set_fit_request(sample_weight=True)
    model.set_score_request(sample_weight=True)
    search = GridSearchCV(model, {"n_estimators": [2]}, cv=2).fit(X, y, sample_weight=weight)
    plain = clone(search.best_estimator_).fit(X, y)
    assert not np.allclose(plain.predict(X), search.best_estimator_.predict(X))


def test_validation_data_are_handed_to_each_member_whole(regression):
    X, y = regression
    network = ScratchMLPRegressor((5,), early_stopping="loss", max_iter=20)
    model = ensemble(network).fit(X, y, X_val=X, y_val=y)  # as many rows as X, and yet not cut
    for member in model.estimators_:
        assert len(member.validation_loss_curve_) == member.n_iter_
        losses = 0.5 * (member.predict(X) - y) ** 2
        assert min(member.validation_loss_curve_) < losses.mean() * 10


def test_verbose_prints_a_line_for_each_member(regression, capsys):
    ensemble(LinearRegression(), 3, verbose=1).fit(*regression)
    lines = capsys.readouterr().out.splitlines()
    assert [re.match(r"Member (\d)/3 +40 rows +[\d.]+ s", line)[1] for line in lines] == [
        "1",
        "2",
        "3",
    ]
    ensemble(LinearRegression(), 3).fit(*regression)
    assert capsys.readouterr().out == ""


def test_transform_is_what_each_member_predicts(regression):
    X, y = regression
    model = ensemble().fit(X, np.c_[y, -y])
    columns = model.transform(X)
    assert columns.shape == (60, 8)
    assert_array_equal(columns[:, 2:4], model.estimators_[1].predict(X))
    framed = ensemble().set_output(transform="pandas").fit(X, y).transform(X)
    assert list(framed.columns) == [f"scratchmlpensembleregressor{i}" for i in range(4)]


def test_steps_of_a_pipeline_may_hand_on_frames(regression):
    X, y = regression
    names = []
    look = FunctionTransformer(lambda X: names.append(list(X.columns)) or X)
    pipe = make_pipeline(StandardScaler(), look, NET).set_output(transform="pandas")
    ensemble(pipe, 2).fit(pd.DataFrame(X, columns=list("abcd")), y)
    assert names[0] == list("abcd")


COPIES = {"pickle": lambda model: pickle.loads(pickle.dumps(model)), "deepcopy": copy.deepcopy}


@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
def test_a_copy_predicts_the_same(duplicate, regression):
    X, y = regression
    model = ensemble(cv=GroupKFold(3)).fit(X, y, np.linspace(1, 2, 60), groups=np.arange(60) // 5)
    twin = duplicate(model)
    assert_array_equal(twin.predict_interval(X, 0.8), model.predict_interval(X, 0.8))
    assert_array_equal(twin.oob_prediction_, model.oob_prediction_)


def test_a_clone_has_the_parameters_and_no_fit(regression):
    model = ensemble(make_pipeline(StandardScaler(), Ridge())).fit(*regression)
    twin = clone(model)
    assert not hasattr(twin, "estimators_")
    assert twin.get_params()["estimator__ridge__alpha"] == 1.0
    twin.set_params(estimator__ridge__alpha=5)
    assert model.estimator.steps[-1][1].alpha == 1.0


@pytest.mark.slow
def test_rows_in_a_mapped_file_are_as_good_as_in_memory(regression, tmp_path):
    X, y = regression
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    for estimator in (NET, None):
        model = ensemble(estimator, 2).fit(mapped, y)
        assert_array_equal(model.predict(mapped), ensemble(estimator, 2).fit(X, y).predict(X))


def test_weights_that_leave_a_network_nothing_to_train_on_are_refused(regression):
    X, y = regression
    weight = np.zeros(60)
    weight[3] = 1
    with pytest.raises(ValueError, match=r"sample_weight must be above 0 .*; got 1 such rows, all"):
        ensemble(LinearRegression()).fit(X, y, weight)


def test_weights_that_leave_nothing_to_judge_by_are_refused(regression):
    X, y = regression
    weight = np.where(np.arange(60) < 20, 1, 0)
    with pytest.raises(ValueError, match=r"sample_weight must be above 0 .* cv holds out; got 20"):
        ensemble(LinearRegression(), cv=TimeSeriesSplit(2)).fit(X, y, weight)


def test_a_transformed_linear_model_takes_weights(regression, weight):
    X, y = regression
    model, expected = (
        ensemble(TransformedTargetRegressor(regressor)).fit(X, y, weight)
        for regressor in (None, LinearRegression())
    )
    assert_array_equal(model.predict(X), expected.predict(X))


@pytest.mark.parametrize("estimator", [NET, make_pipeline(StandardScaler(), NET)], ids=type)
def test_masked_values_and_lazy_frames_are_refused_before_members_get_them(estimator, regression):
    X, y = regression
    model = ensemble(estimator, 2).fit(X, y)
    masked = np.ma.masked_greater(X, 1)
    for call in (model.fit, lambda X, y: model.predict(X)):
        with pytest.raises(ValueError, match="X must not be masked"):
            call(masked, y)
        with pytest.raises(TypeError, match=r"X must be in memory, got a LazyFrame"):
            call(pl.DataFrame(X).lazy(), y)


@pytest.mark.parametrize("wrap", [lambda net: net, TransformedTargetRegressor])
def test_ctrl_c_ends_the_fit_of_all_members_and_leaves_the_ensemble_as_it_was(wrap, regression):
    X, y = regression
    started = []

    def rate(epoch, n_epochs):
        started.append(epoch)
        if len(started) == 13:  # in the second member
            raise KeyboardInterrupt
        return 1.0

    model = ensemble(EPOCHS, 2).fit(X, y)
    before = copy.deepcopy(vars(model))
    network = clone(EPOCHS).set_params(max_iter=10, learning_rate=rate)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(estimator=wrap(network), n_estimators=4).fit(X, y)
    assert len(started) == 13
    assert same(vars(model.set_params(estimator=EPOCHS, n_estimators=2)), before)
    started.clear()
    with pytest.warns(UserWarning, match="interrupted"):  # one by itself ends as ever
        network.set_params(max_iter=20).fit(X, y)


@pytest.mark.slow
def test_what_members_in_other_processes_warn_of_is_told_by_this_one(regression):
    X, y = regression
    network = clone(EPOCHS).set_params(batch_size=100, learning_rate="cosine")
    with pytest.warns(UserWarning, match="larger than the 30 training samples") as found:
        ensemble(network, 2, n_jobs=2).fit(X, y)
    about_size = [each for each in found if "larger than" in str(each.message)]
    assert [each.filename for each in about_size] == [__file__]
