import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknn_scratch import ScratchMLPRegressor, fast_solvers
from sknn_scratch.registries import SOLVERS
from sknn_scratch.solvers import SGD, Adam, Solver

RULES = [
    SGD(),
    SGD(nesterovs_momentum=False),
    SGD(momentum=0),
    SGD(momentum=1.0),
    Adam(),
    Adam(beta_1=0.0, beta_2=0.0, epsilon=0.1),
    Adam(beta_1=0.5, beta_2=0.9),
]
every_rule = pytest.mark.parametrize("solver", RULES, ids=repr)


class SignDescent(Solver):
    """A solver of one's own."""

    def update(self, params, gradient, state, learning_rate):
        params -= learning_rate * np.sign(gradient)


def quadratic(n=6):
    """Return a function's gradient, and its minimum."""
    rng = np.random.default_rng(1)
    A = rng.normal(size=(n, n))
    A = A @ A.T / n + np.eye(n)
    return (lambda p: A @ (p - 1)), np.ones(n)


def run_formula(solver, gradient_of, start, rate, steps):
    params, state = start.copy(), solver.init(start)
    for _ in range(steps):
        solver.update(params, gradient_of(params), state, rate)
    return params


def run_calls(solver, gradient_of, start, rate, steps):
    params, state = start.copy(), solver.init(start)
    gradient = np.empty_like(params)
    calls = fast_solvers.calls(solver, params, gradient, state, np.array(rate, params.dtype))
    for _ in range(steps):
        gradient[...] = gradient_of(params)
        for function, *arguments in calls:
            function(*arguments)
    return params


@every_rule
def test_the_calls_of_the_training_loop_make_the_step_of_the_formula(solver):
    gradient_of, minimum = quadratic()
    start = np.zeros_like(minimum)
    formula, calls = (run(solver, gradient_of, start, 0.01, 20) for run in (run_formula, run_calls))
    assert_allclose(calls, formula, rtol=1e-12)
    assert np.abs(formula - start).max() > 1e-3


@every_rule
def test_float32_stays_float32(solver):
    gradient_of, minimum = quadratic()
    start = np.zeros(len(minimum), np.float32)
    params = run_calls(solver, lambda p: gradient_of(p).astype(np.float32), start, 0.01, 20)
    assert params.dtype == np.float32
    assert_allclose(params, run_calls(solver, gradient_of, start * 1.0, 0.01, 20), rtol=1e-4)
    arrays = [array for array in solver.init(start).values() if np.ndim(array)]
    assert all(array.dtype == np.float32 for array in arrays)


@pytest.mark.parametrize("name", [name for name, rule in SOLVERS.items() if rule.stochastic])
def test_every_stochastic_solver_finds_the_minimum_of_a_quadratic(name):
    gradient_of, minimum = quadratic()
    found = run_calls(SOLVERS[name](), gradient_of, np.zeros_like(minimum), 0.02, 3000)
    assert_allclose(found, minimum, atol=1e-3)


def test_plain_gradient_descent_shrinks_a_parabola_by_a_known_factor():
    # p <- p - rate * p leaves (1 - rate)^steps of p
    start = np.array([1.0, -2.0])
    found = run_calls(SGD(momentum=0), lambda p: p.copy(), start, 0.1, 7)
    assert_allclose(found, start * 0.9**7)


def test_momentum_is_a_sum_of_past_gradients():
    # a gradient of 1 at each of 3 steps: u = -1, -1.5, -1.75 (times the rate)
    ones = np.ones_like
    classical = run_calls(SGD(0.5, nesterovs_momentum=False), ones, np.zeros(1), 0.1, 3)
    assert_allclose(classical, -0.1 * (1 + 1.5 + 1.75))
    # Nesterov adds 0.5 u - rate * gradient: -1.5, -1.75, -1.875
    nesterov = run_calls(SGD(0.5), ones, np.zeros(1), 0.1, 3)
    assert_allclose(nesterov, -0.1 * (1.5 + 1.75 + 1.875))


def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_gradients_size():
    sizes = np.array([1e-3, 1.0, 1e6])
    found = run_calls(Adam(epsilon=1e-12), lambda p: sizes, np.zeros(3), 0.01, 1)
    assert_allclose(found, -0.01, rtol=1e-6)


def test_a_subclass_with_another_rule_is_trained_by_that_rule():
    class Reversed(SGD):
        def update(self, params, gradient, state, learning_rate):
            params += learning_rate * gradient

    assert_allclose(run_calls(Reversed(), np.ones_like, np.zeros(2), 0.1, 3), 0.3)


def test_a_solver_of_ones_own_trains_a_network(regression):
    X, y = regression
    model = ScratchMLPRegressor(
        (20,), solver=SignDescent(), learning_rate_init=2e-3, tol=1e-3, random_state=0
    )
    assert model.fit(X, y).score(X, y) > 0.5


def test_a_solver_object_takes_its_own_hyperparameters(regression):
    X, y = regression
    settings = {"hidden_layer_sizes": (5,), "max_iter": 30, "tol": 10, "random_state": 0}
    by_object = ScratchMLPRegressor(**settings, solver=SGD(momentum=0.3), momentum=0.9)
    by_name = ScratchMLPRegressor(**settings, solver="sgd", momentum=0.3)
    assert_allclose(by_object.fit(X, y).predict(X), by_name.fit(X, y).predict(X), rtol=0)
