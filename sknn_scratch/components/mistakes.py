"""Mistakes that are easily made with the formulas, and what to write instead.

`maths` checks nothing; the functions here see what users write, by `CHECKS` there.
"""

import functools
import inspect
from itertools import product
from typing import Any

import numpy as np

from .. import maths
from ..maths import CHECKS, Activation, Array, Component, Loss, MatrixLike, Network
from .checks import check_fields

CHOICES = {  # what a class may say of its formulas, and in which words
    "scaling": (Activation, ("linear", "positive", "log", None)),
    "rescaling": (Loss, ("standard", "robust", "mean", None)),
}


@functools.singledispatch
def check(thing: Any) -> None:
    """Raise TypeError or ValueError if there is a mistake in a class, a component or a network."""


CHECKS.append(check)
check.register(Component, check_fields)


@check.register
def check_class(cls: type) -> None:
    """Raise TypeError or ValueError if there is a mistake in a class of components."""
    check_words(cls)
    check_formulas(cls)


def check_words(cls: type) -> None:
    """Raise ValueError if a class says something of its formulas in a word that nobody heeds."""
    for attribute, (base, choices) in CHOICES.items():
        said = vars(cls).get(attribute) if issubclass(cls, base) else None
        if said not in choices and not hasattr(said, "__get__"):  # a property is asked later
            raise ValueError(
                f"{cls.__name__}.{attribute} must be one of "
                f"{', '.join(map(repr, choices))}, got {said!r}."
            )


def check_formulas(cls: type) -> None:
    """Raise TypeError unless the methods of a class can be called as those of its base are.

    A formula with too few arguments would fail in the midst of training.
    """
    bases = [base for base in cls.__mro__ if Component in base.__bases__ and base is not cls]
    for base, (name, formula) in product(bases, vars(cls).items()):
        declared = vars(base).get(name)
        if not (inspect.isfunction(declared) and inspect.isfunction(formula)):
            continue
        wanted, written = _signature(declared), _signature(formula)
        try:
            written.bind(*wanted.parameters)
        except TypeError:
            raise TypeError(
                f"{cls.__name__}.{name} must take {wanted}, as {base.__name__}.{name} does, got "
                f"{written}. {str(inspect.getdoc(declared)).splitlines()[0]}"
            ) from None


@check.register
def check_network(network: Network) -> None:
    """Raise TypeError or ValueError unless a network has a component for each layer."""
    named = [("activations", f, Activation, "Tanh()") for f in network.activations]
    for name, value, base, example in (*named, ("loss", network.loss, Loss, "SquaredError()")):
        if not isinstance(value, base):
            raise TypeError(
                f"{name} takes objects of {base.__name__}, such as {example}, got {value!r}."
                f"{advice(value, base)}"
            )
    if len(network.activations) != len(network.sizes) - 1:
        raise ValueError(
            f"activations must be one for each layer after X, {len(network.sizes) - 1} for sizes "
            f"{network.sizes}, got {len(network.activations)}."
        )


@functools.wraps(maths.backprop)
def backprop(
    X: MatrixLike,
    y: Array,
    params: Array,
    network: Network,
    sample_weight: Array | None = None,
    alpha: float = 0.0,
) -> tuple[float, Array]:
    """Check where NumPy would broadcast, or leave numbers out; return what the formulas do."""
    matrix: Any = X
    n, n_outputs, shape = matrix.shape[0], network.sizes[-1], np.shape(y)
    if len(shape) != 2 or shape[0] != n:
        as_column = shape == (n,) and network.loss.n_outputs(1) == n_outputs
        raise ValueError(
            f"y must have a row for each of the {n} samples and a column for each target, got "
            f"shape {shape}.{' Write y[:, np.newaxis].' if as_column else ''}"
        )
    if network.loss.n_outputs(shape[1]) != n_outputs:
        raise ValueError(f"y must suit a network of {n_outputs} outputs, got shape {shape}.")
    if np.shape(params) != (network.n_parameters,):
        raise ValueError(
            f"params must be a vector of {network.n_parameters} numbers, got shape "
            f"{np.shape(params)}."
        )
    return maths.backprop(X, y, params, network, sample_weight, alpha)


def _signature(function):
    """Return the signature without types: the errors show what is to be written."""
    full = inspect.signature(function)
    plain = [x.replace(annotation=x.empty) for x in full.parameters.values()]
    return full.replace(parameters=plain, return_annotation=full.empty)


def advice(value: Any, base: type) -> str:
    """Return what to write where a class or a function stands for an object of type ``base``."""
    if isinstance(value, type) and issubclass(value, base):
        return f" This is a class; write {value.__name__}() for an object of it."
    if isinstance(value, (type, Component)) or not callable(value):
        return ""
    formulas = [
        f"`def {name}{_signature(method)}`"
        for name, method in vars(base).items()
        if getattr(method, "__isabstractmethod__", False)
    ]
    return (
        f" A function is not enough: derive a class from {base.__name__} with "
        f"{' and '.join(formulas)}, and pass an object of it."
    )
