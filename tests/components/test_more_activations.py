"""Rectifiers, beside PyTorch's figures and what is known of them.

``data/activations_torch.json`` is written by ``python -m benchmarks.reference_activations``.
(What holds of every activation, derivatives above all, is tested in ``test_activations``.)
"""

import copy
import json
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn.model_selection import GridSearchCV

import sknn_scratch
from sknn_scratch import (
    ELU,
    GELU,
    SELU,
    Bounded,
    Exp,
    LeakyReLU,
    Mish,
    ScratchMLPRegressor,
    SiLU,
    Softplus,
)
from sknn_scratch.components import more_activations
from sknn_scratch.components.registries import ACTIVATIONS, SOLVERS, name_of
from sknn_scratch.maths.activations import Activation
from tests.helpers import DATA

SHORT = {"tol": 10, "n_iter_no_change": 1, "random_state": 0}
TORCH = json.loads((DATA / "activations_torch.json").read_text())
EVERY_RECTIFIER = [LeakyReLU(), ELU(), SELU(), Softplus(), SiLU(), GELU(), Mish()]
every_rectifier = pytest.mark.parametrize("f", EVERY_RECTIFIER, ids=repr)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "row", TORCH["functions"], ids=lambda row: f"{row['component']}-{row['params']}"
)
def test_values_and_derivatives_are_pytorchs(row, dtype):
    f = getattr(sknn_scratch, row["component"])(**row["params"])
    z = np.array(TORCH["z"], dtype)  # the kink at 0 among them
    a = f(z)
    tolerance = 10 * np.finfo(dtype).eps
    assert_allclose(a, row["a"], rtol=tolerance, atol=tolerance)
    assert_allclose(f.derivative(z, a), row["derivative"], rtol=tolerance, atol=tolerance)


WITHOUT = set()  # classes that PyTorch does not have: each has a test of its own


def test_pytorchs_figures_cover_every_rectifier_and_its_kink():
    components = {
        name
        for name, component in vars(more_activations).items()
        if type(component) is type(Activation)  # Python 3.10 takes ndarray[...] for a class
        and issubclass(component, Activation)
        and component not in (Activation, Bounded, Exp)
    }
    assert {row["component"] for row in TORCH["functions"]} == components - WITHOUT
    assert {type(f).__name__ for f in EVERY_RECTIFIER} == components
    assert 0 in TORCH["z"]


def test_the_smooth_ones_are_what_their_names_say():
    z = np.linspace(-5, 5, 41)
    assert_allclose(GELU()(z), z * norm.cdf(z), rtol=1e-12)
    assert_allclose(Softplus()(z), np.log(1 + np.exp(z)), rtol=1e-12)
    assert_allclose(SiLU()(z), z / (1 + np.exp(-z)), rtol=1e-12)
    assert_allclose(Mish()(z), z * np.tanh(np.log(1 + np.exp(z))), rtol=1e-12)


def test_selu_keeps_mean_0_and_variance_1():
    nodes, weights = np.polynomial.legendre.leggauss(100)
    z = np.concatenate([6 * (nodes - 1), 6 * (nodes + 1)])  # from -12 to 12, the kink at an end
    density = np.tile(6 * weights, 2) * norm.pdf(z)
    a = SELU()(z)
    assert_allclose(density @ a, 0, atol=1e-13)
    assert_allclose(density @ a**2, 1, rtol=1e-13)


def test_the_constants_of_the_leaky_ones_are_parameters():
    z = np.array([-2.0, 3.0])
    assert_allclose(LeakyReLU(0.5)(z), [-1, 3])
    assert_allclose(ELU(2.0)(z), [2 * np.exp(-2) - 2, 3])
    assert_array_equal(LeakyReLU(0)(z), ACTIVATIONS["relu"](z))
    assert_array_equal(LeakyReLU(1)(z), z)


@pytest.mark.parametrize("slope", [-0.01, 1.01, np.nan, np.inf])
def test_a_slope_lies_between_0_and_1(slope):
    with pytest.raises(ValueError, match=r"slope of LeakyReLU must be a number in \[0, 1\], got"):
        LeakyReLU(slope)


@pytest.mark.parametrize("alpha", [0, -1, np.nan, np.inf])
def test_the_alpha_of_elu_is_positive(alpha):
    with pytest.raises(ValueError, match=r"alpha of ELU must be a number in \(0, inf\), got"):
        ELU(alpha=alpha)


@every_rectifier
def test_it_has_a_name_and_can_be_copied_and_pickled(f):
    assert type(ACTIVATIONS[f.name]) is type(f)
    assert name_of(f, ACTIVATIONS) == f.name
    for twin in (copy.deepcopy(f), pickle.loads(pickle.dumps(f))):
        assert repr(twin) == repr(f)
        assert_array_equal(twin(np.arange(-3.0, 3.0)), f(np.arange(-3.0, 3.0)))


def test_other_parameters_make_another_activation():
    assert LeakyReLU(0.2) == LeakyReLU(0.2) != LeakyReLU()
    assert repr(LeakyReLU(0.2)) == "LeakyReLU(slope=0.2)"
    assert name_of(LeakyReLU(0.2), ACTIVATIONS) == LeakyReLU(0.2)
    with pytest.raises(AttributeError):
        LeakyReLU().slope = 0.3


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("f", [LeakyReLU(np.float64(0.1)), ELU(np.float64(0.7)), GELU()], ids=repr)
def test_float32_stays_float32_through_a_fit(f, regression):
    X, y = (array.astype(np.float32) for array in regression)
    model = ScratchMLPRegressor((5,), activation=f, **SHORT).fit(X, y)
    assert model.predict(X).dtype == model.coefs_[0].dtype == np.float32


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("out", ["softplus", "exp"])
def test_a_positive_output_stays_positive(out, solver, regression):
    X, y = regression
    settings = {"solver": solver, "max_iter": 60, "random_state": 0}
    free, model = (
        ScratchMLPRegressor((8,), out_activation=f, **settings).fit(X, y) for f in ("auto", out)
    )
    assert free.predict(3 * X).min() < 0 < model.predict(3 * X).min()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_slope_is_found_by_a_grid_search(regression):
    X, y = regression
    grid = {"activation": [LeakyReLU(slope) for slope in (0.01, 0.1, 0.5)]}
    model = ScratchMLPRegressor((5,), **SHORT)
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    assert search.best_params_["activation"] in grid["activation"]
    assert len(set(search.cv_results_["mean_test_score"])) == 3
