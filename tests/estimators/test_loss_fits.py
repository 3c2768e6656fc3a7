"""Losses, seen from outside: linear networks beside other programs' fits, and quantiles."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import minimize
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    GammaRegressor,
    HuberRegressor,
    LinearRegression,
    PoissonRegressor,
    QuantileRegressor,
)
from sklearn.metrics import mean_pinball_loss, r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import Huber, Loss, Quantile, ScratchMLPRegressor
from sknn_scratch.components.registries import ACTIVATIONS
from sknn_scratch.maths.network import feedforward
from sknn_scratch.training.scoring import score_of
from tests.helpers import label

# An old scikit-learn with a new SciPy.
pytestmark = pytest.mark.filterwarnings("ignore:scipy.optimize:DeprecationWarning")

LEVELS = [0.1, 0.5, 0.9]
EXACT = {"solver": "lbfgs", "alpha": 0, "tol": 1e-8, "max_iter": 1000, "random_state": 0}
RAW = {"standardize": False}  # delta and alpha in the units of the others


@pytest.fixture(scope="module")
def data():
    """Return X (200, 3), y with outliers, and a positive y, both near linear or log-linear."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = 0.3 + X @ [1.0, -2.0, 0.5] + rng.standard_t(2, size=200)
    positive = np.exp(0.5 + X @ [0.3, -0.2, 0.1]) * rng.gamma(3, 1 / 3, size=200)
    return X, y, positive


def linear(loss, X, y, **params):
    """Return a linear network, fitted to the bottom."""
    return ScratchMLPRegressor((), loss=loss, **{**EXACT, **params}).fit(X, y)


def assert_same_line(ours, coef, intercept, atol=1e-4):
    assert_allclose(ours.coefs_[0].ravel(), coef, atol=atol)
    assert_allclose(ours.intercepts_[0], intercept, atol=atol)


# --- linear networks beside other programs ---


def test_the_squared_error_fits_what_linear_regression_fits(data):
    X, y, _ = data
    theirs = LinearRegression().fit(X, y)
    assert_same_line(linear("squared_error", X, y), theirs.coef_, theirs.intercept_)


@pytest.mark.parametrize("epsilon", [1.1, 1.35, 3.0])
def test_huber_fits_what_huber_regressor_fits_with_the_scale_that_it_finds(data, epsilon):
    X, y, _ = data
    theirs = HuberRegressor(epsilon=epsilon, alpha=0, tol=1e-9, max_iter=1000).fit(X, y)
    delta = epsilon * theirs.scale_
    assert_same_line(linear(Huber(delta), X, y, **RAW), theirs.coef_, theirs.intercept_)
    low, high = np.quantile(y, [0.25, 0.75], method="inverted_cdf")
    standard = linear(Huber(delta / ((high - low) / 1.349)), X, y)
    assert_same_line(standard, theirs.coef_, theirs.intercept_, atol=3e-4)
    other = linear(Huber(2 * delta), X, y, **RAW)
    assert abs(other.coefs_[0].ravel() - theirs.coef_).max() > 1e-3


def test_huber_and_the_absolute_error_withstand_an_outlier_but_not_the_squared_error(data):
    X, y, _ = data
    y = np.r_[1e4, y[1:]]
    errors = {
        loss: abs(linear(loss, X, y, **RAW).coefs_[0].ravel() - [1.0, -2.0, 0.5]).max()
        for loss in ("huber", "log_cosh", "absolute_error")
    }
    assert max(errors.values()) < 0.3
    with pytest.warns(ConvergenceWarning, match="no better than to predict the mean"):
        squared = linear("squared_error", X, y, **RAW)  # nearly all of its loss is the outlier's
    assert abs(squared.coefs_[0].ravel() - [1.0, -2.0, 0.5]).max() > 1
    for loss in errors:  # in standardised units too, which the outlier does not inflate
        assert abs(linear(loss, X, y).coefs_[0].ravel() - [1.0, -2.0, 0.5]).max() < 0.3


@pytest.mark.parametrize(
    ("loss", "regressor"), [("gamma", GammaRegressor), ("poisson", PoissonRegressor)]
)
@pytest.mark.parametrize("alpha", [0, 0.3])
def test_gamma_and_poisson_fit_what_the_generalised_linear_models_fit(data, loss, regressor, alpha):
    X, _, y = data
    theirs = regressor(alpha=alpha, tol=1e-8, max_iter=1000).fit(X, y)
    # Both minimise the mean of half the deviance; our penalty is divided by the samples.
    ours = linear(loss, X, y, alpha=alpha * len(y), **(RAW if alpha else {}))
    assert_same_line(ours, theirs.coef_, theirs.intercept_)
    assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-3)


class TwoMoments(Loss):
    """Fits the mean of each target, and that of its square; predicts the former."""

    def n_outputs(self, n_targets):
        return 2 * n_targets

    def predict(self, a):
        return np.hsplit(a, 2)[0]

    def __call__(self, y, a):
        first, second = np.hsplit(a, 2)
        return ((first - y) ** 2 + (second - y**2) ** 2) / 2

    def gradient(self, y, a):
        return a - np.hstack([y, y**2])


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("n_targets", [1, 2])
def test_a_loss_of_ones_own_may_have_several_outputs_for_each_target(n_targets, standardize, rng):
    X = 3 + rng.normal(size=(100, 2))
    y = np.tanh(X @ rng.normal(size=(2, n_targets)) - 2)
    model = linear(TwoMoments(), X, y[:, 0] if n_targets == 1 else y, standardize=standardize)
    expected = LinearRegression().fit(X, np.hstack([y, y**2]))
    assert_allclose(model.coefs_[0], expected.coef_.T, atol=1e-4)
    assert_allclose(model.intercepts_[0], expected.intercept_, atol=1e-4)
    assert model.predict(X).reshape(100, -1).shape == y.shape


def test_log_cosh_fits_what_scipy_minimises(data):
    X, y, _ = data

    def loss(line):
        return np.log(np.cosh(X @ line[:3] + line[3] - y)).mean()

    best = minimize(loss, np.zeros(4), tol=1e-8).x
    assert_same_line(linear("log_cosh", X, y, **RAW), best[:3], best[3])


KINKED = [("absolute_error", 0.5), ("quantile", 0.5), *((Quantile(q), q) for q in (0.1, 0.75))]


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize(("loss", "level"), KINKED, ids=str)
def test_kinked_losses_come_near_the_optimum_that_quantile_regressor_finds(
    data, loss, level, solver
):
    X, y, _ = data
    theirs = QuantileRegressor(quantile=level, alpha=0, solver="highs").fit(X, y)
    decaying = {"learning_rate_init": 0.01, "learning_rate": "adaptive", "n_iter_no_change": 30}
    ours = linear(loss, X, y, solver=solver, **decaying)
    best, reached = (mean_pinball_loss(y, m.predict(X), alpha=level) for m in (theirs, ours))
    assert best <= reached * (1 + 1e-12)
    assert reached <= best * (1 + 1e-3)
    assert_allclose(ours.predict(X), theirs.predict(X), atol=0.25)  # y has a spread of 3.6


@pytest.mark.parametrize(
    ("loss", "constant"),
    [
        ("squared_error", np.mean),
        ("absolute_error", np.median),
        ("quantile", np.median),
        (Quantile(0.9), lambda y: np.quantile(y, 0.9)),
        (Huber(1e-3), np.median),
        ("poisson", np.mean),
        ("gamma", np.mean),
    ],
    ids=label,
)
def test_where_there_is_nothing_to_know_the_prediction_is_the_mean_median_or_quantile(
    data, loss, constant
):
    y = data[2][:51]  # the quantiles of 51 numbers, at every 2%, are numbers themselves
    with pytest.warns(ConvergenceWarning, match="no better than to predict"):
        model = linear(loss, np.zeros((51, 1)), y)
    assert_allclose(model.predict([[0.0]]), constant(y), rtol=1e-3)


# --- several quantiles of one target ---


SHORT = {"hidden_layer_sizes": (5,), "batch_size": 20, "random_state": 0, "tol": 0}
short = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def quantiles(**params):
    return ScratchMLPRegressor(loss=Quantile(LEVELS), **{**SHORT, **params})


def spread(n, seed):
    """Return X (n, 1) and y, normal around sin(3 x) with a standard deviation of 0.2 + 0.4 x."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, 1, size=(n, 1))
    return X, np.sin(3 * X[:, 0]) + (0.2 + 0.4 * X[:, 0]) * rng.normal(size=n)


@pytest.fixture(scope="module")
def model():
    return ScratchMLPRegressor(
        (10,), loss=Quantile(LEVELS), activation="tanh", solver="lbfgs", tol=1e-3, random_state=0
    ).fit(*spread(2000, seed=0))


def test_several_quantiles_have_the_coverage_that_they_name(model):
    X, y = spread(20_000, seed=1)
    below = y[:, np.newaxis] < model.predict(X)
    assert_allclose(below.mean(axis=0), LEVELS, atol=0.03)
    for half in (X[:, 0] < 0.5, X[:, 0] >= 0.5):  # nowhere too narrow, nowhere too wide
        assert_allclose(below[half].mean(axis=0), LEVELS, atol=0.05)


def test_several_quantiles_are_near_the_true_ones(model):
    X = np.linspace(0.05, 0.95, 50)[:, np.newaxis]
    true = np.sin(3 * X) + (0.2 + 0.4 * X) * [-1.2816, 0, 1.2816]
    assert abs(model.predict(X) - true).max() < 0.12


def test_several_quantiles_are_as_many_columns_and_outputs(model):
    assert model.predict(np.zeros((7, 1))).shape == (7, 3)
    assert model.n_outputs_ == model.coefs_[-1].shape[1] == 3
    X, y = spread(50, seed=0)
    short = {"solver": "adam", "random_state": 0}
    for loss in (Quantile(0.9), Quantile([0.9])):
        one = ScratchMLPRegressor((3,), loss=loss, **short).partial_fit(X, y)
        assert one.predict(X).shape == (50,)
        two = ScratchMLPRegressor((3,), loss=loss, **short).partial_fit(X, np.c_[y, -y])
        assert two.predict(X).shape == (50, 2)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_quantiles_never_cross_however_many_rows_are_asked_for(container, dtype, rng):
    X, y = rng.normal(size=(20_000, 4)).astype(dtype), rng.normal(size=20_000)
    model = ScratchMLPRegressor((8,), loss=Quantile(LEVELS), learning_rate_init=1e-6)
    model.set_params(random_state=0).partial_fit(X, y)
    layers = [ACTIVATIONS["relu"], ACTIVATIONS["identity"]]
    raw = feedforward(X, model.coefs_, model.intercepts_, layers)
    assert (np.diff(raw) < 0).any(axis=1).mean() > 0.3  # before they are put in order
    whole = model.predict(container(X))
    assert whole.dtype == dtype
    assert (np.diff(whole) >= 0).all()
    assert_allclose(whole, np.sort(raw, axis=1), rtol=1e-4, atol=1e-6)
    assert_allclose(model.predict(X[:1]), whole[:1], rtol=1e-4, atol=1e-6)


def test_the_input_gradient_of_quantiles_is_in_the_order_of_the_prediction(rng):
    weights = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 3.0]])  # they cross wherever rows differ
    settings = {"init": [weights], "learning_rate_init": 1e-12, "standardize": False}
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    model = ScratchMLPRegressor((), loss=Quantile(LEVELS), **settings).partial_fit(X, y)
    order = np.argsort(X @ weights, axis=1)
    assert len(np.unique(order, axis=0)) == 3
    assert_allclose(model.input_gradient(X), weights.T[order], rtol=1e-6)


def test_the_score_of_several_quantiles_is_their_d2(model):
    X, y = spread(300, seed=2)
    weight = np.random.default_rng(0).integers(1, 4, 300)
    for w in (None, weight):
        expected = score_of(Quantile(LEVELS), y, model.predict(X), w)
        assert model.score(X, y, w) == expected > 0.1
    assert model.score(X, y, weight) != model.score(X, y)


def test_the_score_is_zero_for_the_quantiles_of_the_target_and_one_for_the_target_itself(model):
    X, y = spread(300, seed=2)
    model = pickle.loads(pickle.dumps(model))
    model.coefs_ = [np.zeros_like(W) for W in model.coefs_]
    model.intercepts_ = [np.zeros(10), np.quantile(y, LEVELS)]
    assert model.score(X, y) == pytest.approx(0, abs=1e-12)
    model.intercepts_ = [np.zeros(10), np.full(3, 7.0)]
    assert model.score(X, np.full(300, 7.0)) == 1


@short
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_unit_of_the_target_does_not_matter_to_several_quantiles(solver):
    X, y = spread(200, seed=0)
    settings = {"solver": solver, "max_iter": 30, "early_stopping": True}
    one = quantiles(**settings).fit(X, y)
    other = quantiles(**settings).fit(X, 1e3 * y + 1e5)
    assert_allclose((other.predict(X) - 1e5) / 1e3, one.predict(X), atol=1e-6)
    assert_allclose(other.validation_scores_, one.validation_scores_, atol=1e-6)
    assert_allclose(other.validation_loss_curve_, one.validation_loss_curve_, atol=1e-6)


@pytest.mark.parametrize("standardize", [False, True], ids=["raw", "standardized"])
def test_several_quantiles_take_validation_data(standardize):
    X, y = spread(200, seed=0)
    X_val, y_val = spread(100, seed=1)
    model = quantiles(standardize=standardize, early_stopping="loss", learning_rate_init=0.01)
    model.partial_fit(X, y, X_val=X_val, y_val=y_val)
    assert model.best_validation_score_ == pytest.approx(model.score(X_val, y_val), rel=1e-9)
    loss = Quantile(LEVELS)(y_val[:, np.newaxis], model.predict(X_val)).sum(axis=1).mean()
    unit = y.std() if standardize else 1  # of the targets that were trained on
    assert model.validation_loss_curve_[-1] == pytest.approx(loss / unit, rel=1e-2)
    with pytest.raises(ValueError, match=r"y_val.*must be one target.*got 2 columns"):
        model.fit(X, y, X_val=X_val, y_val=np.c_[y_val, y_val])


@pytest.mark.parametrize("level", [0.1, 0.9])
def test_early_stopping_goes_on_until_a_quantile_is_found(level):
    X, y = spread(1000, seed=0)
    settings = {"learning_rate_init": 0.01, "early_stopping": True, "random_state": 0}
    model = ScratchMLPRegressor((20,), loss=Quantile(level), **settings).fit(X, y)
    assert np.mean(y < model.predict(X)) == pytest.approx(level, abs=0.05)
    assert r2_score(y, model.predict(X)) < 0  # by which it would have stopped at once


def test_training_does_not_go_on_with_more_quantiles():
    X, y = spread(50, seed=0)
    model = ScratchMLPRegressor((3,), loss=Quantile(LEVELS)).partial_fit(X, y)
    model.set_params(loss=Quantile([0.1, 0.9]))
    with pytest.raises(ValueError, match="the network must stay the same"):
        model.partial_fit(X, y)
    assert model.predict(X).shape == (50, 3)


@short
@pytest.mark.parametrize("early_stopping", [False, True], ids=["", "early_stopping"])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_several_quantiles_are_cloned_and_pickled(solver, early_stopping):
    X, y = spread(100, seed=0)
    model = quantiles(solver=solver, early_stopping=early_stopping, max_iter=5).fit(X, y)
    for twin in (pickle.loads(pickle.dumps(model)), clone(model).fit(X, y)):
        assert twin.loss == Quantile(LEVELS)
        assert_array_equal(twin.predict(X), model.predict(X))
        assert twin.loss_curve_ == model.loss_curve_


@pytest.mark.parametrize("early_stopping", [False, True], ids=["", "early_stopping"])
def test_calls_of_partial_fit_equal_one_fit_with_several_quantiles(early_stopping):
    X, y = spread(100, seed=0)
    calls = quantiles(early_stopping=early_stopping)
    for _ in range(4):
        calls.partial_fit(X, y)
    with pytest.warns(ConvergenceWarning):
        once = quantiles(early_stopping=early_stopping, max_iter=4).fit(X, y)
    assert_array_equal(calls.predict(X), once.predict(X))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_validation_score_of_several_quantiles_is_their_score(solver):
    X, y = spread(400, seed=0)
    rng = np.random.default_rng(0)
    init = [rng.normal(size=(1, 5)), rng.normal(size=(5, 3))]  # so the split is the first draw
    settings = {"early_stopping": True, "init": init, "learning_rate_init": 0.02, "tol": 1e-4}
    model = quantiles(solver=solver, activation="tanh", **settings).fit(X, y)
    rows = train_test_split(np.arange(400), test_size=0.1, random_state=0)[1]
    assert 0 < model.best_validation_score_ == max(model.validation_scores_)
    assert model.score(X[rows], y[rows]) == pytest.approx(model.best_validation_score_, rel=1e-9)


def test_the_validation_score_is_that_of_quantiles_in_order():
    X, y = spread(400, seed=0)
    init = [np.zeros((1, 5)), np.zeros((5, 3)), np.zeros(5), np.array([2.0, 1.0, 0.0])]
    model = quantiles(early_stopping=True, init=init, learning_rate_init=1e-12).partial_fit(X, y)
    assert_allclose(model.predict(X[:1]), [[0, 1, 2]], atol=1e-9)
    rows = train_test_split(np.arange(400), test_size=0.1, random_state=0)[1]
    assert model.best_validation_score_ == pytest.approx(model.score(X[rows], y[rows]), rel=1e-9)


@short
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_weight_of_two_is_a_row_that_occurs_twice_for_several_quantiles(solver):
    X, y = spread(60, seed=0)
    counts = np.random.default_rng(0).integers(1, 4, 60)
    settings = {"solver": solver, "batch_size": "auto", "max_iter": 20, "alpha": 0}
    weighted = quantiles(**settings).fit(X, y, counts)
    repeated = quantiles(**settings).fit(X.repeat(counts, 0), y.repeat(counts))
    assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-6)


@short
def test_several_quantiles_train_in_float32_as_in_float64():
    X, y = spread(100, seed=0)
    single, double = (quantiles(max_iter=10).fit(X.astype(t), y) for t in ("f4", "f8"))
    assert single.coefs_[0].dtype == single.predict(X.astype("f4")).dtype == np.float32
    assert_allclose(single.predict(X.astype("f4")), double.predict(X), atol=1e-4)


@pytest.mark.slow
@short
def test_several_quantiles_are_searched_and_cross_validated_by_their_score():
    X, y = spread(200, seed=0)
    model = make_pipeline(StandardScaler(), quantiles(solver="lbfgs", max_iter=50))
    name = "scratchmlpregressor__loss"
    losses = [Quantile(LEVELS), Quantile([0.25, 0.75])]
    search = GridSearchCV(model, {name: losses, "scratchmlpregressor__alpha": [1e-4, 1e4]}, cv=3)
    search.fit(X, y)
    assert search.best_params_["scratchmlpregressor__alpha"] == 1e-4
    assert search.predict(X).shape == (200, len(search.best_params_[name].quantile))
    expected = cross_val_score(model.set_params(**search.best_params_), X, y, cv=3)
    assert expected.min() > 0.1
    assert search.best_score_ == pytest.approx(expected.mean(), rel=1e-12)


class ShareOfTwo(Loss):
    """Two outputs for a target, which have one loss together, of operations that are traced."""

    def n_outputs(self, n_targets):
        return 2 * n_targets

    def __call__(self, y, a):
        return 0 * y + 1

    def gradient(self, y, a):
        return 0 * (a - y)

    def predict(self, a):
        return a[:, :1]


def test_a_loss_that_two_outputs_have_together_counts_once():
    X = np.linspace(-1, 1, 20)[:, np.newaxis]
    model = ScratchMLPRegressor((3,), loss=ShareOfTwo(), alpha=0, max_iter=1, random_state=0)
    with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
        model.fit(X, X[:, 0])
    assert model.loss_curve_ == [1.0]
