"""scikit-learn's callbacks: each epoch is a task of `fit` (scikit-learn >= 1.9).

On older versions there is no `sklearn.callback`; then the estimator has no `set_callbacks`, and
nothing here does anything.
"""

import functools

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:
        """The place of scikit-learn's mixin."""

    def with_callbacks(method):
        """Return a method that calls the method: as deep a call as scikit-learn's."""

        @functools.wraps(method)
        def call(*args, **kwargs):
            return method(*args, **kwargs)

        return call


class Tasks:
    """Tells an estimator's callbacks of a fit and its epochs.

    Parameters
    ----------
    estimator : estimator
        Being fitted, within a method decorated by `with_callbacks`.
    n_runs, n_epochs : int
        How often the network is trained, and for how many epochs at most.
    arguments : dict
        X, y and metadata, as the callbacks are handed them.
    """

    def __init__(self, estimator, n_runs, n_epochs, arguments):
        self.estimator, self.n_epochs, self.arguments = estimator, n_epochs, arguments
        self.several_runs, self.epoch = n_runs > 1, None
        n_tasks = n_runs if self.several_runs else n_epochs
        self.fit = self.run = estimator._init_callback_context(max_subtasks=n_tasks)
        self.tell_begin(self.fit)

    def tell_begin(self, task, attributes=None):
        """Tell that a task begins; ``attributes`` make a copy of the estimator a fitted one."""
        task.call_on_fit_task_begin(
            estimator=self.estimator, **self.arguments, reconstruction_attributes=attributes
        )

    def tell_end(self, task, attributes=None):
        """Tell that a task has ended; return True if a callback asks to stop."""
        return task.call_on_fit_task_end(
            estimator=self.estimator, **self.arguments, reconstruction_attributes=attributes
        )

    def begin_run(self):
        """Tell that training begins, or begins once more from other weights."""
        if self.several_runs:
            self.run = self.fit.subcontext("initialization", max_subtasks=self.n_epochs)
            self.tell_begin(self.run)

    def end_run(self):
        """Tell that training has ended; return True if a callback asks for no further run.

        An epoch that never came to its end ends as it is.
        """
        if self.epoch is not None:
            self.tell_end(self.epoch)
            self.epoch = None
        return self.several_runs and self.tell_end(self.run)

    def begin_epoch(self, attributes):
        """Tell that an epoch begins."""
        self.epoch = self.run.subcontext("epoch")
        self.tell_begin(self.epoch, attributes)

    def end_epoch(self, attributes):
        """Tell that the epoch has ended; return True if a callback asks to stop."""
        epoch, self.epoch = self.epoch, None
        return self.tell_end(epoch, attributes)

    def end_fit(self, attributes):
        """Tell that all has ended."""
        self.tell_end(self.fit, attributes)


def tasks_of(estimator, n_runs, n_epochs, arguments):
    """Return the `Tasks` of an estimator, or None if it has no callbacks: they would take time."""
    if getattr(estimator, "_skl_callbacks", None):  # what `set_callbacks` and `clone` leave
        return Tasks(estimator, n_runs, n_epochs, arguments)
    return None
