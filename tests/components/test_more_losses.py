import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn.metrics import r2_score

from sknn_scratch import Gaussian, ScratchMLPRegressor
from sknn_scratch.training.scoring import likelihood_score
from tests.helpers import assert_is_gradient

LONG = {"batch_size": 64, "tol": 0, "n_iter_no_change": np.inf, "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class WrongGaussian(Gaussian):
    def gradient(self, y, a):
        return super().gradient(y, a) * [1, -1]


def gradient_at(loss, y, a):
    """Return the gradient of the sum, and that sum as a function of the raveled outputs."""
    return loss.gradient(y, a).ravel(), lambda v: loss(y, v.reshape(a.shape)).sum()


@pytest.fixture
def noisy():
    """Return X and y whose noise is 0.5 where X[:, 0] > 0, and 0.1 elsewhere."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (1200, 2))
    noise = np.where(X[:, 0] > 0, 0.5, 0.1)
    return X, np.sin(2 * X[:, 0]) + noise * rng.normal(size=1200)


def test_it_is_the_negative_log_likelihood_up_to_a_constant(rng):
    y, m, std = rng.normal(size=(3, 20, 1))
    std = np.exp(std)
    loss = Gaussian()(y, np.hstack([m, 2 * np.log(std)]))
    assert_allclose(loss, -norm.logpdf(y, m, std) - np.log(2 * np.pi) / 2, rtol=1e-12)


@pytest.mark.parametrize("log_var", [-1.0, 0.5, -20.0, -13.0])  # the last two below the bound
@pytest.mark.parametrize("error", [0.1, -2.0, 1e-4, -1e-2, 20.0, -40.0])  # and beyond 10 std
def test_the_gradient_agrees_with_finite_differences(error, log_var, rng):
    y = rng.normal(size=(3, 2))
    a = np.hstack([y - error, np.full((3, 2), log_var)])
    gradient, total = gradient_at(Gaussian(0.01), y, a)
    assert_is_gradient(gradient, total, a.ravel(), rtol=1e-5)


def test_a_wrong_gradient_fails_the_check(rng):
    y = rng.normal(size=(3, 1))
    gradient, total = gradient_at(WrongGaussian(), y, np.hstack([y + 1, y]))
    with pytest.raises(AssertionError):
        assert_is_gradient(gradient, total, np.hstack([y + 1, y]).ravel())


def test_the_gradient_is_bounded_where_a_target_is_met_or_missed_by_far():
    y = np.array([[0.0], [0.0], [1e9]])
    a = np.array([[0.0, -50.0], [1e-9, -50.0], [0.0, -50.0]])
    gradient = Gaussian(0.1).gradient(y, a)
    assert np.abs(gradient[:, 0]).max() <= 10 / 0.1  # errors are clipped, the variance bounded
    assert (gradient[:, 1] < 0).all()  # a descent makes the variance larger again


def test_means_come_first_and_then_the_variances():
    a = np.array([[1.0, 2.0, 0.0, np.log(9.0)]])
    assert Gaussian().n_outputs(2) == 4
    assert_array_equal(Gaussian().predict(a), [[1, 2]])
    assert_allclose(Gaussian().std(a), [[1, 3]])


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_it_finds_where_the_noise_is(solver, noisy):
    X, y = noisy
    settings = {"max_iter": 200, "alpha": 0.1, **LONG, "tol": 1e-4 if solver == "lbfgs" else 0}
    model = ScratchMLPRegressor((30,), loss="gaussian", solver=solver, **settings)
    mean, std = model.fit(X[:800], y[:800]).predict(X[800:], return_std=True)
    loud = X[800:, 0] > 0
    assert abs(np.median(std[loud]) - 0.5) < 0.08
    assert abs(np.median(std[~loud]) - 0.1) < 0.04
    assert 0.8 < (np.abs(y[800:] - mean) < 1.645 * std).mean() < 0.96
    assert_array_equal(model.predict(X[800:]), mean)


@pytest.mark.parametrize(("factor", "shift"), [(1e-6, 0.0), (1e6, -3e6)])
def test_the_unit_of_y_does_not_matter(factor, shift, noisy):
    X, y = noisy
    model = ScratchMLPRegressor((10,), loss="gaussian", max_iter=30, **LONG)
    mean, std = model.fit(X, y).predict(X, return_std=True)
    score = model.score(X, y)
    there = model.fit(X, factor * y + shift)
    assert_allclose(there.predict(X, return_std=True)[0], factor * mean + shift, rtol=1e-6)
    assert_allclose(there.predict(X, return_std=True)[1], factor * std, rtol=1e-6)
    assert_allclose(there.score(X, factor * y + shift), score, rtol=1e-6)


def test_a_target_that_is_constant_has_a_deviation_of_next_to_0():
    shift, scale = Gaussian().output_scaling(np.array([5.0]), np.array([0.0]))
    restored = np.array([[0.1, 0.2]]) * scale + shift
    assert restored[0, 0] == 5
    assert 0 <= Gaussian().std(restored) < 1e-300


def test_several_targets_have_a_deviation_each(noisy):
    X, y = noisy
    Y = np.column_stack([y, 100 * X[:, 1] + y])
    model = ScratchMLPRegressor(
        (10,), loss="gaussian", max_iter=100, learning_rate_init=0.01, **LONG
    ).fit(X, Y)
    mean, std = model.predict(X, return_std=True)
    assert mean.shape == std.shape == Y.shape
    assert model.input_gradient(X[:3]).shape == (3, 2, 2)
    assert model.score(X, Y) > 0.7


def test_long_training_without_early_stopping_stays_finite():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    settings = {**LONG, "batch_size": 20, "max_iter": 1500, "learning_rate_init": 0.01}
    model = ScratchMLPRegressor((50,), loss="gaussian", **settings).fit(X, y)
    std = model.predict(X, return_std=True)[1]
    assert np.isfinite(model.loss_curve_).all()
    assert std.min() > 0.5e-3 * y.std()


def test_early_stopping_goes_by_the_likelihood(noisy):
    X, y = noisy
    model = ScratchMLPRegressor((20,), loss="gaussian", early_stopping=True, random_state=0)
    model.fit(X[:800], y[:800], X_val=X[800:], y_val=y[800:])
    assert model.best_validation_score_ == max(model.validation_scores_)
    mean, std = model.predict(X[800:], return_std=True)
    assert_allclose(model.best_validation_score_, likelihood_score(y[800:], mean, std))
    assert_allclose(model.best_validation_score_, model.score(X[800:], y[800:]))


@pytest.mark.parametrize("unit", [2.0**-1000, 2.0**-541, 2.0**500, 2.0**1000])
def test_the_score_does_not_depend_on_the_unit_of_y(rng, unit):
    y = rng.normal(size=(50, 2)) * [1, 3]
    mean, std = y + rng.normal(size=(50, 2)) / 3, rng.uniform(0.2, 0.6, (50, 2))
    assert likelihood_score(unit * y, unit * mean, unit * std) == likelihood_score(y, mean, std)
    mixed = np.array([unit, 1])
    assert likelihood_score(mixed * y, mixed * mean, mixed * std) == likelihood_score(y, mean, std)


def test_the_score_of_a_constant_deviation_is_r2(rng):
    y = rng.normal(size=50)
    mean = y + rng.normal(size=50) / 3
    std = np.full(50, np.sqrt(np.mean((y - mean) ** 2)))
    assert_allclose(likelihood_score(y, mean, std), r2_score(y, mean), rtol=1e-12)
    constant = np.full(50, y.mean()), np.full(50, y.std())
    assert abs(likelihood_score(y, *constant)) < 1e-12
    weight = rng.integers(1, 4, 50)
    repeated = (np.repeat(each, weight) for each in (y, mean, std))
    assert_allclose(likelihood_score(y, mean, std, weight), likelihood_score(*repeated))
    assert likelihood_score(y, mean, std / 100) < -1e3
    assert likelihood_score(np.ones(5), np.ones(5), np.ones(5)) == 1


def test_the_score_of_a_deviation_that_vanishes_is_that_of_an_impossible_target(rng):
    y, std = rng.normal(size=(5, 2)), np.ones((5, 2))
    std[:, 1] = 0
    assert likelihood_score(y, y + 0.1, std) == -np.inf
    weight = [1, 0, 1, 0, 2]
    std[:, 1] = [1, np.inf, 1, 0, 1]
    assert np.isfinite(likelihood_score(y, y + 0.1, std, weight))
    assert likelihood_score(y, y + 0.1, std, weight) == likelihood_score(
        y, y + 0.1, 1 + 0 * y, weight
    )
    # a far column, not standardised, may take the logarithm of a variance below that of any number
    X, start = 1e6 * np.ones((50, 1)), {"learning_rate_init": 1e-9, "max_iter": 2}
    model = ScratchMLPRegressor(
        (), loss="gaussian", standardize=False, early_stopping=True, **start, init=[[[0.0, -1.0]]]
    )
    model.fit(X, rng.normal(size=50))
    assert model.best_validation_score_ == -np.inf
    assert model.n_iter_ == 2


def test_the_score_is_the_likelihood_ratio_to_the_best_constant(rng):
    y, mean = rng.normal(size=(2, 50))
    std = rng.uniform(0.5, 3, 50)
    weight = rng.integers(1, 4, 50)
    for w, rows in ((None, np.arange(50)), (weight, np.repeat(np.arange(50), weight))):
        constant = norm.logpdf(y[rows], y[rows].mean(), y[rows].std())
        gain = np.mean(norm.logpdf(y, mean, std)[rows] - constant)
        assert_allclose(likelihood_score(y, mean, std, w), 1 - np.exp(-2 * gain))


def test_other_losses_have_no_deviations_to_return(noisy):
    model = ScratchMLPRegressor((2,), max_iter=2).fit(*noisy)
    with pytest.raises(ValueError, match=r"return_std=True needs loss='gaussian', got Squared"):
        model.predict(noisy[0], return_std=True)


def test_the_output_must_be_the_identity(noisy):
    with pytest.raises(ValueError, match=r"out_activation must be 'auto' or 'identity' with Gau"):
        ScratchMLPRegressor(loss="gaussian", out_activation="exp").fit(*noisy)


@pytest.mark.parametrize("min_std", [0, -1.0, 2.0, "1", None, np.nan])
def test_a_bad_min_std_is_named(min_std):
    with pytest.raises((TypeError, ValueError), match=r"min_std of Gaussian must be a number in"):
        Gaussian(min_std)


def test_a_single_validation_row_has_no_score_and_no_warning_in_every_epoch(noisy):
    X, y = noisy
    network = ScratchMLPRegressor((5,), loss="gaussian", learning_rate="cosine", max_iter=3)
    network.fit(X, y, X_val=X[:1], y_val=y[:1])
    assert np.isnan(network.validation_scores_).all()
    assert np.isfinite(network.validation_loss_curve_).all()


def test_a_deviation_that_is_infinite_far_from_the_data_is_warned_of(noisy):
    weights = np.array([[1.0, 0.1], [0.5, 0.1]])  # the log of the variance rises with X
    settings = {"init": [weights], "learning_rate_init": 1e-9, "max_iter": 1}
    network = ScratchMLPRegressor((), loss="gaussian", standardize=False, **settings).fit(*noisy)
    far = np.array([[-1e9, -1e9], [1e9, 1e9]])
    with pytest.warns(UserWarning, match="standard deviations are not finite") as found:
        _, std = network.predict(far, return_std=True)
    assert len(found) == 1
    assert_array_equal(std, [0, np.inf])
