import itertools
from functools import reduce
from operator import add

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknn_scratch.sums import Tree


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
