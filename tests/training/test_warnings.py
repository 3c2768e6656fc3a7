"""What `fit` warns of, since it may not be what was meant."""

import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sknn_scratch import Activation, Bounded, Loss, ScratchMLPRegressor
from tests.bad_input import assert_refused

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SHORT = {"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0}


def network(**params):
    return ScratchMLPRegressor(**{**SHORT, **params})


# --- the penalty beside small weights ---


def test_weights_of_a_small_mean_are_warned_of_with_the_penalty_that_they_stand_for(regression):
    X, y = regression
    match = r"sample_weight has a mean of 1e-06.*acts as alpha=1e\+02 would"
    with pytest.warns(UserWarning, match=match):
        light = network().fit(X, y, np.full(60, 1e-6))
    assert_allclose(light.predict(X), network(alpha=100).fit(X, y).predict(X), rtol=1e-6)
    with pytest.warns(UserWarning, match=match):
        network().partial_fit(X, y, np.full(60, 1e-6))


def test_weights_of_a_large_mean_are_warned_of_where_they_take_a_penalty_away(regression):
    X, y = regression
    match = r"sample_weight has a mean of 5e\+02.*acts as alpha=0.02 would"
    with pytest.warns(UserWarning, match=match):
        heavy = network(alpha=10).fit(X, y, np.full(60, 500.0))
    assert_allclose(heavy.predict(X), network(alpha=0.02).fit(X, y).predict(X), rtol=1e-6)


@pytest.mark.parametrize(("alpha", "weight"), [(1e-4, 1e-6), (10, 500.0)])
def test_of_rows_with_gaps_among_their_targets_the_weights_are_looked_at_too(
    alpha, weight, regression
):
    X, y = regression
    gaps = np.column_stack([y, y])
    gaps[10:, 1] = np.nan
    with pytest.warns(UserWarning, match=r"sample_weight has a mean of (1e-06|5e\+02)\."):
        network(alpha=alpha, missing_targets="ignore").fit(X, gaps, np.full(60, weight))
    gaps[:, 1] = y
    gaps[1:] = np.nan  # few rows are measured, which is no weight
    network(missing_targets="ignore").fit(X.repeat(9, 0), gaps.repeat(9, 0))


def test_it_is_warned_of_before_training_which_may_diverge(regression):
    X, y = regression
    with (
        pytest.warns(UserWarning, match=r"sample_weight has a mean of 1e-30\."),
        pytest.raises(ValueError, match="diverged"),
    ):
        network(solver="sgd", max_iter=50).fit(X, y, np.full(60, 1e-30))


def test_of_targets_with_gaps_the_weights_of_rows_held_out_do_not_count(regression):
    X, y = regression
    held_out = np.arange(60) % 3 == 0
    model = network(missing_targets="ignore", early_stopping="loss", validation_fraction=held_out)
    with pytest.warns(UserWarning, match=r"sample_weight has a mean of 1e-06\."):
        model.fit(X, np.r_[np.nan, y[1:]], np.where(held_out, 1, 1e-6))


def test_a_few_heavy_rows_are_not(regression):
    network(alpha=10).fit(*regression, np.r_[1e9, np.ones(59)])


@pytest.mark.parametrize(("alpha", "weight"), [(0.0, 1e-6), (1e-4, 0.01), (1e-4, 1e6), (10, 99)])
def test_other_weights_are_not(alpha, weight, regression):
    network(alpha=alpha).fit(*regression, np.full(60, weight))


# --- the unit of targets that cannot be standardised ---

LEFT_ALONE = [
    {"loss": "poisson", "fit_intercept": False},
    {"loss": "gamma", "fit_intercept": False},
    {"loss": "poisson", "out_activation": "softplus"},
    {"out_activation": "logistic"},
    {"out_activation": "tanh"},
]


@pytest.mark.parametrize("params", LEFT_ALONE, ids=str)
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_targets_far_from_1_that_are_not_standardised_are_warned_of(params, unit, regression):
    X, y = regression
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        network(**params).fit(X, np.exp(y) * unit)
        network(**params, standardize=False).fit(X, np.exp(y) * unit)  # as it was asked for
    told = [each for each in caught if "y cannot be standardised with" in str(each.message)]
    assert len(told) == (unit != 1)
    assert all(each.filename == __file__ for each in told)


def test_so_are_bounds_far_from_1(regression):
    X, y = regression
    with pytest.warns(UserWarning, match=r"y cannot be standardised with .*Bounded.*the bounds"):
        network(out_activation=Bounded(0, 1e5)).fit(X, 1e4 * np.exp(y))


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_targets_that_are_standardised_are_not(unit, regression):
    X, y = regression
    for params in ({}, {"loss": "poisson"}, {"out_activation": "relu"}, {"fit_intercept": False}):
        network(**params).fit(X, np.exp(y) * unit)


def test_targets_that_are_all_0_have_no_unit_to_be_brought_to(regression):
    network(loss="poisson", out_activation="softplus").fit(regression[0], np.zeros(60))


# --- targets out of reach ---


@contextmanager
def nothing_said_of_reach():
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "y has a mean of")
        yield


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize(
    ("out", "lies"),
    [("logistic", "between 0 and 1"), ("softplus", "between 0 and inf"), (Bounded(1, 6), "6")],
    ids=str,
)
def test_targets_whose_mean_no_output_can_be_are_warned_of(out, lies, standardize, regression):
    X, y = regression
    model = network(out_activation=out, standardize=standardize)
    reached = np.abs(np.tanh(y))
    model.fit(X, reached + (out == Bounded(1, 6)))
    with pytest.warns(
        ConvergenceWarning, match=rf"y has a mean of -?\d+.*, and out_activation=.* {lies}"
    ):
        model.fit(X, (-50 if out == "softplus" else 50) * reached)


def test_targets_whose_mean_is_near_what_an_output_can_be_are_in_reach(regression):
    X, y = regression
    y = (y - y.mean()) / y.std()
    with pytest.warns(ConvergenceWarning, match="y has a mean of -0.6"):
        network(out_activation="relu").fit(X, y - 0.6)
    with nothing_said_of_reach():
        network(out_activation="relu").fit(X, y - 0.4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_targets_that_are_all_a_bound_are_in_reach(dtype, regression):
    X, _ = regression
    with nothing_said_of_reach():
        network(out_activation=Bounded(0, 0.3)).fit(X.astype(dtype), np.full(60, 0.3, dtype))


@pytest.mark.filterwarnings("ignore:Split is not elementwise")
def test_what_outputs_of_ones_own_can_be_is_not_asked(regression):
    class Split(Activation):
        def __call__(self, z):
            return np.column_stack([z[:, 0], np.tanh(z[:, 1])])

        def derivative(self, z, a):
            return np.column_stack([np.ones_like(a[:, 0]), 1 - a[:, 1] ** 2])

    X, y = regression
    with nothing_said_of_reach():
        network(out_activation=Split(), standardize=False).fit(X, np.c_[y, y / 100])


def test_a_few_rows_of_a_first_batch_do_not_say_where_the_mean_lies(regression):
    X, y = regression
    model = network(out_activation="relu", standardize=False)
    with nothing_said_of_reach():
        clone(model).partial_fit(X[:1], [-0.1])
    with pytest.warns(ConvergenceWarning, match="y has a mean of -"):
        model.partial_fit(X, -(y**2))


# --- values beside which others are all alike ---


@pytest.mark.parametrize(
    ("huge", "dtype"), [(1e7, np.float32), (-1e15, np.float32), (1e7, float), (1e200, float)]
)
def test_a_cell_beside_which_a_column_is_constant_is_warned_of(huge, dtype, regression):
    X, y = (rows.astype(dtype) for rows in regression)
    X[7, 1] = huge
    with pytest.warns(
        UserWarning, match=r"X\[:, 1\] is nearly the same in most rows, beside a few"
    ):
        network().fit(X, y)
    weight = np.ones(60)
    weight[7] = 0
    network().fit(X, y, weight)  # of no weight, it is not there
    y[3] = huge
    with pytest.warns(UserWarning, match=r"y\[:, 0\], X\[:, 1\] are nearly the same in most rows"):
        network().fit(X, y)


def test_targets_that_are_small_and_not_standardised_are_not_called_alike(regression):
    X, y = regression
    with pytest.warns(UserWarning, match="y cannot be standardised") as told:
        network(out_activation="tanh").fit(X, 1e-6 * y)
    assert not any("nearly the same" in str(each.message) for each in told)


@pytest.mark.parametrize("dtype", [np.float32, float])
def test_a_column_of_sparse_x_that_is_far_from_zero_is_warned_of(dtype, regression):
    X, y = regression
    X = np.column_stack([X > 1, 20 + 5 * X[:, 1], 2012 + 7 * X[:, 2], np.full(60, 0.1)])
    model, given = network(solver="lbfgs"), sparse.csr_array(X.astype(dtype))
    with pytest.warns(UserWarning, match=r"X\[:, 5\] is more than 30 .*StandardScaler"):
        model.fit(given, y)
    weight = 1 * (np.arange(60) == 0)
    model.fit(given, y, weight)  # of which there is one
    X[:, 5] -= 2012
    model.fit(sparse.csr_array(X), y)
    model.set_params(standardize=False).fit(given, y)


@pytest.mark.parametrize("params", [{}, {"fit_intercept": False}, {"loss": "gamma"}], ids=str)
def test_columns_that_are_skewed_far_from_0_or_mostly_alike_are_not(params, regression, rng):
    X, y = regression
    X = np.column_stack([X, rng.lognormal(0, 3, 60), 1e6 + rng.normal(size=60), np.arange(60) > 57])
    network(**params).fit(X, 1e6 + y)


# --- losses for positive predictions ---


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("out_activation", ["identity", "relu"])
def test_a_divergence_says_that_outputs_are_not_in_the_domain_of_the_loss(
    out_activation, solver, regression
):
    model = network(loss="poisson", out_activation=out_activation, solver=solver, max_iter=50)
    match = r"diverged: .* Poisson\(\) is for predictions above 0, .*try out_activation='exp'"
    for y in (np.zeros(60), np.arange(60) % 3):
        with pytest.raises(ValueError, match=match):
            model.fit(regression[0], y)


def test_a_divergence_of_outputs_that_are_says_nothing_of_it(regression):
    X, y = regression
    model = network(loss="poisson", solver="sgd", learning_rate_init=1e10)
    with pytest.raises(
        ValueError, match=r"diverged: [^.]*; try a smaller learning_rate_init"
    ) as told:
        model.fit(X, np.exp(y))
    assert "predictions above 0" not in str(told.value)


# --- predictions that are not finite ---


@pytest.mark.parametrize("n", [50, 20_000])
def test_few_and_many_predictions_are_warned_of_alike(n, regression):
    X, y = regression
    model = network(loss="poisson").fit(X, np.exp(y))
    far = np.tile(1e6 * X, (400, 1))[:n]
    with pytest.warns(UserWarning, match="Some predictions are not finite") as caught:
        model.predict(far)
    assert len(caught) == 1  # and none of NumPy's


@pytest.mark.parametrize("method", ["transform", "input_gradient"])
def test_what_looks_inside_hands_on_no_warnings_of_numpy(method, regression):
    X, y = regression
    model = network(activation="exp").fit(X, y)
    assert not np.isfinite(getattr(model, method)(1e6 * X)).all()


# --- several outputs of a loss of one's own ---


class MeanTwice(Loss):
    """Two outputs for each target, both at it."""

    def n_outputs(self, n_targets):
        return 2 * n_targets

    def __call__(self, y, a):
        return (a - y) ** 2 / 2

    def gradient(self, y, a):
        return a - y


class MeanOfTwo(MeanTwice):
    def __call__(self, y, a):
        return (a - y) ** 2 / 2

    def gradient(self, y, a):
        return a - y

    def predict(self, a):
        return a.mean(axis=1, keepdims=True)


def test_outputs_that_are_no_predictions_of_targets_have_no_score(regression):
    X, y = regression
    model = network(loss=MeanTwice()).fit(X, y)
    assert model.predict(X).shape == (60, 2)
    with pytest.raises(ValueError, match=r"MeanTwice\(\) predicts 2 numbers for 1 target"):
        model.score(X, y)


def test_early_stopping_on_the_loss_needs_no_score(regression):
    X, y = regression
    model = network(loss=MeanTwice(), early_stopping="loss").fit(X, y)
    assert np.isnan(model.validation_scores_).all()
    assert np.isfinite(model.validation_loss_curve_).all()
    assert model.n_iter_best_ == 1 + np.argmin(model.validation_loss_curve_)
    early = network(loss=MeanTwice(), early_stopping=True)
    assert_refused(ValueError, "score.*is nan.*needs a `predict`", early, "fit", X, y)


@pytest.mark.parametrize("early_stopping", [False, True, "loss"])
def test_a_predict_of_ones_own_makes_a_score(early_stopping, regression):
    X, y = regression
    model = network(loss=MeanOfTwo(), early_stopping=early_stopping, learning_rate_init=0.05)
    model.set_params(max_iter=100).fit(X, y)
    assert model.predict(X).shape == (60,)
    assert model.score(X, y) > 0.2
