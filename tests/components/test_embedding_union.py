import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknn_scratch import EmbeddingUnion, Periodic, PiecewiseLinear

PARTS = Periodic(n_frequencies=3, n_outputs=2), PiecewiseLinear(4), Periodic(2, 3)


@pytest.fixture
def X(rng):
    return np.c_[np.arange(40) % 2, rng.normal(size=(40, 2))]


def test_it_hands_on_what_each_part_does_one_after_another(X, rng):
    union = EmbeddingUnion(PARTS).fit(X)
    parts = [part.fit(X) for part in PARTS]
    vectors = [rng.normal(size=part.n_parameters(3)) for part in parts]
    z = union.layer(np.concatenate(vectors), 3).forward(X)
    of_parts = [part.layer(vector, 3).forward(X) for part, vector in zip(parts, vectors)]
    assert_array_equal(z, np.hstack(of_parts))
    assert len(union.names(["a", "b", "c"])) == union.width(3) == z.shape[1]


def test_the_arrays_of_its_parts_are_views_of_one_vector(X):
    union = EmbeddingUnion(PARTS).fit(X)
    vector = np.zeros(union.n_parameters(3))
    layer = union.layer(vector, 3)
    union.draw(layer, np.random.RandomState(0))
    assert np.count_nonzero(vector) == len(vector) == sum(a.size for a in layer.arrays)


def test_what_was_chosen_is_told_from_what_was_learnt(X):
    union = EmbeddingUnion(PARTS)
    assert union.fit(X) != union
    assert union.fit(X).choice == union == EmbeddingUnion(PARTS)


def test_unions_of_other_parts_are_not_stacked(X):
    layers = [
        EmbeddingUnion((part,)).fit(X).layer(np.zeros(100), 3)
        for part in (Periodic(1, 2), PiecewiseLinear(4))
    ]
    assert type(layers[0]).stack(layers) is None
    assert type(layers[0]).stack(layers[:1]) is not None


@pytest.mark.parametrize("bad", [(), [Periodic()], ("periodic",), (Periodic,), Periodic(), None])
def test_its_parts_are_embeddings(bad):
    with pytest.raises(TypeError, match="parts of EmbeddingUnion must be a tuple of embeddings"):
        EmbeddingUnion(bad)
