"""A callback that records the weights of a network, and their gradients, while it trains."""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..maths import Array, MatrixLike
from .regressor import ScratchMLPRegressor


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

    From scikit-learn 1.9 the loop may be ``model.set_callbacks(recorder).fit(X, y)``.
    """

    def __init__(self) -> None:
        self._records: list[Any] = []

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
        _check_kind(model)
        model = _at_last_epoch(model)
        loss, *gradients = model.loss_gradient(X, y, sample_weight)
        coefs, intercepts = (
            [array.copy() for array in arrays] for arrays in (model.coefs_, model.intercepts_)
        )
        shapes = [W.shape for W in coefs]
        if self._records and shapes != [W.shape for W in self._records[0][1]]:
            raise ValueError(
                f"The layers of model have shapes {shapes}, those recorded before "
                f"{[W.shape for W in self._records[0][1]]}; use another WeightRecorder."
            )
        self._records.append((loss, coefs, intercepts, *gradients))

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
            self._records = []
            self.record(fitted_estimator, X, y, **metadata)

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
        if context.task_name == "epoch" and fitted_estimator is not None:  # one that was cut off
            self.record(fitted_estimator, X, y, **metadata)

    @property
    def loss_(self) -> Array:
        return np.array(self._column(0))

    @property
    def coefs_(self) -> list[Array]:
        return self._stacked(1)

    @property
    def intercepts_(self) -> list[Array]:
        return self._stacked(2)

    @property
    def coefs_gradient_(self) -> list[Array]:
        return self._stacked(3)

    @property
    def intercepts_gradient_(self) -> list[Array]:
        return self._stacked(4)

    def _stacked(self, column):
        return [np.stack(layer) for layer in zip(*self._column(column))]

    def _column(self, column):
        if not self._records:
            raise AttributeError("This WeightRecorder has not recorded anything yet.")
        return [record[column] for record in self._records]


def _check_kind(model):
    if not hasattr(model, "loss_gradient"):
        raise TypeError(
            f"WeightRecorder records a ScratchMLPRegressor, got {type(model).__name__}; in a "
            "pipeline or a search, give it to the network inside."
        )


def _at_last_epoch(model):
    """Return the model with the weights of its last epoch, where early stopping keeps others."""
    if not model.__sklearn_is_fitted__():
        return model
    model, state = copy.copy(model), model._state
    model._state = replace(state, best=replace(state.best, params=None))
    model._params = state.params.astype(model._params.dtype, copy=False)
    return model
