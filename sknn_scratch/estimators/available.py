"""Methods that an estimator has or has not, as its parameters are."""

from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.utils.metaestimators import available_if

from ..components import SOLVERS, check_hidden_layer_sizes, resolve
from ..maths import Solver

Method = TypeVar("Method", bound=Callable[..., Any])


def only_if(check: Callable[[Any], bool]) -> Callable[[Method], Method]:
    """Return scikit-learn's `available_if`; to type checkers the method stays what it is."""
    decorator: Any = available_if(check)
    return decorator


def is_stochastic(estimator: Any) -> bool:
    """Return True if the solver takes mini-batches."""
    return resolve(estimator.solver, "solver", SOLVERS, Solver).stochastic


def has_hidden_layers(estimator: Any) -> bool:
    """Return True if there are hidden layers."""
    return check_hidden_layer_sizes(estimator.hidden_layer_sizes) != ()
