"""Loss curves and their points, drawn with matplotlib (imported where that happens)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .drawing import ink

POINT: dict[str, Any] = {"linestyle": "none", "marker": "o", "zorder": 3}


def draw_losses(
    ax: Any,
    losses: Sequence[float],
    validation_losses: Sequence[float] | None,
    best_epoch: int | None,
    name: str | None,
    style: dict[str, Any],
) -> tuple[Any, Any, Any]:
    """Draw the losses of one network.

    Returns
    -------
    line, validation_line, point : Line2D, or None where there is nothing to draw
    """
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    style = normalize_kwargs(style, Line2D)
    epochs = np.arange(1, len(losses) + 1)
    (line,) = ax.plot(epochs, losses, **{"label": name or "training", **style})
    validation_line = point = None
    if validation_losses is not None:
        losses = validation_losses[: len(losses)]
        own = {"color": line.get_color()} if name else {"label": "validation"}
        style = {"linestyle": "--", **own, **style}
        (validation_line,) = ax.plot(epochs[: len(losses)], losses, **style)
    if best_epoch is not None:
        style = {"color": (validation_line or line).get_color()}
        if not name:
            style["label"] = f"kept: epoch {best_epoch}" if best_epoch else "kept: initial weights"
        point = _mark(ax, best_epoch, losses, style)
    return line, validation_line, point


def check_positive(curves: Sequence[Any]) -> None:
    """Raise ValueError unless the losses fit on a logarithmic axis."""
    losses = np.concatenate([curve for curve in curves if curve is not None])
    if (losses <= 0).any():
        raise ValueError(f"log_scale=True needs losses above 0, got {np.nanmin(losses)}.")


def _mark(ax, epoch, losses, style):
    """Draw a point on the curve at ``epoch``, or on the axis below if it has no loss there."""
    place, loss = {"transform": ax.get_xaxis_transform(), "clip_on": False}, 0
    if 0 < epoch <= len(losses) and np.isfinite(losses[epoch - 1]):
        place, loss = {}, losses[epoch - 1]
    style = {**POINT, "markerfacecolor": ink(ax, 0), **style}
    (point,) = ax.plot(epoch, loss, **place, **style, markersize=8, markeredgewidth=2)
    return point


def count_epochs(ax: Any) -> None:
    """Put ticks at whole epochs only, unless the ticks of ``ax`` are a choice of the user."""
    from matplotlib.ticker import MaxNLocator

    if isinstance(ax.xaxis.get_major_locator(), MaxNLocator):
        ax.xaxis.get_major_locator().set_params(integer=True)


def explain_styles(ax: Any, drawn: Sequence[tuple[Any, Any, Any]]) -> None:
    """Put into the legend, once, what solid and dashed lines and points stand for."""
    point = {**POINT, "markerfacecolor": ink(ax, 0)}
    styles = {"training": {}, "validation": {"linestyle": "--"}, "kept epoch": point}
    known = ax.get_legend_handles_labels()[1]
    lines, validation_lines, points = zip(*drawn)
    if all(line is None for line in validation_lines):
        return
    for artists, (label, style) in zip((lines, validation_lines, points), styles.items()):
        if label not in known and any(artist is not None for artist in artists):
            ax.plot([], [], color=ink(ax, 0.6), label=label, **style)
