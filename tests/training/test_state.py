import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from sknn_scratch.training.state import Best, History
from tests.helpers import make_state


def full_state():
    state = make_state()
    state.solver_state, state.best.params = {"m": np.zeros(2)}, np.zeros(1)
    state.dropout_generator = np.random.default_rng(0)
    return state


def test_a_copy_of_the_state_shares_only_the_random_state():
    state = full_state()
    copied = state.copy()
    copied.params += 1
    copied.best.params += 1
    copied.solver_state["m"] += 1
    copied.history.record(1.0)
    drawn = copied.dropout_generator.random()
    assert state.params == state.best.params == 0
    assert (state.solver_state["m"] == 0).all()
    assert state.history.losses == []
    assert state.dropout_generator.random() == drawn
    assert copied.random_state is state.random_state


def test_what_a_solver_keeps_under_two_names_is_one_array_in_a_copy_too():
    state, array = full_state(), np.ones(3)
    state.solver_state = {"a": array, "b": array, "t": 1}
    copied = state.copy().solver_state
    assert copied["a"] is copied["b"] is not array
    assert copied["t"] == 1


def test_a_snapshot_draws_by_itself():
    state = full_state()
    drawn = state.snapshot().random_state.uniform()
    assert state.random_state.uniform() == drawn


def test_the_mean_weight_is_that_of_all_samples_seen():
    state = make_state()
    seen = []
    for weights in ([1.0, 3.0], [5.0], [0.5, 0.5, 2.0]):
        seen += weights
        state.see_weights(np.mean(weights), len(weights))
        assert_allclose(state.mean_weight, np.mean(seen))


def test_a_new_fit_forgets_what_counted_for_stopping_but_not_the_curve():
    state = make_state()
    for _ in range(3):
        state.history.record(1.0)
    state.best = Best(2, 1.0, 0.5, 0.1, False, 3, np.ones(1))
    state.plateaus = state.epochs = 3
    state.see_weights(2.0, 10)
    state.begin_fit()
    assert state.best == Best(epoch=3)
    assert state.params == 1  # the best, which predicted
    assert state.plateaus == state.epochs == state.mean_weight == state.weight_count == 0
    assert state.history.losses == [1.0] * 3


def test_validation_rows_are_drawn_alike_in_every_call_and_the_first_draw_counts():
    state = make_state()
    first = state.split_source()
    assert first is state.random_state
    drawn = first.uniform()
    assert [state.split_source().uniform() for _ in range(2)] == [drawn, drawn]
    assert state.random_state.uniform() != drawn


# --- curves ---


def test_a_curve_has_an_element_for_each_epoch():
    history = History()
    for loss in (3.0, 2.0):
        history.record(loss)
    assert (history.losses, history.loss, history.n_iter) == ([3.0, 2.0], 2.0, 2)
    assert history.validation_losses == []
    assert not history.is_validated


def test_epochs_before_there_were_validation_data_are_nan():
    history = History()
    history.record(3.0)
    history.record(2.0)
    history.record_validation(0.5, 0.9)
    assert_array_equal(history.validation_losses, [np.nan, 0.5])
    assert_array_equal(history.validation_scores, [np.nan, 0.9])
    assert history.is_validated
    history.record(1.0)
    assert not history.is_validated


def test_a_copy_goes_on_by_itself():
    history = History([1.0], [2.0], [3.0], 1, 1.0)
    copied = history.copy()
    assert copied == history
    copied.record(0.0)
    copied.record_validation(0.0, 0.0)
    assert history == History([1.0], [2.0], [3.0], 1, 1.0)
