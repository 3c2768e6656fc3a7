"""Where folding would lose digits, the scaling is kept apart from the parameters.

Folded into the first layer (see `scaling`), a column far from zero for its spread adds a large
number to x @ W, and its opposite to b. The sum is rounded to the digits of the large numbers, and
what is left of x may be nothing: a date in seconds, in float32, is known to 128 seconds, and the
predictions to a tenth of what they vary by. Computed as ``(x - shift) / scale``, with the
parameters for standardised data, no digit is lost.
"""

from dataclasses import dataclass

import numpy as np

from ..maths import Array, DType, Matrix, Network
from .mapped import Mapped
from .scaling import Scaling

ENOUGH = 1e-4  # of their spread: what folding may move predictions by
ROWS = 64  # of the training set, on which that is looked at


@dataclass(frozen=True)
class Apart:
    """A scaling, and the parameters for what it standardises, that a network predicts by.

    Attributes
    ----------
    scaling : Scaling
    params : ndarray of shape (network.n_parameters,)
    folded : ndarray of shape (network.n_parameters,)
        The same parameters, folded: what ``coefs_`` show. Once they are changed they hold.
    """

    scaling: Scaling
    params: Array
    folded: Array

    @classmethod
    def of(cls, network: Network, scaling: Scaling, params: Array) -> "Apart":
        """Return an `Apart`, with copies of the parameters."""
        return cls(scaling, params.copy(), scaling.fold(network, params))

    def predict(self, network: Network, X: Matrix) -> Array:
        """Return what leaves the network for rows X, in the unit of y as it came."""
        a = network.output(self.inputs(X), self.params)
        return self.scaling.restored(network, a).astype(self.params.dtype, copy=False)

    def inputs(self, X: Matrix) -> Matrix:
        """Return X standardised, in the type of the parameters."""
        X = X[:] if isinstance(X, Mapped) else X
        return self.scaling.inputs(X).astype(self.params.dtype, copy=False)

    def input_gradient(self, network: Network, gradient: Array) -> Array:
        """Return the derivative in X as it came, (n, n_outputs, n_features), from the other."""
        _, scale = self.scaling.of_outputs(network)
        factors = np.reshape(scale, (-1, 1)) / self.scaling.x_scale
        return (gradient * factors).astype(self.params.dtype, copy=False)


def may_lose_digits(scaling: Scaling, dtype: DType) -> bool:
    """Return True unless folding, by the size of shifts and scales alone, can do no harm."""
    limits = np.finfo(dtype)
    largest = float(limits.max) ** 0.75
    scales = np.concatenate([scaling.x_scale, scaling.y_scale])
    if scales.min() < 1 / largest or scales.max() > largest:
        return True
    return bool((np.abs(scaling.x_shift) > ENOUGH / 10 / limits.eps * scaling.x_scale).any())


def holds_folded(network: Network, apart: Apart, X: Matrix) -> bool:
    """Return True if the folded parameters predict for rows X what those apart do.

    That is to `ENOUGH` of the largest deviation of predictions from their centre, and to the
    rounding of predictions themselves.
    """
    expected = apart.predict(network, X)
    found = network.output(X, apart.folded)
    shift, _ = apart.scaling.of_outputs(network)
    spread = np.abs(expected - shift).max(axis=0)
    allowed = ENOUGH * spread + 8 * np.finfo(expected.dtype).eps * np.abs(expected)
    return bool((np.abs(found - expected) <= allowed).all())


def standard_params(
    network: Network, scaling: Scaling, folded: Array, apart: Apart | None = None
) -> Array:
    """Return the parameters for standardised data, in float64: unfolded, unless kept apart."""
    if apart is not None:
        return apart.params.astype(np.float64)
    return scaling.unfold(network, folded.astype(np.float64))
