import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sknn_scratch import SGD, Adam, AdamW, RMSprop, ScratchMLPRegressor, Solver
from sknn_scratch.components.registries import SOLVERS
from sknn_scratch.engine.minibatch import clip
from tests.helpers import DATA

STOCHASTIC = {name: solver for name, solver in SOLVERS.items() if solver.stochastic}
TORCH = json.loads((DATA / "solvers_torch.json").read_text("utf-8"))
RULES = [
    SGD(),
    SGD(nesterovs_momentum=False),
    SGD(momentum=0),
    SGD(momentum=1.0),
    Adam(),
    Adam(beta_1=0.0, beta_2=0.0, epsilon=0.1),
    Adam(beta_1=0.5, beta_2=0.9),
    AdamW(),
    AdamW(beta_1=0.0, beta_2=0.5, epsilon=0.1, weight_decay=2.0),
    RMSprop(),
    RMSprop(rho=0.0, epsilon=0.1),
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


def run(solver, gradient_of, start, rate, steps):
    """Return where so many steps lead; ``rate`` may be one number for each of them."""
    params, state = start.copy(), solver.init(start)
    for each in np.broadcast_to(rate, steps):
        solver.update(params, gradient_of(params), state, each.item())
    return params


@every_rule
def test_float32_stays_float32(solver):
    gradient_of, minimum = quadratic()
    start = np.zeros(len(minimum), np.float32)
    params = run(solver, lambda p: gradient_of(p).astype(np.float32), start, 0.01, 20)
    assert params.dtype == np.float32
    assert_allclose(params, run(solver, gradient_of, start * 1.0, 0.01, 20), rtol=1e-4)
    arrays = [array for array in solver.init(start).values() if np.ndim(array)]
    assert all(array.dtype == np.float32 for array in arrays)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_every_stochastic_solver_finds_the_minimum_of_a_quadratic(name):
    gradient_of, minimum = quadratic()
    rates = np.linspace(0.02, 0, 3000)
    found = run(SOLVERS[name](), gradient_of, np.zeros_like(minimum), rates, 3000)
    assert_allclose(found, minimum, atol=1e-3)


# --- the optimisers of the same names in PyTorch (see benchmarks/reference_solvers.py) ---


def corrects_epsilon(case):
    """Return whether PyTorch's epsilon means something else here, and matters."""
    return case["name"] in ("adam", "adamw") and case["parameters"]["epsilon"] > 1e-50


SAME = [case for case in TORCH["solvers"] if not corrects_epsilon(case)]
CORRECTED = [case for case in TORCH["solvers"] if corrects_epsilon(case)]


WITHOUT = set()  # names of solvers that PyTorch does not have: each has a test of its own


def test_every_stochastic_solver_has_a_reference():
    assert {case["name"] for case in SAME} == set(STOCHASTIC) - WITHOUT
    assert {case["name"] for case in CORRECTED} == {"adam", "adamw"}


@pytest.mark.parametrize("case", SAME, ids=lambda case: case["name"])
def test_every_step_is_that_of_pytorch(case):
    solver = STOCHASTIC[case["name"]](**case["parameters"])
    start, rate = np.array(TORCH["start"]), TORCH["learning_rate"]
    for n, expected in enumerate(case["steps"], 1):
        gradients = iter(np.array(TORCH["gradients"]))
        found = run(solver, lambda params, gradients=gradients: next(gradients), start, rate, n)
        assert_allclose(found, expected, rtol=1e-12)
    assert n == 20


@pytest.mark.parametrize("case", CORRECTED, ids=lambda case: case["name"])
def test_pytorchs_epsilon_in_adam_is_ours_without_the_bias_correction(case):
    solver = STOCHASTIC[case["name"]](**case["parameters"])
    params = np.array(TORCH["start"])
    state = solver.init(params)
    for t, (gradient, expected) in enumerate(zip(TORCH["gradients"], case["steps"]), 1):
        corrected = replace(solver, epsilon=solver.epsilon * (1 - solver.beta_2**t) ** 0.5)
        corrected.update(params, np.array(gradient), state, TORCH["learning_rate"])
        assert_allclose(params, expected, rtol=1e-12)


@pytest.mark.parametrize("case", TORCH["clipping"], ids=lambda case: str(case["max_grad_norm"]))
def test_a_clipped_gradient_is_that_of_pytorch(case):
    gradient = np.array(TORCH["gradients"][0])
    assert_allclose(np.linalg.norm(gradient), case["norm"])
    clip(gradient, case["max_grad_norm"])
    if case["norm"] > case["max_grad_norm"]:  # PyTorch adds 1e-6 to the norm that it divides by
        gradient *= case["norm"] / (case["norm"] + 1e-6)
    assert_allclose(gradient, case["clipped"], rtol=1e-12)


# --- closed forms ---


def test_plain_gradient_descent_shrinks_a_parabola_by_a_known_factor():
    # p <- p - rate * p leaves (1 - rate)^steps of p
    start = np.array([1.0, -2.0])
    found = run(SGD(momentum=0), lambda p: p.copy(), start, 0.1, 7)
    assert_allclose(found, start * 0.9**7)


def test_momentum_is_a_sum_of_past_gradients():
    # a gradient of 1 at each of 3 steps: u = -1, -1.5, -1.75 (times the rate)
    ones = np.ones_like
    classical = run(SGD(0.5, nesterovs_momentum=False), ones, np.zeros(1), 0.1, 3)
    assert_allclose(classical, -0.1 * (1 + 1.5 + 1.75))
    # Nesterov adds 0.5 u - rate * gradient: -1.5, -1.75, -1.875
    nesterov = run(SGD(0.5), ones, np.zeros(1), 0.1, 3)
    assert_allclose(nesterov, -0.1 * (1.5 + 1.75 + 1.875))


def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_gradients_size():
    sizes = np.array([1e-3, 1.0, 1e6])
    found = run(Adam(epsilon=1e-12), lambda p: sizes.copy(), np.zeros(3), 0.01, 1)
    assert_allclose(found, -0.01, rtol=1e-6)


def test_the_first_step_of_rmsprop_depends_on_rho_whatever_the_gradients_size():
    # v = (1 - rho) gradient^2, so the step is the learning rate over sqrt(1 - rho)
    sizes = np.array([1e-3, 1.0, 1e6])
    found = run(RMSprop(rho=0.75, epsilon=1e-12), lambda p: sizes.copy(), np.zeros(3), 0.01, 1)
    assert_allclose(found, -0.02, rtol=1e-6)


def test_adamw_shrinks_what_has_no_gradient_by_a_known_factor():
    start = np.array([1.0, -2.0])
    found = run(AdamW(weight_decay=0.5), np.zeros_like, start, 0.1, 7)
    assert_allclose(found, start * 0.95**7)


def test_adamw_without_decay_is_adam():
    gradient_of, minimum = quadratic()
    start = np.zeros_like(minimum)
    ours, adam = (run(s, gradient_of, start, 0.1, 9) for s in (AdamW(weight_decay=0), Adam()))
    np.testing.assert_array_equal(ours, adam)


def test_a_subclass_with_another_rule_is_trained_by_that_rule():
    class Reversed(SGD):
        def update(self, params, gradient, state, learning_rate):
            params += learning_rate * gradient

    assert_allclose(run(Reversed(), np.ones_like, np.zeros(2), 0.1, 3), 0.3)


SHORT = {"tol": 10, "n_iter_no_change": 1, "random_state": 0}


def test_a_solver_of_ones_own_trains_a_network(regression):
    X, y = regression
    model = ScratchMLPRegressor(
        (20,),
        solver=SignDescent(),
        learning_rate_init=2e-3,
        tol=1e-4,
        max_iter=1000,
        random_state=0,
    )
    assert model.fit(X, y).score(X, y) > 0.5


@pytest.mark.parametrize(
    "solver", [*STOCHASTIC, AdamW(weight_decay=0.1), RMSprop(rho=0.9)], ids=str
)
def test_every_stochastic_solver_trains_a_network(solver, regression):
    X, y = regression
    model = ScratchMLPRegressor(
        (20,), solver=solver, learning_rate_init=0.02, batch_size=10, tol=1e-5, random_state=0
    ).set_params(max_iter=2000)
    assert model.fit(X, y).score(X, y) > 0.9
    assert clone(model).fit(X, y).loss_curve_ == model.loss_curve_


def test_weight_decay_shrinks_weights_and_intercepts_alike():
    init = [np.full((4, 5), 0.3), np.zeros((5, 1)), np.full(5, -0.2), np.full(1, 7.0)]
    model = ScratchMLPRegressor(
        (5,),
        init=init,
        alpha=0,
        solver=AdamW(weight_decay=0.5),
        learning_rate_init=0.1,
        standardize=False,
    )
    model.partial_fit(np.zeros((9, 4)), np.full(9, 7.0))  # predicted exactly: no gradient
    for after, before in zip([*model.coefs_, *model.intercepts_], init, strict=True):
        assert_allclose(after, 0.95 * before)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_solver_object_takes_its_own_hyperparameters(regression):
    X, y = regression
    settings = {"hidden_layer_sizes": (5,), **SHORT}
    by_object = ScratchMLPRegressor(**settings, solver=SGD(momentum=0.3), momentum=0.9)
    by_name = ScratchMLPRegressor(**settings, solver="sgd", momentum=0.3)
    assert_allclose(by_object.fit(X, y).predict(X), by_name.fit(X, y).predict(X), rtol=0)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("name", "cls"), [("adamw", AdamW), ("rmsprop", RMSprop)])
def test_by_name_the_estimators_parameters_are_the_solvers(name, cls, regression):
    X, y = regression
    given = {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1}
    settings = {"hidden_layer_sizes": (5,), **SHORT}
    by_name = ScratchMLPRegressor(**settings, solver=name, **given).fit(X, y)
    own = {key: value for key, value in given.items() if hasattr(cls, key)}
    by_object = ScratchMLPRegressor(**settings, solver=cls(**own)).fit(X, y)
    assert by_name.loss_curve_ == by_object.loss_curve_
    by_default = ScratchMLPRegressor(**settings, solver=name).fit(X, y)
    assert by_name.loss_curve_ != by_default.loss_curve_


# --- clipping ---


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_clipping_shortens_what_is_too_long_and_keeps_its_direction(dtype):
    gradient = np.array([3, -4], dtype)
    clip(gradient, 5.5)
    assert gradient.tolist() == [3, -4]
    clip(gradient, 0.5)
    assert_allclose(gradient, [0.3, -0.4], rtol=1e-6)
    assert gradient.dtype == dtype


def test_a_norm_whose_square_overflows_is_clipped_all_the_same():
    gradient = np.full(4, 1e30, np.float32)
    clip(gradient, 1.0)
    assert_allclose(gradient, 0.5, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_is_not_clipped(bad):
    gradient = np.array([bad, 2.0])
    clip(gradient, 1.0)
    np.testing.assert_array_equal(gradient, [bad, 2.0])


def one_step(X, y, **params):
    """Return how far one step of gradient descent at a rate of 0.1 moves the parameters."""
    plain = {"solver": "sgd", "momentum": 0, "learning_rate_init": 0.1, "standardize": False}
    init = [np.full((4, 5), 0.3), np.full((5, 1), -0.2), np.zeros(5), np.zeros(1)]
    model = ScratchMLPRegressor((5,), init=init, **plain, **params).partial_fit(X, y)
    after = [*model.coefs_, *model.intercepts_]
    return np.concatenate([(a - b).ravel() for a, b in zip(after, init)])


def test_a_step_of_gradient_descent_is_no_longer_than_max_grad_norm_allows(regression):
    X, y = regression
    free, clipped = one_step(X, 100 * y), one_step(X, 100 * y, max_grad_norm=0.5)
    assert np.linalg.norm(free) > 0.1
    assert_allclose(np.linalg.norm(clipped), 0.1 * 0.5)
    assert_allclose(clipped, free * (0.05 / np.linalg.norm(free)), rtol=1e-9, atol=1e-15)


def test_the_penalty_is_part_of_what_is_clipped():
    X, y = np.zeros((60, 4)), np.zeros(60)  # all that moves the weights is the penalty
    step = one_step(X, y, alpha=1e4, max_grad_norm=0.5)
    assert_allclose(np.linalg.norm(step), 0.1 * 0.5)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", STOCHASTIC)
def test_clipping_at_a_norm_that_is_never_reached_changes_no_bit(name, regression):
    settings = {"hidden_layer_sizes": (5,), "solver": name, "max_iter": 5, "random_state": 0}
    clipped = ScratchMLPRegressor(**settings, max_grad_norm=1e6).fit(*regression)
    assert clipped.loss_curve_ == ScratchMLPRegressor(**settings).fit(*regression).loss_curve_


def test_clipping_saves_a_training_that_diverges_without(regression):
    X, y = regression
    settings = {"solver": "sgd", "learning_rate_init": 0.1, "random_state": 0, "batch_size": 10}
    settings["standardize"] = False
    diverging = ScratchMLPRegressor((20,), **settings)
    with pytest.raises(ValueError, match="diverged"):
        diverging.fit(X, 100 * y)
    saved = ScratchMLPRegressor((20,), max_grad_norm=10, max_iter=500, **settings)
    assert saved.fit(X, 100 * y).score(X, 100 * y) > 0.8


def test_clipping_does_not_hide_a_divergence(regression):
    X, y = regression
    settings = {"learning_rate_init": 1e200, "max_grad_norm": 1.0, "random_state": 0}
    for name in STOCHASTIC:
        with pytest.raises(ValueError, match="diverged"):
            ScratchMLPRegressor((5,), solver=name, **settings).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        ScratchMLPRegressor((5,), early_stopping=True, **settings).fit(X, y)


def test_lbfgs_refuses_max_grad_norm(regression):
    model = ScratchMLPRegressor(solver="lbfgs", max_grad_norm=1.0)
    with pytest.raises(ValueError, match=r"max_grad_norm .* no meaning with L-BFGS.*got 1\.0"):
        model.fit(*regression)
    model.set_params(max_grad_norm=None, max_iter=2000).fit(*regression)
