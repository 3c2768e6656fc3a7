"""Gradients that are clipped, so that a steep place does not throw the parameters far off."""

import numpy as np
from scipy import linalg

from .types import Array


def clip(gradient: Array, max_grad_norm: float) -> None:
    """Shorten ``gradient``, in place, to a length (L2 norm) of ``max_grad_norm`` at most.

    Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks, ICML
    2013, algorithm 1. A gradient that is not finite is left alone, so that a divergence shows.
    """
    norm = linalg.norm(gradient, check_finite=False)  # unlike NumPy's it does not overflow
    if max_grad_norm < norm < np.inf:
        gradient *= max_grad_norm / norm
