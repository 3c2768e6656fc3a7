"""The state that training goes on from, in a later call."""

import copy
from dataclasses import dataclass, field, replace

import numpy as np

from ..data import Scaling


@dataclass
class TrainingState:
    """All that goes on from one call of `partial_fit` (or a warm start) to the next."""

    params: np.ndarray  # for standardised data, if `scaling` standardises
    scaling: Scaling
    random_state: np.random.RandomState
    solver: type
    solver_state: dict
    n_iter: int = 0  # epochs of the last call
    t: int = 0  # samples seen
    epochs: int = 0  # done since `fit` began
    loss: float = np.nan
    loss_curve: list = field(default_factory=list)
    validation_losses: list = field(default_factory=list)
    validation_scores: list = field(default_factory=list)
    mean_weight: float = 0.0  # of the samples seen
    weight_count: int = 0
    order: np.ndarray = None  # of the rows, after the last shuffle
    split_random_state: np.random.RandomState = None  # before the validation rows were drawn
    dropout_generator: np.random.Generator = None
    # when to stop
    plateaus: int = 0
    no_improvement_count: int = 0
    best_loss: float = np.inf
    best_merit: float = -np.inf  # the validation score, or the negative validation loss
    best_score: float = -np.inf  # the validation score of the best
    best_epoch: int = 0  # counted through all calls, as the curves are; the last if none is best
    best_params: np.ndarray = None  # the best on the validation rows, under early stopping

    def copy(self):
        """Return a copy that shares the random state, and what nothing changes in place."""
        copied = replace(
            self,
            solver_state=copy.deepcopy(self.solver_state),
            dropout_generator=copy.deepcopy(self.dropout_generator),
        )
        curves = "loss_curve", "validation_losses", "validation_scores"
        for name in ("params", "best_params", *curves):
            value = getattr(self, name)
            setattr(copied, name, None if value is None else value.copy())
        return copied

    def begin_fit(self):
        """Forget, in place, what the last fit reached: a warm start may see another target."""
        self.epochs = self.plateaus = self.no_improvement_count = 0
        self.best_loss, self.best_params = np.inf, None
        self.best_merit = self.best_score = -np.inf
        self.mean_weight, self.weight_count = 0.0, 0

    def see_weights(self, mean, count):
        """Take, in place, ``count`` samples of that mean weight into the mean of all."""
        # As a running mean: it stays exactly what it is when the same samples come again.
        self.weight_count += count
        self.mean_weight += (mean - self.mean_weight) * (count / self.weight_count)
