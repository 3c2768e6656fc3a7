"""What all estimators of this package share: how calls fail and warn, and how models are stored.

A pickle (or a file of joblib, cloudpickle, skops) holds the attributes of an estimator, not its
code. Code that expects other attributes would fail late and obscurely, or predict nonsense. So
the state carries the number of its layout, and a layout that is not known is refused.

Whoever adds, renames, moves or removes an attribute of a fitted model, its class, or a field of
what hangs on it (`TrainingState`, `History`, `Best`, `Scaling`, `Network`) raises `LAYOUT`; and,
after a release, either brings older states up to date in `__setstate__` or leaves them to be
refused. The models in ``tests/data`` tell when that is due.
"""

import inspect
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from .._version import __version__
from ..training import Message

LAYOUT = 3
DOCUMENTATION: str = "https://sknn-scratch.readthedocs.io/en/stable"
# What a warning is not to point at: this package, and what calls its `fit` for the user.
PACKAGES = __name__.partition(".")[0], "sklearn", "joblib"
SPECS = [spec for name in PACKAGES if (spec := find_spec(name))]
INSIDE = tuple(f"{Path(spec.origin or '').parent}{os.sep}" for spec in SPECS)


class StoredEstimator(BaseEstimator):
    """An estimator whose stored state says its layout, and whose picture leads to its page."""

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
        super().__setstate__(state)


@contextmanager
def unchanged_on_error(estimator: Any, goes_on: bool = False) -> Iterator[None]:
    """Put all attributes of an estimator back as they were if the block raises.

    Those that are changed in place are not among them, but for random states: the parameter, and
    where training ``goes_on`` the one that it left.
    """
    before = dict(vars(estimator))
    sources = [getattr(estimator, "random_state", None)]
    sources += [getattr(before.get("_state"), "random_state", None)] if goes_on else []
    sources = [source for source in sources if isinstance(source, np.random.RandomState)]
    draws = [source.get_state() for source in sources]
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        for source, drawn in zip(sources, draws):
            source.set_state(drawn)
        raise


def warn_caller(messages: Sequence[Message]) -> None:
    """Warn of each `Message`, at the innermost line outside of this package and scikit-learn.

    So a warning of `fit` points at the line that called it, or at the one that called
    `Pipeline.fit` or `fit_with_checkpoints`. In a process of joblib's, where the user has no line,
    it points at the one that started the work.
    """
    if not messages:
        return
    level = 1
    frame: Any = inspect.currentframe()
    while frame.f_code.co_filename.startswith(INSIDE) and frame.f_back is not None:
        level, frame = level + 1, frame.f_back
    for text, category in messages:
        warnings.warn(text, category, stacklevel=level)
