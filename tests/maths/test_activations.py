import copy
import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor

from sknn_scratch import LeakyReLU, ScratchMLPRegressor
from sknn_scratch.components.registries import ACTIVATIONS, SOLVERS
from sknn_scratch.tracing import formulas
from tests.helpers import EVERY_ACTIVATION, Sine, WrongSine, numerical_derivative

every_activation = pytest.mark.parametrize("f", EVERY_ACTIVATION, ids=repr)
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
few_and_many = pytest.mark.parametrize("times", [1, 50])  # some have calls for few values
Z = np.concatenate([np.linspace(-4, 4, 40), [-30.0, -1e-3, 1e-3, 30.0]])


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
@few_and_many
def test_the_calls_of_the_training_loop_compute_the_formula(f, dtype, times):
    z = np.tile(np.append(Z, [-0.0, 0.0]).astype(dtype), times)
    a = f(z)
    slope = f.derivative(z, a)
    arriving = np.linspace(-2, 3, len(z)).astype(dtype)

    in_place, delta = z.copy(), np.empty_like(z)
    apart = in_place if f.from_output else np.empty_like(z)
    forward, backward = formulas.activations([(f, apart, in_place, delta)])[0]
    run(forward)
    rtol = 50 * np.finfo(dtype).eps
    assert_allclose(apart, a, rtol=rtol, atol=rtol)
    delta[...] = arriving
    run(backward)
    assert_allclose(delta, arriving * slope, rtol=rtol, atol=rtol)
    assert apart.dtype == delta.dtype == dtype


@every_activation
def test_the_calls_may_also_write_beside_their_input(f):
    z, a = Z.copy(), np.empty_like(Z)
    run(formulas.activations([(f, a, z, None)])[0][0])
    assert_allclose(a, f(Z), rtol=1e-13)


@every_activation
@every_dtype
@few_and_many
def test_nothing_but_the_result_overflows(f, dtype, times):
    z = np.tile(np.array([-1e4, -100, 100, 1e4], dtype), times)
    delta = np.ones_like(z)
    a = z if f.from_output else np.empty_like(z)
    with np.errstate(over="ignore"):
        forward, backward = formulas.activations([(f, a, z, delta)])[0]
        run(forward)
        assert not np.isnan(a).any()
        delta[...] = 1
        run(backward)
    assert not np.isnan(delta).any()


@every_activation
@every_dtype
def test_the_formulas_warn_of_nothing_but_a_result_that_overflows(f, dtype):
    z = np.array([-1e4, -100, 0, 10, 1e4], dtype)
    if f.name == "exp":
        z = z[:-1]
    a = f(z)  # warnings are errors here
    slope = f.derivative(z, a)
    assert np.isfinite(a).all()
    assert np.isfinite(slope).all()
    assert a.dtype == slope.dtype == dtype


def test_the_derivative_at_the_kink_is_scikit_learns():
    assert ACTIVATIONS["relu"].derivative(np.zeros(1), np.zeros(1)) == 0


def scaling(f):
    """Return the strongest way of scaling outputs that holds for a function, by trying."""
    z, c, d = np.linspace(-3, 3, 30), 2.5, -0.7
    if np.allclose(c * f(z) + d, f(c * z + d)):
        return "linear"
    if np.allclose(c * f(z), f(c * z)):
        return "positive"
    if np.allclose(c * f(z), f(z + np.log(c))):
        return "log"
    return None


@every_activation
def test_outputs_are_scaled_by_the_weights_in_the_way_that_is_claimed(f):
    assert f.scaling == scaling(f)


def test_every_way_of_scaling_occurs():
    assert {f.scaling for f in EVERY_ACTIVATION} == {"linear", "positive", "log", None}


@pytest.mark.parametrize("solver", SOLVERS)
@every_activation
def test_every_activation_trains_with_every_solver(f, solver, regression):
    X, y = regression
    model = ScratchMLPRegressor(
        (8,), activation=f, solver=solver, max_iter=40, learning_rate_init=0.005, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert np.isfinite(model.predict(X)).all()


def test_an_activation_of_ones_own_trains_a_network(regression):
    X, y = regression
    model = ScratchMLPRegressor((20,), activation=Sine(), solver="lbfgs", alpha=0.1)
    model.set_params(max_iter=1000, random_state=0)
    assert model.fit(X, y).score(X, y) > 0.9


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_object_and_its_name_make_the_same_network(regression):
    by_name, by_object = (
        ScratchMLPRegressor((5,), activation=activation, random_state=0, tol=1, n_iter_no_change=1)
        for activation in ("tanh", ACTIVATIONS["tanh"])
    )
    X, y = regression
    assert_allclose(by_name.fit(X, y).predict(X), by_object.fit(X, y).predict(X), rtol=0)


def test_out_activation_is_reported_as_in_scikit_learn(regression):
    X, y = regression
    settings = {"tol": 10, "n_iter_no_change": 1, "random_state": 0}
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
    forward, backward = formulas.activations([(cube, a, z, delta)])[0]
    run(forward)
    assert_allclose(a, [1, 8])
    delta[...] = 1
    run(backward)
    assert_allclose(delta, [3, 12])
    assert cube.name is None
    assert cube.scaling is None
    assert not cube.from_output  # else the training loop would have no z left


def test_a_subclass_with_the_same_formula_keeps_what_is_said_of_it():
    class Narrow(type(ACTIVATIONS["relu"])):
        glorot_factor = 1.0

    relu = ACTIVATIONS["relu"]
    for attribute in ("name", "from_output", "scaling"):
        assert getattr(Narrow(), attribute) == getattr(relu, attribute)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_subclass_that_needs_z_trains_like_a_class_of_its_own(regression):
    class Sinus(type(ACTIVATIONS["tanh"])):
        __call__, derivative = Sine.__call__, Sine.derivative

    X, y = regression
    models = [
        ScratchMLPRegressor((5,), activation=f, tol=1, n_iter_no_change=1, random_state=0).fit(X, y)
        for f in (Sine(), Sinus())
    ]
    assert_array_equal(models[0].predict(X), models[1].predict(X))


# --- one for each layer ---

SHORT = {"tol": 10, "n_iter_no_change": 1, "random_state": 0}
MIXED = ["tanh", LeakyReLU(0.2), "silu"]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    "activation",
    [["relu", "relu"], ("relu", "relu"), np.array(["relu", "relu"]), ["relu", ACTIVATIONS["relu"]]],
    ids=["list", "tuple", "array", "name and object"],
)
def test_a_list_of_one_name_trains_exactly_as_the_name_does(activation, solver, regression):
    X, y = regression
    settings = {"solver": solver, **SHORT}
    one, listed = (
        ScratchMLPRegressor((6, 4), activation=f, **settings).fit(X, y)
        for f in ("relu", activation)
    )
    assert listed.loss_curve_ == one.loss_curve_
    assert_array_equal(listed.predict(X), one.predict(X))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_each_layer_applies_its_own_activation(regression):
    X, y = regression
    model = ScratchMLPRegressor((6, 5, 4), activation=MIXED, **SHORT).fit(X, y)
    (W1, W2, W3, W4), (b1, b2, b3, b4) = model.coefs_, model.intercepts_
    z2 = np.tanh(X @ W1 + b1) @ W2 + b2
    z3 = np.where(z2 > 0, z2, 0.2 * z2) @ W3 + b3
    by_hand = (z3 / (1 + np.exp(-z3))) @ W4 + b4
    assert_allclose(model.predict(X), by_hand.ravel(), rtol=1e-12)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "duplicate", [clone, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_a_model_with_a_list_is_cloned_copied_and_pickled(duplicate, regression):
    X, y = regression
    model = ScratchMLPRegressor((6, 5, 4), activation=MIXED, **SHORT).fit(X, y)
    twin = duplicate(model)
    assert twin.activation == MIXED
    assert_array_equal(twin.fit(X, y).predict(X), model.predict(X))
    assert "LeakyReLU(slope=0.2)" in repr(twin)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_grid_search_tries_lists_names_and_objects(regression):
    X, y = regression
    choices = ["relu", ["relu", "tanh"], ("elu", LeakyReLU(0.1)), LeakyReLU(0.3), ["gelu", "gelu"]]
    search = GridSearchCV(ScratchMLPRegressor((6, 4), **SHORT), {"activation": choices}, cv=2)
    search.fit(X, y)
    assert [params["activation"] for params in search.cv_results_["params"]] == choices
    assert len(set(search.cv_results_["mean_test_score"])) == len(choices)
    best = ScratchMLPRegressor((6, 4), **SHORT, **search.best_params_).fit(X, y)
    assert_array_equal(search.predict(X), best.predict(X))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_list_is_set_like_any_other_parameter(regression):
    X, y = regression
    model = ScratchMLPRegressor((6, 4), **SHORT).fit(X, y)
    before, given = model.predict(X), ["tanh", "tanh"]
    model.set_params(activation=given)
    assert not np.allclose(model.fit(X, y).predict(X), before)
    assert model.activation is given
    with pytest.raises(ValueError, match=r"activation must be .* each of the 1; got 2"):
        model.set_params(hidden_layer_sizes=(6,)).fit(X, y)


def test_a_list_goes_on_training(regression):
    X, y = regression
    settings = {"activation": MIXED, "random_state": 0}
    often = ScratchMLPRegressor((6, 5, 4), **settings)
    for _ in range(3):
        often.partial_fit(X, y)
    with pytest.warns(ConvergenceWarning):
        once = ScratchMLPRegressor((6, 5, 4), max_iter=3, **settings).fit(X, y)
    assert_allclose(often.predict(X), once.predict(X), rtol=1e-12)


@pytest.mark.parametrize(
    ("sizes", "activation", "match"),
    [
        ((5, 5), ["relu"], r"activation must be .* each of the 2; got 1: \['relu'\]"),
        ((5,), [], r"activation must be .* each of the 1; got 0"),
        ((), ["relu"], r"activation must be .* each of the 0; got 1"),
        ((5, 5), ["relu", "nonsense"], r"activation\[1\] must be one of 'identity'.*'nonsense'"),
        ((5, 5), ["relu", ["relu"]], r"activation\[1\] must be one of"),
        ((5, 5), [["relu", "relu"]], r"activation must be .* each of the 2; got 1"),
        ((5, 5), {"relu"}, r"activation must be one of .* list with one of these per hidden"),
        ((5, 5), ["relu", type(ACTIVATIONS["tanh"])], r"activation\[1\] must be one of"),
    ],
)
def test_a_list_that_does_not_fit_the_layers_is_refused(sizes, activation, match, regression):
    with pytest.raises(ValueError, match=match):
        ScratchMLPRegressor(sizes, activation=activation).fit(*regression)
