import copy
import gc
import weakref

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.components import check_parameters
from sknn_scratch.components.schedules import Adaptive, Constant
from sknn_scratch.training.early_stopping import EarlyStopping
from sknn_scratch.training.run import Diverged, Run, make_printer
from sknn_scratch.training.stochastic import LOOPS, batch_size_of, run_epochs
from tests.helpers import Steep, make_state, stop_settings, with_warnings


@pytest.mark.parametrize(
    ("batch_size", "solver", "n_rows", "expected", "is_told"),
    [
        ("auto", "adam", 150, 150, False),
        ("auto", "adam", 1000, 200, False),
        (32, "adam", 1000, 32, False),
        (32, "adam", 32, 32, False),
        (32, "adam", 31, 31, True),
        (32, "lbfgs", 31, 31, False),  # which takes no batches
    ],
)
def test_a_batch_has_no_more_rows_than_there_are(batch_size, solver, n_rows, expected, is_told):
    params = ScratchMLPRegressor(batch_size=batch_size, solver=solver).get_params()
    settings = check_parameters(params)
    size, told = with_warnings(batch_size_of, settings, n_rows)
    assert size == expected
    assert [text[:21] for text, _ in told] == ["Got `batch_size`=32, "] * is_told


# --- loops kept between calls of `partial_fit` ---


def stream(model, sizes, keeps, **params):
    """Train on batches of these sizes in turn, with or without what is kept; return the model."""
    rng = np.random.default_rng(0)
    model.set_params(**params)
    for n in sizes:
        X = rng.normal(size=(n, 4))
        if not keeps:
            LOOPS.clear()
        model.partial_fit(X, np.sin(X[:, 0]), rng.uniform(1, 2, n))
    return model


@pytest.mark.filterwarnings("ignore:.* the first batch:UserWarning")
@pytest.mark.parametrize("sizes", [[10] * 4, [10, 10, 7, 7, 10], [300] * 3, [1] * 4], ids=str)
@pytest.mark.parametrize(
    "params", [{}, {"shuffle": False}, {"solver": "sgd"}, {"max_grad_norm": 0.1}, {"alpha": 1.0}]
)
def test_a_loop_that_is_kept_trains_as_a_new_one(sizes, params):
    first, second = (
        stream(ScratchMLPRegressor((5, 3), random_state=0), sizes, keeps, **params)
        for keeps in (True, False)
    )
    assert first.loss_curve_ == second.loss_curve_
    for one, other in zip(first.coefs_, second.coefs_):
        np.testing.assert_array_equal(one, other)


def test_a_loop_is_kept_for_rows_of_one_shape_and_is_no_part_of_a_copy(regression):
    X, y = regression
    LOOPS.clear()
    model = ScratchMLPRegressor((5,), random_state=0).partial_fit(X, y)
    (kept,) = [loop for _, loop in LOOPS.values()]
    model.partial_fit(X, y).loss_gradient(X, y)
    twin, shallow = copy.deepcopy(model), copy.copy(model)
    assert [loop for _, loop in LOOPS.values()] == [kept]
    expected = model.predict(X)
    twin.partial_fit(X, y)
    shallow.partial_fit(2 * X, -y)
    np.testing.assert_array_equal(model.predict(X), expected)
    np.testing.assert_array_equal(model.partial_fit(X, y).predict(X), twin.predict(X))
    del model, twin, shallow
    gc.collect()
    assert len(LOOPS) == 0


def test_no_rows_are_kept_with_a_loop(rng):
    X = sparse.csr_array(rng.normal(size=(20, 3)))
    alive = weakref.ref(X)
    LOOPS.clear()
    model = ScratchMLPRegressor((4,), standardize=False).partial_fit(X, rng.normal(size=20))
    del X
    gc.collect()
    assert len(LOOPS) == 1
    assert model.t_ == 20
    assert alive() is None


def test_no_loop_is_kept_for_rows_that_are_packed_otherwise(rng):
    X, y, gaps = rng.uniform(1, 2, (20, 1)), rng.normal(size=(20, 3)), np.zeros((20, 3))
    gaps[0, 0] = np.nan  # as many numbers a row: x, 1, targets, weight; or targets, their weights
    settings = {"missing_targets": "ignore", "standardize": False, "random_state": 0}
    model = ScratchMLPRegressor((4,), alpha=0, **settings).partial_fit(X, y, np.ones(20))
    twin = copy.deepcopy(model).partial_fit(sparse.csr_array(X), y + gaps)
    model.partial_fit(sparse.csr_array(X), y + gaps)
    np.testing.assert_array_equal(model.predict(X), twin.predict(X))


def test_what_is_changed_between_calls_is_heeded(regression):
    X, y = regression
    for change in ({"alpha": 1e3}, {"batch_size": 7}, {"solver": "sgd"}, {"max_grad_norm": 1e-3}):
        model = ScratchMLPRegressor((5,), random_state=0).partial_fit(X, y)
        twin = copy.deepcopy(model).set_params(**change).partial_fit(X, y)
        model.set_params(**change).partial_fit(X, y)
        np.testing.assert_array_equal(model.predict(X), twin.predict(X))


def test_a_failed_call_leaves_the_model_as_it_was(regression):
    X, y = regression
    model = ScratchMLPRegressor((5,), batch_size=10, random_state=0).partial_fit(X, y)
    twin = copy.deepcopy(model)
    with pytest.raises(ValueError, match="diverged"):
        model.set_params(learning_rate_init=1e200).partial_fit(X, y)
    model.set_params(learning_rate_init=1e-3).partial_fit(X, y)
    np.testing.assert_array_equal(model.predict(X), twin.partial_fit(X, y).predict(X))


def test_no_loop_is_kept_for_components_that_may_change(regression):
    X, y = regression
    LOOPS.clear()
    model = ScratchMLPRegressor((5,), activation=Steep(1.0), random_state=0).partial_fit(X, y)
    assert len(LOOPS) == 0
    twin = copy.deepcopy(model).set_params(activation=Steep(3.0))
    model.activation.slope = 3.0
    np.testing.assert_array_equal(
        model.partial_fit(X, y).predict(X), twin.partial_fit(X, y).predict(X)
    )


# --- the loop over epochs ---


def make_settings_of(schedule=None, rate=0.5, max_iter=50, incremental=False, **stop):
    given = {"schedule": schedule or Constant(), "learning_rate_init": rate}
    return stop_settings(max_iter=max_iter, incremental=incremental, **given, **stop)


class ScriptedEpoch:
    """Epochs whose losses are given; the parameter counts them."""

    order = range(10)

    def __init__(self, losses, state):
        self.losses, self.state, self.rates = iter(losses), state, []

    def run(self, random_state, learning_rate):
        self.rates.append(learning_rate)
        self.state.params += 1
        return next(self.losses)


def train(losses, *, scores=None, **settings):
    """Train on scripted losses (and scores by epoch); return state, what is said, and rates."""
    state = make_state()
    validate = (lambda params: (0.0, scores[int(params[0])])) if scores else None
    settings = make_settings_of(monitor="score" if scores else None, **settings)
    run = Run(state, EarlyStopping(state, settings), validate)
    epoch = ScriptedEpoch(losses, state)
    return state, run_epochs(epoch, run, settings), epoch.rates, run


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

    settings = make_settings_of(monitor="score", max_iter=9)
    run = Run(state, EarlyStopping(state, settings), validate)
    with pytest.raises(Diverged):
        run_epochs(ScriptedEpoch([1, np.inf], state), run, settings)
    run.stopping.restore_best(state.params, validate, diverged=True)
    assert state.params == 0


def test_an_incremental_call_is_one_epoch_and_says_nothing():
    state, said, _, _ = train([3, 2, 1], incremental=True)
    assert state.history.n_iter == 1
    assert said is None


def test_verbose_prints_each_epoch_and_why_it_stopped(capsys):
    state = make_state()
    settings = make_settings_of(Adaptive(), 1e-5, max_iter=9, n_iter_no_change=1)
    run = Run(state, EarlyStopping(state, settings), observers=[make_printer(True, 9)])
    run_epochs(ScriptedEpoch([1.0] * 9, state), run, settings)
    out = capsys.readouterr().out
    assert "Iteration 1/9  loss      1.00000  rate 1.00e-05" in out
    assert "Setting learning rate to 0.000002" in out
    assert "for 1 consecutive epochs. Learning rate too small. Stopping." in out
