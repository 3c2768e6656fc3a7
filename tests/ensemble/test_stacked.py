import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknn_scratch import Periodic, PiecewiseLinear, ScratchMLPEnsembleRegressor, ScratchMLPRegressor
from sknn_scratch.components.registries import EMBEDDINGS
from sknn_scratch.ensemble import stacked
from sknn_scratch.ensemble.members import train_member
from sknn_scratch.ensemble.stacked import MOST_ROWS, Stack, predictions_of, stacked_embedding

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
EPSILON = {np.float32: 1e-5, np.float64: 1e-12}


def table(rng, n=80):
    """Return X of a column far from zero, a smooth and a binary one, and y of two targets."""
    X = np.column_stack([2e3 + rng.normal(size=n), rng.normal(size=n), rng.integers(0, 2, n)])
    return X, np.column_stack([X[:, 1] ** 2, X[:, 2] - X[:, 1]])


def networks(X, y, dtype=np.float64, n=3, **parameters):
    parameters = {"hidden_layer_sizes": (7, 5), "max_iter": 3, **parameters}
    made = [ScratchMLPRegressor(**parameters, random_state=seed) for seed in range(n)]
    return [each.fit(X[i:].astype(dtype), y[i:]) for i, each in enumerate(made)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("embedding", [None, *EMBEDDINGS.values(), Periodic(1, 2)])
@pytest.mark.parametrize("hidden", [(), (6,), (7, 5)])
def test_a_stack_gives_what_each_network_does(hidden, embedding, standardize, dtype, rng):
    X, y = table(rng)
    parameters = {"hidden_layer_sizes": hidden, "embedding": embedding, "standardize": standardize}
    members = networks(X, y, dtype, **parameters)
    X = X[:9].astype(dtype)
    expected = [each.predict(X) for each in members]
    assert_allclose(Stack(members)(X), expected, rtol=EPSILON[dtype], atol=EPSILON[dtype])


def test_bins_that_are_not_as_many_cannot_be_stacked(rng):
    X, y = table(rng)
    few = X.copy()
    few[:, 1] = few[:, 1].round()  # of which quantiles coincide
    members = [*networks(X, y, n=1, embedding=PiecewiseLinear())]
    members += networks(few, y, n=1, embedding=PiecewiseLinear())
    assert stacked_embedding(members) is None


def test_networks_of_one_width_whose_embeddings_differ_come_apart(rng):
    X, y = table(rng)
    of_others = np.column_stack([X[:, 0], X[:, 1] > 0, X[:, 2] + X[:, 0]])  # embeds other columns
    members = networks(X, y, n=2, embedding=Periodic())
    members += networks(X, y, n=2, embedding=Periodic(n_frequencies=16))
    members += networks(of_others, y, n=1, embedding=Periodic(n_frequencies=16))
    members += networks(X[:, [0, 1, 1]], y, n=1, embedding=None)
    ensemble = ScratchMLPEnsembleRegressor()
    found = np.concatenate([stack(X[:9]) for stack in stacked.stacks_of(ensemble, members)])
    assert_allclose(found, [each.predict(X[:9]) for each in members], rtol=1e-12, atol=1e-12)


@pytest.fixture(scope="module")
def fitted():
    X, y = table(np.random.default_rng(0))
    return ScratchMLPEnsembleRegressor(n_estimators=2, random_state=0).fit(X[:40], y[:40, 0]), X


def test_a_few_rows_are_predicted_as_many_are(fitted):
    model, X = fitted
    many = np.tile(X, (3, 1))
    assert len(many) > MOST_ROWS >= 5
    assert_allclose(model.predict(X[:5]), model.predict(many)[:5], rtol=1e-5)
    interval = model.predict_interval(X[:5], 0.5)
    assert_allclose(interval, model.predict_interval(many, 0.5)[:5], rtol=1e-5)


def test_weights_that_are_set_are_those_that_predict(fitted):
    model, X = pickle.loads(pickle.dumps(fitted[0])), fitted[1][:1]
    before = model.predict(X)
    for member in model.estimators_:
        member.intercepts_ = [*member.intercepts_[:-1], member.intercepts_[-1] + 10]
    assert_allclose(model.predict(X), before + 10, rtol=1e-6)


def test_stacks_are_made_once_and_do_not_outlive_the_ensemble(fitted):
    model = pickle.loads(pickle.dumps(fitted[0]))
    members = model.estimators_
    assert stacked.stacks_of(model, members) is stacked.stacks_of(model, members)
    n = len(stacked._STACKS)
    del model
    assert len(stacked._STACKS) == n - 1


def test_members_that_count_nothing_are_not_asked(fitted):
    model, X = pickle.loads(pickle.dumps(fitted[0])), fitted[1]
    model.weights_ = np.eye(len(model.estimators_))[0]
    model.estimators_[1:] = [None] * (len(model.estimators_) - 1)
    for rows in (X[:2], X):
        assert_allclose(model.predict(rows), model.estimators_[0].predict(rows), rtol=1e-5)
    assert_array_equal(model.novelty(X), 0)


def test_a_row_that_is_infinitely_far_is_warned_of_as_by_a_member(fitted):
    model, X = fitted
    far = np.full_like(X[:1], 1e308)
    with pytest.warns(UserWarning, match="finite"):
        prediction = model.predict(far)
    assert_array_equal(np.isfinite(prediction), False)


@pytest.mark.parametrize("n_rows", [5, 300])
def test_members_that_were_trained_in_float32_predict_in_it_whatever_columns_are_far_from(
    n_rows, rng
):
    X, y = table(rng, 300)
    X[:, 0] = 1.7e9 + 60 * X[:, 0]  # a date in seconds
    members = []
    for dtype in (np.float32, np.float64):
        network = ScratchMLPRegressor((7,), embedding="periodic", max_iter=3, random_state=0)
        split = np.arange(300), np.arange(300)
        members.append(train_member(network, X, y, split, {}, dtype, "")[0])
    for each in members:
        found = np.array(list(predictions_of(each, [each], X[:n_rows])))
        assert found.dtype == np.float64
        assert_allclose(found[0], each.predict(X[:n_rows]), atol=1e-5)
        in_single = each is members[0]
        assert (np.abs(found[0] - each.predict(X[:n_rows])).max() > 1e-12) == in_single


def test_rows_that_overflow_float32_are_predicted_as_by_a_member(fitted):
    model, X = fitted
    far = np.vstack([X] * 3)
    far[0, 1] = 1e39
    expected = sum(w * each.predict(far) for w, each in zip(model.weights_, model.estimators_))
    assert_allclose(model.predict(far), expected, rtol=1e-5)
