"""Mistakes that are easily made: each is an error that says what to write."""

from dataclasses import dataclass

import numpy as np
import pytest

from sknn_scratch import (
    Activation,
    Embedding,
    Identity,
    Loss,
    Network,
    Quantile,
    Schedule,
    ScratchMLPRegressor,
    Solver,
    SquaredError,
    Tanh,
    backprop,
)
from tests.helpers import Sine

X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([1.0, 2.0, 3.0])


def network(loss=None, n_outputs=1):
    layers = Tanh(), Identity()
    return Network(sizes=(2, 3, n_outputs), activations=layers, loss=loss or SquaredError())


# --- formulas with other arguments ---


def test_a_derivative_of_one_argument_is_refused_when_its_class_is_written():
    with pytest.raises(TypeError) as error:

        class Halved(Activation):
            def __call__(self, z):
                return z / 2

            def derivative(self, x):
                return 1 / 2

    assert str(error.value) == (
        "Halved.derivative must take (self, z, a), as Activation.derivative does, got (self, x). "
        "Return f'(z), where ``a = f(z)``."
    )


@pytest.mark.parametrize(
    ("base", "name", "arguments"),
    [
        (Activation, "__call__", "(self, z)"),
        (Loss, "__call__", "(self, y, a)"),
        (Loss, "gradient", "(self, y, a)"),
        (Solver, "update", "(self, params, gradient, state, learning_rate)"),
        (Solver, "init", "(self, params)"),
        (Schedule, "__call__", "(self, learning_rate_init, progress)"),
    ],
)
def test_whatever_the_component_a_formula_without_arguments_is_refused(base, name, arguments):
    with pytest.raises(TypeError) as error:
        type("Mine", (base,), {name: lambda self: 0})
    assert f"Mine.{name} must take {arguments}" in str(error.value)


def test_arguments_may_have_other_names_and_there_may_be_more_of_them_with_defaults():
    class Mine(Activation):
        def __call__(self, x, slope=2):
            return slope * x

        def derivative(self, *arguments):
            return np.full_like(arguments[0], 2)

    @dataclass(frozen=True)
    class Swapped(Loss):
        weight: float = 1.0

        def __call__(self, target, prediction):
            return self.weight * (target - prediction) ** 2

        gradient = staticmethod(lambda y, a: 2 * (a - y))

    model = ScratchMLPRegressor((2,), activation=Mine(), loss=Swapped(), random_state=0)
    assert model.check_gradient(X, Y) < 1e-6


@pytest.mark.parametrize("base", [Activation, Loss, Schedule, Embedding])
def test_a_formula_that_is_missing_is_named_where_an_object_is_made(base):
    names = sorted(base.__abstractmethods__)
    mine = type("Mine", (base,), {name: getattr(base, name) for name in names[1:]})
    with pytest.raises(TypeError, match=f"abstract class Mine .*{names[0]}"):
        mine()


def test_a_class_that_is_derived_from_one_of_ones_own_is_checked_too():
    with pytest.raises(TypeError, match=r"Steeper.derivative must take \(self, z, a\)"):
        type("Steeper", (Sine,), {"derivative": lambda self, z: 2})


@pytest.mark.parametrize(
    ("base", "attribute", "said"),
    [
        (Activation, "scaling", "Linear"),
        (Activation, "scaling", "standard"),
        (Loss, "rescaling", "standardize"),
        (Loss, "rescaling", True),
    ],
)
def test_a_word_for_the_unit_of_the_target_that_nobody_heeds_is_refused(base, attribute, said):
    known = "'linear', 'positive', 'log'" if base is Activation else "'standard', 'robust', 'mean'"
    with pytest.raises(ValueError, match=rf"Mine.{attribute} must be one of {known}, None, got"):
        type("Mine", (base,), {attribute: said})


# --- what is no component ---


def test_for_a_function_as_activation_the_error_tells_to_write_a_class():
    with pytest.raises(ValueError, match="activation must be one of 'identity'") as error:
        ScratchMLPRegressor(activation=np.tanh).fit(X, Y)
    assert str(error.value).endswith(
        "got <ufunc 'tanh'>. A function is not enough: derive a class from Activation with "
        "`def __call__(self, z)` and `def derivative(self, z, a)`, and pass an object of it."
    )


@pytest.mark.parametrize(
    ("params", "formulas"),
    [
        ({"activation": [np.tanh]}, "`def __call__(self, z)` and `def derivative(self, z, a)`"),
        ({"out_activation": np.exp}, "`def __call__(self, z)` and `def derivative(self, z, a)`"),
        ({"loss": np.subtract}, "`def __call__(self, y, a)` and `def gradient(self, y, a)`"),
        ({"solver": max}, "`def update(self, params, gradient, state, learning_rate)`"),
    ],
)
def test_for_any_function_in_place_of_a_component_the_error_has_its_formulas(params, formulas):
    with pytest.raises(ValueError, match="A function is not enough") as error:
        ScratchMLPRegressor((5,), **params).fit(X, Y)
    assert formulas in str(error.value)


@pytest.mark.parametrize(
    ("params", "write"),
    [({"activation": Sine}, "Sine()"), ({"loss": Quantile}, "Quantile()")],
)
def test_for_a_class_in_place_of_an_object_the_error_tells_to_make_one(params, write):
    with pytest.raises(ValueError, match="This is a class") as error:
        ScratchMLPRegressor((5,), **params).fit(X, Y)
    assert f"write {write} for an object" in str(error.value)


def test_what_is_neither_gets_no_advice():
    with pytest.raises(ValueError, match=r"got 'softmax'\.$"):
        ScratchMLPRegressor(activation="softmax").fit(X, Y)


# --- arrays of another shape in backprop ---


def test_a_target_of_one_dimension_is_refused_since_it_would_broadcast():
    params = np.ones(network().n_parameters)
    with pytest.raises(ValueError, match=r"got shape \(3,\). Write y\[:, np.newaxis\]\."):
        backprop(X, Y, params, network())
    backprop(X, Y[:, np.newaxis], params, network())


@pytest.mark.parametrize(
    ("y", "n_outputs", "match"),
    [
        (Y[:2, np.newaxis], 1, r"each of the 3 samples .* got shape \(2, 1\)\.$"),
        (Y[np.newaxis], 1, r"got shape \(1, 3\)\.$"),
        (Y, 2, r"got shape \(3,\)\.$"),
        (Y[:, np.newaxis], 2, r"suit a network of 2 outputs, got shape \(3, 1\)"),
        (np.c_[Y, Y], 1, r"suit a network of 1 outputs, got shape \(3, 2\)"),
    ],
)
def test_a_target_needs_a_row_per_sample_and_a_column_per_output(y, n_outputs, match):
    net = network(n_outputs=n_outputs)
    with pytest.raises(ValueError, match=match):
        backprop(X, y, np.ones(net.n_parameters), net)


def test_several_quantiles_have_one_target():
    net = network(Quantile([0.1, 0.9]), n_outputs=2)
    params = np.ones(net.n_parameters)
    assert backprop(X, Y[:, np.newaxis], params, net)[1].shape == params.shape
    with pytest.raises(ValueError, match=r"Write y\[:, np.newaxis\]"):
        backprop(X, Y, params, net)


@pytest.mark.parametrize("change", [-1, 1])
def test_params_must_be_as_many_as_the_network_has(change):
    net = network()
    with pytest.raises(ValueError, match=r"params must be a vector of 13 numbers, got shape \("):
        backprop(X, Y[:, np.newaxis], np.ones(net.n_parameters + change), net)


def test_an_attribute_can_be_set_in_the_head_of_a_class():
    class Twice(Activation, name="twice", scaling="linear"):
        def __call__(self, z):
            return 2 * z

        def derivative(self, z, a):
            return 2 + 0 * z

    class Thrice(Twice):
        def __call__(self, z):
            return 3 * z

    assert (Twice().name, Twice().scaling, Twice().from_output) == ("twice", "linear", False)
    assert Thrice().scaling is None  # what was said of one formula does not hold for another


def test_an_attribute_that_the_base_class_does_not_know_is_refused_in_the_head_of_a_class():
    with pytest.raises(TypeError, match="Twice has no attribute 'scalign' to set to 'linear'"):

        class Twice(Activation, scalign="linear"):
            pass
