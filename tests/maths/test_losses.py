import copy
import dataclasses
import pickle
from fractions import Fraction

import numpy as np
import pytest
import scipy.special
import scipy.stats
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import (
    mean_absolute_error,
    mean_gamma_deviance,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
    r2_score,
)

from sknn_scratch import Gamma, Huber, LogCosh, Loss, Quantile, ScratchMLPRegressor
from sknn_scratch.components.more_losses import AbsoluteError, Poisson
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.maths.losses import SquaredError
from sknn_scratch.maths.network import Network, backprop
from sknn_scratch.tracing import formulas
from tests.helpers import assert_is_gradient, label, numerical_derivative, run_program

THREE = Quantile([0.1, 0.5, 0.9])
# Of one target and one prediction; of likelihoods see tests/components/test_more_losses.py.
OF_PREDICTIONS = {name: loss for name, loss in LOSSES.items() if loss.std is None}
EVERY_LOSS = [*OF_PREDICTIONS.values(), Huber(0.3), Quantile(0.9)]
every_loss = pytest.mark.parametrize("loss", EVERY_LOSS, ids=repr)
canonical_loss = pytest.mark.parametrize(
    "loss", [loss for loss in EVERY_LOSS if loss.canonical], ids=repr
)


class WrongSquaredError(SquaredError):
    rescaling = "standard"

    def gradient(self, y, a):
        return 2 * (a - y)


class UpsideDown(Quantile):
    """The slopes of the pinball loss on the wrong sides."""

    def gradient(self, y, a):
        return self.quantile * (a > y) - (1 - self.quantile) * (a < y)


class PseudoHuber(Loss):
    """A loss of one's own."""

    def __call__(self, y, a):
        return np.sqrt(1 + (a - y) ** 2) - 1

    def gradient(self, y, a):
        return (a - y) / np.sqrt(1 + (a - y) ** 2)


def targets_and_predictions(loss):
    """Return a grid of targets in the loss's domain, and predictions that its link can make.

    No error is 0 or 1.35 or 0.3 in size: there losses have kinks.
    """
    y, z = np.meshgrid([-2.0, 0.0, 0.5, 3.0], [-1.5, -0.2, 0.1, 1.0])
    inside = loss.in_domain(y)
    return y[inside], ACTIVATIONS[loss.out_activation](z[inside])


def assert_gradient_is_right(loss):
    y, a = targets_and_predictions(loss)
    assert_allclose(loss.gradient(y, a), numerical_derivative(lambda a: loss(y, a), a), rtol=1e-6)


# --- the formulas ---


@every_loss
def test_the_gradient_agrees_with_finite_differences(loss):
    assert_gradient_is_right(loss)


@pytest.mark.parametrize("loss", [WrongSquaredError(), UpsideDown(0.9)], ids=repr)
def test_a_wrong_gradient_fails_the_finite_difference_check(loss):
    with pytest.raises(AssertionError):
        assert_gradient_is_right(loss)


@every_loss
def test_the_loss_is_zero_at_the_target_and_positive_elsewhere(loss):
    y, a = targets_and_predictions(loss)
    possible = y > 0 if loss.out_activation == "exp" else np.isfinite(y)
    assert_allclose(loss(y[possible], y[possible]), 0, atol=1e-15)
    assert (loss(y, a)[y != a] > 0).all()


@every_loss
def test_the_gradient_is_zero_at_the_target_even_at_a_kink(loss):
    y = np.array([0.1, 1.0, 3.0])
    assert_array_equal(loss.gradient(y, y), 0)


@canonical_loss
def test_with_the_canonical_link_the_derivative_in_z_is_the_error(loss):
    y, a = targets_and_predictions(loss)
    link = ACTIVATIONS[loss.canonical]
    z = np.log(a) if loss.canonical == "exp" else a
    assert_allclose(numerical_derivative(lambda z: loss(y, link(z)), z), a - y, atol=1e-7)


@pytest.mark.parametrize(
    ("loss", "metric"),
    [
        ("squared_error", lambda y, a: mean_squared_error(y, a) / 2),
        ("absolute_error", mean_absolute_error),
        ("quantile", mean_pinball_loss),
        (Quantile(0.9), lambda y, a: mean_pinball_loss(y, a, alpha=0.9)),
        ("huber", lambda y, a: scipy.special.huber(1.35, a - y).mean()),
        (Huber(0.3), lambda y, a: scipy.special.huber(0.3, a - y).mean()),
        ("log_cosh", lambda y, a: np.log(np.cosh(a - y)).mean()),
        ("poisson", lambda y, a: mean_poisson_deviance(y, a) / 2),
        ("gamma", lambda y, a: mean_gamma_deviance(y, a) / 2),
    ],
    ids=label,
)
def test_the_mean_loss_is_that_of_scikit_learn_or_scipy(loss, metric):
    y, a = np.array([0.1, 1.0, 4.0]), np.array([0.5, 1.0, 2.5])
    assert_allclose(LOSSES.get(loss, loss)(y, a).mean(), metric(y, a), rtol=1e-12)


def test_poisson_has_no_loss_where_target_and_prediction_are_zero():
    loss = LOSSES["poisson"]
    assert_allclose(loss(np.zeros(2), np.array([0.0, 3.0])), [0, 3])


def test_log_cosh_is_a_parabola_near_zero_and_a_line_far_from_it():
    small, large = np.array([-1e-4, 1e-6, 1e-3]), np.array([-1e300, -50.0, 800.0])
    assert_allclose(LogCosh()(0.0, small), small**2 / 2, rtol=1e-6)
    assert_allclose(LogCosh()(0.0, large), abs(large) - np.log(2), rtol=1e-15)
    assert_array_equal(LogCosh().gradient(0.0, large), [-1, -1, 1])


def test_huber_is_the_squared_error_if_delta_is_large_and_the_absolute_error_if_it_is_small():
    y, a = targets_and_predictions(SquaredError())
    assert_allclose(Huber(9)(y, a), SquaredError()(y, a))
    assert_allclose(Huber(1e-9)(y, a) / 1e-9, AbsoluteError()(y, a), rtol=1e-6)


def test_the_median_is_the_quantile_of_half():
    y, a = targets_and_predictions(SquaredError())
    assert_allclose(2 * Quantile()(y, a), AbsoluteError()(y, a))
    assert_allclose(2 * Quantile().gradient(y, a), AbsoluteError().gradient(y, a))


@pytest.mark.parametrize("loss", [*EVERY_LOSS, THREE, Huber(np.float64(2)), Quantile([0.5])])
def test_loss_and_gradient_of_float32_are_float32(loss):
    y = np.array([[0.5], [2.0]], np.float32)
    a = np.array([[1.0], [1.5]], np.float32)
    assert loss(y, a).dtype == loss.gradient(y, a).dtype == loss.predict(a).dtype == np.float32


@pytest.mark.parametrize("loss", [*EVERY_LOSS, THREE], ids=repr)
def test_a_prediction_that_is_not_finite_has_no_finite_loss(loss):
    a = np.array([[np.nan], [np.inf]])  # so that training notices that it has diverged
    with np.errstate(all="ignore"):
        assert not np.isfinite(loss(np.ones((2, 1)), a)).any()


@pytest.mark.parametrize("loss", [Poisson(), Gamma()], ids=repr)
def test_a_prediction_that_overflows_or_underflows_has_an_infinite_loss(loss):
    with np.errstate(all="ignore"):  # not NaN, from which L-BFGS does not step back
        assert_array_equal(loss(np.array([1.0, 1.0]), np.array([np.inf, 0.0])), np.inf)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("loss", ["poisson", "gamma"])
@pytest.mark.parametrize("seed", [8, 11, 31])  # of those that need it
def test_lbfgs_steps_back_from_a_prediction_that_overflows(loss, seed):
    rng = np.random.RandomState(seed)
    X = rng.normal(loc=100, size=(50, 4))
    y = X[:, 0] - X[:, 0].min() + 1
    model = ScratchMLPRegressor((20,), loss=loss, solver="lbfgs", max_iter=50, random_state=seed)
    assert np.isfinite(model.fit(X, y).loss_)


# --- which targets ---


def test_a_loss_says_which_targets_it_takes():
    y = np.array([-1.0, 0.0, 2.0, np.inf, np.nan])
    for name, loss in LOSSES.items():
        lowest = {"poisson": 0.0, "gamma": 1e-300}.get(name, -np.inf)
        assert loss.in_domain(y).tolist() == [*(y[:3] >= lowest), False, False]


def has_one_unit(loss, unit):
    """Return whether the loss is multiplied by one number if targets and predictions are."""
    y, a = targets_and_predictions(loss)
    ratio = loss(unit * y, unit * a) / loss(y, a)
    return np.allclose(ratio, ratio[0], rtol=1e-9)


def has_no_origin(loss):
    """Return whether adding a number to targets and predictions changes nothing."""
    y, a = targets_and_predictions(loss)
    return np.allclose(loss(y + 3, a + 3), loss(y, a), rtol=1e-9)


@every_loss
def test_rescaling_the_target_does_not_change_what_the_loss_means(loss):
    assert has_no_origin(loss) == (loss.rescaling != "mean")
    assert has_one_unit(loss, 7.0) == (loss.rescaling != "robust")
    assert loss.rescaling in ("standard", "robust", "mean")


def test_what_is_said_of_one_formula_is_not_said_of_another():
    class Doubled(SquaredError):
        def gradient(self, y, a):
            return 2 * (a - y)

    class Named(SquaredError):
        pass

    class Own(Loss):
        rescaling = "mean"

        def __call__(self, y, a):
            return (a - y) ** 2 / y

    assert (Doubled.canonical, Doubled.rescaling) == (None, None)
    assert (Named.canonical, Named.rescaling) == ("identity", "standard")
    assert (Own.canonical, Own.rescaling) == (None, "mean")
    assert (Loss.rescaling, PseudoHuber.rescaling) == (None, None)


@pytest.mark.parametrize("loss", EVERY_LOSS, ids=repr)
def test_a_subclass_may_multiply_both_formulas_of_a_loss_by_a_number(loss, rng):
    class Doubled(type(loss)):
        def __call__(self, y, a):
            return 2 * super().__call__(y, a)

        def gradient(self, y, a):
            return 2 * super().gradient(y, a)

    y, a = rng.uniform(0.1, 5, size=(2, 50, 1))
    doubled = Doubled(**vars(loss))
    assert_allclose(doubled(y, a), 2 * loss(y, a))
    assert_allclose(doubled.gradient(y, a), 2 * loss.gradient(y, a))


# --- losses with parameters ---


def test_losses_with_parameters_are_values():
    assert Huber() == Huber(1.35) != Huber(1.3)
    assert Quantile([0.1, 0.5, 0.9]) == THREE == Quantile(np.array([0.1, 0.5, 0.9]))
    assert Quantile([0.3]) == Quantile(0.3) == Quantile(np.float64(0.3))
    assert Quantile([0.25, 0.75]) == Quantile((Fraction(1, 4), Fraction(3, 4)))
    assert len({Huber(), Huber(2), THREE, Quantile([0.1, 0.5, 0.9]), Quantile()}) == 4
    assert repr(Huber(2)) == "Huber(delta=2.0)"
    assert repr(THREE) == "Quantile(quantile=(0.1, 0.5, 0.9))"
    for loss in (Huber(2), THREE):
        for twin in (pickle.loads(pickle.dumps(loss)), copy.deepcopy(loss)):
            assert twin == loss
    with pytest.raises(dataclasses.FrozenInstanceError):
        THREE.quantile = 0.3


@pytest.mark.parametrize("delta", [0, -1.0, np.inf, np.nan, True, "1", None, 1j, [1.0]], ids=repr)
def test_a_bad_delta_is_named(delta):
    match = r"delta of Huber must be a number in \(0, inf\), got"
    with pytest.raises((TypeError, ValueError), match=match):
        Huber(delta)


@pytest.mark.parametrize(
    "quantile",
    [
        *(0, 1, -0.1, 1.5, np.nan, np.inf, True, None, "0.5", 0.5j, "", "median"),
        *([], [0.0, 0.5], [0.5, 1.0], [0.5, 0.5], [0.9, 0.1], [0.1, np.nan], [0.1, "0.5"]),
        *([[0.1, 0.5]], [[0.1], [0.5]], [0.1, None], {}, np.ones((2, 2)) / 2),
    ],
    ids=repr,
)
def test_a_bad_quantile_is_named(quantile):
    with pytest.raises(ValueError, match=r"quantile must be in \(0, 1\), and increase if several"):
        Quantile(quantile)


# --- several quantiles ---


def test_several_quantiles_are_several_outputs_of_one_target():
    assert THREE.n_outputs(1) == 3
    with pytest.raises(ValueError, match=r"y must be one target for Quantile.*got 2 columns"):
        THREE.n_outputs(2)
    for loss in EVERY_LOSS:
        assert (loss.n_outputs(1), loss.n_outputs(5)) == (1, 5)


def test_the_loss_of_several_quantiles_is_that_of_each_alone(rng):
    y, a = rng.normal(size=(20, 1)), rng.normal(size=(20, 3))
    for k, q in enumerate([0.1, 0.5, 0.9]):
        assert_allclose(THREE(y, a)[:, k], Quantile(q)(y[:, 0], a[:, k]))
        assert_allclose(THREE.gradient(y, a)[:, k], Quantile(q).gradient(y[:, 0], a[:, k]))


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_one_target_meets_several_outputs_in_backprop_and_in_the_training_loop(weighted, rng):
    network = Network((3, 4, 3), (ACTIVATIONS["tanh"], ACTIVATIONS["identity"]), THREE)
    params = rng.uniform(-0.7, 0.7, network.n_parameters)
    X, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 1))
    weight = rng.uniform(0, 2, 7) if weighted else None
    loss, gradient = backprop(X, y, params, network, weight, 0.3)
    assert_is_gradient(gradient, lambda p: backprop(X, y, p, network, weight, 0.3)[0], params)
    same_loss, same_gradient = run_program(network, params, X, y, weight, 0.3)
    assert_allclose(same_loss, loss, rtol=1e-12)
    assert_allclose(same_gradient, gradient, rtol=1e-10, atol=1e-13)


def test_quantiles_are_put_in_order_and_that_never_increases_the_loss(rng):
    y, a = rng.normal(size=(500, 1)), rng.normal(size=(500, 3))
    crossing = (np.diff(a) < 0).any(axis=1)
    predicted = THREE.predict(a)
    assert crossing.mean() > 0.5
    assert (np.diff(predicted) >= 0).all()
    assert_array_equal(predicted[~crossing], a[~crossing])
    before, after = (THREE(y, each).sum(axis=1) for each in (a, predicted))
    assert (after <= before + 1e-15).all()
    assert after.sum() < 0.9 * before.sum()
    assert Quantile(0.9).predict(a) is a  # three targets, not three quantiles


# --- training ---


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["lbfgs", "adam", "sgd"])
@pytest.mark.parametrize("loss", [*OF_PREDICTIONS, PseudoHuber()], ids=str)
def test_every_loss_trains_a_network_by_every_solver(loss, solver, regression):
    X, y = regression
    y = np.exp(y) if loss in ("poisson", "gamma") else y
    model = ScratchMLPRegressor(
        (20,), loss=loss, solver=solver, learning_rate_init=0.02, max_iter=300, random_state=0
    )
    assert r2_score(y, model.fit(X, y).predict(X)) > 0.8


@pytest.mark.parametrize("name", LOSSES)
def test_a_name_stands_for_the_object_with_its_defaults(name, regression):
    X, y = regression
    fits = [
        ScratchMLPRegressor((5,), loss=loss, solver="sgd", random_state=0).partial_fit(X, abs(y))
        for loss in (name, type(LOSSES[name])())
    ]
    assert_array_equal(fits[0].predict(X), fits[1].predict(X))


def test_the_parameters_of_a_loss_change_the_fit(regression):
    X, y = regression
    settings = {"solver": "sgd", "random_state": 0, "learning_rate_init": 0.1}
    for losses in ((Huber(), Huber(0.3)), (Quantile(), Quantile(0.9))):
        fits = [
            ScratchMLPRegressor((5,), loss=loss, **settings).partial_fit(X, y) for loss in losses
        ]
        assert not np.allclose(fits[0].predict(X), fits[1].predict(X))


def test_the_long_way_and_the_canonical_shortcut_agree(regression):
    class LongSquaredError(Loss):
        rescaling = "standard"

        def __call__(self, y, a):
            return (a - y) ** 2 / 2

        def gradient(self, y, a):
            return a - y

    X, y = regression
    settings = {"max_iter": 50, "n_iter_no_change": np.inf, "learning_rate": "cosine"}
    settings |= {"learning_rate_init": 0.01, "random_state": 0}
    short, long = (
        ScratchMLPRegressor((8,), loss=loss, **settings).fit(X, y, sample_weight=1 + X[:, 0] ** 2)
        for loss in ("squared_error", LongSquaredError())
    )
    assert_allclose(long.loss_curve_, short.loss_curve_, rtol=1e-12)
    assert_allclose(long.predict(X), short.predict(X), rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", [*EVERY_LOSS, THREE], ids=repr)
def test_the_calls_of_the_training_loop_compute_the_formulas(loss, dtype):
    n_targets = 1 if loss == THREE else 2
    y, a = (x.astype(dtype) for x in targets_and_predictions(loss))
    y, a = np.resize(y, (n_targets, 16)), np.resize(a, (loss.n_outputs(n_targets), 16))
    weight = np.linspace(0.5, 2, 16).astype(dtype)
    values, delta, total = np.empty_like(a), np.empty_like(a), np.zeros((), dtype)
    for function, *arguments in formulas.loss(loss, y, a, weight, 0.1, total, values, delta):
        function(*arguments)
    rtol = 1e-13 if dtype == np.float64 else 1e-5
    assert_allclose(total, 0.2 * (weight * loss(y.T, a.T).T).sum(), rtol=rtol)
    assert_allclose(delta, loss.gradient(y.T, a.T).T, rtol=rtol)


@pytest.mark.filterwarnings("ignore:WrongSquaredError.gradient returns:UserWarning")
def test_a_subclass_with_another_gradient_is_trained_by_that_gradient(regression):
    X, y = regression
    plain = {"solver": "sgd", "momentum": 0, "alpha": 0, "max_iter": 1, "random_state": 0}
    doubled = ScratchMLPRegressor((5,), loss=WrongSquaredError(), learning_rate_init=0.01, **plain)
    faster = ScratchMLPRegressor((5,), learning_rate_init=0.02, **plain)
    with pytest.warns(ConvergenceWarning):
        assert_allclose(doubled.fit(X, y).predict(X), faster.fit(X, y).predict(X), rtol=1e-12)


@pytest.mark.parametrize(
    ("loss", "distribution"),
    [
        (SquaredError(), lambda mean: scipy.stats.norm(mean, 1.5)),
        (Poisson(), scipy.stats.poisson),
        (Gamma(), lambda mean: scipy.stats.gamma(3, scale=mean / 3)),
    ],
    ids=label,
)
def test_the_spread_goes_with_the_standard_deviation_of_the_distribution(loss, distribution):
    mean = np.array([0.5, 1.0, 4.0, 100.0])
    ratio = distribution(mean).std() / loss.spread(mean)
    assert_allclose(ratio, ratio[0])


@pytest.mark.parametrize("loss", [Poisson(), Gamma()], ids=repr)
def test_the_tags_say_that_targets_must_be_positive(loss):
    assert ScratchMLPRegressor(loss=loss).__sklearn_tags__().target_tags.positive_only
    assert not ScratchMLPRegressor(loss=Huber()).__sklearn_tags__().target_tags.positive_only


@pytest.mark.parametrize("loss", [*EVERY_LOSS, THREE], ids=repr)
def test_the_tags_say_whether_there_may_be_several_targets(loss):
    tags = ScratchMLPRegressor(loss=loss).__sklearn_tags__()
    assert tags.target_tags.multi_output == (loss != THREE)
