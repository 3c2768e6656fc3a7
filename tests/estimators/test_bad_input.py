"""What must not be: bad parameters, bad data, divergence, Ctrl-C. And that it leaves no trace."""

import copy
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.random import RandomState
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.components.more_losses import Quantile
from sknn_scratch.components.registries import SOLVERS
from sknn_scratch.components.schedules import Schedule
from sknn_scratch.maths.activations import Activation, Tanh
from sknn_scratch.maths.losses import Loss
from tests.bad_input import (
    BAD_DATA,
    BAD_PARAMETERS,
    HUGE,
    NO_BOOLEANS,
    NOT_HUGE,
    X,
    Y,
    assert_refused,
    same,
    with_value,
)

SMALL = {"hidden_layer_sizes": (4,), "batch_size": 10, "max_iter": 3, "random_state": 0}
EARLY = {"early_stopping": True, "validation_fraction": 0.25}
REFUSED = (TypeError, ValueError)


def network(**params):
    return ScratchMLPRegressor(**{**SMALL, **params})


def trained(model, X=X, y=Y, sample_weight=None):
    """Fit a model that is not meant to converge, and return it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y, sample_weight)


def assert_goes_on_like(model, twin):
    """Raise AssertionError unless two models are trained further to the same bit."""
    for each in (model, twin):
        if hasattr(each, "partial_fit"):
            each.partial_fit(X, Y)
        else:
            trained(each.set_params(warm_start=True))
    assert same(vars(model), vars(twin))


def test_the_comparison_of_models_sees_small_differences():
    model = network(random_state=RandomState(0), dropout=0.5).partial_fit(X, Y)
    assert same(vars(model), vars(copy.deepcopy(model)))
    for change in (
        lambda twin: twin.partial_fit(X, Y),
        lambda twin: twin.random_state.uniform(),
        lambda twin: twin._state.dropout_generator.uniform(),
        lambda twin: twin.loss_curve_.append(1.0),
        lambda twin: np.nextafter(twin._params, 9, out=twin._params),
        lambda twin: setattr(twin, "n_features_in_", 4),
        lambda twin: setattr(twin, "feature_names_in_", np.array(["a"], object)),
        lambda twin: delattr(twin, "loss_"),
    ):
        twin = copy.deepcopy(model)
        change(twin)
        assert not same(vars(model), vars(twin))


# --- constructor parameters ---


BOOLEANS = [name for name, values in BAD_PARAMETERS.items() if values is NO_BOOLEANS]


def bad_parameters():
    """Return a pytest.param(name, value) for each bad value in the table."""
    return [
        pytest.param(name, value, id=f"{name}={re.sub(' at 0x.*', '', repr(value))}")
        for name, values in BAD_PARAMETERS.items()
        for value in values
    ]


bad_parameter = pytest.mark.parametrize(("name", "value"), bad_parameters())


def test_every_constructor_parameter_is_in_the_table():
    assert set(BAD_PARAMETERS) == set(ScratchMLPRegressor().get_params())


@bad_parameter
def test_a_bad_parameter_is_named_and_leaves_a_model_as_it_was(name, value):
    new = network(**{name: value})
    with pytest.raises(REFUSED, match=rf"\b{name}\b"):
        new.fit(X, Y)
    assert vars(new).keys() == vars(network()).keys()  # nothing that fit makes
    assert getattr(new, name) is value
    model = network(random_state=RandomState(0)).partial_fit(X, Y)
    good, before = getattr(model, name), copy.deepcopy(model)
    model.set_params(**{name: value})
    for method in ("fit",) if name == "solver" else ("fit", "partial_fit"):
        with pytest.raises(REFUSED, match=rf"\b{name}\b"):
            getattr(model, method)(X, Y)
    model.set_params(**{name: good})
    assert same(vars(model), vars(before))
    assert_goes_on_like(model, before)


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"activation": "sigmoid"}, "got 'sigmoid'. It is called 'logistic' here."),
        ({"activation": ["swish"]}, r"activation\[0\].* It is called 'silu' here."),
        ({"out_activation": "linear"}, "It is called 'identity' here."),
        ({"loss": "MSE"}, "It is called 'squared_error' here."),
        ({"loss": "mean_absolute_error"}, "It is called 'absolute_error' here."),
        ({"solver": "L-BFGS"}, "It is called 'lbfgs' here."),
        ({"activation": "Relu"}, r"Did you mean 'relu'\?"),
        ({"loss": "hubber"}, r"Did you mean 'huber'\?"),
        ({"learning_rate": "one cycle"}, r"Did you mean 'one_cycle'\?"),
        ({"solver": "sigmoid"}, "got 'sigmoid'.$"),  # no solver's name
    ],
    ids=str,
)
def test_names_of_other_libraries_and_slips_are_recognised(params, match):
    with pytest.raises(ValueError, match=match):
        network(**params).fit(X, Y)


INTEGERS = "max_iter", "batch_size", "n_iter_no_change", "max_fun", "verbose"
EDGES = [
    *({"hidden_layer_sizes": sizes} for sizes in (5, np.int64(5), [5, 2], np.array([5]), ())),
    *({name: 0} for name in ("alpha", "power_t", "tol", "beta_1", "beta_2", "momentum")),
    *({name: np.float32(0.5)} for name in ("alpha", "learning_rate_init", "tol", "momentum")),
    {"learning_rate": lambda epoch, n_epochs: 0},
    {"learning_rate": lambda epoch, n_epochs: np.float32(0.5)},
    *({name: np.int64(1)} for name in INTEGERS),
    *({name: np.bool_(value)} for name in BOOLEANS for value in (False, True)),
    *({"random_state": seed} for seed in (None, 0, np.int64(3), RandomState(0), 2**32 - 1)),
    {"momentum": 1},
    *({"activation": value} for value in (["relu"], ("relu",), np.array(["relu"]), [Tanh()])),
    {"hidden_layer_sizes": (), "activation": []},
    {"n_iter_no_change": np.inf},
    {"n_iter_no_change": np.float64(np.inf)},
    {"validation_fraction": 0},
    {"verbose": np.True_},
    *({"dropout": rate} for rate in (0, [0], np.zeros(1), np.float32(0))),
    {"batch_size": np.int8(3)},
]


@pytest.mark.parametrize("params", EDGES, ids=lambda params: re.sub(" at 0x.*", "", repr(params)))
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_the_edges_of_the_ranges_and_numpy_numbers_are_allowed(params, solver):
    model = trained(network(**params, solver=solver))
    assert np.isfinite(model.predict(X)).all()
    assert len(model.loss_curve_) == model.n_iter_ > 0


# --- the initial weights ---


def arrays(*shapes):
    return [np.full(shape, 0.1) for shape in shapes]


BAD_INITS = {
    "weights of a wrong shape": (arrays((3, 4), (1, 4)), {}, r"layer 1.*\(4, 1\).*\(1, 4\)"),
    "intercepts of a wrong shape": (arrays((3, 4), (4, 1), (4,), (2,)), {}, r"layer 1.*\(1,\)"),
    "intercepts as a column": (arrays((3, 4), (4, 1), (4, 1), (1,)), {}, r"layer 0.*\(4,\)"),
    "too few": (arrays((3, 4)), {}, "2 weight matrices.*got 1"),
    "too many": (arrays((3, 4), (4, 1), (4,), (1,), (1,)), {}, "got 5"),
    "intercepts missing": (arrays((3, 4), (4, 1), (4,)), {}, "got 3"),
    "none": ([], {}, "got 0"),
    "NaN": ([np.full((3, 4), np.nan), *arrays((4, 1))], {}, "layer 0.*finite"),
    "infinite": ([*arrays((3, 4)), np.full((4, 1), np.inf)], {}, "layer 1.*finite"),
    "strings": ([np.full((3, 4), "a"), *arrays((4, 1))], {}, "layer 0.*numbers"),
    "complex": ([np.full((3, 4), 1j), *arrays((4, 1))], {}, "layer 0"),
    "ragged": ([[[1, 2], [3]], *arrays((4, 1))], {}, "layer 0.*numbers"),
    "a number": (np.array(0.1), {}, "init"),
    "one array": (np.ones((3, 4)), {}, "got 3"),
    "intercepts without fit_intercept": (
        *(arrays((3, 4), (4, 1), (4,), (1,)), {"fit_intercept": False}),
        "intercepts, but fit_intercept=False",
    ),
    "function of a wrong shape": (
        lambda shape, rng: np.ones(shape[::-1]),
        {},
        r"\(3, 4\).*\(4, 3\)",
    ),
    "function of wrong intercepts": (
        *(lambda shape, rng: (np.ones(shape), np.ones(shape)), {}),
        r"intercepts of layer 0.*\(4,\)",
    ),
    "function of NaN": (lambda shape, rng: np.full(shape, np.nan), {}, "layer 0.*finite"),
    "function of nothing": (lambda shape, rng: None, {}, "layer 0"),
    "function of three": (lambda shape, rng: (np.ones(shape), 0, 0), {}, "init"),
    "function of intercepts without fit_intercept": (
        *(lambda shape, rng: (np.ones(shape), np.ones(shape[1])), {"fit_intercept": False}),
        "intercepts, but fit_intercept=False",
    ),
}


@pytest.mark.parametrize(("init", "params", "match"), BAD_INITS.values(), ids=BAD_INITS)
@pytest.mark.parametrize("fitted", [False, True], ids=["unfitted", "fitted"])
def test_bad_initial_weights_are_refused(init, params, match, fitted):
    model = network(**params)
    if fitted:
        model.partial_fit(X, Y)
    model.set_params(init=init)
    assert_refused((TypeError, ValueError), f"(?=.*init).*{match}", model, "fit", X, Y)


def test_initial_weights_too_large_for_float32_are_refused():
    model = network(init=[np.full((3, 4), 1e300), np.ones((4, 1))])
    assert_refused(ValueError, "init.*layer 0", model, "fit", X.astype(np.float32), Y)


# --- data ---


bad_data = pytest.mark.parametrize(("data", "match"), BAD_DATA.values(), ids=BAD_DATA)

FITTED = {
    "sgd": lambda: network(solver="sgd").partial_fit(X, Y).partial_fit(X, Y),
    "adam": lambda: trained(network(random_state=RandomState(0))),
    "warm": lambda: trained(network(random_state=None, warm_start=True)),
    "dropout": lambda: trained(network(dropout=0.5, warm_start=True)),
    "lbfgs": lambda: trained(network(solver="lbfgs")),
    "warm lbfgs": lambda: trained(network(solver="lbfgs", warm_start=True)),
}
CALLS = [
    pytest.param(make, method, id=f"{name}-{method}")
    for name, make in FITTED.items()
    for method in ("fit", "partial_fit")
    if not (method == "partial_fit" and "lbfgs" in name)
]
ways_to_train = pytest.mark.parametrize(("make", "method"), CALLS)


@bad_data
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_bad_data_leave_a_model_unfitted(data, match, solver):
    model = network(solver=solver)
    assert_refused(REFUSED, match, model, "fit", *data)
    assert vars(model).keys() == vars(network()).keys()


@pytest.mark.filterwarnings("ignore:.* standard deviations from the mean of the first batch")
@bad_data
@ways_to_train
def test_bad_data_leave_a_fitted_model_as_it_was(data, match, make, method):
    model = make()
    twin = copy.deepcopy(model)
    assert_refused(REFUSED, match, model, method, *data)
    np.testing.assert_array_equal(model.predict(X), twin.predict(X))
    assert_goes_on_like(model, twin)


@pytest.mark.parametrize(("data", "match"), NOT_HUGE.values(), ids=NOT_HUGE)
def test_bad_data_are_refused_under_early_stopping_too(data, match):
    model = network(**EARLY)
    assert_refused(REFUSED, match, model, "fit", *data)
    model.partial_fit(X, Y)
    assert_refused(REFUSED, match, model, "partial_fit", *data)


NOT_POSITIVE = {"negative": with_value(np.abs(Y), -1.0), "all negative": -np.abs(Y) - 1}
OUT_OF_DOMAIN = [
    *(("poisson", "numbers >= 0 for Poisson", y) for y in NOT_POSITIVE.values()),
    *(("gamma", "numbers > 0 for Gamma", y) for y in NOT_POSITIVE.values()),
    ("gamma", "numbers > 0 for Gamma", with_value(np.abs(Y), 0.0)),
]


@pytest.mark.parametrize(("loss", "domain", "y"), OUT_OF_DOMAIN)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_loss_refuses_targets_outside_its_domain(loss, domain, y, method):
    match = rf"y must be {domain}.*got a minimum of {re.escape(str(y.min()))}"
    model = network(loss=loss)
    assert_refused(ValueError, match, model, method, X, y)
    model.partial_fit(X, np.abs(Y))
    assert_refused(ValueError, match, model, method, X, y)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_targets_too_large_for_float32_are_refused_where_x_is_float32(method):
    model, X32 = network(), X.astype(np.float32)
    match = r"y contains infinity or a value too large for dtype\('float32'\)"
    assert_refused(ValueError, match, model, method, X32, with_value(Y, 1e39))
    model.partial_fit(X32, Y)
    assert_refused(ValueError, match, model, method, X32, with_value(Y, 1e39))
    assert_refused(ValueError, match, model, "partial_fit", X, with_value(Y, 1e39))


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_several_quantiles_are_refused_for_several_targets(method):
    match = r"y must be one target for Quantile\(quantile=\(0.1, 0.9\)\), got 2 columns"
    model = network(loss=Quantile([0.1, 0.9]))
    assert_refused(ValueError, match, model, method, X, np.c_[Y, Y])
    model.partial_fit(X, Y)
    assert_refused(ValueError, match, model, method, X, np.c_[Y, Y])
    with pytest.raises(ValueError, match="different number of output"):
        model.score(X, np.c_[Y, Y])


# Good data, but not for a model that goes on training.
OTHER_SHAPES = {
    "narrower X": ((X[:, :2], Y), "X has 2 features, but ScratchMLPRegressor is expecting 3"),
    "wider X": ((np.c_[X, X], Y), "X has 6 features, but ScratchMLPRegressor is expecting 3"),
    "narrower sparse X": ((sparse.csr_matrix(X[:, :2]), Y), "X has 2 features"),
    "two outputs": ((X, np.c_[Y, Y]), r"must stay the same.*\(3, 4, 1\).*\(3, 4, 2\)"),
}


@pytest.mark.parametrize(("data", "match"), OTHER_SHAPES.values(), ids=OTHER_SHAPES)
@pytest.mark.parametrize(
    ("name", "method"), [("sgd", "partial_fit"), ("warm", "fit"), ("warm lbfgs", "fit")]
)
def test_training_does_not_go_on_with_other_shapes(data, match, name, method):
    model = FITTED[name]()
    twin = copy.deepcopy(model)
    assert_refused(ValueError, match, model, method, *data)
    assert_goes_on_like(model, twin)
    trained(model.set_params(warm_start=False), *data)  # a new fit takes them
    assert model.n_features_in_ == data[0].shape[1]


@pytest.mark.parametrize(
    "params",
    [{"hidden_layer_sizes": (5,)}, {"hidden_layer_sizes": (4, 4)}, {"fit_intercept": False}],
    ids=repr,
)
@pytest.mark.parametrize(("name", "method"), [("sgd", "partial_fit"), ("warm", "fit")])
def test_training_does_not_go_on_with_another_network(params, name, method):
    model = FITTED[name]().set_params(**params)
    assert_refused(ValueError, "the network must stay the same", model, method, X, Y)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_failed_call_keeps_the_names_of_the_columns(method):
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = network().partial_fit(frame, Y)
    bad = frame if method == "partial_fit" else frame.rename(columns={"a": "z"})[["z", "b"]]
    assert_refused(ValueError, "y contains NaN", model, method, bad, with_value(Y, np.nan))
    assert list(model.feature_names_in_) == ["a", "b", "c"]
    assert model.n_features_in_ == 3
    assert model.predict(frame).shape == (24,)


BAD_ROWS = {
    "None": (None, "X must be of shape"),
    "1-D": (X[0], "Expected 2D array, got 1D"),
    "3-D": (X[np.newaxis], "dim 3"),
    "too narrow": (X[:, :2], "X has 2 features, but ScratchMLPRegressor is expecting 3"),
    "too wide": (np.c_[X, X], "X has 6 features, but ScratchMLPRegressor is expecting 3"),
    "empty": (X[:0], r"0 sample\(s\)"),
    "NaN": (with_value(X, np.nan), "Input X contains NaN"),
    "infinite": (with_value(X, np.inf), "Input X contains infinity"),
    "sparse NaN": (sparse.csc_matrix(with_value(X, np.nan)), "Input X contains NaN"),
    "complex": (X + 1j, "Complex data not supported"),
    "strings": (np.full((24, 3), "a"), "column 0 of X must be real numbers"),
    "objects": (np.full((24, 3), "a", object), "could not convert string"),
}


@pytest.mark.parametrize(("rows", "match"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_predict_refuses_bad_rows(rows, match):
    model = network().partial_fit(X, Y)
    assert_refused(ValueError, match, model, "predict", rows)
    assert_refused(ValueError, match, model, "score", rows, Y)
    assert_refused(ValueError, match, model, "transform", rows)
    assert_refused(ValueError, match, model, "input_gradient", rows)


# --- batches and validation rows ---


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(("params", "n_rows"), [({}, 24), (EARLY, 18)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_too_large_a_batch_size_is_warned_of_and_clipped(method, params, n_rows):
    params = {**params, "tol": 1e9, "n_iter_no_change": 1}
    model = network(batch_size=n_rows + 1, **params)
    with pytest.warns(
        UserWarning, match=f"`batch_size`={n_rows + 1}, larger than the {n_rows} "
    ) as w:
        getattr(model, method)(X, Y)
    assert {warning.filename for warning in w} == {__file__}
    clipped = network(batch_size=n_rows, **params)
    getattr(clipped, method)(X, Y)
    np.testing.assert_array_equal(model.predict(X), clipped.predict(X))


TOO_FEW = {
    "one row to validate on": (0.1, 10),
    "no row to validate on": (0, 24),
    "no row to train on": (0.99, 10),
    "one row": (0.5, 1),
    "two rows": (0.5, 2),
}


@pytest.mark.parametrize(("fraction", "n_rows"), TOO_FEW.values(), ids=TOO_FEW)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_too_few_rows_to_train_or_validate_on_are_refused(fraction, n_rows, solver):
    model = network(solver=solver, early_stopping=True, validation_fraction=fraction, batch_size=1)
    few = X[:n_rows], Y[:n_rows]
    assert_refused(ValueError, "validation_fraction", model, "fit", *few)
    trained(model.set_params(early_stopping=False))
    model.set_params(early_stopping=True)
    assert_refused(ValueError, "validation_fraction", model, "fit", *few)


@pytest.mark.parametrize("part", ["training", "validation"])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_weights_that_are_zero_on_one_side_of_the_split_are_refused(part, method):
    model = network(**EARLY, init=arrays((3, 4), (4, 1)))  # so that the split is the first draw
    rows = train_test_split(np.arange(24), test_size=0.25, random_state=model.random_state)
    weight = np.ones(24)
    weight[rows[part == "validation"]] = 0
    match = f"sample_weight is zero for all samples of the {part} set"
    assert_refused(ValueError, match, model, method, X, Y, weight)
    model.partial_fit(X, Y)
    assert_refused(ValueError, match, model, "fit", X, Y, weight)


# --- Ctrl-C ---


class Interruptible(Activation):
    """tanh, and Ctrl-C when its derivative is asked for once more than ``calls`` times."""

    def __init__(self, calls=np.inf):
        self.calls = calls

    def __call__(self, z):
        return np.tanh(z)

    def derivative(self, z, a):
        self.calls -= 1
        if self.calls < 0:
            raise KeyboardInterrupt
        return 1 - a * a


class InterruptibleRate(Schedule):
    """A constant learning rate, and Ctrl-C before the epoch after ``epochs``."""

    def __init__(self, epochs):
        self.epochs = epochs

    def __call__(self, learning_rate_init, progress):
        self.epochs -= 1
        if self.epochs < 0:
            raise KeyboardInterrupt
        return learning_rate_init


class InterruptibleLoss(Loss):
    """The squared error, and Ctrl-C in the middle of a step."""

    def __init__(self, calls):
        self.calls = calls

    def __call__(self, y, a):
        return 0.5 * (a - y) ** 2

    def gradient(self, y, a):
        self.calls -= 1
        if self.calls < 0:
            raise KeyboardInterrupt
        return a - y


class Explosive(Schedule):
    """A constant learning rate for some epochs, and far too large a one afterwards."""

    def __init__(self, epochs):
        self.epochs = epochs

    def __call__(self, learning_rate_init, progress):
        return learning_rate_init if progress.t < self.epochs * 18 else TOO_FAST


# Steps in an epoch: three of 10, 10 and 4 rows, or two of 10 and 8 under early stopping.
INTERRUPTS = {  # in epoch 3, for the stochastic solvers
    "activation": lambda steps: {"activation": Interruptible(2 * steps + 1)},
    "schedule": lambda steps: {"learning_rate": InterruptibleRate(2)},
    "loss": lambda steps: {"loss": InterruptibleLoss(2 * steps + 1)},
}


@pytest.mark.parametrize(
    ("solver", "interrupt"),
    [
        pytest.param(solver, interrupt, id=f"{solver}-{name}")
        for solver in ("sgd", "adam", "lbfgs")
        for name, interrupt in INTERRUPTS.items()
        if not (solver == "lbfgs" and name == "schedule")
    ],
)
@pytest.mark.parametrize("early_stopping", [False, True], ids=["", "early_stopping"])
def test_ctrl_c_ends_training_cleanly(solver, early_stopping, interrupt):
    # L-BFGS begins with the loss of the best constant
    params = interrupt(6 if solver == "lbfgs" else 2 if early_stopping else 3)
    params = {**params, **(EARLY if early_stopping else {}), "solver": solver, "max_iter": 50}
    model = network(**params)
    with pytest.warns(UserWarning, match="interrupted") as caught:
        assert model.fit(X, Y) is model
    assert [warning.filename for warning in caught] == [__file__]
    assert np.isfinite(model.predict(X)).all()
    assert model.n_iter_ == len(model.loss_curve_) < 50
    assert model.n_iter_ == 2 if solver != "lbfgs" else model.n_iter_ > 0
    assert model.loss_ == model.loss_curve_[-1]
    if early_stopping:
        assert len(model.validation_scores_) == model.n_iter_
        assert model.best_validation_score_ == max(model.validation_scores_)
    else:
        assert model.best_loss_ == min(model.loss_curve_)


@pytest.mark.parametrize("early_stopping", [False, True], ids=["", "early_stopping"])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_ctrl_c_in_the_first_step_leaves_the_initial_weights(solver, early_stopping):
    params = {**EARLY, "early_stopping": early_stopping, "solver": solver}
    initial = arrays((3, 4), (4, 1), (4,), (1,))
    # its derivative is tried once before training
    model = network(activation=Interruptible(1), init=initial, standardize=False, **params)
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(X, Y)
    assert same([*model.coefs_, *model.intercepts_], initial)
    assert (model.n_iter_, model.loss_curve_) == (0, [])
    model.activation.calls = np.inf
    trained(model)
    assert model.n_iter_ == 3


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_after_ctrl_c_early_stopping_keeps_the_best_weights(solver):
    y = RandomState(3).normal(size=24)  # noise, so that training soon makes the score worse
    params = {**EARLY, "solver": solver, "learning_rate_init": 0.1, "max_iter": 50}
    model = network(activation=Interruptible(15), **params)
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(X, y)
    best = int(np.argmax(model.validation_scores_)) + 1
    assert best < model.n_iter_
    params["max_iter"] = best
    reference = trained(network(activation=Interruptible(), **params), X, y)
    np.testing.assert_array_equal(model.predict(X), reference.predict(X))


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_after_ctrl_c_training_can_go_on(solver):
    model = network(solver=solver, activation=Interruptible(7), warm_start=True)
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(X, Y)
    model.activation.calls = np.inf
    model.partial_fit(X, Y)
    assert (model.n_iter_, len(model.loss_curve_)) == (1, 3)
    trained(model)
    assert (model.n_iter_, len(model.loss_curve_)) == (3, 6)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("dropout", [0, 0.5])
@pytest.mark.parametrize("seed", [0, RandomState(0)], ids=["int", "RandomState"])
def test_ctrl_c_in_partial_fit_is_raised_and_leaves_no_trace(solver, dropout, seed):
    params = {"random_state": copy.deepcopy(seed), "dropout": dropout, "solver": solver, **EARLY}
    model = network(activation=Interruptible(), **params)
    for _ in range(3):
        twin = copy.deepcopy(model)
        model.activation.calls = 1  # in the second step of the epoch
        with pytest.raises(KeyboardInterrupt):
            model.partial_fit(X, Y)
        model.activation.calls = np.inf
        assert same(vars(model), vars(twin))
        assert_goes_on_like(model, twin)


def test_ctrl_c_before_training_leaves_no_trace():
    def interrupted(shape, random_state):
        random_state.uniform()
        raise KeyboardInterrupt

    model = network().set_params(init=interrupted)
    assert_refused(KeyboardInterrupt, None, model, "fit", X, Y)
    model.set_params(init="auto").partial_fit(X, Y).set_params(init=interrupted)
    assert_refused(KeyboardInterrupt, None, model, "fit", X, Y)


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_a_warning_that_is_an_error_leaves_no_trace(solver):
    model = network(solver=solver)  # pytest turns warnings into errors
    assert_refused(ConvergenceWarning, "converge", model, "fit", X, Y)
    trained(model)
    twin = copy.deepcopy(model)
    assert_refused(ConvergenceWarning, "converge", model, "fit", X, Y)
    assert_goes_on_like(model, twin)


# --- divergence ---

TOO_FAST = 1e200
STOCHASTIC = [name for name, solver in SOLVERS.items() if solver.stochastic]


@pytest.mark.parametrize("solver", STOCHASTIC)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_divergence_is_an_error_that_says_so(solver, method):
    match = "non-finite.*diverged: the loss became .* in epoch 1.*learning_rate_init"
    model = network(solver=solver, learning_rate_init=TOO_FAST, dropout=0.1)
    assert_refused(ValueError, match, model, method, X, Y)
    model.set_params(learning_rate_init=1e-3).partial_fit(X, Y)
    twin = copy.deepcopy(model)
    model.set_params(learning_rate_init=TOO_FAST)
    assert_refused(ValueError, match, model, method, X, Y)
    assert_goes_on_like(model.set_params(learning_rate_init=1e-3), twin)


@pytest.mark.parametrize("fitted", [False, True], ids=["unfitted", "fitted"])
def test_a_failed_fit_gives_back_what_it_drew_from_a_random_state(fitted):
    model = network()
    if fitted:
        model.partial_fit(X, Y)
    model.set_params(learning_rate_init=TOO_FAST, random_state=RandomState(1))
    assert_refused(ValueError, "diverged", model, "fit", X, Y)


@pytest.mark.parametrize("solver", STOCHASTIC)
def test_divergence_under_early_stopping_keeps_the_best_weights_and_warns(solver):
    initial = arrays((3, 4), (4, 1), (4,), (1,))
    model = network(**EARLY, solver=solver, learning_rate_init=TOO_FAST, init=initial)
    with pytest.warns(ConvergenceWarning, match="diverged.*best validation score") as caught:
        model.fit(X, Y)
    assert [warning.filename for warning in caught] == [__file__]
    for array, given in zip([*model.coefs_, *model.intercepts_], initial, strict=True):
        np.testing.assert_allclose(array, given, rtol=1e-12)  # every epoch made it worse
    assert np.isfinite(model.predict(X)).all()
    assert model.n_iter_ == len(model.loss_curve_) == len(model.validation_scores_) == 1
    assert not np.isfinite(model.loss_)


def test_a_late_divergence_under_early_stopping_keeps_what_was_learnt():
    params = {**EARLY, "solver": "sgd", "activation": "identity", "max_iter": 500}
    model = network(**params, learning_rate=Explosive(5), learning_rate_init=0.05)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        model.fit(X, Y)
    assert model.n_iter_ > 5
    reference = trained(network(**{**params, "max_iter": 5}, learning_rate_init=0.05))
    assert reference.best_validation_score_ > 0
    assert same(model.best_validation_score_, reference.best_validation_score_)
    np.testing.assert_array_equal(model.predict(X), reference.predict(X))


@pytest.mark.parametrize("data", [(np.sign(X) * HUGE, Y), (X, np.sign(Y) * HUGE)], ids=["X", "y"])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_huge_values_under_early_stopping_give_one_warning(data, solver):
    model = network(**EARLY, solver=solver, standardize=False)
    with pytest.warns(ConvergenceWarning, match="diverged") as caught:
        model.fit(*data)
    assert len(caught) == 1
    assert all(np.isfinite(array).all() for array in [*model.coefs_, *model.intercepts_])
    assert np.isfinite(model.predict(X)).all()
