"""Networks with an embedding do all that other networks do."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from sknn_scratch import Embedding, Layer, NetworkDisplay, Periodic, ScratchMLPRegressor
from sknn_scratch.components.registries import EMBEDDINGS
from tests.helpers import numerical_gradient

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SHORT = {"max_iter": 30, "batch_size": 16, "tol": 0, "n_iter_no_change": np.inf}


def network(embedding="periodic", **params):
    return ScratchMLPRegressor((6,), embedding=embedding, random_state=0, **{**SHORT, **params})


@pytest.fixture
def waves():
    rng = np.random.default_rng(3)
    X = rng.uniform(-3, 3, size=(300, 2))
    return X, np.sin(4 * X[:, 0]) + 0.1 * X[:, 1]


def test_it_learns_waves_that_a_network_without_one_does_not(waves):
    X, y = waves
    settings = {"max_iter": 150, "learning_rate_init": 0.01}
    plain = network(None, **settings).fit(X[:200], y[:200])
    periodic = network(**settings).fit(X[:200], y[:200])
    assert periodic.score(X[200:], y[200:]) > 0.8 > plain.score(X[200:], y[200:]) + 0.2


def test_its_arrays_are_shown_and_can_be_set_beside_those_of_the_dense_layers(waves):
    model = network(Periodic(5, 3)).fit(*waves)
    assert [W.shape for W in model.coefs_] == [(6, 6), (6, 1)]
    assert model.embedding_.frequencies.shape == model.embedding_.phases.shape == (2, 5)
    assert model.embedding_.coefs.shape == (2, 5, 2)
    assert model.embedding_.intercepts.shape == (2, 2)
    before = model.predict(waves[0])
    with pytest.raises(ValueError, match="read-only"):
        model.embedding_.phases[0] += 0.5
    turned = model.embedding_.phases + np.array([[0.5], [0]])
    model.embedding_ = model.embedding_._replace(phases=turned)
    assert_allclose(model.embedding_.phases, turned)
    assert np.abs(model.predict(waves[0]) - before).max() > 0.01
    assert network(None).fit(*waves).embedding_ is None
    assert not hasattr(network(), "embedding_")


@pytest.mark.parametrize("embedding", EMBEDDINGS)
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_units_of_x_and_y_do_not_matter(embedding, solver, dtype, waves):
    X, y = waves
    short = {
        "embedding": embedding,
        "solver": solver,
        "max_iter": 15,
    }  # later, L-BFGS multiplies float32's rounding
    here = network(**short).fit(X, y).predict(X)
    moved = (X * [1e3, 1e-3] + [5e3, 0.1]).astype(dtype)
    model = network(**short).fit(moved, 100 * y - 7)
    there = (model.predict(moved) + 7) / 100
    assert model.coefs_[0].dtype == dtype
    assert_allclose(there, here, atol=1e-4 if dtype == np.float64 else 1e-3)


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_partial_fit_a_warm_start_and_copies_go_on_as_one_fit(embedding, waves):
    X, y = waves
    whole = network(embedding, dropout=0.1).fit(X, y)
    steps = network(embedding, dropout=0.1)
    for _ in range(30):
        steps = pickle.loads(pickle.dumps(steps.partial_fit(X, y)))
    assert_array_equal(steps.predict(X), whole.predict(X))
    warm = network(embedding, dropout=0.1, max_iter=15, warm_start=True).fit(X, y).fit(X, y)
    assert_array_equal(warm.predict(X), whole.predict(X))
    assert_array_equal(clone(whole).fit(X, y).predict(X), whole.predict(X))


@pytest.fixture
def mixed(waves):
    X, y = waves
    flag = np.arange(len(X)) % 2
    return np.c_[7 * flag, X], y + flag


def test_a_column_of_two_values_passes_the_embedding_by(mixed):
    X, y = mixed
    model = network(activation="tanh").fit(X, y)
    assert [W.shape for W in model.coefs_] == [(9, 6), (6, 1)]
    assert model.embedding_.frequencies.shape == (2, 8)
    assert model.check_gradient(X[:20], y[:20]) < 1e-6
    for row, gradient in zip(X[:5], model.input_gradient(X[:5])):
        expected = numerical_gradient(lambda x: model.predict(x[np.newaxis])[0], row)
        assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)
    alone = network().fit(X[:, :1], y)  # and nothing is left to embed
    assert_allclose(alone.predict(X[:, :1]), network(None).fit(X[:, :1], y).predict(X[:, :1]))


class SquaresLayer(Layer):
    """A layer that holds no arrays."""

    def forward(self, a):
        return np.hstack([a, a**2])

    def gradient(self, a, delta, into):
        pass

    def below(self, a, delta):
        own, squares = np.hsplit(delta, 2)
        return own + 2 * a * squares


class Squares(Embedding):
    """Each column and its square; for standardize=False."""

    def shapes(self, n_features):
        return []

    def width(self, n_features):
        return 2 * n_features

    def layer(self, vector, n_features):
        return SquaresLayer()

    def draw(self, layer, random_state):
        pass

    def names(self, features):
        return [*features, *(f"{name} squared" for name in features)]


def test_an_embedding_of_ones_own_may_have_no_arrays(regression):
    X, y = regression
    settings = {"standardize": False, "solver": "lbfgs", "alpha": 0, "random_state": 0}
    model = ScratchMLPRegressor((), embedding=Squares(), **settings).fit(X, y)
    expected = LinearRegression().fit(np.hstack([X, X**2]), y)
    assert_allclose(model.coefs_[0][:, 0], expected.coef_, atol=1e-3)
    assert model.embedding_ == ()


def test_which_columns_pass_by_is_found_in_the_rows_that_are_trained_on(mixed):
    X, y = mixed
    X[0, 0] = 3
    weight = np.r_[0, np.ones(len(X) - 1)]
    assert network().fit(X, y).embedding_.frequencies.shape == (3, 8)
    assert network().fit(X, y, weight).embedding_.frequencies.shape == (2, 8)
    assert network().fit(X[1:], y[1:], X_val=X, y_val=y).embedding_.frequencies.shape == (2, 8)


@pytest.mark.parametrize("params", [{}, {"early_stopping": True, "n_init": 2}, {"scoring": "r2"}])
def test_training_goes_on_with_the_columns_found_first(mixed, params):
    X, y = mixed
    model = network(**params).fit(X, y)
    loaded = pickle.loads(pickle.dumps(model))
    assert_array_equal(loaded.predict(X), model.predict(X))
    X = X + np.linspace(0, 0.1, len(X))[:, np.newaxis]
    for each in (model, loaded):
        each.partial_fit(X, y)
        assert each.embedding_.frequencies.shape == (2, 8)
    assert_array_equal(loaded.predict(X), model.predict(X))


def test_early_stopping_keeps_the_best_embedding(waves):
    model = network(early_stopping=True, max_iter=60).fit(*waves)
    assert model.best_validation_score_ == max(model.validation_scores_)


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_the_input_gradient_agrees_with_finite_differences(embedding, waves):
    X, y = waves
    model = network(embedding).fit(X, y)
    for row, gradient in zip(X[:5], model.input_gradient(X[:5])):
        expected = numerical_gradient(lambda x: model.predict(x[np.newaxis])[0], row)
        assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)


def test_hidden_activations_are_those_of_the_dense_layers(waves):
    X, y = waves
    model = network().fit(X, y)
    hidden = model.transform(X)
    assert hidden.shape == (300, 6)
    assert_allclose((hidden @ model.coefs_[1] + model.intercepts_[1])[:, 0], model.predict(X))


def test_check_gradient_finds_nothing_wrong(waves):
    X, y = waves
    assert network(activation="tanh").check_gradient(X[:20], y[:20]) < 1e-6
    assert network(activation="tanh").fit(X, y).check_gradient(X[:20], y[:20]) < 1e-6


def test_sparse_x_is_refused_by_name_in_every_method(waves):
    X, y = waves
    model, S = network().fit(X, y), sparse.csr_array(X)
    for call in (
        lambda: network().fit(S, y),
        lambda: network().partial_fit(S, y),
        lambda: network().fit(X, y, X_val=S, y_val=y),
        lambda: model.predict(S),
        lambda: model.transform(S),
        lambda: model.check_gradient(S, y),
    ):
        with pytest.raises(TypeError, match="X must be a dense array with embedding=Periodic"):
            call()


def test_a_list_of_initial_weights_is_refused(waves):
    plain = network(None).fit(*waves)
    with pytest.raises(ValueError, match=r"init must be a name or a function .* embedding"):
        network(init=[*plain.coefs_, *plain.intercepts_]).fit(*waves)


def test_training_goes_on_with_the_same_embedding_only(waves):
    model = network().partial_fit(*waves)
    with pytest.raises(ValueError, match=r"embedding must stay Periodic.* got None"):
        model.set_params(embedding=None).partial_fit(*waves)


def test_mlpregressor_cannot_take_it(waves):
    with pytest.raises(ValueError, match="MLPRegressor has no embedding"):
        network().fit(*waves).to_sklearn()


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_onnx_computes_the_same(embedding, mixed):
    pytest.importorskip("skl2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    import skl2onnx

    import sknn_scratch.onnx  # noqa: F401

    X, y = mixed
    model = network(embedding).fit(X, y)
    graph = skl2onnx.to_onnx(model, X[:1].astype(np.float32)).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (predicted,) = session.run(None, {"X": X.astype(np.float32)})
    assert_allclose(predicted[:, 0], model.predict(X), rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_the_picture_of_the_network_names_what_the_embedding_hands_on(waves):
    pytest.importorskip("matplotlib").use("Agg")
    model = network(Periodic(3, 2)).fit(*waves)
    display = NetworkDisplay.from_estimator(model)
    assert list(display.feature_names) == ["x0 ~1", "x1 ~1", "x0", "x1"]
