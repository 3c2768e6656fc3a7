"""What activations, losses and solvers have in common: they are components.

The formulas of this room check nothing. What checks the classes, objects and networks that users
write is appended to `CHECKS` (`components.mistakes` does).
"""

from abc import ABCMeta
from collections.abc import Callable
from typing import Any

CHECKS: list[Callable[[Any], None]] = []


def check(thing: Any) -> None:
    """Hand a new class of components, object with fields, or network to all checks."""
    for function in CHECKS:
        function(thing)


class ComponentMeta(ABCMeta):
    """Lets ``name`` stand in the head of a class, which `ABCMeta` does from Python 3.11 on."""

    def __new__(cls, class_name: str, bases: Any, namespace: Any, /, **said: Any) -> Any:
        name = {"name": said.pop("name")} if "name" in said else {}
        return super().__new__(cls, class_name, bases, {**namespace, **name}, **said)


class Component(metaclass=ComponentMeta):
    """What the base classes of components derive from.

    ``class Tanh(Activation, from_output=True)`` sets an attribute, as does a line below it.
    """

    def __init_subclass__(cls, **attributes: object) -> None:
        super().__init_subclass__()
        for name, value in attributes.items():
            if not hasattr(cls, name):
                raise TypeError(f"{cls.__name__} has no attribute {name!r} to set to {value!r}.")
            setattr(cls, name, value)
        check(cls)

    def __post_init__(self) -> None:  # of a dataclass
        check(self)
