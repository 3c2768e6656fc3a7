import itertools
import json
import pickle
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from sknn_scratch import (
    Adaptive,
    Constant,
    Cosine,
    InverseScaling,
    OneCycle,
    Progress,
    Schedule,
    ScratchMLPRegressor,
    Solver,
)
from sknn_scratch.components.registries import SCHEDULES
from sknn_scratch.components.schedules import Factor
from tests.helpers import DATA, label

TORCH = json.loads((DATA / "solvers_torch.json").read_text("utf-8"))
short = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
ENDLESS = {"tol": 0, "n_iter_no_change": np.inf}


class Halving(Schedule):
    """A schedule of one's own: halve the rate at each epoch of 60 samples."""

    def __call__(self, learning_rate_init, progress):
        return learning_rate_init / 2 ** (progress.t / 60)


def square_root(epoch, n_epochs):
    """Fall from 1, slowly at first: a factor by which the learning rate is multiplied."""
    return np.sqrt(1 - epoch / n_epochs)


def rates(schedule, n_epochs, n_calls=None):
    """Return the learning rate of each epoch, from an initial rate of 0.1."""
    return [schedule(0.1, Progress(epoch, n_epochs)) for epoch in range(n_calls or n_epochs)]


ALL = [
    *(schedule() for schedule in SCHEDULES.values()),
    Cosine(warmup=0.3, final=0.1),
    Cosine(warmup=0.1, hold=0.5, restarts=3),
    OneCycle(warmup=0.5, start=0.2, final=0.01),
    Factor(square_root),
]
every_schedule = pytest.mark.parametrize("schedule", ALL, ids=label)
PLANNED = [Cosine(), Cosine(warmup=0.3, final=0.1), OneCycle(), OneCycle(warmup=0, start=1.0)]


@every_schedule
def test_every_schedule_multiplies_the_initial_rate_by_a_factor_between_0_and_1(schedule):
    progress = [
        Progress(epoch, n_epochs, t=10 * epoch, plateaus=epoch // 3)
        for n_epochs in (1, 2, 3, 10)
        for epoch in range(n_epochs)
    ]
    found = np.array([schedule(0.1, each) for each in progress])
    assert ((found > 0) & (found <= 0.1)).all()
    assert_allclose([schedule(0.3, each) for each in progress], 3 * found)


@every_schedule
def test_every_schedule_of_an_unplanned_training_starts_at_the_initial_rate_and_falls(schedule):
    if schedule.planned:
        assert schedule.ends_at_plateau(0.1)
        return
    found = [schedule(0.1, Progress(0, 9, t, n)) for t, n in [(0, 0), (10, 0), (10, 1), (99, 2)]]
    assert found[0] == 0.1
    assert (np.diff(found) <= 0).all()


def test_inverse_scaling_is_the_power_of_the_samples_seen():
    progress = Progress(epoch=3, n_epochs=10, t=99, plateaus=5)
    assert_allclose(InverseScaling(power_t=0.5)(0.2, progress), 0.02)
    assert_allclose(InverseScaling(power_t=0)(0.2, progress), 0.2)


def test_adaptive_divides_by_five_at_each_plateau_and_ends_at_a_millionth():
    adaptive = Adaptive()
    assert_allclose(adaptive(0.1, Progress(3, 10, t=1000, plateaus=2)), 0.004)
    assert not adaptive.ends_at_plateau(1.1e-6)
    assert adaptive.ends_at_plateau(1e-6)


def test_a_plateau_ends_training_at_a_constant_rate():
    assert Constant().ends_at_plateau(0.1)


# --- cosine and one_cycle ---


@pytest.mark.parametrize("case", TORCH["schedules"], ids=lambda c: f"{c['name']}-{c['n_epochs']}")
def test_the_rates_are_those_of_pytorch(case):  # see benchmarks/reference_solvers.py
    schedule, n_epochs = SCHEDULES[case["name"]](**case["parameters"]), case["n_epochs"]
    initial = TORCH["learning_rate"]
    found = [schedule(initial, Progress(epoch, n_epochs)) for epoch in range(n_epochs)]
    assert_allclose(found, case["rates"], rtol=1e-12)


def test_every_schedule_that_goes_by_epochs_has_a_reference():
    by_epoch = {name for name, schedule in SCHEDULES.items() if schedule.planned}
    assert {case["name"] for case in TORCH["schedules"]} == by_epoch == {"cosine", "one_cycle"}


def test_the_cosine_is_half_way_down_in_the_middle():
    found = rates(Cosine(final=0.2), 10)
    assert found[0] == 0.1
    assert_allclose(found[5], (0.1 + 0.02) / 2)
    assert_allclose(np.add(found[1:], found[:0:-1]), 0.12)  # symmetric about it


def test_a_cosine_that_is_held_stays_at_the_top_and_falls_as_one_of_the_epochs_left_does():
    found = rates(Cosine(warmup=0.2, final=0.1, hold=0.75), 20)
    assert found[:4] == rates(Cosine(warmup=0.2), 20)[:4]
    assert found[4:16] == [0.1] * 12
    assert_allclose(found[16:], rates(Cosine(final=0.1), 4))


@pytest.mark.parametrize("final", [0.0, 0.1])
def test_each_restart_of_the_cosine_takes_twice_as_long(final):
    found = rates(Cosine(final=final, restarts=2), 21)  # 3, 6 and 12 epochs
    pieces = found[:3], found[3:9], found[9:]
    for piece in pieces:
        assert_allclose(piece, rates(Cosine(final=final), len(piece)))


def test_a_cosine_that_warms_up_and_is_held_does_so_once_and_in_each_stretch():
    found = rates(Cosine(warmup=0.25, hold=0.5, restarts=1), 24)  # 6, then 6 and 12 epochs
    assert_allclose(found[:6], rates(Cosine(warmup=0.25), 24)[:6])
    assert_allclose(found[6:12], rates(Cosine(hold=0.5), 6))
    assert_allclose(found[12:], rates(Cosine(hold=0.5), 12))


def test_a_restart_is_not_put_off_by_rounding():
    found = rates(Cosine(warmup=0.55, restarts=1), 100)  # 55, which is rounded up, then 15 and 30
    assert_allclose(found[70:], rates(Cosine(), 30))


@pytest.mark.parametrize("restarts", [-1, 1.5, "2"])
def test_a_number_of_restarts_that_is_none_is_refused(restarts):
    with pytest.raises((TypeError, ValueError), match="restarts of Cosine must be"):
        Cosine(restarts=restarts)


@pytest.mark.parametrize("n_epochs", [1, 2, 7, 10, 30, 1000])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.3, 0.5, 0.99])
def test_the_warm_up_of_the_cosine_rises_in_equal_steps_from_0(warmup, n_epochs):
    found = rates(Cosine(warmup=warmup), n_epochs)
    rising = int(np.ceil(round(warmup * n_epochs, 9)))
    assert_allclose(np.diff([0, *found[:rising]]), 0.1 / (warmup * n_epochs + 1))
    assert (np.diff(found[rising:]) < 0).all()
    assert min(found) > 0


def test_one_cycle_rises_to_the_initial_rate_and_falls_to_almost_nothing():
    found = rates(OneCycle(), 10)
    assert_allclose(found[0], 0.1 / 25)
    assert_allclose(found[2], 0.1)
    assert_allclose(found[-1], 0.1 * 4e-6)
    assert np.sign(np.diff(found)).tolist() == [1] * 2 + [-1] * 7


@pytest.mark.parametrize("schedule", [OneCycle(warmup=0.25), OneCycle(warmup=0)], ids=repr)
def test_one_cycle_may_start_at_the_top(schedule):
    # A quarter of four epochs ends with the first, at the top: there PyTorch divides 0 by 0.
    found = rates(schedule, 4)
    assert 0.08 < found[0] <= 0.1
    assert (np.diff(found) < 0).all()


@pytest.mark.parametrize("schedule", PLANNED, ids=repr)
def test_after_the_plan_the_rate_stays_what_it_was(schedule):
    found = rates(schedule, 5, 9)
    assert found[4] > 0
    assert found[5:] == [found[4]] * 4


# --- functions ---


def test_a_function_says_what_the_initial_rate_is_multiplied_by():
    calls = []

    def factor(epoch, n_epochs):
        calls.append((epoch, n_epochs))
        return 1 / (1 + epoch)

    assert_allclose(rates(Factor(factor), 3, 4), [0.1, 0.05, 0.1 / 3, 0.025])
    assert calls == [(0, 3), (1, 3), (2, 3), (3, 3)]


@short
@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf, None, "1", True, [1.0], np.ones(1), 1j])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_function_that_returns_no_factor_is_refused(value, method, regression):
    model = ScratchMLPRegressor((5,), learning_rate=lambda epoch, n_epochs: value, max_iter=7)
    with pytest.raises((TypeError, ValueError), match=r"learning_rate\(0, 7\) must be a number"):
        getattr(model, method)(*regression)
    assert not hasattr(model, "loss_")


def test_a_function_that_fails_later_leaves_the_model_as_it_was(regression):
    model = ScratchMLPRegressor((5,), learning_rate=lambda epoch, n_epochs: 1 - epoch, max_iter=7)
    model.partial_fit(*regression)
    before = model.predict(regression[0])
    with pytest.raises(ValueError, match=r"learning_rate\(2, 7\) must be .* \[0, inf\), got -1"):
        model.fit(*regression)
    assert model.loss_curve_ == [model.loss_]
    np.testing.assert_array_equal(model.predict(regression[0]), before)


@pytest.mark.parametrize(
    "function", [lambda: 1, lambda epoch: 1, lambda a, b, c: 1, lambda epoch, *, n_epochs: 1]
)
def test_a_function_of_other_arguments_is_refused(function, regression):
    model = ScratchMLPRegressor(learning_rate=function)
    with pytest.raises(TypeError, match=r"learning_rate, as .* fails at \(0, 200\): "):
        model.fit(*regression)


@pytest.mark.parametrize("rate", [-1.0, np.nan, np.inf, None, "1"])
def test_a_schedule_object_that_gives_no_rate_is_refused(rate, regression):
    class Broken(Schedule):
        def __call__(self, learning_rate_init, progress):
            return rate

    model = ScratchMLPRegressor((5,), learning_rate=Broken())
    with pytest.raises((TypeError, ValueError), match=r"learning_rate=.*Broken.*epoch=0, "):
        model.fit(*regression)


class Falling:
    def factor(self, epoch, n_epochs, power=1.0):
        return (1 - epoch / n_epochs) ** power


@short
@pytest.mark.parametrize(
    "function",
    [min, np.minimum, Falling().factor, partial(Falling().factor, power=2)],
    ids=["builtin", "ufunc", "method", "partial"],
)
def test_a_function_may_be_anything_that_takes_the_two_numbers(function, regression):
    model = ScratchMLPRegressor((5,), learning_rate=function, max_iter=3).fit(*regression)
    assert model.n_iter_ == 3


# --- in training ---


class WatchedSGD(Solver):
    def update(self, params, gradient, state, learning_rate):
        RATES.append(learning_rate)
        params -= learning_rate * gradient


RATES = []


@short
@pytest.mark.parametrize("rate", [np.float64(0.25), np.float32(0.25), 1], ids=repr)
def test_the_solver_is_handed_a_float_whatever_a_function_returns(rate, regression):
    RATES.clear()
    model = ScratchMLPRegressor((5,), solver=WatchedSGD(), learning_rate=lambda epoch, n: rate)
    model.set_params(max_iter=1, learning_rate_init=0.5).fit(*regression)
    assert [(type(seen), seen) for seen in RATES] == [(float, 0.5 * rate)]


@short
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


def trained_by_hand(X, y, factors, **params):
    """Return a model after an epoch at each of these shares of the initial rate."""
    model = ScratchMLPRegressor(**params)
    initial = model.learning_rate_init
    for factor in factors:
        model.set_params(learning_rate_init=initial * factor).partial_fit(X, y)
    return model


@short
@pytest.mark.parametrize(
    ("learning_rate", "factors"),
    [
        (Halving(), [1, 0.5, 0.25]),
        (lambda epoch, n_epochs: (n_epochs - epoch) / 3, [1, 2 / 3, 1 / 3]),
        ("cosine", [1, 0.75, 0.25]),
        (Cosine(warmup=2 / 3), [1 / 3, 2 / 3, 1]),
    ],
    ids=["object", "function", "name", "warm-up"],
)
def test_a_schedule_sets_the_rate_of_each_epoch(learning_rate, factors, regression):
    X, y = regression
    plain = {"solver": "sgd", "momentum": 0, "learning_rate_init": 0.1, "random_state": 0}
    model = ScratchMLPRegressor((5,), learning_rate=learning_rate, max_iter=3, **plain).fit(X, y)
    by_hand = trained_by_hand(X, y, factors, hidden_layer_sizes=(5,), **plain)
    assert_allclose(model.predict(X), by_hand.predict(X), rtol=1e-13)


@pytest.mark.parametrize("learning_rate", [*SCHEDULES, *ALL[-3:-1], square_root], ids=label)
def test_every_schedule_trains_a_network(learning_rate, regression):
    X, y = regression
    model = ScratchMLPRegressor(
        (20,), learning_rate=learning_rate, power_t=0.1, learning_rate_init=0.05, batch_size=10,
        tol=1e-5, max_iter=2000, random_state=0,
    )  # fmt: skip
    assert model.fit(X, y).score(X, y) > 0.9
    assert clone(model).fit(X, y).loss_curve_ == model.loss_curve_


@pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle", square_root], ids=label)
def test_a_plan_that_has_run_its_course_is_no_lack_of_convergence(learning_rate, regression):
    settings = {"max_iter": 30, "learning_rate_init": 0.03, "random_state": 0, **ENDLESS}
    model = ScratchMLPRegressor((5,), learning_rate=learning_rate, **settings)
    assert model.fit(*regression).n_iter_ == 30  # any warning would be an error
    with pytest.warns(ConvergenceWarning, match="hasn't converged"):
        model.set_params(learning_rate="constant").fit(*regression)


@short
@pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle", square_root], ids=label)
def test_a_plateau_ends_a_plan_too(learning_rate, regression):
    model = ScratchMLPRegressor((5,), learning_rate=learning_rate, tol=1e6, n_iter_no_change=3)
    assert model.fit(*regression).n_iter_ == 5


@short
@every_schedule
@pytest.mark.parametrize("early_stopping", [False, True], ids=["", "early_stopping"])
def test_calls_of_partial_fit_equal_one_fit_of_as_many_epochs(schedule, early_stopping, regression):
    params = {"hidden_layer_sizes": (5,), "batch_size": 16, "learning_rate_init": 0.05}
    params = {**params, **ENDLESS, "early_stopping": early_stopping, "random_state": 0}
    n_epochs = 7
    once = ScratchMLPRegressor(learning_rate=schedule, max_iter=n_epochs, **params).fit(*regression)
    calls = ScratchMLPRegressor(learning_rate=schedule, max_iter=n_epochs, **params)
    for call in range(n_epochs):
        calls.partial_fit(*regression)
        if call == 3:
            calls = pickle.loads(pickle.dumps(calls))
    assert calls.loss_curve_ == once.loss_curve_
    for a, b in zip([*calls.coefs_, *calls.intercepts_], [*once.coefs_, *once.intercepts_]):
        np.testing.assert_array_equal(a, b)


@short
def test_partial_fit_after_fit_goes_on_after_the_plan(regression):
    X, y = regression
    plain = {"solver": "sgd", "momentum": 0, "learning_rate_init": 0.1, "random_state": 0}
    model = ScratchMLPRegressor((5,), learning_rate="cosine", max_iter=3, **plain)
    model.fit(X, y).partial_fit(X, y)
    factors = [1, 0.75, 0.25, 0.25]
    by_hand = trained_by_hand(X, y, factors, hidden_layer_sizes=(5,), **plain)
    assert_allclose(model.predict(X), by_hand.predict(X), rtol=1e-13)


@short
def test_each_fit_of_a_warm_start_begins_the_plan_anew(regression):
    X, y = regression
    plain = {"solver": "sgd", "momentum": 0, "learning_rate_init": 0.1, "random_state": 0}
    model = ScratchMLPRegressor(
        (5,), learning_rate="cosine", max_iter=2, warm_start=True, **plain, **ENDLESS
    )
    model.fit(X, y).fit(X, y)
    by_hand = trained_by_hand(X, y, [1, 0.5, 1, 0.5], hidden_layer_sizes=(5,), **plain)
    assert_allclose(model.predict(X), by_hand.predict(X), rtol=1e-13)


@short
def test_a_schedule_is_told_how_far_training_has_come(regression):
    seen = []

    class Listening(Schedule):
        planned = True

        def __call__(self, learning_rate_init, progress):
            seen.append((progress.epoch, progress.n_epochs, progress.t, progress.plateaus))
            return learning_rate_init

        def ends_at_plateau(self, learning_rate):
            return False

    model = ScratchMLPRegressor(
        (5,), learning_rate=Listening(), max_iter=5, tol=1e6, n_iter_no_change=1, warm_start=True
    )
    model.fit(*regression)
    # the first epoch is progress, then every second one is a plateau
    assert seen == [(0, 5, 0, 0), (1, 5, 60, 0), (2, 5, 120, 0), (3, 5, 180, 1), (4, 5, 240, 1)]
    model.partial_fit(*regression)
    model.fit(*regression)
    assert seen[5:7] == [(5, 5, 300, 2), (0, 5, 360, 0)]


@short
def test_a_grid_search_chooses_among_names_objects_and_functions(regression):
    X, y = regression
    choices = ["constant", "cosine", "one_cycle", Cosine(warmup=0.1), square_root]
    model = ScratchMLPRegressor((5,), max_iter=20, learning_rate_init=0.05, random_state=0)
    search = GridSearchCV(model, {"learning_rate": choices, "solver": ["adam", "adamw"]}, cv=2)
    found = search.fit(X, y).cv_results_
    assert len(set(found["mean_test_score"])) == 10
    assert list(found["param_learning_rate"][::2]) == choices
    assert search.best_estimator_.learning_rate in choices


def test_schedules_are_values():
    for a, b in itertools.combinations([Cosine(), Cosine(warmup=0.1), OneCycle(), Constant()], 2):
        assert a != b
    for schedule in ALL:
        assert pickle.loads(pickle.dumps(schedule)) == schedule
    assert repr(Cosine(warmup=0.1)) == "Cosine(warmup=0.1, final=0.0, hold=0.0, restarts=0)"
