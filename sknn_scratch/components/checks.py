"""Constructor parameters, checked one by one.

Every error names the parameter, says what it got, and what it takes.
"""

import sys
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from operator import mul
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer
from sklearn.utils import check_random_state

from ..maths import Component, Solver
from .initializers import INITIALIZERS
from .ranges import KINDS, check_boolean, check_number
from .registries import FIELDS

# name: (type, interval); those of components are at their fields (see `registries.FIELDS`)
NUMBERS: dict[str, tuple[type[Any], str]] = {
    "alpha": (Real, "[0, inf)"),
    "learning_rate_init": (Real, "(0, inf)"),
    "max_iter": (Integral, "[1, inf)"),
    "tol": (Real, "[0, inf)"),
    "n_init": (Integral, "[1, inf)"),
    **{name: (KINDS[kind], interval) for name, (kind, interval) in FIELDS.items()},
}
BOOLEANS = "shuffle", "warm_start", "nesterovs_momentum", "fit_intercept", "standardize"


def check_numbers(params: Mapping[str, Any]) -> None:
    """Raise TypeError or ValueError unless all numbers and booleans are what they may be."""
    for name, limits in NUMBERS.items():
        if name in params:  # not every field of a component is a constructor parameter
            check_number(params[name], name, *limits)
    for name in BOOLEANS:
        check_boolean(params[name], name)
    if not isinstance(params["verbose"], (bool, np.bool_)):
        check_number(params["verbose"], "verbose", Integral, "[0, inf)")
    if not is_str(params["batch_size"], "auto"):
        check_number(params["batch_size"], "batch_size", Integral, "[1, inf)")
    if not (isinstance(params["n_iter_no_change"], Real) and params["n_iter_no_change"] == np.inf):
        check_number(params["n_iter_no_change"], "n_iter_no_change", Integral, "[1, inf)")


def is_str(value: Any, string: str) -> bool:
    """Return True if ``value``, which may be an array, is that string."""
    return isinstance(value, str) and value == string


def check_early_stopping(params: Mapping[str, Any]) -> None:
    """Raise TypeError or ValueError unless what decides on early stopping makes sense."""
    early_stopping, fraction = params["early_stopping"], params["validation_fraction"]
    if not (isinstance(early_stopping, (bool, np.bool_)) or is_str(early_stopping, "loss")):
        raise TypeError(f"early_stopping must be True, False or 'loss', got {early_stopping!r}.")
    if isinstance(fraction, (Real, np.bool_)):
        check_number(fraction, "validation_fraction", Real, "[0, 1)")
    elif not (is_splitter(fraction) or is_test_fold(fraction)):
        raise TypeError(
            "validation_fraction must be a number in [0, 1), a splitter with a method 'split', "
            f"or an array with one test fold; got {fraction!r}."
        )
    scoring = params["scoring"]
    if isinstance(scoring, str):
        get_scorer(scoring)  # says which names there are
    elif not (scoring is None or callable(scoring)):
        raise TypeError(f"scoring must be None, a name or a scorer, got {scoring!r}.")


def is_splitter(fraction: Any) -> bool:
    """Return True if ``validation_fraction`` is an object that splits."""
    return hasattr(fraction, "split") and not isinstance(fraction, (str, bytes))


def is_test_fold(fraction: Any) -> bool:
    """Return True if ``validation_fraction`` is an array of booleans or integers."""
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


def check_max_grad_norm(max_grad_norm: Any, solver: Solver) -> None:
    """Raise TypeError or ValueError unless ``max_grad_norm`` is None or what the solver takes."""
    if max_grad_norm is None:
        return
    check_number(max_grad_norm, "max_grad_norm", Real, "(0, inf)")
    if not solver.stochastic:
        raise ValueError(
            f"max_grad_norm clips the gradients of mini-batches and has no meaning with L-BFGS: "
            f"it must be None there, got {max_grad_norm!r}."
        )


def check_hidden_layer_sizes(sizes: Any) -> tuple[int, ...]:
    """Return the hidden layer sizes as a tuple of int; a number stands for one layer."""
    if isinstance(sizes, Integral):
        sizes = (sizes,)
    if isinstance(sizes, str) or not (np.iterable(sizes) and hasattr(sizes, "__len__")):
        raise TypeError(f"hidden_layer_sizes must be an int or a sequence of ints, got {sizes!r}.")
    sizes = tuple(sizes)
    for size in sizes:
        if isinstance(size, (bool, np.bool_)) or not isinstance(size, Integral):
            raise TypeError(f"hidden_layer_sizes must be ints, got {size!r} in {sizes}.")
        if size <= 0:
            raise ValueError(f"hidden_layer_sizes must be > 0, got {list(sizes)}.")
    sizes = tuple(int(size) for size in sizes)
    n_weights = sum(map(mul, (1, *sizes), (*sizes, 1)))  # for a single feature
    if 8 * n_weights > sys.maxsize:
        raise ValueError(
            f"hidden_layer_sizes must be of a network that fits into memory, got {sizes}: about "
            f"{n_weights:.0e} weights."
        )
    return sizes


def check_dropout(
    dropout: Any, hidden_layer_sizes: Sequence[int], solver: Solver
) -> tuple[float, ...]:
    """Return the dropout rate of each hidden layer; a number stands for all of them."""
    is_sequence = isinstance(dropout, (list, tuple)) or np.ndim(dropout) > 0
    rates: tuple[Any, ...] = tuple(dropout) if is_sequence else (dropout,)
    for rate in rates:
        check_number(rate, "dropout", Real, "[0, 1)")
    if any(rates) and not hidden_layer_sizes:
        raise ValueError(f"dropout needs hidden layers, got {dropout!r} without any.")
    if any(rates) and not solver.stochastic:
        raise ValueError(f"dropout must be 0 with {solver!r}, got {dropout!r}.")
    if not is_sequence:
        rates *= len(hidden_layer_sizes)
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
