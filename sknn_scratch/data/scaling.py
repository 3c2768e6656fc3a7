"""Scaling: the values that a network is trained on, and the way there and back.

    X, y        unscaled
    (X - x_shift) / x_scale,  (y - y_shift) / y_scale        what the network is trained on
    a * y_scale + y_shift                                    what is predicted, where it gives a

The weights that training finds belong to the standardised values, and are kept as such. Both
transformations are linear, so the first and the last layer can take them in: such **folded**
weights read X and predict y, unscaled, and are what is shown::

    z[1]    = (X - shift) / scale @ W + b      = X @ (W / scale) + (b - shift / scale @ W)
    a[last] = (a @ W + b) * scale + shift      = a @ (W * scale) + (b * scale + shift)

The second line holds for the identity. What else a layer can take in depends on its activation
(`Activation.scaling`): a positive factor if f(c z) = c f(z), and if f is exp, then
c exp(z) = exp(z + log c).

Folded weights predict only where that costs no digits, and many rows, which need not be copied then
(`folds_exactly`). A column far from zero for its spread would add a large number to X @ W, and its
opposite to b, and their sum is rounded to the digits of the large numbers: of a date in seconds, in
float32, little is left. X - shift loses no digit, if the shift is a number of the type of X, as it
is here.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from ..components import quantiles
from ..maths import Array, DType, Matrix, Network
from .dataset import DataSet, Moments

NEAR, LARGE = 8.0, 1e9  # a mean in standard deviations; a standard deviation
OF_HALVES = 0.5  # the standard deviation of zeros and ones, half of each
ROUNDING = 1e-9  # of the mean square of zeros and ones, which is their mean
FAR = 10.0  # standard deviations from where a column was, at which it is in another unit


@dataclass(frozen=True)
class Scaling:
    """The standardisation of inputs and targets: arrays of the type of X, an element per column.

    A single element of ``y_shift`` and ``y_scale`` goes for all columns: where one target has
    several outputs, for those too.

    What is constant has no unit. A constant column of X has an ``x_scale`` of inf, so that it
    becomes 0, and is left out, whatever it is in other rows. A constant target has a ``y_scale`` of
    0, so that it is predicted exactly.
    """

    x_shift: Array
    x_scale: Array
    y_shift: Array
    y_scale: Array
    is_identity: bool = field(init=False)  # whether nothing is changed

    def __post_init__(self) -> None:
        shifts = self.x_shift.any() or self.y_shift.any()
        scales = (self.x_scale != 1).any() or (self.y_scale != 1).any()
        object.__setattr__(self, "is_identity", not (shifts or scales))

    def suit(self, network: Network) -> bool:
        """Return True if the output layer of the network can take in the scaling of the targets."""
        factor = takes_factor(network) or (self.y_scale == 1).all()
        return factor and (takes_shift(network) or not self.y_shift.any())

    def inputs(self, X: Matrix, out: Array | None = None) -> Matrix:
        """Return X standardised: in ``out``, if that is given, else a copy, or X if it stays so.

        Values far beyond those that the scale was taken of may overflow.
        """
        if self.is_identity:
            return X
        if type(X) is not np.ndarray and sparse.issparse(X):
            if not self.x_shift.any():
                X = X.tocsr(copy=True)
                X.data /= self.x_scale.take(X.indices)
                return X
            X = X.toarray()  # the shifts were taken of dense X
        Z = X - self.x_shift
        if out is not None:
            return np.divide(Z, self.x_scale, out=out, casting="same_kind")
        Z /= self.x_scale
        return Z

    @np.errstate(over="ignore")
    def targets(self, y: Array, out: Array | None = None) -> Array:
        """Return targets standardised: in ``out``, if that is given."""
        return np.divide(y - self.y_shift, self.y_unit, out=out, casting="same_kind")

    @property
    def y_unit(self) -> Array:
        """What targets are divided by: ``y_scale``, or 1 where they are constant."""
        return np.where(self.y_scale == 0, self.y_scale.dtype.type(1), self.y_scale)

    def restored(self, network: Network, a: Array) -> Array:
        """Return what the network gives in the unit of y as it came, from standardised ``a``."""
        if self.is_identity:
            return a
        shift, scale = self.of_outputs(network)
        output = a * scale
        output += shift
        return output

    def only_inputs(self) -> "Scaling":
        """Return the part that is about X, which leaves targets as they are."""
        of_y = {"y_shift": np.zeros_like(self.y_shift), "y_scale": np.ones_like(self.y_scale)}
        return replace(self, **of_y)

    def opened(self) -> "Scaling":
        """Return the scaling that leaves nothing out: constants have a scale of 1."""
        x_scale = np.where(np.isinf(self.x_scale), self.x_scale.dtype.type(1), self.x_scale)
        return replace(self, x_scale=x_scale, y_scale=self.y_unit)

    def fold(self, network: Network, params: Array) -> Array:
        """Return the parameters for unscaled X and y, from those for standardised ones."""
        if self.is_identity:
            return params.copy()
        folded = params.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):  # see the module
            if network.embedding:
                network.embedding_layer(folded).rescale(self.x_shift, self.x_scale)
            folded = self.fold_inputs(network, folded)
            W, b = network.layers(folded)[-1]
            if network.activations[-1].scaling == "log":
                b += np.log(self.y_scale)
            else:
                shift, scale = self.of_outputs(network)
                W *= scale
                b[...] = b * scale + shift
            return folded.astype(params.dtype)

    @property
    def folds_exactly(self) -> bool:
        """Whether weights that take in the inputs' lose no digits: none is far, or in odd units."""
        shift, scale = np.abs(self.x_shift), self.x_scale
        usual = (scale > 1 / LARGE) & ((scale < LARGE) | np.isinf(scale))
        return bool((usual & (shift <= NEAR * scale)).all())

    def fold_inputs(self, network: Network, params: Array) -> Array:
        """Return the parameters for unscaled X and standardised y; not those of an embedding."""
        folded, (shift, scale) = params.copy(), self.of_inputs(network)
        W, b = network.layers(folded)[0]
        W /= scale[:, np.newaxis]
        b -= shift @ W
        return folded

    def unfold(self, network: Network, folded: Array) -> Array:
        """Return the parameters for standardised X and y: the inverse of `fold`.

        They are for `opened`, in which no weight is inert.
        """
        arrays = self.x_shift, self.opened().x_scale, self.y_shift, self.y_unit
        x_shift, x_scale, y_shift, y_scale = (array.astype(np.float64) for array in arrays)
        back = Scaling(-x_shift / x_scale, 1 / x_scale, -y_shift / y_scale, 1 / y_scale)
        return back.fold(network, folded)

    def of_outputs(self, network: Network) -> tuple[Array, Array]:
        """Return shift and scale of what the network gives."""
        if self.is_identity or network.loss.rescaling is None:  # there are any number of outputs
            return self.y_shift[:1], self.y_scale[:1]
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
        if self.is_identity:
            return gradient
        folded, opened = gradient.astype(np.float64), self.opened()
        layers = network.layers(folded)
        (W, b), (shift, scale) = layers[0], self.of_inputs(network)
        W *= np.where(np.isinf(scale), 0, scale)[:, np.newaxis]  # inert weights have but a penalty
        W += np.outer(shift, b)
        if network.activations[-1].scaling != "log":
            (W, b), (_, scale) = layers[-1], opened.of_outputs(network)
            W /= scale
            b /= scale
        return folded.astype(gradient.dtype)


def no_scaling(network: Network) -> Scaling:
    """Return the scaling that leaves inputs and targets as they are."""
    n_features = network.sizes[0]
    return Scaling(np.zeros(n_features), np.ones(n_features), np.zeros(1), np.ones(1))


def standard_scaling(
    network: Network, data: DataSet, centred: bool = False, flags_alike: bool = False
) -> Scaling:
    """Return the scaling by which the columns of X and y have mean 0 and standard deviation 1.

    Not centred are sparse X, and all X where layers have no intercepts: these are divided by
    their root mean square, which is that of what is not 0 if X is sparse. Targets are standardised
    like inputs if loss and output activation both allow it (see `target_scaling`). Constant columns
    are left out, and constant targets predicted exactly: see `Scaling`. If ``centred``, sparse X is
    too, as the dense X before it was. ``flags_alike`` is for columns of zeros and ones: see
    `input_scaling`.

    ValueError if values are too large, or differ by too little, to be divided by their scale.
    """
    centred = network.fit_intercept and (centred or not sparse.issparse(data.X))
    x_shift, x_scale = input_scaling(data.statistics("X"), centred, flags_alike)
    y_shift, y_scale = target_scaling(network, data)
    check_scale("X", x_scale, data.X.dtype)
    check_scale("y", y_scale, data.y.dtype)
    x_scale = np.where(x_scale == 0, np.inf, x_scale)
    return Scaling(*(array.astype(data.X.dtype) for array in (x_shift, x_scale, y_shift, y_scale)))


def scale_former_constants(
    scaling: Scaling, network: Network, data: DataSet, weight: float, count: int, flags_alike: bool
) -> Scaling:
    """Return a scaling in which columns that were constant so far, and no longer are, have a scale.

    ``weight`` and ``count`` are of the samples seen so far: their weights' sum, and how many. With
    those of ``data`` they make the statistics. Sparse columns that were empty, to whose scale zeros
    do not count, take theirs of ``data`` alone.
    """
    x_shift, x_scale = scaling.x_shift.copy(), scaling.x_scale.copy()
    y_shift, y_scale = scaling.y_shift.copy(), scaling.y_scale.copy()
    left_out, constant = np.isinf(x_scale), y_scale == 0
    if left_out.any():
        centred = network.fit_intercept and (x_shift.any() or not sparse.issparse(data.X))
        if sparse.issparse(data.X) and not centred:
            shift, scale = x_shift, scale_of_filled(data, left_out, flags_alike)
        else:
            moments = Moments(weight, count, x_shift, 0 * x_shift) + data.statistics("X")
            shift, scale = input_scaling(moments, centred, flags_alike)
        varies = left_out & (scale != 0)
        check_scale("X", np.where(varies, scale, 0), data.X.dtype)
        x_shift[varies], x_scale[varies] = shift[varies], scale[varies]
    if constant.any():
        moments = Moments(weight, count, y_shift, 0 * y_shift) + data.statistics("y")
        varies = constant & (moments.std_ != 0)
        check_scale("y", np.where(varies, moments.std_, 0), data.y.dtype)
        y_shift[varies], y_scale[varies] = moments.mean_[varies], moments.std_[varies]
    return Scaling(x_shift, x_scale, y_shift, y_scale)


def scale_of_filled(data: DataSet, candidates: Array, flags_alike: bool) -> Array:
    """Return the scale of sparse columns, those among the candidates that are not empty; else 0."""
    X = data.sample("X", len(data))  # all rows that have a weight
    columns = X.indices[X.data != 0]
    filled = np.unique(columns[candidates[columns]])  # few, where there are very many columns
    moments = replace(data, X=data.X[:, filled]).statistics("X")
    scale = np.zeros(len(candidates))
    _, scale[filled] = input_scaling(moments, False, flags_alike)
    return scale


def scale_new_units(
    scaling: Scaling, network: Network, data: DataSet, flags_alike: bool
) -> Scaling:
    """Return a scaling in which columns in quite another unit than before have a new one."""
    new = standard_scaling(network, data, bool(scaling.x_shift.any()), flags_alike)
    x_scale = np.where(np.isinf(new.x_scale), 0, new.x_scale)
    of_x = other_unit(scaling.x_shift, scaling.x_scale, new.x_shift, x_scale)
    of_y = other_unit(scaling.y_shift, scaling.y_scale, new.y_shift, new.y_scale)
    return Scaling(
        np.where(of_x, new.x_shift, scaling.x_shift),
        np.where(of_x, new.x_scale, scaling.x_scale),
        np.where(of_y, new.y_shift, scaling.y_shift),
        np.where(of_y, new.y_scale, scaling.y_scale),
    )


@np.errstate(over="ignore")
def other_unit(shift: Array, scale: Array, new_shift: Array, new_scale: Array) -> Array:
    """Return which columns lie far outside of where they were, or vary far less than they did.

    What is constant now, at a place where it was before, is in no other unit.
    """
    outside = (np.abs(new_shift - shift) > FAR * scale) | (new_scale > FAR * scale)
    return outside | ((new_scale > 0) & (new_scale < scale / FAR**2) & np.isfinite(scale))


def input_scaling(
    moments: Moments, centred: bool, flags_alike: bool = False
) -> tuple[Array, Array]:
    """Return shift and scale of columns of inputs; a scale of 0 is that of a constant.

    A column is constant here if it varies by its rounding alone. Not centred, only zeros are; the
    zeros of a sparse column do not count then, which would put the few numbers in it far from them:
    a rare word would say more than all others.

    With ``flags_alike`` the scale of a column of zeros and ones, the only numbers that are their
    own squares, is at least the deviation where half are ones: that of the column would put the two
    tens apart where ones are rare, and the few rows that have them would then move their weight as
    far as all rows together do that of another column.
    """
    if not centred:
        shift, scale = np.zeros_like(moments.mean_), moments.root_mean_square_of_filled()
    else:
        rounding = np.finfo(np.float64).eps * np.abs(moments.mean_)
        shift, scale = moments.mean_, np.where(moments.std_ <= rounding, 0.0, moments.std_)
    if flags_alike:
        with np.errstate(all="ignore"):
            variance = moments.std_**2
            error = np.abs(moments.mean_**2 + variance - moments.mean_)  # of the mean square
            is_flag = error <= np.minimum(ROUNDING * moments.mean_, variance / 2)
        scale = np.where(is_flag & (scale > 0), np.maximum(scale, OF_HALVES), scale)
    return shift, scale


def check_scale(name: str, scale: Array, dtype: DType) -> None:
    """Raise ValueError unless each scale is finite, and 0 or a normal number of the type."""
    if not np.isfinite(scale).all():
        raise ValueError(
            f"{name} contains values too large to be standardised; rescale it, or set "
            "standardize=False."
        )
    too_small = (scale != 0) & (scale < np.finfo(dtype).tiny)
    if too_small.any():
        column = np.flatnonzero(too_small)[0]
        raise ValueError(
            f"{name}[:, {column}] contains values too small to be standardised: their scale of "
            f"{scale[column]:.2g} is below the normal numbers of {np.dtype(dtype)}; rescale it, or "
            "set standardize=False."
        )


def target_scaling(network: Network, data: DataSet) -> tuple[Array, Array]:
    """Return shift and scale of the targets, as far as loss and output activation allow it.

    A shift needs the identity, intercepts and a loss of the error alone. A factor needs an
    output layer that can take it in.
    """
    rescaling = network.loss.rescaling
    no_shift, no_scale = np.zeros(data.y.shape[1]), np.ones(data.y.shape[1])
    if not takes_factor(network):
        return no_shift, no_scale
    moments = data.statistics("y")
    if takes_shift(network):
        if rescaling == "robust":
            return robust(data, moments.std_)
        return moments.mean_, moments.std_
    # A factor only: the root mean square, or the mean where targets cannot be negative.
    if rescaling == "mean":
        return no_shift, np.where(moments.mean_ > 0, moments.mean_, no_scale)
    size = moments.root_mean_square()
    return no_shift, np.where(size == 0, 1.0, size)


def robust(data: DataSet, fallback: Array) -> tuple[Array, Array]:
    """Return the weighted median of each column, and what is a normal's standard deviation.

    That is the distance between its quartiles, divided by 1.349; where it is 0, the fallback.
    """
    y = data.of_chosen(np.asarray(data.y))
    shares = np.ones(len(y)) if data.weight is None else data.of_chosen(np.asarray(data.weight))
    shares = np.broadcast_to(shares.reshape(len(y), -1), y.shape)
    levels = 0.25, 0.5, 0.75
    of_columns = [quantiles(*column, levels) for column in zip(y.T, shares.T)]
    low, median, high = np.transpose(of_columns)
    scale = (high - low) / 1.349
    return median, np.where(scale > 0, scale, fallback)


def takes_factor(network: Network) -> bool:
    """Return True if loss and output layer can take in a factor of the targets."""
    loss, scaling = network.loss, network.activations[-1].scaling
    if loss.rescaling is None or scaling is None:
        return False
    if network.fit_intercept:
        return True
    shift, _ = loss.output_scaling(np.zeros(1), np.full(1, 2.0))
    return scaling != "log" and not shift.any()


def takes_shift(network: Network) -> bool:
    """Return True if they can take in a shift as well."""
    linear = network.activations[-1].scaling == "linear" and network.fit_intercept
    return linear and network.loss.rescaling not in (None, "mean")


def intercepts_of_constants(network: Network, scaling: Scaling, data: DataSet) -> Array:
    """Return, for each output, the intercept that alone gives a constant target; nan of others.

    At weights of 0 it is no better elsewhere, so that training leaves it: the target is predicted
    exactly. Of outputs that take in the mean of y there is none to return, since it is exact then.
    An exponential has none for 0, nor an output without intercept for anything else.
    """
    f, none = network.activations[-1], np.full(network.sizes[-1], np.nan)
    if takes_shift(network) or data.y.shape[1] != network.sizes[-1]:
        return none
    moments = data.statistics("y")
    if moments.std_.all():
        return none
    y = scaling.targets(moments.mean_.astype(scaling.y_scale.dtype)[np.newaxis])
    b = np.zeros_like(y) if f.scaling == "log" or not network.fit_intercept else y
    a = np.asarray(f(b.copy()))
    is_given = (moments.std_ == 0) & (a == y) & (f.derivative(a if f.from_output else b, a) != 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        is_given &= np.isfinite(network.loss.gradient(y, a))  # not Poisson's, of 0
    return np.where(is_given, b, np.nan)[0]
