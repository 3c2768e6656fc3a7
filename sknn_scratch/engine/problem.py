"""What training minimises: loss and penalty, over which vector; as a function, for L-BFGS.

The calls are compiled once (see `program`), and only run afterwards.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..data import Tree, rows_at_a_time, slices, widths
from ..maths import Array, Network
from ..tracing import LINE, aligned, aligned_copy
from .batches import Rows
from .dropout import Dropout
from .program import Backward, Penalty, compiled
from .threads import largest_product


@dataclass(frozen=True)
class Problem:
    """What is minimised, and over which vector."""

    network: Network
    params: Array  # changed in place by training
    rows: Rows
    alpha: float  # strength of the penalty, relative to the mean sample weight
    dropout: Dropout | None = None  # none with L-BFGS, whose loss has to stay the same function


class FullBatch:
    """Loss and gradient of the whole training set, as a function of the parameter vector.

    The rows are taken a few hundred at a time (see `data.rows_at_a_time`). Sums over rows are
    divided by n; None is the number of rows. ``copying`` copies rows into a buffer, so that the
    same calls serve every batch: to compile calls for each takes half as long as to compute them.
    Mapped rows always are, and sparse ones cannot be.
    """

    def __init__(self, problem: Problem, n: int | None = None, copying: bool = False) -> None:
        self.loss: float = np.nan  # at the vector of the last call
        self.rows: Rows = problem.rows
        self.params: Array = aligned_copy(problem.params)
        # Twice the loss, followed by the gradient, which begins on a cache line.
        before = LINE // self.params.itemsize
        length = before + len(self.params)
        self.result: Array = aligned((length,), self.params.dtype)[before - 1 :]
        self.twice_loss: Array = self.result[0, ...]
        gradient = self.result[1:]
        n = self.rows.n if n is None else n
        self.size: int = rows_at_a_time(widths(problem.network), self.params.itemsize)
        self.largest_product: int = largest_product(problem.network, self.size)
        self.copying: bool = copying or self.rows.packed is None
        programs: dict[int, Backward] = {}  # by the rows of a batch
        parts = {}
        self.parts: list[tuple[Array, list[partial[Any]]]] = []
        for batch in slices(self.rows.n, self.size):
            n_rows = batch.stop - batch.start
            if n_rows not in programs:
                programs[n_rows] = Backward(problem.network, self.params, gradient, n_rows)
            key = n_rows if self.copying else batch.start
            if key not in parts:
                parts[key] = self._part(batch, programs[n_rows], n)
            self.parts.append(parts[key])
        penalty = Penalty(problem.network, self.params, gradient)
        self.penalty: list[partial[Any]] = compiled(
            penalty.calls(problem.alpha / n, self.twice_loss)
        )

    def _part(self, batch, program, n):
        """Return where the rows of a batch are or are to be copied, and the calls for them."""
        whole: Any = self.rows.packed
        packed = self.rows.buffer(program.size) if self.copying else whole[batch]
        x, y, weight = self.rows.batch(packed)
        if self.rows.is_sparse:
            x.x = self.rows.X[batch]
        return packed, compiled(program.calls(x, y, weight, 1 / n, self.twice_loss))

    def __call__(self, vector: Array) -> tuple[float, Array]:
        """Return the loss and its gradient, in float64."""
        total = self.sums(vector).total()
        self.params[...], self.result[...] = vector, 0
        for call in self.penalty:
            call()
        total = total + self.result
        self.loss = float(total[0]) / 2
        return self.loss, total[1:]

    def sums(self, vector: Array, first: int = 0) -> Tree:
        """Return the sum of twice the loss and of the gradient over all rows, as a `Tree`.

        Its terms are the batches, counted from ``first``: float64 arrays of the loss, followed
        by the gradient.
        """
        self.params[...] = vector
        tree = Tree()
        for i, batch in enumerate(slices(self.rows.n, self.size)):
            packed, calls = self.parts[i]
            if self.copying:
                self.rows.gather(batch, packed)
            for call in calls:
                call()
            tree.add(self.result.astype(np.float64), first + i)
        return tree
