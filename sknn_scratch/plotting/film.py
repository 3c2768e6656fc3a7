"""A film of training: what a network predicts, epoch by epoch, beside its loss."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..maths import Array
from .drawing import ink, pyplot_for

COLOURS = "PuOr_r"  # purple: the smallest target, orange: the largest
ABOUT = 0.1  # what is drawn around the data, in their widths


def film(
    predict: Callable[[int, Array], Array],
    X: Array,
    y: Array,
    losses: Array,
    epochs: Array,
    frames: Array,
    interval: float,
) -> Any:
    """Return a FuncAnimation of predictions and of the loss.

    ``predict`` takes the number of a record and rows, and returns predictions of shape (n_rows,):
    with one column of X they are drawn as a curve, with two as a surface, with more against the
    targets. ``losses`` and ``epochs`` are of shape (n_records,); each of the records ``frames`` is
    shown for ``interval`` milliseconds.
    """
    plt = pyplot_for("animate")
    from matplotlib.animation import FuncAnimation

    figure, (picture, curve) = plt.subplots(1, 2, figsize=(8, 3.8), dpi=80, layout="constrained")
    draw = {1: _draw_curve, 2: _draw_surface}.get(X.shape[1], _draw_against_targets)
    update = draw(picture, X, y)
    curve.plot(epochs, losses, color=ink(curve, 0.35))
    (point,) = curve.plot([], [], "o", color="tab:blue")
    curve.set(xlabel="epoch", ylabel="loss", ylim=(min(0, losses.min()), None))

    def show(record: int) -> None:
        """Draw what was so at a record, in place."""
        update(lambda rows: predict(record, rows))
        point.set_data([epochs[record]], [losses[record]])
        curve.set_title(f"epoch {epochs[record]}, loss {losses[record]:.3g}")

    return FuncAnimation(figure, show, frames=frames, init_func=lambda: None, interval=interval)


def _limits(values):
    """Return the ends of an axis for values, and a little more."""
    low, high = values.min(), values.max()
    about = ABOUT * (high - low) or 1.0
    return low - about, high + about


def _draw_curve(ax, X, y):
    """Draw targets along a column, and return what draws the prediction as a curve."""
    places = np.linspace(*_limits(X[:, 0]), 300)
    ax.plot(X[:, 0], y, ".", color=ink(ax, 0.5))
    (curve,) = ax.plot([], [], color="tab:blue", linewidth=2)
    ax.set(xlabel="x", ylabel="y", xlim=_limits(X[:, 0]), ylim=_limits(y), title="prediction")
    return lambda predict: curve.set_data(places, predict(places[:, np.newaxis]))


def _draw_surface(ax, X, y):
    """Draw targets as colours, and return what draws the prediction as a surface below them."""
    x0, x1 = (np.linspace(*_limits(column), 61) for column in X.T)
    places = np.stack(np.meshgrid(x0, x1), axis=-1)
    colours = {"cmap": COLOURS, "vmin": y.min(), "vmax": y.max()}
    surface = ax.imshow(
        np.zeros(places.shape[:2]),
        extent=(x0[0], x0[-1], x1[0], x1[-1]),
        origin="lower",
        aspect="auto",
        interpolation="bilinear",
        **colours,
    )
    ax.scatter(*X.T, c=y, edgecolors="white", s=max(20, 110 - len(y)), **colours)
    ax.figure.colorbar(surface, ax=ax, label="prediction, and targets", shrink=0.8)
    ax.set(xlabel="$x_0$", ylabel="$x_1$")
    return lambda predict: surface.set_data(predict(places.reshape(-1, 2)).reshape(len(x1), -1))


def _draw_against_targets(ax, X, y):
    """Draw the line where predictions are right, and return what draws them against targets."""
    limits = _limits(y)
    ax.axline((limits[0], limits[0]), slope=1, color=ink(ax, 0.5), linewidth=1)
    dots = ax.scatter(y, np.full(len(y), np.nan), s=10, color="tab:blue")
    ax.set(xlabel="target", ylabel="prediction", xlim=limits, ylim=limits)
    return lambda predict: dots.set_offsets(np.column_stack([y, predict(X)]))
