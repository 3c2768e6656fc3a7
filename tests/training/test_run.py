import numpy as np
import pytest

from sknn_scratch.training.early_stopping import EarlyStopping
from sknn_scratch.training.run import Diverged, Observer, Run
from tests.helpers import make_state, stop_settings


class Recorder(Observer):
    """Notes what it is told, and stops at an epoch."""

    def __init__(self, stop_at=None):
        self.told, self.stop_at = [], stop_at

    def run_begin(self, number, n_runs):
        self.told.append(("run", number, n_runs))

    def epoch_begin(self, state):
        self.told.append(("begin", len(state.history.losses)))

    def epoch_end(self, state, rate=None):
        self.told.append(("end", state.history.loss, rate))
        return state.history.n_iter == self.stop_at

    def note(self, text):
        self.told.append(text)

    def run_end(self):
        self.told.append("the end")
        return self.stop_at is not None


def make_run(monitor=None, validate=None, observers=()):
    state = make_state()
    return Run(state, EarlyStopping(state, stop_settings(monitor)), validate, observers)


def test_every_observer_is_told_of_everything_and_any_may_stop():
    observers = [Recorder(stop_at=2), Recorder(), Observer()]
    run = make_run(observers=observers)
    run.begin(1, 3)
    for epoch, loss in enumerate([3.0, 2.0]):
        run.epoch_begin()
        assert not run.stopped
        run.epoch_end(loss, run.state.params, 0.1 * epoch)
    run.note("a plateau")
    assert run.stopped
    assert run.end()
    told = [("run", 1, 3), ("begin", 0), ("end", 3.0, 0.0), ("begin", 1), ("end", 2.0, 0.1)]
    assert observers[0].told == observers[1].told == [*told, "a plateau", "the end"]
    assert not make_run(observers=[Recorder(), Observer()]).end()


@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_is_told_and_then_is_a_divergence(loss):
    recorder = Recorder()
    run = make_run(observers=[recorder])
    run.advice = "; do better"
    run.epoch_end(1.0, run.state.params)
    with pytest.raises(Diverged, match=f"the loss became {loss} in epoch 2; do better"):
        run.epoch_end(loss, run.state.params)
    assert len(recorder.told) == 2


def test_a_parameter_that_is_not_finite_is_a_divergence():
    run = make_run()
    run.check_params()
    run.state.params[0] = np.inf
    with pytest.raises(Diverged, match="a weight became infinite in epoch 0"):
        run.check_params()


def test_an_epoch_is_validated_with_its_parameters():
    run = make_run("score", lambda params: (0.1 * params[0], 0.5))
    run.epoch_end(1.0, np.array([7.0]))
    assert run.state.history.validation_losses == pytest.approx([0.7])
    assert run.state.best.params == 7


def test_an_epoch_whose_validation_is_interrupted_is_in_no_curve():
    def validate(params):
        if params[0] == 2:
            raise KeyboardInterrupt
        return 0.5, 0.5

    run = make_run("score", validate)
    run.epoch_end(1.0, np.array([1.0]))
    with pytest.raises(KeyboardInterrupt):
        run.epoch_end(0.9, np.array([2.0]))
    history = run.state.history
    assert history.losses == [1.0]
    assert history.validation_scores == history.validation_losses == [0.5]


@pytest.mark.parametrize(
    ("monitor", "value"), [(None, -2.0), ("score", 0.5), ("loss", -0.25)], ids=str
)
def test_the_value_of_a_run_is_what_is_monitored_or_minus_the_loss(monitor, value):
    run = make_run(monitor, lambda params: (0.25, 0.5))
    run.epoch_end(2.0, run.state.params)
    assert run.value[0] == value
    run.error = "it came to nothing"
    assert run.value < (value,)
