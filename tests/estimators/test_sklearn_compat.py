"""In scikit-learn's company: its checks, its tools, copies, frames, and the manners it expects."""

import ast
import copy
import inspect
import io
import pickle
import re
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, StackingRegressor
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.inspection import PartialDependenceDisplay, permutation_importance
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingRandomSearchCV,
    KFold,
    cross_validate,
    learning_curve,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr
from sklearn.utils.estimator_checks import parametrize_with_checks

import sknn_scratch
from sknn_scratch import (
    SGD,
    Adam,
    AdamW,
    Cosine,
    InverseScaling,
    Quantile,
    RMSprop,
    ScratchMLPRegressor,
)
from sknn_scratch.components import registries
from sknn_scratch.maths.activations import Tanh
from sknn_scratch.maths.losses import SquaredError
from tests.helpers import as_list

PACKAGE = Path(sknn_scratch.__file__).parent
SHORT = {"hidden_layer_sizes": (5,), "max_iter": 4, "batch_size": 16, "random_state": 3}
STOCHASTIC = [name for name, solver in registries.SOLVERS.items() if solver.stochastic]

# These fits are short on purpose; that they do not converge is beside the point.
short = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def network(**params):
    """Return a small network that trains for a few epochs."""
    return ScratchMLPRegressor(**{**SHORT, **params})


def raw_network(**params):
    """Return such a network that takes the data as they are, like MLPRegressor."""
    return network(standardize=False, **params)


def incumbent(**params):
    """Return the MLPRegressor with the parameters of `network`."""
    return MLPRegressor(**{**SHORT, **params})


def assert_same_weights(first, second):
    """Raise AssertionError unless two models are equal bit for bit."""
    for a, b in zip(
        [*first.coefs_, *first.intercepts_], [*second.coefs_, *second.intercepts_], strict=True
    ):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


# --- scikit-learn's own checks ---

EARLY = {"early_stopping": True, "validation_fraction": 0.25}
CHECKED = [
    ScratchMLPRegressor(),
    ScratchMLPRegressor(**EARLY),
    ScratchMLPRegressor(solver="sgd", loss="quantile", learning_rate_init=0.01),
    ScratchMLPRegressor((20,), solver="lbfgs", max_iter=50),
    ScratchMLPRegressor((20,), solver="lbfgs", max_iter=50, **EARLY),
    ScratchMLPRegressor(
        solver="adamw",
        learning_rate="cosine",
        learning_rate_init=0.01,
        max_grad_norm=1.0,
        loss="poisson",
    ),
    ScratchMLPRegressor(
        solver=RMSprop(rho=0.9), learning_rate=Cosine(warmup=0.1), dropout=0.2, loss="huber"
    ),
    ScratchMLPRegressor((20,), embedding="periodic"),
    ScratchMLPRegressor(
        (20, 10),
        activation=["gelu", "mish"],
        early_stopping="loss",
        validation_fraction=0.25,
        scoring="neg_mean_absolute_error",
        n_init=2,
        standardize=False,
        learning_rate_init=0.01,
    ),
    ScratchMLPRegressor((20,), loss="gamma", solver="lbfgs", max_iter=50),
    ScratchMLPRegressor((20,), loss=Quantile([0.1, 0.9]), solver="lbfgs", max_iter=50),
]


def checks_that_cannot_hold(estimator):
    """Return {check: reason}; xfail_strict sees to it that each of them does fail."""
    failing = {}
    if estimator.early_stopping:
        reason = (
            "compares repeated rows with weighted, shuffled rows: a random hold-out of rows "
            "differs between the two, and parity with MLPRegressor fixes the unweighted split"
        )
        failing["check_sample_weight_equivalence_on_dense_data"] = reason
        failing["check_sample_weight_equivalence_on_sparse_data"] = reason
    if estimator.dropout:
        reason = "compares repeated rows with weighted rows: each row is dropped from by itself"
        failing["check_sample_weight_equivalence_on_dense_data"] = reason
        failing["check_sample_weight_equivalence_on_sparse_data"] = reason
    if estimator.loss in ("poisson", "gamma"):
        failing["check_regressor_multioutput"] = "hands negative targets to a loss without them"
    if estimator.loss == "gamma":
        for check in ("data_not_an_array", "general", "preserve_dtypes", "n_iter"):
            failing[f"check_transformer_{check}"] = "hands targets of zero to a loss without them"
    if estimator.loss == Quantile([0.1, 0.9]):
        reason = "asks for one prediction per row; these are two quantiles"
        for check in ("regressors_train", "estimator_sparse_array", "estimator_sparse_matrix"):
            failing[f"check_{check}"] = reason
    return failing


@short
@as_list(parametrize_with_checks(CHECKED, expected_failed_checks=checks_that_cannot_hold))
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


# --- copies ---


def through_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


COPIES = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy": copy.deepcopy,
    "joblib": through_joblib,
}
copies = pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)

RANDOM_STATES = {
    "int": lambda: 5,
    "instance": lambda: np.random.RandomState(5),
    "none": lambda: None,
}
random_states = pytest.mark.parametrize("make", RANDOM_STATES.values(), ids=RANDOM_STATES)


@short
@copies
@pytest.mark.parametrize("early_stopping", [False, True], ids=["", "early_stopping"])
@pytest.mark.parametrize("solver", registries.SOLVERS)
def test_a_copy_of_a_model_predicts_the_same(duplicate, solver, early_stopping, regression):
    X, y = regression
    model = network(solver=solver, early_stopping=early_stopping).fit(X, y)
    twin = duplicate(model)
    assert twin is not model
    assert_same_weights(twin, model)
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    assert (twin.loss_curve_, twin.n_iter_) == (model.loss_curve_, model.n_iter_)


@short
@copies
@random_states
@pytest.mark.parametrize("early_stopping", [False, True], ids=["", "early_stopping"])
@pytest.mark.parametrize("solver", STOCHASTIC)
def test_a_copy_goes_on_training_like_the_original(
    duplicate, make, solver, early_stopping, regression
):
    X, y = regression
    model = network(solver=solver, random_state=make(), early_stopping=early_stopping)
    for _ in range(2):
        model.partial_fit(X, y)
    twin = duplicate(model)
    for _ in range(3):
        twin.partial_fit(X, y)
    assert twin.loss_curve_[:2] == model.loss_curve_  # the original has not moved
    for _ in range(3):
        model.partial_fit(X, y)
    assert_same_weights(twin, model)
    assert twin.loss_curve_ == model.loss_curve_


@short
@copies
@random_states
def test_a_copy_goes_on_with_a_warm_start_like_the_original(duplicate, make, regression):
    X, y = regression
    model = network(random_state=make(), warm_start=True).fit(X, y)
    twin = duplicate(model)
    start = model.coefs_[0].copy()
    assert_same_weights(twin.fit(X, y), model.fit(X, y))
    assert not np.array_equal(model.coefs_[0], start)


def test_training_a_copy_leaves_the_weights_of_the_original(regression):
    X, y = regression
    model = network().partial_fit(X, y)
    twin = copy.deepcopy(model)
    twin.partial_fit(X, y)
    twin.coefs_ = [0 * W for W in twin.coefs_]
    assert model.coefs_[0].all()


OBJECTS = {
    "activation": Tanh(),
    "out_activation": Tanh(),
    "loss": SquaredError(),
    "solver": Adam(beta_1=0.8, epsilon=1e-6),
    "learning_rate": InverseScaling(power_t=0.1),
    "init": [np.full((4, 2), 0.1), np.full((2, 1), 0.2), np.zeros(2), np.ones(1)],
    "hidden_layer_sizes": [2],
}


def test_a_clone_has_the_parameters_and_no_fit(regression):
    model = network(alpha=0.3, momentum=0.2, tol=1e-3, n_iter_no_change=np.inf)
    twin = clone(model.partial_fit(*regression))
    assert twin.get_params() == model.get_params()
    assert not hasattr(twin, "coefs_")
    assert not hasattr(twin, "n_features_in_")


@short
def test_a_clone_keeps_parameters_that_are_objects(regression):
    model = network(**OBJECTS)
    twin = clone(model)
    assert twin.solver == Adam(beta_1=0.8, epsilon=1e-6)
    assert twin.learning_rate == InverseScaling(power_t=0.1)
    assert isinstance(twin.activation, Tanh)
    assert isinstance(twin.out_activation, Tanh)
    assert isinstance(twin.loss, SquaredError)
    assert twin.hidden_layer_sizes == [2]
    for a, b in zip(twin.init, OBJECTS["init"], strict=True):
        np.testing.assert_array_equal(a, b)
    assert_same_weights(twin.fit(*regression), model.fit(*regression))


@short
@copies
def test_a_copy_keeps_parameters_that_are_objects(duplicate, regression):
    model = network(**OBJECTS).fit(*regression)
    twin = duplicate(model)
    assert twin.solver == model.solver
    assert twin.learning_rate == model.learning_rate
    assert_same_weights(twin.partial_fit(*regression), model.partial_fit(*regression))


@short
@pytest.mark.parametrize("duplicate", [lambda m: m, *COPIES.values()], ids=["fit", *COPIES])
@pytest.mark.parametrize("early_stopping", [False, True], ids=["", "early_stopping"])
def test_weights_can_be_read_and_set_but_not_changed(duplicate, early_stopping, regression):
    X, y = regression
    model = duplicate(network(early_stopping=early_stopping, activation="tanh").fit(X, y))
    without = network(fit_intercept=False).fit(X, y)
    for array in [*model.coefs_, *model.intercepts_, *without.intercepts_]:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0

    before = model.predict(X)
    model.coefs_ = [model.coefs_[0][::-1], model.coefs_[1]]
    model.intercepts_ = [model.intercepts_[0], model.intercepts_[1] + 10]
    after = model.predict(X)
    assert (after > before + 5).all()
    (W1, W2), (b1, b2) = model.coefs_, model.intercepts_
    np.testing.assert_allclose(after, (np.tanh(X @ W1 + b1) @ W2 + b2).ravel(), rtol=1e-12)


# --- metadata routing ---


@short
@pytest.mark.usefixtures("routing")
def test_a_pipeline_routes_sample_weight_to_fit(regression, weight):
    X, y = regression
    model = make_pipeline(StandardScaler(), network().set_fit_request(sample_weight=True))
    model[0].set_fit_request(sample_weight=False)
    model.fit(X, y, sample_weight=weight)
    X = StandardScaler().fit_transform(X)
    assert_same_weights(model[-1], network().fit(X, y, weight))
    assert not np.allclose(model[-1].coefs_[0], network().fit(X, y).coefs_[0])


@pytest.mark.usefixtures("routing")
def test_sample_weight_that_was_not_requested_is_refused(regression, weight):
    model = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), network())
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        model.fit(*regression, sample_weight=weight)


@short
@pytest.mark.usefixtures("routing")
def test_a_grid_search_routes_sample_weight_to_fit_and_score(regression, weight):
    X, y = regression
    model = network().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    folds = KFold(2)
    search = GridSearchCV(model, {"alpha": [0.0, 100.0]}, cv=folds)
    search.fit(X, y, sample_weight=weight)
    for alpha, found in zip([0.0, 100.0], search.cv_results_["mean_test_score"], strict=True):
        scores = [
            r2_score(
                y[test],
                network(alpha=alpha).fit(X[train], y[train], weight[train]).predict(X[test]),
                sample_weight=weight[test],
            )
            for train, test in folds.split(X)
        ]
        assert found == pytest.approx(np.mean(scores), rel=1e-12)
    assert_same_weights(search.best_estimator_, network(**search.best_params_).fit(X, y, weight))


@pytest.mark.usefixtures("routing")
def test_sample_weight_is_routed_to_partial_fit(regression, weight):
    X, y = regression
    request = network().set_partial_fit_request(sample_weight=True)
    model = MultiOutputRegressor(request)
    model.partial_fit(X, np.c_[y, -y], sample_weight=weight)
    assert_same_weights(model.estimators_[0], network().partial_fit(X, y, weight))
    assert_same_weights(model.estimators_[1], network().partial_fit(X, -y, weight))
    assert not np.allclose(
        model.estimators_[0].coefs_[0], network().partial_fit(X, y).coefs_[0], rtol=1e-9
    )


@short
@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_grid_search_by_groups_need_not_hand_them_to_a_network(early_stopping, regression):
    X, y = regression
    groups = np.arange(len(y)) % 4
    search = GridSearchCV(
        network(early_stopping=early_stopping), {"alpha": [1.0]}, cv=GroupKFold(2)
    )
    assert_same_weights(
        search.fit(X, y, groups=groups).best_estimator_,
        network(early_stopping=early_stopping, alpha=1.0).fit(X, y),
    )


@short
@pytest.mark.usefixtures("routing")
def test_a_network_that_holds_rows_out_by_groups_has_to_say_whether_it_takes_them(regression):
    X, y = regression
    groups = np.arange(len(y)) % 4
    params = {"early_stopping": True, "validation_fraction": GroupKFold(2), "batch_size": 4}
    model = network(**params)
    search = GridSearchCV(model, {"alpha": [1.0]}, cv=GroupKFold(2))
    with pytest.raises(UnsetMetadataPassedError, match="groups"):
        search.fit(X, y, groups=groups)
    model.set_fit_request(groups=True)
    assert_same_weights(
        search.fit(X, y, groups=groups).best_estimator_,
        clone(model).set_params(alpha=1.0).fit(X, y, groups=groups),
    )


# --- subclasses ---


class Units(ScratchMLPRegressor):
    """A network with a constructor of its own."""

    def __init__(self, n_units=5, alpha=0.1):
        super().__init__(hidden_layer_sizes=(n_units,), alpha=alpha, max_iter=3, random_state=0)
        self.n_units = n_units


@short
def test_a_subclass_may_have_a_constructor_of_its_own(regression):
    X, y = regression
    expected = ScratchMLPRegressor((4,), alpha=0.1, max_iter=3, random_state=0).fit(X, y)
    model = clone(Units(4)).fit(X, y)
    assert_same_weights(model, expected)
    assert_same_weights(model.partial_fit(X, y), expected.partial_fit(X, y))
    assert model.get_params() == {"n_units": 4, "alpha": 0.1}
    assert np.allclose(model.to_sklearn().predict(X), model.predict(X))


@short
def test_predict_does_without_the_number_of_features(regression):
    """As scikit-learn's test of stacking asks of its members."""
    X, y = regression
    model = network().fit(X, y)
    expected = model.predict(X)
    del model.n_features_in_
    np.testing.assert_array_equal(model.predict(X), expected)


# --- pandas and polars ---

NAMES = ["a", "b", "c", "d"]
FRAMES = {
    "pandas": (lambda X, names: pd.DataFrame(X, columns=names), pd.Series),
    "polars": (lambda X, names: pl.DataFrame(X, schema=names), pl.Series),
}


def sees_names(frame):
    """Return whether this scikit-learn finds the names of such frames: not of every polars."""
    return hasattr(StandardScaler().fit(frame(np.eye(4), NAMES)), "feature_names_in_")


frames = pytest.mark.parametrize(("frame", "series"), FRAMES.values(), ids=FRAMES)
frames_with_names = pytest.mark.parametrize(
    ("frame", "series"),
    [
        pytest.param(
            *case,
            id=name,
            marks=pytest.mark.skipif(
                not sees_names(case[0]), reason=f"this scikit-learn sees no names in {name}"
            ),
        )
        for name, case in FRAMES.items()
    ],
)


@short
@frames
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_frames_train_as_arrays_do(frame, series, method, regression):
    X, y = regression
    model = getattr(network(), method)(frame(X, NAMES), series(y), series(np.ones(len(y))))
    reference = getattr(network(), method)(X, y, np.ones(len(y)))
    assert_same_weights(model, reference)
    np.testing.assert_array_equal(model.predict(frame(X, NAMES)), reference.predict(X))


@frames_with_names
def test_frames_leave_their_names(frame, series, regression):
    X, y = regression
    model = network().partial_fit(frame(X, NAMES), series(y))
    assert list(model.feature_names_in_) == NAMES
    assert not hasattr(network().partial_fit(X, y), "feature_names_in_")


@frames_with_names
def test_other_names_than_in_fit_are_refused(frame, series, regression):
    X, y = regression
    model = network().partial_fit(frame(X, NAMES), series(y))
    for names in (["a", "b", "c", "other"], NAMES[::-1]):
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict(frame(X, names))
        with pytest.raises(ValueError, match="feature names should match"):
            model.partial_fit(frame(X, names), series(y))


@frames_with_names
def test_names_on_one_side_only_are_warned_of(frame, series, regression):
    X, y = regression
    with_names = network().partial_fit(frame(X, NAMES), series(y))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        prediction = with_names.predict(X)
    np.testing.assert_array_equal(prediction, with_names.predict(frame(X, NAMES)))
    without_names = network().partial_fit(X, series(y))
    with pytest.warns(UserWarning, match="was fitted without feature names"):
        without_names.predict(frame(X, NAMES))


def test_nullable_pandas_columns_are_numbers(regression):
    X, y = (np.round(10 * values) for values in regression)
    model = network().partial_fit(pd.DataFrame(X).astype("Int64"), pd.Series(y).astype("Int64"))
    assert_same_weights(model, network().partial_fit(X, y))


# --- inside scikit-learn's tools ---


@short
def test_in_a_pipeline_it_predicts_as_mlpregressor_does(regression):
    ours, theirs = (
        make_pipeline(StandardScaler(), model).fit(*regression)
        for model in (raw_network(), incumbent())
    )
    X = regression[0]
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-9)


@short
def test_in_a_pipeline_with_frames_it_sees_the_names(regression):
    X, y = regression
    plan = {"learning_rate": "one_cycle", "max_iter": 9, "n_iter_no_change": np.inf}
    model = make_pipeline(StandardScaler(), network(**plan))
    model.set_output(transform="pandas").fit(pd.DataFrame(X, columns=NAMES), y)
    assert list(model[-1].feature_names_in_) == NAMES
    assert model.predict(pd.DataFrame(X, columns=NAMES)).shape == y.shape


@short
def test_a_grid_search_finds_what_it_finds_with_mlpregressor(regression):
    grid = {"alpha": [1e-4, 300.0], "activation": ["tanh", "relu"]}
    ours, theirs = (
        GridSearchCV(model, grid, cv=3, n_jobs=2).fit(*regression)
        for model in (raw_network(max_iter=20), incumbent(max_iter=20))
    )
    assert ours.best_params_ == theirs.best_params_
    for key in ("mean_test_score", "rank_test_score"):
        np.testing.assert_allclose(ours.cv_results_[key], theirs.cv_results_[key], rtol=1e-9)


@short
def test_a_halving_search_finds_what_it_finds_with_mlpregressor(regression):
    choice = {"alpha": [1e-4, 1.0, 300.0], "activation": ["tanh", "relu"]}
    settings = {"max_iter": 20, "batch_size": "auto"}
    ours, theirs = (
        HalvingRandomSearchCV(
            model, choice, n_candidates=4, cv=2, min_resources=20, random_state=0, n_jobs=2
        ).fit(*regression)
        for model in (raw_network(**settings), incumbent(**settings))
    )
    assert ours.n_iterations_ == 2
    assert ours.best_params_ == theirs.best_params_
    assert ours.best_score_ == pytest.approx(theirs.best_score_, rel=1e-9)


@short
def test_cross_validation_gives_the_scores_of_mlpregressor(regression):
    ours, theirs = (
        cross_validate(model, *regression, cv=3, return_train_score=True)
        for model in (raw_network(), incumbent())
    )
    for key in ("test_score", "train_score"):
        np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-9)


@short
def test_a_transformed_target_is_fitted_and_transformed_back(regression):
    X, y = regression
    y = 1e6 + 1e3 * y
    model = TransformedTargetRegressor(network(solver="lbfgs"), transformer=StandardScaler())
    scale = StandardScaler().fit(y[:, np.newaxis])
    inner = network(solver="lbfgs").fit(X, scale.transform(y[:, np.newaxis]).ravel())
    expected = scale.inverse_transform(inner.predict(X)[:, np.newaxis]).ravel()
    np.testing.assert_allclose(model.fit(X, y).predict(X), expected, rtol=1e-12)
    assert model.score(X, y) > 0.2


@short
def test_bagging_is_the_mean_of_its_networks(regression):
    X, y = regression
    model = BaggingRegressor(
        network(solver="lbfgs", max_iter=30, random_state=None), n_estimators=3, random_state=0
    ).fit(X, y)
    predictions = [each.predict(X) for each in model.estimators_]
    assert not np.allclose(predictions[0], predictions[1])
    np.testing.assert_allclose(model.predict(X), np.mean(predictions, axis=0), rtol=1e-12)
    assert model.score(X, y) > 0.5


@short
def test_in_a_stack_it_does_what_mlpregressor_does(regression):
    ours, theirs = (
        StackingRegressor([("net", model), ("ridge", Ridge())], LinearRegression(), cv=3).fit(
            *regression
        )
        for model in (raw_network(), incumbent())
    )
    X = regression[0]
    assert np.abs(ours.final_estimator_.coef_[0]) > 1e-3  # the network has its say
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-6)


@short
def test_one_network_per_output_is_as_each_alone(regression):
    X, y = regression
    model = MultiOutputRegressor(network()).fit(X, np.c_[y, y**2])
    prediction = model.predict(X)
    np.testing.assert_array_equal(prediction[:, 0], network().fit(X, y).predict(X))
    np.testing.assert_array_equal(prediction[:, 1], network().fit(X, y**2).predict(X))


@short
def test_permutation_importance_is_that_of_mlpregressor(regression):
    X, y = regression
    ours, theirs = (
        permutation_importance(model.fit(X, y), X, y, n_repeats=3, random_state=0).importances
        for model in (raw_network(), incumbent())
    )
    assert np.abs(theirs).max() > 0.01
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-12)


@short
def test_partial_dependence_is_that_of_mlpregressor(regression):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    X, y = regression
    ours, theirs = (
        PartialDependenceDisplay.from_estimator(model.fit(X, y), X, [0, (1, 2)], grid_resolution=5)
        for model in (raw_network(), incumbent())
    )
    plt.close("all")
    for a, b in zip(ours.pd_results, theirs.pd_results, strict=True):
        np.testing.assert_allclose(a["average"], b["average"], rtol=1e-9)
    assert np.ptp(ours.pd_results[0]["average"]) > 0.01


@short
def test_the_learning_curve_is_that_of_mlpregressor(regression):
    ours, theirs = (
        learning_curve(model, *regression, train_sizes=[20, 40], cv=3)
        for model in (raw_network(), incumbent())
    )
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


@short
def test_sequential_selection_finds_the_one_feature_that_matters(regression):
    X = regression[0]
    model = network(hidden_layer_sizes=(), activation="identity", solver="lbfgs", max_iter=99)
    selector = SequentialFeatureSelector(model, n_features_to_select=1, cv=2)
    assert selector.fit(X, 3 * X[:, 2]).get_support().tolist() == [False, False, True, False]


# --- manners ---


def test_partial_fit_is_there_for_stochastic_solvers_only(regression):
    for solver in (*STOCHASTIC, SGD(), Adam(), AdamW(), RMSprop()):
        assert hasattr(ScratchMLPRegressor(solver=solver), "partial_fit")
    model = ScratchMLPRegressor(solver="lbfgs")
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit") as error:
        model.partial_fit(*regression)
    assert "solver='lbfgs'; fit with warm_start=True" in str(error.value.__cause__)


MADE_BY_FIT = [
    "n_features_in_",
    "coefs_",
    "intercepts_",
    "loss_",
    "best_loss_",
    "loss_curve_",
    "validation_scores_",
    "best_validation_score_",
    "n_iter_",
    "t_",
    "n_layers_",
    "n_outputs_",
    "out_activation_",
]


@short
def test_names_of_columns_are_those_of_the_last_fit(regression):
    X, y = regression
    model = network().fit(pd.DataFrame(X, columns=list("abcd")), y)
    assert list(model.feature_names_in_) == list("abcd")
    assert not hasattr(model.fit(X, y), "feature_names_in_")


def test_before_fit_there_is_nothing_that_fit_makes(regression):
    model = ScratchMLPRegressor()
    with pytest.raises(NotFittedError, match="not fitted"):
        model.predict([[1.0]])
    with pytest.raises(NotFittedError, match="not fitted"):
        model.score([[1.0]], [1.0])
    assert [name for name in MADE_BY_FIT if hasattr(model, name)] == []
    model.partial_fit(*regression)
    assert [name for name in MADE_BY_FIT if not hasattr(model, name)] == []


@short
@pytest.mark.parametrize("solver", registries.SOLVERS)
def test_fit_leaves_the_constructor_parameters_alone(solver, regression):
    arrays = [np.full((4, 2), 0.1), np.full((2, 1), 0.2)]
    sizes, random_state = [2], np.random.RandomState(0)
    model = network(hidden_layer_sizes=sizes, random_state=random_state, solver=solver, init=arrays)
    before = model.get_params()
    model.fit(*regression)
    after = model.get_params()
    assert all(after[name] is value for name, value in before.items())
    assert sizes == [2]
    np.testing.assert_array_equal(arrays[0], np.full((4, 2), 0.1))
    np.testing.assert_array_equal(arrays[1], np.full((2, 1), 0.2))


@short
def test_fit_and_partial_fit_return_the_estimator(regression):
    model = network(tol=1e9, n_iter_no_change=1)
    assert model.fit(*regression) is model
    assert model.partial_fit(*regression) is model


def test_defaults_are_plain_values():
    for parameter in inspect.signature(ScratchMLPRegressor).parameters.values():
        values = parameter.default
        for value in values if isinstance(values, tuple) else (values,):
            assert value is None or type(value) in (str, int, float, bool), parameter


def test_only_the_layer_sizes_are_positional():
    assert ScratchMLPRegressor((7,)).hidden_layer_sizes == (7,)
    with pytest.raises(TypeError, match="positional"):
        ScratchMLPRegressor((7,), "tanh")


def test_parameters_are_got_and_set():
    model = network(solver=Adam(beta_1=0.5))
    assert set(model.get_params()) == set(inspect.signature(ScratchMLPRegressor).parameters)
    assert model.get_params()["solver"] == Adam(beta_1=0.5)
    assert model.set_params(alpha=7, activation=Tanh()).alpha == 7
    with pytest.raises(ValueError, match="Invalid parameter 'beta'"):
        model.set_params(beta=1)


@pytest.mark.parametrize("fitted", [False, True], ids=["unfitted", "fitted"])
def test_it_prints_itself_with_what_differs_from_the_defaults(fitted, regression):
    model = ScratchMLPRegressor(**{**OBJECTS, "alpha": 0.25})
    if fitted:
        model.partial_fit(*regression)
    for text in (repr(model), estimator_html_repr(model)):
        assert "ScratchMLPRegressor" in text
        assert "alpha" in text
        assert "0.25" in text
        assert "Tanh()" in text
        assert "Adam(beta_1=0.8" in text
    assert "momentum" not in repr(model)


# --- options that are documented as inert ---

INERT = [
    ({"solver": "adam"}, {"momentum": 0.1}),
    ({"solver": "adam"}, {"nesterovs_momentum": False}),
    ({"solver": "adam"}, {"max_fun": 1}),
    ({"solver": "adam"}, {"power_t": 3.0}),
    ({"solver": "adam", "learning_rate": "adaptive"}, {"power_t": 3.0}),
    ({"solver": "adam"}, {"validation_fraction": 0.5}),
    ({"solver": Adam()}, {"beta_1": 0.1, "beta_2": 0.1, "epsilon": 1.0}),
    ({"solver": "adamw"}, {"momentum": 0.1}),
    ({"solver": "adamw"}, {"nesterovs_momentum": False}),
    ({"solver": "adamw"}, {"max_fun": 1}),
    ({"solver": AdamW()}, {"beta_1": 0.1, "beta_2": 0.1, "epsilon": 1.0}),
    ({"solver": "rmsprop"}, {"momentum": 0.1}),
    ({"solver": "rmsprop"}, {"nesterovs_momentum": False}),
    ({"solver": "rmsprop"}, {"beta_1": 0.1}),
    ({"solver": "rmsprop"}, {"beta_2": 0.1}),
    ({"solver": "rmsprop"}, {"max_fun": 1}),
    ({"solver": RMSprop()}, {"epsilon": 1.0}),
    ({"learning_rate": "cosine"}, {"power_t": 3.0}),
    ({"learning_rate": "one_cycle"}, {"power_t": 3.0}),
    ({"learning_rate": lambda epoch, n_epochs: 0.9**epoch}, {"power_t": 3.0}),
    ({"learning_rate": InverseScaling()}, {"power_t": 3.0}),
    ({"solver": "sgd"}, {"beta_1": 0.1}),
    ({"solver": "sgd"}, {"beta_2": 0.1}),
    ({"solver": "sgd"}, {"epsilon": 1.0}),
    ({"solver": "sgd"}, {"max_fun": 1}),
    ({"solver": "sgd"}, {"power_t": 3.0}),
    ({"solver": "sgd"}, {"validation_fraction": 0.5}),
    ({"solver": "sgd", "momentum": 0}, {"nesterovs_momentum": False}),
    ({"solver": SGD()}, {"momentum": 0.1, "nesterovs_momentum": False}),
    ({"solver": "lbfgs"}, {"batch_size": 1}),
    ({"solver": "lbfgs"}, {"batch_size": 1000}),
    ({"solver": "lbfgs"}, {"learning_rate": "adaptive"}),
    ({"solver": "lbfgs"}, {"learning_rate": "invscaling"}),
    ({"solver": "lbfgs"}, {"learning_rate": "cosine"}),
    ({"solver": "lbfgs"}, {"learning_rate": "one_cycle"}),
    ({"solver": "lbfgs"}, {"learning_rate": lambda epoch, n_epochs: 0.9**epoch}),
    ({"solver": "lbfgs"}, {"learning_rate_init": 100.0}),
    ({"solver": "lbfgs"}, {"power_t": 3.0}),
    ({"solver": "lbfgs"}, {"shuffle": False}),
    ({"solver": "lbfgs"}, {"momentum": 0.1}),
    ({"solver": "lbfgs"}, {"nesterovs_momentum": False}),
    ({"solver": "lbfgs"}, {"beta_1": 0.1}),
    ({"solver": "lbfgs"}, {"beta_2": 0.1}),
    ({"solver": "lbfgs"}, {"epsilon": 1.0}),
    ({"solver": "lbfgs", "max_iter": 200}, {"n_iter_no_change": 1}),
    ({"solver": "lbfgs"}, {"dropout": [0]}),
    ({"solver": "adam"}, {"dropout": [0]}),
    ({"solver": "lbfgs"}, {"validation_fraction": 0.5}),
]
ACTIVE = [  # the same options, where they are not inert: the test below can fail
    ({"solver": "sgd"}, {"momentum": 0.1}),
    ({"solver": "sgd"}, {"nesterovs_momentum": False}),
    ({"solver": "sgd", "learning_rate": "invscaling"}, {"power_t": 3.0}),
    ({"solver": "adam", "learning_rate": "invscaling"}, {"power_t": 3.0}),
    ({"solver": "adam"}, {"beta_1": 0.1}),
    ({"solver": "adam"}, {"beta_2": 0.1}),
    ({"solver": "adam"}, {"epsilon": 1.0}),
    ({"solver": "adam"}, {"batch_size": 1}),
    ({"solver": "adam"}, {"learning_rate_init": 100.0}),
    ({"solver": "adam"}, {"learning_rate": "invscaling"}),
    ({"solver": "adam"}, {"learning_rate": "cosine"}),
    ({"solver": "adam"}, {"learning_rate": "one_cycle"}),
    ({"solver": "adam"}, {"learning_rate": lambda epoch, n_epochs: 0.9**epoch}),
    ({"learning_rate": "cosine"}, {"learning_rate_init": 0.1}),
    ({"learning_rate": "one_cycle"}, {"learning_rate_init": 0.1}),
    ({"learning_rate": lambda epoch, n_epochs: 0.9**epoch}, {"learning_rate_init": 0.1}),
    ({"solver": "adamw"}, {"beta_1": 0.1}),
    ({"solver": "adamw"}, {"beta_2": 0.1}),
    ({"solver": "adamw"}, {"epsilon": 1.0}),
    ({"solver": "adamw"}, {"alpha": 10.0}),
    ({"solver": "adamw"}, {"solver": "adam"}),
    ({"solver": "rmsprop"}, {"epsilon": 1.0}),
    ({"solver": "sgd"}, {"max_grad_norm": 0.01}),
    ({"solver": "adam"}, {"max_grad_norm": 0.01}),
    ({"solver": "adamw"}, {"max_grad_norm": 0.01}),
    ({"solver": "rmsprop"}, {"max_grad_norm": 0.01}),
    ({"solver": "adam"}, {"shuffle": False}),
    ({"solver": "adam"}, {"dropout": 0.1}),
    ({"solver": "adam"}, {"embedding": "periodic"}),
    ({"solver": "lbfgs"}, {"embedding": "periodic"}),
    ({"solver": "adam", "tol": 10.0, "max_iter": 20}, {"n_iter_no_change": 1}),
    ({"solver": "lbfgs"}, {"max_fun": 1}),
    ({"solver": "lbfgs", "early_stopping": True}, {"validation_fraction": 0.5}),
    (
        {"solver": "lbfgs", "early_stopping": True, "max_iter": 60, "tol": 0.1},
        {"n_iter_no_change": 1},
    ),
]


def describe(case):
    text = ",".join(f"{name}={value}" for params in case for name, value in params.items())
    return re.sub(" at 0x[^>]*", "", text)


def fit_without_and_with(case, regression):
    """Return two fitted models, without and with the options in question."""
    params, options = case
    base = {"tol": 1e-3, "max_iter": 12, **params}
    return network(**base).fit(*regression), network(**{**base, **options}).fit(*regression)


@short
@pytest.mark.parametrize("case", INERT, ids=describe)
def test_an_inert_option_changes_no_bit(case, regression):
    without, with_options = fit_without_and_with(case, regression)
    assert_same_weights(without, with_options)
    assert without.loss_curve_ == with_options.loss_curve_


@short
@pytest.mark.parametrize("case", ACTIVE, ids=describe)
def test_the_same_option_elsewhere_does_something(case, regression):
    without, with_options = fit_without_and_with(case, regression)
    assert not np.array_equal(without.coefs_[0], with_options.coefs_[0])


# --- imports ---

# scikit-learn needs the last two
MAIN_PATH_NEEDS = {"numpy", "scipy", "sklearn", "joblib", "threadpoolctl"}


def imports(tree):
    """Yield (module, names) of the import statements in a syntax tree, relative ones dotted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield module, [alias.name for alias in node.names]


def without_functions(tree):
    """Return the syntax tree without function bodies: what runs when a module is imported."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [ast.Pass()]
    return tree


def forbidden(source):
    """Return the imports of private names of NumPy, SciPy or scikit-learn, and of their MLP."""
    found = []
    for module, names in imports(ast.parse(source)):
        for path in [module, *(f"{module}.{name}" for name in names)]:
            parts = path.split(".")
            private = any(part.startswith("_") for part in parts[1:])
            if parts[0] in MAIN_PATH_NEEDS and (private or parts[1:2] == ["neural_network"]):
                found.append(path)
    return found


def main_path():
    """Return the files of the package that are read when it is imported."""
    todo, seen = [PACKAGE / "__init__.py"], set()
    while todo:
        file = todo.pop()
        if file in seen or not file.exists():
            continue
        seen.add(file)
        for module, names in imports(without_functions(ast.parse(file.read_text("utf-8")))):
            if module.startswith("."):
                level = len(module) - len(module.lstrip("."))
                inside = [module.lstrip(".")] if module.strip(".") else names
                for path in (file.parents[level - 1] / name for name in inside):
                    todo += [path.with_suffix(".py"), path / "__init__.py"]
    return seen


def outside(source):
    """Return the packages that are imported at import time, beyond those the main path may use."""
    tree = without_functions(ast.parse(source))
    roots = {module.split(".")[0] for module, _ in imports(tree) if not module.startswith(".")}
    return roots - MAIN_PATH_NEEDS - sys.stdlib_module_names


@pytest.mark.slow
def test_no_file_of_the_package_imports_private_names_or_the_incumbent():
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 10
    made = ["sklearn.neural_network", "sklearn.neural_network.MLPRegressor"]  # by `to_sklearn`
    assert {file.name: forbidden(file.read_text("utf-8")) for file in files} == {
        file.name: made if file.name == "sklearn_export.py" else [] for file in files
    }
    assert PACKAGE / "estimators" / "sklearn_export.py" not in main_path()


@pytest.mark.slow
def test_the_main_path_imports_only_numpy_scipy_scikit_learn_and_the_standard_library():
    files = main_path()
    assert PACKAGE / "estimators" / "regressor.py" in files
    assert PACKAGE / "maths" / "network.py" in files
    assert {file.name: outside(file.read_text("utf-8")) for file in files} == {
        file.name: set() for file in files
    }


@pytest.mark.parametrize(
    "source",
    [
        "import numpy._core",
        "from sklearn.utils._param_validation import Interval",
        "from sklearn.base import _fit_context",
        "def f():\n    from scipy.optimize import _lbfgsb_py",
        "import sklearn.neural_network",
        "from sklearn import neural_network",
        "from sklearn.neural_network import MLPRegressor",
    ],
)
def test_the_search_for_private_imports_finds_them(source):
    assert forbidden(source)
    assert not forbidden("from __future__ import annotations\nfrom sklearn.base import clone")


def test_the_search_for_other_packages_finds_them():
    assert outside("import os, numpy as np\nif True:\n    import pandas.api") == {"pandas"}
    assert outside("def plot():\n    import matplotlib") == set()


@pytest.mark.slow
def test_importing_the_package_imports_nothing_that_it_can_do_without():
    script = """
import sys, sklearn  # which imports pandas by itself, where there is one
before = set(sys.modules)
import sknn_scratch
new = set(sys.modules) - before
needless = {"matplotlib", "onnx", "pandas", "polars", "pyarrow", "skl2onnx", "skops"}
print(sorted(new & (needless | {"sklearn.neural_network"})))
"""
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert run.stdout.strip() == "[]"
