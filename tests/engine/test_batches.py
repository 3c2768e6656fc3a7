import sys
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.data import Scaling
from sknn_scratch.data.chunking import CACHED, slices
from sknn_scratch.engine.batches import Batch, Rows, SparseBatch


@pytest.mark.parametrize("chosen", [None, np.array([5, 2, 9])])
@pytest.mark.parametrize("ones", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_batches_are_the_rows_that_were_gathered(chosen, ones, weighted, rng):
    X, y, weight = rng.normal(size=(10, 3)), rng.normal(size=(10, 2)), rng.uniform(size=10)
    rows = Rows(X, y, weight if weighted else None, chosen, np.float64, ones)
    taken = np.arange(10) if chosen is None else chosen
    assert rows.n == len(taken)

    buffer = np.empty((2, rows.packed.shape[1]))
    x, batch_y, batch_weight = rows.batch(buffer)
    rows.gather(np.array([2, 0]), buffer)
    picked = taken[[2, 0]]
    assert_array_equal(x.x[:3], X[picked].T)
    assert_array_equal(x.x[3:], np.ones((int(ones), 2)))
    assert_array_equal(batch_y, y[picked].T)
    if weighted:
        assert_array_equal(batch_weight, [weight[picked]])
    else:
        assert batch_weight is None


def test_the_rows_are_a_copy_that_fits_in_several_gathers(rng):
    X = rng.normal(size=(CACHED // 8, 2))
    rows = Rows(X, X[:, :1], None, None, np.float64, True)
    assert_array_equal(rows.packed, np.column_stack([X, np.ones(len(X)), X[:, 0]]))
    assert not np.shares_memory(rows.packed, X)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scaled", [True, False])
def test_rows_that_are_not_copied_are_gathered_to_the_same_bits(scaled, dtype, order, rng):
    X = np.array(rng.normal(size=(30, 3)), dtype, order=order)
    y, weight = rng.normal(size=(30, 2)).astype(dtype), rng.uniform(size=30)
    scaling = Scaling(*rng.uniform(1, 2, size=(2, 3)), *rng.uniform(1, 2, size=(2, 2)))
    fixed = X, y, weight, np.arange(20)[::-1], dtype, True, scaling if scaled else None
    copied, read = Rows(*fixed), Rows(*fixed, most=0)
    assert copied.packed is not None
    assert read.packed is None
    for chosen in (np.array([3, 19, 0, 3]), slice(2, 6)):
        buffers = [rows.buffer(4) for rows in (copied, read)]
        for rows, buffer in zip((copied, read), buffers):
            rows.gather(chosen, buffer)
        assert_array_equal(*buffers)
    if scaled:
        expected = (X[19 - 3] - scaling.x_shift) / scaling.x_scale
        assert_allclose(buffers[1][1, :3], expected, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("settings", [{}, {"shuffle": False}, {"solver": "lbfgs"}])
def test_training_ends_at_the_same_bits_whether_rows_are_copied_or_not(
    settings, regression, monkeypatch
):
    X, y = regression
    model = ScratchMLPRegressor((5,), random_state=0, batch_size=20, **settings)
    model.set_params(max_iter=5)
    expected = model.fit(X, y).predict(X)
    monkeypatch.setattr("sknn_scratch.engine.batches.PACKED", 0)
    assert_array_equal(model.fit(X, y).predict(X), expected)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_training_on_many_rows_needs_no_copy_of_them():
    X = np.zeros((60_000, 100))  # 46 MiB
    model = ScratchMLPRegressor((2,), random_state=0, batch_size=2000, max_iter=1)
    model.fit(X[:4000], X[:4000, 0])
    tracemalloc.start()
    model.fit(X, X[:, 0])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 2


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_sparse_batch_multiplies_as_a_dense_one(fit_intercept, rng):
    X = rng.normal(size=(6, 4)) * (rng.uniform(size=(6, 4)) < 0.5)
    ones = np.ones((6, int(fit_intercept)))
    block, delta = rng.normal(size=(4 + fit_intercept, 3)), rng.normal(size=(3, 6))
    results = []
    for batch in (Batch(np.hstack([X, ones]).T), SparseBatch(sparse.csr_array(X))):
        z, gradient = np.empty((3, 6)), np.empty_like(block)
        for function, *arguments in batch.forward(block, z) + batch.backward(delta, gradient):
            function(*arguments)
        results.append((z, gradient))
    (z, gradient), (sparse_z, sparse_gradient) = results
    assert_allclose(sparse_z, z, atol=1e-15)
    assert_allclose(sparse_gradient, gradient, atol=1e-15)


def test_slices_cover_a_length_once():
    assert [(s.start, s.stop) for s in slices(7, 3)] == [(0, 3), (3, 6), (6, 7)]
    assert list(slices(0, 3)) == []


def test_rows_say_how_much_memory_they_hold(rng):
    X, y = rng.normal(size=(1000, 3)), rng.normal(size=(1000, 2))
    packed = Rows(X, y, None, None, np.float64, True)
    read_anew = Rows(X, y, None, None, np.float64, True, most=0)
    assert sys.getsizeof(packed) - sys.getsizeof(read_anew) == 1000 * 6 * 8  # with the ones
