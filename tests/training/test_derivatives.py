import warnings

import numpy as np
import pytest
from scipy import special

from sknn_scratch import Activation, Loss, Quantile, ScratchMLPRegressor
from sknn_scratch.components.more_losses import Gaussian
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.maths.network import Network
from sknn_scratch.training import derivatives
from sknn_scratch.training.derivatives import warn_of_formulas
from tests.helpers import EVERY_ACTIVATION, with_warnings


class Sine(Activation):
    factor = 1.0

    def __call__(self, z):
        return np.sin(z)

    def derivative(self, z, a):
        return self.factor * np.cos(z)


class FlippedSine(Sine):
    factor = -1.0


class Flat(Sine):
    def derivative(self, z, a):
        return 0.0


class ReadsZ(Sine, from_output=True):
    """Is handed ``a`` in the place of z."""


class Ramp(Activation):
    """Has a kink where it is looked at."""

    def __call__(self, z):
        return np.maximum(z, 0.37)

    def derivative(self, z, a):
        return (z > 0.37) * 1.0


class Single(Activation):
    def __call__(self, z):
        return np.tanh(z.astype(np.float32))

    def derivative(self, z, a):
        return 1 - a * a


class Noisy(Activation):
    def __call__(self, z):
        return z * np.random.default_rng().uniform(0.5, 2, z.shape)

    def derivative(self, z, a):
        return np.ones_like(z)


class Reusing(Activation):
    """Returns the same array each time, with other numbers in it."""

    def __init__(self):
        self.arrays = {}

    def array(self, z):
        return self.arrays.setdefault((z.shape, z.dtype), np.empty_like(z))

    def __call__(self, z):
        return np.tanh(z, out=self.array(z))

    def derivative(self, z, a):
        return np.subtract(1, a**2, out=self.array(z))


class Keeping(Activation):
    """Keeps what its derivative needs."""

    def __call__(self, z):
        self.slope = np.cos(z)
        return np.sin(z)

    def derivative(self, z, a):
        return self.slope


class Softmax(Activation):
    def __call__(self, z):
        return special.softmax(z, axis=1)

    def derivative(self, z, a):
        return a * (1 - a)


class Square(Loss):
    def __call__(self, y, a):
        return (a - y) ** 2

    def gradient(self, y, a):
        return 2 * (a - y)


class Swapped(Square):
    def gradient(self, y, a):
        return 2 * (y - a)


class Half(Square):
    def gradient(self, y, a):
        return a - y


class Shares(Square):
    """Of targets between 0 and 1 only."""

    out_activation = "logistic"

    def __call__(self, y, a):
        return special.rel_entr(y, a) + special.rel_entr(1 - y, 1 - a)

    def gradient(self, y, a):
        return (1 - y) / (1 - a) - y / a

    def in_domain(self, y):
        return (y > 0) & (y < 1)


class Mean(Square):
    def __call__(self, y, a):
        return ((a - y) ** 2).mean()


class PerSample(Square):
    def __call__(self, y, a):
        return ((a - y) ** 2).sum(axis=1)


class OwnQuantile(Quantile):
    """A loss of the package with another name."""


class OwnGaussian(Gaussian):
    """One with two outputs for each target."""


class WrongVariance(Gaussian):
    def gradient(self, y, a):
        return super().gradient(y, a) * np.repeat([1, 2], a.shape[1] // 2)


class FlatGradient(Square):
    def gradient(self, y, a):
        return (2 * (a - y)).ravel()


def doubts(f=ACTIVATIONS["tanh"], loss=LOSSES["squared_error"], outputs=1, out="identity"):
    out = ACTIVATIONS[loss.out_activation] if out == "identity" else out
    return texts((2, 5, outputs), (f, out), loss)


def texts(*layers_and_loss):
    """Return what is warned of in a network."""
    _, told = with_warnings(warn_of_formulas, Network(*layers_and_loss))
    return [text for text, _ in told]


class BatchNormalised(Activation):
    def __call__(self, z):
        return z - z.mean(axis=0)

    def derivative(self, z, a):
        return np.full_like(z, 1 - 1 / len(z))


class SlopePerUnit(Activation):
    def __call__(self, z):
        return z * np.arange(1, z.shape[1] + 1)

    def derivative(self, z, a):
        return np.broadcast_to(np.arange(1.0, z.shape[1] + 1), z.shape)


RIGHT = [Sine(), Ramp(), Single(), Noisy(), SlopePerUnit(), Reusing(), Keeping()]


@pytest.mark.parametrize("f", RIGHT, ids=lambda f: type(f).__name__)
def test_nothing_is_said_of_a_right_activation(f):
    assert doubts(f) == []


@pytest.mark.parametrize(
    ("f", "slope"), [(FlippedSine(), "0.1288"), (Flat(), "0"), (ReadsZ(), "0.5473")]
)
def test_a_wrong_derivative_is_told_with_its_point_and_both_values(f, slope):
    (message,) = doubts(f)
    assert message.startswith(f"{type(f).__name__}.derivative returns {slope} at z=-1.7, ")
    assert "where finite differences are -0.1288." in message


def test_what_is_kept_for_the_derivative_is_told_where_several_layers_share_the_object():
    f, sizes, loss = Keeping(), (2, 4, 4, 1), LOSSES["squared_error"]
    (message,) = texts(sizes, (f, f, ACTIVATIONS["identity"]), loss)
    assert message.startswith("Keeping.derivative returns ")
    each_its_own = Keeping(), Keeping(), ACTIVATIONS["identity"]
    assert texts(sizes, each_its_own, loss) == []


@pytest.mark.parametrize("units", [2, 5, 1000])
def test_an_activation_over_the_units_is_told(units):
    layers = (2, units, 1), (Softmax(), ACTIVATIONS["identity"])
    (message,) = texts(*layers, LOSSES["squared_error"])
    assert message.startswith("Softmax is not elementwise: the output of a unit changes with ")


def test_an_activation_over_the_rows_is_told_and_the_widest_layer_is_looked_at():
    (message,) = doubts(BatchNormalised())
    assert "BatchNormalised is not elementwise" in message
    f = Softmax()
    layers = (2, 3, 1, 1), (f, f, ACTIVATIONS["identity"])
    assert len(texts(*layers, LOSSES["squared_error"])) == 1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_fit_warns_of_an_activation_over_the_units_once_and_so_does_check_gradient(regression):
    X, y = regression
    model = ScratchMLPRegressor((6,), activation=Softmax(), max_iter=5, random_state=0)
    with pytest.warns(UserWarning, match="Softmax is not elementwise") as found:
        model.fit(X, y)
    assert len([w for w in found if "elementwise" in str(w.message)]) == 1
    assert model.check_gradient(X[:20], y[:20]) > 1e-3


@pytest.mark.parametrize(
    ("loss", "outputs"),
    [(Square(), 1), (Square(), 3), (Shares(), 1), (OwnQuantile([0.1, 0.9]), 2), (OwnGaussian(), 2)],
    ids=lambda x: type(x).__name__,
)
def test_nothing_is_said_of_a_right_loss(loss, outputs):
    assert doubts(loss=loss, outputs=outputs) == []


@pytest.mark.parametrize(("loss", "given"), [(Swapped(), "2"), (Half(), "-1")])
def test_a_wrong_gradient_is_told_with_its_point_and_both_values(loss, given):
    (message,) = doubts(loss=loss)
    text = f"{type(loss).__name__}.gradient returns {given} at y=-0.7, a=-1.7, where finite"
    assert message.startswith(text)
    assert "differences are -2." in message


def test_of_several_outputs_for_each_target_the_target_is_told():
    (message,) = doubts(loss=WrongVariance(), outputs=4)  # two means, two logarithms of variances
    assert "WrongVariance.gradient returns" in message
    assert "at y=-0.7, a=0.37, where finite differences are" in message


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (Mean(), r"Mean must return .*in the shape of a, \(4, 1\), got \(\)\. The mean is taken"),
        (PerSample(), r"PerSample must return .* \(4, 1\), got \(4,\)"),
        (FlatGradient(), r"FlatGradient\.gradient must return .* a, \(4, 1\), got \(4,\)"),
    ],
    ids=lambda x: type(x).__name__,
)
def test_a_loss_of_another_shape_is_refused_and_the_fitted_model_stays(loss, message):
    X, y = np.random.default_rng(0).normal(size=(2, 50, 1))
    model = ScratchMLPRegressor((3,), max_iter=3, tol=0, n_iter_no_change=9, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prediction = model.fit(X, y.ravel()).predict(X)
    with pytest.raises(ValueError, match=message):
        model.set_params(loss=loss).fit(X, y.ravel())
    np.testing.assert_array_equal(model.predict(X), prediction)


def test_an_activation_of_another_shape_is_refused():
    class FirstUnit(Sine):
        def __call__(self, z):
            return z[:, :1]

    with pytest.raises(ValueError, match=r"FirstUnit must return .* \(4, 5\), got \(4, 1\)"):
        doubts(FirstUnit())


def test_the_components_of_the_package_are_not_asked(monkeypatch):
    monkeypatch.setattr(derivatives, "difference", None)
    for f in EVERY_ACTIVATION:
        assert doubts(f) == []
    for loss in LOSSES.values():
        assert doubts(loss=loss, outputs=loss.n_outputs(1)) == []


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_fit_warns_of_a_wrong_derivative_and_partial_fit_once(solver, rng):
    X = rng.normal(size=(60, 2))
    y = X[:, 0]
    model = ScratchMLPRegressor((3,), loss=Half(), solver=solver, max_iter=2, random_state=0)
    with pytest.warns(UserWarning, match=r"Half\.gradient returns") as found:
        model.fit(X, y)
    assert found[0].filename == __file__
    if solver != "lbfgs":
        fresh = ScratchMLPRegressor((3,), loss=Half(), solver=solver, random_state=0)
        with pytest.warns(UserWarning, match=r"Half\.gradient returns"):
            fresh.partial_fit(X, y)
        fresh.partial_fit(X, y)


def test_an_activation_may_return_booleans():
    class Step(Activation):
        def __call__(self, z):
            return z > 0.1

        def derivative(self, z, a):
            return np.zeros_like(z)

    identity, loss = ACTIVATIONS["identity"], LOSSES["squared_error"]
    assert texts((1, 2, 1), (Step(), identity), loss) == []


# --- what is said of a formula ---


class OfRatios(Loss, rescaling="standard"):
    """Is no loss of a - y alone."""

    def __call__(self, y, a):
        return (np.arctan(a) - np.arctan(y)) ** 2

    def gradient(self, y, a):
        return 2 * (np.arctan(a) - np.arctan(y)) / (1 + a**2)


class OfRatiosByTheMean(OfRatios):
    rescaling = "mean"
    gradient = OfRatios.gradient


class Twice(Loss, rescaling="standard", canonical="identity"):
    def __call__(self, y, a):
        return (a - y) ** 2

    def gradient(self, y, a):
        return 2 * (a - y)


class SoftLog(Activation, scaling="log"):
    def __call__(self, z):
        return np.logaddexp(0, z)

    def derivative(self, z, a):
        return special.expit(z)


class CalledIdentity(SoftLog, name="identity", scaling=None):
    """Goes by the name of another, with which delta is a - y for the squared error."""


class MoreByOne(SoftLog, scaling="positive"):
    def __call__(self, z):
        return z + 1

    def derivative(self, z, a):
        return np.ones_like(z)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"loss": OfRatios()}, "OfRatios.rescaling is 'standard', .* leave rescaling out"),
        ({"loss": OfRatiosByTheMean()}, "rescaling is 'mean', .* leave rescaling out"),
        # 2 (-0.61 - 0.4), and -0.61 - 0.4
        ({"loss": Twice()}, r"Twice.canonical is 'identity', .* z=-0.61 it is -2.02 .* -1.01\."),
        # (log(1 + e^-1.7) + 0.7) / (1 + e^1.7), and log(1 + e^-1.7) + 0.7
        (
            {"out_activation": CalledIdentity()},
            r"CalledIdentity.name is 'identity', .* z=-1.7 it is 0.134 .* 0.8678\.",
        ),
        # log(1 + 2 e^1.23), and 2 log(1 + e^1.23)
        ({"out_activation": SoftLog()}, r"scaling is 'log', .* z=1.23 it is 2.06 .* 2.973\."),
        # 2 (z + 1) and 2 z + 1
        ({"out_activation": MoreByOne()}, r"says that f\(2 z\) is 2 f\(z\), but at z="),
    ],
    ids=lambda value: repr(value) if isinstance(value, dict) else "",
)
def test_fit_warns_of_what_a_class_says_that_its_formula_does_not_do(params, match, rng):
    model = ScratchMLPRegressor((3,), max_iter=2, tol=0, random_state=0, **params)
    with pytest.warns(UserWarning, match=match):
        model.fit(rng.normal(size=(20, 2)), rng.uniform(1, 2, 20))


@pytest.mark.parametrize("loss", LOSSES.values(), ids=repr)
def test_no_loss_of_the_package_is_blamed_for_an_activation_of_ones_own(loss):
    layers = (2, 3, loss.n_outputs(1)), (ACTIVATIONS["tanh"], Sine())  # which may be below 0
    assert texts(*layers, loss) == []


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_what_the_activations_of_the_package_say_is_so(name):
    assert derivatives._of_scaling(ACTIVATIONS[name]) == ""


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_what_the_losses_of_the_package_say_is_so(name):
    loss = LOSSES[name]
    f = ACTIVATIONS[loss.out_activation]
    assert derivatives._of_loss(loss, f, loss.n_outputs(1)) == ""
