"""What activations, losses and solvers have in common: they are components; and names of types.

The formulas of this room check nothing. What checks the classes, objects and networks that users
write is appended to `CHECKS` (`components.mistakes` does). What the types allow is checked where
arrays come in.
"""

from abc import ABCMeta
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[Any]
Arrays: TypeAlias = Sequence[Array]
Method: TypeAlias = Callable[[Array], Array]
State: TypeAlias = dict[str, Any]
Matrix: TypeAlias = Any  # an array, a sparse matrix or a mapped file, once it is checked
MatrixLike: TypeAlias = ArrayLike | Any  # sparse matrices and data frames have no type in common
RandomState: TypeAlias = int | np.random.RandomState | None
Shape: TypeAlias = tuple[int, ...]
DType: TypeAlias = np.dtype[Any]
Index: TypeAlias = Array | slice  # of rows

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
