"""What the constructor parameters ask for: checked, and decoded once.

A component (activation, loss, solver, schedule) is chosen by its name in a registry, or handed
over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from numbers import Integral, Real
from typing import Any, TypeAlias, TypeVar

import numpy as np
from sklearn.metrics import get_scorer
from sklearn.utils import check_random_state

from ..maths import Activation, Component, Loss, Solver
from .checks import check_boolean, check_number, ranges_of
from .embeddings import Embedding
from .initializers import INITIALIZERS
from .mistakes import advice
from .registries import ACTIVATIONS, EMBEDDINGS, LOSSES, SCHEDULES, SOLVERS, likely_name
from .schedules import Factor, Schedule

Activations: TypeAlias = tuple[Activation, ...]
Kind = TypeVar("Kind")

# (type, interval, what else it may be); those named after a field of a component are as the field
NUMBERS: dict[str, tuple[Any, ...]] = {
    "alpha": (float, "[0, inf)"),
    "batch_size": (int, "[1, inf)", "auto"),
    "learning_rate_init": (float, "(0, inf)"),
    "max_grad_norm": (float, "(0, inf)", None),
    "max_iter": (int, "[1, inf)"),
    "tol": (float, "[0, inf)"),
    "n_init": (int, "[1, inf)"),
    "n_iter_no_change": (int, "[1, inf)", np.inf),
    "verbose": (int, "[0, inf)", True, False),
}
for _class in (*SOLVERS.values(), *SCHEDULES.values()):
    NUMBERS |= ranges_of(_class)
BOOLEANS = "shuffle", "warm_start", "nesterovs_momentum", "fit_intercept"


def resolve(
    value: Any, name: str, registry: Mapping[str, Any], base: type[Any], more: str = ""
) -> Any:
    """Return the registry's component of that name, or ``value`` itself if it is one already."""
    if isinstance(value, base):
        return value
    if isinstance(value, str) and value in registry:
        return registry[value]
    raise ValueError(
        f"{name} must be one of {', '.join(map(repr, registry))}, or an object of type "
        f"{base.__name__}{more}; got {value!r}.{likely_name(value, registry)}{advice(value, base)}"
    )


def build(
    params: Mapping[str, Any],
    name: str,
    registry: Mapping[str, Any],
    base: type[Kind],
    more: str = "",
) -> Kind:
    """Return the component that ``params[name]`` asks for.

    By name it is made from the constructor parameters that its fields are named after.
    """
    component = resolve(params[name], name, registry, base, more)
    if isinstance(component, base):
        return component
    names = [field.name for field in fields(component) if field.name in params]
    return component(**{name: params[name] for name in names})


def build_schedule(params: Mapping[str, Any]) -> Schedule:
    """Return the schedule that ``params["learning_rate"]`` asks for, perhaps by a function."""
    rate = params["learning_rate"]
    if callable(rate) and not isinstance(rate, (type, Component)):
        return Factor(function=rate)
    return build(params, "learning_rate", SCHEDULES, Schedule, " or a function (epoch, n_epochs)")


@dataclass(frozen=True)
class Settings:
    """What the constructor parameters ask for; a field without a comment is the one of its name."""

    hidden_layer_sizes: tuple[int, ...]
    activations: Activations  # of each hidden layer
    out_activation: Activation
    drawn_for: Activations  # of each layer, the one that decides the bound of init='auto'
    loss: Loss
    embedding: Embedding | None
    solver: Solver
    schedule: Schedule
    dropout: tuple[float, ...]  # the rate of each hidden layer
    monitor: str | None  # "score" or "loss": what decides on early stopping; None is none
    n_runs: int  # how many times to train, from different initial weights
    keeps_order: bool  # a later call goes on from the order of the rows
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
    incremental: bool = False  # it is for one epoch, by `partial_fit`

    def of_call(self, goes_on: bool, incremental: bool) -> "Settings":
        """Return the settings of a call that begins anew, or goes on, for an epoch or for all."""
        if not (goes_on or incremental):
            return self
        keeps_order = incremental or self.keeps_order
        return replace(self, n_runs=1, keeps_order=keeps_order, incremental=incremental)


def check_parameters(params: Mapping[str, Any]) -> Settings:
    """Return the `Settings` that the constructor parameters ask for.

    TypeError or ValueError if one has the wrong type, or a value outside its range. The answer is
    kept for parameters that are plain values: a call of `partial_fit` on a few rows would mostly
    check what was checked before.
    """
    names, values = tuple(params), tuple(params.values())
    types = types_of(values)
    return _settings(params) if types is None else _kept_settings(names, values, types)


PLAIN: set[type[Any]] = {str, int, float, bool, type(None)}


def types_of(value: Any) -> Any:
    """Return the type of a plain value, those in a tuple of such, or None for all else.

    Values that are equal may differ in type, as 1, 1.0 and True do.
    """
    if type(value) is not tuple:
        return type(value) if type(value) in PLAIN else None
    types = tuple(map(types_of, value))
    return None if None in types else types


@lru_cache(maxsize=64)
def _kept_settings(names, values, types):
    return _settings(dict(zip(names, values)))


def check_missing_targets(value: Any) -> None:
    """Raise ValueError unless it says what nan in y is."""
    if not is_any(value, "error", "ignore"):
        raise ValueError(f"missing_targets must be 'error' or 'ignore', got {value!r}.")


def _settings(params):
    """Return what `check_parameters` returns, computed."""
    check_numbers(params)
    check_validation(params)
    check_seed(params["random_state"])
    check_init(params["init"], params["n_init"])
    check_missing_targets(params["missing_targets"])

    solver = build_solver(params)
    loss = resolve(params["loss"], "loss", LOSSES, Loss)
    out_activation = params["out_activation"]
    if is_any(out_activation, "auto"):
        out_activation = loss.out_activation
    out_activation = resolve(out_activation, "out_activation", ACTIVATIONS, Activation)
    if loss.std and out_activation.scaling != "linear":
        raise ValueError(
            f"out_activation must be 'auto' or 'identity' with {loss!r}, whose outputs are means "
            f"and logarithms of variances; got {params['out_activation']!r}."
        )
    sizes = check_hidden_layer_sizes(params["hidden_layer_sizes"])
    hidden, drawn_for = check_activation(params["activation"], len(sizes), out_activation)
    decoded = {
        "hidden_layer_sizes": sizes,
        "activations": hidden,
        "out_activation": out_activation,
        "drawn_for": drawn_for,
        "loss": loss,
        "embedding": check_embedding(params["embedding"], params["init"]),
        "solver": solver,
        "schedule": build_schedule(params),
        "dropout": check_dropout(params["dropout"], sizes, solver),
        "monitor": {False: None, True: "score", "loss": "loss"}[params["early_stopping"]],
        "n_runs": params["n_init"],
        "keeps_order": params["warm_start"],
    }
    names = [field.name for field in fields(Settings) if field.name in params]
    return Settings(**{**{name: as_python(params[name]) for name in names}, **decoded})


def as_python(value: Any) -> Any:
    """Return a number of NumPy's, which may be of few bits and overflow, as one of Python's."""
    return value.item() if isinstance(value, np.generic) else value


def check_embedding(embedding: Any, init: Any) -> Embedding | None:
    """Return the embedding that ``embedding`` asks for, or None."""
    if embedding is None:
        return None
    if not (isinstance(init, str) or callable(init)):
        raise ValueError(
            "init must be a name or a function where there is an embedding, whose arrays are "
            f"drawn; got init of type {type(init).__name__} and embedding={embedding!r}."
        )
    return resolve(embedding, "embedding", EMBEDDINGS, Embedding, " or None")


def check_activation(
    activation: Any, n_layers: int, out_activation: Activation
) -> tuple[Activations, Activations]:
    """Return the activation of each hidden layer, and of each layer the one it is drawn for.

    The latter decides the bound of ``init='auto'``. The output layer is drawn for the last
    hidden layer's, as MLPRegressor does, or for its own if ``activation`` is an empty list.
    """
    if isinstance(activation, np.ndarray):
        activation = activation.tolist()
    if not isinstance(activation, (list, tuple)):
        more = ", or a list with one of these per hidden layer"
        f = resolve(activation, "activation", ACTIVATIONS, Activation, more)
        return (f,) * n_layers, (f,) * (n_layers + 1)
    if len(activation) != n_layers:
        raise ValueError(
            f"activation must be one for all hidden layers, or a list with one for each of the "
            f"{n_layers}; got {len(activation)}: {activation!r}."
        )
    hidden = tuple(
        resolve(f, f"activation[{layer}]", ACTIVATIONS, Activation)
        for layer, f in enumerate(activation)
    )
    return hidden, (*hidden, hidden[-1] if hidden else out_activation)


def check_numbers(params: Mapping[str, Any]) -> None:
    """Raise TypeError or ValueError unless all numbers and booleans are what they may be."""
    for name, (kind, interval, *others) in NUMBERS.items():
        # not every field of a component is a constructor parameter
        if name in params and not is_any(params[name], *others):
            check_number(params[name], name, kind, interval)
    for name in BOOLEANS:
        check_boolean(params[name], name)
    for name, string in (("standardize", "numeric"), ("early_stopping", "loss")):
        if not is_any(params[name], True, False, string):
            raise TypeError(f"{name} must be True, False or {string!r}, got {params[name]!r}.")


def is_any(value: Any, *others: Any) -> bool:
    """Return True if ``value``, which may be an array, is one of these."""
    value = as_python(value)
    return any(isinstance(value, type(other)) and value == other for other in others)


def check_validation(params: Mapping[str, Any]) -> None:
    """Raise TypeError or ValueError unless rows can be held out, and scored."""
    fraction, scoring = params["validation_fraction"], params["scoring"]
    if isinstance(fraction, (Real, np.bool_)):
        check_number(fraction, "validation_fraction", float, "[0, 1)")
    elif not splits_rows(fraction):
        raise TypeError(
            "validation_fraction must be a number in [0, 1), a splitter with a method 'split', "
            f"or an array with one test fold; got {fraction!r}."
        )
    if isinstance(scoring, str):
        get_scorer(scoring)  # says which names there are
    elif not (scoring is None or callable(scoring)):
        raise TypeError(f"scoring must be None, a name or a scorer, got {scoring!r}.")


def splits_rows(fraction: Any) -> bool:
    """Return True for a splitter, and for an array of booleans or integers: a test fold."""
    if hasattr(fraction, "split"):
        return not isinstance(fraction, (str, bytes))
    try:
        return np.asarray(fraction).dtype.kind in "biu"
    except ValueError:  # ragged
        return False


def check_seed(random_state: Any) -> None:
    """Raise ValueError unless ``random_state`` is None, an int or a RandomState."""
    try:
        if isinstance(random_state, (bool, np.bool_)):
            raise ValueError(f"got {random_state!r}")
        check_random_state(random_state)
    except ValueError as error:
        raise ValueError(f"random_state must be None, an int or a RandomState: {error}") from error


def build_solver(params: Mapping[str, Any]) -> Solver:
    """Return the solver, which has to have mini-batches where their gradients are clipped."""
    solver = build(params, "solver", SOLVERS, Solver)
    if params["max_grad_norm"] is not None and not solver.stochastic:
        raise ValueError(
            "max_grad_norm clips the gradients of mini-batches and has no meaning with L-BFGS: it "
            f"must be None there, got {params['max_grad_norm']!r}."
        )
    return solver


def check_hidden_layer_sizes(sizes: Any) -> tuple[int, ...]:
    """Return the hidden layer sizes as a tuple of int; a number stands for one layer."""
    if isinstance(sizes, Integral):
        sizes = (sizes,)
    if isinstance(sizes, str) or not (np.iterable(sizes) and hasattr(sizes, "__len__")):
        raise TypeError(f"hidden_layer_sizes must be an int or a sequence of ints, got {sizes!r}.")
    sizes = tuple(sizes)
    for size in sizes:
        check_number(size, "hidden_layer_sizes", int, "[1, inf)")
    return tuple(int(size) for size in sizes)


def check_dropout(
    dropout: Any, hidden_layer_sizes: Sequence[int], solver: Solver
) -> tuple[float, ...]:
    """Return the dropout rate of each hidden layer; a number stands for all of them."""
    is_sequence = isinstance(dropout, (list, tuple)) or np.ndim(dropout) > 0
    rates: tuple[Any, ...] = tuple(dropout) if is_sequence else (dropout,)
    for rate in rates:
        check_number(rate, "dropout", float, "[0, 1)")
    if any(rates) and not hidden_layer_sizes:
        raise ValueError(f"dropout needs hidden layers, got {dropout!r} without any.")
    if any(rates) and not solver.stochastic:
        raise ValueError(f"dropout must be 0 with {solver!r}, got {dropout!r}.")
    rates = rates if is_sequence else rates * len(hidden_layer_sizes)
    if len(rates) != len(hidden_layer_sizes):
        raise ValueError(
            "dropout must be a rate, or a list of rates, one for each of the "
            f"{len(hidden_layer_sizes)} hidden layers; got {dropout!r}."
        )
    return tuple(float(rate) for rate in rates)


def check_init(init: Any, n_init: int) -> None:
    """Raise TypeError or ValueError unless ``init`` can be drawn from, ``n_init`` times."""
    if isinstance(init, str):
        if init not in INITIALIZERS:
            raise ValueError(
                f"init must be one of {', '.join(map(repr, INITIALIZERS))}, a function or a "
                f"sequence of arrays; got {init!r}."
            )
    elif isinstance(init, (type, Component)) or not (
        callable(init) or isinstance(init, (list, tuple)) or np.ndim(init) > 0
    ):
        raise TypeError(f"init must be a name, a function or a list of arrays, got {init!r}.")
    elif n_init > 1 and not callable(init):
        raise ValueError(f"n_init must be 1 where init is a list of arrays, got {n_init}.")
