"""Names of types, for annotations; what they allow is checked where arrays come in."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[Any]
Arrays: TypeAlias = Sequence[Array]
Method: TypeAlias = Callable[[Array], Array]
State: TypeAlias = dict[str, Any]
Matrix: TypeAlias = Any  # an array, a sparse matrix or a mapped file, once it is checked
MatrixLike: TypeAlias = ArrayLike | Any  # sparse matrices and data frames have no type in common
RandomState: TypeAlias = int | np.random.RandomState | None
Shape: TypeAlias = tuple[int, ...]
DType: TypeAlias = np.dtype[Any]
Index: TypeAlias = Array | slice  # of rows
Calls: TypeAlias = list[tuple[Any, ...]]  # (function, argument, ...)
