"""Warnings at the line of the user's that led to them."""

import inspect
import os
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..training import Message

# What a warning is not to point at: this package, and what calls its `fit` for the user.
PACKAGES = __name__.partition(".")[0], "sklearn", "joblib"
SPECS = [spec for name in PACKAGES if (spec := find_spec(name))]
INSIDE = tuple(f"{Path(spec.origin or '').parent}{os.sep}" for spec in SPECS)


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
