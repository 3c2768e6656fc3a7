"""What a recorder has seen: the weights of each epoch, and the gradient there."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import SGD, Quantile, ScratchMLPRegressor, WeightRecorder

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
needs_callbacks = pytest.mark.skipif(
    not hasattr(ScratchMLPRegressor, "set_callbacks"), reason="callbacks came with 1.9"
)
DESCENT = {"solver": SGD(momentum=0), "learning_rate_init": 0.1, "batch_size": 60}


def network(**params):
    return ScratchMLPRegressor(**{"hidden_layer_sizes": (5,), "max_iter": 6, **params})


def recorded(model, X, y, *weight):
    recorder = WeightRecorder()
    model.set_callbacks(recorder).fit(X, y, *weight)
    return recorder


@needs_callbacks
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_fit_records_the_start_and_every_epoch(solver, regression):
    recorder = recorded(network(solver=solver, random_state=0), *regression)
    assert [W.shape for W in recorder.coefs_] == [(7, 4, 5), (7, 5, 1)]
    assert [b.shape for b in recorder.intercepts_] == [(7, 5), (7, 1)]
    for i in range(1, 7):
        shorter = network(solver=solver, max_iter=i, random_state=0).fit(*regression)
        assert_allclose(recorder.coefs_[0][i], shorter.coefs_[0], rtol=1e-12)
        assert_allclose(recorder.intercepts_[1][i], shorter.intercepts_[1], rtol=1e-9)


@needs_callbacks
def test_an_epoch_that_convergence_cuts_off_is_not_recorded():
    X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0.0, 1, 1, 0])
    model = ScratchMLPRegressor((4,), activation="tanh", solver="lbfgs", random_state=0)
    recorder = recorded(model.set_params(max_iter=300), X, y)
    assert 1 < model.n_iter_ < 300
    assert recorder.loss_.shape == (model.n_iter_ + 1,)
    assert_allclose(recorder.coefs_[0][-1], model.coefs_[0])


@needs_callbacks
@pytest.mark.parametrize("weighted", [False, True])
def test_targets_that_were_not_measured_count_as_in_training(weighted, regression, weight):
    X, y = regression
    Y = np.c_[y, X[:, 0]]
    Y[::3, 0] = Y[:5] = np.nan
    model = network(missing_targets="ignore", solver="lbfgs", random_state=0)
    recorder = recorded(model, X, Y, *([weight] if weighted else []))
    assert_allclose(recorder.loss_[1:], model.loss_curve_)


@needs_callbacks
def test_the_records_of_gradient_descent_are_its_steps(regression):
    recorder = recorded(network(standardize=False, **DESCENT), *regression)
    for weights, gradients in (
        (recorder.coefs_, recorder.coefs_gradient_),
        (recorder.intercepts_, recorder.intercepts_gradient_),
    ):
        for weight, gradient in zip(weights, gradients):
            assert_allclose(np.diff(weight, axis=0), -0.1 * gradient[:-1], rtol=1e-6, atol=1e-12)


@needs_callbacks
@pytest.mark.parametrize("weighted", [False, True])
def test_the_losses_recorded_are_those_of_the_loss_curve(weighted, regression):
    weight = [np.linspace(0.5, 3, 60)] if weighted else []
    model = network(alpha=5.0, **DESCENT)
    recorder = recorded(model, *regression, *weight)
    assert_allclose(recorder.loss_[:-1], model.loss_curve_, rtol=1e-10)


@needs_callbacks
def test_by_hand_the_records_are_those_of_the_callback(regression):
    by_fit = recorded(network(random_state=3), *regression)
    model, by_hand = network(random_state=3), WeightRecorder()
    for _ in range(6):
        by_hand.record(model.partial_fit(*regression), *regression)
    for name in ("coefs_", "intercepts_", "coefs_gradient_", "intercepts_gradient_"):
        for one, other in zip(getattr(by_fit, name), getattr(by_hand, name), strict=True):
            assert_allclose(one[1:], other, rtol=1e-10)
    assert_allclose(by_fit.loss_[1:], by_hand.loss_)


def test_under_early_stopping_the_last_weights_are_recorded_not_the_best(regression):
    X, y = regression
    settings = {"learning_rate_init": 0.3, "random_state": 0}
    validated = network(early_stopping=True, **settings)
    plain, seen = network(**settings), WeightRecorder()
    for _ in range(20):
        validated.partial_fit(X, y, X_val=X[:9], y_val=-y[:9])
        seen.record(validated, X, y)
        plain.partial_fit(X, y)
    assert_allclose(seen.coefs_[0][-1], plain.coefs_[0], rtol=1e-9)
    assert not np.allclose(validated.coefs_[0], plain.coefs_[0])
    validated.coefs_ = [np.ones_like(W) for W in validated.coefs_]
    seen.record(validated, X, y)
    assert_array_equal(seen.coefs_[0][-1], 1)


@needs_callbacks
def test_each_training_begins_anew(regression):
    model, recorder = network(warm_start=True, n_init=2, random_state=0), WeightRecorder()
    model.set_callbacks(recorder).fit(*regression)
    ended = recorder.coefs_[0][-1]
    assert len(recorder.loss_) == 7
    model.fit(*regression)
    assert len(recorder.loss_) == 7
    assert_allclose(recorder.coefs_[0][-1], model.coefs_[0])
    assert not np.allclose(recorder.coefs_[0][-1], ended)


@needs_callbacks
def test_of_trainings_at_once_as_in_threads_the_last_that_began_is_held(regression):
    recorder = WeightRecorder()
    other = network(max_iter=3, random_state=1).set_callbacks(recorder)

    class Between(WeightRecorder):
        def on_fit_task_end(self, estimator, context):
            if context.task_name == "epoch" and context.task_id == 1:
                other.fit(*regression)

    network(random_state=0).set_callbacks(recorder, Between()).fit(*regression)
    assert len(recorder.loss_) == 4
    assert_allclose(recorder.coefs_[0][-1], other.coefs_[0])


@needs_callbacks
def test_a_recorder_changes_nothing(regression):
    plain = network(random_state=0).fit(*regression)
    watched = network(random_state=0).set_callbacks(WeightRecorder()).fit(*regression)
    assert_array_equal(watched.coefs_[0], plain.coefs_[0])


@needs_callbacks
def test_in_a_pipeline_the_network_has_the_recorder(regression):
    recorder = WeightRecorder()
    model = make_pipeline(StandardScaler(), network(random_state=0).set_callbacks(recorder))
    model.fit(*regression)
    assert_allclose(recorder.coefs_[0][-1], model[-1].coefs_[0])


def test_what_was_recorded_stays_when_training_goes_on(regression):
    model, recorder = network(random_state=0), WeightRecorder()
    before = model.partial_fit(*regression).coefs_[0]
    recorder.record(model, *regression)
    model.coefs_ = [0 * W for W in model.coefs_]
    model.partial_fit(*regression)
    assert_array_equal(recorder.coefs_[0], [before])


@pytest.mark.parametrize("name", ["coefs_", "intercepts_", "coefs_gradient_", "loss_"])
def test_before_anything_is_recorded_there_is_nothing_to_see(name):
    with pytest.raises(AttributeError, match="not recorded anything yet"):
        getattr(WeightRecorder(), name)


def test_another_estimator_is_refused(regression):
    with pytest.raises(TypeError, match="got LinearRegression"):
        WeightRecorder().record(LinearRegression().fit(*regression), *regression)
    with pytest.raises(TypeError, match=r"got Pipeline.*give it to the network inside"):
        WeightRecorder().setup(make_pipeline(network()), None)


def test_a_network_of_other_layers_is_refused(regression):
    recorder = WeightRecorder()
    recorder.record(network().partial_fit(*regression), *regression)
    other = network(hidden_layer_sizes=(2,)).partial_fit(*regression)
    with pytest.raises(ValueError, match=r"\[\(4, 2\), \(2, 1\)\].*another WeightRecorder"):
        recorder.record(other, *regression)
    assert len(recorder.loss_) == 1


@pytest.fixture
def film():
    """Return a function that records a training, and returns its animation, drawn once."""
    pytest.importorskip("matplotlib").use("agg")
    from matplotlib import pyplot as plt

    def make(X, y, n_epochs=4, model=None, **options):
        model, recorder = model or network(random_state=0), WeightRecorder()
        for _ in range(n_epochs):
            recorder.record(model.partial_fit(X, y), X, y)
        animation = recorder.animate(X, y, **options)
        animation._fig.canvas.draw()  # an animation that is never drawn warns
        return animation, model, plt.gcf().axes

    yield make
    plt.close("all")


def test_a_film_of_one_column_ends_with_the_curve_that_the_network_predicts(film):
    X = np.linspace(0, 5, 30)[:, np.newaxis]
    animation, model, (left, right) = film(X, np.sin(X[:, 0]))
    animation._func(3)
    x, y = left.lines[-1].get_data()
    assert_allclose(y, model.predict(np.reshape(x, (-1, 1))), rtol=1e-9)
    assert x.min() < 0 < 5 < x.max()
    assert right.get_title() == f"epoch 4, loss {right.lines[0].get_ydata()[-1]:.3g}"
    animation._func(0)
    assert not np.allclose(left.lines[-1].get_ydata(), y)
    assert right.lines[1].get_xdata() == [1]


def test_a_film_of_two_columns_is_a_surface_in_the_colours_of_the_targets(film, rng):
    X = rng.uniform(2, 4, size=(30, 2)) * [1, 10]
    animation, model, (left, *_) = film(X, X @ [1.0, 0.3])
    animation._func(3)
    (surface,) = left.images
    x0, x1, y0, y1 = surface.get_extent()
    values = surface.get_array()
    corners = model.predict([[x0, y0], [x1, y0], [x0, y1], [x1, y1]])
    assert_allclose([values[0, 0], values[0, -1], values[-1, 0], values[-1, -1]], corners)
    assert surface.origin == "lower"
    assert surface.get_clim() == left.collections[0].get_clim()


@pytest.mark.parametrize(
    "model",
    [
        network(loss=loss, random_state=0)
        for loss in ("squared_error", Quantile([0.1, 0.2, 0.4, 0.6]))
    ],
    ids=["mean", "quantiles"],
)
def test_a_film_of_more_columns_shows_predictions_against_targets(film, regression, model):
    animation, model, (left, _) = film(*regression, model=model)
    animation._func(3)
    expected = model.predict(regression[0])
    expected = expected if expected.ndim == 1 else expected[:, 2:].mean(axis=1)
    assert_allclose(left.collections[0].get_offsets(), np.c_[regression[1], expected], rtol=1e-9)
    (where_they_are_right,) = left.lines
    ends = where_they_are_right.get_transform().transform([(0, 0), (1, 1)])  # in pixels
    (x, y), (to_x, to_y) = left.transData.inverted().transform(ends)
    assert (y, to_y) == pytest.approx((x, to_x))
    assert to_x > x


def test_a_film_has_as_many_frames_as_asked_for_from_the_first_epoch_to_the_last(film, regression):
    animation, *_ = film(*regression, n_epochs=30, n_frames=8, interval=50)
    frames = list(animation.new_frame_seq())
    assert len(frames) <= 8
    assert frames[:3] == [0, 1, 2]
    assert frames[-1] == 29
    assert animation._interval == 50


@needs_callbacks
def test_a_film_takes_booleans_and_small_integers_as_numbers(film):
    X = np.arange(30, dtype=np.int8)[:, np.newaxis] * 8 - 120  # differences leave the type
    *_, (left, _) = film(X, X[:, 0] > 0)
    assert_allclose(left.get_xlim(), (-120 - 23.2, 112 + 23.2))
    assert_allclose(left.get_ylim(), (-0.1, 1.1))


@needs_callbacks
def test_a_film_of_fit_begins_with_the_initial_weights(regression):
    pytest.importorskip("matplotlib").use("agg")
    recorder = recorded(network(random_state=0), *regression)
    animation = recorder.animate(*regression, n_frames=2)
    animation._fig.canvas.draw()
    animation._func(0)
    assert animation._fig.axes[1].get_title().startswith("epoch 0,")


def test_what_cannot_be_shown_as_a_film_is_refused(regression):
    X, y = regression
    with pytest.raises(AttributeError, match="not recorded anything yet"):
        WeightRecorder().animate(X, y)
    recorder, of_two = WeightRecorder(), WeightRecorder()
    recorder.record(network().partial_fit(X, y), X, y)
    for given, message in (
        ((X[:, :3], y), r"X must have shape \(n, 4\), got \(60, 3\)"),
        ((X, y[:9]), r"y must have a target for each of 60 rows, got \(9,\)"),
        ((X, np.c_[y, y]), r"y must have a target for each of 60 rows, got \(60, 2\)"),
        ((X[:0], y[:0]), r"y must have a target for each of 0 rows"),
        ((np.where(X > 2, np.nan, X), y), "Input X contains NaN"),
        ((X, np.where(y > 0, np.inf, y)), "Input y contains infinity"),
    ):
        with pytest.raises(ValueError, match=message):
            recorder.animate(*given)
    with pytest.raises(ValueError, match="n_frames must be an int"):
        recorder.animate(X, y, n_frames=0)
    with pytest.raises(TypeError, match="interval must be a number"):
        recorder.animate(X, y, interval="slow")
    of_two.record(network().partial_fit(X, np.c_[y, y]), X, np.c_[y, y])
    with pytest.raises(ValueError, match="one target, the network has 2"):
        of_two.animate(X, y)


def test_a_film_without_matplotlib_is_an_error_that_says_what_to_install(regression, monkeypatch):
    recorder = WeightRecorder()
    recorder.record(network().partial_fit(*regression), *regression)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="animate requires matplotlib"):
        recorder.animate(*regression)
