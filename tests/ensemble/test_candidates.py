"""The networks that the default ensemble chooses from."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.ensemble.candidates import (
    MOST_FEATURES,
    PENALTIES,
    candidates,
    head_starts,
    lengths,
    linear_network,
    standardised,
)


@pytest.mark.parametrize(
    ("n_features", "dense", "embedded"),
    [(5, True, True), (5, False, False), (MOST_FEATURES + 1, True, False)],
)
def test_no_two_are_alike_and_embeddings_are_for_dense_rows_of_few_columns(
    n_features, dense, embedded
):
    found = list(candidates(200, n_features, 150, dense).values())
    assert any(network["embedding"] is not None for network in found) == embedded
    assert not any(network in found[:i] for i, network in enumerate(found))
    assert all(network["batch_size"] == 32 for network in found)


@pytest.mark.parametrize("n_samples", [200, 5_000, 20_000])
def test_the_penalty_of_a_row_is_the_same_in_batches_of_any_size(n_samples):
    found = candidates(n_samples, 5, n_samples).values()
    penalties = {each["alpha"] / each["batch_size"] for each in found if each["alpha"] > 1e-2}
    assert penalties == ({1 / 32, 10 / 32} if n_samples < 1_000 else {1 / 32})


@pytest.mark.parametrize("n_samples", [200, 20_000])
def test_those_of_a_large_penalty_are_a_length_ahead(n_samples):
    found = head_starts(candidates(n_samples, 5, n_samples))
    assert {name for name, n in found.items() if n == 1} == {x for x in found if "penal" in x}
    assert set(found.values()) == {0, 1}


def test_a_column_that_varies_by_its_rounding_alone_is_constant_to_the_linear_network(rng):
    X = np.c_[1e16 + 2 * rng.integers(2, size=50), np.full(50, 3.0), rng.normal(size=50)]
    Z = standardised(X)
    assert_array_equal(Z[:, :2], 0)
    assert_allclose([Z[:, 2].mean(), Z[:, 2].std()], [0, 1], atol=1e-12)


def test_no_batch_is_larger_than_the_smallest_training_set():
    assert {network["batch_size"] for network in candidates(20, 3, 15).values()} == {15}


def test_every_candidate_can_be_trained(rng):
    X = rng.normal(size=(60, 3))
    for network in candidates(60, 3, 60).values():
        model = ScratchMLPRegressor(**network, max_iter=40, random_state=0).fit(X, X.sum(axis=1))
        assert model.score(X, X.sum(axis=1)) > 0.5


@pytest.mark.parametrize("n_samples", [1, 50, 3_000, 10**6])
def test_lengths_are_doubled_up_to_the_longest(n_samples):
    found = np.array(lengths(n_samples))
    assert np.all((found[1:] >= 1.5 * found[:-1]) & (found[1:] <= 2.5 * found[:-1]))


def test_where_there_are_few_rows_there_are_more_to_choose_from():
    assert len(candidates(100, 3, 80)) > len(candidates(5_000, 3, 4_000))


@pytest.mark.parametrize("n_targets", [1, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_linear_network_is_the_ridge_regression_whose_penalty_suits_the_rows(
    n_targets, weighted, rng
):
    X = rng.normal(size=(40, 20)) * rng.uniform(1, 100, 20) + 7
    X[:, -1] = np.arange(40) % 20 == 0  # a rare word
    y = X[:, :n_targets] + 50 * rng.normal(size=(40, n_targets))
    y[::20] += 500
    weight = rng.uniform(0.5, 1.5, 40) if weighted else np.ones(40)
    network = ScratchMLPRegressor(**linear_network(X, y, weight), random_state=0)
    standard = (
        each.fit(array).transform(array)
        for each, array in zip((StandardScaler(), StandardScaler()), (X, y))
    )
    inputs, targets = standard
    ridge = RidgeCV(PENALTIES).fit(inputs, targets, weight)
    assert network.alpha == ridge.alpha_
    if not weighted:  # else the network standardises by weighted means
        found = network.fit(X, y if n_targets > 1 else y.ravel()).predict(X).reshape(y.shape)
        expected = ridge.predict(inputs).reshape(y.shape) * y.std(axis=0) + y.mean(axis=0)
        assert_allclose(found, expected, atol=0.01 * y.std())


@pytest.mark.parametrize("unit", [2.0**-900, 2.0**900])
def test_the_penalty_of_the_linear_network_is_the_same_in_any_unit(unit, rng):
    X = rng.normal(size=(40, 20))
    y = X[:, 0] + rng.normal(size=40)
    alpha = linear_network(X, y, np.ones(40))["alpha"]
    assert PENALTIES[0] < alpha < PENALTIES[-1]
    assert linear_network(X, y * unit, np.ones(40))["alpha"] == alpha
    assert linear_network(X * unit, y, np.ones(40))["alpha"] == alpha


def test_columns_of_the_linear_network_may_be_far_from_zero_for_their_spread(rng):
    X = rng.integers(-50, 50, size=(500, 20)) / 2.0**10
    y = X[:, 0] + rng.normal(size=500)
    far = linear_network(X + 2.0**38, y, np.ones(500))["alpha"]
    assert far == linear_network(X, y, np.ones(500))["alpha"]


def test_rows_of_weight_zero_do_not_decide_the_penalty_of_the_linear_network(rng):
    X = rng.normal(size=(60, 20))
    y, weight = X[:, 0] + rng.normal(size=60), np.repeat([1.0, 0.0], [40, 20])
    others = np.where(weight > 0, 1, 1e9)
    alpha = linear_network(X[:40], y[:40], np.ones(40))["alpha"]
    assert linear_network(X * others[:, np.newaxis], y * others, weight)["alpha"] == alpha


def test_of_many_rows_those_that_weigh_something_decide_it(rng, monkeypatch):
    X = rng.normal(size=(120, 20))
    y = X[:, 0] + 3 * rng.normal(size=120)
    weight = np.tile([0.0, 1, 0], 40)
    expected = linear_network(X[1::3], y[1::3], np.ones(40))["alpha"]
    monkeypatch.setattr("sknn_scratch.ensemble.candidates.MOST_ROWS", 40)
    assert linear_network(X, y, weight)["alpha"] == expected


def test_above_so_many_columns_there_is_none(rng):
    X = rng.normal(size=(5, MOST_FEATURES + 1))
    assert linear_network(X, np.arange(5.0), np.ones(5)) is None
