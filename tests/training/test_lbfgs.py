from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknn_scratch import LBFGS, Loss, ScratchMLPRegressor
from sknn_scratch.training.early_stopping import EarlyStopping
from sknn_scratch.training.lbfgs import LBFGSDescent, train_lbfgs
from sknn_scratch.training.run import Run
from sknn_scratch.training.state import TrainingState
from tests.helpers import make_state, stop_settings


def make_run(state, n_iter_no_change=2, validate=None, monitor=None):
    stopping = EarlyStopping(state, stop_settings(monitor, 0.1, n_iter_no_change))
    return Run(state, stopping, validate)


def train(objective, run, max_iter=50):
    settings = stop_settings(tol=1e-9, solver=LBFGS(), max_iter=max_iter, standardize=False)
    return train_lbfgs(objective, run, settings, baseline=None)


class Parabola:
    """(p - 3)^2 / 2 as L-BFGS takes it."""

    largest_product = 1

    def __call__(self, vector):
        self.loss = float((vector[0] - 3) ** 2 / 2)
        return self.loss, vector - 3


def test_lbfgs_has_a_loss_curve_of_one_value_per_iteration():
    state = make_state()
    run = make_run(state)
    assert train(Parabola(), run) is None
    assert_allclose(state.params, 3)
    assert len(state.history.losses) == state.history.n_iter >= 1
    assert state.history.losses[-1] == state.history.loss == state.best.loss


def test_lbfgs_says_when_it_did_not_converge():
    run = make_run(make_state())
    said = train(Parabola(), run, max_iter=1)
    assert "failed to converge after 1 iteration" in said
    assert "max_iter=1" in said


def test_lbfgs_stops_early_when_the_score_no_longer_improves():
    class Rosenbrock:
        largest_product = 1

        def __call__(self, p):
            a, b = 1 - p[0], p[1] - p[0] ** 2
            self.loss = float(a * a + 100 * b * b)
            return self.loss, np.array([-2 * a - 400 * p[0] * b, 200 * b])

    state = TrainingState(np.array([-1.2, 1.0]), None, None, solver=None, solver_state={})
    run = make_run(state, 3, lambda params: (0.1, 0.5), "score")
    assert train(Rosenbrock(), run) is None
    assert (
        state.history.n_iter == 5
    )  # the first score improves on nothing; four more are one too many


def test_lbfgs_that_starts_at_the_minimum_reports_its_loss_and_score():
    for validate in (None, lambda params: (0.1, 0.5)):
        state = TrainingState(np.full(1, 3.0), None, None, solver=None, solver_state={})
        run = make_run(state, 2, validate, validate and "score")
        assert train(Parabola(), run) is None
        assert state.history.n_iter == 0
        assert state.history.loss == state.best.loss == 0
        if validate:
            run.stopping.restore_best(state.params, validate)
        assert state.best.score == (0.5 if validate else -np.inf)
        assert state.params == 3
        assert state.history.losses == state.history.validation_losses == []


class Cliff(Parabola):
    """(p - 1)^2 up to 0.3, and more than 5 beyond."""

    def __call__(self, vector):
        p = vector[0]
        self.loss = float((p - 1) ** 2 if p <= 0.3 else 5 + p)
        return self.loss, 2 * (vector - 1)


def test_where_no_lower_point_is_found_the_loss_is_that_of_the_weights_that_are_kept():
    state = TrainingState(np.zeros(1), None, None, solver=None, solver_state={})
    assert "status=2" in train(Cliff(), make_run(state))
    assert state.params < 0.3
    assert state.history.loss == state.best.loss == (state.params[0] - 1) ** 2
    result = LBFGSDescent(Cliff(), make_run(state), 9, 99, 1.0, 1.0).go_on(np.zeros(1), 0, 0)
    assert result.status == 2
    assert_array_equal(result.jac, 2 * (result.x - 1))


class Saddle(Parabola):
    """(p[0]^2 - 1)^2 + (p[1] - 1)^2: level in p[0] where that is 0."""

    def __call__(self, vector):
        p, q = vector
        self.loss = float((p**2 - 1) ** 2 + (q - 1) ** 2)
        return self.loss, np.array([4 * p * (p**2 - 1), 2 * (q - 1)])


def test_a_plateau_at_the_loss_of_a_constant_is_left_by_moving_the_weights():
    state = TrainingState(np.array([0.0, 2.0]), None, None, solver=None, solver_state={})
    run = make_run(state)
    settings = stop_settings(tol=1e-6, solver=LBFGS(), max_iter=50, standardize=True)
    baseline = SimpleNamespace(constant=1.0, linear=np.nan)
    assert train_lbfgs(Saddle(), run, settings, baseline) is None
    assert_allclose(np.abs(state.params), 1, atol=1e-4)
    assert state.history.loss < 1e-6


class Valley(Parabola):
    """Level but for a part of 1e-6, Rosenbrock's function."""

    def __call__(self, p):
        a, b = 1 - p[0], p[1] - p[0] ** 2
        self.loss = float(1 + 1e-6 * (a * a + 100 * b * b))
        return self.loss, 1e-6 * np.array([-2 * a - 400 * p[0] * b, 200 * b])


def test_what_had_converged_stays_so_if_max_iter_ends_what_goes_on_from_there():
    state = TrainingState(np.array([-1.2, 1.0]), None, None, solver=None, solver_state={})
    run, baseline = make_run(state), SimpleNamespace(constant=1.0, linear=np.nan)
    settings = stop_settings(tol=1e-3, solver=LBFGS(), max_iter=3, standardize=True)
    assert train_lbfgs(Valley(), run, settings, baseline) is None
    assert run.by_tol
    assert state.history.n_iter == 3


class Times(Loss, rescaling="standard"):
    """A number of times half the squared error."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, y, a):
        return self.factor * (0.5 * (a - y) ** 2)

    def gradient(self, y, a):
        return self.factor * (a - y)


@pytest.mark.parametrize("factor", [2.0**-40, 2.0**40])
def test_the_unit_of_a_loss_of_ones_own_changes_no_step(factor, regression):
    """Powers of two change no digit, and the tolerance is relative to the loss of the mean."""
    X, y = regression
    settings = {"solver": "lbfgs", "alpha": 0, "tol": 3e-3, "max_iter": 500, "random_state": 0}
    model = ScratchMLPRegressor((5,), activation="tanh", loss=Times(factor), **settings)
    plain = ScratchMLPRegressor((5,), activation="tanh", loss=Times(1.0), **settings)
    model.fit(X, y)
    plain.fit(X, y)
    assert 1 < plain.n_iter_ < 500
    assert model.n_iter_ == plain.n_iter_
    assert model.loss_ == pytest.approx(factor * plain.loss_, rel=1e-6)
    assert_allclose(model.predict(X), plain.predict(X), rtol=1e-5, atol=1e-6)
