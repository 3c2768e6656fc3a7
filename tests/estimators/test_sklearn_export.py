"""`to_sklearn`: scikit-learn's own network with the same predictions."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import ShuffleSplit
from sklearn.neural_network import MLPRegressor
from sklearn.utils.validation import check_is_fitted

from sknn_scratch import (
    SGD,
    Adam,
    AdamW,
    Bounded,
    InverseScaling,
    Quantile,
    ScratchMLPRegressor,
    SquaredError,
    Tanh,
)
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES, SOLVERS
from tests.helpers import label

HAS_POISSON = "loss" in MLPRegressor().get_params()
SHARED = ["identity", "logistic", "tanh", "relu"]
OUTPUTS = [*SHARED, "exp"] if HAS_POISSON else SHARED
needs_poisson = pytest.mark.skipif(not HAS_POISSON, reason="scikit-learn has it from 1.7 on")

# An old scikit-learn with a new SciPy.
pytestmark = pytest.mark.filterwarnings("ignore:scipy.optimize:DeprecationWarning")


@pytest.fixture
def data(regression):
    """Return X (60, 4) and a positive y."""
    X, y = regression
    return X, np.exp(y)


def seen(X, y, hidden_layer_sizes=(5, 4), **params):
    """Return a network after one epoch."""
    return ScratchMLPRegressor(hidden_layer_sizes, random_state=0, **params).partial_fit(X, y)


def assert_predicts(theirs, ours, X):
    check_is_fitted(theirs)
    assert type(theirs) is MLPRegressor
    want = ours.predict(X)
    assert np.ptp(want) > 0
    assert_allclose(theirs.predict(X), want, rtol=1e-4 if want.dtype == np.float32 else 1e-10)
    assert theirs.predict(X).dtype == want.dtype
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        clone(theirs).set_params(max_iter=1).fit(X, abs(want))  # takes its own parameters


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("out", OUTPUTS)
@pytest.mark.parametrize("activation", SHARED)
def test_it_predicts_the_same(data, activation, out, dtype):
    X, y = data
    ours = seen(X.astype(dtype), y, activation=activation, out_activation=out)
    ours.intercepts_ = [*ours.intercepts_[:-1], ours.intercepts_[-1] + 1]  # relu is not always 0
    theirs = ours.to_sklearn()
    assert_predicts(theirs, ours, X.astype(dtype))
    assert theirs.out_activation_ == out
    assert_allclose(theirs.predict(sparse.csr_matrix(X)), ours.predict(X), rtol=1e-4)
    assert_array_equal(pickle.loads(pickle.dumps(theirs)).predict(X), theirs.predict(X))


@pytest.mark.parametrize("loss", [name for name in LOSSES if LOSSES[name].std is None])
def test_losses_do_not_matter_to_the_prediction_but_links_do(data, loss):
    X, y = data
    ours = seen(X, y, loss=loss)
    if ours.out_activation_ not in OUTPUTS:
        with pytest.raises(ValueError, match="got 'exp'"):
            ours.to_sklearn()
        return
    theirs = ours.to_sklearn()
    assert_predicts(theirs, ours, X)
    if HAS_POISSON:
        link = {"identity": "squared_error", "exp": "poisson"}
        assert theirs.loss == link[ours.out_activation_]


@pytest.mark.parametrize(
    "params",
    [
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": (), "activation": "gelu"},
        {"hidden_layer_sizes": 3},
        {"fit_intercept": False},
        {"activation": ["tanh", Tanh()]},
        {"standardize": False},
        {"dropout": 0.3, "max_grad_norm": 1.0, "init": "he_normal", "loss": "huber"},
        {"early_stopping": "loss", "validation_fraction": ShuffleSplit(1, random_state=0)},
        *({"solver": name} for name in SOLVERS if SOLVERS[name].stochastic),
        *({"learning_rate": name} for name in ("invscaling", "adaptive", "cosine")),
        {"learning_rate": lambda epoch, n_epochs: 0.5},
    ],
    ids=label,
)
def test_every_other_kind_of_network_with_several_outputs(data, params):
    X, y = data
    ours = seen(X, np.c_[y, -y], **params)
    assert_predicts(ours.to_sklearn(), ours, X)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        *(
            ({"activation": name}, f"one activation for all .* got '{name}'")
            for name in ACTIVATIONS
            if name not in SHARED
        ),
        *(
            ({"out_activation": name}, f"out_activation 'identity'.* got '{name}'")
            for name in ACTIVATIONS
            if name not in OUTPUTS
        ),
        ({"activation": ["tanh", "relu"]}, "one activation for all .* got 'tanh', 'relu'"),
        ({"out_activation": Bounded(0, 9)}, r"out_activation .* got Bounded\(low=0.0, high=9.0\)"),
        ({"loss": Quantile([0.1, 0.9])}, r"as it is, unlike loss=Quantile\(quantile=\(0.1, 0.9\)"),
    ],
)
def test_what_it_cannot_express_is_an_error_that_says_what(data, params, message):
    X, y = data
    with pytest.raises(ValueError, match=message):
        seen(X, y, **params).to_sklearn()


def test_activations_and_losses_with_formulas_of_their_own_are_not_taken_for_others(data):
    class Shifted(Tanh):
        def __call__(self, z):
            return np.tanh(z + 1)

        def derivative(self, z, a):
            return 1 - a * a

    class Doubled(SquaredError):
        def predict(self, a):
            return 2 * a

    X, y = data
    for params in ({"activation": Shifted()}, {"out_activation": Shifted()}, {"loss": Doubled()}):
        with pytest.raises(ValueError, match=r"(Shifted|Doubled)\(\)"):
            seen(X, y, **params).to_sklearn()


def test_it_is_not_there_before_fit():
    with pytest.raises(NotFittedError):
        ScratchMLPRegressor().to_sklearn()


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_parameters_and_attributes_are_carried(data, solver):
    pandas = pytest.importorskip("pandas")
    X, y = data
    frame = pandas.DataFrame(X, columns=list("abcd"))
    params = {"hidden_layer_sizes": (5, 4), "alpha": 0.5, "tol": 1e-3, "beta_1": 0.8}
    params |= {"max_iter": 400, "batch_size": 7, "n_iter_no_change": np.inf, "solver": solver}
    params |= {"random_state": 3, "n_iter_no_change": 5}
    ours = ScratchMLPRegressor(**params).fit(frame, y)
    theirs = ours.to_sklearn()
    assert {name: theirs.get_params()[name] for name in params} == params
    kept = ["n_layers_", "n_outputs_", "n_iter_", "t_", "loss_", "loss_curve_", "n_features_in_"]
    for name in [*kept, "validation_scores_", "best_validation_score_"]:
        assert getattr(theirs, name) == getattr(ours, name)
    assert_array_equal(theirs.feature_names_in_, list("abcd"))
    for name in ("coefs_", "intercepts_"):
        assert isinstance(getattr(theirs, name), list)
        for array, own in zip(getattr(theirs, name), getattr(ours, name), strict=True):
            assert_array_equal(array, own)


def test_early_stopping_is_carried(data):
    X, y = data
    ours = ScratchMLPRegressor(early_stopping=True, learning_rate_init=0.05, random_state=0)
    theirs = ours.fit(X, y).to_sklearn()
    assert_predicts(theirs, ours, X)
    assert theirs.validation_scores_ == ours.validation_scores_
    assert theirs.best_validation_score_ == ours.best_validation_score_ is not None
    assert theirs.best_loss_ is ours.best_loss_ is None


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ({"solver": SGD(momentum=0.3)}, {"solver": "sgd", "momentum": 0.3}),
        ({"solver": Adam(beta_2=0.5)}, {"solver": "adam", "beta_2": 0.5}),
        ({"solver": AdamW(beta_2=0.5)}, {"solver": "adam", "beta_2": 0.999}),
        (
            {"learning_rate": InverseScaling(power_t=0.3)},
            {"learning_rate": "invscaling", "power_t": 0.3},
        ),
        ({"learning_rate": "one_cycle"}, {"learning_rate": "constant"}),
    ],
    ids=str,
)
def test_solvers_and_schedules_given_as_objects_become_names(data, components, expected):
    theirs = seen(*data, **components).to_sklearn()
    assert {name: theirs.get_params()[name] for name in expected} == expected


def test_it_is_the_model_as_fitted_whatever_was_set_since(data):
    X, y = data
    ours = seen(X, y, activation="tanh")
    before = ours.predict(X)
    ours.set_params(activation="relu", hidden_layer_sizes=(9,), out_activation="exp")
    assert_allclose(ours.to_sklearn().predict(X), before, rtol=1e-12)
    assert clone(ours.to_sklearn()).get_params()["activation"] == "tanh"


def test_it_shares_nothing_with_the_model(data):
    X, y = data
    ours = seen(X, y)
    ours.random_state = np.random.RandomState(0)
    before, params = ours.predict(X), ours.get_params()
    theirs = ours.to_sklearn()
    theirs.coefs_[0][:] = 0
    theirs.intercepts_[-1][:] = 0
    theirs.loss_curve_.append(0)
    theirs.random_state.rand()
    assert_array_equal(ours.predict(X), before)
    assert len(ours.loss_curve_) == 1
    assert ours.get_params() == params
    assert ours.random_state.rand() == np.random.RandomState(0).rand()


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fit_goes_on_from_its_weights(data, solver):
    X, y = data
    y = 10 * y  # far from the unit in which our own losses are
    ours = seen(X, y, solver=solver, alpha=0)
    theirs = ours.to_sklearn()
    mean_square = np.mean((ours.predict(X) - y) ** 2) / 2
    theirs.set_params(batch_size=60).partial_fit(X, y)
    assert_allclose(theirs.loss_, mean_square)  # before the first step
    for _ in range(20):
        theirs.partial_fit(X, y)
    assert theirs.loss_ < mean_square


@pytest.mark.slow
@pytest.mark.parametrize(
    "params",
    [
        {"warm_start": True},
        {"solver": "lbfgs", "alpha": 1},
        pytest.param({"loss": "poisson"}, marks=needs_poisson),
    ],
    ids=str,
)
def test_fit_makes_the_same_as_a_new_mlp_regressor(data, params):
    X, y = data
    params |= {"hidden_layer_sizes": (3,), "random_state": 0, "max_iter": 2000, "tol": 1e-4}
    ours = ScratchMLPRegressor(**params).fit(X, y)
    new = MLPRegressor(**params).fit(X, y)
    assert_allclose(ours.to_sklearn().fit(X, y).predict(X), new.predict(X), rtol=1e-6)
