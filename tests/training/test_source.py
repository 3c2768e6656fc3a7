import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from sknn_scratch import Poisson
from sknn_scratch.components import LOSSES
from sknn_scratch.engine.problem import FullBatch, Problem
from sknn_scratch.training.source import ArrayData, Arrays
from tests.helpers import make_network_and_rows


def validate(X, **how):
    """Stand for `validate_data`: note how it was called, and return X."""
    validate.how = how
    return X


def check(X, y, weight=None, suffix="", loss=LOSSES["squared_error"]):
    return Arrays(X, y, weight, suffix).check(validate, loss, (np.float64, np.float32))


def test_a_source_returns_a_data_set(rng):
    X, y, weight = rng.normal(size=(5, 2)), rng.normal(size=5), rng.uniform(size=5)
    data = check(X, y, weight)
    assert isinstance(data, ArrayData)
    assert data.X is X
    assert_array_equal(data.y, y[:, np.newaxis])
    assert_array_equal(data.weight, weight)
    assert validate.how == {"skip_check_array": True}  # few numbers, which are checked already
    check(X.astype(int), y, weight)
    assert validate.how["dtype"] == (np.float64, np.float32)


@pytest.mark.parametrize("as_given", [np.asarray, np.ndarray.tolist])
def test_a_column_is_told(as_given, rng):
    y = rng.normal(size=(5, 1))
    with pytest.warns(DataConversionWarning, match="column-vector"):
        check(rng.normal(size=(5, 2)), as_given(y))
    check(rng.normal(size=(5, 2)), as_given(np.hstack([y, y])))


def test_sparse_inputs_end_as_rows(rng):
    data = check(sparse.csc_array(rng.normal(size=(5, 2))), np.ones(5))
    assert data.X.format == "csr"


def test_the_suffix_is_that_of_the_names(rng):
    with pytest.raises(ValueError, match="X_val has 5, y_val has 1"):
        check(rng.normal(size=(5, 2)), [1.0], suffix="_val")
    with pytest.raises(ValueError, match="y_val must be numbers >= 0"):
        check(rng.normal(size=(5, 2)), -np.ones(5), suffix="_val", loss=Poisson())
    with pytest.raises(ValueError, match="sample_weight_val must be >= 0"):
        check(rng.normal(size=(5, 2)), np.ones(5), -np.ones(5), suffix="_val")


def test_the_objective_is_that_of_all_rows_at_once(rng):
    network, params, X, y, _, rows = make_network_and_rows(rng)
    problem = Problem(network, params, rows, 0.1)
    assert isinstance(ArrayData(X, y, None).objective(problem), FullBatch)
