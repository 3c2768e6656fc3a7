"""How a member of an ensemble is trained."""

import numpy as np
import pytest
from scipy import sparse

from sknn_scratch.ensemble.members import training_type


def test_columns_of_which_float32_keeps_what_differs_are_trained_on_in_it(rng):
    X, y = rng.normal(size=(50, 3)) * [1e-6, 1, 1e6] + [0, 100, 0], rng.normal(size=50)
    X[:, 1] = np.round(X[:, 1])
    assert training_type(X, y) == np.float32
    assert training_type(np.column_stack([X, np.full(50, 1e9)]), y) == np.float32  # a constant


@pytest.mark.parametrize(
    ("factor", "shift"),
    [(1, 1e5), (86_400, 1.7e9), (1e-35, 0), (1e-300, 0), (1e35, 0), (1e300, 0)],
)
def test_dates_and_units_for_which_float32_is_not_enough_are_trained_on_in_float64(
    factor, shift, rng
):
    X, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    far = X * [1, 1, factor] + [0, 0, shift]
    assert training_type(far, y) == np.float64
    assert training_type(X, y * factor + shift) == np.float64
    assert training_type(X, np.column_stack([y, y * factor + shift])) == np.float64


def test_sparse_rows_are_trained_on_as_they_are(rng):
    X, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    assert training_type(sparse.csr_array(X), y) == np.float64
