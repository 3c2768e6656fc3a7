"""What a pilot chooses, and by which error."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.model_selection import TimeSeriesSplit

from sknn_scratch.ensemble.choice import (
    MANY_ROWS,
    Trial,
    choose,
    error_of_mean,
    errors_in_pilot,
    pilot_split,
)

LENGTHS = [1, 2, 4, 8]


def by_table(table):
    """Return errors_of, and the list of all it was asked for, from rows of errors per length."""
    asked = []

    def errors_of(trials):
        asked.extend(trials)
        return [table[trial.name][LENGTHS.index(trial.n_epochs)] for trial in trials]

    return errors_of, asked


def test_the_better_half_goes_on_for_twice_as_long():
    table = {"a": [4, 3, 2, 1], "b": [5, 4, 3, 2], "c": [6, 0, 0, 0], "d": [7, 0, 0, 0]}
    errors_of, asked = by_table(table)
    choose([list(table)], LENGTHS, errors_of)
    assert [trial.name for trial in asked] == ["a", "b", "c", "d", "a", "b", "a"]
    assert [trial.n_epochs for trial in asked] == [1, 1, 1, 1, 2, 2, 4]


def test_groups_compete_apart_and_the_best_of_each_is_chosen():
    table = {"a": [3, 2, 1.9, 0], "b": [4, 0, 0, 0], "c": [8, 7.5, 7, 0], "d": [9, 0, 0, 0]}
    errors_of, asked = by_table(table)
    chosen = choose([["a", "b"], ["c", "d"]], LENGTHS, errors_of)
    assert chosen == [Trial("a", 4), Trial("c", 4)]
    assert [trial.name for trial in asked] == ["a", "b", "c", "d", "a", "c", "a", "c"]


def test_a_candidate_is_tried_for_longer_as_long_as_that_lowers_its_own_error():
    errors_of, asked = by_table({"a": [4, 4.1, 0, 0], "b": [5, 4.7, 4.4, 0]})
    assert choose([["a"], ["b"]], LENGTHS, errors_of) == [Trial("a", 1), Trial("b", 4)]
    assert [trial.name for trial in asked] == ["a", "b", "a", "b", "b"]
    errors_of, asked = by_table({"a": [4, 4.1, 0, 0]})
    assert choose([["a"]], LENGTHS, errors_of) == [Trial("a", 1)]
    assert max(trial.n_epochs for trial in asked) == 2


def test_a_group_that_begins_late_is_tried_from_there_on():
    table = {"a": [4, 3, 2.9, 0], "b": [0, 0, 2, 0], "c": [0, 0, 3, 0]}
    errors_of, asked = by_table(table)
    chosen = choose([["a"], ["b", "c"]], LENGTHS, errors_of, starts=[0, 2])
    assert chosen == [Trial("b", 4), Trial("a", 4)]
    assert asked == [Trial("a", 1), Trial("a", 2), *[Trial(name, 4) for name in "abc"]]
    assert choose([["a"]], [3], lambda trials: [1.0], starts=[2]) == [Trial("a", 3)]


def test_a_low_error_between_high_ones_is_less_believed_than_one_among_low_ones():
    errors_of, _ = by_table({"a": [9, 1.0, 4, 0], "b": [2, 1.2, 1.1, 0]})
    assert [trial.name for trial in choose([["a"], ["b"]], LENGTHS, errors_of)] == ["b", "a"]


def test_errors_of_nothing_are_as_good_as_can_be():
    errors_of, _ = by_table({"a": [0, 0, 0, 0], "b": [1, 0, 0, 0]})
    assert {trial.name for trial in choose([["a"], ["b"]], LENGTHS, errors_of)} == {"a", "b"}


def test_where_the_error_still_falls_steeply_members_are_trained_for_longer_than_tried():
    errors_of, asked = by_table({"a": [8, 4, 2, 1], "b": [9, 8, 7.9, 0]})
    assert choose([["a"], ["b"]], LENGTHS, errors_of) == [Trial("a", 8), Trial("b", 4)]
    assert max(trial.n_epochs for trial in asked) == 4


@pytest.mark.parametrize("lengths", [[3], [3, 6]])
def test_of_a_single_length_there_is_no_choice(lengths):
    assert choose([["a"]], lengths, lambda trials: [1.0]) == [Trial("a", 3)]


def test_the_error_of_two_members_is_that_of_their_mean_and_of_one_their_own(rng):
    y, one, other = rng.normal(size=(3, 40))
    assert_allclose(error_of_mean(y, one, other, 2), np.mean(((one + other) / 2 - y) ** 2))
    own = (np.mean((one - y) ** 2) + np.mean((other - y) ** 2)) / 2
    assert_allclose(error_of_mean(y, one, other, 1), own)


def test_the_error_of_many_members_is_that_of_their_mean(rng):
    n = 20_000
    y, shared = rng.normal(size=(2, n))
    members = shared + 0.7 * rng.normal(size=(8, n))
    expected = np.mean((members.mean(axis=0) - y) ** 2)
    assert_allclose(error_of_mean(y, members[0], members[1], 8), expected, rtol=0.03)


def test_a_row_of_weight_two_counts_as_two(rng):
    y, one, other = rng.normal(size=(3, 5))
    weight = np.array([1.0, 2, 1, 0, 1])
    twice = [np.repeat(each, weight.astype(int)) for each in (y, one, other)]
    assert_allclose(error_of_mean(y, one, other, 8, weight), error_of_mean(*twice, 8))


def test_errors_in_a_pilot_are_relative_to_the_variance_of_y_of_each_target(rng):
    y, rows = rng.normal(size=(30, 2)) * [1, 1e6], np.arange(5, 25)
    mean = [np.broadcast_to(y.mean(axis=0), (20, 2))] * 2
    exact = [y[rows]] * 2
    of_mean, of_exact = errors_in_pilot(y, mean + exact, rows, 8)
    expected = np.mean((y[rows] - y.mean(axis=0)) ** 2 / y.var(axis=0))
    assert_allclose([of_mean, of_exact], [expected, 0])
    unit = errors_in_pilot(1e200 * y, [1e200 * each for each in mean + exact], rows, 8)
    assert_allclose(unit, [of_mean, of_exact], rtol=1e-6)


def test_a_pilot_holds_out_the_last_two_folds_whose_rows_weigh_something():
    folds = [(np.delete(np.arange(8), [i, i + 1]), np.array([i, i + 1])) for i in (0, 2, 4, 6)]
    train, held_out = pilot_split(folds)
    assert (train.tolist(), held_out.tolist()) == ([0, 1, 2, 3], [4, 5, 6, 7])
    weight = np.array([1.0, 1, 1, 1, 0, 0, 1, 1])
    train, held_out = pilot_split(folds, weight)
    assert (train.tolist(), held_out.tolist()) == ([0, 1, 4, 5], [2, 3, 6, 7])


def test_where_two_folds_leave_nothing_to_train_on_a_pilot_holds_out_one():
    folds = [(np.arange(2, 4), np.arange(2)), (np.arange(2), np.arange(2, 4))]
    train, held_out = pilot_split(folds)
    assert (train.tolist(), held_out.tolist()) == ([0, 1], [2, 3])
    folds = [(np.arange(2, 5), np.arange(2)), (np.r_[:2, 4], np.arange(2, 4))]
    train, held_out = pilot_split(folds, np.array([1.0, 1, 1, 1, 0]))
    assert (train.tolist(), held_out.tolist()) == ([0, 1, 4], [2, 3])


def test_of_a_time_series_a_pilot_is_trained_on_the_past():
    folds = list(TimeSeriesSplit(4).split(np.empty(50)))
    train, held_out = pilot_split(folds)
    assert (train.tolist(), held_out.tolist()) == (list(range(30)), list(range(30, 50)))


@pytest.mark.parametrize(("n_held_out", "n_folds"), [(MANY_ROWS - 1, 2), (MANY_ROWS, 1)])
def test_of_many_rows_one_fold_is_enough(n_held_out, n_folds):
    rows = np.arange(3 * n_held_out)
    parts = np.split(rows, 3)
    folds = [(np.setdiff1d(rows, part), part) for part in parts]
    assert len(pilot_split(folds)[1]) == n_folds * n_held_out
