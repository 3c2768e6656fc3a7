"""What all estimators share: `fit` and `partial_fit`, around a `Trainer`.

An estimator checks, calls the trainer and stores what it returned. What is its own are

    `__init__`                  with all parameters of `ScratchMLPRegressor` (or its `__init__`)
    `_losses`                   the losses that may be chosen by name
    `_encode_target`            y as it is given -> numbers, a column per target
    `_make_score`               how good what the network gives is, for validation
    `predict`, `score`          what the network gives (`_output`) -> what users are given

and, where this is not what it needs,

    `_make_network`             the network for a data set
    `_draw_validation_rows`     the rows to hold out under early stopping
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state
from sklearn.utils.metadata_routing import MetadataRequest

from ..components import LOSSES, SOLVERS, check_parameters, resolve
from ..data import check_dense, split_rows
from ..maths import Loss, MatrixLike, Network, Solver
from ..training import Arrays, Trainer, make_settings
from . import attributes
from .callbacks import CallbackSupportMixin, notifiers_of, with_callbacks
from .caller import warn_caller
from .fitted import FittedNetwork, only_if
from .validation_data import check_together, check_validation, make_scorer

Self = TypeVar("Self", bound="BaseScratchMLP")


def is_stochastic(estimator: Any) -> bool:
    """Return True if the solver takes mini-batches."""
    return resolve(estimator.solver, "solver", SOLVERS, Solver).stochastic


@contextmanager
def unchanged_on_error(estimator: Any, goes_on: bool = False) -> Iterator[None]:
    """Put all attributes of an estimator back as they were if the block raises.

    Those that are changed in place are not among them, but for random states: the parameter, and
    where training ``goes_on`` the one that it left.
    """
    before = dict(vars(estimator))
    sources = [getattr(estimator, "random_state", None)]
    sources += [getattr(before.get("_state"), "random_state", None)] if goes_on else []
    sources = [source for source in sources if isinstance(source, np.random.RandomState)]
    draws = [source.get_state() for source in sources]
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        for source, drawn in zip(sources, draws):
            source.set_state(drawn)
        raise


class BaseScratchMLP(CallbackSupportMixin, FittedNetwork):
    """Base class of the estimators."""

    _losses: dict[str, Loss] = LOSSES
    # The type of numbers to train in, by name; None is that of X. X is standardised in its own type
    # first, and the trained network predicts in that.
    _train_dtype: str | None = None

    alpha: float
    early_stopping: bool | str
    fit_intercept: bool
    random_state: Any
    validation_fraction: Any
    warm_start: bool

    def fit(
        self: Self,
        X: MatrixLike,
        y: MatrixLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: MatrixLike | None = None,
        y_val: MatrixLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the network to X and y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The inputs. float32 stays float32, all else becomes float64.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets; for several quantiles one.
        sample_weight : array-like of shape (n_samples,), default=None
            A sample of weight 2 counts as two samples. Only ratios matter, but for the
            penalty: see ``alpha``.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Inputs to validate on. `fit` then holds out no rows of X. Loss and score on them are
            recorded after each epoch, and decide when to stop if ``early_stopping`` is set.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Their targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.
        groups : array-like of shape (n_samples,), default=None
            Handed to ``validation_fraction``, where that is a splitter.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError, ValueError
            If a parameter or an array is not what is asked for, or if training diverges. The
            estimator is then as it was before the call.

        Notes
        -----
        An interrupt (Ctrl-C) ends training, with a warning, where it is after the last step.
        """
        validation = X_val, y_val, sample_weight_val
        return self._train_on(Arrays(X, y, sample_weight), validation, groups)

    @only_if(is_stochastic)
    def partial_fit(
        self: Self,
        X: MatrixLike,
        y: MatrixLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: MatrixLike | None = None,
        y_val: MatrixLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch, going on from where the last call ended.

        With the same data, n calls make the same model as one `fit` of n epochs. Not available
        with ``solver='lbfgs'``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights are relative to the mean weight of all samples seen so far.
        X_val, y_val, sample_weight_val, groups
            As for `fit`.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError, ValueError
            As for `fit`; also if X or y has another width than in the first call.
        KeyboardInterrupt
            At an interrupt (Ctrl-C). The estimator is then as it was before the call.

        Notes
        -----
        With ``early_stopping=True`` every call holds out its own validation rows (the same
        ones if the data are the same), and `predict` uses the parameters that scored best in
        any call so far. Nothing stops the caller's loop: compare ``validation_scores_``.
        """
        validation = X_val, y_val, sample_weight_val
        return self._train_on(Arrays(X, y, sample_weight), validation, groups, incremental=True)

    def get_metadata_routing(self) -> MetadataRequest:
        """Return which metadata are asked for: groups where a splitter by them holds out rows.

        Returns
        -------
        routing : MetadataRequest
        """
        routing = super().get_metadata_routing()
        for method in (routing.fit, routing.partial_fit):
            if not self._takes_groups() and method.requests.get("groups") is None:
                method.requests.pop("groups", None)  # so that they may be passed to others
        return routing

    def _takes_groups(self):
        """Return True if rows are held out by a splitter."""
        return hasattr(self.validation_fraction, "split") and bool(self.early_stopping)

    # Hooks

    def _encode_target(self, y, n_samples, dtype, suffix, loss):
        """Return the target as an array of shape (n_samples, n_targets); raise if it is none.

        ``suffix`` is that of the arrays' names, for error messages.
        """
        raise NotImplementedError

    def _make_score(self, loss, y, sample_weight):
        """Return the function that scores what the network gives, the greater the better.

        It is called after each epoch, with an output of shape (n_samples, n_outputs). ``y`` is
        encoded: of shape (n_samples, n_targets).
        """
        raise NotImplementedError

    def _draw_validation_rows(self, data, groups, random_state):
        """Return the rows to train on and those to hold out, as arrays of int."""
        return split_rows(self.validation_fraction, data, groups, random_state)

    def _make_network(self, components, data):
        """Return the network that is trained on a data set."""
        check_dense(data.X, components.embedding)
        hidden, loss = components.hidden_layer_sizes, components.loss
        return Network(
            sizes=(data.X.shape[1], *hidden, loss.n_outputs(data.y.shape[1])),
            activations=(*components.activations, components.out_activation),
            loss=loss,
            fit_intercept=self.fit_intercept,
            embedding=components.embedding,
        )

    # Training

    def _train_on(self, source, validation=(None, None, None), groups=None, incremental=False):
        """Train on a source of data, and warn of what there is to warn of; return self.

        ``validation`` are X, y and sample weights in memory, or three times None.
        """
        # a `warm_start` that is no boolean is refused later
        goes_on = self.__sklearn_is_fitted__() and bool(
            incremental or np.asarray(self.warm_start, object).any()
        )
        with unchanged_on_error(self, goes_on):
            validation = check_together(validation, groups, self._takes_groups())
            warn_caller(self._train(source, validation, groups, not goes_on, incremental))
        return self

    @with_callbacks
    def _train(self, source, validation, groups, is_first, incremental):
        """Train, store what came of it, and return the messages to warn of."""
        dtypes = (np.float64, np.float32) if is_first else (self._params.dtype,)
        validate = partial(self._validated, reset=is_first)
        trainer, data, messages = self._set_up(source, validate, dtypes, is_first, incremental)
        network, monitor = trainer.network, trainer.settings.monitor
        if validation is not None:
            encode = partial(self._encode_target, loss=network.loss)
            validation, more = check_validation(self, validation, encode, network, data.X.dtype)
            messages += more
        dtype = self._train_dtype or data.X.dtype
        state, chosen = self._start(trainer, is_first, dtype, self.random_state), None
        if monitor and validation is None:
            chosen, held_out = self._draw_validation_rows(data, groups, state.split_source())
            validation = data.take(held_out)
        score = None if validation is None else make_scorer(self, trainer, state, validation)
        notifiers = notifiers_of(self, trainer, source, data)
        state, more = trainer.train(state, data, chosen, validation, score, notifiers)
        vars(self).update(attributes.fitted(trainer.network, state, monitor, data.X.dtype))
        for notifier in notifiers:
            notifier.fit_end()
        return messages + more

    def _set_up(self, source, validate, dtypes, is_first, incremental=False):
        """Return a trainer, the data set of a source, checked, and the messages to warn of."""
        params = attributes.constructor_parameters(self)
        components = check_parameters(params, self._losses)
        settings = make_settings(params, components, is_first, incremental)
        encode = partial(self._encode_target, loss=components.loss)
        data, messages = source.check(validate, encode, dtypes)
        return Trainer(settings, self._make_network(components, data)), data, messages

    def _start(self, trainer, is_first, dtype, random_state):
        """Return the state that training starts from, or goes on from."""
        if is_first:
            return trainer.start(check_random_state(random_state), dtype)
        return trainer.resume(self._state, self._network)

    def _prepared(self, X, y, sample_weight):
        """Return the arguments of `backprop`, at fitted or initial parameters, and the scaling."""
        is_first, twin = not self.__sklearn_is_fitted__(), copy.copy(self)  # for what is set here
        validate = partial(twin._validated, reset=is_first)
        given = Arrays(X, y, sample_weight), validate, (np.float64,)
        trainer, data, messages = self._set_up(*given, is_first)
        random_state = copy.deepcopy(check_random_state(self.random_state))
        state = self._start(trainer, is_first, np.float64, random_state)
        trainer.prepare(state, data)
        warn_caller(messages)
        network, scaling = trainer.network, state.scaling
        with np.errstate(over="ignore"):  # huge values: the loss is inf or nan
            inputs = scaling.inputs(data.X)
        problem = {
            "X": inputs,
            "y": scaling.targets(data.y),
            "params": state.best_params.astype(np.float64),
            "network": network,
            "sample_weight": data.weight,
            "alpha": self.alpha,
        }
        return problem, scaling
