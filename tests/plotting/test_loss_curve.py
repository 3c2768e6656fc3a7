"""The pictures of training: what is drawn, where, and what it is called."""

import sys
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.metrics import PredictionErrorDisplay
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import LossCurveDisplay, NetworkDisplay, ScratchMLPRegressor

matplotlib = pytest.importorskip("matplotlib")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SHORT = {"max_iter": 30, "learning_rate_init": 0.05, "random_state": 0}


def network(**params):
    return ScratchMLPRegressor((5,), **{**SHORT, **params})


@pytest.fixture
def stopped(regression):
    return network(early_stopping=True, n_iter_no_change=20).fit(*regression)


@pytest.fixture
def plain(regression):
    return network().fit(*regression)


def legend(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


# --- one network ---


def test_the_lines_are_the_loss_curves_by_epoch(stopped):
    display = LossCurveDisplay.from_estimator(stopped)
    epochs = range(1, stopped.n_iter_ + 1)
    assert_array_equal(display.line_.get_data(), [epochs, stopped.loss_curve_])
    curve = [epochs, stopped.validation_loss_curve_]
    assert_array_equal(display.validation_line_.get_data(), curve)


def test_a_single_epoch_is_a_point(regression):
    display = LossCurveDisplay.from_estimator(network(max_iter=1).fit(*regression))
    assert display.line_.get_marker() == "."
    cross = LossCurveDisplay(loss_curves=[[1.0]]).plot(line_kwargs={"marker": "x"})
    assert cross.line_.get_marker() == "x"
    assert LossCurveDisplay(loss_curves=[[1.0, 2.0]]).plot().line_.get_marker() == "None"


@pytest.mark.parametrize("early_stopping", [True, "loss"])
def test_the_kept_epoch_is_marked_on_the_validation_loss(early_stopping, regression):
    model = network(early_stopping=early_stopping).fit(*regression)
    display = LossCurveDisplay.from_estimator(model)
    kept = model.n_iter_best_
    assert 1 < kept < model.n_iter_
    loss = model.validation_loss_curve_[kept - 1]
    assert_array_equal(display.best_point_.get_data(), [[kept], [loss]])
    assert legend(display) == ["training", "validation", f"kept: epoch {kept}"]


@pytest.mark.parametrize("kept", [1, 3])
def test_the_first_and_the_last_epoch_are_marked_like_others(kept):
    losses = [3.0, 2.0, 1.0]
    display = LossCurveDisplay(loss_curves=[losses], best_epochs=[kept]).plot()
    assert_array_equal(display.best_point_.get_data(), [[kept], [losses[kept - 1]]])


def test_without_early_stopping_no_epoch_is_marked(plain, regression):
    display = LossCurveDisplay.from_estimator(plain)
    assert display.validation_line_ is None
    assert display.best_point_ is None
    X, y = regression
    watched = LossCurveDisplay.from_estimator(network().fit(X, y, X_val=X, y_val=y))
    assert watched.best_point_ is None
    assert legend(watched) == ["training", "validation"]


@pytest.mark.parametrize(("kept", "label"), [(0, "initial weights"), (2, "epoch 2")])
def test_kept_weights_without_a_validation_loss_are_marked_on_the_axis(kept, label):
    display = LossCurveDisplay(
        loss_curves=[[3, 4]], validation_loss_curves=[[5, np.nan]], best_epochs=[kept]
    ).plot()
    assert legend(display)[-1] == f"kept: {label}"
    x, y = display.best_point_.get_transform().transform(display.best_point_.get_xydata()[0])
    assert x == display.ax_.transData.transform((kept, 0))[0]
    assert y == display.ax_.bbox.y0


def test_l_bfgs_that_had_nothing_to_do_leaves_nothing_to_draw(regression):
    X, y = regression
    model = network(solver="lbfgs", tol=1e300)
    display = LossCurveDisplay.from_estimator(model.fit(X, y, X_val=X, y_val=y))
    assert (model.n_iter_, len(model.validation_scores_)) == (0, 0)
    assert len(display.line_.get_xdata()) == len(display.validation_line_.get_xdata()) == 0


@pytest.mark.parametrize(("first", "then"), [(True, False), (False, True)])
def test_validation_of_some_calls_is_drawn_at_the_epochs_of_these_calls(first, then, regression):
    X, y = regression
    model = network(max_iter=5, warm_start=True)
    for validated in (first, then):
        model.fit(X, y, **({"X_val": X, "y_val": y} if validated else {}))
    x, heights = LossCurveDisplay.from_estimator(model).validation_line_.get_data()
    epochs = range(1, 6) if first else range(6, 11)
    assert_array_equal(x[np.isfinite(heights)], epochs)


# --- several networks ---


def test_each_network_has_a_colour_and_the_legend_tells_the_styles_once(stopped, plain):
    display = LossCurveDisplay.from_estimators({"a": stopped, "b": plain, "c": stopped})
    assert legend(display) == ["a", "b", "c", "training", "validation", "kept epoch"]
    keys = display.ax_.get_legend().legend_handles[3:]
    assert [(key.get_linestyle(), key.get_marker()) for key in keys] == [
        ("-", "None"), ("--", "None"), ("None", "o")
    ]  # fmt: skip
    lines, validation_lines, points = display.line_, display.validation_line_, display.best_point_
    for model, line in zip((stopped, plain, stopped), lines, strict=True):
        assert_array_equal(line.get_ydata(), model.loss_curve_)
    assert len({line.get_color() for line in lines}) == 3
    assert validation_lines[1] is points[1] is None
    for i in (0, 2):
        assert lines[i].get_color() == validation_lines[i].get_color() == points[i].get_color()
        assert lines[i].get_linestyle() != validation_lines[i].get_linestyle()


def test_a_second_picture_on_the_same_axes_adds_to_the_first(stopped, plt):
    ax = LossCurveDisplay.from_estimator(stopped, name="a").ax_
    display = LossCurveDisplay.from_estimator(stopped, name="b", ax=ax)
    assert legend(display) == ["a", "training", "validation", "kept epoch", "b"]
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert len(plt.get_fignums()) == 1


def test_training_alone_needs_no_key_of_styles(plain):
    assert legend(LossCurveDisplay.from_estimators({"a": plain, "b": plain})) == ["a", "b"]


def test_mlpregressor_can_stand_beside_ours(regression):
    ours = network(standardize=False).fit(*regression)
    theirs = MLPRegressor(hidden_layer_sizes=(5,), **SHORT).fit(*regression)
    display = LossCurveDisplay.from_estimators({"ours": ours, "theirs": theirs})
    np.testing.assert_allclose(*(line.get_ydata() for line in display.line_))
    assert display.ax_.get_ylabel() == "loss"


@pytest.mark.parametrize(
    ("params", "others", "xlabel", "ylabel"),
    [
        ({}, {}, "epoch", "loss (standardised units)"),
        ({"standardize": False}, {"standardize": False}, "epoch", "loss"),
        ({}, {"standardize": False}, "epoch", "loss (units differ)"),
        ({}, {"loss": "poisson"}, "epoch", "loss (units differ)"),
        ({}, {"standardize": "numeric"}, "epoch", "loss (standardised units)"),
        ({"solver": "lbfgs"}, {"solver": "lbfgs"}, "iteration", "loss (standardised units)"),
        ({}, {"solver": "lbfgs"}, "epoch or iteration", "loss (standardised units)"),
    ],
)
def test_the_axes_say_what_is_counted_and_in_which_unit(params, others, xlabel, ylabel, regression):
    X, y = regression
    models = [network(**each).fit(X, np.abs(y)) for each in (params, others)]
    ax = LossCurveDisplay.from_estimators(dict(zip("ab", models))).ax_
    assert (ax.get_xlabel(), ax.get_ylabel()) == (xlabel, ylabel)


def test_ticks_are_at_whole_epochs_unless_the_user_has_set_them(plt):
    _, (ax, own) = plt.subplots(1, 2)
    own.set_xticks([1.5])
    for axes in (ax, own):
        LossCurveDisplay(loss_curves=[[3, 2, 1]]).plot(axes)
    assert_array_equal(ax.get_xticks() % 1, 0)
    assert own.get_xticks() == [1.5]


# --- choices ---


@pytest.mark.parametrize("log_scale", [True, False])
def test_the_loss_is_on_a_log_scale_by_choice(log_scale, stopped):
    display = LossCurveDisplay.from_estimator(stopped, log_scale=log_scale)
    assert display.ax_.get_yscale() == ("log" if log_scale else "linear")
    assert display.ax_.get_xscale() == "linear"


@pytest.mark.parametrize("curves", [{"loss_curves": [[1, 0]]}, {"validation_loss_curves": [[-1]]}])
def test_a_loss_that_has_no_logarithm_is_refused_before_anything_is_drawn(curves, plt):
    display = LossCurveDisplay(**{"loss_curves": [[1, 2]], **curves})
    with pytest.raises(ValueError, match=r"log_scale=True needs losses above 0, got (0|-1)"):
        display.plot(log_scale=True)
    assert plt.get_fignums() == []
    display.plot()


def test_lines_can_be_styled_by_any_name_that_matplotlib_knows(stopped):
    display = LossCurveDisplay.from_estimator(stopped, line_kwargs={"lw": 5, "c": "red"})
    for line in (display.line_, display.validation_line_):
        assert (line.get_linewidth(), line.get_color()) == (5, "red")
    solid = LossCurveDisplay.from_estimator(stopped, line_kwargs={"ls": "-"})
    assert solid.validation_line_.get_linestyle() == "-"


def test_a_display_can_be_drawn_again_elsewhere(stopped, plt):
    display = LossCurveDisplay.from_estimator(stopped)
    first, (_, ax) = display.ax_, plt.subplots()
    assert display.plot(ax, log_scale=True) is display
    assert display.ax_ is ax is not first


# --- what is taken, and what is not ---


@pytest.mark.parametrize("display", [LossCurveDisplay, NetworkDisplay])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: make_pipeline(StandardScaler(), model),
        lambda model: GridSearchCV(model, {"alpha": [0]}, cv=2),
        lambda model: TransformedTargetRegressor(model),
        lambda model: GridSearchCV(make_pipeline(StandardScaler(), model), {}, cv=2),
    ],
    ids=["pipeline", "search", "transformed target", "search over a pipeline"],
)
def test_the_network_is_found_inside_other_estimators(display, wrap, regression):
    display.from_estimator(wrap(network()).fit(*regression))


@pytest.mark.parametrize("display", [LossCurveDisplay, NetworkDisplay])
def test_what_is_not_a_fitted_network_is_refused(display, regression, plt):
    with pytest.raises(NotFittedError, match="ScratchMLPRegressor instance is not fitted"):
        display.from_estimator(network())
    attribute = "loss_curve_" if display is LossCurveDisplay else "coefs_"
    for other in (Ridge(), make_pipeline(StandardScaler(), Ridge())):
        with pytest.raises(
            TypeError, match=f"{display.__name__} needs .* {attribute}, got .*Ridge"
        ):
            display.from_estimator(other.fit(*regression))
    with pytest.raises(TypeError, match="estimator"):
        display.from_estimator(None)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("estimators", [{}, [], None])
def test_several_networks_come_with_their_names(estimators):
    with pytest.raises(TypeError, match="estimators must be a dict of names to fitted networks"):
        LossCurveDisplay.from_estimators(estimators)
    with pytest.raises(TypeError, match="estimators must be a dict"):
        LossCurveDisplay.from_estimators(network())


@pytest.mark.slow
@pytest.mark.parametrize("display", [LossCurveDisplay, NetworkDisplay])
def test_without_matplotlib_the_error_is_that_of_scikit_learn(display, plain, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)  # which makes its import fail
    with pytest.raises(ImportError) as ours:
        display.from_estimator(plain)
    with pytest.raises(ImportError) as theirs:
        PredictionErrorDisplay(y_true=[1], y_pred=[1]).plot()
    expected = str(theirs.value).replace("PredictionErrorDisplay.plot", display.__name__)
    assert str(ours.value) == expected


@pytest.mark.slow
def test_pictures_are_drawn_to_the_last_pixel_without_a_warning(stopped, plain):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for display in (
            LossCurveDisplay.from_estimators({"a": stopped, "b": plain}, log_scale=True),
            NetworkDisplay.from_estimator(stopped, max_units=4),
        ):
            display.figure_.canvas.draw()
