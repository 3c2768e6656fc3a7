"""What `fit` warns of where `tol` has ended training too early."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, Ridge

from sknn_scratch import Loss, ScratchMLPEnsembleRegressor, ScratchMLPRegressor

FALLS = "while its loss still fell"
NO_BETTER = "no better than to predict"


def told(model, *data, **keywords):
    """Fit a model, and return the texts of what it warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "WrongSign.gradient returns|y has a mean of")
        model.fit(*data, **keywords)
    assert {each.filename for each in caught} <= {__file__}
    assert {each.category for each in caught} <= {ConvergenceWarning}
    return [str(each.message) for each in caught]


def smaller_in(text):
    """Return the tol that a warning advises."""
    return float(text.split("Try tol=")[1].split(",")[0])


@pytest.fixture
def waves():
    """Return a target of 200 rows that is linear in columns of the size of 1."""
    k, j = np.arange(200)[:, np.newaxis], np.arange(5)
    X = np.sin(1.7 * (j + 1) * k + j)
    return X, 100 * X @ np.arange(1, 6)


# --- the loss still falls ---


@pytest.mark.parametrize("tol", [0.1, 0.01, 1e-4])
def test_a_loss_that_still_falls_is_warned_of_with_unit_and_a_smaller_tol(tol, waves):
    model = ScratchMLPRegressor(tol=tol, max_iter=2000, random_state=0)
    (text,) = told(model, *waves)
    losses = np.array(model.loss_curve_)
    share = (losses[-11] - losses[-1]) / losses[-11]  # they fall all the time
    assert f"stopped by tol={tol:g} {FALLS}: by {share:.0%} in the last 10 epochs" in text
    assert "standardised y: to predict the mean has a loss of 0.5." in text
    smaller = smaller_in(text)
    assert smaller <= tol / 10
    better = ScratchMLPRegressor(tol=smaller, max_iter=2000, random_state=0)
    told(better, *waves)
    assert better.n_iter_ > model.n_iter_
    assert 1 - better.score(*waves) < (1 - model.score(*waves)) / 2


def test_the_smaller_tols_end_in_silence(rng):
    X, _ = make_regression(200, 20, random_state=1)
    y, tol, trials = 100 * X[:, 0] + 50 * rng.normal(size=200), 0.1, 0
    settings = {"hidden_layer_sizes": (), "learning_rate_init": 0.01, "max_iter": 5000}
    while text := told(ScratchMLPRegressor(tol=tol, random_state=0, **settings), X, y):
        tol, trials = smaller_in(text[0]), trials + 1
    model = ScratchMLPRegressor(tol=tol, random_state=0, **settings).fit(X, y)
    assert trials > 0
    assert_allclose(model.score(X, y), Ridge(1e-4).fit(X, y).score(X, y), rtol=0.01)


@pytest.mark.parametrize(
    ("params", "is_told"),
    [
        ({"n_iter_no_change": 3}, True),
        ({"n_init": 2}, True),
        ({"solver": "rmsprop"}, True),
        ({"learning_rate": "cosine"}, True),  # 'tol' ends it before its schedule does
        ({"loss": "huber"}, True),
        ({"alpha": 1.0}, True),
        ({"standardize": False}, False),  # as MLPRegressor
        ({"early_stopping": True}, False),  # the validation score decides
        ({"early_stopping": "loss"}, False),
        ({"n_iter_no_change": np.inf}, False),
        ({"learning_rate": "one_cycle", "n_iter_no_change": np.inf}, False),
    ],
    ids=str,
)
def test_it_is_told_where_tol_decides(params, is_told, waves):
    settings = {"tol": 0.03, "max_iter": 60, "random_state": 0, "learning_rate_init": 0.003}
    texts = told(ScratchMLPRegressor((20,), **{**settings, **params}), *waves)
    assert any(FALLS in text for text in texts) == is_told


@pytest.mark.parametrize("tol", [0, 1e-9])
def test_a_loss_that_falls_to_where_no_slope_is_left_may_end_without_tol(tol):
    X = np.linspace(1, 2, 20)[:, np.newaxis]
    model = ScratchMLPRegressor((), out_activation="relu", solver="lbfgs", tol=tol, alpha=0)
    (text,) = told(model.set_params(init=[[[3.0]], [0.0]]), X, -1 - X[:, 0])
    assert NO_BETTER in text
    assert_array_equal(model.predict(X), 0)


def test_the_other_losses_name_their_own_best_constant(waves):
    X, y = waves
    model = ScratchMLPRegressor(loss="absolute_error", tol=0.1, max_iter=2000, random_state=0)
    (text,) = told(model, X, y)
    expected = np.abs(y - np.median(y)).mean() / y.std()
    assert f"to predict the best constant has a loss of {expected:.3g}. Try tol" in text


def test_what_a_warm_start_fell_by_before_does_not_count(waves):
    X, y = waves
    model = ScratchMLPRegressor((), tol=0.1, random_state=0, learning_rate_init=0.1, max_iter=500)
    model.set_params(warm_start=True)
    assert FALLS in told(model, X, y)[0]
    model.set_params(learning_rate_init=1e-9)
    assert told(model, X, y) == []
    assert model.n_iter_ < len(model.loss_curve_)


def test_noise_is_no_fall(rng):
    X = rng.normal(size=(100, 3))
    y = X[:, 0] + rng.normal(size=100)
    params = {"batch_size": 1, "learning_rate_init": 0.05, "tol": 0.0, "max_iter": 5000}
    for seed in range(5):
        model = ScratchMLPRegressor((), random_state=seed, **params)
        assert told(model, X, y) == []
        assert model.n_iter_ < 5000


def test_a_constant_target_leaves_nothing_to_learn(rng):
    X = rng.normal(size=(30, 2))
    for solver in ("adam", "lbfgs"):
        assert told(ScratchMLPRegressor((5,), solver=solver, max_iter=5000), X, np.ones(30)) == []


# --- the loss is that of the mean ---


@pytest.fixture
def article():
    """Return the article's network with the default rules to stop by, its table and target."""
    network = ScratchMLPRegressor(
        (4,),
        activation="logistic",
        out_activation="logistic",
        fit_intercept=False,
        init="uniform",
        standardize=False,
        solver="sgd",
        momentum=0,
        nesterovs_momentum=False,
        alpha=0,
        learning_rate_init=8,
        batch_size=4,
        shuffle=False,
        max_iter=1500,
        random_state=2,
    )
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    return network, X, np.array([0, 1, 1, 0])


def test_the_network_of_the_article_says_that_it_stopped_at_the_mean(article):
    network, X, y = article
    (text,) = told(network, X, y)
    assert network.n_iter_ == 14
    assert_allclose(network.predict(X), 0.5, atol=0.02)
    assert f"a loss of 0.125 (without penalty), {NO_BETTER} the mean, which has 0.125." in text
    assert "n_iter_no_change=np.inf and a larger max_iter go on" in text
    told(network.set_params(n_iter_no_change=np.inf), X, y)
    assert_allclose(network.predict(X), y, atol=0.2)


def test_partial_fit_leaves_it_to_its_caller_when_to_stop(article):
    network, X, y = article
    for _ in range(50):
        network.partial_fit(X, y)
    assert_allclose(network.loss_, 0.125, rtol=0.05)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "gaussian", "poisson"])
def test_a_target_that_x_says_nothing_about_is_warned_of(loss, standardize, rng):
    X, y = rng.normal(size=(200, 1)), np.tile([1.0, 2, 3, 9], 50)
    model = ScratchMLPRegressor((), loss=loss, standardize=standardize, max_iter=3000, tol=1e-5)
    model.set_params(learning_rate_init=0.03, random_state=0)
    assert any(NO_BETTER in text for text in told(model, X, y))


def test_what_is_learnt_is_seen_under_the_penalty(waves):
    X, y = waves
    params = {"learning_rate_init": 0.01, "max_iter": 5000, "n_iter_no_change": 50}
    model = ScratchMLPRegressor((), alpha=80.0, tol=1e-6, random_state=0, **params)
    assert told(model, X, y) == []
    W = model.coefs_[0]
    assert model.score(X, y) > 0.5
    assert (W * W).sum() > 0


# --- L-BFGS ---


@pytest.mark.parametrize(("tol", "is_told"), [(0.1, True), (1e-3, False)])
def test_lbfgs_says_if_its_last_iteration_still_brought_much(tol, is_told, rng):
    X = rng.normal(size=(300, 5))
    y = np.sin(2 * X[:, 0]) + X[:, 1] + 0.3 * rng.normal(size=300)
    model = ScratchMLPRegressor((), solver="lbfgs", tol=tol, random_state=0)
    texts = told(model, X, y)
    assert bool(texts) == is_told
    if is_told:
        share = 1 - model.loss_curve_[-1] / model.loss_curve_[-2]
        assert f"{FALLS}: by {share:.0%} in the last iteration, to {model.loss_:.3g}" in texts[0]
        assert smaller_in(texts[0]) <= tol / 10
        assert told(model.set_params(early_stopping=True), X, y) == []
        assert told(model.set_params(early_stopping=False, standardize=False), X, y) == []


def test_lbfgs_that_fits_exactly_does_not(waves):
    assert told(ScratchMLPRegressor((), solver="lbfgs", random_state=0), *waves) == []


@pytest.mark.parametrize("tol", [0.3, 1.0, 10.0])
@pytest.mark.parametrize("seed", range(3))
def test_lbfgs_does_not_end_where_it_began_if_that_is_worse_than_the_mean(tol, seed, rng):
    X = rng.normal(size=(150, 3))
    model = ScratchMLPRegressor(solver="lbfgs", tol=tol, max_iter=2000, random_state=seed)
    texts = told(model, X, X[:, 0] + np.sin(2 * X[:, 1]))
    assert model.n_iter_ > 0
    assert model.score(X, X[:, 0] + np.sin(2 * X[:, 1])) > 0.9 or texts


def test_lbfgs_that_ends_after_one_iteration_is_compared_with_its_start(rng):
    X = rng.normal(size=(150, 3))
    y = X[:, 0] + np.sin(2 * X[:, 1])
    model = ScratchMLPRegressor(solver="lbfgs", tol=0.1, max_iter=2000, random_state=0)
    (text,) = told(model, X, y)
    assert model.n_iter_ == 1
    assert FALLS in text
    model = ScratchMLPRegressor(solver="lbfgs", warm_start=True, max_iter=2000, random_state=0)
    model.set_params(alpha=10).fit(X, y)
    assert told(model, X, y) == []  # from where it had converged


def test_lbfgs_that_lands_on_the_minimum_is_not_doubted(rng):
    X = rng.normal(size=(150, 3))
    model = ScratchMLPRegressor((), solver="lbfgs", tol=1e-3, alpha=0, random_state=0)
    assert told(model, X, X @ [1, 2, 3]) == []
    assert model.score(X, X @ [1, 2, 3]) > 0.999999


@pytest.mark.parametrize("early_stopping", [True, "loss"])
def test_under_early_stopping_a_validation_loss_that_still_falls_is_told(early_stopping, rng):
    X, noise = rng.normal(size=(150, 3)), rng.normal(size=150)
    settings = {"early_stopping": early_stopping, "max_iter": 2000, "random_state": 0}
    model = ScratchMLPRegressor(tol=0.5, **settings)
    (text,) = told(model, X, X[:, 0] + np.sin(2 * X[:, 1]))
    if early_stopping == "loss":
        losses = np.array(model.validation_loss_curve_)
        share = (losses[-11] - losses[-1]) / losses[-11]
        assert f"while the validation loss still fell: by {share:.0%} in the last 10 epochs" in text
    else:
        scores = model.validation_scores_
        assert f"score still rose: by {scores[-1] - scores[-11]:.2g} in the last 10" in text
    assert told(ScratchMLPRegressor(**settings), X, noise) == []


@pytest.mark.parametrize("seed", range(6))
def test_lbfgs_does_not_end_at_the_mean(seed):
    x = np.linspace(-10, 10, 300)[:, np.newaxis]
    y = x[:, 0] * np.sin(x[:, 0])
    model = ScratchMLPRegressor((20, 20), activation="logistic", solver="lbfgs", random_state=seed)
    texts = told(model, x, y)
    assert model.score(x, y) > 0.5  # the mean has 0; kernels lead to .88 to .998
    assert all(f"max_iter={model.max_iter}" in text for text in texts)


@pytest.mark.parametrize("early_stopping", [False, "loss"])
def test_lbfgs_that_stays_at_the_mean_says_so(early_stopping, rng):
    X, y = np.ones((60, 1)), rng.normal(size=60)  # there is nothing to tell the rows by
    model = ScratchMLPRegressor((5,), solver="lbfgs", early_stopping=early_stopping, alpha=0)
    (text,) = told(model.set_params(random_state=0, validation_fraction=0.5), X, y)
    assert f"{NO_BETTER} the mean, which has 0.5. What may leave it: a smaller tol" in text


def test_with_standardize_false_lbfgs_stops_where_mlpregressor_does(rng):
    X, y = np.ones((60, 1)), rng.normal(size=60)
    model = ScratchMLPRegressor((5,), solver="lbfgs", standardize=False, random_state=0)
    (text,) = told(model, X, y)
    assert f"{NO_BETTER} the mean, which has {y.var() / 2:.3g}" in text


class Multiple(Loss):
    """The squared error in another unit."""

    rescaling = "standard"

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, y, a):
        return self.factor * (a - y) ** 2 / 2

    def gradient(self, y, a):
        return self.factor * (a - y)


@pytest.mark.parametrize("factor", [2.0**-20, 2.0**20])
def test_where_lbfgs_stops_does_not_depend_on_the_unit_of_the_loss(factor, waves):
    X, y = waves
    settings = {"hidden_layer_sizes": (5,), "solver": "lbfgs", "alpha": 0, "activation": "tanh"}
    models = []
    for loss in (Multiple(1.0), Multiple(factor)):
        model = ScratchMLPRegressor(loss=loss, tol=1e-3, random_state=0, **settings)
        models.append(model.fit(X, y))
    assert models[0].n_iter_ == models[1].n_iter_ > 5
    assert_array_equal(models[0].loss_curve_, np.array(models[1].loss_curve_) / factor)


LOSSES = ["squared_error", "huber", "log_cosh", "gaussian", "poisson", "gamma"]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("unit", "weight"), [(1e-3, 1.0), (1e3, 1.0), (1.0, 1e-3), (1.0, 1e3)])
def test_nor_on_that_of_target_and_weights(loss, unit, weight, rng):
    X = rng.normal(size=(80, 2))
    y, weights = np.exp(np.sin(X[:, 0]) + 0.5 * rng.normal(size=80)), rng.uniform(0.5, 2, 80)
    model = ScratchMLPRegressor((), loss=loss, solver="lbfgs", alpha=0, tol=1e-3, random_state=0)
    expected = model.fit(X, y, weights).n_iter_
    assert model.fit(X, unit * y, weight * weights).n_iter_ == expected


def test_lbfgs_at_its_limit_does_not_advise_to_scale_what_is_scaled(waves):
    settings = {"solver": "lbfgs", "random_state": 0}
    (text,) = told(ScratchMLPRegressor(max_iter=2, **settings), *waves)
    assert text.endswith("Increase the number of iterations (max_iter=2).")
    (text,) = told(ScratchMLPRegressor(max_fun=2, **settings), *waves)
    assert text.endswith("Increase the number of evaluations (max_fun=2).")
    (text,) = told(ScratchMLPRegressor(max_iter=2, standardize=False, **settings), *waves)
    assert "You might also want to scale the data" in text


@pytest.mark.parametrize("early_stopping", [False, "loss"])
def test_lbfgs_that_has_converged_at_once_has_no_epoch_in_any_curve(early_stopping, waves):
    X, y = waves
    model = ScratchMLPRegressor((3,), solver="lbfgs", tol=1e6, early_stopping=early_stopping)
    (text,) = told(model.set_params(random_state=0), X, y, X_val=X, y_val=y)
    assert NO_BETTER in text
    assert model.loss_ > 0.5
    assert (model.n_iter_, model.loss_curve_) == (0, [])
    assert model.validation_loss_curve_ == model.validation_scores_ == []
    assert (model.best_validation_score_ is not None) == bool(early_stopping)


@pytest.mark.parametrize("seed", range(5))
def test_lbfgs_does_not_end_at_the_best_line_or_says_so(seed):
    x = np.linspace(-3, 3, 80)[:, np.newaxis]
    y = 3 * np.sin(2 * x[:, 0]) + 10
    model = ScratchMLPRegressor((50,), activation="logistic", alpha=0, solver="lbfgs")
    texts = told(model.set_params(random_state=seed, max_iter=1000), x, y)
    assert model.score(x, y) > 0.99 or any("linear model" in text for text in texts)


def test_lbfgs_says_that_a_linear_model_is_as_good(rng):
    X = rng.normal(size=(3000, 2))
    y = X[:, 0] + rng.normal(size=3000)
    model = ScratchMLPRegressor((2,), activation="tanh", solver="lbfgs", max_iter=5000)
    model.set_params(random_state=0)
    (text,) = told(model, X, y)
    residual = (
        y
        - np.column_stack([X, np.ones(3000)])
        @ np.linalg.lstsq(np.column_stack([X, np.ones(3000)]), y, rcond=None)[0]
    )
    expected = residual.var() / y.var() / 2
    assert f"{NO_BETTER} by a linear model, which has {expected:.3g}." in text
    assert told(model.set_params(standardize=False), X, y) == []
    assert told(ScratchMLPRegressor((), solver="lbfgs", random_state=0), X, y) == []


@pytest.mark.parametrize("alpha", [3, 10])
def test_nothing_is_said_of_a_network_that_its_penalty_keeps_linear(alpha, rng):
    X = rng.normal(size=(400, 3))
    y = X @ [1, 2, 3] + 5 * rng.normal(size=400)
    model = ScratchMLPRegressor((5,), activation="tanh", solver="lbfgs", alpha=alpha)
    assert told(model.set_params(max_iter=5000, random_state=0), X, y) == []
    linear = LinearRegression().fit(X, y).predict(X)
    assert np.var(model.predict(X) - linear) < 0.02 * np.var(linear)


# --- above the best constant ---


class WrongSign(Loss):
    """The squared error, whose derivative leads away from the minimum."""

    rescaling = "standard"

    def __call__(self, y, a):
        return (a - y) ** 2 / 2

    def gradient(self, y, a):
        return y - a


ABOVE = "above the 0.5 of predicting"


@pytest.mark.filterwarnings("ignore")  # that the derivative is wrong is told as well
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("early_stopping", [False, True, "loss"])
def test_a_loss_that_rises_above_that_of_a_constant_is_told(solver, early_stopping, waves):
    model = ScratchMLPRegressor((5,), loss=WrongSign(), solver=solver, random_state=0)
    model.set_params(early_stopping=early_stopping, learning_rate_init=1e-2, max_iter=30)
    with pytest.warns(ConvergenceWarning, match=f"{ABOVE}.*risen from"):
        model.fit(*waves)


def test_a_loss_that_ends_above_that_of_a_constant_is_told(waves):
    model = ScratchMLPRegressor((50,), learning_rate_init=1e-7, random_state=0)
    (text,) = told(model, *waves)
    assert ABOVE in text
    assert "It has not even come that far: try a larger learning_rate_init" in text
    texts = told(model.set_params(learning_rate_init=0.01), *waves)
    assert not any(ABOVE in text for text in texts)


def test_of_too_few_epochs_no_more_is_said_than_that(waves):
    (text,) = told(ScratchMLPRegressor((5,), max_iter=2, random_state=0), *waves)
    assert "Maximum iterations (2) reached" in text


# --- several networks ---


@pytest.mark.slow
def test_the_members_of_a_default_ensemble_do_not_stop_by_tol(rng):
    X, y = rng.normal(size=(60, 2)), rng.normal(size=60)
    assert told(ScratchMLPEnsembleRegressor(random_state=0), X, y) == []
