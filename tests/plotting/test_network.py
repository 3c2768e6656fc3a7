"""The picture of a network: units, weights and names where they belong."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknn_scratch import NetworkDisplay, ScratchMLPRegressor
from sknn_scratch.maths.activations import Activation

matplotlib = pytest.importorskip("matplotlib")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fit(sizes, X, y, **params):
    return ScratchMLPRegressor(sizes, max_iter=3, random_state=0, **params).fit(X, y)


def places(display):
    """Return the places of the units, an array of shape (n_shown, 2) per layer."""
    return [np.asarray(layer.get_offsets()) for layer in display.nodes_]


def drawn(display, layer):
    """Return {(place of a unit, place of a unit): (value, width)} of the weights of a layer."""
    lines = display.line_[layer]
    ends = [tuple(map(tuple, segment)) for segment in lines.get_segments()]
    return dict(zip(ends, zip(lines.get_array(), lines.get_linewidths()), strict=True))


def labels(display):
    return [label.get_text() for label in display.ax_.get_xticklabels()]


def names(display):
    return [text.get_text() for text in display.ax_.texts]


@pytest.mark.parametrize("sizes", [(), (1,), (3,), (6, 2, 5)])
def test_every_weight_is_a_line_between_its_units(sizes, regression):
    model = fit(sizes, *regression)
    display = NetworkDisplay.from_estimator(model)
    units = places(display)
    assert [len(layer) for layer in units] == [4, *sizes, 1]
    for layer, W in enumerate(model.coefs_):
        lines = drawn(display, layer)
        assert len(lines) == W.size
        for (i, j), weight in np.ndenumerate(W):
            value, _ = lines[tuple(units[layer][i]), tuple(units[layer + 1][j])]
            assert value == pytest.approx(weight / np.abs(W).max())


def test_the_larger_a_weight_the_wider_its_line_whatever_its_sign(regression):
    display = NetworkDisplay.from_estimator(fit((6,), *regression))
    values, widths = np.array(list(drawn(display, 0).values())).T
    assert values.min() < 0 < values.max()
    assert_array_equal(np.argsort(np.abs(values)), np.argsort(widths))
    assert_array_equal(np.sort(widths), widths)  # the largest on top
    assert display.line_[0].get_clim() == (-1, 1)


def test_units_stand_in_columns_that_do_not_touch_the_first_on_top(regression):
    units = places(NetworkDisplay.from_estimator(fit((6, 3), *regression)))
    for x, layer in enumerate(units):
        assert_array_equal(layer[:, 0], x)
        assert_allclose(np.diff(layer[:, 1]), -1)
        assert layer[:, 1].mean() == pytest.approx(0)


@pytest.mark.parametrize("n_units", [2, 12, 60])
def test_units_do_not_touch_however_many_there_are(n_units):
    coefs = [np.ones((n_units, n_units)), np.ones((n_units, 1))]
    display = NetworkDisplay(coefs=coefs).plot(max_units=n_units)
    display.figure_.canvas.draw()
    heights = display.ax_.transData.transform(places(display)[0])[:, 1]
    diameter = np.sqrt(display.nodes_[0].get_sizes()[0]) / 72 * display.figure_.dpi
    assert np.abs(np.diff(heights)).min() > diameter


def test_many_layers_make_a_wide_picture():
    few, many = (NetworkDisplay(coefs=[np.ones((2, 2))] * n).plot() for n in (2, 12))
    assert many.figure_.get_figwidth() > 2 * few.figure_.get_figwidth()


@pytest.mark.parametrize("max_units", [2, 5, 12])
def test_of_a_wide_layer_the_first_and_the_last_units_are_drawn(max_units, rng):
    X, y = rng.normal(size=(20, 30)), rng.normal(size=20)
    model = fit((40,), X, y)
    display = NetworkDisplay.from_estimator(model, max_units=max_units)
    inputs, hidden, _ = places(display)
    assert len(inputs) == len(hidden) == max_units
    assert np.diff(inputs[:, 1]).min() == -2  # the gap
    of_network = [*display.nodes_, *display.line_]
    dots = [each for each in display.ax_.collections if each not in of_network]
    for layer, three in zip((inputs, hidden), dots, strict=True):  # in the middle of the gap
        above = layer[(max_units + 1) // 2 - 1, 1]
        assert np.asarray(three.get_offsets()).mean(axis=0) == pytest.approx(
            [layer[0, 0], above - 1]
        )
    shown = [*range((max_units + 1) // 2), *range(30 - max_units // 2, 30)]
    assert names(display) == [*(f"x{i}" for i in shown), "y"]
    value, _ = drawn(display, 0)[tuple(inputs[-1]), tuple(hidden[-1])]
    assert value == pytest.approx(model.coefs_[0][-1, -1] / np.abs(model.coefs_[0]).max())
    assert labels(display) == ["30 inputs\n", "40 units\nrelu", "1 output\nidentity"]


def test_an_embedding_keeps_the_names_of_features(regression):
    X, y = regression
    for rows, letters in (
        (X, ["x0", "x1", "x2", "x3"]),
        (pd.DataFrame(X, columns=[*"abcd"]), "abcd"),
    ):
        shown = names(NetworkDisplay.from_estimator(fit((2,), rows, y, embedding="periodic")))
        assert shown[-5:] == [*letters, "y"]
        assert shown[0].startswith(letters[0])


def test_names_of_features_and_activations_are_written(regression):
    class Sine(Activation):
        def __call__(self, z):
            return np.sin(z)

        def derivative(self, z, a):
            return np.cos(z)

    X, y = regression
    X = pd.DataFrame(X, columns=["age", "$in$", "a_b", "size"])
    model = fit((3, 1), X, np.c_[y, y], activation=Sine(), out_activation="tanh")
    display = NetworkDisplay.from_estimator(model)
    assert names(display) == [*X.columns, "y0", "y1"]
    assert not any(text.get_parse_math() for text in display.ax_.texts)
    expected = ["4 inputs\n", "3 units\nSine()", "1 unit\nSine()", "2 outputs\ntanh"]
    assert labels(display) == expected


@pytest.mark.parametrize(
    ("name", "n"),
    [("feature_names", 3), ("output_names", 1), ("intercepts", 2), ("activations", 2)],
)
@pytest.mark.parametrize("more", [-1, 1])
def test_too_few_and_too_many_of_what_belongs_to_a_network_are_named(name, n, more):
    coefs = [np.ones((3, 2)), np.ones((2, 1))]
    with pytest.raises(ValueError, match=f"{name} must have {n} elements, got {n + more}: "):
        NetworkDisplay(coefs=coefs, **{name: ["a"] * (n + more)}).plot()


def test_long_names_leave_the_picture_room():
    coefs = [np.ones((2, 3)), np.ones((3, 1))]
    display = NetworkDisplay(coefs=coefs, feature_names=["e" * 80, "x"], output_names=["o" * 80])
    display.plot().figure_.canvas.draw()  # warns where there is none
    assert [len(name) for name in names(display)] == [24, 1, 24]


def test_an_array_of_activations_is_one_for_each_layer(regression):
    model = fit((3, 2), *regression, activation=np.array(["tanh", "relu"]))
    assert labels(NetworkDisplay.from_estimator(model))[1:3] == ["3 units\ntanh", "2 units\nrelu"]


def test_a_display_needs_weights_only():
    display = NetworkDisplay(coefs=[np.zeros((2, 3)), np.ones((3, 1))], output_names=["price"])
    assert display.plot() is display
    assert names(display) == ["x0", "x1", "price"]
    assert_array_equal(display.line_[0].get_array(), 0)  # a layer of zeros has no largest weight


@pytest.mark.parametrize(
    "coefs", [[], [np.zeros((20, 2, 3)), np.zeros((20, 3, 1))], [np.zeros((2, 3)), np.ones((2, 1))]]
)
def test_weights_must_be_those_of_one_network(coefs, plt):
    with pytest.raises(ValueError, match=r"coefs must be a matrix .* got shapes"):
        NetworkDisplay(coefs=coefs).plot()
    assert plt.get_fignums() == []


def test_the_colours_and_their_scale_are_a_choice(regression, plt):
    model, (figure, ax) = fit((2,), *regression), plt.subplots()
    display = NetworkDisplay.from_estimator(model, ax=ax, colorbar=False, cmap="PuOr")
    assert display.colorbar_ is None
    assert figure.axes == [ax]
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert display.line_[0].get_cmap().name == "PuOr"
    assert NetworkDisplay.from_estimator(model).colorbar_.mappable.get_cmap().name == "RdBu_r"


@pytest.mark.parametrize(
    ("max_units", "error"), [(1, ValueError), (0, ValueError), (2.5, TypeError), (True, TypeError)]
)
def test_a_layer_shows_two_units_at_least(max_units, error, regression, plt):
    with pytest.raises(error, match="max_units"):
        NetworkDisplay.from_estimator(fit((2,), *regression), max_units=max_units)
    assert plt.get_fignums() == []


# --- numbers on the lines ---


def on_its_line(text, start, end):
    """Return whether a text stands on the line between two units, in front of it."""
    x, y = text.get_position()
    along = (x - start[0]) / (end[0] - start[0])
    return 0 < along < 1 and y == pytest.approx(start[1] + along * (end[1] - start[1]))


@pytest.mark.parametrize("sizes", [(), (2,), (4, 3)])
def test_with_values_each_weight_stands_on_its_line(sizes, regression):
    model = fit(sizes, *regression)
    display = NetworkDisplay.from_estimator(model, values=True)
    units = places(display)
    for layer, W in enumerate(model.coefs_):
        assert display.text_[layer].shape == W.shape
        for (i, j), text in np.ndenumerate(display.text_[layer]):
            assert float(text.get_text()) == pytest.approx(W[i, j], rel=0.01)
            assert on_its_line(text, units[layer][i], units[layer + 1][j])


@pytest.mark.parametrize("sizes", [(1,), (3, 4), (5, 2), (40, 3)])
def test_no_two_numbers_of_a_layer_share_a_height(sizes, regression):
    display = NetworkDisplay.from_estimator(fit(sizes, *regression), values=True, max_units=4)
    for texts in display.text_:
        heights = np.sort([text.get_position()[1] for text in texts.flat])
        if len(heights) > 1:
            assert np.diff(heights).min() >= 1 / (min(texts.shape) + 2) - 1e-9


def test_with_values_intercepts_stand_below_their_units_with_a_sign(regression):
    model = fit((3,), *regression)
    display = NetworkDisplay.from_estimator(model, values=True)
    for below, b, units in zip(display.intercept_text_, model.intercepts_, places(display)[1:]):
        for text, value, place in zip(below, b, units, strict=True):
            assert float(text.get_text()) == pytest.approx(value, rel=0.01)
            assert text.get_text()[0] in "+-"
            assert tuple(text.xy) == tuple(place)
            assert text.get_position()[1] < 0  # in points from there


def test_a_network_without_intercepts_has_none_written(regression):
    model = fit((3,), *regression, fit_intercept=False)
    display = NetworkDisplay.from_estimator(model, values=True)
    assert display.intercept_text_ is None
    assert display.text_ is not None


def test_values_may_be_a_format():
    W = [np.array([[0.123], [-4.567]])]
    display = NetworkDisplay(coefs=W, intercepts=[np.array([1.0])]).plot(values=".1f")
    assert [text.get_text() for text in display.text_[0].flat] == ["0.1", "-4.6"]
    assert [text.get_text() for text in display.intercept_text_[0]] == ["+1.0"]


def test_without_values_no_number_is_written(regression):
    display = NetworkDisplay.from_estimator(fit((3,), *regression))
    assert display.text_ is None
    assert display.intercept_text_ is None
    assert names(display) == ["x0", "x1", "x2", "x3", "y"]


@pytest.mark.parametrize(
    ("values", "error"), [(1, TypeError), (None, TypeError), ("d", ValueError)]
)
def test_values_are_a_bool_or_a_format_of_numbers(values, error, regression, plt):
    with pytest.raises(error, match="values must be"):
        NetworkDisplay.from_estimator(fit((2,), *regression), values=values)
    assert plt.get_fignums() == []


def test_sklearns_network_has_its_values_drawn_too(regression):
    from sklearn.neural_network import MLPRegressor

    model = MLPRegressor(hidden_layer_sizes=(2,), max_iter=3, random_state=0).fit(*regression)
    display = NetworkDisplay.from_estimator(model, values=True)
    assert float(display.text_[0][0, 0].get_text()) == pytest.approx(
        model.coefs_[0][0, 0], rel=0.01
    )
    assert len(display.intercept_text_[0]) == 2
