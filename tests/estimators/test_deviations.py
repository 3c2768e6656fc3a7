"""Where ScratchMLPRegressor departs from MLPRegressor on purpose: the two side by side."""

import inspect
import re
import warnings
from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_diabetes, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.utils import shuffle

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.components.schedules import Schedule

BOTH = pytest.mark.parametrize("regressor", [MLPRegressor, ScratchMLPRegressor])
NEEDS_SAMPLE_WEIGHT = pytest.mark.skipif(
    "sample_weight" not in inspect.signature(MLPRegressor.fit).parameters,
    reason="MLPRegressor takes sample weights since scikit-learn 1.7",
)
pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:scipy.optimize:DeprecationWarning",  # an old scikit-learn with a new SciPy
)

PLAIN_SGD = {"solver": "sgd", "momentum": 0, "nesterovs_momentum": False, "alpha": 0}
ENDLESS = {"tol": 0, "n_iter_no_change": np.inf}
RULES = [
    {"solver": "adam"},
    {"solver": "adam", "learning_rate": "invscaling"},
    {"solver": "sgd"},
    {"solver": "sgd", "nesterovs_momentum": False},
    {"solver": "sgd", "momentum": 0},
    {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.1},
    {"solver": "adamw"},
    {"solver": "rmsprop"},
    {"max_grad_norm": 0.1},
]


@pytest.fixture(autouse=True)
def unscaled(monkeypatch):
    """MLPRegressor does not standardise: neither do we, where it is not said."""
    monkeypatch.setitem(ScratchMLPRegressor.__init__.__kwdefaults__, "standardize", False)


@pytest.fixture
def data():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(83, 4))
    return X, np.sin(X @ [1, 0.5, -1, 0.2]) + 0.1 * rng.normal(size=83)


def parameters(estimator):
    return np.concatenate([array.ravel() for array in estimator.coefs_ + estimator.intercepts_])


def initial_parameters(n_features, hidden, seed):
    """Return initial weights and intercepts, so that training does not draw them."""
    rng = np.random.RandomState(seed)
    sizes = [n_features, *hidden, 1]
    coefs = [0.3 * rng.normal(size=shape) for shape in pairwise(sizes)]
    return [*coefs, *(np.zeros(size) for size in sizes[1:])]


def validation_rows(n_samples, seed, fraction=0.1):
    """Return the rows that early stopping holds out, if the split is the seed's first draw."""
    return train_test_split(np.arange(n_samples), test_size=fraction, random_state=seed)[1]


def assert_equal_models(one, other):
    """Compare bit for bit."""
    np.testing.assert_array_equal(parameters(one), parameters(other))
    assert one.loss_curve_ == other.loss_curve_
    assert one.best_loss_ == other.best_loss_
    assert one.validation_scores_ == other.validation_scores_
    assert one.best_validation_score_ == other.best_validation_score_
    assert one.t_ == other.t_


# A target's unit does not matter.


@pytest.mark.slow
@pytest.mark.parametrize(("factor", "shift"), [(1e-3, 0), (1, 1000), (1e3, 0)])
def test_the_unit_of_the_target_spoils_mlpregressor_but_not_ours(factor, shift):
    X, y = load_diabetes(return_X_y=True)
    X, y = X / X.std(axis=0), (y - y.mean()) / y.std()
    other = y * factor + shift
    theirs = MLPRegressor(random_state=0).fit(X, other)
    ours = ScratchMLPRegressor(standardize=True, random_state=0).fit(X, other)
    reference = ScratchMLPRegressor(standardize=True, random_state=0).fit(X, y)
    assert theirs.score(X, other) < 0.3 < 0.6 < ours.score(X, other)
    assert ours.score(X, other) == pytest.approx(reference.score(X, y))


# What `tol` says of a loss that still falls, and of one that is that of the mean, is warned of.


def texts_of(model, X, y):
    """Fit a model, and return what it warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y)
    return [str(each.message) for each in caught]


@pytest.mark.slow
def test_a_tol_for_y_in_a_large_unit_stops_ours_early_with_a_warning_but_not_mlpregressor():
    X, y = make_regression(200, 20, random_state=1)
    X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    params = {"random_state": 0, "max_iter": 2000}
    theirs = MLPRegressor(tol=0.1, **params)
    ours = ScratchMLPRegressor(tol=0.1, standardize=True, **params)
    assert texts_of(theirs, X, y) == []
    (text,) = texts_of(ours, X, y)
    assert ours.n_iter_ == 12
    assert ours.score(X_test, y_test) < 0.6 < 0.95 < theirs.score(X_test, y_test)
    assert "stopped by tol=0.1 while its loss still fell" in text
    # The same tol in the unit of our loss; or our loss in the unit of MLPRegressor's.
    kept = ScratchMLPRegressor(tol=0.1 / y.var(), standardize=True, **params).fit(X, y)
    assert kept.score(X, y) > 0.999
    assert texts_of(ScratchMLPRegressor(tol=0.1, **params), X, y) == []


@BOTH
def test_a_stop_at_the_mean_is_told_of_but_not_by_mlpregressor(regressor, data):
    X, y = np.ones_like(data[0]), data[1]
    for solver in ("adam", "lbfgs"):
        model = regressor(solver=solver, random_state=0, max_iter=5000)
        texts = texts_of(model, X, y)
        assert len(texts) == (regressor is ScratchMLPRegressor)
        assert all("no better than to predict the mean" in text for text in texts)


def test_lbfgs_goes_on_from_the_mean_but_ends_there_in_mlpregressor():
    x = np.linspace(-10, 10, 300)[:, np.newaxis]
    y = x[:, 0] * np.sin(x[:, 0])
    y, params = (y - y.mean()) / y.std(), {"activation": "logistic", "solver": "lbfgs"}
    params |= {"hidden_layer_sizes": (20, 20), "random_state": 0}
    z = x / x.std()
    theirs = MLPRegressor(**params).fit(z, y)
    ours = ScratchMLPRegressor(standardize=True, **params).fit(z, y)
    assert theirs.score(z, y) < 0.01 < 0.9 < ours.score(z, y)


# Sample weights are relative to the mean weight of the training set, not of the batch.


@pytest.mark.slow
@NEEDS_SAMPLE_WEIGHT
def test_with_one_sample_per_batch_weights_count_but_not_in_mlpregressor(data):
    X, y = data
    weight = np.random.RandomState(0).uniform(0.1, 3, len(y))
    params = {"hidden_layer_sizes": (5,), "batch_size": 1, "alpha": 0, "max_iter": 3}
    for regressor, matter in (MLPRegressor, False), (ScratchMLPRegressor, True):
        weighted = regressor(random_state=0, **params).fit(X, y, weight)
        unweighted = regressor(random_state=0, **params).fit(X, y)
        close = np.allclose(parameters(weighted), parameters(unweighted), rtol=1e-6)
        assert close != matter, regressor


def test_a_step_is_proportional_to_the_weight_over_the_mean_weight():
    X, y, weight = np.array([[1.0], [0.0]]), np.array([1.0, 0.0]), [3, 1]  # the mean is 2
    params = {"hidden_layer_sizes": (), "fit_intercept": False, "init": [[[0.0]]], **PLAIN_SGD}
    ours = ScratchMLPRegressor(
        batch_size=1, shuffle=False, max_iter=1, learning_rate_init=0.1, **params
    ).fit(X, y, weight)
    assert ours.coefs_[0].item() == pytest.approx(0.1 * 3 / 2, rel=1e-12)


def test_samples_without_weights_weigh_one_beside_others_that_have_weights(data):
    X, y = data
    models = []
    for ones in (None, np.ones(len(y))):
        model = ScratchMLPRegressor((5,), batch_size=10, random_state=0)
        models.append(model.partial_fit(X, y, np.full(len(y), 3.0)).partial_fit(X, y, ones))
    assert_equal_models(*models)
    unweighted = ScratchMLPRegressor((5,), batch_size=10, random_state=0)
    unweighted.partial_fit(X, y).partial_fit(X, y)
    assert not np.allclose(parameters(models[0]), parameters(unweighted), rtol=1e-9)


@NEEDS_SAMPLE_WEIGHT
def test_a_batch_without_weight_takes_no_step_but_stops_mlpregressor(data):
    X, y = data[0][:10], data[1][:10]
    weight = np.repeat([0, 1], 5)
    params = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 1, **PLAIN_SGD}
    with pytest.raises(ZeroDivisionError):
        MLPRegressor(batch_size=5, shuffle=False, **params).fit(X, y, weight)
    ours = ScratchMLPRegressor(batch_size=5, shuffle=False, **params).fit(X, y, weight)
    # The mean weight is 1/2, so the other batch counts twice: as a step of twice the size does.
    params["learning_rate_init"] = 2 * ours.learning_rate_init
    other = ScratchMLPRegressor(**params).fit(X[5:], y[5:])
    np.testing.assert_allclose(parameters(ours), parameters(other), rtol=1e-12)


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_only_the_ratios_of_weights_matter(data, solver):
    X, y = data
    weight = np.random.RandomState(0).uniform(0.1, 3, len(y))
    params = {"hidden_layer_sizes": (5,), "batch_size": 10, "alpha": 0, "max_iter": 5}
    fits = [
        ScratchMLPRegressor(solver=solver, random_state=0, **params).fit(X, y, factor * weight)
        for factor in (1, 1024)
    ]
    np.testing.assert_allclose(parameters(fits[0]), parameters(fits[1]), rtol=1e-9)


@NEEDS_SAMPLE_WEIGHT
@BOTH
def test_weights_of_a_small_mean_multiply_the_penalty_of_which_only_ours_warns(data, regressor):
    X, y = data
    weight = np.random.RandomState(0).uniform(0.1, 3, len(y))
    weight *= 1e-3
    params = {"hidden_layer_sizes": (), "solver": "lbfgs", "alpha": 0.5, "tol": 1e-10}
    model = regressor(max_iter=1000, random_state=0, **params)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model.fit(X, y, weight)
    ours = regressor is ScratchMLPRegressor
    assert any("acts as alpha=" in str(each.message) for each in told) == ours
    ridge = Ridge(0.5).fit(X, y, weight)  # where a weight is a number of samples
    np.testing.assert_allclose(model.coefs_[0].ravel(), ridge.coef_, rtol=1e-4)


def test_in_partial_fit_weights_are_relative_to_the_mean_of_all_samples_seen():
    params = {"hidden_layer_sizes": (), "fit_intercept": False, "init": [[[0.0]]], **PLAIN_SGD}
    ours = ScratchMLPRegressor(learning_rate_init=0.1, **params)
    ours.partial_fit([[0.0], [0.0]], [0.0, 0.0], [1, 1])
    ours.partial_fit([[1.0], [1.0]], [1.0, 1.0], [3, 3])  # the mean of all four is 2
    assert ours.coefs_[0].item() == pytest.approx(0.1 * 3 / 2, rel=1e-12)


# The loss of several outputs is their sum.


def test_the_loss_of_two_equal_outputs_is_twice_the_one_that_mlpregressor_reports(data):
    X, y = data[0], np.column_stack([data[1], data[1]])
    params = {"hidden_layer_sizes": (5,), "alpha": 0, "max_iter": 5, "random_state": 0, **ENDLESS}
    ours, theirs = (
        regressor(**params).fit(X, y) for regressor in (ScratchMLPRegressor, MLPRegressor)
    )
    np.testing.assert_allclose(ours.loss_curve_, 2 * np.array(theirs.loss_curve_), rtol=1e-9)
    np.testing.assert_allclose(parameters(ours), parameters(theirs), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize(("regressor", "ratio"), [(ScratchMLPRegressor, 1), (MLPRegressor, 1 / 3)])
def test_the_loss_falls_as_its_gradient_says_but_not_in_mlpregressor(data, regressor, ratio):
    X, Y = data[0], np.column_stack([data[1], 2 * data[1], data[1] ** 2])
    rate = 1e-6
    params = {"hidden_layer_sizes": (5,), "activation": "tanh", **PLAIN_SGD, "alpha": 0}
    model = regressor(random_state=0, shuffle=False, learning_rate_init=rate, **params)
    before = parameters(model.partial_fit(X, Y))
    after = parameters(model.partial_fit(X, Y))
    fall = model.loss_ - model.partial_fit(X, Y).loss_  # loss_ is the loss before the step
    assert fall == pytest.approx(ratio * np.sum((after - before) ** 2) / rate, rel=1e-3)


def test_lbfgs_on_several_outputs_finds_the_minimum_but_fails_in_mlpregressor(data):
    X, Y = data[0], np.column_stack([data[1], 2 * data[1], data[1] ** 2])
    ridge = Ridge(alpha=10).fit(X, Y)
    params = {"solver": "lbfgs", "alpha": 10, "tol": 1e-9, "random_state": 0}
    ours = ScratchMLPRegressor((), **params).fit(X, Y)
    np.testing.assert_allclose(ours.predict(X), ridge.predict(X), atol=1e-4)
    with pytest.warns(ConvergenceWarning, match="ABNORMAL"):
        theirs = MLPRegressor(hidden_layer_sizes=(), **params).fit(X, Y)
    assert np.abs(theirs.predict(X) - ridge.predict(X)).max() > 0.01


# A warm start keeps the solver's state and the random state, and starts stopping anew.


def test_a_warm_start_learns_a_new_target_but_mlpregressor_stops_after_one_epoch(data):
    X, y = data
    params = {"hidden_layer_sizes": (5,), "learning_rate_init": 0.02, "tol": 1e-3}
    for regressor, stops_at_once in (MLPRegressor, True), (ScratchMLPRegressor, False):
        model = regressor(random_state=0, max_iter=1000, warm_start=True, **params).fit(X, y)
        assert 1 < model.n_iter_ < 1000
        model.fit(X, -y)
        assert (model.n_iter_ == 1) == stops_at_once, regressor
        assert (model.score(X, -y) < 0) == stops_at_once, regressor


def test_after_a_warm_start_the_best_loss_is_the_new_target_s(data):
    X, y = data
    model = ScratchMLPRegressor((5,), random_state=0, max_iter=5, warm_start=True)
    easy = model.fit(X, np.zeros_like(y)).best_loss_
    hard = model.fit(X, 100 * y).best_loss_
    assert hard == min(model.loss_curve_[5:]) > easy


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("learning_rate", ["constant", "adaptive"])
def test_a_warm_start_has_all_its_patience_and_learning_rate_again(data, solver, learning_rate):
    params = {"tol": 10, "n_iter_no_change": 3, "learning_rate": learning_rate}
    model = ScratchMLPRegressor((5,), solver=solver, random_state=0, warm_start=True, **params)
    epochs = [model.fit(*data).n_iter_ for _ in range(3)]
    assert 1 < epochs[0] == epochs[1] == epochs[2] < 200


def test_after_a_warm_start_the_best_score_is_the_new_target_s(data):
    X, y = data
    noise = np.random.RandomState(1).normal(size=len(y))
    params = {"early_stopping": True, "learning_rate_init": 0.02, "validation_fraction": 0.3}
    model = ScratchMLPRegressor((5,), max_iter=50, warm_start=True, random_state=0, **params)
    easy = model.fit(X, y).best_validation_score_
    n_epochs = model.n_iter_
    hard = model.fit(X, noise).best_validation_score_
    assert hard == max(model.validation_scores_[n_epochs:]) < easy


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_two_warm_fits_equal_one_of_as_many_epochs(data, rule):
    params = {"hidden_layer_sizes": (5,), "batch_size": 10, "random_state": 0, **ENDLESS, **rule}
    warm = ScratchMLPRegressor(max_iter=5, warm_start=True, **params).fit(*data).fit(*data)
    once = ScratchMLPRegressor(max_iter=10, **params).fit(*data)
    assert_equal_models(warm, once)
    assert len(warm.loss_curve_) == 10
    assert warm.n_iter_ == 5


def test_two_warm_fits_of_mlpregressor_differ_from_one_of_as_many_epochs(data):
    params = {"hidden_layer_sizes": (5,), "shuffle": False, "random_state": 0, **ENDLESS}
    warm = MLPRegressor(max_iter=5, warm_start=True, **params).fit(*data).fit(*data)
    once = MLPRegressor(max_iter=10, **params).fit(*data)
    assert not np.allclose(parameters(warm), parameters(once), rtol=1e-4)


def test_early_stopping_after_a_warm_start_keeps_the_best_weights_but_mlpregressor_the_last(data):
    X, y = data
    rows = validation_rows(len(y), seed=0)
    params = {"hidden_layer_sizes": (5,), "early_stopping": True, "warm_start": True, **ENDLESS}
    for regressor, extra in (
        (MLPRegressor, {}),
        (ScratchMLPRegressor, {"init": initial_parameters(4, (5,), seed=0)}),
    ):
        model = regressor(random_state=0, learning_rate_init=0.02, max_iter=30, **params, **extra)
        model.fit(X, y)
        model.set_params(learning_rate_init=0.5, max_iter=10).fit(X, y)  # ever worse
        scores = model.validation_scores_[-10:]
        assert max(scores) > scores[-1] + 0.01
        kept = scores[-1] if regressor is MLPRegressor else max(scores)
        assert r2_score(y[rows], model.predict(X[rows])) == pytest.approx(kept, rel=1e-9)
    assert model.best_validation_score_ == max(scores)


# Training stops as soon as it diverges; with early stopping the best weights are kept.

DIVERGING = {"activation": "identity", "solver": "sgd", "learning_rate_init": 5}


def test_a_divergence_ends_training_at_once_but_mlpregressor_goes_on(data, capsys):
    for regressor in MLPRegressor, ScratchMLPRegressor:
        model = regressor(random_state=0, max_iter=60, verbose=True, **DIVERGING)
        with (
            np.errstate(all="ignore"),
            pytest.raises(ValueError, match="Solver produced non-finite parameter weights"),
        ):
            model.fit(*data)
        lines = capsys.readouterr().out.splitlines()
        losses = np.array([float(re.search(r"loss[ =]+(\S+)", line).group(1)) for line in lines])
        epochs = 60 if regressor is MLPRegressor else 1 + np.isfinite(losses).sum()
        assert len(losses) == epochs
        assert hasattr(model, "coefs_") == (regressor is MLPRegressor)  # of NaN
    assert len(losses) < 60


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_divergence_leaves_a_fitted_model_as_it_was(data, method):
    model = ScratchMLPRegressor((5,), random_state=0, max_iter=3, warm_start=True, batch_size=10)
    model.fit(*data)
    before, state = parameters(model), (model.n_iter_, model.t_, list(model.loss_curve_))
    model.set_params(solver="sgd", learning_rate_init=1e200)
    with pytest.raises(ValueError, match="diverged"):
        getattr(model, method)(*data)
    assert state == (model.n_iter_, model.t_, model.loss_curve_)
    np.testing.assert_array_equal(parameters(model), before)


def test_early_stopping_survives_a_divergence_but_mlpregressor_returns_garbage(data):
    params = {"hidden_layer_sizes": (5,), "early_stopping": True, "random_state": 0, **DIVERGING}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = MLPRegressor(**params).fit(*data)
    assert theirs.score(*data) < -1000
    with pytest.warns(ConvergenceWarning, match="diverged"):
        ours = ScratchMLPRegressor(**params).fit(*data)
    assert ours.score(*data) > -10


def test_after_a_divergence_the_starting_weights_are_kept_if_they_score_best(data):
    good = ScratchMLPRegressor((5,), solver="lbfgs", random_state=0).fit(*data)
    start = [*good.coefs_, *good.intercepts_]
    ours = ScratchMLPRegressor((5,), early_stopping=True, random_state=0, init=start, **DIVERGING)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        ours.fit(*data)
    np.testing.assert_array_equal(parameters(ours), parameters(good))


class ExplodesAfter(Schedule):
    def __init__(self, samples):
        self.samples = samples

    def __call__(self, learning_rate_init, progress):
        return learning_rate_init if progress.t < self.samples else 1e200


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_after_a_divergence_the_best_weights_are_kept(data, solver):
    X, y = data
    n_train = len(y) - len(validation_rows(len(y), seed=0))
    params = {"early_stopping": True, "random_state": 0, "solver": solver, "activation": "identity"}
    good = ScratchMLPRegressor((5, 5), max_iter=4, learning_rate_init=0.01, **params).fit(X, y)
    ours = ScratchMLPRegressor(
        (5, 5),
        max_iter=60,
        learning_rate_init=0.01,
        learning_rate=ExplodesAfter(4 * n_train),
        **params,
    )
    with pytest.warns(ConvergenceWarning, match="diverged"):
        ours.fit(X, y)
    np.testing.assert_array_equal(parameters(ours), parameters(good))
    assert ours.validation_scores_[:4] == good.validation_scores_
    assert ours.best_validation_score_ == max(good.validation_scores_)


def test_partial_fit_keeps_the_best_weights_after_a_divergence(data):
    ours = ScratchMLPRegressor((5,), early_stopping=True, random_state=0, batch_size=10)
    for _ in range(4):
        ours.partial_fit(*data)
    before = parameters(ours)
    ours.set_params(solver="sgd", learning_rate_init=1e200)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        ours.partial_fit(*data)
    np.testing.assert_array_equal(parameters(ours), before)
    after = ours.set_params(solver="adam", learning_rate_init=0.001).partial_fit(*data)
    assert np.isfinite(after.loss_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("solver", ["sgd", "rmsprop"])
def test_after_a_divergence_training_goes_on_as_with_a_new_solver(data, solver, method):
    params = {"early_stopping": True, "random_state": 0, "solver": solver, "warm_start": True}
    ours = ScratchMLPRegressor((5,), max_iter=4, learning_rate_init=1e200, **params)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        ours.fit(*data)
    ours.set_params(learning_rate_init=0.01)
    losses = [getattr(ours, method)(*data).loss_ for _ in range(4)]
    assert (np.diff(losses) < 0).all()


# L-BFGS has a loss curve, early stopping and verbose output, and stays in float32.


def test_lbfgs_has_a_loss_curve_but_not_in_mlpregressor(data):
    theirs = MLPRegressor(solver="lbfgs", random_state=0, max_iter=20).fit(*data)
    ours = ScratchMLPRegressor(solver="lbfgs", random_state=0, max_iter=20).fit(*data)
    assert not hasattr(theirs, "loss_curve_")
    assert not hasattr(theirs, "best_loss_")
    assert len(ours.loss_curve_) == ours.n_iter_ == theirs.n_iter_
    assert ours.loss_curve_ == sorted(ours.loss_curve_, reverse=True)
    assert ours.loss_curve_[-1] == ours.loss_ == ours.best_loss_ == pytest.approx(theirs.loss_)


@pytest.mark.slow
def test_lbfgs_stops_early_but_not_in_mlpregressor():
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(60, 5)), rng.normal(size=60)  # there is nothing to learn
    params = {"hidden_layer_sizes": (20,), "solver": "lbfgs", "random_state": 0}
    theirs, ignoring = (
        MLPRegressor(early_stopping=early_stopping, **params).fit(X, y)
        for early_stopping in (True, False)
    )
    np.testing.assert_array_equal(parameters(theirs), parameters(ignoring))
    assert not hasattr(theirs, "validation_scores_")

    start = initial_parameters(5, (20,), seed=0)
    ours = ScratchMLPRegressor(early_stopping=True, n_iter_no_change=4, init=start, **params)
    scores = ours.fit(X, y).validation_scores_
    assert ours.n_iter_ == len(scores) == len(ours.loss_curve_) < theirs.n_iter_
    assert max(scores[-5:]) < ours.best_validation_score_ + ours.tol
    assert scores[-1] < ours.best_validation_score_ == max(scores)
    assert ours.best_loss_ is None
    rows = validation_rows(len(y), seed=0)
    assert r2_score(y[rows], ours.predict(X[rows])) == pytest.approx(max(scores), rel=1e-9)


def test_lbfgs_prints_its_iterations_but_not_in_mlpregressor(data, capsys):
    for regressor in MLPRegressor, ScratchMLPRegressor:
        model = regressor(solver="lbfgs", random_state=0, max_iter=5, verbose=True).fit(*data)
        printed = capsys.readouterr().out.count("Iteration")
        assert printed == (0 if regressor is MLPRegressor else model.n_iter_)


def test_lbfgs_stays_in_float32_but_not_in_mlpregressor(data):
    X = data[0].astype(np.float32)
    for regressor, dtype in (MLPRegressor, np.float64), (ScratchMLPRegressor, np.float32):
        model = regressor(solver="lbfgs", random_state=0, max_iter=5).fit(X, data[1])
        assert {array.dtype for array in model.coefs_ + model.intercepts_} == {np.dtype(dtype)}
        assert model.predict(X).dtype == dtype


def test_what_was_trained_in_float32_predicts_in_it_but_not_in_mlpregressor(data):
    X, y = data
    for regressor, dtype in (MLPRegressor, np.float64), (ScratchMLPRegressor, np.float32):
        model = regressor(random_state=0, max_iter=5).fit(X.astype(np.float32), y)
        assert model.predict(X).dtype == dtype


# The learning rate schedules work with Adam too.


@pytest.mark.parametrize("learning_rate", ["adaptive", "invscaling"])
def test_the_learning_rate_changes_under_adam_but_not_in_mlpregressor(data, learning_rate):
    params = {"hidden_layer_sizes": (5,), "tol": 10, "n_iter_no_change": 1, "max_iter": 20}
    for regressor in MLPRegressor, ScratchMLPRegressor:
        changing = regressor(learning_rate=learning_rate, random_state=0, **params).fit(*data)
        constant = regressor(random_state=0, **params).fit(*data)
        equal = np.array_equal(parameters(changing), parameters(constant))
        assert equal == (regressor is MLPRegressor)


def test_under_adam_a_plateau_has_the_consequences_it_has_under_sgd(data):
    params = {"learning_rate": "adaptive", "tol": 10, "n_iter_no_change": 2, "random_state": 0}
    sgd = MLPRegressor(solver="sgd", **params).fit(*data)
    adam = ScratchMLPRegressor(solver="adam", **params).fit(*data)
    assert adam.n_iter_ == sgd.n_iter_ < 200


def test_under_adam_inverse_scaling_shortens_the_steps():
    # Without memory Adam's step is the learning rate, whatever the (large) gradient.
    ours = ScratchMLPRegressor(
        (),
        fit_intercept=False,
        init=[[[0.0]]],
        beta_1=0,
        beta_2=0,
        alpha=0,
        shuffle=False,
        learning_rate="invscaling",
        power_t=0.5,
        learning_rate_init=0.1,
    )
    weights = [0.0]
    for _ in range(3):
        weights.append(ours.partial_fit([[1.0], [1.0], [1.0]], [1e4] * 3).coefs_[0].item())
    np.testing.assert_allclose(np.diff(weights), 0.1 / np.sqrt([1, 4, 7]), rtol=1e-9)


# hidden_layer_sizes is the first parameter, and the only positional one.


@pytest.mark.skipif(
    "loss" not in MLPRegressor().get_params(),
    reason="loss became MLPRegressor's first parameter in scikit-learn 1.7",
)
def test_the_first_argument_is_hidden_layer_sizes_but_not_in_mlpregressor(data):
    assert ScratchMLPRegressor((50,)).fit(*data).coefs_[0].shape == (4, 50)
    with pytest.raises(ValueError, match="loss"):
        MLPRegressor((50,)).fit(*data)


def test_all_but_the_first_argument_need_their_name():
    first, *rest = inspect.signature(ScratchMLPRegressor).parameters.values()
    assert (first.name, first.kind) == ("hidden_layer_sizes", first.POSITIONAL_OR_KEYWORD)
    assert {parameter.kind for parameter in rest} == {first.KEYWORD_ONLY}
    with pytest.raises(TypeError, match="positional"):
        ScratchMLPRegressor((50,), "relu")


# partial_fit goes on with the random state, and takes early stopping.


def test_with_an_integer_seed_mlpregressor_repeats_its_shuffle(data):
    X, y = data
    params = {"hidden_layer_sizes": (5,), "batch_size": 10, "random_state": 0}
    order = shuffle(np.arange(len(y)), random_state=0)
    for regressor in MLPRegressor, ScratchMLPRegressor:
        shuffled = regressor(**params).partial_fit(X, y)
        ordered = regressor(**params).partial_fit(X, y).set_params(shuffle=False)
        for _ in range(2):
            shuffled.partial_fit(X, y)
            ordered.partial_fit(X[order], y[order])
        same = np.allclose(parameters(shuffled), parameters(ordered), rtol=1e-9)
        assert same == (regressor is MLPRegressor)


def test_partial_fit_takes_early_stopping_but_not_in_mlpregressor(data):
    with pytest.raises(ValueError, match="early_stopping"):
        MLPRegressor(early_stopping=True).partial_fit(*data)
    ours = ScratchMLPRegressor(early_stopping=True).partial_fit(*data)
    assert len(ours.validation_scores_) == 1


@pytest.mark.parametrize("change", [{"learning_rate_init": 0.1}, {"momentum": 0.1}], ids=str)
def test_partial_fit_heeds_a_changed_solver_but_mlpregressor_ignores_it(data, change):
    for regressor, is_heeded in (MLPRegressor, False), (ScratchMLPRegressor, True):
        models = [
            regressor(hidden_layer_sizes=(5,), solver="sgd", shuffle=False, random_state=0)
            for _ in range(2)
        ]
        for model in models:
            model.partial_fit(*data).partial_fit(*data)
        models[1].set_params(**change)
        kept, changed = (parameters(model.partial_fit(*data)) for model in models)
        assert (kept != changed).any() == is_heeded, regressor


def test_calls_of_partial_fit_differ_from_one_fit_in_mlpregressor(data):
    params = {"hidden_layer_sizes": (5,), "batch_size": 10, "random_state": 0, **ENDLESS}
    once, calls = MLPRegressor(max_iter=3, **params).fit(*data), MLPRegressor(**params)
    for _ in range(3):
        calls.partial_fit(*data)
    assert not np.allclose(parameters(calls), parameters(once), rtol=1e-4)


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("early_stopping", [False, True], ids=["all", "early_stopping"])
@pytest.mark.parametrize(
    "rule", [*RULES, {"learning_rate": "adaptive", "tol": 10, "n_iter_no_change": 1}], ids=str
)
def test_calls_of_partial_fit_equal_one_fit_of_as_many_epochs(data, rule, early_stopping, weighted):
    weight = np.random.RandomState(5).uniform(0.1, 3, len(data[1])) if weighted else None
    params = {"hidden_layer_sizes": (5,), "batch_size": 10, "early_stopping": early_stopping}
    params = {**params, "random_state": 0, "learning_rate_init": 0.05, **ENDLESS, **rule}
    calls = ScratchMLPRegressor(**params)
    for n_epochs in range(1, 9):
        calls.partial_fit(*data, weight)
        once = ScratchMLPRegressor(max_iter=n_epochs, **params).fit(*data, weight)
        assert_equal_models(calls, once)
        assert calls.n_iter_ == 1
        assert once.n_iter_ == n_epochs


def test_under_early_stopping_partial_fit_shows_the_best_weights_so_far(data):
    params = {"hidden_layer_sizes": (5,), "early_stopping": True, "random_state": 0, **ENDLESS}
    model, best = ScratchMLPRegressor(learning_rate_init=0.3, **params), []
    for _ in range(15):
        score = model.partial_fit(*data).validation_scores_[-1]
        if score == model.best_validation_score_:
            best.append(parameters(model))
        np.testing.assert_array_equal(parameters(model), best[-1])
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert 1 < len(best) < 15


@pytest.mark.parametrize("convert", [sparse.csr_matrix, np.float32], ids=["sparse", "float32"])
def test_calls_of_partial_fit_equal_one_fit_for_every_kind_of_input(data, convert):
    X, y = convert(data[0]), data[1]
    params = {"hidden_layer_sizes": (5,), "batch_size": 10, "random_state": 0, **ENDLESS}
    calls = ScratchMLPRegressor(**params)
    for _ in range(5):
        calls.partial_fit(X, y)
    assert_equal_models(calls, ScratchMLPRegressor(max_iter=5, **params).fit(X, y))


def test_on_constant_validation_targets_the_loss_decides_but_mlpregressor_keeps_the_first_epoch():
    X, y = np.random.RandomState(0).normal(size=(20, 3)), np.ones(20)
    params = {"early_stopping": True, "max_iter": 1000, "random_state": 0}
    ours, theirs = (each(**params).fit(X, y) for each in (ScratchMLPRegressor, MLPRegressor))
    assert set(ours.validation_scores_) == set(theirs.validation_scores_) == {0.0}
    assert ours.n_iter_best_ == 1 + np.argmin(ours.validation_loss_curve_) > 1
    one_epoch = ScratchMLPRegressor(**params).partial_fit(X, y)
    np.testing.assert_allclose(theirs.predict(X), one_epoch.predict(X), rtol=1e-9)
    assert np.abs(ours.predict(X) - 1).mean() < 0.7 * np.abs(theirs.predict(X) - 1).mean()


@BOTH
def test_ctrl_c_in_partial_fit_is_raised_but_mlpregressor_swallows_it(data, regressor):
    class Interrupted(np.random.RandomState):
        """Gives Ctrl-C when an epoch is shuffled."""

        def permutation(self, x):
            raise KeyboardInterrupt

        shuffle = permutation

    model = regressor(random_state=Interrupted(0))
    if regressor is ScratchMLPRegressor:
        with pytest.raises(KeyboardInterrupt):
            model.partial_fit(*data)
        assert not hasattr(model, "coefs_")
    else:
        with pytest.warns(UserWarning, match="interrupted"):
            model.partial_fit(*data)


# What is kept as it is in MLPRegressor.


@BOTH
@pytest.mark.parametrize("batch_size", [1, 5, 20])
def test_alpha_acts_as_alpha_over_batch_size_in_every_batch(regressor, batch_size):
    X, y = np.zeros((20, 3)), np.zeros(20)  # all that moves the weights is the penalty
    params = {**PLAIN_SGD, "alpha": 0.5, "learning_rate_init": 0.1, "random_state": 0}
    model = regressor(hidden_layer_sizes=(), batch_size=batch_size, **params)
    before = model.partial_fit(X, y).coefs_[0].copy()
    after = model.partial_fit(X, y).coefs_[0]
    shrinkage = (1 - 0.1 * 0.5 / batch_size) ** (20 / batch_size)
    np.testing.assert_allclose(after, shrinkage * before, rtol=1e-9)


@BOTH
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("patience", [1, 3, 10])
def test_training_stops_after_one_epoch_more_than_n_iter_no_change_without_progress(
    data, regressor, solver, early_stopping, patience
):
    params = {"solver": solver, "early_stopping": early_stopping, "random_state": 0}
    model = regressor(n_iter_no_change=patience, tol=1e6, **params).fit(*data)
    assert model.n_iter_ == 1 + patience + 1  # the first epoch is progress


@BOTH
@pytest.mark.parametrize("name", ["loss", "validation score"])
def test_tol_is_the_least_progress_that_counts(data, regressor, name):
    params = {"early_stopping": name == "validation score", "random_state": 0, "tol": 0.01}
    model = regressor(n_iter_no_change=3, max_iter=1000, **params).fit(*data)
    curve = model.validation_scores_ if params["early_stopping"] else -np.array(model.loss_curve_)
    progress = np.array(curve[1:]) - np.maximum.accumulate(curve)[:-1]
    assert (progress[-4:] < 0.01).all()
    assert not any((progress[i : i + 4] < 0.01).all() for i in range(len(progress) - 4))


@BOTH
def test_tol_is_the_largest_gradient_at_which_lbfgs_has_converged(data, regressor):
    X, y = data[0] - data[0].mean(axis=0), data[1]
    params = {"solver": "lbfgs", "alpha": 0, "tol": 0.01, "random_state": 0}
    model = regressor(hidden_layer_sizes=(), **params).fit(X, y)
    error = model.predict(X) - y
    gradient = np.append(X.T @ error, error.sum()) / len(y)
    assert 1e-6 < np.abs(gradient).max() <= 0.01


# --- bad input ---


def test_masked_values_are_refused_but_mlpregressor_trains_on_what_is_behind_the_mask():
    X, y = np.linspace(-1, 1, 20)[:, np.newaxis], np.linspace(-1, 1, 20)
    mask = np.arange(20) == 7
    masked = np.ma.array(np.where(mask, 1e6, y), mask=mask)
    with pytest.raises(ValueError, match="y must not be masked, got 1 masked"):
        ScratchMLPRegressor().fit(X, masked)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = MLPRegressor(random_state=0, max_iter=5).fit(X, masked)
    assert theirs.loss_ > 1e9
