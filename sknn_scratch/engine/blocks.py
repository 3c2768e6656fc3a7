"""What is done with the gradient of a batch: the penalty is added, and the solver makes its step.

Both are passes over vectors as long as the parameters. Where those are longer than the caches, each
pass waits for memory, and a step of Adam makes a dozen. So long vectors are taken block by block:
all passes over one block, which stays in the cache, and then the next.
"""

from functools import partial

import numpy as np

from ..data import slices
from ..maths import Array, Calls, Network, Solver, State
from ..tracing import aligned, empty

BLOCK = 1 << 16  # numbers: a block of each vector of Adam is 2 MB in float64
LONG = 1_000_000  # parameters from which on blocks are faster


def blocks_of(vector: Array) -> list[slice]:
    """Return the blocks that a vector is taken in: all of it at once, if it is not a long one."""
    return list(slices(len(vector), BLOCK if len(vector) > LONG else len(vector)))


class Penalty:
    """The penalty ``strength / 2 * sum of W^2`` on one parameter vector; intercepts are free."""

    def __init__(self, network: Network, params: Array, gradient: Array, strength: float) -> None:
        self.params: Array = params
        self.gradient: Array = gradient
        self.blocks: list[slice] = blocks_of(params)
        self.decay: Array = aligned(params.shape, params.dtype)
        for W, _ in network.layers(self.decay):
            W[...] = strength
        self.product: Array = empty(params[self.blocks[0]].shape, params.dtype)

    def calls(self, total: Array) -> Calls:
        """Return the calls that add the gradient, and put twice the penalty into 0-d ``total``."""
        calls: Calls = []
        totals = aligned((len(self.blocks),), total.dtype)
        for i, block in enumerate(self.blocks):
            params, gradient = self.params[block], self.gradient[block]
            product = self.product[: len(params)]
            calls += [
                (np.multiply, self.decay[block], params, product),
                (np.add, gradient, product, gradient),
                (product.dot, params, total if len(self.blocks) == 1 else totals[i, ...]),
            ]
        return calls if len(self.blocks) == 1 else [*calls, (partial(totals.sum, out=total),)]


class Step:
    """The steps of a solver.

    Parameters
    ----------
    solver : Solver
    params, gradient : ndarray of shape (n_parameters,)
        What a step changes, and what it reads and may spoil.
    state : dict
        The solver's, changed in place.

    Attributes
    ----------
    learning_rate : float
        To be set before a step.
    """

    learning_rate: float = 0.0

    def __init__(self, solver: Solver, params: Array, gradient: Array, state: State) -> None:
        self.solver: Solver = solver
        self.state: State = state
        self.params: Array = params
        self.gradient: Array = gradient
        self.blocks: list[slice] = blocks_of(params)

    def calls(self) -> Calls:
        """Return the call that makes a step, once the gradient is there."""
        whole = len(self.blocks) == 1 or not self.solver.elementwise
        return [(self._whole if whole else self._in_blocks,)]

    def _whole(self):
        self.solver.update(self.params, self.gradient, self.state, self.learning_rate)

    def _in_blocks(self):
        arrays = {key: x for key, x in self.state.items() if isinstance(x, np.ndarray)}
        part, views = self.state, {}
        for block in self.blocks:
            views = {key: x[block] for key, x in arrays.items()}
            part = {**self.state, **views}  # each block counts on from the same numbers
            self.solver.update(self.params[block], self.gradient[block], part, self.learning_rate)
            for key, view in views.items():
                if part[key] is not view:  # the rule put another array in its place
                    view[...] = part[key]
        self.state.update({key: x for key, x in part.items() if key not in views})
