"""Dropout: in training, each hidden unit falls silent at random.

For every step, sample and hidden unit a number m is drawn: 0 with probability p, the rate, and
1 / (1 - p) else. The next layer is handed a * m in the place of a. The mean of m is 1, so a
prediction, for which nothing is dropped, needs no correction ("inverted" dropout). By the chain
rule, the delta that comes back is multiplied by the same m.

Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout: a simple way to prevent
neural networks from overfitting, JMLR 15, 2014, section 4; inverted as in section 10.
"""

from dataclasses import dataclass

import numpy as np

from ..maths import Array
from ..tracing import Calls, aligned


@dataclass(frozen=True)
class Dropout:
    """How often the units of each hidden layer are dropped, and who draws."""

    rates: tuple[float, ...]  # of each hidden layer, in [0, 1)
    generator: np.random.Generator  # changed in place by training


class Dropped:
    """What dropout leaves of a hidden layer: buffers, and calls as in `program`.

    ``a``, of shape (units [+ 1], size), are the activations of the layer, with the row of ones
    where there are intercepts. Of its shape is what the next layer reads: a * m, and the row of
    ones as it is.
    """

    def __init__(self, rate: float, generator: np.random.Generator, a: Array, units: int) -> None:
        shape, keep = (units, a.shape[1]), 1 - rate
        self.a: Array = aligned(a.shape, a.dtype, 1)
        self.mask: Array = aligned(shape, a.dtype)
        drawn, kept = aligned(shape, np.float32), aligned(shape, bool)
        self.forward: Calls = [  # draw m, and compute a * m
            (generator.random, None, np.float32, drawn),  # whatever the dtype of the network
            (np.less, drawn, np.array(keep, np.float32), kept),
            (np.multiply, kept, np.array(1 / keep, a.dtype), self.mask),
            (np.multiply, a[:units], self.mask, self.a[:units]),
        ]

    def backward(self, delta: Array) -> Calls:
        """Return the calls that multiply ``delta`` by the same m."""
        return [(np.multiply, delta, self.mask, delta)]
