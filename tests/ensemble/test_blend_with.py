"""Further regressors in the blend of an ensemble: ``blend_with``."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import LossCurveDisplay, ScratchMLPEnsembleRegressor, ScratchMLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
NET = ScratchMLPRegressor((3,), solver="lbfgs", max_iter=3)
CV = KFold(4)


def ensemble(*blend_with, estimator=NET, **params):
    params = {"random_state": 0, **params}
    return ScratchMLPEnsembleRegressor(clone(estimator), 4, blend_with=[*blend_with], **params)


@pytest.fixture
def line():
    """Rows whose target is exactly linear."""
    X = np.random.default_rng(0).normal(size=(60, 3))
    return X, X @ [1.0, -2.0, 0.5] + 3


def shares(model, n_kinds):
    """Return how much each kind counts."""
    return model.weights_.reshape(n_kinds, -1, *model.weights_.shape[1:]).sum(axis=1)


def test_a_regressor_that_is_perfect_gets_all_the_weight(line):
    X, y = line
    model = ensemble(DummyRegressor(), LinearRegression()).fit(X, y)
    assert_allclose(shares(model, 3), [0, 0, 1], atol=1e-9)
    assert_allclose(model.predict(X), y)
    assert model.oob_score_ == pytest.approx(1)
    assert_allclose(model.predict_interval(X, 0.8), np.c_[y, y], atol=1e-6)


def test_each_target_has_weights_of_its_own(line):
    X, y = line
    Y = np.c_[y, np.where(X[:, 0] > 0, 5.0, -5.0)]
    step = RandomForestRegressor(10, random_state=0)
    model = ensemble(LinearRegression(), step, estimator=DummyRegressor()).fit(X, Y)
    of_kinds = shares(model, 3)
    assert_allclose(of_kinds[:, 0], [0, 1, 0], atol=1e-9)
    assert of_kinds[2, 1] > 0.9


def test_an_infinite_prediction_is_none_of_targets_that_it_has_no_weight_for(line):
    class Exponential(LinearRegression):
        def predict(self, X):
            return np.exp(super().predict(X))

    X, y = line
    model = ensemble(Exponential(), estimator=LinearRegression()).fit(X, np.c_[y, -y])
    model.weights_ = np.repeat([[0.25, 0.125], [0.0, 0.125]], 4, axis=0)
    far = 1e4 * np.sign(X.sum(axis=1, keepdims=True)) * X
    with np.errstate(over="ignore"):
        prediction, interval = model.predict(far), model.predict_interval(far, 0.5)
        novelty = model._mean_and_novelty(far)[1]
    assert_allclose(prediction[:, 0], far @ [1.0, -2.0, 0.5] + 3)
    assert np.isinf(prediction[:, 1]).any()
    assert np.isfinite(interval[:, 0]).all()
    assert np.isfinite(novelty[:, 0]).all()


def test_weights_are_those_that_make_the_error_on_rows_held_out_least(regression):
    X, y = regression
    kinds = Ridge(30), KNeighborsRegressor(3)
    model = ensemble(kinds[1], estimator=kinds[0], cv=CV).fit(X, y)
    one, other = (cross_val_predict(kind, X, y, cv=CV) for kind in kinds)
    d = other - one
    share = np.clip(d @ (y - one) / (d @ d), 0, 1)  # of least squares on a line
    assert 0.05 < share < 0.95
    assert_allclose(shares(model, 2), [1 - share, share], atol=1e-6)
    oob = one + share * d
    assert_allclose(model.oob_prediction_, oob, atol=1e-6)
    assert_allclose(model.conformity_scores_, y - oob, atol=1e-6)
    of_members = [member.predict(X) for member in model.estimators_]
    assert_allclose(model.predict(X), model.weights_ @ of_members)


def test_intervals_are_the_errors_of_the_blend_by_rank(regression):
    X, y = regression
    model = ensemble(Ridge(), cv=CV).fit(X, y)
    errors = np.sort(y - model.oob_prediction_)
    low, high = model.predict_interval(X, 0.8).T  # of 60 errors those of rank 6 and 55
    widened = np.maximum(model.novelty(X), 1)
    assert_allclose(low, model.predict(X) + widened * errors[5])
    assert_allclose(high, model.predict(X) + widened * errors[54])


def test_a_sample_of_weight_two_counts_as_two(regression):
    X, y = regression
    weight = np.arange(60) % 3
    rows = np.repeat(np.arange(60), weight)
    cuts = [np.arange(i, 60, 4) for i in range(4)]
    splits = [(np.setdiff1d(np.arange(60), cut), cut) for cut in cuts]
    repeated = [tuple(np.flatnonzero(np.isin(rows, part)) for part in split) for split in splits]
    regressor = make_pipeline(StandardScaler(with_std=False, with_mean=False), Ridge(5))
    weighted = ensemble(regressor, estimator=LinearRegression(), cv=splits).fit(X, y, weight)
    other = ensemble(regressor, estimator=LinearRegression(), cv=repeated).fit(X[rows], y[rows])
    assert_allclose(weighted.predict(X), other.predict(X))
    assert_allclose(weighted.weights_, other.weights_)
    assert weighted.oob_score_ == pytest.approx(other.oob_score_)


@pytest.mark.slow
def test_with_the_networks_of_a_default_ensemble(line):
    X, y = line
    plain = ScratchMLPEnsembleRegressor(n_estimators=2, random_state=0).fit(X, y)
    model = clone(plain).set_params(blend_with=[DummyRegressor(), LinearRegression()]).fit(X, y)
    first = [member.predict(X) for member in plain.estimators_]
    assert_array_equal([member.predict(X) for member in model.estimators_[:-4]], first)
    assert model.weights_[-2:].sum() == pytest.approx(1, abs=1e-3)
    assert_allclose(model.predict(X), y, atol=1e-2)
    mean = sum(w * each.predict(X) for w, each in zip(model.weights_, model.estimators_))
    assert_allclose(model.predict(X), mean, atol=1e-5)  # networks are in float32
    assert_allclose(
        np.ravel([model.predict(row) for row in X[:5, np.newaxis]]), mean[:5], atol=1e-5
    )
    assert all(type(each) is ScratchMLPRegressor for each in model.estimators_[:-4])


def test_random_states_are_set_and_parameters_are_left(line):
    forest = RandomForestRegressor(2)
    model = ensemble(make_pipeline(forest), LinearRegression()).fit(*line)
    states = [member[-1].random_state for member in model.estimators_[4:8]]
    assert len(set(states)) == 4
    assert forest.random_state is None
    assert not hasattr(forest, "estimators_")
    again = clone(model).fit(*line)
    assert_array_equal(again.predict(line[0]), model.predict(line[0]))


@pytest.mark.parametrize("cv", [GroupKFold(4), TimeSeriesSplit(4)])
def test_rows_are_held_out_as_for_networks(cv, line):
    X, y = line
    groups = np.arange(60) // 5 if isinstance(cv, GroupKFold) else None
    model = ensemble(LinearRegression(), Ridge(1e9), cv=cv).fit(X, y, groups=groups)
    splits = list(cv.split(X, y, groups))
    for member, (train, _) in zip(model.estimators_[8:], splits):
        assert_allclose(member.predict(X), y[train].mean(), rtol=1e-4)
    assert_allclose(shares(model, 3), [0, 1, 0], atol=1e-8)


@pytest.mark.slow
def test_it_is_stored_cloned_and_trained_in_processes(line):
    X, y = line
    model = ensemble(Ridge(), HistGradientBoostingRegressor(max_iter=5)).fit(X, y)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    assert "blend_with=[Ridge()" in repr(model)
    assert "blend_with" in model._repr_html_()
    parallel = clone(model).set_params(n_jobs=2).fit(X, y)
    assert_allclose(parallel.predict(X), model.predict(X))
    before = model.predict(X)
    assert_array_equal(model.set_params(blend_with=None).predict(X), before)  # until `fit`


def test_tables_reach_them_encoded(line):
    X, _ = line
    word = np.where(X[:, 0] > 0, "high", "low")
    table = pd.DataFrame({"x": X[:, 1], "word": word})
    target = X[:, 1] + 7 * (word == "high")
    model = ensemble(LinearRegression()).fit(table, target)
    assert_allclose(model.predict(table), target)
    assert_array_equal(model.feature_names_in_, ["x", "word"])


def test_predictions_stay_in_the_range_of_the_target(line):
    X, y = line
    y = np.maximum(y, 0)
    model = ensemble(LinearRegression(), target_range=(0, None)).fit(X, y)
    assert shares(model, 2)[1] > 0.5
    assert model.estimators_[-1].predict(X).min() < -0.1
    assert model.predict(X).min() == 0


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_losses_of_positive_targets_keep_a_line_above_zero(loss, line):
    X, y = line
    y = np.maximum(y, 0.01)
    network = ScratchMLPRegressor((3,), loss=loss, out_activation="exp", max_iter=1)
    model = ensemble(LinearRegression(), estimator=network).fit(X, y)
    assert model.estimators_[-1].predict(X).min() < -0.1
    for given in (model.predict(X), model.predict_interval(X, 0.8), *model.predict(X, True)):
        assert np.all(given >= 0)


def logarithmic(regressor):
    return TransformedTargetRegressor(regressor, func=np.log, inverse_func=np.exp)


def test_scores_are_logarithms_where_all_are_trained_on_logarithms(line):
    X, u = line
    y = np.exp(u + np.random.default_rng(1).normal(size=60))
    both = ensemble(logarithmic(LinearRegression()), estimator=logarithmic(NET)).fit(X, y)
    assert_allclose(both.conformity_scores_, np.log(y) - np.log(both.oob_prediction_))
    standardised = TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler())
    for other in (LinearRegression(), standardised):  # which may predict what has no logarithm
        one = ensemble(other, estimator=logarithmic(NET)).fit(X, y)
        assert_allclose(one.conformity_scores_, y - one.oob_prediction_)


def test_networks_that_predict_a_deviation_are_asked_alone(line):
    X, y = line
    y = y + X[:, 0] * np.random.default_rng(2).normal(size=60)
    network = ScratchMLPRegressor((3,), loss="gaussian", max_iter=20, learning_rate_init=0.01)
    model = ensemble(LinearRegression(), estimator=network).fit(X, y)
    assert np.ptp(np.diff(model.predict_interval(X, 0.8))) > 0.01


def test_the_displays_draw_the_networks(line):
    pytest.importorskip("matplotlib").use("agg")
    model = ensemble(Ridge(), estimator=ScratchMLPRegressor((3,), max_iter=3)).fit(*line)
    display = LossCurveDisplay.from_estimator(model)
    assert len(display.ax_.lines) >= 4


@pytest.mark.parametrize(
    "given",
    [
        *(5, "ridge", Ridge, Ridge(), [Ridge], [("ridge", Ridge())], [LogisticRegression()]),
        *([None], [StandardScaler()], {"ridge": Ridge()}, [KMeans()], [IsolationForest()]),
    ],
    ids=repr,
)
def test_what_is_no_list_of_regressors_is_refused(given, line):
    model = ScratchMLPEnsembleRegressor(NET, blend_with=given)
    for asked in (lambda: model.fit(*line), model.get_metadata_routing):
        with pytest.raises(TypeError, match="blend_with must be None or a list of regressors"):
            asked()
    assert not hasattr(model, "estimators_")


def test_what_a_regressor_cannot_take_is_refused_by_name(line):
    X, y = line
    boosting = HistGradientBoostingRegressor(max_iter=5)
    with pytest.raises(ValueError, match=r"blend_with has Hist.* one target.*MultiOutput"):
        ensemble(boosting).fit(X, np.c_[y, y])
    assert ensemble(MultiOutputRegressor(boosting)).fit(X, np.c_[y, y]).n_outputs_ == 2
    with pytest.raises(ValueError, match=r"blend_with has Hist.* no sparse X"):
        ensemble(boosting).fit(sparse.csr_array(X), y)
    with pytest.raises(ValueError, match=r"sample_weight must be None: KNeighbors"):
        ensemble(KNeighborsRegressor()).fit(X, y, np.ones(60))
    quantiles = ScratchMLPRegressor((3,), loss="quantile", max_iter=3)
    with pytest.raises(ValueError, match="blend_with must be None where quantiles"):
        ensemble(Ridge(), estimator=quantiles).fit(X, y)


@pytest.mark.parametrize(
    "regressor",
    [
        StackingRegressor([("ridge", LinearRegression())]),
        FrozenEstimator(LinearRegression().fit(np.eye(4, 3), [4.0, 1.0, 3.5, 3.0])),
        GridSearchCV(LinearRegression(), {"fit_intercept": [True]}, cv=2),
    ],
    ids=lambda regressor: type(regressor).__name__,
)
def test_what_has_no_predict_yet_or_no_parameters_or_says_little_of_itself_is_taken(
    regressor, line
):
    X, y = line
    assert shares(ensemble(regressor).fit(X, y), 2)[1] > 0.9
    if isinstance(regressor, GridSearchCV):
        assert_allclose(ensemble(regressor).fit(X, np.c_[y, -y]).predict(X), np.c_[y, -y])


class Odd(RegressorMixin, BaseEstimator):
    """Predicts something else than one finite number for each row."""

    def __init__(self, change=None):
        self.change = change

    def fit(self, X, y, sample_weight=None):
        self.linear_ = LinearRegression().fit(X, y)
        return self

    def predict(self, X):
        return self.change(self.linear_.predict(X))


def as_column(y):
    return y[:, np.newaxis]


def without_last(y):
    return y[:-1]


def not_a_number(y):
    return y * np.nan


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (as_column, r"rows held out of shape \(15,\); got \(15, 1\) of Odd"),
        (without_last, r"rows held out of shape \(15,\); got \(14,\) of Odd"),
        (not_a_number, r"must be finite, got nan for row .* The member is Odd"),
    ],
)
def test_predictions_that_are_no_numbers_for_rows_are_refused_by_name(change, message, line):
    with pytest.raises(ValueError, match=message):
        ensemble(Odd(change)).fit(*line)


def test_tags_are_those_of_all():
    assert ensemble(NET).__sklearn_tags__().input_tags.sparse
    boosting = ensemble(NET, HistGradientBoostingRegressor()).__sklearn_tags__()
    assert not boosting.input_tags.sparse
    assert not boosting.target_tags.multi_output


@pytest.mark.usefixtures("routing")
def test_metadata_are_routed_to_each(line):
    X, y = line
    weight = np.arange(60.0)
    network = clone(NET).set_fit_request(sample_weight=False)
    ridge = Ridge(1e9).set_fit_request(sample_weight=True)
    model = ensemble(ridge, KNeighborsRegressor(), estimator=network, cv=CV).fit(X, y, weight)
    train = next(CV.split(X))[0]
    mean = np.average(y[train], weights=weight[train])
    assert_allclose(model.estimators_[4].predict(X), mean, rtol=1e-4)
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        ensemble(Ridge(), estimator=network).fit(X, y, weight)


def test_searches_and_votings_hand_weights_on(line):
    X, y = line
    weight = np.where(np.arange(len(y)) < 30, 1.0, 5.0)
    tuned = make_pipeline(StandardScaler(), Ridge())
    search = GridSearchCV(tuned, {"ridge__alpha": [10.0]}, cv=3)
    best = make_pipeline(StandardScaler(), Ridge(10.0))
    found, expected = (
        ensemble(each, cv=CV).fit(X, y, sample_weight=weight) for each in (search, best)
    )
    assert_allclose(found.predict(X), expected.predict(X), rtol=1e-10)
    voting = VotingRegressor([("of one", Ridge(10.0))])
    of_voting, of_one = (
        ensemble(each, cv=CV).fit(X, y, sample_weight=weight) for each in (voting, Ridge(10.0))
    )
    assert_allclose(of_voting.predict(X), of_one.predict(X), rtol=1e-10)
    neighbours, pipeline = KNeighborsRegressor(), make_pipeline(StandardScaler(), Ridge())
    for untakable, what in [
        (GridSearchCV(neighbours, {"n_neighbors": [3]}), "KNeighbors"),
        (VotingRegressor([("a", neighbours), ("b", Ridge())]), "KNeighbors"),
        (StackingRegressor([("a", Ridge())], final_estimator=neighbours), "KNeighbors"),
        (VotingRegressor([("a", pipeline)]), "Voting"),  # it has another name for them
    ]:
        with pytest.raises(ValueError, match=f"sample_weight must be None: {what}"):
            ensemble(untakable, cv=CV).fit(X, y, sample_weight=weight)
    voting = VotingRegressor([("a", Ridge()), ("b", "drop")])
    assert np.isfinite(ensemble(voting, cv=CV).fit(X, y, sample_weight=weight).oob_score_)
