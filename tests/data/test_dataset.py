import itertools
from functools import reduce
from operator import add

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from sknn_scratch.data.dataset import DataSet, Moments, Tree


def statistics(X, weight, rows, size):
    """Return the moments of columns, taken of so many rows at a time."""

    class InParts(DataSet):
        rows_of_a_part = size

    return InParts(X, np.zeros((X.shape[0], 1)), weight, chosen=rows).statistics("X")


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("size", [7, 500])
def test_moments_of_parts_are_those_of_a_standard_scaler(size, weighted, rng):
    X = np.column_stack([rng.normal(size=100) + 1e6, rng.normal(size=100), np.full(100, 0.1)])
    weight = rng.choice([0.0, 1.0, 3.0], 100) if weighted else None
    found = statistics(X, weight, None, size)
    scaler = StandardScaler().fit(X, sample_weight=weight)
    assert_allclose(found.mean_, scaler.mean_, rtol=1e-14)
    assert_allclose(found.std_[:2] ** 2, scaler.var_[:2], rtol=1e-8)
    assert found.std_[2] == 0
    assert_allclose(found.weight, 100 if weight is None else weight.sum())
    assert found.count == (100 if weight is None else np.count_nonzero(weight))


def test_moments_of_rows_are_those_of_a_copy_of_them(rng):
    X, rows = rng.normal(size=(50, 2)), rng.permutation(50)[:30]
    found, expected = statistics(X, None, rows, 8), statistics(X[rows], None, None, 8)
    assert_array_equal(found.mean_, expected.mean_)
    assert_array_equal(found.std_, expected.std_)


def test_the_order_of_the_array_in_memory_does_not_matter(rng):
    X = rng.normal(size=(500, 3))
    for weight in (None, rng.uniform(size=500)):
        found = [statistics(array, weight, None, 99) for array in (X, np.asfortranarray(X))]
        assert_array_equal(found[0].mean_, found[1].mean_)
        assert_array_equal(found[0].std_, found[1].std_)


@pytest.mark.parametrize("weighted", [True, False])
def test_moments_of_a_sparse_matrix_are_those_of_its_array(weighted, rng):
    X = rng.normal(size=(60, 4)) * (rng.uniform(size=(60, 4)) < 0.3)
    weight = rng.choice([0.0, 1.0, 3.0], 60) if weighted else None
    found, expected = (statistics(array, weight, None, 25) for array in (sparse.csr_array(X), X))
    assert_allclose(found.mean_, expected.mean_)
    assert_allclose(found.std_, expected.std_)
    assert_allclose(found.filled, np.average(X != 0, axis=0, weights=weight))


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("value", [0.7, -123.4, 1e-200])
def test_a_constant_column_is_its_own_mean_and_has_no_deviation_sparse_or_not(value, weighted, rng):
    X = np.full((2500, 1), value)
    weight = rng.uniform(size=2500) if weighted else None
    for array in (X, sparse.csr_array(X)):
        moments = Moments.of(array, weight)
        assert (moments.mean_, moments.std_) == (value, 0)


def test_a_far_origin_costs_few_digits(rng):
    X = rng.normal(size=(5000, 1))
    far, near = statistics(X + 2.0**30, None, None, 999), statistics(X, None, None, 999)
    assert_allclose(far.mean_ - 2.0**30, near.mean_, atol=1e-6)
    assert_allclose(far.std_, near.std_, rtol=1e-6)


@pytest.mark.parametrize("weighted", [True, False])
def test_what_summing_large_numbers_rounds_off_is_put_back(weighted, rng):
    k = rng.integers(0, 10, 999)
    weight = rng.integers(1, 4, 999) if weighted else np.ones(999, int)
    n, total, squares = (int((weight * power).sum()) for power in (1, k, k**2))
    found = statistics(2.0**52 + k[:, np.newaxis], weight.astype(float), None, 999)
    assert_allclose(found.mean_ - 2.0**52, total / n, atol=0.5)  # to the nearest there is
    assert_allclose(found.std_**2, squares / n - (total / n) ** 2, rtol=1e-12)


class Written:
    """A term that writes down how it was added."""

    def __init__(self, text):
        self.text = text

    def __add__(self, other):
        return Written(f"({self.text}+{other.text})")


def total(order):
    tree = Tree()
    for i in order:
        tree.add(Written(str(i)), i)
    return tree.total().text


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (1, "0"),
        (2, "(0+1)"),
        (3, "((0+1)+2)"),
        (6, "(((0+1)+(2+3))+(4+5))"),
        (7, "((((0+1)+(2+3))+(4+5))+6)"),
    ],
)
def test_terms_are_added_in_pairs_in_their_order(n, expected):
    assert total(range(n)) == expected


def test_the_additions_do_not_depend_on_the_order_in_which_terms_come():
    expected = total(range(5))
    assert {total(order) for order in itertools.permutations(range(5))} == {expected}


@pytest.mark.parametrize("cuts", [[3], [1, 2, 11], [8], [5, 6, 7, 12], list(range(1, 13))])
def test_nor_on_how_they_are_spread_over_trees(cuts, rng):
    numbers = rng.normal(size=(13, 50)) * 10.0 ** rng.integers(-9, 9, size=(13, 50))
    whole = Tree()
    for i, number in enumerate(numbers):
        whole.add(number, i)
    trees = []
    for start, stop in itertools.pairwise([0, *cuts, 13]):
        trees.append(Tree())
        for i in range(start, stop):
            trees[-1].add(numbers[i], i)
    before = [dict(tree.nodes) for tree in trees]
    for order in (trees, trees[::-1]):
        assert_array_equal(reduce(add, order).total(), whole.total())
    assert [tree.nodes.keys() for tree in trees] == [nodes.keys() for nodes in before]
    assert np.abs(whole.total() - numbers.sum(axis=0)).max() > 0  # the order does matter


def test_few_nodes_are_kept():
    tree = Tree()
    for i in range(1000):
        tree.add(1, i)
        assert len(tree.nodes) <= 10
    assert tree.total() == 1000


def test_the_parts_of_a_wide_sparse_matrix_go_by_what_is_stored():
    """A row costs what it stores: a part of one row each would cost what the columns are."""
    n_rows, n_columns = 500, 1 << 20
    rows = np.repeat(np.arange(n_rows), 40)
    X = sparse.csr_array(
        (np.ones(len(rows)), (rows, np.arange(len(rows)) * 37 % n_columns)), (n_rows, n_columns)
    )

    def size_of_a_part(X):
        return DataSet(X, np.zeros((X.shape[0], 1)), None).rows_of_a_part

    assert size_of_a_part(X) >= n_rows
    many = sparse.vstack([X] * 200).tocsr()
    size = size_of_a_part(many)
    assert 0.99 * n_columns <= size * 40 < many.nnz
    thin = sparse.csr_array(np.eye(3))
    assert size_of_a_part(thin) > 3
    assert size_of_a_part(sparse.csr_array((3, 5))) > 3  # nothing is stored


def test_a_sample_is_of_the_chosen_rows_that_have_a_weight():
    X = np.arange(8.0)[:, np.newaxis]
    weight = np.array([1.0, 0, 2, 1, 0, 1, 1, 1])
    data = DataSet(X, X, weight, chosen=np.array([5, 4, 1, 2, 7]))
    assert_array_equal(data.sample("X", 9).ravel(), [5, 2, 7])
    assert_array_equal(data.sample("row_weight", 2), [1, 1])  # of the first and the last
    assert_array_equal(DataSet(X, X, weight).sample("y", 9), X[weight > 0])
    assert_array_equal(DataSet(X, X, None, chosen=np.array([6, 0])).sample("y", 9), X[[6, 0]])
