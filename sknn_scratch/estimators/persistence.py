"""What a stored model says of itself: which layout its attributes have, and who stored it.

A pickle (or a file of joblib, cloudpickle, skops) holds the attributes of an estimator, not its
code. Code that expects other attributes would fail late and obscurely, or predict nonsense. So
the state carries the number of its layout, and a layout that is not known is refused.

Whoever adds, renames or removes an attribute of a fitted model (or a field of what hangs on it:
`TrainingState`, `History`, `Best`, `Scaling`, `Network`) raises `LAYOUT`, and either brings older
states up to date in `opened` or leaves them to be refused. The models in ``tests/data`` tell when
that is due.
Classes that have moved are found by the table in `moved`.
"""

from typing import Any

from .._version import __version__
from ..training import Best, History

LAYOUT = 2


def sealed(state: Any) -> dict[str, Any]:
    """Return the attributes as they are stored."""
    return {**state, "_layout": LAYOUT, "_stored_by": __version__}


def opened(state: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes from what was stored; ValueError if their layout is another."""
    state = dict(state)
    layout, version = state.pop("_layout", None), state.pop("_stored_by", "unknown")
    if layout == 1:
        _update_from_1(state)
    elif layout != LAYOUT:
        raise ValueError(
            f"This model was stored by sknn_scratch {version}, in layout {layout}; the installed "
            f"version reads layouts 1 to {LAYOUT}. Load it with the version that stored it, or fit "
            "it again."
        )
    return state


def _update_from_1(state):
    """Bring up to date, in place, what layout 2 keeps otherwise, and add what is new."""
    state["embedding"] = None
    if "_state" not in state:  # it was not fitted
        return
    vars(state["_network"])["embedding"] = None
    old = vars(state["_state"])
    old["apart"], state["_apart"] = False, None
    old["scaling"], old["standardized"] = old.pop("units"), state.pop("_standardized")
    old["history"] = History(
        losses=old.pop("loss_curve"),
        validation_losses=old.pop("validation_losses"),
        validation_scores=old.pop("validation_scores"),
        n_iter=old.pop("n_iter"),
        loss=old.pop("loss"),
    )
    old["best"] = Best(
        no_improvement_count=old.pop("no_improvement_count"),
        loss=old.pop("best_loss"),
        value=old.pop("best_merit"),
        score=old.pop("best_score"),
        epoch=old.pop("best_epoch"),
        params=old.pop("best_params"),
    )
