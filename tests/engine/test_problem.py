import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknn_scratch.data import chunking
from sknn_scratch.engine import batches
from sknn_scratch.engine import program as program_module
from sknn_scratch.engine.problem import FullBatch, Problem
from sknn_scratch.engine.program import Penalty
from sknn_scratch.maths.network import backprop
from tests.helpers import assert_is_gradient, make_network_and_rows


@pytest.mark.parametrize("most", [batches.PACKED, 0])
@pytest.mark.parametrize("n", [23, 600])
@pytest.mark.parametrize("as_sparse", [True, False])
def test_the_full_batch_is_backprop_on_all_rows(as_sparse, n, most, rng, monkeypatch):
    monkeypatch.setattr(chunking, "CACHED", 1)  # so that 600 rows are taken in three parts
    monkeypatch.setattr(batches, "PACKED", most)
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


def test_the_penalty_of_a_long_vector_is_that_of_a_short_one(rng, monkeypatch):
    network, params, *_ = make_network_and_rows(rng)
    results = []
    for long in (10**6, 10):
        monkeypatch.setattr(program_module, "LONG", long)
        monkeypatch.setattr(program_module, "BLOCK", 4)
        gradient, total = np.ones_like(params), np.zeros(())
        for function, *arguments in Penalty(network, params, gradient).calls(0.3, total):
            function(*arguments)
        results.append((gradient, total.item()))
    (whole, loss), (in_blocks, loss_in_blocks) = results
    assert_array_equal(in_blocks, whole)
    assert_allclose(loss_in_blocks, loss)
    weights = np.concatenate([W.ravel() for W, _ in network.layers(params)])
    assert_allclose(loss, 0.3 * (weights**2).sum())
