import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknn_scratch.training.watch import Diverged, Watch
from tests.helpers import make_state


def test_a_copy_of_the_state_shares_only_the_random_state():
    state = make_state()
    state.solver_state, state.best_params = {"m": np.zeros(2)}, np.zeros(1)
    state.dropout_generator = np.random.default_rng(0)
    copied = state.copy()
    copied.params += 1
    copied.solver_state["m"] += 1
    copied.loss_curve.append(1.0)
    drawn = copied.dropout_generator.random()
    assert state.params == 0
    assert (state.solver_state["m"] == 0).all()
    assert state.loss_curve == []
    assert state.dropout_generator.random() == drawn
    assert copied.random_state is state.random_state


def test_the_mean_weight_is_that_of_all_samples_seen():
    state = make_state()
    seen = []
    for weights in ([1.0, 3.0], [5.0], [0.5, 0.5, 2.0]):
        seen += weights
        state.see_weights(np.mean(weights), len(weights))
        assert_allclose(state.mean_weight, np.mean(seen))


def test_a_loss_that_is_not_finite_is_a_divergence_and_the_watch_remembers_it():
    watch = Watch(make_state(), 0.1, 2, None, None)
    watch.record(1.0, watch.state.params)
    assert not watch.diverged
    with pytest.raises(Diverged, match="nan in epoch 2"):
        watch.record(np.nan, watch.state.params)
    assert watch.diverged


def test_a_new_fit_forgets_what_counted_for_stopping_but_not_the_curve():
    state = make_state()
    watch = Watch(state, 0.1, 2, lambda params: (0.1, 0.5), "score")
    for _ in range(3):
        watch.record(1.0, state.params)
    assert state.no_improvement_count == 2
    state.begin_fit()
    assert state.no_improvement_count == 0
    assert state.best_score == -np.inf
    assert state.best_params is None
    assert state.loss_curve == [1.0] * 3
