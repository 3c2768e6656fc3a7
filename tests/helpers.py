"""What several test files use."""

import doctest
import importlib.util
import inspect
import itertools
import re
import warnings
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

from sknn_scratch import ELU, Bounded, LeakyReLU
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.engine.batches import Batch, Rows
from sknn_scratch.engine.program import Backward, Penalty, compiled
from sknn_scratch.maths.activations import Activation
from sknn_scratch.maths.network import Network
from sknn_scratch.tracing.buffers import aligned_copy
from sknn_scratch.training.state import TrainingState

DATA = Path(__file__).parent / "data"  # figures of other programs, and stored models


def public_in(module):
    """Return {name: object} of what a module hands to users."""
    return {
        name: value
        for name, value in vars(module).items()
        if not (name.startswith("_") or inspect.ismodule(value))
    }


def numerical_derivative(f, x, step=1e-5):
    """Return f'(x) elementwise, for an elementwise function, by central differences."""
    return (f(x + step) - f(x - step)) / (2 * step)


def numerical_gradient(f, x, step=1e-6):
    """Return the gradient of a scalar function of a vector, by central differences."""
    gradient = np.empty_like(x)
    for i in range(len(x)):
        shift = np.zeros_like(x)
        shift[i] = step
        gradient[i] = (f(x + shift) - f(x - shift)) / (2 * step)
    return gradient


def assert_is_gradient(gradient, f, x, rtol=1e-6):
    """Raise AssertionError unless ``gradient`` is that of f at x."""
    expected = numerical_gradient(f, x)
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=rtol * scale)


EVERY_ACTIVATION = [*ACTIVATIONS.values(), LeakyReLU(0.3), ELU(0.5), Bounded(-1, 2)]


class Sine(Activation):
    """An activation of one's own that needs z, not only a, for its derivative."""

    def __call__(self, z):
        return np.sin(z)

    def derivative(self, z, a):
        return np.cos(z)


class Steep(Activation):
    """tanh(slope * z): an activation of one's own, whose slope can be set, and is not printed."""

    def __init__(self, slope):
        self.slope = slope

    def __call__(self, z):
        return np.tanh(self.slope * z)

    def derivative(self, z, a):
        return self.slope * (1 - a**2)


class WrongSine(Sine):
    def derivative(self, z, a):
        return -np.cos(z)


def can_meet(loss, out):
    """Return False where the loss is defined for a > 0 only and the activation may give less."""
    return loss.out_activation != "exp" or out(np.linspace(-9, 9, 7)).min() > 0


# Every hidden activation with two outputs, and every output with every loss.
EVERY_NETWORK = [
    pytest.param(
        hidden, out, loss, fit_intercept, id=f"{hidden!r}-{out!r}-{loss!r}-{fit_intercept}"
    )
    for hidden, out, loss, fit_intercept in [
        *itertools.product(
            [*EVERY_ACTIVATION, Sine()],
            [ACTIVATIONS["identity"], ACTIVATIONS["logistic"]],
            [LOSSES["squared_error"]],
            [True, False],
        ),
        *itertools.product(
            [ACTIVATIONS["tanh"]], [*EVERY_ACTIVATION, Sine()], LOSSES.values(), [True, False]
        ),
    ]
    if can_meet(loss, out)
]


TANH_NETWORK = ACTIVATIONS["tanh"], ACTIVATIONS["identity"], LOSSES["squared_error"]


def make_network(hidden, out, loss, fit_intercept=True, sizes=(3, 5, 4, 2)):
    activations = (hidden,) * (len(sizes) - 2) + (out,)
    return Network(sizes, activations, loss, fit_intercept)


def make_problem(network, rng):
    """Return parameters and data at which no kink and no overflow is near."""
    params = rng.uniform(-0.7, 0.7, network.n_parameters)
    X = rng.normal(size=(7, network.sizes[0]))
    n_outputs = network.sizes[-1]
    targets = [n for n in range(1, n_outputs + 1) if network.loss.n_outputs(n) == n_outputs]
    return params, X, rng.uniform(0.1, 2, size=(7, targets[-1]))


def run_program(network, params, X, y, weight, alpha):
    """Return loss and gradient as the training loop computes them."""
    params, gradient = aligned_copy(params), np.full_like(params, np.nan)
    n = len(y) if weight is None else weight.sum()
    losses = np.zeros(2, params.dtype)
    ones = np.ones((len(X), 1), params.dtype)
    x = np.hstack([X, ones]) if network.fit_intercept else X
    program = Backward(network, params, gradient, len(y))
    calls = program.calls(Batch(x.T), y.T, weight, 1 / n, losses[0, ...])
    calls += Penalty(network, params, gradient).calls(alpha / n, losses[1, ...])
    for _ in range(2):  # the second run finds the buffers as the first has left them
        for call in compiled(calls):
            call()
    return losses.sum() / 2, gradient


def make_network_and_rows(rng, n=23, weighted=True, as_sparse=False):
    network = make_network(*TANH_NETWORK)
    params = rng.uniform(-0.7, 0.7, network.n_parameters)
    X, y = rng.normal(size=(n, 3)), rng.normal(size=(n, 2))
    weight = rng.uniform(0.5, 2, n) if weighted else None
    if weighted:
        weight /= weight.mean()
    data = sparse.csr_array(X) if as_sparse else X
    return network, params, X, y, weight, Rows(data, y, weight, None, np.float64, True)


def label(value):
    """Return how a test case is called: the same in every process, as pytest-xdist asks."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", str(value))


def make_state():
    return TrainingState(np.zeros(1), None, np.random.RandomState(0), solver=None, solver_state={})


def stop_settings(monitor=None, tol=0.1, n_iter_no_change=2, **others):
    """Return what settings of training say of when to stop."""
    return SimpleNamespace(monitor=monitor, tol=tol, n_iter_no_change=n_iter_no_change, **others)


def load_snippets():
    """Return docs/snippets.py, which runs the Python in a page."""
    path = Path(__file__).parents[1] / "docs" / "snippets.py"
    spec = importlib.util.spec_from_file_location("snippets", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same_text(expected, printed, tolerance=0):
    """Whether a page says what is printed, but for numbers that are off by a share of their size.

    If anything may be off, so may the last digit, by two.
    """
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    matches = partial(doctest.OutputChecker().check_output, optionflags=flags)
    if tolerance and not matches(expected, printed):
        number = re.compile(r"(?<![\w.])-?\d+\.?\d*")
        said, got = number.findall(expected), number.findall(printed)
        if len(said) != len(got):
            return False
        for one, other in zip(said, got):
            digit = 10.0 ** -len(one.partition(".")[2])
            if abs(float(one) - float(other)) > max(tolerance * abs(float(one)), 2 * digit):
                return False
        expected, printed = number.sub("0", expected), number.sub("0", printed)
    return matches(expected, printed)


def as_list(mark):
    """Return the parametrize mark with a list: pytest warns of the generator of old versions."""
    names, values = mark.args
    return pytest.mark.parametrize(names, list(values), **mark.kwargs)


def with_warnings(function, *args, **options):
    """Return what a function returns, and what it warned of, as (text, category)."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*args, **options)
    return result, [(str(warning.message), warning.category) for warning in caught]
