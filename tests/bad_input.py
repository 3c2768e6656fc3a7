"""Bad parameters and bad data, by name, for the tests of every method that takes them."""

import copy
import types

import numpy as np
import pytest
from numpy.random import RandomState
from scipy import sparse

from sknn_scratch.components.embeddings import Periodic
from sknn_scratch.components.more_losses import Quantile
from sknn_scratch.components.schedules import Constant
from sknn_scratch.maths.activations import Tanh
from sknn_scratch.maths.losses import SquaredError
from sknn_scratch.maths.solvers import Adam

RNG = np.random.default_rng(0)

X = RNG.normal(size=(24, 3))

Y = X @ [1.0, -1.0, 0.5] + 0.1 * RNG.normal(size=24)

HUGE = np.finfo(np.float64).max * 0.9  # differences of two are infinite


def same(a, b):
    """Return whether two values are equal bit for bit, attributes and random states included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        if a.dtype == object:
            return same(a.tolist(), b.tolist())
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, RandomState):
        return same(a.get_state(), b.get_state())
    if isinstance(a, np.random.Generator):
        return a.bit_generator.state == b.bit_generator.state
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (type, types.FunctionType)):
        return a is b
    if hasattr(a, "__dict__"):
        return same(vars(a), vars(b))
    return a == b or (a != a and b != b)


def assert_refused(error, match, model, method, *data):
    """Raise AssertionError unless a call raises, and leaves the model exactly as it was."""
    before = copy.deepcopy(model)
    with pytest.raises(error, match=match):
        getattr(model, method)(*data)
    assert same(vars(model), vars(before))
    assert hasattr(model, "coefs_") == hasattr(before, "coefs_")


NO_NUMBERS = ["1", None, True, np.True_, 1j, [0.1], np.nan]

NO_BOOLEANS = [0, 1.0, "True", None, np.nan, np.array([True, False])]

NO_NAMES = ["nonsense", "", None, 1, True, np.nan, ["relu"]]


BAD_PARAMETERS = {
    "hidden_layer_sizes": [
        *(0, -1, 5.0, np.nan, np.inf, None, True, "5", (5, 0), [5, -1], (5.0,), (np.nan,)),
        *(("5",), (True,), (5, None), ((5, 5),), np.array([5.0]), np.ones((2, 2), int)),
        iter((5,)),
    ],
    "activation": [
        *(*NO_NAMES[:-1], "softmax", Tanh, SquaredError(), np.tanh, [], ["relu", "tanh"], [None]),
        *(["softmax"], [Tanh], [["relu"]], {"relu"}, np.array([["relu"]]), np.array([1])),
    ],
    "out_activation": [*NO_NAMES, "softmax", Tanh, SquaredError()],
    "loss": [*NO_NAMES, "log_loss", SquaredError, Quantile, 0.9, Tanh()],
    "solver": [*NO_NAMES, "newton", Adam, Tanh()],
    "learning_rate": [
        *(*NO_NAMES, 0.1, Constant, Tanh(), Quantile(), np.tanh, lambda: 1.0, lambda epoch: 1.0),
        *(lambda epoch, n_epochs: -1.0, lambda epoch, n_epochs: np.nan),
        *(lambda epoch, n_epochs: None, lambda epoch, n_epochs: "1"),
    ],
    "alpha": [*NO_NUMBERS, -1e-9, np.inf],
    "batch_size": [*NO_NUMBERS, 0, -5, 10.0, np.inf, "full"],
    "learning_rate_init": [*NO_NUMBERS, 0, -0.1, np.inf],
    "power_t": [*NO_NUMBERS, -0.1, np.inf],
    "max_iter": [*NO_NUMBERS, 0, -1, 10.0, np.inf],
    "shuffle": NO_BOOLEANS,
    "random_state": [
        *("0", True, np.True_, 1.5, np.nan, np.inf, -1, 2**32, [0.5]),
        np.random.default_rng(0),
    ],
    "tol": [*NO_NUMBERS, -1e-9, np.inf],
    "verbose": ["yes", None, -1, 1.5, np.nan, np.inf],
    "warm_start": NO_BOOLEANS,
    "momentum": [*NO_NUMBERS, -0.1, 1.1, np.inf],
    "nesterovs_momentum": NO_BOOLEANS,
    "early_stopping": NO_BOOLEANS,
    "validation_fraction": [*NO_NUMBERS, -0.1, 1, 1.5, np.inf, [[1], [1, 2]], b"abc"],
    "beta_1": [*NO_NUMBERS, -0.1, 1.0, np.inf],
    "beta_2": [*NO_NUMBERS, -0.1, 1.0, np.inf],
    "epsilon": [*NO_NUMBERS, 0, -1e-8, np.inf],
    "n_iter_no_change": [*NO_NUMBERS, 0, -1, 5.0, -np.inf, "inf"],
    "max_fun": [*NO_NUMBERS, 0, -1, 10.0, np.inf],
    "fit_intercept": NO_BOOLEANS,
    "init": ["nonsense", "", None, 1, True, np.nan, {"a": 1}, Quantile, Quantile()],
    "standardize": NO_BOOLEANS,
    "scoring": ["nonsense", "", 1, True, ["r2"]],
    "n_init": [0, -1, 1.0, "1", None, True, np.nan],
    "max_grad_norm": [
        *(value for value in NO_NUMBERS if value is not None),
        0,
        -1,
        np.inf,
    ],
    "missing_targets": [*NO_NAMES, "raise"],
    "embedding": [*(value for value in NO_NAMES if value is not None), "softmax", Periodic, Tanh()],
    "dropout": [
        *("0.5", None, True, np.True_, 1j, np.nan, np.inf, -0.1, 1, 1.5, {0: 0.5}, {0.5}),
        *(["0.5"], [None], [True], [np.nan], [-0.1], [1.0], [[0.5]], [0.5, 0.5], (), [0.5, [0]]),
        *(np.array("0.5"), np.full((1, 1), 0.5), np.array([1j]), iter((0.5,))),
    ],
}


def with_value(array, value):
    """Return a copy of an array with one value changed."""
    array = np.array(array, dtype=np.result_type(array, np.asarray(value)))
    array.flat[5] = value
    return array


def with_object(array, value):
    """Return a copy of an array, as objects, with one value changed."""
    array = array.astype(object)
    array.flat[5] = value
    return array


ONES = np.ones(24)


BAD_DATA = {  # arguments of fit, error, what its message says
    "X None": ((None, Y), r"X must be of shape \(n_samples, n_features\), got None"),
    "X 1-D": ((X[:, 0], Y), "X: Expected 2D array, got 1D"),
    "X 3-D": ((X[np.newaxis], Y), "X: .*dim 3"),
    "X a number": ((1.0, Y), "X: Expected 2D array, got scalar"),
    "X without rows": ((X[:0], Y[:0]), r"X: .*0 sample\(s\)"),
    "X without columns": ((X[:, :0], Y), r"X: .*0 feature\(s\)"),
    "X masked": ((np.ma.masked_greater(X, 1), Y), r"X must not be masked, got \d+ masked values"),
    "X dates": ((np.full((24, 3), "2020", "M8[D]"), Y), r"X must be numbers, got datetime64\[D\]"),
    "X spans": ((np.full((24, 3), 1, "m8[s]"), Y), r"X must be numbers, got timedelta64\[s\]"),
    "X with NaN": ((with_value(X, np.nan), Y), "Input X contains NaN"),
    "X with infinity": ((with_value(X, np.inf), Y), "Input X contains infinity"),
    "X sparse with NaN": ((sparse.csr_matrix(with_value(X, np.nan)), Y), "Input X contains NaN"),
    "X complex": ((X + 1j, Y), "X must be real numbers: Complex data not supported.$"),
    "X strings": ((np.full((24, 3), "a"), Y), "column 0 of X must be real.*could not convert"),
    "X objects": ((with_object(X, "a"), Y), "column 2 of X must be real.*could not convert"),
    "X a string": (("abc", Y), "X: could not convert"),
    "X huge": ((np.sign(X) * HUGE, Y), "large values.*diverged|too large to be standardised"),
    "y None": ((X, None), "requires y to be passed"),
    "y a number": ((X, 1.0), r"y should be a 1d array.*\(\)"),
    "y empty": ((X, []), r"y should be a 1d array.*\(0,\)"),
    "y 3-D": ((X, Y[:, None, None]), r"y should be a 1d array.*\(24, 1, 1\)"),
    "y too short": ((X, Y[:-1]), "X has 24, y has 23"),
    "y too long": ((X, np.r_[Y, 0]), "X has 24, y has 25"),
    "y as a row": ((X, Y[np.newaxis]), "X has 24, y has 1"),
    "y with NaN": ((X, with_value(Y, np.nan)), "Input y contains NaN"),
    "y with infinity": ((X, with_value(Y, np.inf)), "Input y contains infinity"),
    "y with -infinity": ((X, with_value(Y, -np.inf)), "Input y contains infinity"),
    "y strings": ((X, ["a"] * 24), "y must be real numbers"),
    "y bytes": ((X, [b"1"] * 24), "y must be real numbers"),
    "y dates": ((X, np.full(24, "2020-01-01", "M8[D]")), "y must be real numbers"),
    "y objects": ((X, np.full(24, {}, object)), "y must be real numbers"),
    "y string objects": ((X, np.full(24, "a", object)), "y must be real numbers"),
    "y of None": ((X, np.full(24, None, object)), "y contains NaN"),
    "y ragged": ((X, [[1.0, 2.0], *([1.0],) * 23]), r"\by\b"),
    "y complex": ((X, Y + 1j), "y must be real numbers.*complex128"),
    "y masked": ((X, np.ma.masked_greater(Y, 1)), r"y must not be masked, got \d+ masked"),
    "y sparse": ((X, sparse.csr_matrix(Y[:, np.newaxis])), "y must be a dense array"),
    "y huge": ((X, np.sign(Y) * HUGE), "large values.*diverged|too large to be standardised"),
    "weight negative": ((X, Y, with_value(ONES, -1)), "sample_weight must be >= 0.*-1"),
    "weight all zero": ((X, Y, 0 * ONES), "sample_weight must not be zero"),
    "weight with NaN": ((X, Y, with_value(ONES, np.nan)), "sample_weight contains NaN"),
    "weight with infinity": ((X, Y, with_value(ONES, np.inf)), "sample_weight contains inf"),
    "weight too short": ((X, Y, ONES[:-1]), r"sample_weight must have shape \(24,\).*\(23,\)"),
    "weight too long": ((X, Y, np.ones(25)), r"sample_weight must have shape \(24,\).*\(25,\)"),
    "weight 2-D": ((X, Y, ONES[:, None]), r"sample_weight must have shape \(24,\).*\(24, 1\)"),
    "weight empty": ((X, Y, []), "sample_weight"),
    "weight a negative number": ((X, Y, -1.0), "sample_weight must be >= 0"),
    "weight huge": ((X, Y, HUGE * ONES), "sample_weight"),
    "weight strings": ((X, Y, ["a"] * 24), "sample_weight"),
    "weight a string": ((X, Y, "balanced"), "sample_weight"),
    "weight masked": ((X, Y, np.ma.masked_array(ONES, Y > 1)), "sample_weight must not be masked"),
    "weight complex": ((X, Y, ONES + 1j), "sample_weight"),
    "weight sparse": ((X, Y, sparse.csr_matrix(ONES)), "sample_weight"),
}


# Huge X or y end in a warning then, and in the best weights: see the end of this file.
NOT_HUGE = {name: case for name, case in BAD_DATA.items() if name not in ("X huge", "y huge")}
