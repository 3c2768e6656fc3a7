"""Columns far from zero: predictions are those of a scaler in front, whatever coefs_ can hold."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from sknn_scratch import Quantile, ScratchMLPRegressor, feedforward
from sknn_scratch.data.folding import may_lose_digits
from sknn_scratch.data.scaling import Scaling
from sknn_scratch.maths.activations import Identity, Tanh

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
APART = pytest.warns(UserWarning, match="coefs_ and intercepts_ cannot hold these predictions")
# Where a column is, what it varies by for that, and whether weights in its unit can hold it.
COLUMNS = [
    (1.76e9, 1e-7, np.float32, False),
    (1.0, 1e-7, np.float32, False),
    (-1e5, 1e-5, np.float32, False),
    (1.0, 1e-3, np.float32, True),
    (1.8e18, 1e-15, np.float64, False),
    (-1.0, 1e-15, np.float64, False),
    (1e30, 1e-15, np.float64, False),
    (1.0, 1e-13, np.float64, False),
    (1.76e9, 1e-9, np.float64, True),
]
columns = pytest.mark.parametrize(("place", "spread", "dtype", "held"), COLUMNS)


def network(**params):
    settings = {
        "hidden_layer_sizes": (10,),
        "activation": "tanh",
        "max_iter": 100,
        "learning_rate_init": 0.02,
    }
    return ScratchMLPRegressor(**{**settings, "random_state": 0, **params})


def make_data(place, spread, dtype, n=300):
    """Return X, whose last column is far from zero, and y, which depends on it."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    X[:, 2] = place * (1 + spread * X[:, 2])
    X = X.astype(dtype)
    column = X[:, 2].astype(np.float64) - np.float64(X[0, 2])
    return X, (X[:, 0] + np.sin(column / column.std())).astype(dtype)


def scaled_by_hand(X):
    X = X.astype(np.longdouble)
    X = X - X[0]
    return ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float64)


@columns
def test_predictions_are_those_of_a_scaler_in_front(place, spread, dtype, held, recwarn):
    X, y = make_data(place, spread, dtype)
    model = network().fit(X, y)
    expected = network(standardize=False).fit(
        scaled_by_hand(X),
        StandardScaler().fit_transform(y.astype(np.float64)[:, np.newaxis]).ravel(),
    )
    prediction = expected.predict(scaled_by_hand(X)) * y.std() + y.mean()
    # Trainings that round differently; and to a tenth of 1e-15 the mean is no number of float64.
    tolerance = 1e-3 if dtype == np.float64 and spread > 1e-15 else 0.02
    assert_allclose(model.predict(X), prediction, atol=tolerance)
    assert model.score(X, y) > 0.9
    if held:
        assert model.coefs_[0].shape == (3, 10)
    else:
        with APART:
            assert model.coefs_[0].shape == (3, 10)


@columns
def test_weights_that_hold_the_predictions_are_not_warned_of_and_others_are(
    place, spread, dtype, held
):
    X, y = make_data(place, spread, dtype)
    model = network().fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        coefs = model.coefs_
    by_hand = feedforward(X, coefs, model.intercepts_, [Tanh(), Identity()]).ravel()
    error = np.abs(by_hand - model.predict(X)).max() / y.std()
    assert (error < 1e-4) == held


def test_a_column_in_seconds_is_as_good_as_in_days():
    """The dates of a year, in float32: known to two minutes."""
    rng = np.random.default_rng(0)
    days = rng.uniform(0, 365, 500)
    seconds = (1.76e9 + 86400 * days).astype(np.float32)[:, np.newaxis]
    y = np.sin(2 * np.pi * days / 365).astype(np.float32)
    settings = {"solver": "lbfgs", "max_iter": 300}
    model = network(**settings).fit(seconds, y)
    assert model.score(seconds, y) > 0.999


@pytest.fixture
def far():
    return make_data(1.76e9, 1e-6, np.float32)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [True, "loss"])
def test_early_stopping_sees_the_predictions_as_they_are(solver, early_stopping, far):
    X, y = far
    model = network(early_stopping=early_stopping, solver=solver, max_iter=50).fit(X, y)
    assert model.best_validation_score_ > 0.8
    assert model.score(X, y) > 0.8
    for scoring in ("r2", "neg_mean_absolute_error"):
        scored = clone(model).set_params(scoring=scoring, early_stopping="loss").fit(X, y)
        if scoring == "r2":
            assert_allclose(max(scored.validation_scores_), max(model.validation_scores_), atol=0.1)
        assert max(scored.validation_scores_) > -0.5


def test_all_that_looks_inside_keeps_the_scaling_apart(far):
    X, y = far
    model, near = network().fit(X, y), network()
    Z = scaled_by_hand(X).astype(np.float32)
    assert_allclose(model.transform(X), near.fit(Z, y).transform(Z), atol=0.02)
    gradient = model.input_gradient(X) * X.astype(np.float64).std(axis=0)
    assert_allclose(gradient, near.input_gradient(Z), atol=0.05)
    assert model.check_gradient(X[:20], y[:20]) < 1e-6
    assert model.loss_gradient(X, y)[0] == pytest.approx(near.loss_gradient(Z, y)[0], rel=0.05)
    quantiles = network(loss=Quantile([0.1, 0.9])).fit(X, y)
    assert (np.diff(quantiles.predict(X), axis=1) >= 0).all()
    assert quantiles.input_gradient(X).shape == (300, 2, 3)


def test_many_rows_are_predicted_as_few_are(far):
    X, y = far
    model = network().fit(X, y)
    assert_allclose(model.predict(np.tile(X, (100, 1)))[:300], model.predict(X), rtol=1e-4)
    for kind in (np.asfortranarray, lambda X: X.astype(np.float64)):
        assert_allclose(model.predict(kind(X)), model.predict(X), rtol=1e-4)


@pytest.mark.parametrize("out", ["exp", "softplus", "relu"])
def test_other_outputs_are_kept_apart_as_well(out, far):
    X, y = far
    model = network(out_activation=out, max_iter=300).fit(X, np.exp(y))
    assert model.score(X, np.exp(y)) > 0.8
    gradient = model.input_gradient(X[:2].astype(np.float64))
    step = np.array([0, 0, 256.0])  # 0.15 of its deviation; float32 has every 128th number here
    slope = (model.predict(X[:2] + step) - model.predict(X[:2] - step)) / 512
    assert_allclose(gradient[:, 2], slope, rtol=0.05, atol=1e-2 / X[:, 2].astype(float).std())


def test_training_goes_on_and_copies_go_on_alike(far):
    X, y = far
    model = network()
    for _ in range(60):
        model.partial_fit(X, y)
    whole = network(max_iter=60).fit(X, y)
    assert_array_equal(model.predict(X), whole.predict(X))
    twin = pickle.loads(pickle.dumps(model))
    assert_array_equal(twin.predict(X), model.predict(X))
    other = copy.deepcopy(model).partial_fit(X, y)
    assert_array_equal(model.partial_fit(X, y).predict(X), other.predict(X))
    model.set_params(warm_start=True, max_iter=3).fit(X, y)
    assert model.score(X, y) > 0.5


def test_weights_that_are_set_are_what_it_predicts_by(far):
    X, y = far
    model = network().fit(X, y)
    with APART:
        coefs = model.coefs_
    coefs[0][2], model.intercepts_[0][:] = 0, 0
    by_hand = feedforward(X, coefs, model.intercepts_, [Tanh(), Identity()])
    assert_allclose(model.predict(X), by_hand.ravel(), rtol=1e-5)
    assert_array_equal(model.coefs_[0][2], 0)  # without a warning: they hold


def test_what_is_made_of_the_weights_warns(far):
    model = network().fit(*far)
    with APART:
        model.to_sklearn()


def test_a_column_of_too_small_a_unit_for_float32_is_kept_apart():
    X, y = make_data(1.0, 1e-3, np.float32)
    X[:, 0] *= 1e-37
    model = network(init="uniform", learning_rate_init=0.5).fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    assert model.score(X, y) > 0.5


def test_sparse_and_uncentred_inputs_have_no_shift_to_lose_digits_by(far):
    X, y = far
    for data, fit_intercept in ((sparse.csr_array(X), True), (X, False)):
        model = network(fit_intercept=fit_intercept, max_iter=5).fit(data, y)
        assert model.coefs_[0].dtype == np.float32  # and no warning


@pytest.mark.parametrize(
    ("dtype", "shift", "scale", "risky"),
    [
        (np.float32, 0, 1, False),
        (np.float32, 10, 1, False),
        (np.float32, 1000, 1, True),
        (np.float64, 1e9, 1, False),
        (np.float64, 1e12, 1, True),
        (np.float32, 0, 1e30, True),
        (np.float32, 0, 1e-30, True),
        (np.float64, 0, 1e-30, False),
        (np.float64, 0, 1e-300, True),
    ],
)
def test_where_folding_may_lose_digits_is_known_beforehand(dtype, shift, scale, risky):
    one, zero = np.ones(2), np.zeros(1)
    shifts, scales = np.array([0, shift]), np.array([1, scale])
    of_y = Scaling(0 * shifts, one, zero, scales[1:])
    assert may_lose_digits(of_y, dtype) == (risky and scale != 1)
