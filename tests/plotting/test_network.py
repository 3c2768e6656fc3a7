"""The picture of a network: units, weights and names where they belong."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknn_scratch import NetworkDisplay, ScratchMLPRegressor
from sknn_scratch.maths.activations import Activation

matplotlib = pytest.importorskip("matplotlib")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(autouse=True)
def plt():
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


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


@pytest.mark.parametrize("max_units", [2, 5, 12])
def test_of_a_wide_layer_the_first_and_the_last_units_are_drawn(max_units, rng):
    X, y = rng.normal(size=(20, 30)), rng.normal(size=20)
    model = fit((40,), X, y)
    display = NetworkDisplay.from_estimator(model, max_units=max_units)
    inputs, hidden, _ = places(display)
    assert len(inputs) == len(hidden) == max_units
    assert np.diff(inputs[:, 1]).min() == -2  # the gap
    shown = [*range((max_units + 1) // 2), *range(30 - max_units // 2, 30)]
    assert names(display) == [*(f"x{i}" for i in shown), "y"]
    value, _ = drawn(display, 0)[tuple(inputs[-1]), tuple(hidden[-1])]
    assert value == pytest.approx(model.coefs_[0][-1, -1] / np.abs(model.coefs_[0]).max())
    assert labels(display) == ["30 inputs\n", "40 units\nrelu", "1 output\nidentity"]


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


def test_a_display_needs_weights_only():
    display = NetworkDisplay(coefs=[np.zeros((2, 3)), np.ones((3, 1))], output_names=["price"])
    assert display.plot() is display
    assert names(display) == ["x0", "x1", "price"]
    assert_array_equal(display.line_[0].get_array(), 0)  # a layer of zeros has no largest weight


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
