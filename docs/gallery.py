"""The order of the examples in the gallery: to learn from, then what users ask for."""

from pathlib import Path

ORDER = (
    "from_scratch",
    "watch_it_learn",
    "break_it",
    "seed_network",
    "looking_inside",
    "prediction_intervals",
    "any_unit",
    "loss_curves",
    "own_validation",
    "other_losses",
    "kept_in_bounds",
    "larger_than_memory",
)


def place(filename):
    """Return where an example stands: one that is not listed last, by its name."""
    name = Path(filename).stem
    return ORDER.index(name) if name in ORDER else len(ORDER), name
