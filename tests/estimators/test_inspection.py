import copy

import numpy as np
import pandas as pd
import pytest
from numpy.random import RandomState
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import Gaussian, LeakyReLU, ReLU, ScratchMLPRegressor, feedforward
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.data import chunking, no_scaling
from sknn_scratch.estimators.inspection import check_gradient
from sknn_scratch.maths.losses import SquaredError
from sknn_scratch.maths.network import backprop
from tests.bad_input import BAD_DATA, BAD_PARAMETERS, NOT_HUGE, assert_refused, same
from tests.helpers import (
    EVERY_NETWORK,
    Sine,
    WrongSine,
    assert_is_gradient,
    make_network,
    make_problem,
    numerical_gradient,
)

short = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
every_solver = pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
TANH, RELU, IDENTITY = (ACTIVATIONS[name] for name in ("tanh", "relu", "identity"))
SQUARED_ERROR = LOSSES["squared_error"]
GOOD = 1e-6  # what the documentation calls a good gradient


class WrongLoss(SquaredError):
    def gradient(self, y, a):
        return 1.1 * (a - y)


def chain(network, params):
    coefs, intercepts = map(list, zip(*network.layers(params)))
    return coefs, intercepts, network.activations


def fitted(network, params):
    """Return an estimator that has this network."""
    model = ScratchMLPRegressor(network.sizes[1:-1])
    model._network, model._params, model._scaling = network, params, no_scaling(network)
    model.n_features_in_ = network.sizes[0]
    return model


def assert_is_jacobian(jacobian, predict, X):
    """Raise AssertionError unless ``jacobian[i, k]`` is the gradient of output k at row i."""
    for i, row in enumerate(X):
        for k, gradient in enumerate(jacobian[i]):
            assert_is_gradient(gradient, lambda x, k=k: predict(x[np.newaxis])[0, k], row)


# --- hidden activations ---


def test_a_hidden_layer_is_where_feedforward_has_come_to(rng):
    network = make_network(TANH, IDENTITY, SQUARED_ERROR)
    params, X, _ = make_problem(network, rng)
    (W1, W2, W3), (b1, b2, b3), _ = layers = chain(network, params)
    first = np.tanh(X @ W1 + b1)
    second = np.tanh(first @ W2 + b2)
    for layer, expected in [(0, first), (-2, first), (1, second), (-1, second)]:
        assert_allclose(fitted(network, params).transform(X, layer), expected)
    assert_allclose(fitted(network, params).transform(X), second)
    assert_allclose(feedforward(X, *layers), second @ W3 + b3)


@pytest.mark.parametrize("layer", [2, -3, 100])
def test_a_layer_that_is_not_there_is_an_index_error(layer, rng):
    network = make_network(TANH, IDENTITY, SQUARED_ERROR)
    params, X, _ = make_problem(network, rng)
    with pytest.raises(IndexError, match=f"layer must be .* from -2 to 1; got {layer}"):
        fitted(network, params).transform(X, layer)


@pytest.mark.parametrize("layer", [0.0, "1", None, [0]])
def test_a_layer_is_a_whole_number(layer, rng):
    network = make_network(TANH, IDENTITY, SQUARED_ERROR)
    params, X, _ = make_problem(network, rng)
    with pytest.raises(TypeError, match="layer must be an int"):
        fitted(network, params).transform(X, layer)


def test_rows_are_taken_a_few_at_a_time_to_the_same_result(rng, monkeypatch):
    network = make_network(TANH, IDENTITY, SQUARED_ERROR, sizes=(3, 6, 5, 100))
    params = rng.uniform(-1, 1, network.n_parameters)
    X = rng.normal(size=(700, 3))
    X[X < 0.3] = 0
    model = fitted(network, params)
    methods = model.transform, model.input_gradient
    whole = [method(X) for method in methods]
    monkeypatch.setattr(chunking, "CACHED", 1)  # 256 rows through the layers, 100 outputs
    for method, expected in zip(methods, whole):
        for container in (np.asarray, sparse.csr_array, sparse.csc_array):
            assert_allclose(method(container(X)), expected, rtol=1e-9, atol=1e-14)


# --- the derivative in the inputs ---


@pytest.mark.parametrize("out", ACTIVATIONS.values(), ids=repr)
@pytest.mark.parametrize("hidden", [*ACTIVATIONS.values(), Sine()], ids=repr)
def test_the_input_gradient_agrees_with_finite_differences(hidden, out, rng):
    network = make_network(hidden, out, SQUARED_ERROR)
    params, X, _ = make_problem(network, rng)
    layers = chain(network, params)
    jacobian = fitted(network, params).input_gradient(X)
    assert jacobian.shape == (7, 2, 3)
    assert_is_jacobian(jacobian, lambda rows: feedforward(rows, *layers), X)


@pytest.mark.parametrize("standardize", ["numeric", False])
def test_the_input_gradient_of_the_means_of_two_targets_is_that_of_predict(standardize, rng):
    X = rng.normal(size=(40, 3))
    model = ScratchMLPRegressor(
        (4,), activation="tanh", loss="gaussian", standardize=standardize, random_state=0
    ).partial_fit(X, X[:, :2] ** 2)
    assert_is_jacobian(model.input_gradient(X[:7]), model.predict, X[:7])


def test_a_wrong_derivative_fails_the_check_of_the_input_gradient(rng):
    network = make_network(WrongSine(), IDENTITY, SQUARED_ERROR, sizes=(3, 5, 2))
    params, X, _ = make_problem(network, rng)
    layers, model = chain(network, params), fitted(network, params)
    with pytest.raises(AssertionError):
        assert_is_jacobian(model.input_gradient(X), lambda x: feedforward(x, *layers), X)


def test_the_slope_of_a_linear_network_is_the_product_of_its_weights(rng):
    network = make_network(IDENTITY, IDENTITY, SQUARED_ERROR)
    params, X, _ = make_problem(network, rng)
    (W1, W2, W3), *_ = chain(network, params)
    assert_allclose(
        fitted(network, params).input_gradient(X), np.broadcast_to((W1 @ W2 @ W3).T, (7, 2, 3))
    )


# --- the check of the gradient ---


# `tests/maths/test_network.py` compares the gradients of all with finite differences.
@pytest.mark.parametrize(("hidden", "out", "loss", "fit_intercept"), EVERY_NETWORK[::5])
def test_the_gradient_of_a_network_passes_the_check(hidden, out, loss, fit_intercept, rng):
    network = make_network(hidden, out, loss, fit_intercept, sizes=(3, 4, 3, 2))
    params, X, y = make_problem(network, rng)
    weight = rng.uniform(0, 2, len(y))
    assert check_gradient(X, y, params, network, weight, alpha=0.3) < 1e-8


WRONG = {
    "hidden layer": (WrongSine(), IDENTITY, SQUARED_ERROR),
    "output": (TANH, WrongSine(), SQUARED_ERROR),
    "loss": (TANH, IDENTITY, WrongLoss()),
}


@pytest.mark.parametrize("components", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("offset", [0, 1000])
def test_a_wrong_formula_anywhere_fails_the_check(components, offset, rng):
    network = make_network(*components)
    params, X, y = make_problem(network, rng)
    assert check_gradient(X, y + offset, params, network) > 1e-3


def test_a_kink_within_the_step_is_not_taken_for_an_error():
    network = make_network(RELU, IDENTITY, SQUARED_ERROR, sizes=(1, 1, 1))
    params = np.array([1.0, 3e-7, 2.0, 0.5])  # z = x + 3e-7
    X, y = np.zeros((1, 1)), np.ones((1, 1))
    _, gradient = backprop(X, y, params, network)
    plain = numerical_gradient(lambda p: backprop(X, y, p, network)[0], params, step=1e-5)
    assert np.abs(plain - gradient).max() > 0.1
    assert check_gradient(X, y, params, network) < 1e-8


class WrongReLU(ReLU):
    """As if a silent unit had a slope as well."""

    def derivative(self, z, a):
        return (a > 0) + 0.01


@pytest.mark.parametrize("seed", range(40))
def test_units_at_their_kink_are_left_out(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    X[:3] = 0  # with intercepts of 0, every unit is at its kink
    model = ScratchMLPRegressor((5, 4, 3), init="he_normal", standardize=False, random_state=seed)
    assert model.check_gradient(X, y) < GOOD
    assert model.set_params(standardize=True).check_gradient(X, y) < GOOD
    assert model.set_params(activation=WrongReLU()).check_gradient(X, y) > 1e-3


def test_if_all_is_at_a_kink_there_is_nothing_to_say():
    network = make_network(None, RELU, SQUARED_ERROR, fit_intercept=False, sizes=(1, 1))
    assert np.isnan(check_gradient(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1), network))
    assert check_gradient(np.ones((1, 1)), np.ones((1, 1)), np.ones(1) / 2, network) < 1e-8


class SteepLeakyReLU(LeakyReLU):
    """Three times as steep as it says; its own two slopes differ by a tenth."""

    def derivative(self, z, a):
        return 3 * super().derivative(z, a)


def test_a_kink_excuses_no_more_than_it_can_have_caused():
    network = make_network(None, SteepLeakyReLU(0.9), SQUARED_ERROR, False, sizes=(1, 1))
    error = check_gradient(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1), network)
    assert 0.5 < error < 0.8  # 3 where it is .9 or 1


def test_a_minimum_is_not_taken_for_an_error(rng):
    network = make_network(IDENTITY, IDENTITY, SQUARED_ERROR, sizes=(3, 1))
    X, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 1)) + 100
    solution = LinearRegression().fit(X, y)
    params = np.append(solution.coef_[0], solution.intercept_)
    _, gradient = backprop(X, y, params, network)
    assert np.abs(gradient).max() < 1e-12
    assert check_gradient(X, y, params, network) < GOOD
    exact = X @ solution.coef_.T + solution.intercept_
    assert check_gradient(X, exact, params, network) < GOOD


def test_a_loss_that_is_not_finite_makes_the_check_nan():
    network = make_network(None, ACTIVATIONS["exp"], SQUARED_ERROR, sizes=(1, 1))
    error = check_gradient(np.ones((1, 1)), np.ones((1, 1)), np.array([1e3, 0.0]), network)
    assert np.isnan(error)


# --- the estimator ---


def make_model(**params):
    settings = {"hidden_layer_sizes": (6, 5), "activation": "tanh", "max_iter": 20}
    return ScratchMLPRegressor(**{**settings, "random_state": 0, **params})


@short
@every_solver
@pytest.mark.parametrize("early_stopping", [False, True], ids=["", "early_stopping"])
def test_the_last_hidden_layer_is_what_the_output_layer_sees(solver, early_stopping, regression):
    X, y = regression
    model = make_model(solver=solver, early_stopping=early_stopping).fit(X, np.c_[y, -y])
    assert model.transform(X, layer=0).shape == (60, 6)
    last = model.transform(X)
    assert_allclose(last @ model.coefs_[-1] + model.intercepts_[-1], model.predict(X))
    assert_array_equal(model.transform(X, layer=1), last)
    first = np.tanh(X @ model.coefs_[0] + model.intercepts_[0])
    assert_allclose(model.transform(X, -2), first, rtol=1e-10)
    assert_allclose(model.transform(sparse.csr_array(X)), last)
    assert_array_equal(make_model(**model.get_params()).fit_transform(X, np.c_[y, -y]), last)


@short
def test_in_a_pipeline_it_makes_features(regression):
    X, y = regression
    model = make_pipeline(StandardScaler(), make_model(), LinearRegression()).fit(X, y)
    scaled = StandardScaler().fit_transform(X)
    features = make_model().fit(scaled, y).transform(scaled)
    expected = LinearRegression().fit(features, y)
    assert_allclose(model.predict(X), expected.predict(features))
    assert model.score(X, y) >= model[1].score(scaled, y)  # the same layer, fitted to the end
    names = [f"scratchmlpregressor{i}" for i in range(5)]
    assert list(model[:-1].get_feature_names_out()) == names
    frame = model[1].set_output(transform="pandas").transform(scaled)
    assert list(frame.columns) == names
    assert_array_equal(frame, features)


@short
def test_features_keep_the_index_of_a_frame_and_the_dtype(regression):
    X, y = regression
    frame = pd.DataFrame(X, columns=list("abcd"), index=range(100, 160))
    model = make_model().fit(frame, y).set_output(transform="pandas")
    assert list(model.transform(frame).index) == list(range(100, 160))
    assert isinstance(model.predict(frame), np.ndarray)
    single = make_model().fit(X.astype(np.float32), y)
    for method in ("transform", "input_gradient"):
        assert getattr(single, method)(X.astype(np.float32)).dtype == np.float32


def test_without_hidden_layers_there_is_nothing_to_transform_to(regression):
    names = "transform", "fit_transform", "get_feature_names_out", "set_output"
    linear, deep = ScratchMLPRegressor((), solver="lbfgs").fit(*regression), make_model()
    assert [hasattr(linear, name) for name in names] == [False] * 4
    assert [hasattr(deep, name) for name in names] == [True] * 4
    with pytest.raises(AttributeError, match="transform"):
        linear.transform(regression[0])
    with pytest.raises(TypeError, match="transform"):
        make_pipeline(linear, LinearRegression()).fit(*regression)
    assert_allclose(linear.input_gradient(regression[0]), [linear.coefs_[0][:, 0]] * 60)


@pytest.mark.parametrize("method", ["transform", "input_gradient", "get_feature_names_out"])
def test_before_fit_there_is_nothing_to_look_at(method, regression):
    arguments = [] if method == "get_feature_names_out" else [regression[0]]
    with pytest.raises(NotFittedError):
        getattr(make_model(), method)(*arguments)


@short
@every_solver
@pytest.mark.parametrize("out", ["identity", "exp"])
def test_the_input_gradient_is_the_derivative_of_predict(solver, out, regression):
    X, y = regression
    model = make_model(solver=solver, out_activation=out).fit(X, y)
    gradient = model.input_gradient(X[:5])
    assert gradient.shape == (5, 4)
    assert_is_jacobian(gradient[:, None], lambda x: model.predict(x)[:, None], X[:5])
    assert_allclose(model.input_gradient(sparse.csr_array(X[:5])), gradient)
    model.fit(X, np.c_[y, -y, 2 * y])
    gradient = model.input_gradient(X[:5])
    assert gradient.shape == (5, 3, 4)
    assert_is_jacobian(gradient, model.predict, X[:5])


class Doubled(SquaredError):
    def predict(self, a):
        return 2 * a


class MeanAndSpread(Gaussian):
    def predict(self, a):
        return a[:, ::-1]


@short
def test_the_input_gradient_is_that_of_what_a_loss_predicts_or_refused(regression):
    X, y = regression
    model = make_model(loss=MeanAndSpread()).fit(X, y)
    assert_is_jacobian(model.input_gradient(X[:5]), model.predict, X[:5])
    with pytest.raises(ValueError, match=r"needs predictions that are outputs, unlike Doubled\(\)"):
        make_model(loss=Doubled()).fit(X, y).input_gradient(X)


CONFIGURATIONS = [
    {},
    {"activation": "relu", "solver": "lbfgs"},
    {"activation": "logistic", "out_activation": "tanh", "solver": "sgd"},
    {"loss": "poisson", "alpha": 1.0},
    {"loss": "poisson", "out_activation": "exp", "fit_intercept": False},
    {"activation": Sine(), "init": "he_normal", "random_state": None},
    {"hidden_layer_sizes": (), "early_stopping": True},
    {"dropout": 0.5, "random_state": RandomState(0)},
]


@short
@pytest.mark.parametrize("fitted", [False, True], ids=["unfitted", "fitted"])
@pytest.mark.parametrize("params", CONFIGURATIONS, ids=lambda params: ",".join(params))
def test_the_gradient_of_a_configuration_passes_the_check_and_nothing_changes(
    params, fitted, regression
):
    X, y = regression[0][:20], np.abs(regression[1][:20])
    model = make_model(**params)
    if fitted:
        model.fit(X, y)
    before, draws = copy.deepcopy(model), np.random.mtrand.get_state()
    for data in ((X, y), (X, y, y), (X.astype(np.float32), y), (sparse.csr_array(X), np.c_[y, y])):
        if fitted and data[1].ndim == 2:
            continue
        error = model.check_gradient(*data)
        assert type(error) is float
        assert error < GOOD
    assert same(vars(model), vars(before))
    assert same(np.random.mtrand.get_state(), draws)


def test_a_derivative_that_reads_z_though_it_says_that_it_does_not_is_found(regression):
    X, y = regression

    class Claimed(Sine):
        from_output = True

        def derivative(self, z, a):
            return np.cos(z)

    assert make_model(activation=Claimed()).check_gradient(X, y) > 1e-3


@pytest.mark.parametrize("fitted", [False, True], ids=["unfitted", "fitted"])
def test_a_wrong_derivative_of_ones_own_is_found(fitted, regression):
    X, y = regression
    model = make_model(activation=WrongSine())
    if fitted:
        with pytest.warns(UserWarning, match=r"WrongSine\.derivative returns"):
            model.partial_fit(X, y)
    assert model.check_gradient(X, y) > 1e-2
    assert model.set_params(activation=Sine()).check_gradient(X, y) < GOOD


@short
@pytest.mark.parametrize("make", [lambda: 3, lambda: RandomState(3)], ids=["int", "RandomState"])
def test_what_is_checked_is_the_loss_of_fit_where_it_would_start_or_has_ended(
    make, regression, monkeypatch
):
    checked = []

    def spy(X, y, params, network, sample_weight, alpha, details):
        checked.append(params)
        return backprop(X, y, params, network, sample_weight, alpha)[0]

    monkeypatch.setattr("sknn_scratch.estimators.fitted.check_gradient", spy)
    data = *regression, np.random.default_rng(1).uniform(0, 2, 60)
    model = make_model(random_state=make(), alpha=30.0, batch_size=60)
    model.set_params(learning_rate_init=1e-300)  # so that fit stays where it starts
    before = model.check_gradient(*data)
    model.fit(*data)
    assert_allclose([before, model.check_gradient(*data)], model.loss_, rtol=1e-12)
    assert_allclose(*checked, rtol=1e-12)
    model.set_params(learning_rate_init=0.1).partial_fit(*data).check_gradient(*data)
    units = model._state.scaling
    assert_allclose(units.fold(model._network, checked[-1])[:24].reshape(4, 6), model.coefs_[0])
    assert not np.allclose(checked[-1], checked[0])


def test_the_check_is_not_made_of_another_network_than_was_fitted(regression):
    X, y = regression
    model = make_model().partial_fit(X, y)
    assert_refused(ValueError, "must stay the same", model, "check_gradient", X, np.c_[y, y])
    model.set_params(hidden_layer_sizes=(3,))
    assert_refused(ValueError, "must stay the same", model, "check_gradient", X, y)


@pytest.mark.parametrize(("data", "match"), NOT_HUGE.values(), ids=NOT_HUGE)
@pytest.mark.parametrize("fitted", [False, True], ids=["unfitted", "fitted"])
def test_the_check_refuses_bad_data(data, match, fitted):
    model = ScratchMLPRegressor((4,), random_state=0)
    if fitted:
        model.partial_fit(np.eye(3), np.arange(3.0))
    assert_refused((TypeError, ValueError), match, model, "check_gradient", *data)


@pytest.mark.parametrize("name", ["X huge", "y huge"])
def test_huge_values_make_the_check_nan(name):
    model = ScratchMLPRegressor((4,), standardize=False, random_state=0)
    assert np.isnan(model.check_gradient(*BAD_DATA[name][0]))


@pytest.mark.parametrize("name", BAD_PARAMETERS)
def test_the_check_refuses_bad_parameters(name, regression):
    model = make_model(**{name: BAD_PARAMETERS[name][0]})
    assert_refused((TypeError, ValueError), rf"\b{name}\b", model, "check_gradient", *regression)


# --- loss_gradient ---


def loss_at(model, vector, data):
    """Return the loss of a model with these weights and intercepts, in one vector."""
    twin, arrays, start = copy.deepcopy(model), [], 0
    for shown in (*twin.coefs_, *(twin.intercepts_ if model.fit_intercept else ())):
        arrays.append(vector[start : start + shown.size].reshape(shown.shape))
        start += shown.size
    twin.coefs_, intercepts = arrays[: len(twin.coefs_)], arrays[len(twin.coefs_) :]
    if intercepts:
        twin.intercepts_ = intercepts
    return twin.loss_gradient(*data)[0]


@pytest.mark.slow
@short
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"hidden_layer_sizes": (), "alpha": 2.0},
        {"hidden_layer_sizes": (3, 2), "loss": "log_cosh"},
        {"loss": "poisson"},
        {"out_activation": "softplus", "loss": "gamma"},
        {"out_activation": "relu", "fit_intercept": False, "alpha": 2.0},
        {"loss": "quantile", "out_activation": "logistic"},
    ],
    ids=str,
)
def test_the_loss_gradient_is_the_derivative_of_the_loss_in_the_weights(
    params, standardize, regression
):
    X, y = 3 * regression[0] + 5, 2 + np.abs(regression[1])
    weight = np.linspace(0.5, 2, 60)
    model = make_model(standardize=standardize, **params).fit(X, y)
    loss, *gradients = model.loss_gradient(X, y, weight)
    free = model.intercepts_ if model.fit_intercept else ()
    vector = np.concatenate([array.ravel() for array in (*model.coefs_, *free)])
    gradient = np.concatenate([array.ravel() for arrays in gradients for array in arrays])
    if not model.fit_intercept:
        assert not any(b.any() for b in gradients[1])
    expected = numerical_gradient(lambda v: loss_at(model, v, (X, y, weight)), vector, 1e-6)
    assert_allclose(gradient[: len(vector)], expected, atol=1e-6 * max(1, np.abs(expected).max()))
    assert [array.shape for array in gradients[0]] == [W.shape for W in model.coefs_]
    assert [array.shape for array in gradients[1]] == [b.shape for b in model.intercepts_]
    assert loss == pytest.approx(loss_at(model, vector, (X, y, weight)))


@short
def test_the_loss_is_that_of_the_next_epoch_of_one_batch(regression):
    X, y = regression
    model = make_model(alpha=3.0, batch_size=60).fit(X, y)
    loss, _, _ = model.loss_gradient(X, y)
    assert model.partial_fit(X, y).loss_ == pytest.approx(loss, rel=1e-12)


def test_under_early_stopping_the_loss_is_that_of_the_weights_that_are_kept(regression):
    X, y = regression
    params = {"early_stopping": True, "standardize": False, "alpha": 0.0, "random_state": 0}
    model = ScratchMLPRegressor((5,), **params).partial_fit(X, y).partial_fit(X, y)
    model.set_params(learning_rate_init=10).partial_fit(X, y)
    assert model.n_iter_best_ < 3
    loss, _, _ = model.loss_gradient(X, y)
    assert loss == pytest.approx(np.mean((model.predict(X) - y) ** 2) / 2)


@short
def test_the_gradient_of_several_targets_and_of_sparse_inputs(regression):
    X, y = regression
    model = make_model(standardize=False).fit(X, np.c_[y, -y])
    dense = model.loss_gradient(X, np.c_[y, -y])
    thin = model.loss_gradient(sparse.csr_array(X), np.c_[y, -y])
    assert_allclose(dense[1][0], thin[1][0])
    assert dense[1][-1].shape == (5, 2)


@short
@pytest.mark.parametrize("standardize", [False, True])
def test_means_and_deviations_of_several_targets_have_gradients(standardize, regression):
    X, y = regression
    model = make_model(standardize=standardize, loss="gaussian").fit(X, np.c_[y, 2 - y])
    loss, coefs, _ = model.loss_gradient(X, np.c_[y, 2 - y])
    steps, losses = (1e-6, -1e-6), []
    W = [array.copy() for array in model.coefs_]
    for step in steps:
        model.coefs_ = [*W[:-1], W[-1] + step * np.eye(*W[-1].shape)]
        losses.append(model.loss_gradient(X, np.c_[y, 2 - y])[0])
    assert np.mean(losses) == pytest.approx(loss)
    slope = (losses[0] - losses[1]) / 2e-6
    assert slope == pytest.approx(np.trace(coefs[-1]), rel=1e-4, abs=1e-6)


@short
@pytest.mark.parametrize("embedding", [None, "periodic"])
def test_of_a_constant_column_the_gradient_is_that_in_the_weights_that_are_shown(
    embedding, regression
):
    X, y = regression
    X = np.where([False, True, False, False], 3.0, X)
    settings = {"alpha": 10.0, "embedding": embedding, "max_iter": 2, "random_state": 0}
    model = ScratchMLPRegressor((3,), **settings).fit(X, y)
    _, (gradient, _), _ = model.loss_gradient(X, y)
    first, last = (W.copy() for W in model.coefs_)
    row = 1 if embedding is None else -1  # which passes the embedding by
    losses = []
    for step in (1e-5, -1e-5):
        first[row] = step
        model.coefs_ = first, last
        losses.append(model.loss_gradient(X, y)[0])
    assert_allclose(gradient[row].sum(), (losses[0] - losses[1]) / 2e-5, rtol=1e-5)


@short
def test_a_derivative_that_is_too_large_for_any_number_is_infinite(regression):
    X, y = regression
    huge = 1e306 * X
    model = ScratchMLPRegressor((3,), alpha=1e6, max_iter=1, random_state=0).fit(huge, y)
    _, (gradient, _), _ = model.loss_gradient(huge, y)  # without a warning
    assert np.isinf(gradient).all()


def test_before_fit_there_is_no_loss_gradient(regression):
    with pytest.raises(NotFittedError):
        make_model().loss_gradient(*regression)


class WrongForOneUnit(WrongSine):
    """Doubles the slope of the third unit."""

    def derivative(self, z, a):
        return np.cos(z) * np.where(np.arange(z.shape[1]) == 2, 2, 1)


def test_the_check_says_which_weight_is_off_and_both_derivatives(rng):
    X, y = rng.normal(size=(20, 4)), rng.normal(size=20)
    model = ScratchMLPRegressor((3, 5), activation=["tanh", WrongForOneUnit()], random_state=0)
    worst = model.check_gradient(X, y, details=True)
    assert worst.error == model.check_gradient(X, y)
    layer, _, rest = worst.weight.removeprefix("coefs_[").partition("]")
    assert (layer, rest[-4:]) == ("1", ", 2]") or worst.weight == "intercepts_[1][2]"
    assert_allclose(worst.gradient, 2 * worst.difference, rtol=1e-5)


def test_details_of_a_check_that_finds_nothing_are_of_the_largest_rounding(rng):
    X, y = rng.normal(size=(20, 4)), rng.normal(size=20)
    worst = ScratchMLPRegressor((3,), activation="tanh").check_gradient(X, y, details=True)
    assert worst.error < GOOD
    assert_allclose(worst.gradient, worst.difference, atol=1e-7)
    silent = ScratchMLPRegressor((3,), max_iter=1).check_gradient(X, 1e300 * y, details=True)
    assert silent.error < GOOD or silent.weight is None
