"""What a fitted network has and can do: its attributes, its weights, and how it is looked into."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from operator import index
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Bunch
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ..components import ACTIVATIONS, as_numbers, check_hidden_layer_sizes, name_of
from ..data import (
    Scaling,
    by_rows,
    check_dense,
    check_inputs,
    rows_at_a_time,
    small_and_plain,
    widths,
)
from ..engine import predict_rows
from ..maths import Activation, Array, MatrixLike, Network, backprop, feedforward
from ..training import TrainingState, warn_caller
from .base import ScratchEstimator
from .inspection import check_gradient

Method = TypeVar("Method", bound=Callable[..., Any])


def only_if(check: Callable[[Any], bool]) -> Callable[[Method], Method]:
    """Return scikit-learn's `available_if`; to type checkers the method stays what it is."""
    decorator: Any = available_if(check)
    return decorator


def has_hidden_layers(estimator: Any) -> bool:
    """Return True if there are hidden layers."""
    return check_hidden_layer_sizes(estimator.hidden_layer_sizes) != ()


def fitted(
    network: Network, state: TrainingState, monitor: str | None, dtype: DTypeLike
) -> dict[str, Any]:
    """Return all attributes, as if training had ended in this `TrainingState`.

    ``monitor`` is what decided when to stop: see `components.Settings`. ``dtype`` is that of X, in
    which the network predicts; it may have been trained in another.
    """
    history, best = state.history, state.best
    is_validated = history.is_validated or bool(history.validation_scores)
    return {
        "_network": network,
        "_params": state.best_params.astype(dtype, copy=False),
        "_scaling": state.scaling,
        "_state": state,
        "n_iter_": history.n_iter,
        "t_": state.t,
        "loss_": history.loss,
        "loss_curve_": history.losses,
        "validation_scores_": history.validation_scores if is_validated else None,
        "validation_loss_curve_": history.validation_losses if is_validated else None,
        "best_loss_": None if monitor else best.loss,
        "best_validation_score_": best.score if monitor else None,
        "n_iter_best_": best.epoch,
    }


def views(network: Network, params: Array) -> dict[str, Any]:
    """Return the arrays that stand in a parameter vector, by the attributes that show them."""
    coefs, intercepts = zip(*network.layers(params))
    layer = network.embedding_layer(params)
    return {"coefs_": coefs, "intercepts_": intercepts, "embedding_": layer and layer.arrays}


class FittedNetwork(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ScratchEstimator):
    """The part of an estimator that is about a fitted network.

    It reads ``_network``, a `Network`; ``_params``, its parameters as they were trained; and
    ``_scaling``, the `Scaling` that they were trained in. An estimator that has these is fitted.
    What it shows of the parameters is folded when it is read: see `data.scaling`.
    """

    _network: Network
    _params: Array
    _scaling: Scaling
    _state: TrainingState
    _prepared: Callable[..., Any]

    @property
    def n_layers_(self) -> int:
        return len(self._fitted_network().sizes)

    @property
    def n_outputs_(self) -> int:
        return self._fitted_network().sizes[-1]

    @property
    def out_activation_(self) -> str | Activation:
        return name_of(self._fitted_network().activations[-1], ACTIVATIONS)

    @property
    def coefs_(self) -> tuple[Array, ...]:
        return self._shown("coefs_")

    @coefs_.setter
    def coefs_(self, arrays: Sequence[ArrayLike]) -> None:
        self._assign("coefs_", arrays)

    @property
    def intercepts_(self) -> tuple[Array, ...]:
        return self._shown("intercepts_")

    @intercepts_.setter
    def intercepts_(self, arrays: Sequence[ArrayLike]) -> None:
        if self.__sklearn_is_fitted__() and not self._network.fit_intercept:
            raise AttributeError("intercepts_ cannot be set with fit_intercept=False.")
        self._assign("intercepts_", arrays)

    @property
    def embedding_(self) -> tuple[Array, ...] | None:
        return self._shown("embedding_")

    @embedding_.setter
    def embedding_(self, arrays: Sequence[ArrayLike]) -> None:
        if self.__sklearn_is_fitted__() and self.embedding_ is None:
            raise AttributeError("embedding_ cannot be set without an embedding.")
        self._assign("embedding_", arrays)

    def _fitted_network(self):
        """Return the network; AttributeError before `fit`."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"This {type(self).__name__} is not fitted yet.")
        return self._network

    def _shown(self, name):
        """Return arrays for X and y as they come: copies that cannot be written to."""
        network = self._fitted_network()
        folded = self._scaling.fold(network, self._params)
        folded.flags.writeable = False
        arrays = views(network, folded)[name]
        for array in arrays or ():  # without intercepts, these are zeros of their own
            array.flags.writeable = False
        return arrays

    def _assign(self, name, arrays):
        """Put arrays in the place of those that are shown, all or none."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"{name} can be set once this {type(self).__name__} is fitted; to start from "
                "weights of your own, give a list of arrays as init."
            )
        folded = self._scaling.fold(self._network, self._params.astype(np.float64))
        places = views(self._network, folded)[name] or ()
        if not np.iterable(arrays):
            raise TypeError(f"{name} must be a list of arrays, got {arrays!r}.")
        arrays = [as_numbers(array, name) for array in arrays]
        shapes, given = [place.shape for place in places], [array.shape for array in arrays]
        if shapes != given:
            raise ValueError(f"{name} must have shapes {shapes}, got {given}.")
        dtype = self._params.dtype
        if not all((np.abs(array) <= np.finfo(dtype).max).all() for array in arrays):
            raise ValueError(f"{name} must be finite in {dtype}, the type of the network.")
        for place, array in zip(places, arrays):
            place[...] = array
        params = self._scaling.unfold(self._network, folded)
        self._params, self._scaling = params.astype(self._params.dtype), self._scaling.opened()
        self._state = copy.copy(self._state)
        self._state.put(self._params, self._scaling)

    def transform(self, X: MatrixLike, layer: int = -1) -> Array:
        """Return the activations of a hidden layer: the features that the network has learnt.

        Only with hidden layers: not with ``hidden_layer_sizes=()``. In a pipeline the network
        hands on what leaves its last hidden layer.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The inputs.
        layer : int, default=-1
            The hidden layer: 0 is the first, -1 the last. `get_feature_names_out`, and so
            `set_output`, is for the last.

        Returns
        -------
        activations : ndarray of shape (n_samples, n_units)

        Raises
        ------
        TypeError, IndexError
            If there is no such hidden layer.
        """
        X, network, params = self._check_rows(X), self._network, self._params
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
            a = network.entering(self._scaling.inputs(rows), params)
            return feedforward(a, coefs, intercepts, network.activations[:stop])

        return self._by_rows(activations, X)

    def input_gradient(self, X: MatrixLike) -> Array:
        """Return the derivative of the prediction in the inputs.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The inputs.

        Returns
        -------
        gradient : ndarray of shape (n_samples, n_features) or (n_samples, n_outputs, n_features)
            The derivative of `predict`, of each output where there are several. At a kink, as
            relu has at 0, it is the one that training uses.

        Raises
        ------
        ValueError
            If a loss of one's own has a `predict` that returns other numbers than outputs.
        """
        X, loss = self._check_rows(X), self._network.loss
        gradient = self._by_rows(self._output_gradient, X)
        if len(loss.levels) > 1:  # in the order in which `predict` puts the quantiles
            output = predict_rows(self._network, self._params, X, self._scaling)
            order = np.argsort(output, axis=1)
            gradient = np.take_along_axis(gradient, order[:, :, np.newaxis], axis=1)
        probe = np.sqrt(2.0 + np.arange(gradient.shape[1]))  # which no formula gives by chance
        kept = loss.predict(probe[np.newaxis])[0]
        if not np.isin(kept, probe).all():
            raise ValueError(f"input_gradient needs predictions that are outputs, unlike {loss!r}.")
        gradient = gradient[:, np.searchsorted(probe, kept)]
        return gradient[:, 0] if gradient.shape[1] == 1 else gradient

    def _output_gradient(self, rows):
        """Return the derivative of every output in every input: (n, n_outputs, n_features).

        Backpropagation, carried on to the inputs. With g[l] the derivative of one output in a[l]::

            g[last] = 1                    g[l] = (g[l+1] * f'(z[l+1])) @ W[l].T
        """
        network, rows = self._network, self._scaling.inputs(rows)
        layers, embedding = network.layers(self._params), network.embedding_layer(self._params)
        a, slopes = network.entering(rows, self._params), []
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
        _, scale = self._scaling.of_outputs(network)
        unit = np.reshape(scale, (-1, 1)) / self._scaling.x_scale  # of y, per unit of X
        return np.stack(of_outputs, axis=1) * unit

    def _by_rows(self, function, X):
        """Return a function of rows for all of X, some at a time."""
        size = rows_at_a_time(widths(self._network), self._params.itemsize)
        with np.errstate(over="ignore", invalid="ignore"):
            return by_rows(function, X, size)

    def check_gradient(
        self,
        X: MatrixLike,
        y: MatrixLike,
        sample_weight: ArrayLike | None = None,
        *,
        details: bool = False,
    ) -> float | Bunch:
        """Compare backpropagation with finite differences, for this very configuration.

        The gradient is that of the loss of X and y as one batch, with the constructor's
        activations, loss and penalty, in float64, in standardised units (if ``standardize``) and
        without dropout. It is taken at the fitted parameters, or before `fit` at those from which
        `fit` would start. Nothing is changed.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The inputs. The loss is computed twice per parameter of the network or more often,
            so a few dozen rows will do.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            As for `fit`.
        details : bool, default=False
            Whether to return where the error is.

        Returns
        -------
        error : float
            The largest difference between the two gradients in a component, relative to the
            largest component (or to a hundredth of the loss, where that is larger: at a minimum
            the gradient is nearly zero). Less than 1e-6 is good; a wrong formula usually makes
            it 1e-3 or more. Parameters at a kink (of relu, or of the absolute error) have no
            derivative, and are left out. nan if all are, or the loss is not finite.

            With ``details``, a Bunch of this ``error`` and of where it is: ``weight``, such as
            "coefs_[0][2, 1]", of the first layer, input 2 and unit 1; ``gradient``, the derivative
            in it by backpropagation; ``difference``, that by finite differences.

        Raises
        ------
        TypeError, ValueError
            As for `fit`, if a parameter or an array is not what is asked for.
        """
        problem, *_ = self._prepared(X, y, sample_weight)
        return check_gradient(**problem, details=details)

    def loss_gradient(
        self, X: MatrixLike, y: MatrixLike, sample_weight: ArrayLike | None = None
    ) -> tuple[float, tuple[Array, ...], tuple[Array, ...]]:
        """Return the loss and its derivative in all weights and intercepts, where they are now.

        The loss is that of X and y as one batch, penalty included, in float64 and without
        dropout: what ``loss_curve_`` would say of it. So with ``standardize`` it is that of
        standardised data. The derivative is always that in ``coefs_`` and ``intercepts_``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The inputs, all taken at once.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            As for `fit`.

        Returns
        -------
        loss : float
        coefs_gradient : tuple of ndarray of shape (fan_in, fan_out)
            The derivative in ``coefs_``.
        intercepts_gradient : tuple of ndarray of shape (fan_out,)
            The derivative in ``intercepts_``; zeros with ``fit_intercept=False``.

        Raises
        ------
        TypeError, ValueError
            As for `fit`, if a parameter or an array is not what is asked for.
        """
        check_is_fitted(self)
        problem, scaling = self._prepared(X, y, sample_weight)
        with np.errstate(all="ignore"):  # huge values: the loss is inf or nan
            loss, gradient = backprop(**problem)
            gradient = scaling.fold_gradient(problem["network"], gradient)
        coefs, intercepts = zip(*problem["network"].layers(gradient))
        return loss, coefs, intercepts

    @property
    def _n_features_out(self):
        return self._network.sizes[-2]

    def _check_rows(self, X):
        """Return X as `predict` takes it: of the type of the weights, as predictions are."""
        if not self.__sklearn_is_fitted__():
            check_is_fitted(self)
        small = small_and_plain(X, self._params.dtype)
        named = hasattr(self, "feature_names_in_")
        if not (named or small is None) and small.shape[1] == self._network.sizes[0]:
            return small  # there is no more to check, and scikit-learn takes long over it
        check_dense(X, self._network.embedding)
        return check_inputs(partial(self._validated, reset=False), X, [self._params.dtype])

    def _output(self, X):
        """Return what the network gives for X, of shape (n_samples, n_outputs)."""
        X = self._check_rows(X)
        output = predict_rows(self._network, self._params, X, self._scaling)
        if not np.isfinite(output).all():
            warn_caller("Some predictions are not finite: they are too large, or X is.")
        return output

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_params")


for _name in ("transform", "fit_transform", "get_feature_names_out"):
    # Not by a decorator: TransformerMixin wraps `transform` in one that every instance has.
    _method = only_if(has_hidden_layers)(getattr(FittedNetwork, _name))
    setattr(FittedNetwork, _name, _method)
