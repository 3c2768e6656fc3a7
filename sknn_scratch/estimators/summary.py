"""What a notebook shows of a fitted model, below scikit-learn's table of its parameters."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from ..maths import Array

WIDTH, HEIGHT = 240, 60  # of the picture of the losses, in pixels
STYLE = "font-family:monospace;font-size:small;border-collapse:collapse;margin-top:0.5em"


class SummaryMixin:
    """Adds a summary to the HTML representation: `_summary` has its rows, `_curves` its curves."""

    def _summary(self) -> list[tuple[str, str]]:
        """Return rows of (what, value) about a fitted model."""
        return []

    def _curves(self) -> dict[str, Sequence[float]]:
        """Return the losses to draw, by name, an element per epoch."""
        return {}

    def _summary_html(self) -> str:
        """Return the summary as a table, with a picture of the losses; empty before `fit`."""
        estimator: Any = self  # of scikit-learn, whose class the mixin is added to
        if not estimator.__sklearn_is_fitted__():
            return ""
        rows = [
            f'<tr><th style="text-align:left">{escape(what)}</th><td>{escape(value)}</td></tr>'
            for what, value in self._summary()
        ]
        curves = loss_picture(self._curves())
        return f'<table style="{STYLE}">{"".join(rows)}</table>{curves}'

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        of_base: Any = super()
        bundle = of_base._repr_mimebundle_(**options)
        if "text/html" in bundle:
            bundle["text/html"] += self._summary_html()
        return bundle

    @property
    def _repr_html_(self):
        of_base: Any = super()
        of_parameters = of_base._repr_html_  # an AttributeError, where HTML is not wanted
        return lambda: of_parameters() + self._summary_html()


def loss_picture(losses: dict[str, Sequence[float]]) -> str:
    """Return an SVG of loss curves, on a logarithmic scale where all are positive."""
    curves = {name: np.asarray(curve, float) for name, curve in losses.items() if len(curve) > 1}
    if not curves or not all(np.isfinite(curve).all() for curve in curves.values()):
        return ""
    if all((curve > 0).all() for curve in curves.values()):
        curves = {name: np.log(curve) for name, curve in curves.items()}
    low = min(curve.min() for curve in curves.values())
    high = max(curve.max() for curve in curves.values())
    lines = []
    for dashes, (name, curve) in zip(("none", "3 2"), curves.items()):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(*places(curve, low, high)))
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="currentColor" '
            f'stroke-dasharray="{dashes}"><title>{escape(name)}</title></polyline>'
        )
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    label = f"{' and '.join(curves)} (dashed), by epoch" if len(curves) > 1 else "loss, by epoch"
    return f'<svg {size} role="img" aria-label="{label}">{"".join(lines)}</svg>'


def places(curve: Array, low: float, high: float) -> tuple[Array, Array]:
    """Return x and y, in pixels, of a curve between two bounds; of many epochs, of some."""
    shown = np.unique(np.linspace(0, len(curve) - 1, WIDTH).astype(int))
    x = shown / (len(curve) - 1) * WIDTH
    y = (1 - (curve[shown] - low) / ((high - low) or 1.0)) * (HEIGHT - 2) + 1
    return x, y
