"""The trainer: from a checked data set to a trained state.

Nothing here knows an estimator. Whoever has one to train decodes its parameters (`Settings`),
makes the network, and asks in turn for

    start, or resume    the state that training goes on from
    train               the best state that training came to, and what there is to warn of

Where the rows are and what L-BFGS minimises is the data set's affair: see `source`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from sklearn.exceptions import ConvergenceWarning

from ..components import Settings, initialize
from ..data import (
    DataSet,
    check_measured,
    intercepts_of_constants,
    no_scaling,
    scale_former_constants,
    scale_new_units,
    standard_scaling,
)
from ..engine import Dropout, Problem
from ..maths import Array, Network
from ..tracing import as_aligned
from .baseline import Baseline
from .derivatives import warn_of_formulas
from .early_stopping import EarlyStopping
from .lbfgs import train_lbfgs
from .run import DIVERGED, RAISED, Diverged, Observer, Run, make_printer
from .scoring import Validator
from .state import TrainingState, check_alike
from .stochastic import LOOPS, batch_size_of, train_stochastic
from .warnings import (
    Ending,
    advice_on_domain,
    warn_caller,
    warn_of_first_rows,
    warn_of_new_units,
    warn_of_scaling,
    warn_of_weights,
)

AT_MOST = 1 << 23  # numbers of X that an embedding is fitted to


@dataclass
class Trainer:
    """Trains a network."""

    settings: Settings
    network: Network
    # of the outputs whose target is constant; nan of others; None until there are rows
    intercepts: Array | None = field(default=None, init=False)

    def start(self, random_state: np.random.RandomState, dtype: DTypeLike) -> TrainingState:
        """Return the state of a network that has not been trained, drawn from ``random_state``."""
        state = TrainingState(
            params=np.empty(0, dtype),
            scaling=None,
            random_state=random_state,
            solver=type(self.settings.solver),
            solver_state={},
        )
        if self.network.embedding is None:  # else in `prepare`, when it is known
            self._draw(state)
        return state

    def _draw(self, state):
        """Draw the parameters that training starts from, in place."""
        settings, dtype = self.settings, state.params.dtype
        state.params = initialize(
            self.network, settings.init, settings.drawn_for, state.random_state, dtype
        )
        state.solver_state = settings.solver.init(state.params)

    def _put_intercepts(self, params):
        """Have constant targets given by intercepts alone, in place."""
        if self.intercepts is None or np.isnan(self.intercepts).all():
            return
        W, b = self.network.layers(params)[-1]  # without intercepts b is an array of its own
        are_constant = ~np.isnan(self.intercepts)
        W[:, are_constant] = 0
        b[are_constant] = self.intercepts[are_constant]

    def resume(self, state: TrainingState, network: Network) -> TrainingState:
        """Return the state to go on from where another training left this one; a copy.

        ``network`` is what that trained: ValueError if it is another, or its scaling does not suit
        the loss.
        """
        check_alike(state, network, self.network, self.settings.standardize)
        self.network = replace(self.network, embedding=network.embedding)
        before, state = state, state.copy()
        if self.settings.incremental and before in LOOPS:
            LOOPS[state] = LOOPS.pop(before)
        state.history.n_iter = 0
        if not have_same_formulas(network, self.network):  # by which parameters predict and score
            state.best = state.best.unvalidated()
        if network.activations[-1].scaling != self.network.activations[-1].scaling:
            folded = state.scaling.fold(network, state.best_params)  # they take in y otherwise
            state.put(state.scaling.unfold(self.network, folded), state.scaling)
        solver = self.settings.solver
        if state.solver is not type(solver):
            state.solver, state.solver_state = type(solver), solver.init(state.params)
        if not self.settings.incremental:
            state.begin_fit()
        return state

    def prepare(self, state: TrainingState, data: Any) -> None:
        """Take into ``state`` what has to be known of the rows.

        That is the mean weight of those to train on, and the scaling that the network is trained
        in: that of the first call, from then on. What its embedding has to know of the standardised
        rows, ``self.network`` has then.
        """
        settings = self.settings
        begins = state.scaling is None or not settings.incremental  # else other rows came before
        if data.per_target and begins:
            check_measured(data.of_chosen(data.weight), "the training set")
        state.see_weights(data.mean_weight(), len(data))
        if state.mean_weight == 0:
            raise ValueError("sample_weight is zero for all samples of the training set.")
        warn_of_weights(settings.alpha, state.mean_weight, data)
        if state.scaling is None:
            self._standardize(state, data)
            if self.network.embedding:
                self._fit_embedding(state, data)
            self._put_intercepts(state.params)

    def _standardize(self, state, data):
        """Take the scaling of the first rows into ``state``, and what it asks of parameters."""
        network, settings = self.network, self.settings
        state.standardized = settings.standardize
        state.scaling = no_scaling(network)
        if settings.standardize:
            flags_alike = settings.standardize == "numeric"
            state.scaling = standard_scaling(network, data, flags_alike=flags_alike)
            if isinstance(settings.init, str) or callable(settings.init):
                self.intercepts = intercepts_of_constants(network, state.scaling, data)
            else:  # weights of the user's, for X and y as they come
                state.params = state.scaling.unfold(network, state.params)
        warn_of_first_rows(network, state.scaling, data, settings)

    def _fit_embedding(self, state, data):
        """Fit the embedding of the network, and draw the parameters, in place."""
        most = max(1000, AT_MOST // self.network.sizes[0])
        X = state.scaling.inputs(data.sample("X", most))
        X = X.astype(state.params.dtype, copy=False)  # as training sees it
        weight = None if data.weight is None else data.sample("row_weight", most)
        embedding = self.network.embedding.fit(X, weight)
        self.network = replace(self.network, embedding=embedding)
        self._draw(state)

    def train(
        self,
        state: TrainingState,
        data: Any,
        validation: DataSet | None = None,
        score: Any = None,
        observers: Sequence[Observer] = (),
    ) -> TrainingState:
        """Train, as often as the settings ask for; return the best state.

        ``state``, what `start` or `resume` returned, is changed in place. ``data`` is a data set
        with ``rows`` and ``objective``, ``validation`` are rows to validate on after each epoch, by
        ``score`` (see `Validator`).

        ValueError if training diverges. KeyboardInterrupt if the user interrupts the one epoch of
        an incremental training; all others end where they are, and a warning says so.
        """
        begins = state.scaling is None or not self.settings.incremental
        if state.scaling:
            self._update_scaling(state, data)
        self.prepare(state, data)
        validate = self._validator(state, validation, score)
        rows = self._rows(state, data)
        n_epochs = None if self.settings.incremental else self.settings.max_iter
        if self.settings.verbose:
            observers = [make_printer(self.settings.verbose, n_epochs), *observers]
        batch_size = batch_size_of(self.settings, rows.n)
        if begins:
            warn_of_formulas(self.network)
        baseline = Baseline(self.network, state, data)
        runs: list[Run] = []
        for start in self._starts(state):
            run = Run(start, EarlyStopping(start, self.settings), validate, observers)
            runs.append(run)
            run.begin(len(runs), self.settings.n_runs)
            self._train_once(run, data, rows, batch_size, baseline)
            if run.end() or run.interrupted:
                break
        best = max(runs, key=lambda run: run.value)
        if best.error:
            raise ValueError(f"{best.error}{advice_on_domain(self.network)}")
        if runs[-1].interrupted:
            warn_caller("Training interrupted by user.")
        if best.warning:
            warn_caller(best.warning, ConvergenceWarning)
        if not (runs[-1].interrupted or self.settings.incremental or best.diverged):
            n_batches = ceil(rows.n / batch_size) if self.settings.solver.stochastic else 1
            Ending(best, self.network, self.settings, n_batches / rows.n, baseline).warn()
        return best.state

    def _validator(self, state, validation, score):
        """Return what validates parameters after each epoch; None if there are no rows for it."""
        if validation is None:
            return None
        decides = self.settings.monitor == "score" and len(validation) > 1
        return Validator(self.network, state.scaling, validation, score, decides)

    @np.errstate(all="ignore")  # of values so large that training diverges
    def _update_scaling(self, state, data):
        """Scale, in place, what was constant in earlier calls.

        A warm start, which is given all rows at once, standardises anew what is in another unit.
        """
        if not state.standardized or data.mean_weight() == 0:  # of nothing there is no scale
            return
        alike = state.standardized == "numeric"
        seen = state.mean_weight * state.weight_count, state.weight_count
        before = state.scaling
        state.scaling = scale_former_constants(before, self.network, data, *seen, alike)
        x_scale, y_scale = state.scaling.x_scale, state.scaling.y_scale
        if (x_scale != before.x_scale).any() or (y_scale != before.y_scale).any():
            state.best = state.best.unvalidated()  # the same parameters predict something else
        if self.settings.incremental:
            warn_of_scaling(self.network, state.scaling, data)
            return
        before = state.scaling
        state.scaling = scale_new_units(before, self.network, data, alike)
        warn_of_new_units(before, state.scaling)

    def _rows(self, state, data):
        """Return the rows to train on, their weights relative to the mean of all seen so far."""
        weight, mean = data.weight, state.mean_weight
        if weight is None and mean != 1:
            weight = np.ones(len(data.y))  # among others that were weighted
        weight = None if weight is None else weight / mean
        return data.rows(self.network, weight, state.params.dtype, state.scaling)

    def _starts(self, state):
        """Yield the state that each run starts from: ``state``, or of several runs copies of it.

        Initial weights are drawn from its random state one after the other, and each run goes on
        with a copy of that. So they do not depend on how many rows a run has put in order.
        """
        self._dropout(state)  # draws its seed, once for all runs
        yield state if self.settings.n_runs == 1 else state.snapshot()
        for _ in range(1, self.settings.n_runs):
            self._draw(state)
            self._put_intercepts(state.params)
            yield state.snapshot()

    def _dropout(self, state):
        """Return the dropout of the hidden layers, or None; its draws go on in ``state``."""
        if not any(self.settings.dropout):
            return None
        if state.dropout_generator is None:
            seed = state.random_state.randint(np.iinfo(np.int32).max)
            state.dropout_generator = np.random.default_rng(seed)
        return Dropout(self.settings.dropout, state.dropout_generator)

    def _train_once(self, run, data, rows, batch_size, baseline):
        """Train, changing the state of ``run`` in place, and tell it what came of it."""
        state, stopping = run.state, run.stopping
        alpha, dropout = self.settings.alpha / state.mean_weight, self._dropout(state)
        state.params = as_aligned(state.params)
        problem = Problem(self.network, state.params, rows, alpha, dropout)
        with np.errstate(all="ignore"):  # a divergence is told once, by `run`
            try:
                if self.settings.solver.stochastic:
                    run.warning = train_stochastic(problem, run, self.settings, batch_size)
                else:
                    objective = data.objective(problem)
                    run.warning = train_lbfgs(objective, run, self.settings, baseline)
                run.check_params()
            except KeyboardInterrupt:
                if self.settings.incremental or RAISED.get():  # the caller has to end as well
                    raise
                run.interrupted = True
            except Diverged as error:
                run.diverged = True
                text = f"{DIVERGED} (Training diverged: {error}.)"
                if stopping.monitor:
                    run.warning = f"{text} The weights with the best validation score are kept."
                else:
                    run.error = text
            if stopping.monitor and (run.diverged or not self.settings.incremental):
                stopping.restore_best(state.params, run.validate, run.diverged)
            if run.diverged:  # by steps that what the solver remembers would repeat
                state.solver_state = self.settings.solver.init(state.params)


def have_same_formulas(network: Network, other: Network) -> bool:
    """Return True if activations and losses of two networks are alike, and what they hold."""
    pairs = zip((*network.activations, network.loss), (*other.activations, other.loss))
    return all(a is b or repr((a, vars(a))) == repr((b, vars(b))) for a, b in pairs)
