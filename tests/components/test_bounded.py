import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sknn_scratch import Bounded, ScratchMLPRegressor
from sknn_scratch.components.registries import SOLVERS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_it_is_a_stretched_logistic():
    z = np.linspace(-5, 5, 11)
    middle, half = 3.0, 2.0
    assert_allclose(Bounded(1, 5)(z), middle + half * np.tanh(z / 2), rtol=1e-14)
    assert_allclose(Bounded(1, 5)(np.array([-1e4, 0, 1e4])), [1, 3, 5], rtol=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_leaves_the_interval_by_no_rounding(dtype, rng):
    z = np.concatenate([rng.normal(scale=10, size=500), [-1e4, 1e4]]).astype(dtype)
    for low, high in np.sort(
        rng.uniform(-1, 1, size=(300, 2)) * 10 ** rng.uniform(-3, 3, (300, 1))
    ):
        a = Bounded(low, high)(z)
        assert a.dtype == dtype
        assert dtype(low) <= a.min()
        assert a.max() <= dtype(high)


def test_the_derivative_keeps_its_digits_where_the_interval_is_far_from_0():
    z = np.linspace(-8, 8, 9, dtype=np.float32)
    near, far = Bounded(0, 1), Bounded(1000, 1001)
    assert_allclose(far.derivative(z, far(z)), near.derivative(z, near(z)), rtol=1e-6)


@pytest.mark.parametrize("early_stopping", [False, True], ids=["", "early_stopping"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_predictions_stay_between_the_bounds(solver, early_stopping, regression):
    X, y = regression
    settings = {"solver": solver, "early_stopping": early_stopping, "max_iter": 60}
    settings |= {"random_state": 0, "learning_rate_init": 0.01}
    free, model = (
        ScratchMLPRegressor((8,), out_activation=f, **settings).fit(X, y)
        for f in ("identity", Bounded(-0.5, 0.75))
    )
    for factor in (1, 1000):
        inside, outside = model.predict(factor * X), free.predict(factor * X)
        assert -0.5 <= inside.min() < inside.max() <= 0.75
    assert outside.max() > 0.75 or outside.min() < -0.5
    assert model.out_activation_ == Bounded(-0.5, 0.75)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("where", ["activation", "out_activation"])
def test_from_0_to_1_it_is_the_logistic(where, solver, regression):
    X, y = regression
    settings = {"solver": solver, "max_iter": 20, "tol": 1e-9, "random_state": 0}
    bounded, logistic = (
        ScratchMLPRegressor((8,), **{where: f}, **settings).fit(X, y)
        for f in (Bounded(0, 1), "logistic")
    )
    assert_allclose(bounded.loss_curve_, logistic.loss_curve_, rtol=1e-6)
    assert_allclose(bounded.predict(X), logistic.predict(X), rtol=1e-5)


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_a_bounded_target_is_learned(solver, rng):
    X = rng.normal(size=(200, 2))
    y = 50 + 40 * np.tanh(X[:, 0])
    settings = {"solver": solver, "learning_rate_init": 0.0005, "max_iter": 500, "random_state": 0}
    model = ScratchMLPRegressor((10,), out_activation=Bounded(0, 100), **settings).fit(X, y)
    assert model.score(X, y) > 0.9


@pytest.mark.parametrize(
    ("bounds", "error", "match"),
    [
        ((1, 1), ValueError, "low < high and a finite high - low, got 1.0 and 1.0"),
        ((2, 1), ValueError, "low < high"),
        ((-1e308, 1e308), ValueError, "finite high - low"),
        ((np.nan, 1), ValueError, "low of Bounded must be a number in \\(-inf, inf\\), got nan"),
        ((0, np.inf), ValueError, "high of Bounded must be a number in \\(-inf, inf\\), got inf"),
        ((None, 1), TypeError, "low of Bounded must be a number in \\(-inf, inf\\), got None"),
        ((0, "1"), TypeError, "high of Bounded must be a number in \\(-inf, inf\\), got '1'"),
    ],
)
def test_wrong_bounds_are_named(bounds, error, match):
    with pytest.raises(error, match=match):
        Bounded(*bounds)


def test_it_is_compared_by_its_bounds_and_cannot_be_changed():
    assert Bounded(0, 1) == Bounded(0.0, np.float32(1)) != Bounded(0, 2)
    with pytest.raises(AttributeError):
        Bounded(0, 1).low = -1


@pytest.mark.parametrize(
    "duplicate", [clone, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_a_model_with_bounds_is_cloned_copied_and_pickled(duplicate, regression):
    X, y = regression
    model = ScratchMLPRegressor((5,), out_activation=Bounded(-1, 1), max_iter=20, random_state=0)
    twin = duplicate(model.fit(X, y))
    assert twin.out_activation == Bounded(-1, 1)
    assert_array_equal(twin.fit(X, y).predict(X), model.predict(X))
