"""Sums over rows that come out the same, to the last bit, wherever the rows are."""

from functools import reduce


class Tree:
    """A sum of numbered terms, added in pairs: ((0 + 1) + (2 + 3)) + ((4 + 5) + ...).

    The same additions are made in whatever order the terms come, and however they are spread
    over several trees that are added in the end. (Pairs also keep the error small: it grows with
    the logarithm of the number of terms; Higham, Accuracy and Stability of Numerical Algorithms,
    2002, section 4.2.)

    Attributes
    ----------
    nodes : dict
        (level, position): the sum of the 2^level terms from number position * 2^level on, where
        the sum of twice as many is not known yet.
    """

    def __init__(self, nodes=()):
        self.nodes = dict(nodes)

    def add(self, term, position, level=0):
        """Add a term, or the sum of 2^level terms; None of them is changed."""
        while (level, position ^ 1) in self.nodes:
            sibling = self.nodes.pop((level, position ^ 1))
            term = sibling + term if position & 1 else term + sibling
            level, position = level + 1, position >> 1
        self.nodes[level, position] = term

    def __add__(self, other):
        """Return the tree of the terms of both."""
        tree = Tree(self.nodes)
        for (level, position), term in other.nodes.items():
            tree.add(term, position, level)
        return tree

    def total(self):
        """Return the sum, when all terms have come."""
        nodes = sorted(self.nodes.items(), key=lambda node: -node[0][0])  # in order of the terms
        return reduce(lambda above, below: above + below, (term for _, term in nodes))
