"""Losses: how far a prediction is from its target, and how that changes with the prediction.

    y   the target
    a   the prediction: what leaves the output layer

A loss is a function of one target and one prediction. Sums over outputs, means over samples
and sample weights are the network's business (`network.backprop`).

Where a loss meets the output activation that belongs to it, its canonical link, the two
derivatives cancel and what goes back through the network is simply

    delta = d loss / d a * f'(z) = a - y

(McCullagh and Nelder, Generalized Linear Models, 1989, section 2.2.4). Every other pair goes
the long way, through `gradient` and the derivative of the activation.
"""

import numpy as np
from scipy.special import kl_div


class Loss:
    """A loss per sample and output; it has no state."""

    out_activation = "identity"  # what out_activation='auto' stands for
    canonical = None  # the output activation with which delta = a - y, if there is one
    rescaling = None  # what may be done to targets: "standard", "mean" (divide by it), nothing
    domain = "any finite number"  # the targets that it takes, for an error message

    def __init_subclass__(cls):  # what is said of one formula does not hold for another
        if {"__call__", "gradient"} & set(vars(cls)):
            cls.canonical, cls.rescaling = vars(cls).get("canonical"), vars(cls).get("rescaling")

    def __call__(self, y, a):
        """Return the loss of every target and prediction, in the shape of ``a``."""
        raise NotImplementedError

    def gradient(self, y, a):
        """Return d loss / d a, in the shape of ``a``."""
        raise NotImplementedError

    def in_domain(self, y):
        """Return where ``y`` is a possible target, as booleans in the shape of ``y``."""
        return np.isfinite(y)

    def __repr__(self):
        return f"{type(self).__name__}()"


class SquaredError(Loss):
    """Half the squared error, (a - y)^2 / 2. Link: identity."""

    canonical = "identity"
    rescaling = "standard"

    def __call__(self, y, a):
        return 0.5 * (a - y) ** 2

    def gradient(self, y, a):
        return a - y


class Poisson(Loss):
    """Half the Poisson deviance, y log(y / a) - y + a. Link: log, so a = exp(z) > 0."""

    out_activation = "exp"
    canonical = "exp"
    rescaling = "mean"
    domain = "numbers >= 0"

    def __call__(self, y, a):
        return kl_div(y, a)  # 0 log(0 / a) is 0

    def gradient(self, y, a):
        return 1 - y / a

    def in_domain(self, y):
        return np.isfinite(y) & (y >= 0)
