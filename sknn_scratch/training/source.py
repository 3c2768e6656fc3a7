"""Where training data come from: arrays in memory, or in a mapped file.

A source is asked three things. ``check`` says what the arrays are, or what is wrong with them, and
returns a data set; of that, ``rows`` are what training reads, and ``objective`` is what L-BFGS
minimises. Arrays that are spread over several machines are another source: see `interop.dask`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from ..data import (
    DataSet,
    Scaling,
    check_inputs,
    check_sample_weight,
    check_separable,
    check_target,
    fill_gaps,
    weight_of_targets,
)
from ..engine import FullBatch, Problem, Rows
from ..maths import Array, Loss, Network, Shape
from .warnings import warn_caller


def warn_of_column_vector(shape: Shape) -> None:
    """Warn if that is the shape of a target that was checked."""
    if shape[1:] == (1,):
        warn_caller(
            "A column-vector y was passed when a 1d array was expected. Please change the shape of "
            "y to (n_samples, ), for example using ravel().",
            DataConversionWarning,
        )


@dataclass(frozen=True)
class Arrays:
    """X, y and sample weights as they were given, to be checked."""

    X: object
    y: object
    sample_weight: object = None
    suffix: str = ""  # of their names, in error messages

    def check(
        self,
        validate: Callable[..., Any],
        loss: Loss,
        dtypes: Sequence[DTypeLike],
        gaps: Any = None,
    ) -> "ArrayData":
        """Return an `ArrayData`; TypeError or ValueError for others.

        ``validate`` is `sklearn.utils.validation.validate_data` of an estimator, ``dtypes`` are
        those that X may have: all others are converted to the first. The target has to be in the
        domain of the loss. None for ``gaps`` allows no nan in it; else they are filled, in a column
        that holds nothing else with ``gaps``, a number for each column of y or for all.
        """
        X = check_inputs(validate, self.X, dtypes, f"X{self.suffix}")
        with np.errstate(over="ignore", invalid="ignore"):  # too large for float32: an error
            y, measured = self.y, None
            if gaps is not None and y is not None:
                y, measured = fill_gaps(y, f"y{self.suffix}", gaps)
            y = check_target(y, X.shape[0], loss, X.dtype, self.suffix)
        X = X.tocsr() if sparse.issparse(X) else X
        weight = check_sample_weight(self.sample_weight, X.shape[0], self.suffix)
        if measured is not None:
            check_separable(loss, y)
            weight = weight_of_targets(weight, measured)
        warn_of_column_vector(np.asarray(self.y).shape)
        return ArrayData(X, y, weight)


class ArrayData(DataSet):
    """A data set on this machine."""

    def rows(
        self, network: Network, weight: Array | None, dtype: DTypeLike, scaling: Scaling
    ) -> Rows:
        """Return the chosen rows, to train a network on, in its scaling.

        ``weight``, of shape (n_samples,) or None, is relative to its mean.
        """
        return Rows(self.X, self.y, weight, self.chosen, dtype, network.fit_intercept, scaling)

    def objective(self, problem: Problem) -> FullBatch:
        """Return what L-BFGS minimises."""
        return FullBatch(problem)
