import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sknn_scratch import IntervalDisplay, LossCurveDisplay, NetworkDisplay
from sknn_scratch.plotting.drawing import ink, shortened

STYLES = ["default", "dark_background"]


def test_what_is_shorter_for_it_alone_is_shortened():
    assert shortened("a" * 24) == "a" * 24
    assert shortened("a" * 20 + "b" * 20) == "a" * 12 + "\N{HORIZONTAL ELLIPSIS}" + "b" * 11


@pytest.fixture(params=STYLES)
def ax(request):
    with plt.style.context(request.param):
        figure, ax = plt.subplots()
        yield ax
        plt.close(figure)


def contrast(colour, ax):
    """Return the contrast ratio of WCAG 2.2 between a colour and the background of ``ax``."""
    light, dark = sorted(map(luminance, (colour, ax.get_facecolor())), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


def test_ink_goes_from_the_background_to_the_labels(ax):
    assert ink(ax, 0) == to_rgb(ax.get_facecolor())
    assert ink(ax, 1) == to_rgb(ax.xaxis.label.get_color())


def test_the_units_of_a_network_stand_out_light_and_dark(ax):
    display = NetworkDisplay(coefs=[np.ones((3, 2)), np.ones((2, 1))]).plot(ax, values=True)
    for layer in display.nodes_:
        assert contrast(layer.get_edgecolor()[0], ax) > 4.5
        assert contrast(layer.get_facecolor()[0], ax) == pytest.approx(1)


def test_intervals_and_points_stand_out_light_and_dark(ax):
    y = np.arange(4.0)
    display = IntervalDisplay(
        y_true=y, y_pred=y, interval=np.column_stack([y - 1, y + 1]), coverage=0.9
    ).plot(ax)
    assert contrast(display.line_.get_color(), ax) > 4.5
    assert contrast(display.inside_.get_color(), ax) > 3
    assert contrast(display.band_.get_color()[0], ax) > 1.4


def test_the_kept_epoch_is_a_ring_light_and_dark(ax):
    display = LossCurveDisplay(loss_curves=[[3.0, 2.0]], best_epochs=[2]).plot(ax)
    assert to_rgb(display.best_point_.get_markerfacecolor()) == to_rgb(ax.get_facecolor())
    assert contrast(display.best_point_.get_markeredgecolor(), ax) > 3
