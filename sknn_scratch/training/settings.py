"""What the constructor parameters ask of training, decoded once."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..components import Schedule
from ..maths import Activation, Solver

# of early_stopping
MONITORS: dict[bool | str, str | None] = {False: None, True: "score", "loss": "loss"}


@dataclass(frozen=True)
class Settings:
    """How to train; what is not explained is the constructor's parameter of that name.

    Attributes
    ----------
    monitor : {"score", "loss"} or None
        What of the validation data decides when to stop and which parameters to keep; None is
        no early stopping.
    drawn_for : tuple of Activation
        Of each layer, the one that decides the bound of ``init='auto'``.
    dropout : tuple of float
        The rate of each hidden layer.
    n_runs : int
        How many times to train, from different initial weights.
    incremental : bool
        Whether one more epoch is asked for, and not all there is to do.
    keeps_order : bool
        Whether a later call goes on from the order of the rows.
    """

    solver: Solver
    schedule: Schedule
    monitor: str | None
    drawn_for: tuple[Activation, ...]
    dropout: tuple[float, ...]
    n_runs: int
    incremental: bool
    keeps_order: bool
    init: Any
    standardize: bool | str
    alpha: float
    batch_size: int | str
    shuffle: bool
    learning_rate_init: float
    max_grad_norm: float | None
    max_iter: int
    tol: float
    n_iter_no_change: Any  # an int, or inf
    verbose: bool | int

    @property
    def flags_alike(self) -> bool:
        """Whether columns of zeros and ones all have one scale, and not each its deviation."""
        return self.standardize == "numeric"


def make_settings(
    params: dict[str, Any], components: Any, is_first: bool = True, incremental: bool = False
) -> Settings:
    """Return the `Settings` of a training.

    Parameters
    ----------
    params : dict
        The constructor parameters.
    components : Components
        What these stand for: see `components.check_parameters`.
    is_first : bool
        Whether there is nothing to go on from.
    incremental : bool
    """
    plain = {field.name: params[field.name] for field in fields(Settings) if field.name in params}
    for name, value in plain.items():
        if isinstance(value, np.generic):  # of few bits, it would overflow
            plain[name] = value.item()
    decoded = {
        "solver": components.solver,
        "schedule": components.schedule,
        "monitor": MONITORS[params["early_stopping"]],
        "drawn_for": components.drawn_for,
        "dropout": components.dropout,
        "n_runs": params["n_init"] if is_first and not incremental else 1,
        "incremental": incremental,
        "keeps_order": incremental or params["warm_start"],
    }
    return Settings(**{**plain, **decoded})
