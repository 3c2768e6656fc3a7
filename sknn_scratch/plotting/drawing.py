"""Axes and colours of all pictures, and the units and weights of networks, with matplotlib.

It is needed for drawing only, and imported where that happens.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..maths import Array


def pyplot_for(display: str) -> Any:
    """Return matplotlib's pyplot, or raise an ImportError that names the display."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{display} requires matplotlib. You can install matplotlib with "
            "`pip install matplotlib`"
        ) from error
    return plt


def drawing_axes(ax: Any, display: str, **figure: Any) -> Any:
    """Return ``ax``, or the axes of a new figure if it is None."""
    plt = pyplot_for(display)
    return plt.subplots(layout="constrained", **figure)[1] if ax is None else ax


def ink(ax: Any, share: float) -> tuple[float, ...]:
    """Return a colour between the background of ``ax`` (0) and its labels (1), light or dark."""
    from matplotlib.colors import to_rgb

    back, front = to_rgb(ax.get_facecolor()), to_rgb(ax.xaxis.label.get_color())
    return tuple((1 - share) * b + share * f for b, f in zip(back, front))


class Layer:
    """Where the units of a layer are: a column at ``x``, centred on a height of 0.

    Parameters
    ----------
    x : int
    size : int
        How many units there are.
    max_units : int
        How many of them to show.

    Attributes
    ----------
    units : ndarray of int
        The units that are shown.
    y : ndarray of float
        Their heights, 1 apart.
    height : int
        The room they take: 1 each, and 1 for the gap where units are left out.
    gap : float or None
        The height of that gap.
    """

    units: Array
    y: Array
    height: int
    gap: float | None

    def __init__(self, x: int, size: int, max_units: int) -> None:
        self.x = x
        self.gap = None
        self.height = min(size, max_units + 1)
        self.units = np.arange(size)
        self.y = (self.height - 1) / 2 - np.arange(self.height)
        if size > max_units:
            first = (max_units + 1) // 2
            self.units = np.r_[:first, size - max_units + first : size]
            self.y, self.gap = np.delete(self.y, first), self.y[first]

    def draw(self, ax: Any, diameter: float) -> Any:
        """Draw the units, and three dots for those left out; return the units."""
        if self.gap is not None:
            dots = self.gap + np.array([-0.2, 0, 0.2])
            ax.scatter([self.x] * 3, dots, s=4, color=ink(ax, 0.6))
        return ax.scatter(
            np.full(len(self.y), self.x),
            self.y,
            s=diameter**2,
            facecolor=ink(ax, 0),
            edgecolor=ink(ax, 0.75),
            linewidth=1.2,
            zorder=2,
        )

    def write_below(self, ax: Any, values: Array, spec: str, offset: float) -> list[Any]:
        """Write numbers below the units, ``offset`` points from their centres; return the texts."""
        style = {"textcoords": "offset points", "ha": "center", "va": "top", "fontsize": 9}
        box = {"facecolor": ink(ax, 0), "edgecolor": "none", "pad": 0.6}
        return [
            ax.annotate(format(values[unit], spec), (self.x, y), (0, -offset), bbox=box, **style)
            for unit, y in zip(self.units, self.y)
        ]

    def name_units(self, ax: Any, names: Sequence[str], offset: float, side: str) -> None:
        """Write the names of the units, ``offset`` points beside them."""
        for unit, y in zip(self.units, self.y):
            ax.annotate(
                names[unit],
                (self.x, y),
                xytext=(offset, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                parse_math=False,
            )


def draw_weights(ax: Any, W: Array, start: Layer, end: Layer, cmap: Any, widest: float) -> Any:
    """Draw the weights between the units shown of two layers, the largest on top.

    Parameters
    ----------
    ax : Axes
    W : ndarray of shape (fan_in, fan_out)
    start, end : Layer
    cmap : str or Colormap
    widest : float
        The width, in points, of the largest weight of the layer.
    """
    from matplotlib.collections import LineCollection

    relative = W[np.ix_(start.units, end.units)] / (np.abs(W).max() or 1)
    order = np.argsort(np.abs(relative), axis=None)
    i, j = np.unravel_index(order, relative.shape)
    relative = relative[i, j]
    segments = [[(start.x, a), (end.x, b)] for a, b in zip(start.y[i], end.y[j])]
    lines = LineCollection(
        segments,
        cmap=cmap,
        array=relative,
        linewidths=widest * (0.05 + 0.95 * np.abs(relative)),
        capstyle="round",
        zorder=1,
    )
    lines.set_clim(-1, 1)
    return ax.add_collection(lines)


def draw_values(ax: Any, W: Array, start: Layer, end: Layer, spec: str) -> Array:
    """Write the weights between the units shown of two layers on lines, however faint theirs are.

    All stand in one column, as far from each other as can be. With m units in the first layer and
    n in the second, a height and a place 1 apart, the weight from i to j stands at the height
    i + t (j - i) up to a constant. With t = 1 / (n + 1) these are n / (n + 1) times i + j / n:
    numbers 1 / (n + 1) apart. So are those of t = m / (m + 1), with m; the wider of the two is
    taken.

    Parameters
    ----------
    ax : Axes
    W : ndarray of shape (fan_in, fan_out)
    start, end : Layer
    spec : str
        The format specification of a number.

    Returns
    -------
    ndarray of Text of shape (n_start, n_end)
    """
    m, n = start.height, end.height
    t, apart = (1 / (n + 1), 1 / (n + 1)) if n <= m else (m / (m + 1), 1 / (m + 1))
    size = min(9, max(3, 0.7 * apart * _points_per_unit(ax, max(m, n))))
    style = {"fontsize": size, "ha": "center", "va": "center", "zorder": 3}
    box = {"facecolor": ink(ax, 0), "edgecolor": "none", "pad": 0.6}
    text = np.empty((len(start.units), len(end.units)), dtype=object)
    behind = {"color": ink(ax, 0.15), "linewidth": 0.8, "zorder": 0}
    for (i, j), weight in np.ndenumerate(W[np.ix_(start.units, end.units)]):
        x, y = start.x + t * (end.x - start.x), start.y[i] + t * (end.y[j] - start.y[i])
        text[i, j] = ax.text(x, y, format(weight, spec), bbox=box, **style)
        ax.plot([start.x, end.x], [start.y[i], end.y[j]], **behind)
    return text


def _points_per_unit(ax, height):
    """Return how many points there are between two units of a layer of that height."""
    inches = ax.get_window_extent().height / ax.figure.dpi
    return 72 * inches / (1.1 * max(height - 1, 1))


def draw_colorbar(ax: Any, lines: Any) -> Any:
    """Draw the scale of the colours beside ``ax``."""
    return ax.figure.colorbar(
        lines, ax=ax, ticks=[-1, 0, 1], label="weight / largest of its layer", shrink=0.6
    )
