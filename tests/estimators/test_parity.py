"""Same seed, same model: ScratchMLPRegressor beside MLPRegressor, on configurations at random.

A configuration is drawn from its number alone, so that ``compare(Configuration.draw(17))``
repeats a failure. The announced deviations are kept out of it, by `without_deviations`; what
they are is shown in test_deviations.py.
"""

import inspect
import warnings
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from sknn_scratch import ScratchMLPRegressor

N_CONFIGURATIONS = 250
HAS_LOSS = "loss" in MLPRegressor().get_params()
HAS_SAMPLE_WEIGHT = "sample_weight" in inspect.signature(MLPRegressor.fit).parameters

# In warnings that MLPRegressor does not give.
ANNOUNCED = "to predict the ", "of predicting the "

CONTAINERS = {
    "dense": np.asarray,
    "csr_matrix": sparse.csr_matrix,
    "csc_matrix": sparse.csc_matrix,
    "csr_array": sparse.csr_array,
    "csc_array": sparse.csc_array,
}

PARAMETERS = {  # a list holds what to choose from, a function draws
    "hidden_layer_sizes": [7, (5,), (4, 3), [6], [3, 4, 2], np.array([5, 2]), (), (2, 2, 2, 2)],
    "activation": ["identity", "logistic", "tanh", "relu"],
    "loss": ["squared_error", "poisson"],
    "solver": ["sgd", "sgd", "adam", "adam", "lbfgs"],
    "alpha": [0, 0.0001, 0.3, 10],
    "batch_size": ["auto", 1, 7, 16, 40, 64, 1000],
    "learning_rate": ["constant", "invscaling", "adaptive"],
    "learning_rate_init": lambda rng: 10 ** rng.uniform(-4, -2),
    "power_t": [0, 0.3, 0.5, 1.0],
    "max_iter": lambda rng: rng.randint(1, 16),
    "shuffle": [True, False],
    "random_state": lambda rng: rng.randint(1000),
    "tol": [0, 0.0001, 0.02, 10.0],
    "verbose": [False, False, False, True],
    "warm_start": [False, True],
    "momentum": [0, 0.5, 0.9, 1.0],
    "nesterovs_momentum": [True, False],
    "early_stopping": [False, False, True],
    "validation_fraction": [0.1, 0.25, 0.5],
    "beta_1": [0, 0.5, 0.9],
    "beta_2": [0, 0.5, 0.9, 0.999],
    "epsilon": [1e-8, 1e-3],
    "n_iter_no_change": [1, 2, 3, 10, np.inf],
    "max_fun": [3, 12, 15000],
}


@dataclass(frozen=True)
class Configuration:
    params: dict
    random_state_instance: bool
    n_samples: int
    n_outputs: int
    container: str
    dtype: str
    weighted: bool
    way: str  # fit; refit: fit twice; partial_fit: once; partial_fits: with different data
    data_seed: int

    @classmethod
    def draw(cls, number):
        rng = np.random.RandomState(number)

        def choice(options):
            return options[rng.randint(len(options))]

        return cls(
            params={
                name: options(rng) if callable(options) else choice(options)
                for name, options in PARAMETERS.items()
            },
            random_state_instance=choice([False, True]),
            n_samples=choice([40, 64, 101]),
            n_outputs=choice([1, 1, 3]),
            container=choice(["dense", "dense", *CONTAINERS]),
            dtype=choice(["float64", "float64", "float32", "int64"]),
            weighted=choice([False, False, True]),
            way=choice(["fit", "fit", "refit", "partial_fit", "partial_fits"]),
            data_seed=rng.randint(1000),
        ).without_deviations()

    def without_deviations(self):
        """Return the configuration without what is announced to differ, or does not exist."""
        params, way = dict(self.params), self.way
        n_outputs, dtype, weighted = self.n_outputs, self.dtype, self.weighted
        if not HAS_LOSS:
            del params["loss"]
        squared_error = params.get("loss", "squared_error") == "squared_error"
        if params["solver"] == "lbfgs":
            params["early_stopping"] = False  # MLPRegressor ignores it
            params["max_iter"] = min(params["max_iter"], 10)
            dtype = "int64" if dtype == "int64" else "float64"  # it leaves float32
            way = "refit" if way == "refit" else "fit"
            if squared_error:  # its loss and its gradient disagree on several outputs
                n_outputs = 1
        elif squared_error and n_outputs > 1:
            params["alpha"] = 0  # so that our loss is a multiple of MLPRegressor's ...
            params["n_iter_no_change"] = np.inf  # ... and tol does not compare it
        if params["solver"] == "adam":
            params["learning_rate"] = "constant"  # MLPRegressor ignores the others
            if params["beta_2"] == 0:  # steps of m / |gradient|, else, blow up the rounding
                params.update(beta_1=0, epsilon=0.1)
        if way in ("partial_fit", "partial_fits"):
            params["early_stopping"] = False  # MLPRegressor refuses it
        if way == "partial_fits":
            params["shuffle"] = False  # it repeats the same shuffle
        if way == "refit":
            params["warm_start"] = False  # it stops after one epoch
        if weighted:
            params["batch_size"] = "auto"  # all samples: it divides by the batch's mean weight
            weighted = HAS_SAMPLE_WEIGHT and way != "partial_fits"
        changes = {"n_outputs": n_outputs, "dtype": dtype, "weighted": weighted, "way": way}
        return replace(self, params=params, **changes)

    @property
    def rtol(self):
        if self.dtype == "float32":
            return 2e-3
        return 1e-4 if self.params["solver"] == "lbfgs" else 1e-7

    @property
    def loss_factor(self):
        """How many times MLPRegressor's loss ours is: it takes the mean squared error."""
        poisson = self.params.get("loss") == "poisson"
        return 1 if poisson else self.n_outputs

    def data(self):
        """Return X, y and the keywords of fit; X has zeros, so that sparse says something."""
        rng = np.random.RandomState(self.data_seed)
        X = rng.normal(size=(self.n_samples, 5)) * (rng.uniform(size=(self.n_samples, 5)) < 0.7)
        if self.dtype == "int64":
            X = np.rint(X)
        X = X.astype(self.dtype)
        y = np.sin(X @ rng.normal(size=(5, self.n_outputs))) + 0.1 * rng.normal(size=(len(X), 1))
        if self.params.get("loss") == "poisson":
            y = rng.poisson(np.exp(0.7 * y))
        weight = rng.randint(0, 4, len(X)) * rng.uniform(0.5, 2, len(X))
        keywords = {"sample_weight": weight} if self.weighted else {}
        return CONTAINERS[self.container](X), y.ravel() if self.n_outputs == 1 else y, keywords

    def train(self, regressor, **changes):
        """Return the fitted regressor and how many ConvergenceWarnings there were."""
        if regressor is ScratchMLPRegressor:
            changes = {"standardize": False, **changes}
        estimator = regressor(**{**self.params, **changes})
        if self.random_state_instance:
            estimator.random_state = np.random.RandomState(estimator.random_state)
        X, y, keywords = self.data()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if self.way in ("fit", "refit"):
                for _ in range(1 + (self.way == "refit")):
                    estimator.fit(X, y, **keywords)
            else:
                estimator.partial_fit(X, y, **keywords)
            if self.way == "partial_fits":
                X = X.tocsr() if sparse.issparse(X) else X
                for rows in (slice(0, 33), slice(20, None), slice(5, 12)):
                    estimator.partial_fit(X[rows], y[rows])
        told = [str(w.message) for w in caught if w.category is ConvergenceWarning]
        return estimator, sum(not any(words in text for words in ANNOUNCED) for text in told)


def assert_close(ours, theirs, rtol, message):
    """Compare relative to the largest magnitude in the array: single elements may be near 0."""
    if theirs is None:
        assert ours is None, message
        return
    assert np.shape(ours) == np.shape(theirs), message
    largest = np.max(np.abs(theirs))
    assert np.isfinite(largest), message
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=rtol * largest, err_msg=message)


def assert_same_model(ours, theirs, X, rtol, loss_factor=1, message=""):
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "n_features_in_", "out_activation_"):
        assert getattr(ours, name) == getattr(theirs, name), f"{name}, {message}"
    losses, scores = ["loss_"], []
    if theirs.solver != "lbfgs":  # there MLPRegressor has no curve
        losses += ["loss_curve_"] if theirs.best_loss_ is None else ["loss_curve_", "best_loss_"]
        scores = ["validation_scores_", "best_validation_score_"]
        assert (ours.best_loss_ is None) == (theirs.best_loss_ is None)
    for name in losses:
        expected = loss_factor * np.array(getattr(theirs, name))
        assert_close(getattr(ours, name), expected, rtol, f"{name}, {message}")
    for name in scores:
        assert_close(getattr(ours, name), getattr(theirs, name), rtol, f"{name}, {message}")
    for name in ("coefs_", "intercepts_"):
        for layer, (array, expected) in enumerate(zip(getattr(ours, name), getattr(theirs, name))):
            assert array.dtype == expected.dtype, f"{name}[{layer}], {message}"
            assert_close(array, expected, rtol, f"{name}[{layer}], {message}")
        assert len(getattr(ours, name)) == len(getattr(theirs, name)), f"{name}, {message}"
    predicted, expected = ours.predict(X), theirs.predict(X)
    assert predicted.dtype == expected.dtype, f"predictions, {message}"
    assert_close(predicted, expected, rtol, f"predictions, {message}")


def compare(configuration, **changes):
    """Compare the two regressors, ours with some parameters changed."""
    ours, our_warnings = configuration.train(ScratchMLPRegressor, **changes)
    theirs, their_warnings = configuration.train(MLPRegressor)
    X, message = configuration.data()[0], repr(configuration)
    assert_same_model(ours, theirs, X, configuration.rtol, configuration.loss_factor, message)
    assert our_warnings == their_warnings, f"ConvergenceWarning, {message}"
    if configuration.random_state_instance:
        draws = [estimator.random_state.randint(2**31) for estimator in (ours, theirs)]
        assert draws[0] == draws[1], f"the random state afterwards, {message}"


def plain(n_samples=64, container="dense", dtype="float64", n_outputs=1, **params):
    """Return a configuration with MLPRegressor's defaults and ``params``."""
    return Configuration(
        params={**MLPRegressor().get_params(), "random_state": 0, "max_iter": 4, **params},
        random_state_instance=False,
        n_samples=n_samples,
        n_outputs=n_outputs,
        container=container,
        dtype=dtype,
        weighted=False,
        way="fit",
        data_seed=0,
    )


@pytest.mark.parametrize("number", range(N_CONFIGURATIONS))
def test_the_same_seed_gives_the_model_of_mlpregressor(number):
    compare(Configuration.draw(number))


@pytest.mark.parametrize(
    "configuration",
    [
        plain(6000),
        plain(6000, shuffle=False, batch_size=7, solver="sgd"),
        plain(6000, shuffle=False, batch_size=5000),
        plain(6000, container="csr_matrix", hidden_layer_sizes=(20, 10)),
        plain(6000, n_outputs=3, alpha=0, n_iter_no_change=np.inf, batch_size=64),
        plain(6000, early_stopping=True, activation="tanh"),
        plain(6000, solver="lbfgs"),
        plain(6000, container="csc_matrix", solver="lbfgs", activation="logistic"),
        plain(12000, dtype="float32", solver="sgd"),
    ],
)
def test_more_data_than_fit_the_cache_give_the_model_of_mlpregressor(configuration):
    compare(configuration)


def test_the_configurations_cover_every_value_of_every_parameter():
    assert set(PARAMETERS) - {"loss"} == set(MLPRegressor().get_params()) - {"loss"}
    drawn = [Configuration.draw(number) for number in range(N_CONFIGURATIONS)]
    for name, options in PARAMETERS.items():
        if name in MLPRegressor().get_params() and not callable(options):
            values = {repr(configuration.params[name]) for configuration in drawn}
            assert values >= {repr(option) for option in options}, name
    for container in CONTAINERS:
        for solver in PARAMETERS["solver"]:
            assert any(c.container == container and c.params["solver"] == solver for c in drawn)
    assert {c.way for c in drawn} == {"fit", "refit", "partial_fit", "partial_fits"}
    assert any(c.weighted for c in drawn) == HAS_SAMPLE_WEIGHT
    assert any(c.n_outputs > 1 and c.params["early_stopping"] for c in drawn)


@pytest.mark.parametrize(
    "changes",
    [
        {"random_state": 1},
        {"alpha": 1.001},
        {"learning_rate_init": 0.00100001},
        {"momentum": 0.9001},
        {"nesterovs_momentum": False},
        {"max_iter": 5},
        {"batch_size": 63},
        {"shuffle": False},
        {"activation": "tanh"},
        {"hidden_layer_sizes": (101,)},
        {"fit_intercept": False},
    ],
    ids=str,
)
def test_the_comparison_notices_a_small_change(changes):
    configuration = plain(solver="sgd", alpha=1, batch_size=16)
    compare(configuration)
    with pytest.raises(AssertionError):
        compare(configuration, **changes)


def test_the_parameters_of_mlpregressor_have_the_same_defaults():
    theirs = MLPRegressor().get_params()
    ours = ScratchMLPRegressor().get_params()
    assert {name: ours[name] for name in theirs} == theirs
    assert len(theirs) >= 23


def test_all_parameters_of_mlpregressor_can_be_handed_over():
    theirs = MLPRegressor(hidden_layer_sizes=(3, 2), alpha=0.1, early_stopping=True).get_params()
    ours = ScratchMLPRegressor(**theirs).get_params()
    assert {name: ours[name] for name in theirs} == theirs


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_with_all_defaults_the_model_is_the_one_of_mlpregressor():
    X, y, _ = plain(300).data()
    theirs = MLPRegressor(random_state=3).fit(X, y)
    ours = ScratchMLPRegressor(**theirs.get_params(), standardize=False).fit(X, y)
    assert_same_model(ours, theirs, X, rtol=1e-7)
