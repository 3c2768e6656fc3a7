import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknn_scratch.data import chunking
from sknn_scratch.engine.full_batch import FullBatch
from sknn_scratch.engine.problem import Problem
from sknn_scratch.maths.network import backprop
from tests.helpers import assert_is_gradient, make_network_and_rows


@pytest.mark.parametrize("n", [23, 600])
@pytest.mark.parametrize("as_sparse", [True, False])
def test_the_full_batch_is_backprop_on_all_rows(as_sparse, n, rng, monkeypatch):
    monkeypatch.setattr(chunking, "CACHED", 1)  # so that 600 rows are taken in three parts
    network, params, X, y, weight, rows = make_network_and_rows(rng, n, as_sparse=as_sparse)
    objective = FullBatch(Problem(network, np.zeros_like(params), rows, 0.3))
    for vector in (params, params + 0.1, params):
        loss, gradient = objective(vector)
        expected_loss, expected_gradient = backprop(X, y, vector, network, weight, 0.3)
        assert_allclose(loss, expected_loss, rtol=1e-12)
        assert_allclose(gradient, expected_gradient, rtol=1e-10, atol=1e-13)
    assert_is_gradient(gradient, lambda p: objective(p)[0], params)


def test_the_full_batch_leaves_the_parameters_of_the_problem_alone(rng):
    network, params, *_, rows = make_network_and_rows(rng)
    problem = Problem(network, np.zeros_like(params), rows, 0.3)
    FullBatch(problem)(params)
    assert (problem.params == 0).all()
