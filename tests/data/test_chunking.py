import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from sknn_scratch.data import by_rows


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize(("n", "size"), [(1, 4), (4, 4), (5, 4), (8, 4), (9, 4), (10, 3), (11, 10)])
def test_a_function_of_rows_is_that_of_all_of_them_and_sees_parts_of_one_length(make, n, size):
    X, seen = np.arange(2.0 * n).reshape(n, 2), []

    def doubled(rows):
        seen.append(rows.shape[0])
        return 2 * (rows.toarray() if sparse.issparse(rows) else rows)

    assert_array_equal(by_rows(doubled, make(X), size), 2 * X)
    assert len(seen) == -(-n // size)
    assert len(set(seen)) == 1
    assert seen[0] <= size
