import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import mean_poisson_deviance, mean_squared_error

from sknn_scratch import ScratchMLPRegressor, fast
from sknn_scratch.losses import Loss, SquaredError
from sknn_scratch.registries import ACTIVATIONS, LOSSES
from tests.calculus import numerical_derivative

every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=repr)


class WrongSquaredError(SquaredError):
    def gradient(self, y, a):
        return 2 * (a - y)


class LogCosh(Loss):
    """A loss of one's own."""

    def __call__(self, y, a):
        return np.log(np.cosh(a - y))

    def gradient(self, y, a):
        return np.tanh(a - y)


def targets_and_predictions(loss):
    """Return a grid of targets in the loss's domain, and predictions that its link can make."""
    y, z = np.meshgrid([-2.0, 0.0, 0.5, 3.0], [-1.5, -0.2, 0.1, 1.0])
    inside = loss.in_domain(y)
    return y[inside], ACTIVATIONS[loss.out_activation](z[inside])


def assert_gradient_is_right(loss):
    y, a = targets_and_predictions(loss)
    assert_allclose(loss.gradient(y, a), numerical_derivative(lambda a: loss(y, a), a), rtol=1e-6)


@every_loss
def test_the_gradient_agrees_with_finite_differences(loss):
    assert_gradient_is_right(loss)


def test_a_wrong_gradient_fails_the_finite_difference_check():
    with pytest.raises(AssertionError):
        assert_gradient_is_right(WrongSquaredError())


@every_loss
def test_the_loss_is_zero_at_the_target_and_positive_elsewhere(loss):
    y, a = targets_and_predictions(loss)
    possible = y > 0 if loss.canonical == "exp" else np.isfinite(y)
    assert_allclose(loss(y[possible], y[possible]), 0, atol=1e-15)
    assert (loss(y, a)[y != a] > 0).all()


@every_loss
def test_with_the_canonical_link_the_derivative_in_z_is_the_error(loss):
    y, a = targets_and_predictions(loss)
    link = ACTIVATIONS[loss.canonical]
    z = np.log(a) if loss.canonical == "exp" else a
    assert_allclose(numerical_derivative(lambda z: loss(y, link(z)), z), a - y, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "metric"),
    [("squared_error", mean_squared_error), ("poisson", mean_poisson_deviance)],
)
def test_the_mean_loss_is_half_of_scikit_learns_metric(name, metric):
    y, a = np.array([0.0, 1.0, 4.0]), np.array([0.5, 1.0, 2.5])
    assert_allclose(LOSSES[name](y, a).mean(), metric(y, a) / 2)


def test_poisson_takes_targets_from_zero_up():
    y = np.array([-1.0, 0.0, 2.0, np.inf, np.nan])
    assert LOSSES["poisson"].in_domain(y).tolist() == [False, True, True, False, False]
    assert LOSSES["squared_error"].in_domain(y).tolist() == [True, True, True, False, False]


def test_a_loss_of_ones_own_trains_a_network_by_every_solver(regression):
    X, y = regression
    for solver in ("lbfgs", "adam", "sgd"):
        model = ScratchMLPRegressor(
            (20,), loss=LogCosh(), solver=solver, learning_rate_init=0.02, tol=1e-3, random_state=0
        )
        assert model.fit(X, y).score(X, y) > 0.8


def test_the_long_way_and_the_canonical_shortcut_agree(regression):
    class LongSquaredError(Loss):
        rescaling = "standard"

        def __call__(self, y, a):
            return (a - y) ** 2 / 2

        def gradient(self, y, a):
            return a - y

    X, y = regression
    settings = {"max_iter": 50, "tol": 1e-2, "learning_rate_init": 0.01, "random_state": 0}
    short, long = (
        ScratchMLPRegressor((8,), loss=loss, **settings).fit(X, y, sample_weight=1 + X[:, 0] ** 2)
        for loss in ("squared_error", LongSquaredError())
    )
    assert_allclose(long.loss_curve_, short.loss_curve_, rtol=1e-12)
    assert_allclose(long.predict(X), short.predict(X), rtol=1e-10)


def test_the_training_loop_knows_where_the_gradient_is_the_error():
    for loss in LOSSES.values():
        y, a = targets_and_predictions(loss)
        assert fast.gradient_is_error(loss) == np.allclose(loss.gradient(y, a), a - y)


def test_a_subclass_with_another_gradient_is_trained_by_that_gradient(regression):
    class Doubled(SquaredError):
        rescaling = "standard"

        def gradient(self, y, a):
            return 2 * (a - y)

    X, y = regression
    plain = {"solver": "sgd", "momentum": 0, "alpha": 0, "max_iter": 1, "random_state": 0}
    doubled = ScratchMLPRegressor((5,), loss=Doubled(), learning_rate_init=0.01, **plain)
    faster = ScratchMLPRegressor((5,), learning_rate_init=0.02, **plain)
    with pytest.warns(ConvergenceWarning):
        assert_allclose(doubled.fit(X, y).predict(X), faster.fit(X, y).predict(X), rtol=1e-12)


def test_poisson_has_no_loss_where_target_and_prediction_are_zero():
    loss = LOSSES["poisson"]
    assert_allclose(loss(np.zeros(2), np.array([0.0, 3.0])), [0, 3])
