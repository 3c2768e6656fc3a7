"""Losses: how far a prediction is from its target, and how that changes with the prediction.

    y   the target, of shape (n_samples, n_targets)
    a   the prediction, what leaves the output layer, of shape (n_samples, n_outputs)

A loss is a function of one target and one prediction. Sums over outputs, means over samples
and sample weights are the network's business (`network.backprop`). There is an output for each
target, or several for the only target, whose one column is then broadcast against theirs. (Those of
a likelihood, a mean and a variance for each target, have one loss together.)

Where a loss meets the output activation that belongs to it, its canonical link, the two
derivatives cancel, and ``delta = d loss / d a * f'(z)`` is simply ``a - y`` (McCullagh and
Nelder, Generalized Linear Models, 1989, section 2.2.4). Every other pair goes the long way.
"""

from abc import abstractmethod

import numpy as np

from .component import Array, Component, Method


class Loss(Component):
    """A loss per sample and output; it has no state. One of your own needs the two formulas."""

    out_activation: str = "identity"  # what out_activation='auto' stands for
    canonical: str | None = None  # the output activation with which delta = a - y, if there is one
    domain: str = "any finite number"  # the targets that it takes, for an error message
    # What the target may be brought to for training, and the prediction back from: mean 0 and
    # standard deviation 1 ("standard"), the same by median and quartiles ("robust"), or mean 1
    # ("mean"). None leaves it alone.
    rescaling: str | None = None
    levels: tuple[float, ...] = ()  # of the quantile, or of several: one for each output
    std: Method | None = None  # of each target where the output is ``a``: a method, or None

    def __init_subclass__(cls, **said: object) -> None:
        super().__init_subclass__(**said)  # what is said of one formula does not hold for another
        if {"__call__", "gradient"} & set(vars(cls)):
            for attribute in {"canonical", "rescaling"} - set(vars(cls)):
                setattr(cls, attribute, getattr(Loss, attribute))

    @abstractmethod
    def __call__(self, y: Array, a: Array) -> Array:
        """Return the loss of every target and prediction, in the shape of ``a``."""

    @abstractmethod
    def gradient(self, y: Array, a: Array) -> Array:
        """Return d loss / d a, in the shape of ``a``; at a kink, any slope between the two."""

    def in_domain(self, y: Array) -> Array:
        """Return where ``y`` is a possible target, as booleans in the shape of ``y``."""
        return np.isfinite(y)

    def n_outputs(self, n_targets: int) -> int:
        """Return how many outputs the network needs; ValueError if it cannot be done."""
        if len(self.levels) > 1 and n_targets > 1:
            raise ValueError(f"y must be one target for {self!r}, got {n_targets} columns.")
        return n_targets * max(1, len(self.levels))

    def predict(self, a: Array) -> Array:
        """Return what is predicted where the output is ``a``: quantiles in increasing order."""
        return np.sort(a, axis=1) if len(self.levels) > 1 else a

    def output_scaling(self, shift: Array, scale: Array) -> tuple[Array, Array]:
        """Return shift and scale of the outputs where the targets have these."""
        return shift, scale

    def spread(self, a: Array) -> Array:
        """Return what the standard deviation of y about ``a`` is proportional to: 1."""
        return np.ones_like(a)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class SquaredError(Loss, canonical="identity", rescaling="standard"):
    """Half the squared error, (a - y)^2 / 2: fits the mean. Link: identity."""

    def __call__(self, y: Array, a: Array) -> Array:
        return 0.5 * (a - y) ** 2

    def gradient(self, y: Array, a: Array) -> Array:
        return a - y
