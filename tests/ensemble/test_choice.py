"""What a pilot chooses, and by which error."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.model_selection import TimeSeriesSplit

from sknn_scratch.ensemble.choice import (
    ENOUGH_ROWS,
    MANY_ROWS,
    Trial,
    choose,
    errors_in_pilot,
    errors_of_mean,
    pilot_splits,
)

LENGTHS = [1, 2, 4, 8, 16]


def by_table(table):
    """Return errors_of, and the list of all it was asked for, from errors per length."""
    asked = []

    def errors_of(trials):
        asked.extend(trials)
        return [np.array([table[t.name][LENGTHS.index(t.n_epochs)]] * 2) for t in trials]

    return errors_of, asked


def chosen(table, errors_of, **head_starts):
    return choose(dict.fromkeys(table, 0) | head_starts, LENGTHS, errors_of)


def test_the_better_half_goes_on_for_twice_as_long_but_no_fewer_than_three():
    table = {name: [50 + i - length for length in range(4)] for i, name in enumerate("abcdefgh")}
    errors_of, asked = by_table(table)
    best = chosen(table, errors_of)
    assert asked == [
        *[Trial(name, 1) for name in "abcdefgh"],
        *[Trial(name, 2) for name in "abcd"],
        *[Trial(name, 4) for name in "abc"],
        *[Trial(name, 8) for name in "abc"],
    ]
    assert [trial.name for trial in best] == ["a", "b", "c", "d"]


def test_one_that_was_tried_briefly_alone_may_be_chosen():
    table = {"a": [1, 2], "b": [3, 2, 1.9, 1.85], "c": [4, 5], "d": [4.2]}
    errors_of, asked = by_table(table)
    expected = [Trial("a", 1), Trial("b", 8), Trial("d", 1), Trial("c", 1)]
    assert chosen(table, errors_of) == expected
    assert Trial("d", 2) not in asked


def test_a_candidate_is_tried_for_longer_until_that_makes_it_worse():
    errors_of, asked = by_table(table := {"a": [4, 4.1], "b": [5, 4.7, 4.5, 4.6]})
    assert chosen(table, errors_of) == [Trial("a", 1), Trial("b", 4)]
    assert [trial.name for trial in asked] == ["a", "b", "a", "b", "b", "b"]
    errors_of, asked = by_table(table := {"a": [4, 4.1]})
    assert chosen(table, errors_of) == [Trial("a", 1)]
    assert max(trial.n_epochs for trial in asked) == 2


def test_errors_that_chance_puts_below_zero_do_not_make_trainings_longer():
    errors_of, _ = by_table({"a": [1, -1, -2]})
    assert choose({"a": 0}, LENGTHS[:4], errors_of) == [Trial("a", 4)]
    errors_of, _ = by_table({"a": [5, 2, 1]})
    assert choose({"a": 0}, LENGTHS[:4], errors_of) == [Trial("a", 8)]


@pytest.mark.parametrize(("errors", "goes_on"), [([2.9, 3.2], True), ([3.2, 3.2], False)])
def test_what_may_be_chance_does_not_make_it_worse(errors, goes_on):
    asked = []

    def errors_of(trials):
        asked.extend(trials)
        return [np.array(errors if trial.n_epochs == 2 else [3.0, 3.0]) for trial in trials]

    choose({"a": 0}, LENGTHS, errors_of)
    assert (Trial("a", 4) in asked) == goes_on


def test_one_that_learns_slowly_is_compared_with_others_that_are_trained_for_less():
    table = {"a": [4, 3, 2.9, 2.8], "b": [0, 0, 2, 1.95], "c": [5, 4.9, 4.9, 4.8]}
    errors_of, asked = by_table(table)
    assert chosen(table, errors_of, b=2)[0] == Trial("b", 8)
    assert [trial.n_epochs for trial in asked if trial.name == "b"] == [4, 8]
    assert choose({"a": 2}, [3], lambda trials: [np.ones(2)]) == [Trial("a", 3)]
    assert choose({"a": 1}, [1, 2, 4], lambda trials: [np.ones(2)]) == [Trial("a", 2)]


def test_a_low_error_between_high_ones_is_less_believed_than_one_among_low_ones():
    table = {"a": [9, 1.0, 4], "b": [2, 1.2, 1.1, 1.1]}
    assert [trial.name for trial in chosen(table, by_table(table)[0])] == ["b", "a"]


def test_errors_of_nothing_are_as_good_as_can_be():
    table = {"a": [0, 0, 0, 0], "b": [1, 0, 0, 0]}
    assert {trial.name for trial in chosen(table, by_table(table)[0])} == {"a", "b"}


def test_where_the_error_still_falls_steeply_members_are_trained_for_longer_than_tried():
    table = {"a": [8, 4, 2, 1], "b": [9, 8, 7.9, 7.8]}
    errors_of, asked = by_table(table)
    assert chosen(table, errors_of) == [Trial("a", 16), Trial("b", 8)]
    assert max(trial.n_epochs for trial in asked) == 8


def test_fewer_are_chosen_where_they_are_trained_for_long():
    table = {"a": [8, 4, 2, 1], "b": [9, 8, 7, 7.5], "c": [10, 9, 8, 7], "d": [20]}
    errors_of, _ = by_table(table)
    assert chosen(table, errors_of) == [Trial("a", 16), Trial("b", 4), Trial("d", 1)]


@pytest.mark.parametrize("lengths", [[3], [3, 6]])
def test_of_a_single_length_there_is_no_choice(lengths):
    assert choose({"a": 0}, lengths, lambda trials: [np.ones(2)]) == [Trial("a", 3)]


def test_the_error_of_two_members_is_that_of_their_mean_and_of_one_their_own(rng):
    y, one, other = rng.normal(size=(3, 40))
    assert_allclose(errors_of_mean(y, one, other, 2, np.ones(40)), ((one + other) / 2 - y) ** 2)
    own = ((one - y) ** 2 + (other - y) ** 2) / 2
    assert_allclose(errors_of_mean(y, one, other, 1, np.ones(40)), own)


def test_the_error_of_many_members_is_that_of_their_mean(rng):
    n = 20_000
    y, shared = rng.normal(size=(2, n))
    members = shared + 0.7 * rng.normal(size=(8, n))
    expected = np.mean((members.mean(axis=0) - y) ** 2)
    found = errors_of_mean(y, *members[:2], 8, np.ones(n)).mean()
    assert_allclose(found, expected, rtol=0.03)


def test_a_row_of_weight_two_counts_as_two(rng):
    y, one, other = rng.normal(size=(3, 5))
    weight = np.array([1.0, 2, 1, 0, 1])
    twice = [np.repeat(each, weight.astype(int)) for each in (y, one, other)]
    found = errors_of_mean(y, one, other, 8, weight).mean()
    assert_allclose(found, errors_of_mean(*twice, 8, np.ones(5)).mean())


def test_errors_in_a_pilot_are_relative_to_the_variance_of_y_of_each_target(rng):
    y, rows = rng.normal(size=(30, 2)) * [1, 1e6], np.arange(5, 25)
    mean = [np.broadcast_to(y.mean(axis=0), (20, 2))] * 2
    exact = [y[rows]] * 2
    splits = [(np.arange(5), rows)]
    of_mean, of_exact = errors_in_pilot(y, mean + exact, splits, 8, np.ones(30))
    expected = np.mean((y[rows] - y.mean(axis=0)) ** 2 / y.var(axis=0), axis=1)
    assert_allclose([of_mean, of_exact], [expected, np.zeros(20)])
    large = [1e200 * each for each in mean + exact]
    found = errors_in_pilot(1e200 * y, large, splits, 8, np.ones(30))
    assert_allclose(found, [of_mean, of_exact], rtol=1e-6)


def test_errors_of_a_trial_are_those_of_all_splits(rng):
    y, splits = (
        rng.normal(size=9),
        [(np.arange(3), np.arange(3, 6)), (np.arange(6), np.arange(6, 9))],
    )
    first, second = rng.normal(size=(2, 2, 2, 3))  # of two splits, two members
    predictions = [*first.reshape(4, 3), *second.reshape(4, 3)]
    found = errors_in_pilot(y, predictions, splits, 2, np.ones(9))
    expected = [(each.mean(axis=1).ravel() - y[3:]) ** 2 / y.var() for each in (first, second)]
    assert_allclose(found, expected)


def as_lists(splits):
    return [(train.tolist(), held_out.tolist()) for train, held_out in splits]


def test_a_pilot_holds_out_two_folds_at_once_whose_rows_weigh_something_the_last_first():
    folds = [(np.delete(np.arange(8), [i, i + 1]), np.array([i, i + 1])) for i in (0, 2, 4, 6)]
    last, first = ([0, 1, 2, 3], [4, 5, 6, 7]), ([4, 5, 6, 7], [0, 1, 2, 3])
    assert as_lists(pilot_splits(folds, np.ones(8))) == [last, first]
    weight = np.array([1.0, 1, 1, 1, 0, 0, 1, 1])
    found = as_lists(pilot_splits(folds, weight))
    assert found == [([0, 1, 4, 5], [2, 3, 6, 7]), ([2, 3, 4, 5, 6, 7], [0, 1])]


def test_where_two_folds_leave_nothing_to_train_on_a_pilot_holds_out_one():
    folds = [(np.arange(2, 4), np.arange(2)), (np.arange(2), np.arange(2, 4))]
    assert as_lists(pilot_splits(folds, np.ones(4))) == [([0, 1], [2, 3]), ([2, 3], [0, 1])]
    folds = [(np.arange(2, 5), np.arange(2)), (np.r_[:2, 4], np.arange(2, 4))]
    found = as_lists(pilot_splits(folds, np.array([1.0, 1, 1, 1, 0])))
    assert found == [([0, 1, 4], [2, 3]), ([2, 3, 4], [0, 1])]


def test_of_a_time_series_a_pilot_is_trained_on_the_past():
    folds = list(TimeSeriesSplit(4).split(np.empty(50)))
    (train, held_out), *others = pilot_splits(folds, np.ones(50))
    assert (train.tolist(), held_out.tolist()) == (list(range(30)), list(range(30, 50)))
    assert all(train.max() < held_out.min() for train, held_out in others)


@pytest.mark.parametrize(("n_held_out", "n_folds"), [(MANY_ROWS - 1, 2), (MANY_ROWS, 1)])
def test_of_many_rows_one_fold_is_enough(n_held_out, n_folds):
    rows = np.arange(3 * n_held_out)
    folds = [(np.setdiff1d(rows, part), part) for part in np.split(rows, 3)]
    (split,) = pilot_splits(folds, np.ones(len(rows)))
    assert len(split[1]) == n_folds * n_held_out


@pytest.mark.parametrize(
    ("n_held_out", "n_splits"), [(ENOUGH_ROWS // 4 - 1, 3), (ENOUGH_ROWS // 4, 2)]
)
def test_the_fewer_rows_there_are_the_more_splits_a_pilot_has(n_held_out, n_splits):
    rows = np.arange(8 * n_held_out)
    folds = [(np.setdiff1d(rows, part), part) for part in np.split(rows, 8)]
    assert len(pilot_splits(folds, np.ones(len(rows)))) == n_splits


def test_rows_held_out_that_weigh_nothing_make_a_pilot_no_larger():
    weighing = np.arange(0, 400, 2)
    parts = np.split(np.arange(400), 8)
    folds = [(np.setdiff1d(weighing, part), part) for part in parts]
    without = [(train, np.intersect1d(part, weighing)) for train, part in folds]
    weight = np.where(np.isin(np.arange(400), weighing), 1.0, 0.0)
    found = as_lists(pilot_splits(folds, weight))
    assert found == as_lists(pilot_splits(without, np.ones(400)))
    assert sum(len(held_out) for _, held_out in found) == ENOUGH_ROWS  # of two splits


def test_targets_of_weight_zero_do_not_decide_what_errors_are_relative_to(rng):
    y, weight = rng.normal(size=(20, 2)), np.repeat([1.0, 0.0], [15, 5])
    predictions = [rng.normal(size=(10, 2)) for _ in range(2)]
    splits = [(np.arange(10, 20), np.arange(10))]
    far = np.where(weight[:, np.newaxis] == 0, y * [1, 1e6], y)
    expected, found = (errors_in_pilot(each, predictions, splits, 8, weight) for each in (y, far))
    assert_allclose(found, expected)
