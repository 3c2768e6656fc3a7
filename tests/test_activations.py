import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.neural_network import MLPRegressor

from sknn_scratch import ScratchMLPRegressor, fast
from sknn_scratch.activations import Activation
from sknn_scratch.registries import ACTIVATIONS
from tests.calculus import numerical_derivative

every_activation = pytest.mark.parametrize("f", ACTIVATIONS.values(), ids=repr)
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
Z = np.concatenate([np.linspace(-4, 4, 40), [-30.0, -1e-3, 1e-3, 30.0]])


class Sine(Activation):
    """An activation of one's own that needs z, not only a, for its derivative."""

    def __call__(self, z):
        return np.sin(z)

    def derivative(self, z, a):
        return np.cos(z)


class WrongSine(Sine):
    def derivative(self, z, a):
        return -np.cos(z)


def assert_derivative_is_right(f, z):
    expected = numerical_derivative(f, z)
    scale = np.maximum(1, np.abs(expected))
    assert_allclose(f.derivative(z, f(z)) / scale, expected / scale, atol=1e-7)


def run(calls):
    for function, *arguments in calls:
        function(*arguments)


@every_activation
def test_the_derivative_agrees_with_finite_differences(f):
    assert_derivative_is_right(f, Z)


def test_a_wrong_derivative_fails_the_finite_difference_check():
    assert_derivative_is_right(Sine(), Z)
    with pytest.raises(AssertionError):
        assert_derivative_is_right(WrongSine(), Z)


@pytest.mark.parametrize("name", ["exp", "identity", "logistic", "relu", "tanh"])
def test_each_name_stands_for_the_function_of_that_name(name):
    closed_form = {
        "exp": np.exp,
        "identity": lambda z: z,
        "logistic": lambda z: 0.5 * (1 + np.tanh(z / 2)),
        "relu": lambda z: z * (z > 0),
        "tanh": lambda z: (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1),
    }[name]
    z = np.linspace(-4, 4, 9)
    assert_allclose(ACTIVATIONS[name](z), closed_form(z), rtol=1e-12, atol=1e-15)


def test_the_registry_holds_each_activation_under_its_own_name():
    assert all(name == f.name for name, f in ACTIVATIONS.items())


@every_activation
@every_dtype
def test_the_calls_of_the_training_loop_compute_the_formula(f, dtype):
    z = np.append(Z, [-0.0, 0.0]).astype(dtype)
    a = f(z)
    slope = f.derivative(z, a)
    delta = np.linspace(-2, 3, len(z)).astype(dtype)
    expected = delta * slope

    in_place = z.copy()
    apart = in_place if f.from_output else np.empty_like(z)
    run(fast.forward(f, in_place, apart))
    rtol = 50 * np.finfo(dtype).eps
    assert_allclose(apart, a, rtol=rtol, atol=rtol)
    run(fast.backward(f, delta, in_place, apart))
    assert_allclose(delta, expected, rtol=rtol, atol=rtol)
    assert apart.dtype == delta.dtype == dtype


@every_activation
def test_the_calls_may_also_write_beside_their_input(f):
    z, a = Z.copy(), np.empty_like(Z)
    run(fast.forward(f, z, a))
    assert_allclose(a, f(Z), rtol=1e-13)
    assert_allclose(z, Z)


@every_activation
def test_nothing_but_the_result_overflows(f):
    z = np.array([-1e4, 1e4])
    with np.errstate(over="ignore"):
        run(fast.forward(f, z, z))
    assert not np.isnan(z).any()


@every_activation
def test_the_derivative_at_the_kink_is_scikit_learns(f):
    if f.name == "relu":
        assert f.derivative(np.zeros(1), np.zeros(1)) == 0


def test_an_activation_of_ones_own_trains_a_network(regression):
    X, y = regression
    model = ScratchMLPRegressor((20,), activation=Sine(), solver="lbfgs", tol=1e-2, random_state=0)
    assert model.fit(X, y).score(X, y) > 0.9


def test_an_object_and_its_name_make_the_same_network(regression):
    by_name, by_object = (
        ScratchMLPRegressor((5,), activation=activation, random_state=0, tol=1, max_iter=30)
        for activation in ("tanh", ACTIVATIONS["tanh"])
    )
    X, y = regression
    assert_allclose(by_name.fit(X, y).predict(X), by_object.fit(X, y).predict(X), rtol=0)


def test_out_activation_is_reported_as_in_scikit_learn(regression):
    X, y = regression
    settings = {"max_iter": 30, "tol": 10, "random_state": 0}
    ours, theirs = ScratchMLPRegressor(**settings), MLPRegressor(**settings)
    assert ours.fit(X, y).out_activation_ == theirs.fit(X, y).out_activation_ == "identity"
    assert ours.set_params(out_activation="tanh").fit(X, y).out_activation_ == "tanh"
    sine = Sine()
    assert ours.set_params(out_activation=sine).fit(X, y).out_activation_ is sine


def test_a_subclass_with_another_formula_is_trained_by_that_formula():
    class Cube(type(ACTIVATIONS["identity"])):
        def __call__(self, z):
            return z**3

        def derivative(self, z, a):
            return 3 * z**2

    cube, z = Cube(), np.array([1.0, 2.0])
    a, delta = np.empty(2), np.ones(2)
    run(fast.forward(cube, z, a))
    run(fast.backward(cube, delta, z, a))
    assert_allclose(a, [1, 8])
    assert_allclose(delta, [3, 12])
    assert cube.name is None
