"""Validation data: held out in several ways, or the user's own; what they decide, and when."""

import copy
import pickle
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, UnsetMetadataPassedError
from sklearn.metrics import get_scorer, make_scorer, mean_absolute_error, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupShuffleSplit,
    KFold,
    PredefinedSplit,
    ShuffleSplit,
    TimeSeriesSplit,
)
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import Quantile, ScratchMLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SHORT = {"hidden_layer_sizes": (8,), "max_iter": 12, "learning_rate_init": 0.02, "random_state": 0}
SOLVERS = ["sgd", "adam", "lbfgs"]
every_solver = pytest.mark.parametrize("solver", SOLVERS)


def network(**params):
    return ScratchMLPRegressor(**{**SHORT, **params})


@pytest.fixture
def parts(regression):
    """Return training data, and validation data of their own."""
    X, y = regression
    return (X[:40], y[:40]), {"X_val": X[40:], "y_val": y[40:]}


def weights(model):
    return np.concatenate([array.ravel() for array in (*model.coefs_, *model.intercepts_)])


# --- data of one's own ---


@every_solver
@pytest.mark.parametrize("early_stopping", [True, "loss"])
def test_ones_own_validation_data_decide_and_all_rows_are_trained_on(solver, early_stopping, parts):
    train, own = parts
    model = network(solver=solver, early_stopping=early_stopping, max_iter=30)
    model.fit(*train, **own)
    best = np.argmin if early_stopping == "loss" else np.argmax
    curve = model.validation_loss_curve_ if early_stopping == "loss" else model.validation_scores_
    assert model.n_iter_best_ == best(curve) + 1
    assert len(model.validation_loss_curve_) == len(model.loss_curve_) == model.n_iter_
    assert model.best_validation_score_ == model.validation_scores_[model.n_iter_best_ - 1]
    assert model.score(own["X_val"], own["y_val"]) == pytest.approx(model.best_validation_score_)
    until_best = network(solver=solver, max_iter=model.n_iter_best_).fit(*train)
    assert_allclose(weights(model), weights(until_best), rtol=1e-12)


@every_solver
def test_without_early_stopping_they_are_recorded_and_change_nothing(solver, parts):
    train, own = parts
    watched, plain = network(solver=solver).fit(*train, **own), network(solver=solver).fit(*train)
    assert_array_equal(weights(watched), weights(plain))
    assert watched.loss_curve_ == plain.loss_curve_
    assert len(watched.validation_scores_) == watched.n_iter_ == watched.n_iter_best_
    assert plain.validation_scores_ is None
    assert plain.validation_loss_curve_ is None
    assert watched.best_validation_score_ is None
    assert watched.validation_scores_[-1] == pytest.approx(plain.score(own["X_val"], own["y_val"]))


@every_solver
def test_validation_that_begins_late_is_recorded_at_the_epochs_it_was_made_after(solver, parts):
    train, own = parts
    always = network(solver=solver, warm_start=True, max_iter=5).fit(*train, **own)
    late = network(solver=solver, warm_start=True, max_iter=5).fit(*train)
    for model in (always, late):
        model.fit(*train, **own)
    assert late.loss_curve_ == always.loss_curve_
    for curve in ("validation_loss_curve_", "validation_scores_"):
        assert np.isnan(getattr(late, curve)[:5]).all()
        assert getattr(late, curve)[5:] == getattr(always, curve)[5:]
    assert len(late.validation_scores_) == 10
    late.fit(*train)
    assert len(late.validation_scores_) == 10


def test_a_perfect_fold_and_ones_own_data_make_the_same_model(regression, parts):
    X, y = regression
    train, own = parts
    held_out = np.arange(60) >= 40
    by_fold = network(early_stopping=True, validation_fraction=held_out).fit(X, y)
    by_data = network(early_stopping=True).fit(*train, **own)
    assert_array_equal(weights(by_fold), weights(by_data))
    assert by_fold.validation_scores_ == by_data.validation_scores_


@pytest.mark.parametrize("standardize", [True, False])
def test_the_validation_loss_is_in_the_units_of_the_training_loss(standardize, parts):
    (X, y), _ = parts
    y = 100 + 10 * y
    model = network(alpha=0, standardize=standardize, batch_size=40, max_iter=2)
    model.fit(X, y, X_val=X, y_val=y)
    # the loss of an epoch of one batch is that of the weights before its step
    assert model.validation_loss_curve_[0] == pytest.approx(model.loss_curve_[1])


def test_validation_weights_count_as_repeated_rows(parts):
    train, own = parts
    counts = np.arange(20) % 3
    weighted = network().fit(*train, **own, sample_weight_val=counts)
    X_val, y_val = (own[name].repeat(counts, axis=0) for name in ("X_val", "y_val"))
    repeated = network().fit(*train, X_val=X_val, y_val=y_val)
    assert_allclose(weighted.validation_scores_, repeated.validation_scores_)
    assert_allclose(weighted.validation_loss_curve_, repeated.validation_loss_curve_)


def test_sparse_validation_data_are_as_good_as_dense(parts):
    train, own = parts
    dense = network(early_stopping=True).fit(*train, **own)
    thin = network(early_stopping=True).fit(
        *train, X_val=sparse.csc_matrix(own["X_val"]), y_val=own["y_val"]
    )
    assert_allclose(thin.validation_scores_, dense.validation_scores_)


def test_several_outputs_are_validated_by_the_sum_of_their_losses(parts):
    (X, y), _ = parts
    model = network(alpha=0, batch_size=40, max_iter=2)
    model.fit(X, np.c_[y, y**2], X_val=X, y_val=np.c_[y, y**2])
    assert model.validation_loss_curve_[0] == pytest.approx(model.loss_curve_[1])


# --- scorers ---


@every_solver
@pytest.mark.parametrize("scoring", ["neg_mean_absolute_error", make_scorer(r2_score)])
def test_a_scorer_of_scikit_learn_decides(scoring, solver, parts):
    train, own = parts
    model = network(solver=solver, early_stopping=True, scoring=scoring).fit(*train, **own)
    scorer = get_scorer(scoring)
    assert scorer(model, own["X_val"], own["y_val"]) == pytest.approx(model.best_validation_score_)
    assert model.best_validation_score_ == max(model.validation_scores_)


def test_a_scorer_of_ones_own_sees_a_fitted_estimator(parts):
    train, own = parts
    seen = []

    def scoring(estimator, X, y):
        seen.append(estimator.predict(X))
        return -mean_absolute_error(y, seen[-1])

    model = network(scoring=scoring, max_iter=3).fit(*train, **own)
    assert len(seen) == 3
    assert_allclose(seen[-1], model.predict(own["X_val"]))
    assert not np.allclose(seen[0], seen[1])


def test_a_scorer_asks_for_no_names_of_columns(parts):
    """Warnings are errors here: what it is handed has no names, and what is fitted has."""
    pd = pytest.importorskip("pandas")
    (X, y), _ = parts
    model = network(early_stopping=True, scoring="neg_mean_absolute_error", max_iter=2)
    model.fit(pd.DataFrame(X, columns=list("abcd")), y)
    assert list(model.feature_names_in_) == list("abcd")


def test_a_scorer_that_does_not_take_several_quantiles_is_named(regression):
    model = network(loss=Quantile([0.1, 0.9]), early_stopping=True, scoring="r2")
    with pytest.raises(ValueError, match=r"scoring='r2': .*number of output"):
        model.fit(*regression)


def test_a_scorer_is_handed_the_weights(parts):
    train, own = parts
    weight = np.arange(20.0)
    model = network(scoring="neg_mean_absolute_error")
    model.fit(*train, **own, sample_weight_val=weight)
    expected = -mean_absolute_error(own["y_val"], model.predict(own["X_val"]), sample_weight=weight)
    assert model.validation_scores_[-1] == pytest.approx(expected)


# --- rows held out ---


def test_a_fraction_in_single_precision_holds_out_what_mlpregressor_does(regression):
    fraction = {"early_stopping": True, "validation_fraction": np.float32(0.2)}
    ours = network(standardize=False, **fraction).fit(*regression)
    theirs = MLPRegressor(**SHORT, **fraction).fit(*regression)
    assert_allclose(ours.validation_scores_, theirs.validation_scores_)


def test_groups_of_another_length_are_named(regression):
    X, y = regression
    model = ScratchMLPRegressor(early_stopping=True, validation_fraction=GroupShuffleSplit(1))
    with pytest.raises(ValueError, match=r"groups must have shape \(60,\), .* got \(9,\)"):
        model.fit(X, y, groups=np.arange(9))


def test_a_splitter_of_groups_keeps_groups_together(regression):
    X, y = regression
    groups = np.arange(60) // 6
    splitter = GroupShuffleSplit(1, test_size=0.3, random_state=0)
    model = network(early_stopping=True, validation_fraction=splitter)
    model.fit(X, y, groups=groups)
    train, held_out = next(splitter.split(X, y, groups))
    assert set(groups[train]).isdisjoint(groups[held_out])
    by_hand = network(early_stopping=True).fit(
        X[train], y[train], X_val=X[held_out], y_val=y[held_out]
    )
    assert_allclose(model.validation_scores_, by_hand.validation_scores_)


def test_a_splitter_of_time_validates_on_the_latest(regression):
    X, y = regression
    model = network(early_stopping=True, validation_fraction=TimeSeriesSplit(3)).fit(X, y)
    by_hand = network(early_stopping=True).fit(X[:45], y[:45], X_val=X[45:], y_val=y[45:])
    assert_allclose(model.validation_scores_, by_hand.validation_scores_)
    assert_allclose(weights(model), weights(by_hand))


@pytest.mark.parametrize(
    "fold",
    [np.arange(60) >= 40, np.where(np.arange(60) >= 40, 0, -1), [False] * 40 + [True] * 20],
    ids=["booleans", "integers", "list"],
)
def test_a_test_fold_says_which_rows_are_held_out(fold, regression):
    X, y = regression
    by_fold = network(early_stopping=True, validation_fraction=fold).fit(X, y)
    predefined = PredefinedSplit(np.where(np.arange(60) >= 40, 0, -1))
    by_split = network(early_stopping=True, validation_fraction=predefined).fit(X, y)
    assert by_fold.validation_scores_ == by_split.validation_scores_


@pytest.mark.parametrize(
    ("fraction", "match"),
    [
        ([True, False], r"validation_fraction, as a test fold.*\(60,\)"),
        ([-1] * 60, "validation set is too small"),
        ([0] * 60, "validation_fraction leaves no rows to train on"),
        (np.zeros((60, 2), int), "validation_fraction, as a test fold"),
    ],
)
def test_a_bad_test_fold_is_refused(fraction, match, regression):
    model = network().fit(*regression)
    before = weights(model)
    model.set_params(early_stopping=True, validation_fraction=fraction)
    with pytest.raises(ValueError, match=match):
        model.fit(*regression)
    assert_array_equal(weights(model), before)


def test_a_splitter_that_validates_on_rows_that_it_trains_on_is_refused(regression):
    class Overlapping:
        def split(self, X, y, groups=None):
            yield np.arange(50), np.arange(49, 60)

    model = ScratchMLPRegressor(early_stopping=True, validation_fraction=Overlapping())
    with pytest.raises(ValueError, match="validates on rows that it trains on"):
        model.fit(*regression)


def test_a_splitter_without_a_split_is_refused(regression):
    class Empty(KFold):
        def split(self, X, y=None, groups=None):
            return iter(())

    with pytest.raises(ValueError, match="made no split"):
        network(early_stopping=True, validation_fraction=Empty()).fit(*regression)


@pytest.mark.parametrize(
    "split", [0, (0, 1), ([0, 1], [2, 99]), ([0], [1], [2]), ([[0, 1]], [[2, 3]])]
)
def test_a_splitter_whose_split_is_none_of_the_rows_is_refused(split, regression):
    class Odd(KFold):
        def split(self, X, y=None, groups=None):
            yield split

    with pytest.raises(ValueError, match="validation_fraction must split the 60 rows of X into"):
        network(early_stopping=True, validation_fraction=Odd()).fit(*regression)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("convert", [list, lambda rows: np.isin(np.arange(60), rows)])
def test_a_splitter_may_give_lists_or_masks(convert, weighted, regression):
    class Converted(KFold):
        def split(self, X, y=None, groups=None):
            return (map(convert, rows) for rows in super().split(X, y, groups))

    weight = np.arange(1.0, 61.0) if weighted else None
    model, by_numbers = (
        network(early_stopping=True, validation_fraction=splitter).fit(*regression, weight)
        for splitter in (Converted(3), KFold(3))
    )
    assert_array_equal(weights(model), weights(by_numbers))


def test_a_splitter_clones_pickles_and_is_searched_over(regression):
    model = network(early_stopping=True, validation_fraction=ShuffleSplit(1, random_state=0))
    for duplicate in (clone, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))):
        assert_array_equal(
            weights(duplicate(model).fit(*regression)), weights(model.fit(*regression))
        )
    grid = {"validation_fraction": [0.2, KFold(4)], "early_stopping": [True, "loss"]}
    assert GridSearchCV(network(), grid, cv=2).fit(*regression).best_params_


# --- partial_fit ---


@pytest.mark.parametrize("early_stopping", [True, "loss"])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_calls_of_partial_fit_equal_one_fit(solver, early_stopping, parts):
    train, own = parts
    params = {"solver": solver, "early_stopping": early_stopping, "n_iter_no_change": np.inf}
    whole = network(**params, max_iter=6).fit(*train, **own)
    calls = network(**params)
    for _ in range(6):
        calls.partial_fit(*train, **own)
    assert_array_equal(weights(whole), weights(calls))
    assert whole.validation_loss_curve_ == calls.validation_loss_curve_
    assert whole.n_iter_best_ == calls.n_iter_best_


def test_validation_may_begin_later(parts):
    train, own = parts
    model = network().partial_fit(*train).partial_fit(*train)
    model.set_params(early_stopping=True).partial_fit(*train, **own)
    assert_array_equal(np.isnan(model.validation_scores_), [True, True, False])
    assert model.n_iter_best_ == 3
    assert model.validation_scores_[2] == model.best_validation_score_


# --- scores that cannot decide, or were not computed ---


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("score", "error", "match"),
    [
        (np.nan, ValueError, "score on the validation data is nan"),
        (None, TypeError, "scoring must give a number, got None"),
        ({"r2": 1.0}, TypeError, "scoring must give a number"),
    ],
)
def test_a_score_that_is_no_number_is_refused(score, error, match, method, parts):
    train, own = parts
    model = network(early_stopping=True, scoring=lambda estimator, X, y: score)
    with pytest.raises(error, match=match):
        getattr(model, method)(*train, **own)
    assert not hasattr(model, "coefs_")


def assert_keeps_the_epoch_with_the_smallest_validation_loss(model):
    assert model.n_iter_best_ == 1 + np.argmin(model.validation_loss_curve_) > 1


@every_solver
def test_of_a_single_validation_row_the_loss_decides(solver, parts):
    train, own = parts
    one = {name: array[4:5] for name, array in own.items()}
    params = {"solver": solver, "learning_rate_init": 0.01, "max_iter": 1000}
    model = network(early_stopping=True, **params).fit(*train, **one)
    assert_keeps_the_epoch_with_the_smallest_validation_loss(model)
    assert np.isnan(model.validation_scores_).all()
    fold = np.arange(len(train[0])) == 7
    model = network(early_stopping=True, validation_fraction=fold, **params).fit(*train)
    assert_keeps_the_epoch_with_the_smallest_validation_loss(model)


@pytest.mark.parametrize("scoring", [None, "r2"])
@pytest.mark.parametrize("target", [1.0, 0.0, -3e8])
def test_of_constant_validation_targets_the_loss_decides(target, scoring):
    X, y = np.random.RandomState(0).normal(size=(20, 3)), np.full(20, target)
    model = ScratchMLPRegressor(
        early_stopping=True, scoring=scoring, max_iter=1000, random_state=0
    ).fit(X, y)
    assert_keeps_the_epoch_with_the_smallest_validation_loss(model)
    assert set(model.validation_scores_) == {1.0}  # it is predicted exactly
    assert np.sqrt(np.mean((model.predict(X) - target) ** 2)) < 0.15


def test_of_several_runs_the_loss_picks_the_best_where_the_score_cannot():
    X, y = np.random.RandomState(0).normal(size=(20, 3)), np.ones(20)
    params = {"early_stopping": True, "max_iter": 1000, "random_state": 0}
    losses = [
        min(ScratchMLPRegressor(n_init=n, **params).fit(X, y).validation_loss_curve_)
        for n in (1, 5)
    ]
    assert losses[1] < losses[0]


def test_where_lbfgs_has_nothing_to_do_the_score_is_that_of_the_weights_it_began_with(parts):
    train, own = parts
    model = network(solver="lbfgs", early_stopping=True, warm_start=True).fit(*train, **own)
    model.set_params(tol=1e3).fit(*train, **own)
    assert model.n_iter_ == 0
    assert model.best_validation_score_ == model.score(own["X_val"], own["y_val"])


@every_solver
def test_the_epoch_that_is_kept_is_known_to_later_calls(solver, parts):
    train, own = parts
    params = {"solver": solver, "learning_rate_init": 0.3, "max_iter": 30, "warm_start": True}
    model = network(early_stopping=True, **params).fit(*train, **own)
    best = model.n_iter_best_
    assert best < len(model.loss_curve_)
    if solver == "lbfgs":
        model.set_params(tol=1e3).fit(*train, **own)
    else:
        model.set_params(learning_rate_init=10.0).partial_fit(*train, **own)  # makes it worse
    assert model.n_iter_best_ == best
    assert model.validation_scores_[best - 1] == model.best_validation_score_


@pytest.mark.parametrize("early_stopping", [True, "loss"])
def test_after_a_divergence_the_score_is_that_of_the_weights_that_are_kept(early_stopping, parts):
    train, own = parts
    good = network(solver="lbfgs").fit(*train)
    init = [*good.coefs_, *good.intercepts_]
    model = network(init=init, solver="sgd", learning_rate_init=1e30, early_stopping=early_stopping)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        model.fit(*train, **own)
    assert model.n_iter_best_ == 0
    score = pytest.approx(model.score(own["X_val"], own["y_val"]), rel=1e-9)
    assert model.best_validation_score_ == score


# --- errors, routing, printing ---


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"y_val": None}, "X_val and y_val must be given together"),
        ({"X_val": None}, "X_val and y_val must be given together"),
        (
            {"X_val": None, "y_val": None, "sample_weight_val": np.ones(20)},
            "sample_weight_val needs",
        ),
        ({"y_val": np.ones(3)}, "X_val has 20, y_val has 3"),
        ({"y_val": np.full(20, np.nan)}, "y_val contains NaN"),
        ({"y_val": np.ones((20, 2))}, "y_val has 2 columns"),
        ({"X_val": np.ones((20, 3))}, "X_val.*3 features"),
        ({"X_val": np.full((20, 4), np.inf)}, "X_val.*infinity"),
        ({"sample_weight_val": -np.ones(20)}, "sample_weight_val must be >= 0"),
        ({"sample_weight_val": np.ones(3)}, "sample_weight_val must have shape"),
        ({"groups": np.ones(40)}, "groups needs"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_validation_data_are_named_and_change_nothing(changes, match, method, parts):
    train, own = parts
    model = network().partial_fit(*train)
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=match):
        getattr(model, method)(*train, **{**own, **changes})
    assert pickle.dumps(model) == before


def test_of_validation_data_of_another_width_the_targets_are_counted_not_the_outputs(parts):
    (X, y), own = parts
    with pytest.raises(ValueError, match="y_val has 1 columns, y has 2"):
        network(loss="gaussian").fit(X, np.c_[y, y], **own)


def test_validation_data_are_routed_through_a_pipeline(parts):
    train, own = parts
    with config_context(enable_metadata_routing=True):
        model = network().set_fit_request(X_val=True, y_val=True)
        pipe = make_pipeline(StandardScaler(), model)
        pipe.set_params(transform_input=["X_val"])
        pipe.fit(*train, **own)
        scaler = StandardScaler().fit(train[0])
        scaled = {"X_val": scaler.transform(own["X_val"]), "y_val": own["y_val"]}
        alone = network().fit(scaler.transform(train[0]), train[1], **scaled)
        assert_allclose(pipe[-1].validation_scores_, alone.validation_scores_)
        with pytest.raises(UnsetMetadataPassedError, match="X_val"):
            make_pipeline(network()).fit(*train, **own)


def test_groups_are_routed_by_a_search(regression):
    groups = np.arange(60) // 6
    with config_context(enable_metadata_routing=True):
        model = network(
            early_stopping=True, validation_fraction=GroupShuffleSplit(1, test_size=0.3)
        )
        search = GridSearchCV(model.set_fit_request(groups=True), {"alpha": [0, 1]}, cv=2)
        assert search.fit(*regression, groups=groups).best_estimator_.n_iter_ > 0


def test_verbose_prints_the_loss_that_is_watched(parts, capsys):
    train, own = parts
    network(early_stopping="loss", verbose=True, tol=10, n_iter_no_change=1).fit(*train, **own)
    printed = capsys.readouterr().out
    assert "validation loss " in printed
    assert "Validation loss did not improve more than tol=10" in printed


# --- restarts ---


@every_solver
def test_of_several_draws_the_best_is_kept(solver, regression):
    X, y = regression
    several = network(solver=solver, n_init=4, shuffle=False).fit(X, y)
    seed = np.random.RandomState(0)
    params = {"solver": solver, "shuffle": False, "random_state": seed}
    alone = [network(**params).fit(X, y) for _ in range(4)]
    losses = [model.loss_ for model in alone]
    best = alone[int(np.argmin(losses))]
    assert_array_equal(weights(several), weights(best))
    assert several.loss_ == min(losses) < max(losses)
    assert len(several.loss_curve_) == several.n_iter_


def test_the_draws_do_not_depend_on_how_many_rows_there_are(regression, rng):
    X, y = regression
    times = rng.integers(0, 3, len(y))
    rows = np.repeat(np.arange(len(y)), times)
    whole = network(n_init=4, batch_size=len(rows))
    weighted = whole.set_params(batch_size=len(y)).fit(X, y, times)
    repeated = clone(whole).set_params(batch_size=len(rows)).fit(X[rows], y[rows])
    assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-6)
    assert_allclose(weighted.loss_, repeated.loss_, rtol=1e-9)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_two_fits_of_one_random_state_draw_other_weights(solver, regression):
    drawn = []

    def init(shape, random_state):
        drawn.append(random_state.normal(size=shape))
        return drawn[-1]

    seed = np.random.RandomState(0)
    for _ in range(2):
        network(solver=solver, init=init, n_init=3, random_state=seed).fit(*regression)
    assert len({W[0, 0] for W in drawn}) == len(drawn) > 6


def test_the_first_draw_is_that_of_a_single_run(regression):
    first = network(n_init=2, max_iter=1, learning_rate_init=1e-300).fit(*regression)
    single = network(n_init=1, max_iter=1, learning_rate_init=1e-300).fit(*regression)
    assert first.loss_ <= single.loss_


def test_under_early_stopping_the_best_score_on_the_same_rows_decides(regression, capsys):
    X, y = regression
    params = {"early_stopping": True, "validation_fraction": 0.3}
    several = network(n_init=5, verbose=True, **params).fit(X, y)
    printed = capsys.readouterr().out
    scores = [float(score) for score in re.findall(r"  score +(\S+)", printed)]
    assert several.best_validation_score_ == pytest.approx(max(scores), rel=1e-5)
    assert "Initialization 5 of 5" in printed
    assert network(n_init=5, **params).fit(X, y).validation_scores_ == several.validation_scores_


def test_a_draw_that_diverges_does_no_harm(regression):
    X, y = regression
    draws = iter([1e200, 0.1, 1e200])

    def init(shape, random_state):
        size = next(draws) if shape == (4, 1) else 0
        return np.full(shape, size)

    linear = network(hidden_layer_sizes=(), init=init, n_init=3)
    assert np.isfinite(linear.fit(X, y).loss_)
    draws = iter([1e200] * 2)
    with pytest.raises(ValueError, match="diverged"):
        network(hidden_layer_sizes=(), init=init, n_init=2).fit(X, y)


def test_restarts_are_inert_in_partial_fit_and_where_a_warm_start_goes_on(regression):
    for n_init in (1, 3):
        model = network(n_init=n_init).partial_fit(*regression).partial_fit(*regression)
        if n_init == 1:
            expected = weights(model)
    assert_array_equal(weights(model), expected)
    warm = network(n_init=3, warm_start=True).fit(*regression)
    copied = copy.deepcopy(warm).set_params(n_init=1)
    assert_array_equal(weights(warm.fit(*regression)), weights(copied.fit(*regression)))


def test_only_the_run_that_is_kept_warns(regression):
    with pytest.warns(ConvergenceWarning) as caught:
        network(n_init=3).fit(*regression)
    assert [warning.filename for warning in caught] == [__file__]
