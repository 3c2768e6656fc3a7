import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknn_scratch import PiecewiseLinear, ScratchMLPEnsembleRegressor, ScratchMLPRegressor
from sknn_scratch.components.piecewise_linear import quantiles

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_a_bin_says_how_far_into_it_a_number_has_come():
    X = np.array([[0.0], [1.0], [5.0], [6.0], [10.0]])
    embedding = PiecewiseLinear(2).fit(X)
    assert embedding.edges == ((0.0, 5.0, 10.0),)
    z = embedding.layer(np.empty(0), 1).forward(np.array([[-1.0], [2.0], [5.0], [9.0], [11.0]]))
    assert_allclose(z, [[0, 0, -1], [0.4, 0, 2], [1, 0, 5], [1, 0.8, 9], [1, 1, 11]])
    assert embedding.names(["x"]) == ["x bin 1", "x bin 2", "x"]


def test_each_bin_has_the_same_share_of_the_rows(rng):
    X = np.exp(rng.normal(size=(1600, 1)))
    (edges,) = PiecewiseLinear(16).fit(X).edges
    assert len(edges) == 17
    assert_allclose(np.histogram(X, edges)[0], 100, atol=1)


def test_there_are_fewer_bins_where_columns_of_many_values_are_many(rng):
    X = np.c_[rng.integers(0, 2, (99, 20)), np.ones(99), rng.normal(size=(99, 30))]
    n_bins = {
        total: {len(edges) - 1 for edges in PiecewiseLinear(8, total).fit(X).edges if edges}
        for total in (640, 239, 100, 10)
    }
    assert n_bins == {640: {8}, 239: {7}, 100: {3}, 10: {2}}


def test_columns_of_less_than_two_bins_stay_as_they_are(rng):
    often_zero = np.where(np.arange(100) < 3, np.arange(100), 0)
    X = np.c_[np.arange(100) % 2, rng.normal(size=100), np.full(100, 7), often_zero]
    embedding = PiecewiseLinear(4).fit(X)
    assert [len(each) for each in embedding.edges] == [0, 5, 0, 0]
    assert embedding.width(4) == 8
    assert_array_equal(embedding.layer(np.empty(0), 4).forward(X)[:, 4:], X)


def test_a_row_far_away_leaves_no_bin_without_width_in_float32(rng):
    # Beside it the others differ by less than float32 tells apart, in which members are trained.
    X = rng.normal(size=(60, 2))
    y, X[0] = X[:, 0].copy(), 1e9
    model = ScratchMLPEnsembleRegressor(n_estimators=2, random_state=0)
    with pytest.warns(UserWarning, match="nearly the same in most rows"):
        model.fit(X, y)
    assert np.isfinite(model.predict(X)).all()


def test_a_weight_of_two_is_a_row_that_occurs_twice(rng):
    X, counts = rng.normal(size=(40, 2)), np.arange(40) % 3 + 1
    assert PiecewiseLinear(8).fit(X, counts) == PiecewiseLinear(8).fit(X.repeat(counts, 0))


def test_the_bins_are_learnt_by_fit():
    with pytest.raises(ValueError, match=r"PiecewiseLinear\(n_bins=4, .* has no bins yet"):
        PiecewiseLinear(4).width(3)


def test_it_learns_a_step_that_a_plain_network_does_not():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (400, 2))
    y = np.floor(3 * X[:, 0]) % 2 + X[:, 1]
    settings = {"max_iter": 100, "random_state": 0}
    plain, binned = (
        ScratchMLPRegressor((20,), embedding=embedding, **settings).fit(X[:300], y[:300])
        for embedding in (None, "piecewise_linear")
    )
    assert binned.score(X[300:], y[300:]) > plain.score(X[300:], y[300:]) + 0.2
    assert binned.embedding_ == ()
    assert binned.coefs_[0].shape == (34, 20)


def test_the_bins_are_those_of_the_rows_that_are_trained_on_and_stay(rng):
    X, y = rng.normal(size=(60, 1)), rng.normal(size=60)
    weight = np.r_[np.ones(40), np.zeros(20)]
    settings = {"max_iter": 2, "random_state": 0, "embedding": PiecewiseLinear(4)}
    model, alone = (ScratchMLPRegressor((3,), **settings) for _ in range(2))
    model.fit(X, y, weight)
    assert model._network == alone.fit(X[:40], y[:40])._network
    network = model._network
    assert model.partial_fit(2 * X, y)._network == network


def test_quantiles_of_weights_are_those_of_repeated_rows(rng):
    values, weight = rng.normal(size=30), rng.integers(1, 5, 30)
    levels = [0.01, 0.25, 0.5, 0.9, 0.999]
    repeated = np.repeat(values, weight)
    expected = np.quantile(repeated, levels, method="inverted_cdf")
    assert_array_equal(quantiles(values, weight, levels), expected)
    assert_array_equal(quantiles(values, 0.1 * weight, levels), expected)


def test_quantiles_hang_on_no_rounding_of_sums_of_weights():
    values, levels = np.arange(40.0), np.linspace(0, 1, 41)
    expected = [0, *values]
    assert_array_equal(quantiles(values, np.ones(40), levels), expected)
    assert_array_equal(quantiles(values, np.full(40, 0.1), levels), expected)


def test_at_an_edge_the_derivative_is_that_to_the_right():
    edges = np.array([[0.0], [1.0], [5.0]])
    layer = PiecewiseLinear(2).fit(edges).layer(np.empty(0), 1)
    delta = np.tile([3.0, 8.0, 0.5], (3, 1))  # slopes of 3 / 1 and 8 / 4, beside 0.5 of x itself
    assert_array_equal(layer.below(edges, delta).ravel(), [3.5, 2.5, 0.5])
