from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sknn_scratch import Quantile, ScratchMLPRegressor
from sknn_scratch.data import small_and_plain
from tests.helpers import Steep

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def model(regression):
    X, y = regression
    return ScratchMLPRegressor((8, 5), max_iter=20, random_state=0).fit(X, np.column_stack([y, -y]))


def test_several_threads_predict_with_one_model_at_once(model, rng):
    inputs = [rng.normal(size=(n, 4)) for n in (1, 7, 300, 20_000) for _ in range(10)]
    expected = [model.predict(X) for X in inputs]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            for y, right in zip(pool.map(model.predict, inputs), expected):
                assert_array_equal(y, right)


@pytest.mark.parametrize("hidden", [(8, 5), (2,), ()])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csc_array])
def test_predictions_do_not_depend_on_how_many_rows_are_asked_for(
    hidden, container, regression, rng
):
    X, y = regression
    model = ScratchMLPRegressor(hidden, max_iter=20, random_state=0)
    model.fit(X, np.column_stack([y, -y]))
    X = container(rng.normal(size=(20_000, 4)))
    whole = model.predict(X)  # in chunks
    assert whole.shape == (20_000, 2)
    rows = sparse.csr_array(X) if sparse.issparse(X) else X
    for part in (slice(0, 1), slice(100, 103), slice(15_000, 20_000)):
        assert_allclose(model.predict(rows[part]), whole[part], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_few_rows_take_a_short_cut_to_the_same_predictions(model, dtype, rng):
    X = rng.normal(size=(3, 4)).astype(dtype)
    assert small_and_plain(X, np.float64) is not None
    for other in (X.tolist(), np.asfortranarray(X), np.vstack([X] * 1000)):
        assert_allclose(model.predict(other)[:3], model.predict(X), rtol=1e-5)


@pytest.mark.parametrize(
    "X",
    [[[1.0]], np.ones(3), np.ones((0, 3)), np.full((1, 2), np.nan), np.ones((1, 2), int)],
    ids=["list", "1-D", "empty", "NaN", "int"],
)
def test_the_short_cut_is_for_arrays_with_nothing_left_to_check(X):
    assert small_and_plain(X, np.float64) is None


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix])
def test_sparse_inputs_are_never_made_dense(solver, container, rng, monkeypatch):
    X = sparse.random(700, 40, density=0.05, format="csr", random_state=0)
    y = np.asarray(X.sum(axis=1)).ravel()

    def refuse(*args, **kwargs):
        raise AssertionError("made dense")

    for kind in (sparse.csr_array, sparse.csc_array, sparse.csr_matrix, sparse.csc_matrix):
        for method in ("toarray", "todense", "__array__"):
            monkeypatch.setattr(kind, method, refuse, raising=False)
    model = ScratchMLPRegressor(
        (5,), solver=solver, early_stopping=True, learning_rate_init=0.05, random_state=0
    )
    assert model.fit(container(X), y).predict(container(X)).shape == (700,)
    with pytest.raises(AssertionError, match="made dense"):
        container(X).toarray()


def test_without_early_stopping_the_best_of_earlier_calls_is_forgotten(regression):
    X, y = regression
    model = ScratchMLPRegressor((5,), early_stopping=True, learning_rate_init=0.1, random_state=0)
    for _ in range(30):
        model.partial_fit(X, y)
    best = model.predict(X)
    model.set_params(early_stopping=False).partial_fit(X, y)
    one, other = model.predict(X), model.partial_fit(X, y).predict(X)
    assert not np.allclose(one, best)
    assert not np.allclose(one, other)


def by_the_loss(model, train):
    model.set_params(early_stopping="loss")


def by_the_score_again(model, train):
    model.set_params(early_stopping=False, learning_rate_init=1.0)
    train(5)
    model.set_params(early_stopping=True)


def from_set_weights(model, train):
    model.coefs_ = [0 * W for W in model.coefs_]


def by_another_activation(model, train):
    model.set_params(activation="tanh")


def by_an_activation_that_looks_the_same(model, train):
    model.set_params(activation=Steep(2.0))
    train(5)
    model.set_params(activation=Steep(0.1))


def of_another_quantile(model, train):
    model.set_params(loss=Quantile(0.9))
    train(5)
    model.set_params(loss=Quantile(0.2))


CHANGES = [
    *(by_the_loss, by_the_score_again, from_set_weights),
    *(by_another_activation, by_an_activation_that_looks_the_same, of_another_quantile),
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_best_score_is_that_of_the_weights_that_are_kept_whatever_was_changed(
    change, regression
):
    X, y = regression
    model = ScratchMLPRegressor((5,), learning_rate_init=0.03, early_stopping=True, random_state=0)
    validation = {"X_val": X[:30], "y_val": y[:30]}

    def train(n_epochs):
        for _ in range(n_epochs):
            model.partial_fit(X, y, **validation)

    train(60)
    change(model, train)
    model.set_params(learning_rate_init=0.001)
    train(5)
    assert model.score(*validation.values()) == pytest.approx(model.best_validation_score_)
    since = 0 if change is by_the_loss else len(model.loss_curve_) - 5
    losses, scores = model.validation_loss_curve_, model.validation_scores_
    best = np.argmin(losses[since:]) if change is by_the_loss else np.argmax(scores[since:])
    assert model.n_iter_best_ == since + best + 1


@pytest.mark.filterwarnings("ignore:.* constant in the first batch:UserWarning")
@pytest.mark.parametrize("where", ["X", "y"])
def test_the_best_score_is_that_of_the_weights_that_are_kept_once_a_column_varies(
    where, regression
):
    X, y = regression
    Y = np.c_[y, X[:, 1]]
    constant = np.where([False, False, False, True], 1.0, X)  # it says nothing of y
    first = (constant, Y) if where == "X" else (X, np.c_[y, y**0])
    validation = {"X_val": X[:30], "y_val": Y[:30]}
    model = ScratchMLPRegressor((5,), learning_rate_init=0.03, early_stopping=True, random_state=0)
    for data in [first] * 60 + [(X, Y)] * 3:
        model.set_params(learning_rate_init=0.03 if data is first else 10)
        model.partial_fit(*data, **validation)
    assert model.score(*validation.values()) == pytest.approx(model.best_validation_score_)
    assert model.n_iter_best_ > 60


def test_a_warm_start_goes_on_from_the_weights_that_partial_fit_kept(regression):
    X, y = regression
    model = ScratchMLPRegressor((5,), early_stopping=True, random_state=0).partial_fit(X, y)
    model.set_params(learning_rate_init=10).partial_fit(X, y)
    assert model.n_iter_best_ < 2
    kept = model.predict(X)
    model.set_params(warm_start=True, max_iter=1, learning_rate_init=1e-12, early_stopping=False)
    assert_allclose(model.fit(X, y).predict(X), kept, atol=1e-6)


def test_weights_can_be_set_as_in_mlpregressor(model, rng):
    X = rng.normal(size=(5, 4))
    coefs = [2 * W for W in model.coefs_]
    intercepts = [b + 1 for b in model.intercepts_]
    model.coefs_, model.intercepts_ = coefs, intercepts
    a = X
    for W, b in zip(coefs[:-1], intercepts[:-1]):
        a = np.maximum(a @ W + b, 0)
    assert_allclose(model.predict(X), a @ coefs[-1] + intercepts[-1])
    with pytest.raises(TypeError):
        model.coefs_[0] = coefs[0]
    with pytest.raises(ValueError, match="coefs_ must have shapes"):
        model.coefs_ = coefs[:-1]


def test_weights_are_set_all_or_none(model):
    before = [W.copy() for W in model.coefs_]
    words = [*before[:-1], np.full(before[-1].shape, "one")]
    with pytest.raises(ValueError, match="coefs_ must be real numbers"):
        model.coefs_ = [W + 1 if W.dtype.kind == "f" else W for W in words]
    for W, old in zip(model.coefs_, before):
        assert_array_equal(W, old)


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        (None, TypeError, "coefs_ must be a list of arrays, got None"),
        (3.0, TypeError, "coefs_ must be a list of arrays, got 3.0"),
        ([[[1.0], [1.0, 2.0]]], ValueError, "coefs_ must be real numbers"),
        ([np.nan], ValueError, "coefs_ must be finite"),
    ],
)
def test_what_are_no_weights_is_refused_by_name(arrays, error, message, model):
    if arrays == [np.nan]:
        arrays = [np.full_like(W, np.nan) for W in model.coefs_]
    with pytest.raises(error, match=message):
        model.coefs_ = arrays


def test_weights_that_are_too_large_for_the_type_are_refused(regression):
    X, y = regression
    model = ScratchMLPRegressor((3,), max_iter=2).fit(X.astype(np.float32), y)
    with pytest.raises(ValueError, match="intercepts_ must be finite in float32"):
        model.intercepts_ = [np.full(b.shape, 1e39) for b in model.intercepts_]


@pytest.mark.parametrize("name", ["coefs_", "intercepts_", "embedding_"])
def test_weights_of_a_network_that_is_not_fitted_are_those_of_init(name):
    with pytest.raises(AttributeError, match=rf"{name} can be set once .* is fitted.*init"):
        setattr(ScratchMLPRegressor(), name, [np.ones((3, 1))])


def test_two_layers_can_change_places(regression):
    model = ScratchMLPRegressor((4, 4), max_iter=2, random_state=0).fit(*regression)
    first, second, last = (W.copy() for W in model.coefs_)
    model.coefs_ = model.coefs_[1], model.coefs_[0], model.coefs_[2]
    for W, expected in zip(model.coefs_, (second, first, last)):
        assert_allclose(W, expected, rtol=1e-12)


def test_training_goes_on_from_weights_that_were_set(regression):
    X, y = regression
    params = {"early_stopping": True, "learning_rate_init": 1e-12, "random_state": 0}
    model = ScratchMLPRegressor((5,), **params).partial_fit(X, y)
    model.coefs_ = [0 * W for W in model.coefs_]
    assert_allclose(model.partial_fit(X, y).coefs_[0], 0, atol=1e-9)


def test_rows_stay_in_place_without_shuffling_whatever_was_shuffled_before(regression):
    X, y = regression
    models = []
    for shuffled_before in (True, False):
        model = ScratchMLPRegressor((5,), solver="sgd", momentum=0, batch_size=7, random_state=0)
        model.set_params(shuffle=shuffled_before, learning_rate_init=1e-300).partial_fit(X, y)
        model.set_params(shuffle=False, learning_rate_init=0.01).partial_fit(X, y)
        models.append(model.coefs_[0])
    assert_allclose(*models, rtol=1e-12)


def test_inputs_too_large_for_a_float32_network_are_refused(regression):
    X, y = regression
    model = ScratchMLPRegressor((5,), max_iter=2, warm_start=True)
    model.fit(X.astype(np.float32), y)
    with pytest.raises(ValueError, match="Input X contains infinity or a value too large"):
        model.fit(X * 1e300, y)
