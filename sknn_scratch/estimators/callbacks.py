"""scikit-learn's callbacks: each epoch is a task of `fit` (scikit-learn >= 1.9).

On older versions there is no `sklearn.callback`; then the estimator has no `set_callbacks`, and
nothing here does anything.
"""

import math
from collections.abc import Callable
from typing import Any

from ..components import Settings
from ..data import DataSet, weight_by_row
from ..training import Observer, Trainer, TrainingState
from .fitted import fitted

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:
        """The place of scikit-learn's mixin."""

    def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
        """Return the method itself."""
        return method


class CallbackNotifier(Observer):
    """Tells an estimator's callbacks of a fit, its runs and its epochs.

    The estimator is being fitted, within a method decorated by `with_callbacks`. ``arguments`` are
    X, y and metadata, as the callbacks are handed them; ``fitted_at(state)`` returns the attributes
    that make a copy of the estimator a fitted one, as if training ended there.
    """

    def __init__(
        self,
        estimator: Any,
        settings: Settings,
        arguments: dict[str, Any],
        fitted_at: Callable[[TrainingState], dict[str, Any]],
    ) -> None:
        self.estimator = estimator
        self.arguments = arguments
        self.fitted_at = fitted_at
        self.n_epochs = settings.max_iter
        self.several_runs: bool = settings.n_runs > 1
        n_tasks = settings.n_runs if self.several_runs else settings.max_iter
        # Contexts of scikit-learn's.
        self.fit: Any = estimator._init_callback_context(max_subtasks=n_tasks)
        self.run: Any = self.fit
        self.epoch: Any = None  # between two epochs
        self.tell_begin(self.fit)

    def tell_begin(self, task: Any, attributes: Any = None) -> None:
        task.call_on_fit_task_begin(
            estimator=self.estimator, **self.arguments, reconstruction_attributes=attributes
        )

    def tell_end(self, task: Any, attributes: Any = None) -> bool:
        """Tell that a task has ended; return True if a callback asks to stop."""
        return task.call_on_fit_task_end(
            estimator=self.estimator, **self.arguments, reconstruction_attributes=attributes
        )

    def run_begin(self, number: int, n_runs: int) -> None:
        """Tell that a run begins, if there are several."""
        if self.several_runs:
            self.run = self.fit.subcontext("initialization", max_subtasks=self.n_epochs)
            self.tell_begin(self.run)

    def run_end(self) -> bool:
        """Tell that it has ended; an epoch that never came to its end ends as it is."""
        if self.epoch is not None:
            self.tell_end(self.epoch)
            self.epoch = None
        return self.several_runs and self.tell_end(self.run)

    def epoch_begin(self, state: TrainingState) -> None:
        self.epoch = self.run.subcontext("epoch")
        self.tell_begin(self.epoch, lambda: self.fitted_at(state))

    def epoch_end(self, state: TrainingState, rate: float | None = None) -> bool:
        """Tell that an epoch has ended; after a divergence, without a fitted estimator."""
        epoch, self.epoch = self.epoch, None
        finite = math.isfinite(state.history.loss)
        return self.tell_end(epoch, (lambda: self.fitted_at(state)) if finite else None)

    def fit_end(self) -> None:
        """Tell that all has ended, and the estimator is fitted."""
        self.tell_end(self.fit, {})


def notifiers_of(
    estimator: Any, trainer: Trainer, source: Any, data: DataSet
) -> list[CallbackNotifier]:
    """Return what tells an estimator's callbacks, if it has any: a list of none or one.

    ``data`` is the data set of a source, checked.
    """
    settings = trainer.settings
    if settings.incremental or not getattr(estimator, "_skl_callbacks", None):
        return []  # `set_callbacks` and `clone` leave that attribute
    named = hasattr(estimator, "feature_names_in_")  # then X has to have its names in `predict`
    # A row's own, whichever of its targets were measured: that is seen in y, which has nan.
    weight = weight_by_row(data.weight)
    metadata = {} if source.sample_weight is None else {"sample_weight": weight}
    arguments = {"X": source.X if named else data.inputs, "y": data.target(), "metadata": metadata}

    def fitted_at(state):
        return fitted(trainer.network, state.snapshot(), settings.monitor, data.X.dtype)

    return [CallbackNotifier(estimator, settings, arguments, fitted_at)]
