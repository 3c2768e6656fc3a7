import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknn_scratch.training.early_stopping import EarlyStopping
from sknn_scratch.training.state import Best
from tests.helpers import make_state, stop_settings

STOP = {"tol": 0.1, "n_iter_no_change": 2}


def follow(validated, monitor, best=None, start=0.0, **settings):
    """Go through epochs whose parameters count them; return the stopping and the plateaus."""
    state, plateaus = make_state(), []
    state.best = best or state.best
    history, params = state.history, state.params  # training changes them in place
    params[...] = start
    stopping = EarlyStopping(state, stop_settings(monitor, **{**STOP, **settings}))
    for epoch, (loss, validation_loss, score) in enumerate(validated, 1):
        history.record(loss)
        history.record_validation(validation_loss, score)
        params[...] = epoch
        stopping.update(history, params)
        plateaus.append(stopping.at_plateau())
    return stopping, plateaus


def epochs(losses=None, validation=None, scores=None):
    n = len(losses or validation or scores)
    flat = [1.0] * n
    return list(zip(losses or flat, validation or flat, scores or flat))


def test_a_plateau_is_more_epochs_in_a_row_than_allowed_without_an_improvement_of_tol():
    # the first improves on infinity, the third by 0.2 on the best; then three bring too little
    losses = [2.0, 1.95, 1.75, 1.74, 1.7, 1.68]
    stopping, plateaus = follow(epochs(losses=losses), None)
    assert plateaus == [False] * 5 + [True]
    assert stopping.best.loss == 1.68
    assert (stopping.best.epoch, stopping.best.params) == (6, None)


def test_an_improvement_of_exactly_tol_counts():
    losses = [3, 2.875, 2.75, 2.625]
    stopping, _ = follow(epochs(losses=losses), None, tol=0.125)
    assert stopping.best.no_improvement_count == 0


@pytest.mark.parametrize(
    ("monitor", "curves"),
    [
        ("score", {"scores": [0.1, 0.9, 0.5, 0.4, 0.3], "validation": [5, 4, 3, 2, 1]}),
        ("loss", {"validation": [0.9, 0.1, 0.5, 0.6, 0.7], "scores": [1, 2, 3, 4, 5]}),
    ],
)
def test_what_is_monitored_decides_when_to_stop_and_which_parameters_are_kept(monitor, curves):
    stopping, plateaus = follow(epochs(losses=[5, 4, 3, 2, 1], **curves), monitor)
    assert plateaus == [False] * 4 + [True]
    best, params = stopping.best, np.zeros(1)
    assert (best.epoch, best.score) == (2, curves["scores"][1])
    stopping.restore_best(params, validate=None)
    assert_array_equal(params, 2)
    assert best.params is None
    assert monitor in stopping.plateau_message()


@pytest.mark.parametrize("score", [0.0, np.nan])
def test_as_long_as_scores_are_all_the_same_the_loss_decides(score):
    losses = [0.9, 0.5, 0.1, 0.2, 0.3, 0.4]
    stopping, plateaus = follow(epochs(validation=losses, scores=[score] * 6), "score")
    assert plateaus == [False] * 5 + [True]
    best, params = stopping.best, np.zeros(1)
    assert (best.epoch, best.validation_loss) == (3, 0.1)
    assert_array_equal(best.score, score)
    stopping.restore_best(params, validate=None)
    assert_array_equal(params, 3)


def test_once_scores_have_differed_they_decide_even_when_they_are_the_same_again():
    losses, scores = [0.9, 0.5, 0.4, 0.3, 0.2], [0.0, 0.0, 0.5, 0.5, 0.5]
    stopping, _ = follow(epochs(validation=losses, scores=scores), "score")
    assert (stopping.best.epoch, stopping.best.no_improvement_count) == (3, 2)
    lower, _ = follow(epochs(validation=losses, scores=[0.5, 0.0, 0.0, 0.5, 0.5]), "score")
    assert lower.best.epoch == 1


def test_of_two_runs_the_one_with_the_greater_score_or_the_smaller_loss_is_better():
    def rank(monitor, loss, score):
        return follow([(1.0, loss, score)], monitor)[0].rank()

    assert rank("score", 0.9, 0.7) > rank("score", 0.1, 0.6)
    assert rank("score", 0.1, 0.0) > rank("score", 0.2, 0.0)
    assert rank("score", 0.1, np.nan) > rank("score", 0.2, np.nan)
    assert rank("score", 0.2, -5.0) > rank("score", 0.1, np.nan)
    assert rank("loss", 0.1, 0.6) > rank("loss", 0.2, 0.7)


def test_without_early_stopping_the_last_parameters_are_kept():
    stopping, _ = follow(epochs(losses=[1, 2, 3]), None)
    assert (stopping.best.params, stopping.best.epoch) == (None, 3)
    assert stopping.plateau_message().startswith("Training loss")


@pytest.mark.parametrize(("at_start", "kept", "epoch"), [(0.95, 0.0, 0), (0.85, 1.0, 1)])
def test_after_a_divergence_the_start_is_a_candidate_too(at_start, kept, epoch):
    stopping, _ = follow(epochs(scores=[0.9, 0.1]), "score")
    params = np.array([2.0])
    stopping.restore_best(params, lambda params: (1.0, at_start), diverged=True)
    assert (params, stopping.best.epoch) == (kept, epoch)
    assert stopping.best.score == max(at_start, 0.9)


def test_after_a_later_call_has_diverged_the_last_epoch_before_it_is_a_candidate():
    state = make_state()
    for loss in (3.0, 2.0):
        state.history.record(loss)
    state.best = Best(score=0.5, epoch=1, params=np.array([1.0]))
    state.params[...] = 2
    stopping, params = EarlyStopping(state, stop_settings("score", **STOP)), np.array([9.0])
    stopping.restore_best(params, lambda params: (1.0, 0.9), diverged=True)
    assert (params, stopping.best.epoch) == (2, 2)


def test_if_no_epoch_was_validated_the_start_is_kept_and_scored():
    stopping, _ = follow([], "score", start=4.0)
    params = np.array([9.0])
    stopping.restore_best(params, lambda params: (1.0, 0.3))
    assert (params, stopping.best.score) == (4, 0.3)


def test_a_later_call_goes_on_from_the_best_so_far():
    best = Best(score=0.8, epoch=3, params=np.array([3.0]))
    follow(epochs(scores=[0.5, 0.7]), "score", best)
    assert (best.epoch, best.params, best.no_improvement_count) == (3, 3, 2)


def test_a_later_call_that_monitors_something_else_compares_that():
    best = Best()
    follow(epochs(validation=[0.9, 0.5], scores=[0.1, 0.8]), "score", best)
    assert (best.epoch, best.params, best.score) == (2, 2, 0.8)
    follow(epochs(validation=[0.6, 0.4], scores=[0.7, 0.2]), "loss", best)
    assert (best.epoch, best.params, best.validation_loss) == (2, 2, 0.4)
    follow(epochs(validation=[0.9], scores=[0.3]), "score", best)
    assert (best.epoch, best.params, best.score) == (1, 1, 0.3)


@pytest.mark.parametrize("monitor", ["score", "loss"])
def test_a_call_without_early_stopping_leaves_nothing_to_be_better_than(monitor):
    best = Best(score=0.8, validation_loss=0.1, is_flat=False, epoch=3, params=np.array([3.0]))
    without, _ = follow(epochs(losses=[1.0]), None, best)
    assert without.best == Best(loss=1.0, epoch=1)
    later, _ = follow(epochs(validation=[0.5], scores=[0.2]), monitor, without.best, start=9.0)
    assert (later.best.params, later.best.score) == (1, 0.2)


def test_a_copy_of_the_best_keeps_its_parameters():
    best = Best(params=np.ones(1))
    copied = best.copy()
    best.params += 1
    assert copied.params == 1
    assert Best().copy() == Best()
