"""Rows of the training set, as the batches that `program` reads.

`Rows` holds a copy of the training rows, side by side in one array where X is dense::

    [inputs, 1 (with intercepts), targets, weight (where there are any, or one per target)]

so that fetching the rows of a batch is one operation. The batches are fixed views of a buffer
into which the rows of the next few batches are gathered. Sparse inputs stay sparse, apart, and
are sliced per batch, beside a copy of the rest. Of many dense rows, and of mapped ones, there is no
copy: they are packed, and standardised, as they are gathered.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse

from ..data import CACHED, Mapped, Scaling, slices
from ..maths import Array, DType, Index, Matrix
from ..tracing import Calls, aligned

# Bytes of the largest copy. Beyond, a gather waits for memory whichever array it reads, and the
# copy would take longer than an epoch saves.
PACKED = 1 << 25


@dataclass
class Batch:
    """Inputs of a batch, and how the first layer is computed with them.

    They are a fixed view of shape (features [+ 1], samples), with a row of ones for intercepts.
    """

    x: Matrix = None

    def forward(self, block: Array, z: Array) -> Calls:
        """Return the calls for z = block.T @ [x, 1]."""
        return [(block.T.dot, self.x, z)]

    def backward(self, delta: Array, gradient: Array) -> Calls:
        """Return the calls for gradient = [x, 1] @ delta.T."""
        return [(self.x.dot, delta.T, gradient)]


class SparseBatch(Batch):
    """A CSR matrix of shape (samples, features), set before each step."""

    def forward(self, block: Array, z: Array) -> Calls:
        def product():
            W = block[: self.x.shape[1]]
            z[...] = (self.x @ W).T
            if len(block) > len(W):
                np.add(z, block[-1][:, np.newaxis], z)

        return [(product,)]

    def backward(self, delta: Array, gradient: Array) -> Calls:
        def product():
            W = gradient[: self.x.shape[1]]
            W[...] = self.x.T @ delta.T
            if len(gradient) > len(W):
                delta.sum(axis=1, out=gradient[-1])

        return [(product,)]


class Rows:
    """The training rows: a packed copy of them or, if they are mapped or too many, their source.

    X is an array, `Mapped` or a CSR matrix, of which ``rows`` are taken; None takes all. With
    ``ones`` inputs get a column of ones. Weights, of shape (n_samples,) or (n_samples, n_outputs),
    are relative to their mean: what sums over rows are divided by is the number of rows. By
    ``scaling`` inputs and targets are standardised; None leaves them. The copy takes at most
    ``most`` bytes, unless X is sparse; None is `PACKED`.
    """

    @np.errstate(over="ignore")  # of rows that are standardised
    def __init__(
        self,
        X: Matrix,
        y: Array,
        weight: Array | None,
        rows: Array | None,
        dtype: DTypeLike,
        ones: bool,
        scaling: Scaling | None = None,
        most: float | None = None,
    ) -> None:
        scaling = None if scaling is None or scaling.is_identity else scaling
        if sparse.issparse(X) and scaling and scaling.x_shift.any():
            X = X.toarray()  # as the first rows were
        self.is_sparse: bool = sparse.issparse(X)
        self.X: Matrix = None  # sparse inputs, which are not packed: a CSR matrix
        if self.is_sparse:
            self.X = (X if rows is None else X[rows]).astype(dtype, copy=False)
            self.X = scaling.inputs(self.X) if scaling else self.X
        weight = None if weight is None else weight.reshape(len(y), -1)
        n_inputs = 0 if self.is_sparse else X.shape[1] + ones
        n_before = n_inputs + y.shape[1]
        self.width: int = n_before + (0 if weight is None else weight.shape[1])  # of a packed row
        # its columns
        self.inputs: slice = slice(0, n_inputs)
        self.targets: slice = slice(n_inputs, n_before)
        self.weights: slice | None = None if weight is None else slice(n_before, self.width)
        self.dtype: DType = np.dtype(dtype)
        self.row_bytes: int = self.width * self.dtype.itemsize
        self.n: int = len(y) if rows is None else len(rows)
        self.source: Any = X, y, weight, rows, scaling  # None once they are packed
        self.packed: Array | None = None  # the copy, of shape (n, width), if there is one
        most = PACKED if most is None else most
        if self.is_sparse or (not isinstance(X, Mapped) and self.n * self.row_bytes <= most):
            packed = self.buffer(self.n)
            for part in slices(self.n, max(1, CACHED // self.row_bytes)):
                self.gather(part, packed[part])
            self.packed, self.source = packed, None

    def __sizeof__(self) -> int:  # by which Dask decides to move the rows, or the work to them
        return super().__sizeof__() + (0 if self.packed is None else self.packed.nbytes)

    def buffer(self, n: int) -> Array:
        """Return an array for n packed rows, in which the column of ones is set."""
        return aligned((n, self.width), self.dtype, 1)

    def batch(self, packed: Array) -> tuple[Batch, Array, Array | None]:
        """Return (x, y, weight), views of ``packed`` as `Backward.calls` takes them."""
        x = SparseBatch() if self.is_sparse else Batch(packed[:, self.inputs].T)
        weight = None if self.weights is None else packed[:, self.weights].T
        return x, packed[:, self.targets].T, weight

    def gather(self, rows: Index, packed: Array) -> None:
        """Copy ``rows``, an array of int or a slice, in their order, into the buffer ``packed``."""
        if self.packed is None:
            self._read(rows, packed)
        elif isinstance(rows, slice):
            packed[...] = self.packed[rows]
        else:
            self.packed.take(rows, axis=0, out=packed, mode="clip")  # "raise" would copy twice

    @np.errstate(over="ignore")
    def _read(self, rows, packed):
        """Pack rows from where they are."""
        X, y, weight, chosen, scaling = self.source
        rows = rows if chosen is None else chosen[rows]
        if not self.is_sparse:
            copy_rows(X, rows, packed[:, : X.shape[1]], scaling and scaling.inputs)
        copy_rows(y, rows, packed[:, self.targets], scaling and scaling.targets)
        if weight is not None:
            packed[:, self.weights] = weight[rows]


def copy_rows(array: Matrix, rows: Index, out: Array, standardise: Any) -> None:
    """Copy ``array[rows]`` into ``out``, perhaps by ``standardise(values, out)``."""
    if isinstance(rows, slice) or isinstance(array, Mapped) or not array.flags.c_contiguous:
        values = array[rows]
    else:  # quicker, and elsewhere it would copy the whole array first
        values = array.take(rows, axis=0, mode="clip")
    if standardise is None:
        out[...] = values
    else:
        standardise(values, out)
