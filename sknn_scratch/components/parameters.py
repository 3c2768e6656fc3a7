"""The components that the constructor parameters stand for.

A component (activation, loss, solver, schedule) is chosen by its name in a registry, or handed
over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

import numpy as np

from ..maths import Activation, Component, Loss, Solver
from .checks import (
    check_dropout,
    check_early_stopping,
    check_hidden_layer_sizes,
    check_init,
    check_max_grad_norm,
    check_numbers,
    check_seed,
    is_str,
)
from .embeddings import Embedding
from .mistakes import advice
from .registries import ACTIVATIONS, EMBEDDINGS, LOSSES, SCHEDULES, SOLVERS, likely_name
from .schedules import Factor, Schedule

Activations: TypeAlias = tuple[Activation, ...]
Kind = TypeVar("Kind")


def resolve(
    value: Any, name: str, registry: Mapping[str, Any], base: type[Any], more: str = ""
) -> Any:
    """Return the registry's component of that name, or ``value`` itself if it is one already.

    ``more`` is what else the parameter takes, for the error message.
    """
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

    By name it is made from the constructor parameters that its fields are named after; fields
    that no parameter is named after keep their defaults.
    """
    component = resolve(params[name], name, registry, base, more)
    if isinstance(component, base):
        return component
    given = [field.name for field in fields(component) if field.name in params]
    return component(**{name: params[name] for name in given})


def build_schedule(params: Mapping[str, Any]) -> Schedule:
    """Return the schedule that ``params["learning_rate"]`` asks for, perhaps by a function."""
    rate = params["learning_rate"]
    if callable(rate) and not isinstance(rate, (type, Component)):
        return Factor(function=params["learning_rate"])
    return build(params, "learning_rate", SCHEDULES, Schedule, " or a function (epoch, n_epochs)")


@dataclass(frozen=True)
class Components:
    """What the constructor parameters stand for."""

    hidden_layer_sizes: tuple[int, ...]
    activations: Activations  # of each hidden layer
    out_activation: Activation
    drawn_for: Activations  # of each layer, the activation that decides the bound of init='auto'
    loss: Loss
    solver: Solver
    schedule: Schedule
    dropout: tuple[float, ...]  # the rate of each hidden layer
    embedding: Embedding | None


def check_parameters(params: Mapping[str, Any], losses: Mapping[str, Loss] = LOSSES) -> Components:
    """Return the `Components` that the constructor parameters ask for.

    ``losses`` are those that may be chosen by name. The answer is kept for parameters that are
    plain values: a call of `partial_fit` on a few rows would mostly check what was checked before.

    Raises
    ------
    TypeError, ValueError
        If a parameter has the wrong type, or a value outside its range.
    """
    types = types_of(tuple(params.values()))
    if types is None:
        return _components(params, losses)
    return _kept_components(tuple(params), tuple(params.values()), types, tuple(losses.items()))


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
def _kept_components(names, values, types, losses):
    return _components(dict(zip(names, values)), dict(losses))


def _components(params, losses):
    """Return what `check_parameters` returns, computed."""
    check_numbers(params)
    check_early_stopping(params)
    check_seed(params["random_state"])
    check_init(params["init"], params["n_init"])

    solver = build(params, "solver", SOLVERS, Solver)
    check_max_grad_norm(params["max_grad_norm"], solver)

    loss = resolve(params["loss"], "loss", losses, Loss)
    out_activation = params["out_activation"]
    if is_str(out_activation, "auto"):
        out_activation = loss.out_activation
    out_activation = resolve(out_activation, "out_activation", ACTIVATIONS, Activation)
    if loss.std and out_activation.scaling != "linear":
        raise ValueError(
            f"out_activation must be 'auto' or 'identity' with {loss!r}, whose outputs are means "
            f"and logarithms of variances; got {params['out_activation']!r}."
        )
    sizes = check_hidden_layer_sizes(params["hidden_layer_sizes"])
    hidden, drawn_for = check_activation(params["activation"], len(sizes), out_activation)
    return Components(
        hidden_layer_sizes=sizes,
        activations=hidden,
        out_activation=out_activation,
        drawn_for=drawn_for,
        loss=loss,
        solver=solver,
        schedule=build_schedule(params),
        dropout=check_dropout(params["dropout"], sizes, solver),
        embedding=check_embedding(params["embedding"], params["init"]),
    )


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
