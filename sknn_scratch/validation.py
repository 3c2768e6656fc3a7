"""Constructor parameters, checked, and the pieces that they stand for.

Every error names the parameter, says what it got, and what it takes.
"""

from dataclasses import dataclass, fields
from numbers import Integral, Real

import numpy as np
from sklearn.metrics import get_scorer
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_scalar

from .activations import Activation
from .initializers import INITIALIZERS
from .losses import Loss
from .registries import ACTIVATIONS, LOSSES, SCHEDULES, SOLVERS
from .schedules import Factor, Schedule
from .solvers import Solver

# name: (type, smallest, largest, which bounds are allowed themselves)
NUMBERS = {
    "alpha": (Real, 0, np.inf, "left"),
    "learning_rate_init": (Real, 0, np.inf, "neither"),
    "power_t": (Real, 0, np.inf, "left"),
    "max_iter": (Integral, 1, None, "left"),
    "tol": (Real, 0, np.inf, "left"),
    "momentum": (Real, 0, 1, "both"),
    "beta_1": (Real, 0, 1, "left"),
    "beta_2": (Real, 0, 1, "left"),
    "epsilon": (Real, 0, np.inf, "neither"),
    "max_fun": (Integral, 1, None, "left"),
    "n_init": (Integral, 1, None, "left"),
}
BOOLEANS = "shuffle", "warm_start", "nesterovs_momentum", "fit_intercept", "standardize"


def check_number(value, name, kind, low, high, bounds):
    """Raise TypeError or ValueError unless ``value`` is a ``kind`` of number in the range."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be a number, got {value!r}.")
    check_scalar(value, name, kind, min_val=low, max_val=high, include_boundaries=bounds)
    if value != value:
        raise ValueError(f"{name} must be a number, got nan.")


def resolve(value, name, registry, base, more=""):
    """Return the registry's piece of that name, or ``value`` itself if it is a piece already.

    ``more`` is what else the parameter takes, for the error message.
    """
    if isinstance(value, base):
        return value
    if isinstance(value, str) and value in registry:
        return registry[value]
    raise ValueError(
        f"{name} must be one of {', '.join(map(repr, registry))}, or an object of type "
        f"{base.__name__}{more}; got {value!r}."
    )


def build(params, name, registry, base, more=""):
    """Return the piece that ``params[name]`` asks for.

    By name it is made from the constructor parameters that its fields are named after; fields
    that no parameter is named after keep their defaults.
    """
    piece = resolve(params[name], name, registry, base, more)
    if isinstance(piece, base):
        return piece
    given = [field.name for field in fields(piece) if field.name in params]
    return piece(**{name: params[name] for name in given})


def build_schedule(params):
    """Return the schedule that ``params["learning_rate"]`` asks for, perhaps by a function."""
    rate = params["learning_rate"]
    if callable(rate) and not isinstance(rate, (type, Schedule)):
        return Factor(rate)
    return build(params, "learning_rate", SCHEDULES, Schedule, " or a function (epoch, n_epochs)")


@dataclass(frozen=True)
class Pieces:
    """What the constructor parameters stand for."""

    hidden_layer_sizes: tuple
    activations: tuple  # of each hidden layer
    out_activation: Activation
    drawn_for: tuple  # of each layer, the activation that decides the bound of init='auto'
    loss: Loss
    solver: Solver
    schedule: Schedule
    dropout: tuple  # the rate of each hidden layer


def check_parameters(params):
    """Return the `Pieces` that the constructor parameters ask for.

    Raises
    ------
    TypeError, ValueError
        If a parameter has the wrong type, or a value outside its range.
    """
    for name, limits in NUMBERS.items():
        check_number(params[name], name, *limits)
    for name in BOOLEANS:
        if not isinstance(params[name], (bool, np.bool_)):
            raise TypeError(f"{name} must be True or False, got {params[name]!r}.")
    if not isinstance(params["verbose"], (bool, np.bool_)):
        check_number(params["verbose"], "verbose", Integral, 0, None, "left")
    if not _is_str(params["batch_size"], "auto"):
        check_number(params["batch_size"], "batch_size", Integral, 1, None, "left")
    if not (isinstance(params["n_iter_no_change"], Real) and params["n_iter_no_change"] == np.inf):
        check_number(params["n_iter_no_change"], "n_iter_no_change", Integral, 1, None, "left")
    check_early_stopping(params)
    check_seed(params["random_state"])
    check_init(params["init"])
    if params["n_init"] > 1 and not (isinstance(params["init"], str) or callable(params["init"])):
        raise ValueError(
            f"n_init must be 1 where init is a list of arrays, got {params['n_init']}."
        )

    solver = build(params, "solver", SOLVERS, Solver)
    check_max_grad_norm(params["max_grad_norm"], solver)

    loss = resolve(params["loss"], "loss", LOSSES, Loss)
    out_activation = params["out_activation"]
    if _is_str(out_activation, "auto"):
        out_activation = loss.out_activation
    out_activation = resolve(out_activation, "out_activation", ACTIVATIONS, Activation)
    sizes = check_hidden_layer_sizes(params["hidden_layer_sizes"])
    hidden, drawn_for = check_activation(params["activation"], len(sizes), out_activation)
    return Pieces(
        hidden_layer_sizes=sizes,
        activations=hidden,
        out_activation=out_activation,
        drawn_for=drawn_for,
        loss=loss,
        solver=solver,
        schedule=build_schedule(params),
        dropout=check_dropout(params["dropout"], sizes, solver),
    )


def _is_str(value, string):
    return isinstance(value, str) and value == string


def check_early_stopping(params):
    """Raise TypeError or ValueError unless what decides on early stopping makes sense."""
    early_stopping, fraction = params["early_stopping"], params["validation_fraction"]
    if not (isinstance(early_stopping, (bool, np.bool_)) or _is_str(early_stopping, "loss")):
        raise TypeError(f"early_stopping must be True, False or 'loss', got {early_stopping!r}.")
    if isinstance(fraction, (Real, np.bool_)):
        check_number(fraction, "validation_fraction", Real, 0, 1, "left")
    elif not (is_splitter(fraction) or np.asarray(fraction).dtype.kind in "biu"):
        raise TypeError(
            "validation_fraction must be a number in [0, 1), a splitter with a method 'split', "
            f"or an array with one test fold; got {fraction!r}."
        )
    scoring = params["scoring"]
    if isinstance(scoring, str):
        get_scorer(scoring)  # says which names there are
    elif not (scoring is None or callable(scoring)):
        raise TypeError(f"scoring must be None, a name or a scorer, got {scoring!r}.")


def is_splitter(fraction):
    """Return True if ``validation_fraction`` is an object that splits."""
    return hasattr(fraction, "split") and not isinstance(fraction, str)


def check_seed(random_state):
    """Raise ValueError unless ``random_state`` is None, an int or a RandomState."""
    try:
        if isinstance(random_state, (bool, np.bool_)):
            raise ValueError(f"got {random_state!r}")
        check_random_state(random_state)
    except ValueError as error:
        raise ValueError(f"random_state must be None, an int or a RandomState: {error}") from error


def check_max_grad_norm(max_grad_norm, solver):
    """Raise TypeError or ValueError unless ``max_grad_norm`` is None or what the solver takes."""
    if max_grad_norm is None:
        return
    check_number(max_grad_norm, "max_grad_norm", Real, 0, np.inf, "neither")
    if not solver.stochastic:
        raise ValueError(
            f"max_grad_norm clips the gradients of mini-batches and has no meaning with L-BFGS: "
            f"it must be None there, got {max_grad_norm!r}."
        )


def check_hidden_layer_sizes(sizes):
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
    return tuple(int(size) for size in sizes)


def check_activation(activation, n_layers, out_activation):
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


def check_dropout(dropout, hidden_layer_sizes, solver):
    """Return the dropout rate of each hidden layer; a number stands for all of them."""
    is_sequence = isinstance(dropout, (list, tuple)) or np.ndim(dropout) > 0
    rates = tuple(dropout) if is_sequence else (dropout,)
    for rate in rates:
        check_number(rate, "dropout", Real, 0, 1, "left")
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


def check_init(init):
    """Raise TypeError or ValueError unless ``init`` is a name, a function or a sequence."""
    if isinstance(init, str):
        if init not in INITIALIZERS:
            raise ValueError(
                f"init must be one of {', '.join(map(repr, INITIALIZERS))}, a function or a "
                f"sequence of arrays; got {init!r}."
            )
    elif not (callable(init) or isinstance(init, (list, tuple)) or np.ndim(init) > 0):
        raise TypeError(
            f"init must be a name, a function or a list of arrays, got {type(init).__name__}."
        )
