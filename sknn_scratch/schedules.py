"""Schedules: the learning rate as a function of how far training has come.

    t           training samples seen so far
    plateaus    how often the loss (or the validation score) has stopped improving

A schedule is a pure function of the two. A plateau ends training, unless the schedule answers
it with a smaller learning rate.
"""

from dataclasses import dataclass


class Schedule:
    """A learning rate per epoch."""

    ending = "Stopping."  # what verbose output says at a plateau that ends training

    def __call__(self, learning_rate_init, t, plateaus):
        """Return the learning rate of the next epoch."""
        raise NotImplementedError

    def ends_at_plateau(self, learning_rate):
        """Return True if a plateau at this learning rate ends training."""
        return True


@dataclass(frozen=True)
class Constant(Schedule):
    """``learning_rate_init`` throughout."""

    def __call__(self, learning_rate_init, t, plateaus):
        return learning_rate_init


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """``learning_rate_init / (t + 1)^power_t``, t being the samples seen."""

    power_t: float = 0.5

    def __call__(self, learning_rate_init, t, plateaus):
        return learning_rate_init / (t + 1) ** self.power_t


@dataclass(frozen=True)
class Adaptive(Schedule):
    """A fifth of the learning rate at each plateau, until it is 1e-6 or less."""

    ending = "Learning rate too small. Stopping."

    def __call__(self, learning_rate_init, t, plateaus):
        return learning_rate_init / 5.0**plateaus

    def ends_at_plateau(self, learning_rate):
        return learning_rate <= 1e-6
