"""A callback that records the weights of a network, and their gradients, while it trains."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import assert_all_finite

from ..components import as_numbers, check_number
from ..data import Scaling
from ..engine import predict_rows
from ..maths import Array, MatrixLike, Network
from ..plotting import film
from ..training import location
from .regressor import ScratchMLPRegressor


class Record(NamedTuple):
    """What is recorded of an epoch."""

    loss: float
    network: Network
    params: Array  # as trained
    scaling: Scaling
    coefs_gradient: tuple[Array, ...]
    intercepts_gradient: tuple[Array, ...]

    def layers(self) -> list[tuple[Array, Array]]:
        """Return weights and intercepts for X and y as they come, a pair for each layer."""
        return self.network.layers(self.scaling.fold(self.network, self.params))

    def predict(self, X: Array) -> Array:
        """Return predictions of shape (n_samples,); of several quantiles the middle."""
        output = predict_rows(self.network, self.params, X, self.scaling)
        return location(self.network.loss, self.network.loss.predict(output)).ravel()


class WeightRecorder:
    """Records weights, intercepts and the gradient of the loss in them, epoch by epoch.

    It is a callback of scikit-learn (from 1.9): hand it to `set_callbacks`, and `fit` records the
    initial weights and those after each epoch. Each training begins anew, so that after several
    (with ``n_init``, or in a search) the last one is held. With any version of scikit-learn,
    and with `partial_fit`, which calls no callbacks, call `record` after each epoch.

    What is recorded are the weights of that epoch, also under early stopping, which keeps others.
    The gradient is that of `ScratchMLPRegressor.loss_gradient` on all rows that `fit` was given,
    at once: the mean direction of the next epoch, without the noise of its mini-batches. To
    compute it takes about as long as an epoch.

    Attributes
    ----------
    coefs_ : list of ndarray of shape (n_records, fan_in, fan_out)
        The weights of each layer. ``coefs_[layer][i]`` are those of record i.
    intercepts_ : list of ndarray of shape (n_records, fan_out)
        The intercepts of each layer.
    coefs_gradient_ : list of ndarray of shape (n_records, fan_in, fan_out)
        The derivative of the loss in ``coefs_``.
    intercepts_gradient_ : list of ndarray of shape (n_records, fan_out)
        The derivative of the loss in ``intercepts_``.
    loss_ : ndarray of shape (n_records,)
        The loss.

    See Also
    --------
    NetworkDisplay : The weights as a picture.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sknn_scratch import ScratchMLPRegressor, WeightRecorder
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ScratchMLPRegressor((4,), random_state=0)
    >>> recorder = WeightRecorder()
    >>> for epoch in range(20):
    ...     recorder.record(model.partial_fit(X, y), X, y)
    >>> recorder.coefs_[0].shape
    (20, 10, 4)

    From scikit-learn 1.9 the loop may be ``model.set_callbacks(recorder).fit(X, y)``. A film of it:

    >>> page = recorder.animate(X, y, n_frames=10).to_jshtml()
    """

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._first_epoch = 1
        self._training: int | None = None  # of `fit`, the last that began

    def record(
        self,
        model: ScratchMLPRegressor,
        X: MatrixLike,
        y: MatrixLike,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        """Record the weights of a network as they are, and the gradient there.

        Parameters
        ----------
        model : ScratchMLPRegressor
            Fitted, or between calls of `partial_fit`.
        X, y, sample_weight
            The data that the gradient is computed on: see `ScratchMLPRegressor.loss_gradient`.

        Raises
        ------
        TypeError
            If ``model`` is another kind of estimator.
        ValueError
            If it has other layers than what was recorded before.
        """
        record = _record_of(model, X, y, sample_weight)
        shapes = [[W.shape for W, _ in each.layers()] for each in (record, *self._records[:1])]
        if shapes[0] != shapes[-1]:
            raise ValueError(
                f"The layers of model have shapes {shapes[0]}, those recorded before {shapes[1]}; "
                "use another WeightRecorder."
            )
        self._records.append(record)

    def animate(
        self, X: ArrayLike, y: ArrayLike, *, n_frames: int = 60, interval: float = 120
    ) -> Any:
        """Return a film of the training: predictions on the left, the loss on the right.

        What is on the left depends on how many columns X has: with one, the prediction is a curve
        among the targets; with two, a surface below them, of the same colours; with more,
        predictions are drawn against targets, and are right where they come to lie on the line.

        The first epochs change most, so they are shown one by one, later ones at growing distances.
        Epochs are counted from 1 (0 has the initial weights, which a callback of `fit` records
        too): with `record`, one for each call.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to draw: those trained on, or others.
        y : array-like of shape (n_samples,)
            Their targets.
        n_frames : int, default=60
            How many epochs to show at most.
        interval : float, default=120
            How long to show each, in milliseconds.

        Returns
        -------
        animation : matplotlib.animation.FuncAnimation
            In a notebook, ``IPython.display.HTML(animation.to_jshtml())`` plays it;
            ``animation.save("film.gif")`` writes a file.

        Raises
        ------
        AttributeError
            If nothing has been recorded.
        ImportError
            Without matplotlib.
        TypeError, ValueError
            If X, y or a number is not as above, X has other columns than the network, or the
            network has several targets.
        """
        losses, network = self.loss_, self._records[0].network
        check_number(n_frames, "n_frames", int, "[1, inf)")
        check_number(interval, "interval", float, "(0, inf)")
        X, y = _finite(X, "X"), _finite(y, "y")
        n_targets = network.sizes[-1] // network.loss.n_outputs(1)
        if n_targets > 1:
            raise ValueError(f"animate draws one target, the network has {n_targets}.")
        if X.ndim != 2 or X.shape[1] != network.sizes[0]:
            raise ValueError(f"X must have shape (n, {network.sizes[0]}), got {X.shape}.")
        if len(X) == 0 or y.shape != (len(X),):
            raise ValueError(f"y must have a target for each of {len(X)} rows, got {y.shape}.")
        epochs = self._first_epoch + np.arange(len(losses))
        frames = np.unique(np.geomspace(1, len(losses), n_frames).round().astype(int)) - 1

        def predict(record, rows):
            return self._records[record].predict(rows)

        return film(predict, X, y, losses, epochs, frames, interval)

    def setup(self, estimator: Any, context: Any) -> None:
        """Check, where `fit` begins, that the estimator can be recorded."""
        _check_kind(estimator)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing where `fit` ends: what was recorded stays."""

    def on_fit_task_begin(
        self,
        estimator: Any,
        context: Any,
        *,
        X: Any = None,
        y: Any = None,
        metadata: Any = None,
        fitted_estimator: Any = None,
    ) -> None:
        """Begin anew, with the initial weights, where a first epoch begins."""
        if context.task_name == "epoch" and context.task_id == 0:
            first = _record_of(fitted_estimator, X, y, **metadata)
            self._records, self._first_epoch, self._training = [first], 0, id(context.parent)

    def on_fit_task_end(
        self,
        estimator: Any,
        context: Any,
        *,
        X: Any = None,
        y: Any = None,
        metadata: Any = None,
        fitted_estimator: Any = None,
    ) -> None:
        """Record the weights where an epoch ends."""
        is_whole = context.task_name == "epoch" and fitted_estimator is not None  # not cut off
        if is_whole and id(context.parent) == self._training:  # in threads there may be others
            self.record(fitted_estimator, X, y, **metadata)

    @property
    def loss_(self) -> Array:
        return np.array([record.loss for record in self._recorded()])

    @property
    def coefs_(self) -> list[Array]:
        return _stacked([W for W, _ in record.layers()] for record in self._recorded())

    @property
    def intercepts_(self) -> list[Array]:
        return _stacked([b for _, b in record.layers()] for record in self._recorded())

    @property
    def coefs_gradient_(self) -> list[Array]:
        return _stacked(record.coefs_gradient for record in self._recorded())

    @property
    def intercepts_gradient_(self) -> list[Array]:
        return _stacked(record.intercepts_gradient for record in self._recorded())

    def _recorded(self):
        if not self._records:
            raise AttributeError("This WeightRecorder has not recorded anything yet.")
        return self._records


def _finite(values, name):
    array = as_numbers(values, name).astype(np.float64)  # booleans cannot be subtracted
    assert_all_finite(array, input_name=name)
    return array


def _stacked(records):
    """Return an array for each layer, with a row for each record."""
    return [np.stack(layer) for layer in zip(*records)]


def _check_kind(model):
    if not hasattr(model, "loss_gradient"):
        raise TypeError(
            f"WeightRecorder records a ScratchMLPRegressor, got {type(model).__name__}; in a "
            "pipeline or a search, give it to the network inside."
        )


def _record_of(model, X, y, sample_weight=None):
    """Return what is to be recorded of a network as it is."""
    _check_kind(model)
    model = _at_last_epoch(model)
    loss, *gradients = model.loss_gradient(X, y, sample_weight)
    return Record(loss, model._network, model._params, model._scaling, *gradients)


def _at_last_epoch(model):
    """Return the model with the weights of its last epoch, where early stopping keeps others."""
    if not model.__sklearn_is_fitted__():
        return model
    model, state = copy.copy(model), model._state
    model._state = replace(state, best=replace(state.best, params=None))
    model._params = state.params.astype(model._params.dtype, copy=False)
    return model
