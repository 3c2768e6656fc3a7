import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknn_scratch.components.schedules import Adaptive, Constant
from sknn_scratch.training.early_stopping import EarlyStopping
from sknn_scratch.training.loops import train_lbfgs, train_stochastic
from sknn_scratch.training.progress import make_printer
from sknn_scratch.training.run import Diverged, Run
from sknn_scratch.training.state import TrainingState
from tests.helpers import make_state


def make_run(state, tol, n_iter_no_change, validate=None, monitor=None, observers=()):
    stopping = EarlyStopping(state.best, monitor, tol, n_iter_no_change, state.params, 0)
    return Run(state, stopping, validate, observers)


class ScriptedEpoch:
    """Epochs whose losses are given; the parameter counts them."""

    def __init__(self, losses, state):
        self.losses, self.state, self.rates = iter(losses), state, []

    def __len__(self):
        return 10

    def run(self, random_state, learning_rate):
        self.rates.append(learning_rate)
        self.state.params += 1
        return next(self.losses)


def train(losses, *, n_iter_no_change=2, tol=0.1, scores=None, schedule=None, max_iter=50, **kw):
    """Train on scripted losses (and scores by epoch); return state, what is said, and rates."""
    state = make_state()
    validate = (lambda params: (0.0, scores[int(params[0])])) if scores else None
    monitor = "score" if scores else None
    run = make_run(state, tol, n_iter_no_change, validate, monitor)
    epoch = ScriptedEpoch(losses, state)
    said = train_stochastic(epoch, schedule or Constant(), 0.5, run, max_iter, **kw)
    return state, said, epoch.rates, run


def test_training_stops_after_n_iter_no_change_plus_one_epochs_without_progress():
    state, said, _, _ = train([3, 2, 1.95, 1.96, 1.94, 99, 99])
    # 2 is the last progress of 0.1; three epochs more are one too many for patience 2
    assert state.history.n_iter == 5
    assert said is None
    assert state.best.loss == 1.94
    assert state.t == 50


def test_an_improvement_of_exactly_tol_counts():
    state, said, _, _ = train([3, 2.875, 2.75, 2.625], tol=0.125, n_iter_no_change=1, max_iter=4)
    assert state.best.no_improvement_count == 0
    assert "Maximum iterations (4)" in said


def test_infinite_patience_trains_to_the_last_epoch():
    state, said, _, _ = train([1.0] * 7, n_iter_no_change=np.inf, max_iter=7)
    assert state.history.n_iter == 7
    assert "hasn't converged" in said


def test_a_plateau_lowers_an_adaptive_rate_and_patience_starts_again():
    _, _, rates, _ = train([1.0] * 7, schedule=Adaptive(), n_iter_no_change=1, max_iter=7)
    # the first epoch improves on infinity; then every second epoch is one too many
    assert_allclose(rates, [0.5, 0.5, 0.5, 0.1, 0.1, 0.02, 0.02])


def test_the_validation_score_decides_under_early_stopping_and_the_best_is_kept():
    scores = [None, 0.1, 0.5, 0.9, 0.8, 0.7, 0.6, 0.5]
    state, said, _, run = train([1.0] * 20, scores=scores, n_iter_no_change=2)
    assert state.history.n_iter == 6
    assert said is None
    assert state.history.validation_scores == scores[1:7]
    assert state.best.params == 3
    run.stopping.restore_best(state.params, run.validate)
    assert state.params == 3
    assert state.best.score == 0.9


def test_an_infinite_loss_ends_training_at_once():
    with pytest.raises(Diverged, match="epoch 3"):
        train([3, 2, np.inf, 1])
    with pytest.raises(Diverged, match="epoch 2"):
        train([3, np.nan, 1])


def test_after_a_divergence_the_start_is_kept_if_it_was_better():
    scores = [-1.0, -1e9, np.nan]
    state = make_state()

    def validate(params):
        return 0.0, scores[int(params[0])]

    run = make_run(state, 0.1, 2, validate, "score")
    with pytest.raises(Diverged):
        train_stochastic(ScriptedEpoch([1, np.inf], state), Constant(), 0.5, run, 9)
    run.stopping.restore_best(state.params, validate, diverged=True)
    assert state.params == 0


def test_an_incremental_call_is_one_epoch_and_says_nothing():
    state, said, _, _ = train([3, 2, 1], incremental=True)
    assert state.history.n_iter == 1
    assert said is None


def test_verbose_prints_each_epoch_and_why_it_stopped(capsys):
    state = make_state()
    run = make_run(state, 0.1, 1, None, None, [make_printer(True, 9)])
    train_stochastic(ScriptedEpoch([1.0] * 9, state), Adaptive(), 1e-5, run, 9)
    out = capsys.readouterr().out
    assert "Iteration 1/9  loss      1.00000  rate 1.00e-05" in out
    assert "Setting learning rate to 0.000002" in out
    assert "for 1 consecutive epochs. Learning rate too small. Stopping." in out


class Parabola:
    """(p - 3)^2 / 2 as `train_lbfgs` takes it."""

    def __call__(self, vector):
        self.loss = float((vector[0] - 3) ** 2 / 2)
        return self.loss, vector - 3


def test_lbfgs_has_a_loss_curve_of_one_value_per_iteration():
    state = make_state()
    run = make_run(state, 0.1, 2, None, None)
    assert train_lbfgs(Parabola(), 15000, run, 50, 1e-9) is None
    assert_allclose(state.params, 3)
    assert len(state.history.losses) == state.history.n_iter >= 1
    assert state.history.losses[-1] == state.history.loss == state.best.loss


def test_lbfgs_says_when_it_did_not_converge():
    run = make_run(make_state(), 0.1, 2, None, None)
    said = train_lbfgs(Parabola(), 15000, run, 1, 1e-9)
    assert "failed to converge after 1 iteration" in said
    assert "max_iter=1" in said


def test_lbfgs_stops_early_when_the_score_no_longer_improves():
    class Rosenbrock:
        def __call__(self, p):
            a, b = 1 - p[0], p[1] - p[0] ** 2
            self.loss = float(a * a + 100 * b * b)
            return self.loss, np.array([-2 * a - 400 * p[0] * b, 200 * b])

    state = TrainingState(np.array([-1.2, 1.0]), None, None, solver=None, solver_state={})
    run = make_run(state, 0.1, 3, lambda params: (0.1, 0.5), "score")
    assert train_lbfgs(Rosenbrock(), 15000, run, 50, 1e-9) is None
    assert (
        state.history.n_iter == 5
    )  # the first score improves on nothing; four more are one too many


def test_lbfgs_that_starts_at_the_minimum_reports_its_loss_and_score():
    for validate in (None, lambda params: (0.1, 0.5)):
        state = TrainingState(np.full(1, 3.0), None, None, solver=None, solver_state={})
        run = make_run(state, 0.1, 2, validate, validate and "score")
        assert train_lbfgs(Parabola(), 15000, run, 50, 1e-9) is None
        assert state.history.n_iter == 0
        assert state.history.loss == state.best.loss == 0
        run.stopping.restore_best(state.params, validate)
        assert state.best.score == (0.5 if validate else -np.inf)
        assert state.params == 3
        assert state.history.losses == state.history.validation_losses == []
