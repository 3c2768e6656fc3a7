"""Mistakes that are easily made with the formulas, and what to write instead."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .types import Array, Matrix

Formula = TypeVar("Formula", bound=Callable[..., Any])


def required(formula: Formula) -> Formula:
    """Return a method that raises NotImplementedError: a component of one's own has another."""

    @functools.wraps(formula)
    def missing(self, *args, **kwargs):
        name, arguments = formula.__name__, _signature(formula)
        raise NotImplementedError(f"{type(self).__name__} needs `def {name}{arguments}`.")

    missing.is_required = True
    return missing


class Component:
    """What the base classes of components derive from.

    A class derived from such a base is refused if a method cannot be called as that of the base:
    a formula with too few arguments would fail in the midst of training.

    ``class Tanh(Activation, from_output=True)`` sets an attribute, as does a line below it.
    """

    def __init_subclass__(cls, **said: object) -> None:
        super().__init_subclass__()
        for name, value in said.items():
            if not hasattr(cls, name):
                raise TypeError(f"{cls.__name__} has no attribute {name!r} to set to {value!r}.")
            setattr(cls, name, value)
        for base in cls.__mro__:
            if Component in base.__bases__ and base is not cls:
                _check_formulas(cls, base)


def _signature(function):
    """Return the signature without types: the errors show what is to be written."""
    full = inspect.signature(function)
    plain = [each.replace(annotation=each.empty) for each in full.parameters.values()]
    return full.replace(parameters=plain, return_annotation=full.empty)


def _check_formulas(cls, base):
    """Raise TypeError unless the methods of ``cls`` can be called as those of ``base`` are."""
    for name, formula in vars(cls).items():
        declared = vars(base).get(name)
        if not (inspect.isfunction(declared) and inspect.isfunction(formula)):
            continue
        wanted, given = _signature(declared), _signature(formula)
        try:
            given.bind(*wanted.parameters)
        except TypeError:
            raise TypeError(
                f"{cls.__name__}.{name} must take {wanted}, as {base.__name__}.{name} does, got "
                f"{given}. {inspect.getdoc(declared).splitlines()[0]}"
            ) from None


def advice(value: Any, base: type) -> str:
    """Return what to write where a class or a function stands for an object of type ``base``.

    An empty string if it is neither.
    """
    if isinstance(value, type) and issubclass(value, base):
        return f" This is a class; write {value.__name__}() for an object of it."
    if isinstance(value, type) or not callable(value):
        return ""
    formulas = [
        f"`def {name}{_signature(method)}`"
        for name, method in vars(base).items()
        if getattr(method, "is_required", False)
    ]
    return (
        f" A function is not enough: derive a class from {base.__name__} with "
        f"{' and '.join(formulas)}, and pass an object of it."
    )


def check_component(value: Any, name: str, base: type, example: str) -> None:
    """Raise TypeError unless a value is an object of type ``base``, such as ``example``."""
    if not isinstance(value, base):
        raise TypeError(
            f"{name} takes objects of {base.__name__}, such as {example}, got {value!r}."
            f"{advice(value, base)}"
        )


def check_shapes(X: Matrix, y: Array, params: Array, network: Any) -> None:
    """Raise ValueError where NumPy would broadcast, or leave numbers out, without a word."""
    shape, n_outputs = np.shape(y), network.sizes[-1]
    if len(shape) != 2 or shape[0] != X.shape[0]:
        as_column = shape == (X.shape[0],) and network.loss.n_outputs(1) == n_outputs
        raise ValueError(
            f"y must have a row for each of the {X.shape[0]} samples and a column for each target, "
            f"got shape {shape}.{' Write y[:, np.newaxis].' if as_column else ''}"
        )
    if network.loss.n_outputs(shape[1]) != n_outputs:
        raise ValueError(f"y must suit a network of {n_outputs} outputs, got shape {shape}.")
    if np.shape(params) != (network.n_parameters,):
        raise ValueError(
            f"params must be a vector of {network.n_parameters} numbers, got shape "
            f"{np.shape(params)}."
        )
