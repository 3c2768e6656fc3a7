import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.components.initializers import INITIALIZERS, initialize
from sknn_scratch.components.registries import ACTIVATIONS
from tests.helpers import TANH_NETWORK, make_network

every_name = pytest.mark.parametrize("name", INITIALIZERS)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def start(init, sizes=(300, 200), fit_intercept=True, activation="relu"):
    """Return [(weights, intercepts)] of a network that has not been trained."""
    network = make_network(*TANH_NETWORK, fit_intercept, sizes)
    random_state = np.random.RandomState(0)
    names = [activation] * (len(sizes) - 1) if isinstance(activation, str) else activation
    activations = [ACTIVATIONS[name] for name in names]
    params = initialize(network, init, activations, random_state, np.float64)
    return network.layers(params)


PUBLISHED = [  # name, variance, bound of the uniform ones, of weights of shape (300, 200)
    ("auto", 2 / 500, (6 / 500) ** 0.5),
    ("glorot_uniform", 2 / 500, (6 / 500) ** 0.5),
    ("glorot_normal", 2 / 500, None),
    ("he_uniform", 2 / 300, (6 / 300) ** 0.5),
    ("he_normal", 2 / 300, None),
    ("lecun_normal", 1 / 300, None),
]


@pytest.mark.parametrize(("name", "variance", "bound"), PUBLISHED)
def test_weights_have_the_published_variance(name, variance, bound):
    ((W, _),) = start(name)
    assert_allclose(W.var(), variance, rtol=0.02)  # of 60000 draws
    assert abs(W.mean()) < 4 * (variance / W.size) ** 0.5
    if bound is None:
        assert_allclose((W**4).mean() / variance**2, 3, rtol=0.05)  # a normal's kurtosis
    else:
        assert 0.999 * bound < np.abs(W).max() <= bound


def test_uniform_weights_lie_between_0_and_1():
    ((W, _),) = start("uniform")
    assert 0 <= W.min() < 1e-3
    assert 1 - 1e-3 < W.max() < 1
    assert_allclose(W.var(), 1 / 12, rtol=0.02)


def test_the_variance_of_every_name_is_tested():
    assert set(INITIALIZERS) == {name for name, *_ in PUBLISHED} | {"uniform"}


@every_name
def test_only_auto_draws_intercepts(name):
    ((_, b),) = start(name)
    assert (b != 0).all() if name == "auto" else (b == 0).all()


@every_name
def test_every_name_trains_every_kind_of_network(name, regression):
    X, y = regression
    for fit_intercept in (True, False):
        model = ScratchMLPRegressor(
            (6,), init=name, fit_intercept=fit_intercept, max_iter=20, random_state=0
        ).fit(X, y)
        assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_auto_is_narrower_for_the_logistic():
    ((W, _),), ((narrow, _),) = start("auto"), start("auto", activation="logistic")
    assert_allclose(narrow, W / 3**0.5)


def test_auto_draws_each_layer_for_its_own_activation():
    sizes = (300, 200, 100, 1)
    ((W1, b1), (W2, b2), (W3, b3)), relu = (
        start("auto", sizes, activation=names) for names in (["relu", "logistic", "relu"], "relu")
    )
    for got, expected, factor in zip((W1, b1, W2, b2, W3, b3), sum(relu, ()), (1, 1, 3, 3, 1, 1)):
        assert_allclose(got, expected / factor**0.5)


@pytest.mark.parametrize(
    ("sizes", "params", "drawn_for"),
    [
        ((6, 5), {"activation": ["relu", "logistic"]}, ["relu", "logistic", "logistic"]),
        ((6, 5), {"activation": ["logistic", "relu"]}, ["logistic", "relu", "relu"]),
        ((6,), {"activation": "relu", "out_activation": "logistic"}, ["relu", "relu"]),
        ((), {"activation": "logistic"}, ["logistic"]),
        ((), {"activation": [], "out_activation": "logistic"}, ["logistic"]),
        ((), {"activation": []}, ["identity"]),
    ],
)
def test_auto_draws_the_output_layer_for_the_last_hidden_one(sizes, params, drawn_for, regression):
    X, y = regression
    model = ScratchMLPRegressor(sizes, max_iter=1, learning_rate_init=1e-300, random_state=0)
    model.set_params(standardize=False, **params).fit(X, y)
    layers = start("auto", (4, *sizes, 1), activation=drawn_for)
    for (W, b), coefs, intercepts in zip(layers, model.coefs_, model.intercepts_, strict=True):
        assert_array_equal(coefs, W)
        assert_array_equal(intercepts, b)


def test_a_function_draws_each_layers_weights():
    shapes = []

    def ones(shape, random_state):
        shapes.append(shape)
        return np.ones(shape)

    layers = start(ones, (3, 5, 2))
    assert shapes == [(3, 5), (5, 2)]
    assert all((W == 1).all() and (b == 0).all() for W, b in layers)


def test_a_function_may_draw_intercepts_too():
    layers = start(lambda shape, random_state: (np.ones(shape), np.full(shape[1], 2.0)), (3, 5, 2))
    assert all((W == 1).all() and (b == 2).all() for W, b in layers)


def test_a_list_holds_weights_and_optionally_intercepts(rng):
    weights = [rng.normal(size=(3, 5)), rng.normal(size=(5, 2))]
    intercepts = [rng.normal(size=5), rng.normal(size=2)]
    for given, expected in ((weights, [0, 0]), (weights + intercepts, intercepts)):
        layers = start(given, (3, 5, 2))
        for (W, b), weight, intercept in zip(layers, weights, expected):
            assert_array_equal(W, weight)
            assert_array_equal(b, np.zeros_like(b) + intercept)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39])
def test_weights_that_float32_cannot_hold_are_named(value):
    network = make_network(*TANH_NETWORK, True, (3, 1))
    with pytest.raises(ValueError, match="the weights of layer 0 must be finite in float32"):
        initialize(network, [np.full((3, 1), value)], None, None, np.float32)


def test_a_fitted_network_can_be_the_start_of_another(regression):
    X, y = regression
    first = ScratchMLPRegressor((5,), max_iter=5, random_state=0).fit(X, y)
    before = [W.copy() for W in first.coefs_]
    second = ScratchMLPRegressor(
        (5,), init=[*first.coefs_, *first.intercepts_], max_iter=1, learning_rate_init=1e-12
    ).fit(X, y)
    assert_allclose(second.predict(X), first.predict(X), rtol=1e-9)
    assert_array_equal(first.coefs_[0], before[0])  # the start is copied, not trained in place


def test_given_weights_leave_the_random_state_alone(regression):
    X, y = regression
    drawn = ScratchMLPRegressor((5,), max_iter=1, learning_rate_init=1e-12, random_state=0)
    drawn.fit(X, y)
    random_state = np.random.RandomState(5)
    network = make_network(*TANH_NETWORK, True, (4, 5, 1))
    initialize(network, [*drawn.coefs_, *drawn.intercepts_], None, random_state, np.float64)
    assert random_state.uniform() == np.random.RandomState(5).uniform()
