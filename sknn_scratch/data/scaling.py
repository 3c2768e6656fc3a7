"""Scaling: what the network is trained in, and how that is folded back into its layers.

    X, y        unscaled
    (X - x_shift) / x_scale,  (y - y_shift) / y_scale        what the network is trained on

The weights that training finds belong to the standardised values. Both transformations are
linear, so the first and the last layer can take them in, and then the network reads X and
gives predictions of y, unscaled::

    z[1]    = (X - shift) / scale @ W + b      = X @ (W / scale) + (b - shift / scale @ W)
    a[last] = (a @ W + b) * scale + shift      = a @ (W * scale) + (b * scale + shift)

The second line holds for the identity. What else a layer can take in depends on its activation
(`Activation.scaling`): a positive factor if f(c z) = c f(z), and if f is exp, then
c exp(z) = exp(z + log c).
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils.sparsefuncs import inplace_column_scale

from ..maths import Array, DType, Matrix, Network
from .dataset import DataSet
from .moments import Moments
from .quartiles import robust


@dataclass(frozen=True)
class Scaling:
    """The standardisation of inputs and targets; float64 arrays, an element per column.

    A single element of ``y_shift`` and ``y_scale`` goes for all columns: where one target has
    several outputs, for those too.
    """

    x_shift: Array
    x_scale: Array
    y_shift: Array
    y_scale: Array

    @property
    def is_identity(self) -> bool:
        """True if nothing is changed."""
        if self.x_shift.any() or self.y_shift.any():
            return False
        return bool((self.x_scale == 1).all() and (self.y_scale == 1).all())

    def suit(self, network: Network) -> bool:
        """Return True if the output layer of the network can take in the scaling of the targets."""
        factor = takes_factor(network) or (self.y_scale == 1).all()
        return factor and (takes_shift(network) or not self.y_shift.any())

    @np.errstate(over="ignore")  # of values far beyond those that the scale was taken of
    def inputs(self, X: Matrix, out: Array | None = None) -> Matrix:
        """Return X standardised: in ``out``, if that is given, else a copy, or X if it stays so."""
        if out is not None:
            return np.divide(X - self.x_shift, self.x_scale, out=out, casting="same_kind")
        if not self.x_shift.any() and (self.x_scale == 1).all():
            return X
        if sparse.issparse(X):
            X = X.copy()
            inplace_column_scale(X, (1 / self.x_scale).astype(X.dtype))
            return X
        return (X - self.x_shift) / self.x_scale

    @np.errstate(over="ignore")
    def targets(self, y: Array, out: Array | None = None) -> Array:
        """Return targets standardised: in ``out``, if that is given."""
        return np.divide(y - self.y_shift, self.y_scale, out=out, casting="same_kind")

    @np.errstate(over="ignore")
    def outputs(self, network: Network, a: Array) -> Array:
        """Return what the network gives standardised, as `targets` are."""
        shift, scale = self.of_outputs(network)
        return (a - shift) / scale

    @np.errstate(over="ignore")
    def restored(self, network: Network, a: Array) -> Array:
        """Return what the network gives as y came, from standardised: the inverse of `outputs`."""
        shift, scale = self.of_outputs(network)
        return a * scale + shift

    def fold(self, network: Network, params: Array) -> Array:
        """Return the parameters for unscaled X and y, from those for standardised ones."""
        if self.is_identity:
            return params.copy()
        folded = params.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):  # see `folding`
            if network.embedding:
                network.embedding_layer(folded).rescale(self.x_shift, self.x_scale)
            shift, scale = self.of_inputs(network)
            W, b = network.layers(folded)[0]
            W /= scale[:, np.newaxis]
            b -= shift @ W
            W, b = network.layers(folded)[-1]
            if network.activations[-1].scaling == "log":
                b += np.log(self.y_scale)
            else:
                shift, scale = self.of_outputs(network)
                W *= scale
                b[...] = b * scale + shift
            return folded.astype(params.dtype)

    def unfold(self, network: Network, folded: Array) -> Array:
        """Return the parameters for standardised X and y: the inverse of `fold`."""
        if self.is_identity:
            return folded.copy()
        params = folded.astype(np.float64)
        W, b = network.layers(params)[-1]
        if network.activations[-1].scaling == "log":
            b -= np.log(self.y_scale)
        else:
            shift, scale = self.of_outputs(network)
            W /= scale
            b[...] = (b - shift) / scale
        shift, scale = self.of_inputs(network)
        W, b = network.layers(params)[0]
        b += shift @ W
        W *= scale[:, np.newaxis]
        if network.embedding:
            network.embedding_layer(params).unscale(self.x_shift, self.x_scale)
        return params.astype(folded.dtype)

    def of_outputs(self, network: Network) -> tuple[Array, Array]:
        """Return shift and scale of what the network gives."""
        return network.loss.output_scaling(self.y_shift, self.y_scale)

    def of_inputs(self, network: Network) -> tuple[Array, Array]:
        """Return shift and scale of what enters the first dense layer."""
        if network.embedding is None:
            return self.x_shift, self.x_scale
        layer = network.embedding_layer(np.zeros(network.n_parameters))
        return layer.left(self.x_shift, self.x_scale)

    def fold_gradient(self, network: Network, gradient: Array) -> Array:
        """Return the derivative of a loss in the folded dense layers, from that in the others.

        `unfold` is linear up to a constant, and this is its transpose.
        """
        folded = gradient.astype(np.float64)
        layers = network.layers(folded)
        (W, b), (shift, scale) = layers[0], self.of_inputs(network)
        W *= scale[:, np.newaxis]
        W += np.outer(shift, b)
        if network.activations[-1].scaling != "log":
            (W, b), (_, scale) = layers[-1], self.of_outputs(network)
            W /= scale
            b /= scale
        return folded.astype(gradient.dtype)


def no_scaling(network: Network) -> Scaling:
    """Return the scaling that leaves inputs and targets as they are."""
    n_features = network.sizes[0]
    return Scaling(np.zeros(n_features), np.ones(n_features), np.zeros(1), np.ones(1))


def standard_scaling(network: Network, data: DataSet, rows: Array | None = None) -> Scaling:
    """Return the scaling by which the columns of X and y have mean 0 and standard deviation 1.

    Not centred are sparse X, and all X where layers have no intercepts: these are divided by
    their root mean square. A constant column is centred, and divided by its size if that is
    above 1. Targets are standardised like inputs if loss and output activation both allow it (see
    `target_scaling`); constant ones are centred only.

    Parameters
    ----------
    network : Network
    data : DataSet
    rows : ndarray of int or None
        The rows that count; None takes all.

    Raises
    ------
    ValueError
        If values are too large, or differ by too little, to be divided by their scale.
    """
    found = data.statistics("X", rows)
    if sparse.issparse(data.X) or not network.fit_intercept:
        x_shift, x_scale = np.zeros_like(found.mean_), found.root_mean_square()
    else:
        x_shift, x_scale = found.mean_, input_scale(found)
    y_shift, y_scale = target_scaling(network, data, rows)
    check_scale("X", x_scale, data.X.dtype)
    check_scale("y", y_scale, data.y.dtype)
    return Scaling(x_shift, x_scale, y_shift, y_scale)


def input_scale(moments: Moments) -> Array:
    """Return what centred columns of inputs are divided by: see `standard_scaling`.

    A constant column keeps whatever weights it was drawn; divided by its size it adds no more
    than these to what is folded, where no digit of the other columns is lost. A column is constant
    here if it varies by its rounding alone.
    """
    size = np.abs(moments.mean_)
    is_constant = moments.std_ <= np.finfo(np.float64).eps * size
    return np.where(is_constant, np.maximum(size, 1.0), moments.std_)


def check_scale(name: str, scale: Array, dtype: DType) -> None:
    """Raise ValueError unless each scale is finite, and a normal number of the type."""
    if not np.isfinite(scale).all():
        raise ValueError(
            f"{name} contains values too large to be standardised; rescale it, or set "
            "standardize=False."
        )
    too_small = scale < np.finfo(dtype).tiny
    if too_small.any():
        column = np.flatnonzero(too_small)[0]
        raise ValueError(
            f"{name}[:, {column}] contains values too small to be standardised: their scale of "
            f"{scale[column]:.2g} is below the normal numbers of {np.dtype(dtype)}; rescale it, or "
            "set standardize=False."
        )


def target_scaling(network: Network, data: DataSet, rows: Array | None) -> tuple[Array, Array]:
    """Return shift and scale of the targets, as far as loss and output activation allow it.

    A shift needs the identity, intercepts and a loss of the error alone. A factor needs an
    output layer that can take it in.
    """
    rescaling = network.loss.rescaling
    no_shift, no_scale = np.zeros(data.y.shape[1]), np.ones(data.y.shape[1])
    if not takes_factor(network):
        return no_shift, no_scale
    found = data.statistics("y", rows)
    if takes_shift(network):
        if rescaling == "robust":
            return robust(data, rows, found.scale_)
        return found.mean_, found.scale_
    # A factor only: the root mean square, or the mean where targets cannot be negative.
    if rescaling == "mean":
        return no_shift, np.where(found.mean_ > 0, found.mean_, no_scale)
    return no_shift, found.root_mean_square()


def takes_factor(network: Network) -> bool:
    """Return True if loss and output layer can take in a factor of the targets."""
    scaling = network.activations[-1].scaling
    allowed = scaling is not None and network.loss.rescaling is not None
    shift, _ = network.loss.output_scaling(np.zeros(1), np.full(1, 2.0))
    return allowed and (network.fit_intercept or (scaling != "log" and not shift.any()))


def takes_shift(network: Network) -> bool:
    """Return True if they can take in a shift as well."""
    linear = network.activations[-1].scaling == "linear" and network.fit_intercept
    return linear and network.loss.rescaling not in (None, "mean")
