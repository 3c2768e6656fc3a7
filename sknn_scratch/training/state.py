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
    """The losses and scores of all epochs (or iterations of L-BFGS)."""

    losses: list[float] = field(default_factory=list)  # on the rows trained on, with the penalty
    # On the validation data: empty as long as no epoch was validated, nan where some were not.
    validation_losses: list[float] = field(default_factory=list)
    validation_scores: list[float] = field(default_factory=list)
    n_iter: int = 0  # epochs of the last call
    loss: float = np.nan  # of the last epoch; or where L-BFGS started, if it made no iteration
    is_validated: bool = False  # whether there were validation data in the last epoch

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
    """The best epoch so far, and for how many epochs there was none better by `tol`."""

    no_improvement_count: int = 0  # epochs in a row that improved by less than `tol`
    loss: float = np.inf  # the smallest training loss of an epoch
    score: float = -np.inf  # of the best parameters, on the validation data
    validation_loss: float = np.inf  # of the best parameters
    is_flat: bool = True  # whether all scores so far were the same, or nan
    # The number of the epoch whose parameters are kept, counted as in the curves, through all
    # calls: of the best epoch, or of the last if nothing is monitored.
    epoch: int = 0
    params: Array | None = None  # the best parameters, while training goes on under early stopping

    def copy(self) -> "Best":
        """Return a copy that goes on by itself."""
        return replace(self, params=None if self.params is None else self.params.copy())

    def unvalidated(self) -> "Best":
        """Return what still holds once the parameters are others, which were never validated."""
        return Best(self.no_improvement_count, self.loss, epoch=self.epoch)


@dataclass(eq=False)  # a key of `stochastic.LOOPS`
class TrainingState:
    """All that one call of `partial_fit` (or a warm start) hands on to the next."""

    params: Array  # for data that `scaling` has standardised
    scaling: Any  # a Scaling; None until the first rows to train on are known
    random_state: np.random.RandomState
    solver: type
    solver_state: State
    standardized: bool | str = False  # the parameter ``standardize`` of the first call
    history: History = field(default_factory=History)
    best: Best = field(default_factory=Best)
    t: int = 0  # samples seen
    epochs: int = 0  # epochs since `fit` began
    plateaus: int = 0  # plateaus in those epochs
    mean_weight: float = 0.0  # the mean weight of the samples seen
    weight_count: int = 0  # how many samples that is the mean of
    order: Array | None = None  # the order of the rows after the last shuffle
    # as it was before the validation rows were drawn
    split_random_state: np.random.RandomState | None = None
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
        self.params = self.best_params  # those that `predict` uses
        self.best = Best(epoch=self.best.epoch)
        self.mean_weight, self.weight_count = 0.0, 0

    def snapshot(self) -> "TrainingState":
        """Return a copy that shares nothing: to go on from it changes nothing here."""
        return replace(self.copy(), random_state=copy.deepcopy(self.random_state))

    def split_source(self) -> np.random.RandomState:
        """Return a random state to draw validation rows by: the same ones in every call."""
        if self.split_random_state is None:
            self.split_random_state = copy.deepcopy(self.random_state)
            return self.random_state  # the first split is a draw like any other
        return copy.deepcopy(self.split_random_state)

    def see_weights(self, mean: float, count: int) -> None:
        """Take, in place, the mean weight of ``count`` samples into that of all samples seen."""
        # A running mean, which stays exactly what it is when the same samples come again.
        self.weight_count += count
        self.mean_weight += (mean - self.mean_weight) * (count / self.weight_count)

    @property
    def best_params(self) -> Array:
        """The parameters that predict best so far."""
        return self.params if self.best.params is None else self.best.params

    def put(self, params: Array, scaling: Scaling) -> None:
        """Replace the parameters, in place, by some that a user set or another scaling needs."""
        self.params, self.scaling = params.astype(self.params.dtype), scaling
        self.best = self.best.unvalidated()


def check_alike(
    state: TrainingState, before: Network, now: Network, standardize: bool | str
) -> None:
    """Raise ValueError unless training can go on, with the same network in the same scaling."""
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
