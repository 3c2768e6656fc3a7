from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from sknn_scratch import Periodic, SquaredError
from sknn_scratch.components.registries import ACTIVATIONS
from sknn_scratch.data import by_rows
from sknn_scratch.data.chunking import widths
from sknn_scratch.maths import Network


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


def test_what_an_embedding_hands_on_counts_among_the_widths():
    plain = Network((3, 5, 1), (ACTIVATIONS["relu"], ACTIVATIONS["identity"]), SquaredError())
    assert widths(plain) == (3, 5, 1)
    embedded = replace(plain, embedding=Periodic(n_outputs=4))
    assert widths(embedded) == (3, 5, 1, 3 * 4)
