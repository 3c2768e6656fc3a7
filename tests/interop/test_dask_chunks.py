import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.data.chunking import rows_at_a_time
from sknn_scratch.data.scaling import no_scaling
from sknn_scratch.engine.batches import Rows
from sknn_scratch.engine.full_batch import FullBatch
from sknn_scratch.engine.problem import Problem
from sknn_scratch.interop.dask_chunks import cut, packed, summarize, sums_over_rows
from sknn_scratch.maths.network import Network, backprop

NETWORK = Network(
    (3, 400, 2), (ACTIVATIONS["tanh"], ACTIVATIONS["identity"]), LOSSES["squared_error"]
)
SIZE = rows_at_a_time(NETWORK.sizes, 8)


@pytest.fixture
def data(rng):
    """Return X, Y and weights; a third of the rows has none."""
    X, Y = 5 + rng.normal(size=(2000, 3)), rng.uniform(size=(2000, 2))
    return X, Y, np.where(np.arange(2000) < 700, 0, rng.uniform(1, 2, 2000))


def summary_of(X, Y, weight, first=0, size=100, loss="squared_error", **settings):
    settings = {"dtype": X.dtype, "with_moments": True, **settings}
    return summarize(X, Y, weight, first, size, LOSSES[loss], **settings)


@pytest.mark.parametrize("weighted", [True, False])
def test_a_summary_knows_number_weight_mean_and_variance_of_the_rows(weighted, data):
    X, Y, weight = data
    weight = weight if weighted else np.ones(2000)
    found = summary_of(X, Y, weight if weighted else None).total()
    assert found.n == 2000
    assert_allclose(found.weight, weight.sum())
    for moments, array in ((found.X, X), (found.y, Y)):
        mean = np.average(array, axis=0, weights=weight)
        var = np.average((array - mean) ** 2, axis=0, weights=weight)
        assert_allclose(moments.mean_, mean)
        assert_allclose(moments.std_**2, var)
    assert summary_of(X, Y, None, with_moments=False).total().X is None


def test_the_summaries_of_two_chunks_are_added_to_that_of_both(data):
    X, Y, weight = data
    whole = summary_of(X, Y, weight).total()
    trees = (
        summary_of(X[:700], Y[:700], weight[:700]),
        summary_of(X[700:], Y[700:], weight[700:], 7),
    )
    both = (trees[0] + trees[1]).total()
    assert (both.n, both.weight, both.X.weight) == (whole.n, whole.weight, whole.X.weight)
    assert_array_equal(both.X.mean_, whole.X.mean_)
    assert_array_equal(both.y.std_, whole.y.std_)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y, w: (np.where(X > 7, np.nan, X), y, w), "Input X contains NaN"),
        (lambda X, y, w: (X, -y, w), "y must be numbers >= 0"),
        (lambda X, y, w: (X, np.where(y > 0.99, np.inf, y), w), "Input y contains infinity"),
        (lambda X, y, w: (X, y, -w), "sample_weight must be >= 0"),
        (lambda X, y, w: (X, y, w[1:]), "sample_weight must have shape"),
        (lambda X, y, w: (X, y[1:], w), "X has 2000, y has 1999"),
    ],
)
def test_a_chunk_is_checked_as_fit_checks_its_arrays(change, message, data):
    with pytest.raises(ValueError, match=message):
        summary_of(*change(*data), loss="poisson")


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_sums_over_chunks_are_those_over_all_rows(dtype, weighted, data, rng):
    X, Y, weight = data
    X, weight = X.astype(dtype), weight / weight.mean() if weighted else None
    params = rng.normal(scale=0.05, size=NETWORK.n_parameters).astype(dtype)
    units = no_scaling(NETWORK)
    rows = Rows(X, Y, weight, None, dtype, True, units)
    whole = FullBatch(Problem(NETWORK, params, rows, 0.0))
    loss, gradient = whole(params)
    expected_loss, expected = backprop(X, Y, params, NETWORK, weight)
    assert_allclose(loss, expected_loss, rtol=1e-5)
    assert_allclose(gradient, expected, rtol=1e-3, atol=1e-5)

    trees, start = [], 0
    for length in cut((500, 800, 1, 699), SIZE):
        part = slice(start, start + length)
        w = None if weight is None else weight[part]
        chunk = packed(X[part], Y[part], w, dtype, True, units)
        trees.append(sums_over_rows(chunk, start // SIZE, params, 2000, NETWORK))
        start += length
    assert len(trees) == 3
    total = (trees[2] + (trees[0] + trees[1])).total()
    assert total[0] / 2 == loss
    assert_array_equal(total[1:], gradient)


def test_chunks_are_cut_near_where_they_were():
    assert cut((450, 450, 450), 100) == (400, 500, 450)
    assert cut((10, 10, 10), 100) == (30,)
    assert cut((95, 10, 0, 200), 50) == (100, 200, 5)
    assert cut((7,), 1) == (7,)
