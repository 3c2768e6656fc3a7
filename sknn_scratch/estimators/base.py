"""What all estimators share: how calls fail, how models are stored, what notebooks show.

A pickle (or a file of joblib, cloudpickle, skops) holds the attributes of an estimator, not its
code. Code that expects other attributes would fail late and obscurely, or predict nonsense. So
the state carries the number of its layout, and a layout that is not known is refused.

Whoever adds, renames, moves or removes an attribute of a fitted model, its class, or a field of
what hangs on it (`TrainingState`, `History`, `Best`, `Scaling`, `Network`) raises `LAYOUT`; and,
after a release, either brings older states up to date in `__setstate__` or leaves them to be
refused. A new constructor parameter needs neither: an older state gets its default. The models in
``tests/data`` tell when that is due.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import validation

from .._version import __version__
from ..tracing import is_ours

validate_data: Callable[..., Any] = validation.validate_data  # scikit-learn declares no types

LAYOUT = 3
DOCUMENTATION: str = "https://sknn-scratch.readthedocs.io/en/stable"
WIDTH, HEIGHT = 240, 60  # of the picture of the losses, in pixels
STYLE = "font-family:monospace;font-size:small;border-collapse:collapse;margin-top:0.5em"
_NAMES = WeakKeyDictionary()  # of the constructor parameters of each class


class ScratchEstimator(BaseEstimator):
    """An estimator whose stored state says its layout, and whose picture sums up what was fitted.

    The picture is scikit-learn's table of the parameters, which leads to the documentation. Below
    it come the rows of `_summary` and the curves of `_curves`.
    """

    _doc_link_module = "sknn_scratch"

    @property
    def _doc_link_template(self):
        """Where scikit-learn's HTML representation leads to: see its guide for developers."""
        return f"{DOCUMENTATION}/generated/sknn_scratch.{{estimator_name}}.html"

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        return {**state, "_layout": LAYOUT, "_stored_by": __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        layout, version = state.pop("_layout", None), state.pop("_stored_by", "unknown")
        if layout != LAYOUT:
            raise ValueError(
                f"This model was stored by sknn_scratch {version}, in layout {layout}; the "
                f"installed version reads layout {LAYOUT}. Load it with the version that stored "
                "it, or fit it again."
            )
        super().__setstate__({**_defaults(type(self)), **state})  # of parameters that came later

    def _validated(self, X, *, reset, skip_check_array=False, **keywords):
        """Return what `sklearn.utils.validation.validate_data` does.

        An array that is checked has no names, so that all there is to see to is how many columns it
        has. scikit-learn takes longer over that than a network does over a few rows.
        """
        if skip_check_array and type(X) is np.ndarray:
            if reset:
                self.n_features_in_: int = X.shape[1]
                vars(self).pop("feature_names_in_", None)
                return X
            if X.shape[1] == self.n_features_in_ and not hasattr(self, "feature_names_in_"):
                return X
        return validate_data(self, X, reset=reset, skip_check_array=skip_check_array, **keywords)

    def _summary(self) -> list[tuple[str, str]]:
        """Return rows of (what, value) about a fitted model."""
        return []

    def _curves(self) -> dict[str, Sequence[float]]:
        """Return the losses to draw, by name, an element per epoch."""
        return {}

    def _summary_html(self) -> str:
        """Return the summary as a table, with a picture of the losses; empty before `fit`."""
        fitted: Any = self
        if not fitted.__sklearn_is_fitted__():
            return ""
        rows = [
            f'<tr><th style="text-align:left">{escape(what)}</th><td>{escape(value)}</td></tr>'
            for what, value in self._summary()
        ]
        curves = loss_picture(self._curves())
        return f'<table style="{STYLE}">{"".join(rows)}</table>{curves}'

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        bundle: dict[str, str] = super()._repr_mimebundle_(**options)
        if "text/html" in bundle:
            bundle["text/html"] += self._summary_html()
        return bundle

    @property
    def _repr_html_(self):
        of_parameters: Any = super()._repr_html_  # an AttributeError, where HTML is not wanted
        return lambda: of_parameters() + self._summary_html()


def _defaults(cls):
    """Return the defaults of the constructor's parameters; of a class of one's own, of ours."""
    ours = next(base for base in cls.__mro__ if is_ours(base) and "__init__" in vars(base))
    parameters = inspect.signature(ours).parameters
    return {name: parameter.default for name, parameter in parameters.items()}


def constructor_parameters(estimator: Any) -> dict[str, Any]:
    """Return the parameters of all constructors that an estimator's class derives from.

    A class of one's own may take a few others, and set these: ``get_params`` knows its own only.
    It reads the signature anew, too, which takes as long as to train a network on a few rows.
    """
    cls = type(estimator)
    if cls not in _NAMES:
        constructors = [vars(base)["__init__"] for base in cls.__mro__ if "__init__" in vars(base)]
        names = {name for each in constructors[:-1] for name in inspect.signature(each).parameters}
        _NAMES[cls] = tuple(name for name in sorted(names) if hasattr(estimator, name))
    return {name: getattr(estimator, name) for name in _NAMES[cls]}


@contextmanager
def unchanged_on_error(estimator: Any, goes_on: bool = False) -> Iterator[None]:
    """Put all attributes of an estimator back as they were if the block raises.

    What the block changes in place stays changed, but for random states: that of the constructor,
    and where training ``goes_on`` the one that the last training left.
    """
    before = dict(vars(estimator))
    sources = [getattr(estimator, "random_state", None)]
    sources += [getattr(before.get("_state"), "random_state", None)] if goes_on else []
    sources = {source for source in sources if isinstance(source, np.random.RandomState)}
    draws = [source.get_state() for source in sources]
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        for source, drawn in zip(sources, draws):
            source.set_state(drawn)
        raise


def loss_picture(losses: dict[str, Sequence[float]]) -> str:
    """Return an SVG of loss curves that are finite, on a logarithmic scale if all are positive."""
    drawn = {name: curve for name, curve in losses.items() if np.isfinite(curve).all()}
    curves = {name: np.asarray(curve, float) for name, curve in drawn.items() if len(curve) > 1}
    if not curves:
        return ""
    if all((curve > 0).all() for curve in curves.values()):
        curves = {name: np.log(curve) for name, curve in curves.items()}
    low = min(curve.min() for curve in curves.values())
    high = max(curve.max() for curve in curves.values())
    lines = []
    for dashes, (name, curve) in zip(("none", "3 2"), curves.items()):
        shown = np.unique(np.linspace(0, len(curve) - 1, WIDTH).astype(int))  # of many epochs
        heights = (1 - (curve[shown] - low) / ((high - low) or 1.0)) * (HEIGHT - 2) + 1
        x = shown / (len(curve) - 1) * WIDTH
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, heights))
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="currentColor" '
            f'stroke-dasharray="{dashes}"><title>{escape(name)}</title></polyline>'
        )
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    label = f"{' and '.join(curves)} (dashed), by epoch" if len(curves) > 1 else "loss, by epoch"
    return f'<svg {size} role="img" aria-label="{label}">{"".join(lines)}</svg>'
