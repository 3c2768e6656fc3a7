"""Rows held out: copies of rows stay together."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.model_selection import GroupKFold, KFold

from sknn_scratch import ScratchMLPEnsembleRegressor
from sknn_scratch.ensemble.folds import (
    at_most,
    copied_rows,
    make_splits,
    take_params,
)
from sknn_scratch.tables import checked_table


def folds(X, y, cv=None):
    return make_splits(cv, 4, X, y, np.random.RandomState(0), {})


def test_groups_of_another_length_are_named(rng):
    model = ScratchMLPEnsembleRegressor(cv=GroupKFold(3))
    with pytest.raises(ValueError, match=r"groups must have shape \(20,\), .* got \(9,\)"):
        model.fit(rng.normal(size=(20, 2)), rng.normal(size=20), groups=np.arange(9))


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array], ids=["array", "sparse"])
@pytest.mark.parametrize("cv", [None, 3])
def test_copies_of_a_row_are_held_out_together(kind, cv, rng):
    X, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    order = rng.permutation(np.repeat(np.arange(40), 5))
    splits = folds(kind(X[order]), y[order], cv)
    assert len(splits) == (cv or 4)
    for train, held_out in splits:
        assert not np.isin(order[train], order[held_out]).any()
    assert_array_equal(np.sort(np.concatenate([rows for _, rows in splits])), np.arange(200))


def test_rows_of_the_same_inputs_with_targets_of_their_own_are_no_copies(rng):
    X = rng.integers(0, 3, (200, 2)).astype(float)
    assert copied_rows(X, rng.normal(size=200)) is None
    assert copied_rows(X, rng.integers(0, 2, 200).astype(float)) is None
    assert copied_rows(rng.normal(size=(200, 2)), np.ones(200)) is None


def test_a_few_copies_among_other_rows_are_found(rng):
    X, y = rng.normal(size=(100, 2)), rng.normal(size=(100, 2))
    X[90:], y[90:] = X[:10], y[:10]
    kinds = copied_rows(X, y)
    assert_array_equal(kinds[90:], kinds[:10])
    assert len(np.unique(kinds)) == 90
    y[95:, 1] += 1  # half of them differ in one target
    assert copied_rows(X, y) is None


@pytest.mark.parametrize("n_copied", [0, 6])
def test_rows_that_a_tenth_of_all_are_alike_are_held_out_as_others_are(n_copied, rng):
    X, y = rng.normal(size=(100, 2)), rng.normal(size=100)
    X[:40], y[:40] = 0, 0  # as of a machine that is off
    X[94:], y[94:] = X[94 - n_copied : 100 - n_copied], y[94 - n_copied : 100 - n_copied]
    for train, held_out in folds(X, y):
        assert 20 <= len(held_out) <= 30
        assert 0 < np.count_nonzero(y[held_out] == 0) < 20
        copied = held_out[held_out >= 94] - n_copied
        assert not np.isin(copied, train).any()
    folds(X[:94], y[:94], KFold(4, shuffle=True, random_state=0))  # without a warning


def test_few_copies_beside_a_usual_state_are_held_out_together():
    X = np.repeat([[0.0], [1.0], [2.0]], [30, 3, 3], axis=0)
    for train, held_out in folds(X, X[:, 0]):
        assert not np.isin(X[held_out[held_out >= 30]], X[train]).any()


def mapped(X, path):
    np.save(path, X)
    return np.load(path, mmap_mode="r")


def turned_round(X, path):
    """Return CSR rows in which every second is stored from its last column to its first."""
    columns = [np.arange(X.shape[1])[:: 1 - 2 * (i % 2)] for i in range(len(X))]
    data = np.concatenate([row[order] for row, order in zip(X, columns)])
    return sparse.csr_array((data, np.concatenate(columns), np.arange(0, X.size + 1, X.shape[1])))


def in_two_parts(X, path):
    """Return CSR rows of which every second is the sum of two that are stored."""
    parts = [row if i % 2 else np.concatenate([row - 1, 0 * row + 1]) for i, row in enumerate(X)]
    ends = np.cumsum([0, *map(len, parts)])
    data = np.concatenate(parts)
    columns = np.arange(len(data)) % X.shape[1]
    return sparse.csr_array((data, columns, ends))


@pytest.mark.parametrize("store", [mapped, turned_round, in_two_parts])
def test_copies_are_found_however_they_are_stored(store, rng, tmp_path):
    X, rows = rng.integers(1, 9, (31, 5)) * [1.0, 1e9, 1, 1, 1], np.arange(99) % 31
    kinds = copied_rows(store(X[rows], tmp_path / "X.npy"), rows)
    assert_array_equal(kinds, kinds[rows])
    assert len(np.unique(kinds)) == 31


def test_copies_that_a_splitter_parts_are_warned_of(rng):
    X, y = rng.normal(size=(40, 2)), rng.normal(size=40)
    order, cv = rng.permutation(np.repeat(np.arange(40), 5)), KFold(4)
    with pytest.warns(
        UserWarning, match=r"% of the rows that cv holds out have copies.*GroupKFold"
    ):
        folds(X[order], y[order], cv)
    folds(np.repeat(X, 5, axis=0), np.repeat(y, 5), cv)  # here they stay together
    X[39], y[39] = X[0], y[0]
    folds(X, y, KFold(20))  # two of 40: no more than chance, and covered less by as much
    folds(X, y, list(KFold(4).split(X)))


def test_zeros_and_gaps_are_alike():
    X = np.array([[0.0, np.nan], [-0.0, np.nan], [0.0, 1.0]])
    assert_array_equal(np.diff(copied_rows(X, np.ones(3))) == 0, [True, False])
    assert copied_rows(np.array([["a"], ["a"]], object), np.ones(2)) is None


def test_with_fewer_kinds_than_folds_rows_are_held_out_one_by_one():
    X = np.repeat([[0.0], [1.0]], 20, axis=0)
    assert [len(rows) for _, rows in folds(X, X[:, 0])] == [10] * 4


@pytest.mark.slow
def test_intervals_on_copies_cover_new_rows(rng):
    X, X_new = rng.normal(size=(40, 3)), rng.normal(size=(1000, 3))
    y, y_new = (rows[:, 0] + 0.5 * rng.normal(size=len(rows)) for rows in (X, X_new))
    model = ScratchMLPEnsembleRegressor(random_state=0)
    model.fit(np.repeat(X, 10, axis=0), np.repeat(y, 10))
    low, high = model.predict_interval(X_new).T
    assert np.mean((low <= y_new) & (y_new <= high)) > 0.8


# --- what a member is handed ---

ROWS = np.array([1, 3])


def test_what_has_an_entry_for_each_row_is_cut_and_all_else_is_not():
    given = {"sample_weight": np.arange(4.0), "groups": list("abcd"), "note": "abcd", "rate": 0.1}
    found = take_params({**given, "few": [1, 2, 3]}, ROWS, 4)
    assert_array_equal(found["sample_weight"], [1, 3])
    assert_array_equal(found["groups"], ["b", "d"])
    assert (found["note"], found["rate"], found["few"]) == ("abcd", 0.1, [1, 2, 3])


def test_pairs_of_arrays_are_no_array():
    pairs = [(np.ones((3, 2)), np.ones(3))]  # as LightGBM takes what it validates on
    assert take_params({"eval_set": pairs}, ROWS, 4)["eval_set"] is pairs


def test_numbers_beside_words_stay_numbers_in_lists():
    X = checked_table([[1.5, "a"], [2, "b"]])
    assert X.tolist() == [[1.5, "a"], [2, "b"]]
    assert checked_table([[1.5, 1], [2, 3]]).dtype == np.float64


def test_validation_data_are_not_cut_though_they_have_as_many_rows_as_x():
    X_val, y_val = np.ones((4, 2)), np.arange(4.0)
    given = {"X_val": X_val, "net__y_val": y_val, "sample_weight_val": y_val}
    found = take_params(given, ROWS, 4)
    assert all(found[name] is given[name] for name in given)


def test_of_many_rows_some_are_taken_evenly():
    assert_array_equal(at_most(5_000, np.arange(3, 10)), np.arange(3, 10))
    rows = at_most(5_000, np.arange(12_345))
    assert 2_500 < len(rows) <= 5_000
    assert rows[-1] > 12_300
