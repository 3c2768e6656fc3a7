"""What a stored model says of itself: which layout its attributes have, and who stored it.

A pickle (or a file of joblib, cloudpickle, skops) holds the attributes of an estimator, not its
code. Code that expects other attributes would fail late and obscurely, or predict nonsense. So
the state carries the number of its layout, and a layout that is not known is refused.

Whoever adds, renames, moves or removes an attribute of a fitted model, its class, or a field of
what hangs on it (`TrainingState`, `History`, `Best`, `Scaling`, `Network`) raises `LAYOUT`; and,
after a release, either brings older states up to date in `opened` or leaves them to be refused. The
models in ``tests/data`` tell when that is due.
"""

from typing import Any

from .._version import __version__

LAYOUT = 3


def sealed(state: Any) -> dict[str, Any]:
    """Return the attributes as they are stored."""
    return {**state, "_layout": LAYOUT, "_stored_by": __version__}


def opened(state: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes from what was stored; ValueError if their layout is another."""
    state = dict(state)
    layout, version = state.pop("_layout", None), state.pop("_stored_by", "unknown")
    if layout != LAYOUT:
        raise ValueError(
            f"This model was stored by sknn_scratch {version}, in layout {layout}; the installed "
            f"version reads layout {LAYOUT}. Load it with the version that stored it, or fit it "
            "again."
        )
    return state
