"""What must hold of every model, whatever its parameters, its data and its history.

Hypothesis draws parameters, data and a sequence of calls. The suite runs the same 200 cases every
time (`conftest.py`); for many more, and new ones, run ``python -m pytest tests/test_properties.py
--hypothesis-profile=long``. pytest turns warnings into errors, so that a warning of NumPy's fails
too.
"""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse, special
from sklearn.base import clone

from sknn_scratch import Activation, Bounded, LeakyReLU, Quantile, ScratchMLPRegressor, Solver
from sknn_scratch.components.initializers import INITIALIZERS
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES, SCHEDULES, SOLVERS
from sknn_scratch.engine import program as program_module
from sknn_scratch.engine.minibatch import Step
from sknn_scratch.tracing import formulas
from sknn_scratch.tracing.formulas import ActivationForm
from tests.bad_input import same

pytest.importorskip("hypothesis")
from hypothesis import assume, given
from hypothesis import strategies as st

# Said of parameters and data that do not go together well, which is what is drawn here.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*(in|from|of) the first batch:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*nearly the same in most rows:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*standard deviations from zero:UserWarning"),
    pytest.mark.filterwarnings("ignore:y cannot be standardised:UserWarning"),
    pytest.mark.filterwarnings("ignore:coefs_ and intercepts_ cannot hold:UserWarning"),
    pytest.mark.filterwarnings("ignore:scipy.optimize:DeprecationWarning"),  # an old scikit-learn
]

# --- parameters ---

# The outputs of losses that are not defined for every a, or refuse others.
OUTPUTS = {"poisson": ("exp", "softplus"), "gamma": ("exp", "softplus"), "gaussian": ("identity",)}
FREE = {
    "activation": st.sampled_from([*ACTIVATIONS, LeakyReLU(0.3)]),
    "alpha": st.sampled_from([0.0, 1e-4, 1.0, 100.0]),
    "batch_size": st.one_of(st.just("auto"), st.integers(1, 50)),
    "learning_rate": st.sampled_from([*SCHEDULES]),
    "learning_rate_init": st.sampled_from([1e-4, 1e-2, 0.3]),
    "power_t": st.sampled_from([0.0, 0.5, 2.0]),
    "max_iter": st.integers(1, 5),
    "shuffle": st.booleans(),
    "tol": st.sampled_from([0.0, 1e-4, 1.0]),
    "momentum": st.sampled_from([0.0, 0.9, 1.0]),
    "nesterovs_momentum": st.booleans(),
    "early_stopping": st.sampled_from([False, True, "loss"]),
    "validation_fraction": st.sampled_from([0.2, 0.5]),
    "beta_1": st.sampled_from([0.0, 0.9]),
    "beta_2": st.sampled_from([0.0, 0.999]),
    "n_iter_no_change": st.sampled_from([1, 10, np.inf]),
    "max_fun": st.sampled_from([1, 20]),
    "fit_intercept": st.booleans(),
    "init": st.sampled_from([*INITIALIZERS]),
    "standardize": st.sampled_from([True, True, False]),
    "n_init": st.integers(1, 2),
}
losses = st.sampled_from([*LOSSES, Quantile([0.1, 0.5, 0.9])])
solvers = st.sampled_from([*SOLVERS])


@st.composite
def models(draw):
    """Draw an estimator that is not fitted."""
    params = draw(st.fixed_dictionaries({"random_state": st.integers(0, 99)}, optional=FREE))
    params["hidden_layer_sizes"] = draw(st.lists(st.integers(1, 5), max_size=2))
    params["loss"], params["solver"] = draw(losses), draw(solvers)
    any_output = [*ACTIVATIONS, Bounded(-1, 1e6)]
    outputs = (
        OUTPUTS.get(params["loss"], any_output) if isinstance(params["loss"], str) else any_output
    )
    params["out_activation"] = draw(st.sampled_from(["auto", *outputs]))
    if params["solver"] != "lbfgs":
        params["max_grad_norm"] = draw(st.sampled_from([None, 1.0]))
        if params["hidden_layer_sizes"]:
            params["dropout"] = draw(st.sampled_from([0.0, 0.5]))
    return ScratchMLPRegressor(**params)


# --- data ---

COLUMNS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "constant": lambda rng, n: np.full(n, 0.1),
    "zero": lambda rng, n: np.zeros(n),
    "far": lambda rng, n: 1.76e9 + rng.normal(size=n),
    "far and constant": lambda rng, n: np.full(n, -1.8e18),
    "small": lambda rng, n: 1e-30 * rng.normal(size=n),
    "large": lambda rng, n: 1e30 * rng.normal(size=n),
    "whole": lambda rng, n: rng.integers(-3, 3, n).astype(float),
    "with an outlier": lambda rng, n: np.r_[1e6, rng.normal(size=n - 1)],
}
TARGETS = {
    "positive": lambda rng, X: np.exp(rng.normal(size=len(X))),
    "large": lambda rng, X: 1e5 * np.exp(rng.normal(size=len(X))),
    "constant": lambda rng, X: np.full(len(X), 3.0),
    "counts": lambda rng, X: 1.0 + rng.poisson(2, len(X)),
}
WEIGHTS = {
    "none": lambda rng, n: None,
    "equal": lambda rng, n: np.full(n, 0.3),
    "some zero": lambda rng, n: np.r_[1.0, 2.0, rng.integers(0, 3, n - 2)],
    "any": lambda rng, n: rng.uniform(0.5, 2, n),
}
KINDS = {
    "array": np.asarray,
    "Fortran's order": np.asfortranarray,
    "float32": lambda X: X.astype(np.float32),
    "frame": lambda X: pd.DataFrame(X, columns=[f"c{i}" for i in range(X.shape[1])]),
    "CSR": sparse.csr_array,
    "CSC": sparse.csc_matrix,
    "list": lambda X: X.tolist(),
}


@st.composite
def data_sets(draw, kinds=tuple(KINDS)):
    """Draw X, y, sample weights."""
    rng, n = np.random.default_rng(draw(st.integers(0, 1000))), draw(st.integers(12, 40))
    names = draw(st.lists(st.sampled_from([*COLUMNS]), min_size=1, max_size=4))
    X = np.column_stack([COLUMNS[name](rng, n) for name in names])
    y = TARGETS[draw(st.sampled_from([*TARGETS]))](rng, X)
    weight = WEIGHTS[draw(st.sampled_from([*WEIGHTS]))](rng, n)
    return KINDS[draw(st.sampled_from(kinds))](X), y, weight


# --- histories ---


def fit(model, data):
    return model.fit(*data)


def warm_fit(model, data):
    model.set_params(warm_start=True).fit(*data)
    return model.set_params(warm_start=False)


def partial_fit(model, data):
    return model.partial_fit(*data) if hasattr(model, "partial_fit") else warm_fit(model, data)


def store(model, data):
    return pickle.loads(pickle.dumps(model))


def deep_copy(model, data):
    return copy.deepcopy(model)


def copy_parameters(model, data):
    return fit(clone(model), data)


STEPS = fit, warm_fit, partial_fit, store, deep_copy, copy_parameters
histories = st.lists(st.sampled_from(STEPS), min_size=1, max_size=4)


# What may come up in the midst of training: held out rows may all have a weight of 0.
REFUSED = "diverged", "sample_weight is zero for all samples of the validation set"


def run(model, data, history):
    """Return the model after a history that starts with a fit, or None if a step is refused.

    Nothing of what a call that fails does may be left.
    """
    for step in (partial_fit, *history) if history[0] in (store, deep_copy) else history:
        before = copy.deepcopy(model)
        try:
            model = step(model, data)
        except ValueError as error:
            if not any(text in str(error) for text in REFUSED):
                raise
            assert same(vars(model.set_params(warm_start=before.warm_start)), vars(before))
            return None
    return model


def rows_of(X, rows):
    """Return some rows of X, of its own kind."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    return X.tocsr()[rows] if sparse.issparse(X) else X[rows]


def predict(model, X):
    """Return the prediction; AssertionError unless it is finite, or a warning says that it is not.

    An activation such as exp may give infinity for a row that was held out and lies far away.
    """
    with warnings.catch_warnings(record=True) as told:
        warnings.filterwarnings("always", "Some predictions are not finite", UserWarning)
        prediction = model.predict(X)
    assert bool(told) != np.isfinite(prediction).all()
    return prediction


# --- what must hold ---


@given(models(), data_sets(), histories)
def test_every_history_leaves_a_model_in_order(model, data, history):
    X, y, _ = data
    params = copy.deepcopy(model.get_params())
    model = run(model, data, history)
    assume(model is not None)
    assert same(model.get_params(), params)

    prediction = predict(model, X)
    n_outputs = 3 if isinstance(model.loss, Quantile) else 1
    assert prediction.shape == ((len(y),) if n_outputs == 1 else (len(y), 3))
    assert prediction.dtype == model.coefs_[0].dtype
    with np.errstate(invalid="ignore"):  # inf - inf
        assert n_outputs == 1 or not (np.diff(prediction, axis=1) < 0).any()
    assert_allclose(predict(model, rows_of(X, slice(3, 5))), prediction[3:5], rtol=1e-4)

    lengths = {len(model.loss_curve_)}
    for curve in (model.validation_scores_, model.validation_loss_curve_):
        lengths |= {len(curve)} if curve is not None else set()
    assert len(lengths) == 1 or model.solver == "lbfgs"  # it may converge without an iteration
    assert 0 <= model.n_iter_best_ <= len(model.loss_curve_)
    assert model.n_iter_ <= model.max_iter
    # Where training diverges, early stopping keeps the best parameters, and loss_ tells the last.
    assert np.isfinite(model.loss_) or model.early_stopping


@given(models(), data_sets(), histories)
def test_a_stored_model_goes_on_as_the_model_does(model, data, history):
    model = run(model, data, history)
    assume(model is not None)
    twin = store(model, data)
    assert same(vars(twin), vars(model))
    assert_array_equal(predict(twin, data[0]), predict(model, data[0]))
    one, other = (run(each, data, [partial_fit]) for each in (model, twin))
    assert (one is None) == (other is None)
    if one is not None:
        assert same(vars(one), vars(other))


@given(models(), data_sets())
def test_the_same_fit_gives_the_same_bits(model, data):
    first = run(clone(model), data, [fit])
    assume(first is not None)
    again = run(first, data, [fit])
    assert same(vars(again), vars(run(clone(model), data, [fit])))


@given(
    models(),
    data_sets(kinds=["array", "CSR"]),
    st.integers(-40, 40),
    st.integers(-40, 40),
    st.integers(-40, 40),
)
def test_units_and_the_unit_of_the_weights_do_not_matter(model, data, of_x, of_y, of_weight):
    """A power of two changes no rounding, so nothing but the exponent may differ."""
    X, y, weight = data
    model.set_params(standardize=True, out_activation="auto", alpha=0.0)
    assume(model.loss not in ("poisson", "gamma", "gaussian") or model.fit_intercept)
    dense = X.toarray() if sparse.issparse(X) else X
    assume((np.ptp(dense, axis=0) > 0).all() or sparse.issparse(X))
    assume(np.ptp(y) > 0)
    first = run(clone(model), data, [fit])
    assume(first is not None)
    scaled = None if weight is None else weight * 2.0**of_weight
    other = clone(model).fit(X * 2.0**of_x, y * 2.0**of_y, scaled)
    assert_allclose(other.loss_curve_, first.loss_curve_, rtol=1e-9)
    unit = 2.0**of_y
    assert_allclose(
        predict(other, X * 2.0**of_x) / unit, predict(first, X), rtol=1e-6, atol=1e-6 * np.std(y)
    )


# --- formulas and rules of one's own ---

UNARY = {
    "sin": np.sin,
    "tanh": np.tanh,
    "square": lambda x: x**2,
    "negative": lambda x: -x,
    "ndtr": special.ndtr,
    "expit": special.expit,
    "plus": lambda x: +x,
    "mask": lambda x: (x > 0.1) * x,
    "bools": lambda x: 1 - (x > 0.1),
    "single": lambda x: x.astype(np.float32),
    "clip": lambda x: np.clip(x, -0.5, 1),
}
BINARY = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "maximum": np.maximum,
    "greater": lambda x, y: (x > y) + 0.5 * x,
}
IN_PLACE = {"copy": None, "shift": np.add, "times": np.multiply}
operations = st.lists(
    st.tuples(
        st.sampled_from([*UNARY, *BINARY, *IN_PLACE, *["constant"] * 4, "per unit"]),
        st.integers(0, 20),
        st.integers(0, 20),
    ),
    min_size=6,
    max_size=15,
)


def computed(program, *arrays):
    """Return what a program makes of arrays: a list of (operation, operand, operand)."""
    known, changing = list(arrays), np.full((1, 1), 0.5)
    for name, i, j in program:
        x, y = known[i % len(known)], known[j % len(known)]
        if name in UNARY:
            known.append(UNARY[name](x))
        elif name in BINARY:
            known.append(BINARY[name](x, y))
        elif name == "constant":  # changed in place, so that each use has another
            changing /= 1.5 + i / 10
            known.append(changing * x)
        elif name == "per unit":
            known.append(np.linspace(-1, 1, x.shape[1]).astype(np.float32) * x)
        elif i % len(known) >= len(arrays) and x.dtype == y.dtype != bool:  # an array of its own
            if name == "copy":
                x[...] = y
            else:
                IN_PLACE[name](x, y, out=x)
    return known[-1] + known[-2] + known[-3]


class Programmed(Activation):
    def __init__(self, program, slope):
        self.program, self.slope = program, slope

    def __call__(self, z):
        return computed(self.program, z)

    def derivative(self, z, a):
        return computed(self.slope, z, a)


class OverUnits(Programmed):
    """Has also what cannot be traced, and depends on the other units."""

    def __call__(self, z):
        return np.where(z > z.max(axis=1, keepdims=True) - 1, super().__call__(z), z)


@given(
    st.sampled_from([Programmed, Programmed, OverUnits]),
    operations,
    operations,
    st.sampled_from([np.float32, np.float64]),
    st.integers(1, 70),
)
@np.errstate(all="ignore")
def test_the_calls_of_a_random_formula_compute_what_numpy_does(cls, program, slope, dtype, n_rows):
    f, rng = cls(program, slope), np.random.default_rng(n_rows)
    z, delta = (rng.normal(size=(n_rows, 5)).astype(dtype) for _ in range(2))
    a = f(z.copy()).astype(dtype)
    product = (delta * f.derivative(z.copy(), a.copy()).astype(dtype)).astype(dtype)
    try:
        plan = ActivationForm(z.shape, z.dtype, False, "delta").plan(f)
    except (TypeError, AttributeError):
        plan = None  # nothing to compare but the formula with itself
    arrays = [np.empty(x.shape[::-1], dtype).T for x in (a, z, delta)]
    [layer_calls] = formulas.activations([(f, *(x.T for x in arrays))])
    for calls in (layer_calls, plan and plan.calls(arrays)):
        if calls:
            arrays[1][...] = z
            for function, *arguments in calls[0]:
                function(*arguments)
            assert_allclose(arrays[0], a, rtol=1e-6 if dtype == np.float32 else 1e-13)
            arrays[2][...] = delta
            for function, *arguments in calls[1]:
                function(*arguments)
            scale = np.abs(product[np.isfinite(product)]).max(initial=1)
            tolerance = (1e-5 if dtype == np.float32 else 1e-12) * scale
            assert_allclose(arrays[2], product, rtol=1e-5, atol=tolerance)


class ProgrammedRule(Solver, elementwise=True):
    def __init__(self, program):
        self.program = [each for each in program if each[0] != "per unit"]

    def init(self, params):
        return {"old": params.copy(), "mean": np.zeros_like(params), "t": 0}

    def update(self, params, gradient, state, learning_rate):
        state["t"] += 1
        arrays = (x[:, np.newaxis] for x in (params, gradient, state["old"], state["mean"]))
        step = computed(self.program, *arrays)[:, 0]
        state["mean"][...] = state["old"]
        state["old"][...] = params
        params += learning_rate / state["t"] * step


@given(operations, st.sampled_from([np.float32, np.float64]), st.integers(11, 40))
@np.errstate(all="ignore")
def test_a_random_rule_makes_the_same_steps_in_blocks(program, dtype, size):
    rule, rng = ProgrammedRule(program), np.random.default_rng(size)
    start, gradients = rng.normal(size=size).astype(dtype), rng.normal(size=(3, size)).astype(dtype)
    results = []
    for long in (10**6, 10):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(program_module, "LONG", long)
            patch.setattr(program_module, "BLOCK", 8)
            params, gradient, state = start.copy(), np.empty(size, dtype), rule.init(start)
            step = Step(rule, params, gradient, state)
            step.learning_rate = 0.1
            for each in gradients:
                gradient[...] = each
                step.take()
        results.append((params, state))
    (whole, state), (in_blocks, its_state) = results
    tolerance = 1e-5 if dtype == np.float32 else 1e-12  # vector units round ends otherwise
    assert_allclose(in_blocks, whole, rtol=tolerance, atol=tolerance)
    assert its_state["t"] == state["t"] == 3
    for key in ("old", "mean"):
        assert_allclose(its_state[key], state[key], rtol=tolerance, atol=tolerance)
