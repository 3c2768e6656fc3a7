"""A check of the gradient of a network, by finite differences.

`check_gradient` asks whether a gradient is right without knowing a formula: it moves every
parameter a little, up and down, and looks at how the loss changes.
"""

from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.utils import Bunch

from ..maths import Activation, Array, Matrix, Network, backprop
from ..training import AT_A_KINK, closest_slope

STEPS = 1e-5, 1e-6, 1e-7, 1e-8  # of finite differences; relative, for parameters above 1


class _AsTrained(Activation):
    """An activation as training calls it: with `from_output`, z is overwritten by a."""

    def __init__(self, f):
        self.f, self.name = f, f.name

    def __call__(self, z):
        return self.f(z)

    def derivative(self, z, a):
        return self.f.derivative(a if self.f.from_output else z, a)


@np.errstate(all="ignore")
def check_gradient(
    X: Matrix,
    y: Array,
    params: Array,
    network: Network,
    sample_weight: Array | None = None,
    alpha: float = 0.0,
    details: bool = False,
) -> float | Bunch:
    """Compare the gradient of `network.backprop` with finite differences.

    For each parameter p and a small step h, the derivative is about::

        (loss at p + h  -  loss at p - h) / 2h

    Where that does not agree, smaller steps are tried, down to 1e-8: a kink, such as the
    rectifier's, may lie within the larger ones. A wrong formula is wrong with every step.

    At a kink itself there is no derivative: the slopes above and below p differ, however small the
    step, and the gradient may be either or a mixture. (A unit whose inputs are all silent is at
    z = 0 as long as its intercept is.) Such a parameter is left out.

    The data are as for `network.backprop`, in float64; what is returned is said in
    `ScratchMLPRegressor.check_gradient`. About 1e-9 is what there is where all is well.
    """
    nothing = Bunch(error=np.nan, weight=None, gradient=np.nan, difference=np.nan)

    def loss_at(i, by):
        moved = params.copy()
        moved[i] += by
        return backprop(X, y, moved, network, sample_weight, alpha)[0]

    network = replace(network, activations=tuple(map(_AsTrained, network.activations)))
    loss, gradient = backprop(X, y, params, network, sample_weight, alpha)
    if not np.isfinite(loss):
        return nothing if details else nothing.error
    scale = max(abs(loss) / 100, np.abs(gradient).max()) or 1.0
    worst = nothing
    for i, p in enumerate(params):
        steps = max(1, abs(p)) * np.array(STEPS)
        closest, off, jump = closest_slope(partial(loss_at, i), gradient[i], steps, 1e-8 * scale)
        is_kink = 1e-8 * scale <= off <= AT_A_KINK * jump
        if not is_kink and not off / scale <= worst.error:
            worst = Bunch(
                error=float(off / scale),
                weight=_name_of(i, network),
                gradient=float(gradient[i]),
                difference=float(closest),
            )
    return worst if details else worst.error


def _name_of(i, network):
    """Return what a parameter is called by the attributes of an estimator."""
    numbers = np.arange(network.n_parameters)
    for layer, (W, b) in enumerate(network.layers(numbers)):
        if i in W:
            row, column = np.argwhere(i == W)[0]
            return f"coefs_[{layer}][{row}, {column}]"
        if network.fit_intercept and i in b:
            return f"intercepts_[{layer}][{np.flatnonzero(b == i)[0]}]"
    return f"number {i - sum(W.size for W in network.blocks(numbers))} of the embedding"
