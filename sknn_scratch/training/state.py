"""The state that training goes on from, in a later call: parameters, curves, the best epoch."""

import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..data import Scaling
from ..maths import Array, Network, State
from ..tracing import aligned_copy


@dataclass
class History:
    """What came of each epoch (or iteration of L-BFGS)."""

    losses: list[float] = field(default_factory=list)  # of training, penalty included
    # empty as long as no epoch was validated; nan for earlier epochs that were not
    validation_losses: list[float] = field(default_factory=list)
    validation_scores: list[float] = field(default_factory=list)
    n_iter: int = 0  # epochs of the last call
    loss: float = np.nan  # where training stands: the last, unless L-BFGS made no iteration
    is_validated: bool = False  # the last epoch was, or the last call would have done so

    def copy(self) -> "History":
        """Return a copy that goes on by itself."""
        curves = "losses", "validation_losses", "validation_scores"
        return replace(self, **{name: list(getattr(self, name)) for name in curves})

    def record(self, loss: float) -> None:
        """Append, in place, the loss of an epoch."""
        self.n_iter += 1
        self.loss = loss
        self.losses.append(loss)
        self.is_validated = False

    def record_validation(self, loss: float, score: float) -> None:
        """Append, in place, loss and score on the validation data after the last epoch."""
        for curve, value in ((self.validation_losses, loss), (self.validation_scores, score)):
            skipped = len(self.losses) - 1 - len(curve)  # epochs without validation data
            curve.extend([np.nan] * skipped + [value])
        self.is_validated = True


@dataclass
class Best:
    """The best epoch, and how many came after it; `partial_fit` goes on from it."""

    no_improvement_count: int = 0  # epochs in a row that improved by less than `tol`
    loss: float = np.inf  # the smallest on the training data
    # of the best parameters, on the validation data
    score: float = -np.inf
    validation_loss: float = np.inf
    is_flat: bool = True  # all scores so far were the same, or none was a number
    # whose parameters are kept, counted through all calls as the curves are: the best, or the
    # last if nothing is monitored
    epoch: int = 0
    params: Array | None = None  # the best, while training goes on under early stopping

    def copy(self) -> "Best":
        """Return a copy that goes on by itself."""
        return replace(self, params=None if self.params is None else self.params.copy())

    def unvalidated(self) -> "Best":
        """Return what is left for parameters that were never validated."""
        return Best(self.no_improvement_count, self.loss, epoch=self.epoch)


@dataclass(eq=False)  # a key of `stochastic.LOOPS`
class TrainingState:
    """All that goes on from one call of `partial_fit` (or a warm start) to the next."""

    params: Array  # for data as `scaling` makes them
    scaling: Any  # a Scaling; None until the first rows to train on are known
    random_state: np.random.RandomState
    solver: type
    solver_state: State
    standardized: bool | str = False  # the parameter
    history: History = field(default_factory=History)
    best: Best = field(default_factory=Best)
    t: int = 0  # samples seen
    epochs: int = 0  # done since `fit` began
    plateaus: int = 0  # in those epochs
    mean_weight: float = 0.0  # of the samples seen
    weight_count: int = 0
    order: Array | None = None  # of the rows, after the last shuffle
    split_random_state: np.random.RandomState | None = None  # before the validation rows were drawn
    dropout_generator: np.random.Generator | None = None

    def copy(self) -> "TrainingState":
        """Return a copy that shares the random state, and what nothing changes in place."""
        arrays = [x for x in self.solver_state.values() if type(x) is np.ndarray]
        copies = {id(x): aligned_copy(x) for x in arrays if x.dtype.kind == "f"}
        return replace(
            self,
            params=aligned_copy(self.params),
            solver_state=copy.deepcopy(self.solver_state, copies),
            history=self.history.copy(),
            best=self.best.copy(),
            dropout_generator=copy.deepcopy(self.dropout_generator),
        )

    def begin_fit(self) -> None:
        """Forget, in place, what the last fit reached: a warm start may see another target."""
        self.epochs = self.plateaus = 0
        self.params = self.best_params  # which predict
        self.best = Best(epoch=self.best.epoch)
        self.mean_weight, self.weight_count = 0.0, 0

    def snapshot(self) -> "TrainingState":
        """Return a copy that shares nothing: to go on from it changes nothing here."""
        return replace(self.copy(), random_state=copy.deepcopy(self.random_state))

    def split_source(self) -> np.random.RandomState:
        """Return the random state to draw validation rows from: the same draw in every call."""
        if self.split_random_state is None:
            self.split_random_state = copy.deepcopy(self.random_state)
            return self.random_state  # the first split is a draw like any other
        return copy.deepcopy(self.split_random_state)

    def see_weights(self, mean: float, count: int) -> None:
        """Take, in place, ``count`` samples of that mean weight into the mean of all."""
        # As a running mean: it stays exactly what it is when the same samples come again.
        self.weight_count += count
        self.mean_weight += (mean - self.mean_weight) * (count / self.weight_count)

    @property
    def best_params(self) -> Array:
        """The parameters that predict best so far."""
        return self.params if self.best.params is None else self.best.params

    def put(self, params: Array, scaling: Scaling) -> None:
        """Go on from these parameters, in place: they were set, or are for another scaling."""
        self.params, self.scaling = params.astype(self.params.dtype), scaling
        self.best = self.best.unvalidated()


def check_alike(
    state: TrainingState, before: Network, now: Network, standardize: bool | str
) -> None:
    """Raise ValueError if the network is another than before, or trained in another scaling."""
    choice = before.embedding and before.embedding.choice
    if now.embedding != choice:
        raise ValueError(
            f"To go on training, embedding must stay {choice!r}, got {now.embedding!r}."
        )
    if (now.sizes, now.fit_intercept) != (before.sizes, before.fit_intercept):
        raise ValueError(
            f"To go on training, the network must stay the same: it has layers of "
            f"{before.sizes} units and fit_intercept={before.fit_intercept}; "
            f"the data and parameters ask for {now.sizes} and {now.fit_intercept}."
        )
    if standardize != state.standardized:
        raise ValueError(
            f"To go on training, standardize must stay {state.standardized!r}, got {standardize!r}."
        )
    if not state.scaling.suit(now):
        raise ValueError(
            f"To go on training with y standardised as it was, loss and out_activation must "
            f"allow it: {now.loss!r} and {now.activations[-1]!r} do not. Fit anew, "
            "without warm_start, or with standardize=False from the start."
        )
