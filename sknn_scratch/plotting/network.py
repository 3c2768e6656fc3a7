"""A picture of a network: its layers, and its weights by colour and width."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..components import check_number
from ..maths import Array
from .drawing import drawing_axes, find_networks, ink, shortened


class NetworkDisplay:
    """A network: its layers from left to right, its weights as lines between their units.

    Make it with `from_estimator`. Parameters are stored as attributes.

    Parameters
    ----------
    coefs : sequence of ndarray of shape (fan_in, fan_out)
        The weights of each layer.
    intercepts : sequence of ndarray of shape (fan_out,), default=None
        The intercepts of each layer; None if there are none.
    activations : sequence of str, default=None
        The activation of each layer.
    feature_names : sequence of str of length n_features, default=None
        None stands for x0, x1, ...
    output_names : sequence of str of length n_outputs, default=None
        None stands for y, or y0, y1, ...

    Attributes
    ----------
    line_ : list of LineCollection
        The weights of each layer, the smallest first.
    nodes_ : list of PathCollection
        The units of each layer, the inputs first.
    text_ : list of ndarray of Text of shape (n_shown, n_shown), or None
        The numbers on the lines of each layer; None without ``values``.
    intercept_text_ : list of list of Text, or None
        The numbers below the units of each layer but the inputs; None where there are none.
    colorbar_ : Colorbar or None
    ax_ : Axes
    figure_ : Figure

    See Also
    --------
    LossCurveDisplay : How training went.
    WeightRecorder : The weights epoch by epoch.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_diabetes
    >>> from sknn_scratch import NetworkDisplay, ScratchMLPRegressor
    >>> model = ScratchMLPRegressor((4,), solver="lbfgs", max_iter=1000, random_state=0)
    >>> model = model.fit(*load_diabetes(return_X_y=True))
    >>> display = NetworkDisplay.from_estimator(model, ax=Figure().subplots())
    >>> [len(layer.get_offsets()) for layer in display.nodes_]
    [10, 4, 1]
    """

    def __init__(
        self,
        *,
        coefs: Sequence[Array],
        intercepts: Sequence[Array] | None = None,
        activations: Sequence[str] | None = None,
        feature_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
    ) -> None:
        self.coefs = coefs
        self.intercepts = intercepts
        self.activations = activations
        self.feature_names = feature_names
        self.output_names = output_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        max_units: int = 12,
        values: bool | str = False,
        cmap: Any = "RdBu_r",
        colorbar: bool = True,
        ax: Any = None,
    ) -> NetworkDisplay:
        """Draw a fitted network.

        Colour and width say how large a weight is next to the largest of its layer, colour says
        its sign as well. Weights are those of ``coefs_``: those of the first layer are per unit
        of each feature, so they compare only if the features were standardised beforehand.

        Parameters
        ----------
        estimator : estimator
            A fitted network with ``coefs_``, or a pipeline that ends in one, a search that
            found one, or a TransformedTargetRegressor that holds one.
        max_units : int, default=12
            Of a layer with more units only the first and the last are drawn, this many in all.
        values : bool or str, default=False
            Whether to write each weight on its line, and each intercept, with its sign, below its
            unit: True with three digits, a str by that format specification, such as '.1f'.
            For networks of a few units; the more lines, the smaller the numbers.
        cmap : str or Colormap, default="RdBu_r"
            A diverging colour map: its lower half is for negative weights.
        colorbar : bool, default=True
            Whether to draw the scale of the colours.
        ax : Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        NetworkDisplay

        Raises
        ------
        TypeError, ValueError
            If there is no ``coefs_``, ``max_units`` is not an int from 2 up, or ``values`` is no
            bool and no format specification of a number.
        """
        network, *others = find_networks(estimator, "coefs_", cls.__name__)
        if others:
            raise TypeError(f"{cls.__name__} draws one network, got {1 + len(others)}.")
        display = cls(
            coefs=network.coefs_,
            intercepts=network.intercepts_ if getattr(network, "fit_intercept", True) else None,
            activations=_activation_names(network),
            feature_names=_feature_names(network),
        )
        return display.plot(ax, max_units=max_units, values=values, cmap=cmap, colorbar=colorbar)

    def plot(
        self,
        ax: Any = None,
        *,
        max_units: int = 12,
        values: bool | str = False,
        cmap: Any = "RdBu_r",
        colorbar: bool = True,
    ) -> NetworkDisplay:
        """Draw the network.

        Parameters
        ----------
        ax, max_units, values, cmap, colorbar
            As for `from_estimator`.

        Returns
        -------
        self : NetworkDisplay
        """
        check_number(max_units, "max_units", int, "[2, inf)")
        spec = _format_of(values)
        check_coefs(self.coefs)
        sizes = [len(W) for W in self.coefs] + [self.coefs[-1].shape[1]]
        self._check_lengths(sizes)
        figsize = (min(18, max(6.4, 1.1 * len(sizes) + 2)), 4.8)
        ax = drawing_axes(ax, type(self).__name__, figsize=figsize)
        layers = [DrawnLayer(x, size, max_units) for x, size in enumerate(sizes)]
        diameter = min(16, 240 / max(layer.height for layer in layers))  # in points
        self.nodes_: list[Any] = [layer.draw(ax, diameter) for layer in layers]
        self.line_: list[Any] = [
            draw_weights(ax, W, start, end, cmap, widest=0.18 * diameter)
            for W, start, end in zip(self.coefs, layers, layers[1:])
        ]
        self.text_: list[Array] | None = None
        self.intercept_text_: list[Any] | None = None
        if spec is not None:
            self._write_values(ax, layers, spec, diameter)
        self._label(ax, layers, sizes, diameter)
        self.colorbar_: Any = None
        if colorbar:
            scale = {"ticks": [-1, 0, 1], "label": "weight / largest of its layer"}
            self.colorbar_ = ax.figure.colorbar(self.line_[0], ax=ax, shrink=0.6, **scale)
        self.ax_: Any = ax
        self.figure_: Any = ax.figure
        return self

    def _check_lengths(self, sizes):
        """Raise ValueError unless there is a name for each input and output, and so on."""
        for name, n in (
            ("feature_names", sizes[0]),
            ("output_names", sizes[-1]),
            ("intercepts", len(self.coefs)),
            ("activations", len(self.coefs)),
        ):
            given = getattr(self, name)
            if given is not None and len(given) != n:
                raise ValueError(f"{name} must have {n} elements, got {len(given)}: {given!r}.")

    def _write_values(self, ax, layers, spec, diameter):
        """Write weights on their lines, and intercepts below their units."""
        pairs = zip(self.coefs, layers, layers[1:])
        self.text_ = [draw_values(ax, W, start, end, spec) for W, start, end in pairs]
        if self.intercepts is not None:
            signed = f"+{spec.lstrip('+- ')}"
            style = {"ha": "center", "va": "top", "fontsize": 9, "bbox": _box(ax)}
            self.intercept_text_ = [
                layer.write(ax, [format(x, signed) for x in b], (0, -0.7 * diameter), **style)
                for b, layer in zip(self.intercepts, layers[1:])
            ]

    def _label(self, ax, layers, sizes, diameter):
        """Name inputs and outputs beside their units, and describe each layer below it."""
        features = _or_numbered(self.feature_names, "x", sizes[0])
        names = ["y"] if self.output_names is None and sizes[-1] == 1 else self.output_names
        outputs = _or_numbered(names, "y", sizes[-1])
        beside = {"va": "center", "parse_math": False}
        layers[0].write(ax, list(map(shortened, features)), (-diameter, 0), ha="right", **beside)
        layers[-1].write(ax, list(map(shortened, outputs)), (diameter, 0), ha="left", **beside)
        kinds = ["input"] + ["unit"] * (len(sizes) - 2) + ["output"]
        activations = ["", *(self.activations or [""] * len(self.coefs))]
        labels = [
            f"{size} {kind}{'s' if size > 1 else ''}\n{activation}"
            for size, kind, activation in zip(sizes, kinds, activations)
        ]
        ax.set_xticks(range(len(sizes)), labels=labels)
        ax.set_yticks([])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.margins(x=0.05, y=0.1 if self.intercept_text_ else 0.05)  # room below the last unit


def _format_of(values):
    """Return the format specification that ``values`` asks for, or None."""
    if values is False:
        return None
    spec = ".3g" if values is True else values
    try:
        format(0.0, spec)
    except (TypeError, ValueError) as error:
        raise type(error)(
            "values must be a bool, or the format specification of a number, as '.1f'; got "
            f"{values!r}."
        ) from error
    return spec


def _or_numbered(names, letter, n):
    return [f"{letter}{i}" for i in range(n)] if names is None else names


def _feature_names(network):
    """Return the names of what the first dense layer reads, or None."""
    names = getattr(network, "feature_names_in_", None)
    embedding = getattr(getattr(network, "_network", None), "embedding", None)
    if embedding is None:
        return names
    return embedding.names(_or_numbered(names, "x", network.n_features_in_))


def _activation_names(network):
    """Return the names of each layer's activation, the output layer last."""
    hidden = network.activation
    if isinstance(hidden, str) or not np.iterable(hidden):
        hidden = [hidden] * (len(network.coefs_) - 1)
    return [str(name) for name in (*hidden, network.out_activation_)]


def check_coefs(coefs: Sequence[Array]) -> None:
    """Raise ValueError unless these are the matrices of a chain of layers."""
    shapes = [np.shape(W) for W in coefs]
    matrices = bool(shapes) and all(len(shape) == 2 for shape in shapes)
    if not matrices or any(below[1] != above[0] for below, above in pairwise(shapes)):
        raise ValueError(
            "coefs must be a matrix of shape (fan_in, fan_out) for each layer, got shapes "
            f"{shapes}. Those of one record i of a WeightRecorder are "
            "[W[i] for W in recorder.coefs_]."
        )


class DrawnLayer:
    """Where the units of a layer are: a column at ``x``, centred on a height of 0.

    Of ``size`` units no more than ``max_units`` are shown: those with the numbers ``units``, at the
    heights ``y``, which are 1 apart. They take ``height``: 1 each, and 1 for the gap, at the height
    ``gap``, where units are left out.
    """

    def __init__(self, x: int, size: int, max_units: int) -> None:
        self.x = x
        self.gap: float | None = None
        self.height: int = min(size, max_units + 1)
        self.units: Array = np.arange(size)
        self.y: Array = (self.height - 1) / 2 - np.arange(self.height)
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

    def write(self, ax: Any, texts: Sequence[str], offset: Any, **style: Any) -> list[Any]:
        """Write a text for each unit, ``offset`` points from its centre; return those shown."""
        return [
            ax.annotate(texts[unit], (self.x, y), offset, textcoords="offset points", **style)
            for unit, y in zip(self.units, self.y)
        ]


def draw_weights(
    ax: Any, W: Array, start: DrawnLayer, end: DrawnLayer, cmap: Any, widest: float
) -> Any:
    """Draw the weights between the units shown of two layers, the largest on top.

    ``W`` is of shape (fan_in, fan_out); the largest weight of a layer is ``widest`` points wide.
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


def draw_values(ax: Any, W: Array, start: DrawnLayer, end: DrawnLayer, spec: str) -> Array:
    """Write the weights between the units shown of two layers on lines, however faint theirs are.

    All stand in one column, as far from each other as can be. With m units in the first layer and
    n in the second, a height and a place 1 apart, the weight from i to j stands at the height
    i + t (j - i) up to a constant. With t = 1 / (n + 1) these are n / (n + 1) times i + j / n:
    numbers 1 / (n + 1) apart. So are those of t = m / (m + 1), with m; the wider of the two is
    taken. Returned are the texts, of shape (n_start, n_end).
    """
    m, n = start.height, end.height
    t, apart = (1 / (n + 1), 1 / (n + 1)) if n <= m else (m / (m + 1), 1 / (m + 1))
    height = ax.get_window_extent().height / ax.figure.dpi / (1.1 * max(m - 1, n - 1, 1))
    size = min(9, max(3, 0.7 * apart * 72 * height))  # an inch has 72 points
    style = {"fontsize": size, "ha": "center", "va": "center", "zorder": 3, "bbox": _box(ax)}
    behind = {"color": ink(ax, 0.15), "linewidth": 0.8, "zorder": 0}
    text = np.empty((len(start.units), len(end.units)), dtype=object)
    for (i, j), weight in np.ndenumerate(W[np.ix_(start.units, end.units)]):
        x, y = start.x + t * (end.x - start.x), start.y[i] + t * (end.y[j] - start.y[i])
        text[i, j] = ax.text(x, y, format(weight, spec), **style)
        ax.plot([start.x, end.x], [start.y[i], end.y[j]], **behind)
    return text


def _box(ax):
    return {"facecolor": ink(ax, 0), "edgecolor": "none", "pad": 0.6}
