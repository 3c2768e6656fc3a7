"""What training minimises, and over which vector."""

from dataclasses import dataclass

from ..maths import Array, Network
from .batches import Rows
from .dropout import Dropout


@dataclass(frozen=True)
class Problem:
    """What is minimised, and over which vector.

    Attributes
    ----------
    network : Network
    params : ndarray of shape (network.n_parameters,)
        Changed in place by training.
    rows : Rows
        The training rows.
    alpha : float
        Strength of the penalty on the weights, relative to the mean sample weight.
    dropout : Dropout or None
        None with L-BFGS, whose loss has to be the same function at every call.
    """

    network: Network
    params: Array
    rows: Rows
    alpha: float
    dropout: Dropout | None = None
