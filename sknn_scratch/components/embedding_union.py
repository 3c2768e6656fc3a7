"""Several embeddings beside each other: what each hands on of all columns, one after another.

Waves and bins find different things: a function that bends smoothly, and one that jumps. The layer
hands on [z of the first embedding, z of the second, ...], so that on the way back each takes its
own part of delta.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ..maths import Array
from .embeddings import Embedding, Layer, Periodic
from .piecewise_linear import PiecewiseLinear


@dataclass(frozen=True)
class EmbeddingUnion(Embedding):
    """Each column of X becomes what each of several embeddings makes of it.

    Parameters
    ----------
    parts : tuple of Embedding, default=(Periodic(), PiecewiseLinear())

    Raises
    ------
    TypeError
        If ``parts`` is no tuple of embeddings, or an empty one.

    See Also
    --------
    Periodic : Waves of each column.
    PiecewiseLinear : Bins of each column.

    Examples
    --------
    >>> EmbeddingUnion((Periodic(n_outputs=2), Periodic(n_outputs=3))).names(["height"])
    ['height ~1', 'height', 'height ~1', 'height ~2', 'height']
    """

    parts: tuple[Embedding, ...] = (Periodic(), PiecewiseLinear())

    def __post_init__(self) -> None:
        super().__post_init__()
        is_tuple = isinstance(self.parts, tuple) and len(self.parts) > 0
        if not (is_tuple and all(isinstance(part, Embedding) for part in self.parts)):
            raise TypeError(
                "parts of EmbeddingUnion must be a tuple of embeddings, such as (Periodic(), "
                f"PiecewiseLinear()), got {self.parts!r}."
            )

    @property
    def choice(self) -> Embedding:
        return replace(self, parts=tuple(part.choice for part in self.parts))

    def fit(self, X: Array, sample_weight: Array | None = None) -> Embedding:
        return replace(self, parts=tuple(part.fit(X, sample_weight) for part in self.parts))

    def shapes(self, n_features: int) -> list[tuple[int, ...]]:
        return [shape for part in self.parts for shape in part.shapes(n_features)]

    def width(self, n_features: int) -> int:
        return sum(part.width(n_features) for part in self.parts)

    def layer(self, vector: Array, n_features: int) -> "UnionLayer":
        numbers = slices_of([part.n_parameters(n_features) for part in self.parts])
        layers = [part.layer(vector[own], n_features) for part, own in zip(self.parts, numbers)]
        return UnionLayer(layers, slices_of([part.width(n_features) for part in self.parts]))

    def draw(self, layer: "UnionLayer", random_state: np.random.RandomState) -> None:
        for part, of_part in zip(self.parts, layer.parts):
            part.draw(of_part, random_state)

    def names(self, features: Sequence[str]) -> list[str]:
        return [name for part in self.parts for name in part.names(features)]


class UnionLayer(Layer):
    """The layer of `EmbeddingUnion`: the layers of its parts, and which columns of z each makes."""

    def __init__(self, parts: Sequence[Any], columns: Sequence[slice]) -> None:
        self.parts = parts
        self.columns = columns

    @property
    def arrays(self) -> Any:
        return tuple(array for part in self.parts for array in part.arrays)

    @classmethod
    def stack(cls, layers: Sequence["UnionLayer"]) -> "UnionLayer | None":
        if any([*map(type, layer.parts)] != [*map(type, layers[0].parts)] for layer in layers):
            return None
        of_parts = zip(*(layer.parts for layer in layers))
        parts = [type(of_part[0]).stack(of_part) for of_part in of_parts]
        return None if None in parts else cls(parts, layers[0].columns)

    def forward(self, a: Array) -> Array:
        return np.concatenate([part.forward(a) for part in self.parts], axis=-1)

    def as_products(self, a: Array) -> Array:
        place = np.eye(self.columns[-1].stop)
        return sum(part.as_products(a) @ place[own] for part, own in zip(self.parts, self.columns))

    def gradient(self, a: Array, delta: Array, into: "UnionLayer") -> None:
        for part, columns, into_part in zip(self.parts, self.columns, into.parts):
            part.gradient(a, delta[:, columns], into_part)

    def below(self, a: Array, delta: Array) -> Array:
        return sum(part.below(a, delta[:, own]) for part, own in zip(self.parts, self.columns))

    def rescale(self, shift: Array, scale: Array) -> None:
        for part in self.parts:
            part.rescale(shift, scale)

    def left(self, shift: Array, scale: Array) -> tuple[Array, Array]:
        shifts, scales = zip(*(part.left(shift, scale) for part in self.parts))
        return np.concatenate(shifts), np.concatenate(scales)


def slices_of(sizes: Sequence[int]) -> list[slice]:
    """Return the slices of parts of these sizes, one after another."""
    return [slice(*ends) for ends in pairwise(accumulate(sizes, initial=0))]
