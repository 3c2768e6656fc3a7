import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknn_scratch.engine import minibatch
from sknn_scratch.engine.minibatch import MinibatchLoop
from sknn_scratch.engine.problem import Problem
from sknn_scratch.maths.network import backprop
from sknn_scratch.maths.solvers import SGD
from tests.helpers import make_network_and_rows

PLAIN = SGD(momentum=0, nesterovs_momentum=False)


def train_by_hand(network, params, X, y, weight, size, rate, alpha, max_grad_norm=np.inf):
    """Return parameters and mean loss after an epoch, by `backprop`, batch by batch."""
    params, loss = params.copy(), 0.0
    for start in range(0, len(X), size):
        part = slice(start, start + size)
        w = np.ones(len(X[part])) if weight is None else weight[part]
        scale = w.mean()  # `backprop` divides by the sum of the weights, a batch by its rows
        batch_loss, gradient = backprop(X[part], y[part], params, network, w, alpha)
        length = scale * np.linalg.norm(gradient)
        params -= rate * gradient * scale * min(1, max_grad_norm / length)
        loss += batch_loss * scale * len(w) / len(X)
    return params, loss


@pytest.mark.parametrize("gather", [1, 400, 1 << 18])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("as_sparse", [True, False])
def test_an_epoch_is_a_step_per_batch(as_sparse, shuffle, weighted, gather, rng, monkeypatch):
    monkeypatch.setattr(minibatch, "GATHER", gather)
    network, params, X, y, weight, rows = make_network_and_rows(
        rng, weighted=weighted, as_sparse=as_sparse
    )
    problem = Problem(network, params.copy(), rows, 0.3)
    epoch = MinibatchLoop(problem, 5, shuffle, np.arange(23), PLAIN, PLAIN.init(params))
    order = np.arange(23)
    ours, theirs = np.random.RandomState(3), np.random.RandomState(3)
    for _ in range(2):
        loss = epoch.run(ours, 0.1)
        if shuffle:
            order = order[theirs.permutation(23)]
        w = weight[order] if weighted else None
        params, expected = train_by_hand(network, params, X[order], y[order], w, 5, 0.1, 0.3)
        assert_allclose(loss, expected, rtol=1e-12)
        assert_allclose(problem.params, params, rtol=1e-10, atol=1e-13)
    assert_allclose(epoch.order, order)


def test_the_gradient_of_each_batch_is_clipped(rng):
    network, params, X, y, weight, rows = make_network_and_rows(rng)
    steps = {}
    for max_grad_norm in (None, 1e9, 2.0, 0.1):
        problem = Problem(network, params.copy(), rows, 0.3)
        epoch = MinibatchLoop(
            problem, 5, False, np.arange(23), PLAIN, PLAIN.init(params), max_grad_norm
        )
        epoch.run(None, 0.1)
        limit = max_grad_norm or np.inf
        expected, _ = train_by_hand(network, params, X, y, weight, 5, 0.1, 0.3, limit)
        assert_allclose(problem.params, expected, rtol=1e-10, atol=1e-13)
        steps[max_grad_norm] = np.linalg.norm(problem.params - params)
    assert steps[None] == steps[1e9] > steps[2.0] > steps[0.1] > 0
