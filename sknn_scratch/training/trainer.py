"""Fitting: what happens between the arguments of `fit` and a trained network.

Methods of the estimator, apart from its interface (see `estimators.regressor`): they check the
arguments, prepare the data, choose where training starts, train (see `training.loops`), and set
the attributes.
"""

import copy
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from ..components import ACTIVATIONS, check_parameters, initialize, name_of
from ..data import (
    DataSet,
    check_dense,
    check_inputs,
    check_sample_weight,
    check_target,
    no_scaling,
    split_rows,
    standard_scaling,
)
from ..engine import Dropout, FullBatch, MinibatchLoop, Problem, Rows, aligned_copy, quiet_blas
from ..maths import Network
from .callbacks import tasks_of, with_callbacks
from .loops import train_lbfgs, train_stochastic
from .progress import make_report
from .scoring import check_score, score_of
from .state import TrainingState
from .watch import Diverged, Watch

DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


@dataclass
class Run:
    """What came of training from one draw of the initial weights."""

    state: TrainingState
    merit: float = -np.inf  # the greater the better: decides between several draws
    message: str = None  # what there is to warn of
    error: str = None  # set if nothing came of it
    is_last: bool = False  # no further draw is asked for


class Fitting:
    """The part of `ScratchMLPRegressor` that `fit` and `partial_fit` share."""

    @contextmanager
    def _unchanged_on_error(self):
        """Put all attributes back as they were if the block raises."""
        before = dict(vars(self))
        sources = [self.random_state, getattr(before.get("_state"), "random_state", None)]
        sources = [source for source in sources if isinstance(source, np.random.RandomState)]
        draws = [source.get_state() for source in sources]
        try:
            yield
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            for source, drawn in zip(sources, draws):
                source.set_state(drawn)
            raise

    @with_callbacks
    def _fit(self, training, validation, groups, incremental):
        """Fit to (X, y, sample_weight); validate on such a triple, or on rows of the first."""
        components = check_parameters(self.get_params(deep=False))
        fresh = not (self.__sklearn_is_fitted__() and (self.warm_start or incremental))
        dtypes = (np.float64, np.float32) if fresh else [self._params.dtype]
        data = self._check_data(*training, components.loss, dtypes, fresh)
        check_dense(data.X, components.embedding)
        network = self._make_network(components, data.X.shape[1], data.y.shape[1])
        if validation:
            validation = self._check_validation(*validation, network, [data.X.dtype])
        start = self._start if fresh else self._go_on
        state = start(network, components, data.X.dtype)
        if not incremental:
            state.begin_fit()
        train = None
        if self.early_stopping and not validation:
            train, held_out = self._split(state, data, groups)
            validation = data.take(held_out)
        self._set_shape(network)
        weight = self._relative(data, train, state)
        if fresh:
            self._choose_scaling(state, network, data, train)
        rows = self._rows(data, weight, train, state)
        n_init = self.n_init if fresh and not incremental else 1
        metadata = {} if data.weight is None else {"sample_weight": data.weight}
        named = hasattr(self, "feature_names_in_")  # then X has to have its names in `predict`
        inputs = training[0] if named else data.inputs
        arguments = {"X": inputs, "y": data.target(), "metadata": metadata}
        tasks = None if incremental else tasks_of(self, n_init, self.max_iter, arguments)
        state = self._train(state, components, rows, validation, n_init, incremental, tasks)
        self._set_attributes(state)
        if tasks:
            tasks.end_fit({})
        return self

    def _make_network(self, components, n_features, n_targets):
        return Network(
            sizes=(
                n_features,
                *components.hidden_layer_sizes,
                components.loss.n_outputs(n_targets),
            ),
            activations=(*components.activations, components.out_activation),
            loss=components.loss,
            fit_intercept=self.fit_intercept,
            embedding=components.embedding,
        )

    def _check_together(self, X_val, y_val, sample_weight_val, groups):
        """Return the validation data as they were given, or None."""
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val must be given together, or neither.")
        if X_val is None and sample_weight_val is not None:
            raise ValueError("sample_weight_val needs X_val and y_val.")
        splits = hasattr(self.validation_fraction, "split") and self.early_stopping
        if groups is not None and (X_val is not None or not splits):
            raise ValueError(
                "groups needs early_stopping, a splitter as validation_fraction, and no X_val."
            )
        return None if X_val is None else (X_val, y_val, sample_weight_val)

    def _check_data(self, X, y, sample_weight, loss, dtypes, reset, suffix=""):
        X = check_inputs(partial(validate_data, self, reset=reset), X, dtypes, f"X{suffix}")
        with np.errstate(over="ignore", invalid="ignore"):  # too large for float32: an error
            y = check_target(y, X.shape[0], loss, X.dtype, suffix)
        X = X.tocsr() if sparse.issparse(X) else X
        return DataSet(X, y, check_sample_weight(sample_weight, X.shape[0], suffix))

    def _check_validation(self, X_val, y_val, sample_weight_val, network, dtypes):
        try:
            data = self._check_data(
                X_val, y_val, sample_weight_val, network.loss, dtypes, False, "_val"
            )
            check_dense(data.X, network.embedding)
            n_outputs = network.loss.n_outputs(data.y.shape[1])
        except ValueError as error:
            raise ValueError(f"X_val, y_val, sample_weight_val: {error}") from error
        if n_outputs != network.sizes[-1]:
            raise ValueError(f"y_val has {data.y.shape[1]} columns, y has {network.sizes[-1]}.")
        return data

    def _start(self, network, components, dtype, random_state=None):
        """Return the state of a network that has not been trained."""
        random_state = random_state or check_random_state(self.random_state)
        params = initialize(network, self.init, components.drawn_for, random_state, dtype)
        return TrainingState(
            params=params,
            scaling=no_scaling(network),
            random_state=random_state,
            solver=type(components.solver),
            solver_state=components.solver.init(params),
        )

    def _choose_scaling(self, state, network, data, train):
        """Set, in place, the scaling that the network is trained with from now on."""
        if not self.standardize:
            return
        state.scaling = standard_scaling(network, data, train)
        if not (isinstance(self.init, str) or callable(self.init)):  # the weights of a model
            state.params = state.scaling.unfold(network, state.params)

    def _go_on(self, network, components, dtype):
        """Return a copy of the state that the last call left."""
        if network.embedding != self._network.embedding:
            raise ValueError(
                f"To go on training, embedding must stay {self._network.embedding!r}, "
                f"got {network.embedding!r}."
            )
        if network.shapes != self._network.shapes:
            raise ValueError(
                f"To go on training, the network must stay the same: it has layers of "
                f"{self._network.sizes} units and fit_intercept={self._network.fit_intercept}; "
                f"the data and parameters ask for {network.sizes} and {network.fit_intercept}."
            )
        if self.standardize != self._standardized:
            raise ValueError(
                f"To go on training, standardize must stay {self._standardized}, "
                f"got {self.standardize}."
            )
        if not self._state.scaling.suit(network):
            raise ValueError(
                f"To go on training with y standardised as it was, loss and out_activation must "
                f"allow it: {network.loss!r} and {network.activations[-1]!r} do not. Fit anew, "
                "without warm_start, or with standardize=False from the start."
            )
        state = self._state.copy()
        state.n_iter = 0
        before, now = (each.activations[-1].scaling for each in (self._network, network))
        if before != now or not np.array_equal(self._params, self._folded(state)):  # set since
            state.params = state.scaling.unfold(network, self._params)
            state.best_params = None if state.best_params is None else state.params.copy()
        if state.solver is not type(components.solver):
            state.solver = type(components.solver)
            state.solver_state = components.solver.init(state.params)
        return state

    def _folded(self, state):
        """Return the parameters that predict best so far, for data as they came."""
        params = state.params if state.best_params is None else state.best_params
        return state.scaling.fold(self._network, params)

    def _split(self, state, data, groups):
        """Return the rows to train on and the rows to validate on."""
        if state.split_random_state is None:
            state.split_random_state = copy.deepcopy(state.random_state)
            random_state = state.random_state  # the first split is a draw like any other
        else:
            random_state = copy.deepcopy(state.split_random_state)
        return split_rows(self.validation_fraction, data, groups, random_state)

    def _train(self, state, components, rows, validation, n_init, incremental, tasks):
        """Train ``n_init`` times; return the best state. Changes ``state`` in place."""
        validate = self._validator(validation, state.scaling) if validation else None
        monitor = {False: None, True: "score"}.get(self.early_stopping, "loss")
        if not monitor:
            state.best_params = None  # of earlier calls, with early stopping
        report = make_report(self.verbose, None if incremental else self.max_iter)
        self._dropout(state, components)  # draws its seed, once for all runs
        untrained, runs = state.copy() if n_init > 1 else None, []
        for i in range(n_init):
            if i > 0:
                drawn = self._start(self._network, components, rows.dtype, state.random_state)
                state = untrained.copy()
                state.params, state.solver_state = drawn.params, drawn.solver_state
            if n_init > 1 and report:
                report.note(f"Initialization {i + 1} of {n_init}")
            state.params = aligned_copy(state.params)
            patience, fitted = (self.tol, self.n_iter_no_change), self._fitted_by(state)
            watch = Watch(state, *patience, validate, monitor, report, tasks, fitted)
            runs.append(self._train_once(rows, components, watch, incremental))
            if runs[-1].is_last:
                break
        if report:
            report.end()
        best = max(runs, key=lambda run: run.merit)
        if best.error:
            raise ValueError(best.error)
        if best.message:
            warnings.warn(best.message, ConvergenceWarning, stacklevel=5)
        return best.state

    def _fitted_by(self, state):
        """Return a function from parameters to the attributes that make a copy predict by them."""

        def attributes(params):
            snapshot = state.copy()  # that draws nothing from the random state of training
            snapshot.random_state = copy.deepcopy(state.random_state)
            folded = state.scaling.fold(self._network, params)
            return {"_params": folded, "_state": snapshot, "_standardized": self.standardize}

        return attributes

    def _train_once(self, rows, components, watch, incremental):
        """Train, changing the state of ``watch`` in place; return the `Run`."""
        state = watch.state
        alpha, dropout = self.alpha / state.mean_weight, self._dropout(state, components)
        problem = Problem(self._network, state.params, rows, alpha, dropout)
        run = Run(state)
        if watch.tasks:
            watch.tasks.begin_run()
        with np.errstate(all="ignore"):  # a divergence is told once, by `watch`
            try:
                run.message = self._run(problem, components, watch, incremental)
                watch.check_params()
            except KeyboardInterrupt:
                run.is_last = True
                warnings.warn("Training interrupted by user.", stacklevel=6)
            except Diverged as error:
                run.message = f"{DIVERGED} (Training diverged: {error}.)"
                if watch.monitor:
                    run.message += " The weights with the best validation score are kept."
                else:
                    run.error = run.message
            if not incremental or watch.diverged:
                watch.keep_best()
        if watch.tasks and watch.tasks.end_run():
            run.is_last = True
        if not run.error:
            run.merit = state.best_merit if watch.monitor else -state.loss
        return run

    def _dropout(self, state, components):
        """Return the dropout of the hidden layers, or None; its draws go on in ``state``."""
        if not any(components.dropout):
            return None
        if state.dropout_generator is None:
            seed = state.random_state.randint(np.iinfo(np.int32).max)
            state.dropout_generator = np.random.default_rng(seed)
        return Dropout(components.dropout, state.dropout_generator)

    def _relative(self, data, train, state):
        """Return the weights relative to the mean of those seen so far, which it updates."""
        weight = data.weight
        state.see_weights(data.mean_weight(train), len(data) if train is None else len(train))
        if weight is None:
            if state.mean_weight == 1:
                return None
            weight = np.ones(len(data))  # among others that were weighted
        if state.mean_weight == 0:
            raise ValueError("sample_weight is zero for all samples of the training set.")
        return weight / state.mean_weight

    def _rows(self, data, weight, train, state):
        """Return the rows to train on."""
        dtype, ones = state.params.dtype, self.fit_intercept
        return Rows(data.X, data.y, weight, train, dtype, ones, state.scaling)

    def _full_batch(self, problem):
        """Return what L-BFGS minimises."""
        return FullBatch(problem)

    def _run(self, problem, components, watch, incremental):
        """Run the solver; return what kept it from converging, or None."""
        state = watch.state
        if not components.solver.stochastic:
            objective = self._full_batch(problem)
            with quiet_blas(objective.largest_product):
                return train_lbfgs(
                    objective, components.solver.max_fun, watch, self.max_iter, self.tol
                )
        n_rows = len(problem.rows)
        order = state.order
        if order is None or len(order) != n_rows or not self.shuffle:
            order = np.arange(n_rows)
        epoch = MinibatchLoop(
            problem,
            self._batch_size(n_rows),
            self.shuffle,
            order,
            components.solver,
            state.solver_state,
            self.max_grad_norm,
        )
        try:
            with quiet_blas(epoch.largest_product):
                return train_stochastic(
                    epoch,
                    components.schedule,
                    self.learning_rate_init,
                    watch,
                    self.max_iter,
                    incremental,
                )
        finally:
            state.order = epoch.order if incremental or self.warm_start else None

    def _batch_size(self, n_rows):
        if isinstance(self.batch_size, str):
            return min(200, n_rows)
        if self.batch_size > n_rows:
            warnings.warn(
                f"Got `batch_size`={self.batch_size}, larger than the {n_rows} training samples. "
                "It is going to be clipped.",
                stacklevel=8,
            )
        return min(self.batch_size, n_rows)

    def _validator(self, data, scaling):
        """Return the function from parameters to loss and score on validation data."""
        weight = data.weight
        if weight is not None and weight.max() == 0:
            raise ValueError("sample_weight is zero for all samples of the validation set.")
        scorer = None if self.scoring is None else check_scoring(self, scoring=self.scoring)
        X = data.X if scorer is None else data.inputs()
        network, y = self._network, scaling.targets(data.y)
        decides = self.early_stopping and self.early_stopping != "loss"

        def validate(params):
            params = scaling.fold(network, params)
            output = self._feedforward(data.X, params)
            if not np.isfinite(output).all():
                return np.nan, np.nan
            losses = network.loss(y, scaling.targets(output)).sum(axis=1)
            loss = float(np.average(losses, weights=weight))
            if scorer is None:
                score = score_of(network.loss, data.y, network.loss.predict(output), weight)
            else:
                weights = {} if weight is None else {"sample_weight": weight}
                score = scorer(self._predicting_by(params), X, data.target(), **weights)
            check_score(score, decides and np.isfinite(loss))
            return loss, score

        return validate

    def _predicting_by(self, params):
        """Return a fitted estimator with these parameters, for a scorer."""
        model = copy.copy(self)
        model._params = params
        vars(model).pop("feature_names_in_", None)  # it is handed arrays
        return model

    def _set_shape(self, network):
        self._network = network
        self.n_layers_ = len(network.sizes)
        self.n_outputs_ = network.sizes[-1]
        self.out_activation_ = name_of(network.activations[-1], ACTIVATIONS)

    def _set_attributes(self, state):
        self._state, self._standardized = state, self.standardize
        self._params = self._folded(state)
        self.n_iter_, self.t_ = state.n_iter, state.t
        self.loss_, self.loss_curve_ = state.loss, state.loss_curve
        validated, stopping_early = bool(state.validation_scores), bool(self.early_stopping)
        self.validation_scores_ = state.validation_scores if validated else None
        self.validation_loss_curve_ = state.validation_losses if validated else None
        self.best_loss_ = None if stopping_early else state.best_loss
        self.n_iter_best_ = state.best_epoch
        self.best_validation_score_ = state.best_score if stopping_early else None
