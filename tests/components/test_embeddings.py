import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad

from sknn_scratch import EmbeddingUnion, Periodic, PiecewiseLinear
from sknn_scratch.components.embeddings import PeriodicLayer, copy_with
from sknn_scratch.components.registries import ACTIVATIONS, EMBEDDINGS, LOSSES
from sknn_scratch.data.chunking import widths
from sknn_scratch.maths.network import Network, backprop
from tests.helpers import assert_is_gradient

ROWS = np.random.RandomState(0).normal(size=(60, 3))
EVERY_EMBEDDING = [
    *(*(each.fit(ROWS) for each in EMBEDDINGS.values()), Periodic(1, 2, 1.0), Periodic(3, 5, 0.5)),
    *(copy_with(Periodic(2, 3), columns=(0, 2)), copy_with(Periodic(), columns=())),
    *(PiecewiseLinear(3).fit(ROWS), PiecewiseLinear().fit(np.sign(ROWS))),
    EmbeddingUnion((Periodic(2, 3), PiecewiseLinear(3), Periodic(1, 2))).fit(ROWS),
]
every_embedding = pytest.mark.parametrize("embedding", EVERY_EMBEDDING, ids=repr)


class WrongLayer(PeriodicLayer):
    def gradient(self, a, delta, into):
        super().gradient(a, delta, into)
        into.phases[...] *= -1


class Wrong(Periodic):
    def layer(self, vector, n_features):
        return WrongLayer(*super().layer(vector, n_features))


def make_network(embedding, fit_intercept=True, sizes=(3, 5, 4, 2)):
    hidden = (ACTIVATIONS["tanh"],) * (len(sizes) - 2)
    activations = (*hidden, ACTIVATIONS["identity"])
    return Network(sizes, activations, LOSSES["squared_error"], fit_intercept, embedding)


def make_problem(network, rng):
    params = rng.uniform(-0.7, 0.7, network.n_parameters)
    return params, rng.normal(size=(7, 3)), rng.normal(size=(7, network.sizes[-1]))


def make_layer(embedding, rng):
    vector = rng.uniform(-1, 1, sum(map(np.prod, embedding.shapes(3))))
    return embedding.layer(vector, 3), rng.normal(size=(7, 3))


def assert_backprop_is_right(network, rng):
    params, X, y = make_problem(network, rng)
    weight = rng.uniform(0.5, 2, len(X))
    _, gradient = backprop(X, y, params, network, weight, 0.3)
    assert_is_gradient(gradient, lambda p: backprop(X, y, p, network, weight, 0.3)[0], params)


@every_embedding
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_gradient_agrees_with_finite_differences(embedding, fit_intercept, rng):
    assert_backprop_is_right(make_network(embedding, fit_intercept), rng)


def test_a_wrong_gradient_fails_the_finite_difference_check(rng):
    with pytest.raises(AssertionError):
        assert_backprop_is_right(make_network(Wrong()), rng)


@every_embedding
def test_the_derivative_in_the_inputs_agrees_with_finite_differences(embedding, rng):
    layer, X = make_layer(embedding, rng)
    delta = rng.normal(size=(7, embedding.width(3)))

    def weighted_sum(x):
        return (layer.forward(x.reshape(7, 3)) * delta).sum()

    assert_is_gradient(layer.below(X, delta).ravel(), weighted_sum, X.ravel())


def test_a_column_becomes_the_mixture_of_cosines_that_the_formula_says():
    layer = Periodic(2, 2).layer(np.array([0.5, 2.0, 0.0, 0.25, 3.0, 5.0, 7.0]), 1)
    x = np.array([[0.0], [0.5], [1.0]])  # cos(pi x) is 1, 0, -1; -sin(4 pi x) is 0 at all three
    assert_allclose(layer.forward(x), [[10, 0], [7, 0.5], [4, 1]], atol=1e-14)


def test_mixtures_come_first_column_by_column_and_the_columns_of_x_last(rng):
    embedding = Periodic(4, 3)
    layer, X = make_layer(embedding, rng)
    z = layer.forward(X)
    assert z.shape == (7, 9)
    assert_allclose(z[:, 6:], X)
    moved = X.copy()
    moved[:, 1] += 1
    changed = np.abs(layer.forward(moved) - z).max(axis=0) > 1e-9
    assert changed.tolist() == [False, False, True, True, False, False, False, True, False]
    assert embedding.names(["a", "b"]) == ["a ~1", "a ~2", "b ~1", "b ~2", "a", "b"]


@every_embedding
def test_matrix_products_alone_compute_the_same(embedding, rng):
    layer, X = make_layer(embedding, rng)
    assert_allclose(layer.as_products(X), layer.forward(X), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    "embedding",
    # Bins are those of standardised columns, and take nothing in.
    [
        *(each for each in EVERY_EMBEDDING if isinstance(each, Periodic)),
        EmbeddingUnion((Periodic(1, 2), copy_with(Periodic(2, 3), columns=(0, 2)))),
    ],
    ids=repr,
)
def test_shift_and_scale_of_the_inputs_can_be_taken_in_and_out(embedding, rng):
    layer, X = make_layer(embedding, rng)
    before = [array.copy() for array in layer.arrays]
    shift, scale = rng.normal(size=3), rng.uniform(0.5, 2, 3)
    expected = layer.forward((X - shift) / scale)
    left_shift, left_scale = layer.left(shift, scale)
    layer.rescale(shift, scale)
    assert_allclose((layer.forward(X) - left_shift) / left_scale, expected, rtol=1e-10, atol=1e-12)
    layer.rescale(-shift / scale, 1 / scale)
    for array, original in zip(layer.arrays, before):
        assert_allclose(array, original, rtol=1e-12)


def test_initial_values_have_the_distributions_that_are_documented():
    embedding, n = Periodic(50, 3, 0.2), 400
    vector = np.empty(sum(map(np.prod, embedding.shapes(n))))
    layer = embedding.layer(vector, n)
    embedding.draw(layer, np.random.RandomState(0))
    assert abs(layer.frequencies.std() / 0.2 - 1) < 0.02
    assert abs(layer.frequencies.mean()) < 0.01
    assert layer.phases.min() < -0.49 < 0.49 < layer.phases.max() < 0.5
    bound = 50**-0.5
    for mixing in (layer.coefs, layer.intercepts):
        assert -bound < mixing.min() < -0.95 * bound < 0.95 * bound < mixing.max() < bound


def test_frequencies_that_are_spread_have_one_in_each_part_of_the_range_and_begin_smooth():
    embedding, n = Periodic(4, 3, scale=0.5, spread=16), 1000
    layer = embedding.layer(np.empty(embedding.n_parameters(n)), n)
    embedding.draw(layer, np.random.RandomState(0))
    edges = np.array([0.5, 1, 2, 4, 8])  # each twice the one before
    assert (layer.frequencies >= edges[:-1]).all()
    assert (layer.frequencies < edges[1:]).all()
    in_parts = np.log2(layer.frequencies / edges[:-1])
    assert_allclose(in_parts.mean(axis=0), 0.5, atol=0.05)  # evenly in the logarithm
    largest = np.abs(layer.coefs * layer.frequencies[..., np.newaxis]).max()
    assert 0.98 * 0.5 < largest / 4**-0.5 <= 0.5


def test_phases_make_cosines_of_all_shifts_equally_likely():
    # then the mean over draws is zero wherever x is: the average of a cosine over a period
    assert abs(quad(lambda b: np.cos(2 * np.pi * (0.3 + b)), -0.5, 0.5)[0]) < 1e-12


def test_the_arrays_are_views_of_the_vector_behind_the_dense_blocks(rng):
    network = make_network(Periodic())
    params = np.zeros(network.n_parameters)
    for layer in [*network.layers(params), network.embedding_layer(params)]:
        for array in layer:
            array += 1
    assert (params == 1).all()
    assert network.blocks(params)[0].shape == (13, 5)
    assert widths(network) == (3, 5, 4, 2, 12)


@pytest.mark.parametrize(
    "params",
    [{"n_frequencies": 0}, {"n_outputs": 1}, {"scale": 0.0}, {"n_outputs": "4"}, {"spread": 0.9}],
)
def test_numbers_out_of_range_are_refused(params):
    (name,) = params
    with pytest.raises((TypeError, ValueError), match=f"{name} of Periodic must be"):
        Periodic(**params)


def test_columns_of_two_values_pass_by_and_come_last(rng):
    X = np.c_[rng.integers(0, 2, 50), rng.normal(size=50), np.full(50, 3), np.arange(50) % 3]
    embedding = Periodic(4, 3).fit(X)
    assert embedding.columns == (1, 3)
    assert embedding.choice == Periodic(4, 3)
    assert Periodic().fit(X[:, [1, 3]]) == Periodic()
    vector = rng.normal(size=embedding.n_parameters(4))
    z = embedding.layer(vector, 4).forward(X)
    assert z.shape == (50, embedding.width(4)) == (50, 8)
    assert_array_equal(z[:, 6:], X[:, [0, 2]])
    assert_allclose(z[:, :6], Periodic(4, 3).layer(vector, 2).forward(X[:, [1, 3]]))
    names = embedding.names(["a", "b", "c", "d"])
    assert names == ["b ~1", "b ~2", "d ~1", "d ~2", "b", "d", "a", "c"]
