"""Looking inside a network: its hidden activations, its slope, and a check of its gradient.

Plain functions of arrays, as in `network`. Feedforward can be stopped at a hidden layer; what
leaves it there are the features that the network has made of its inputs. Backpropagation can
be carried on to the inputs. With g[l] the derivative of one output in a[l]::

    g[last] = 1                    g[l] = (g[l+1] * f'(z[l+1])) @ W[l].T

g[0] says how that output changes with each input.

`check_gradient` asks whether a gradient is right without knowing a formula: it moves every
parameter a little, up and down, and looks at how the loss changes.
"""

from dataclasses import replace
from functools import partial
from operator import index

import numpy as np
from sklearn.utils import Bunch

from ..data import Scaling, by_rows, rows_at_a_time, widths
from ..maths import Activation, Array, Matrix, Network, backprop, feedforward
from ..training import AT_A_KINK, closest_slope

STEPS = 1e-5, 1e-6, 1e-7, 1e-8  # of finite differences; relative, for parameters above 1


@np.errstate(over="ignore", invalid="ignore")
def hidden_activations(
    X: Matrix,
    network: Network,
    params: Array,
    layer: int = -1,
    scaling: Scaling | None = None,
) -> Array:
    """Return what leaves a hidden layer, of shape (n_samples, n_units).

    ``layer`` 0 is the first hidden layer, -1 the last: TypeError or IndexError if there is none.
    With a ``scaling``, X is standardised first.
    """
    n_hidden = len(network.sizes) - 2
    try:
        number = index(layer)
    except TypeError:
        raise TypeError(f"layer must be an int, got {layer!r}.") from None
    if not -n_hidden <= number < n_hidden:
        raise IndexError(
            f"layer must be the number of a hidden layer, from {-n_hidden} to {n_hidden - 1}; "
            f"got {layer}."
        )
    stop = 1 + number % n_hidden
    coefs, intercepts = zip(*network.layers(params)[:stop])

    def activations(rows):
        a = network.entering(scaling.inputs(rows) if scaling else rows, params)
        return feedforward(a, coefs, intercepts, network.activations[:stop])

    return by_rows(activations, X, _rows_at_a_time(network, params))


@np.errstate(over="ignore", invalid="ignore")
def input_gradient(
    X: Matrix, network: Network, params: Array, scaling: Scaling | None = None
) -> Array:
    """Return the derivative of every output in every input: (n_samples, n_outputs, n_features).

    With a ``scaling``, by which X is standardised first and the outputs are restored, it is in the
    units of X and y as they came.
    """
    layers, embedding = network.layers(params), network.embedding_layer(params)

    def gradients(rows):
        rows = scaling.inputs(rows) if scaling else rows
        a, slopes = network.entering(rows, params), []
        for (W, b), f in zip(layers, network.activations):
            z = a @ W + b
            a = f(z)
            slopes.append(f.derivative(z, a))
        of_outputs = []
        for output_number in range(network.sizes[-1]):
            g = np.zeros_like(a)
            g[:, output_number] = 1
            for (W, _), slope in zip(reversed(layers), reversed(slopes)):
                g = (g * slope) @ W.T
            of_outputs.append(embedding.below(rows, g) if embedding else g)
        gradient = np.stack(of_outputs, axis=1)
        return scaling.restored_gradient(network, gradient) if scaling else gradient

    return by_rows(gradients, X, _rows_at_a_time(network, params))


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
            both = {"gradient": float(gradient[i]), "difference": float(closest)}
            worst = Bunch(error=float(off / scale), weight=_name_of(i, network), **both)
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


def _rows_at_a_time(network, params):
    return rows_at_a_time(widths(network), params.itemsize)
