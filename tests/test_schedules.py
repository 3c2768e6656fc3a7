import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.registries import SCHEDULES
from sknn_scratch.schedules import Adaptive, Constant, InverseScaling, Schedule


class Halving(Schedule):
    """A schedule of one's own: halve the rate at each epoch of 60 samples."""

    def __call__(self, learning_rate_init, t, plateaus):
        return learning_rate_init / 2 ** (t / 60)


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_every_schedule_starts_at_the_initial_rate_and_never_grows(schedule):
    rates = [schedule()(0.1, t, plateaus) for t, plateaus in [(0, 0), (10, 0), (10, 1), (99, 2)]]
    assert rates[0] == 0.1
    assert (np.diff(rates) <= 0).all()


def test_inverse_scaling_is_the_power_of_the_samples_seen():
    assert_allclose(InverseScaling(power_t=0.5)(0.2, 99, 5), 0.02)
    assert_allclose(InverseScaling(power_t=0)(0.2, 99, 5), 0.2)


def test_adaptive_divides_by_five_at_each_plateau_and_ends_at_a_millionth():
    adaptive = Adaptive()
    assert_allclose(adaptive(0.1, 1000, 2), 0.004)
    assert not adaptive.ends_at_plateau(1.1e-6)
    assert adaptive.ends_at_plateau(1e-6)


def test_a_plateau_ends_training_at_a_constant_rate():
    assert Constant().ends_at_plateau(0.1)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_adaptive_goes_on_where_constant_stops(solver, regression):
    X, y = regression
    constant, adaptive = (
        ScratchMLPRegressor(
            (5,), solver=solver, learning_rate=rate, learning_rate_init=0.05, tol=1e-2,
            n_iter_no_change=2, max_iter=2000, random_state=0,
        ).fit(X, y)
        for rate in ("constant", "adaptive")
    )  # fmt: skip
    n = constant.n_iter_
    assert adaptive.loss_curve_[:n] == constant.loss_curve_
    # 0.05 / 5^7 < 1e-6: seven drops, three epochs each at the least
    assert adaptive.n_iter_ >= n + 7 * 3


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_schedule_of_ones_own_sets_the_rate_of_each_epoch(regression):
    X, y = regression
    plain = {"solver": "sgd", "momentum": 0, "random_state": 0, "batch_size": 60}
    model = ScratchMLPRegressor(
        (5,), learning_rate=Halving(), learning_rate_init=0.1, max_iter=3, **plain
    ).fit(X, y)
    by_hand = ScratchMLPRegressor((5,), **plain)
    for rate in (0.1, 0.05, 0.025):
        by_hand.set_params(learning_rate_init=rate).partial_fit(X, y)
    assert_allclose(model.predict(X), by_hand.predict(X), rtol=1e-13)
