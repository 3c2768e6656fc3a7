"""Schedules: the learning rate as a function of how far training has come.

A schedule is a pure function of ``learning_rate_init`` and a `Progress`, which counts epochs,
samples and plateaus: a plateau is when the loss (or the validation score) has stopped improving.
It ends training, unless the schedule answers it with a smaller learning rate.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, log2, pi
from typing import Annotated, NamedTuple

from ..maths import Component
from .checks import check_number


class Progress(NamedTuple):
    """How far training has come, before an epoch.

    Parameters
    ----------
    epoch : int
        Epochs done since `fit` last began, if it ever did; a call of `partial_fit` is one.
    n_epochs : int
        ``max_iter``: the epochs that training is planned for.
    t : int, default=0
        Samples seen, also in earlier fits if a warm start goes on from them.
    plateaus : int, default=0
        Plateaus in those epochs.

    See Also
    --------
    Schedule : What is handed it.

    Examples
    --------
    >>> Progress(epoch=7, n_epochs=5).planned_epoch
    4
    """

    epoch: int
    n_epochs: int
    t: int = 0
    plateaus: int = 0

    @property
    def planned_epoch(self) -> int:
        """``epoch``, or the last of the plan if `partial_fit` goes on after it."""
        return min(self.epoch, self.n_epochs - 1)


class Schedule(Component):
    """A learning rate per epoch.

    Attributes
    ----------
    planned : bool
        True if it plans for ``n_epochs``: to end there is then no lack of convergence.
    ending : str
        What verbose output says at a plateau that ends training.

    See Also
    --------
    Solver : What takes steps at the rate.

    Examples
    --------
    >>> class Halving(Schedule):
    ...     def __call__(self, learning_rate_init, progress):
    ...         return learning_rate_init / 2**progress.epoch
    >>> Halving()(1.0, Progress(epoch=3, n_epochs=10))
    0.125
    """

    planned: bool = False
    ending: str = "Stopping."

    @abstractmethod
    def __call__(self, learning_rate_init: float, progress: Progress) -> float:
        """Return the learning rate of the next epoch."""

    def ends_at_plateau(self, learning_rate: float) -> bool:
        """Return True if a plateau at this learning rate ends training."""
        return True


@dataclass(frozen=True)
class Constant(Schedule):
    """``learning_rate_init`` throughout.

    See Also
    --------
    Adaptive : Smaller at each plateau.

    Examples
    --------
    >>> Constant()(0.1, Progress(epoch=3, n_epochs=10))
    0.1
    """

    def __call__(self, learning_rate_init: float, progress: Progress) -> float:
        return learning_rate_init


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """``learning_rate_init / (t + 1)^power_t``, t being the samples seen.

    Parameters
    ----------
    power_t : float >= 0, default=0.5
        The power of the samples seen.

    See Also
    --------
    Cosine : By the epochs that are planned.

    Examples
    --------
    >>> InverseScaling()(0.1, Progress(epoch=1, n_epochs=10, t=99))
    0.01
    """

    power_t: Annotated[float, "[0, inf)"] = 0.5

    def __call__(self, learning_rate_init: float, progress: Progress) -> float:
        return learning_rate_init / (progress.t + 1) ** self.power_t


@dataclass(frozen=True)
class Adaptive(Schedule):
    """A fifth of the learning rate at each plateau, until it is 1e-6 or less.

    See Also
    --------
    Constant : Until the first plateau, which ends training.

    Examples
    --------
    >>> Adaptive()(1.0, Progress(epoch=3, n_epochs=10, plateaus=1))
    0.2
    """

    ending = "Learning rate too small. Stopping."

    def __call__(self, learning_rate_init: float, progress: Progress) -> float:
        return learning_rate_init / 5.0**progress.plateaus

    def ends_at_plateau(self, learning_rate: float) -> bool:
        return learning_rate <= 1e-6


def _half_cosine(start, end, share):
    """Go from ``start`` to ``end`` as ``share`` goes from 0 to 1, slowly at both ends."""
    return end + (start - end) * (1 + cos(pi * share)) / 2


@dataclass(frozen=True)
class Cosine(Schedule):
    """A linear warm-up, and then, at once or later, half a cosine from ``learning_rate_init`` down.

    Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017,
    equation 5. The rates are those of PyTorch's CosineAnnealingLR (CosineAnnealingWarmRestarts with
    ``T_mult=2``, if it restarts) with a step per epoch, after w = ``warmup * n_epochs`` epochs of
    its LinearLR from 1 / (w + 1).

    Parameters
    ----------
    warmup : float, default=0.0
        The share of the epochs, in [0, 1), in which the rate rises, in equal steps: from 0,
        before the first epoch, to ``learning_rate_init``.
    final : float, default=0.0
        The share of ``learning_rate_init``, in [0, 1], that the cosine would reach in the epoch
        after the last.
    hold : float, default=0.0
        The share of the epochs after the warm-up, in [0, 1), in which the rate stays at
        ``learning_rate_init`` before it falls (Haegele et al., Scaling laws and compute-optimal
        training beyond fixed training durations, 2024). So more is learnt in as many epochs.
    restarts : int, default=0
        How many times the rate is back at ``learning_rate_init``. Each stretch is twice as long as
        the one before, and ends at ``final``: under early stopping, which keeps the best epoch,
        trainings of several lengths are tried in one.

    See Also
    --------
    OneCycle : Up and down, by half a cosine each.

    Examples
    --------
    >>> cosine = Cosine(warmup=0.4)
    >>> [round(cosine(1.0, Progress(epoch, n_epochs=5)), 3) for epoch in range(5)]
    [0.333, 0.667, 1.0, 0.75, 0.25]
    """

    planned = True
    warmup: Annotated[float, "[0, 1)"] = 0.0
    final: Annotated[float, "[0, 1]"] = 0.0
    hold: Annotated[float, "[0, 1)"] = 0.0
    restarts: Annotated[int, "[0, 50]"] = 0

    def __call__(self, learning_rate_init: float, progress: Progress) -> float:
        epoch, rising = progress.planned_epoch, self.warmup * progress.n_epochs
        if epoch < rising:
            return learning_rate_init * (epoch + 1) / (rising + 1)
        first = (progress.n_epochs - rising) / (2 ** (self.restarts + 1) - 1)  # stretch
        firsts = (epoch - rising) / first + 1e-9  # done; rounding must not put a restart off
        stretch = min(int(log2(firsts + 1)), self.restarts)
        length = 2**stretch * first
        start = rising + length - first + self.hold * length  # of the fall
        share = max(0.0, epoch - start) / ((1 - self.hold) * length)
        return learning_rate_init * _half_cosine(1, self.final, share)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up to ``learning_rate_init`` and down to almost nothing, by half a cosine each.

    Smith and Topin, Super-convergence: very fast training of neural networks using large
    learning rates, 2019. The rates, and the defaults, are those of PyTorch's OneCycleLR with a
    step per epoch; the momentum stays as it is.

    Parameters
    ----------
    warmup : float, default=0.3
        The share of the epochs, in [0, 1), in which the rate rises.
    start : float, default=0.04
        The rate of the first epoch, as a share of ``learning_rate_init``, in (0, 1].
    final : float, default=4e-6
        That of the last, likewise. A single epoch is the last.

    See Also
    --------
    Cosine : Down only, perhaps after a warm-up.

    Examples
    --------
    >>> one_cycle = OneCycle()
    >>> [round(one_cycle(1.0, Progress(epoch, n_epochs=5)), 3) for epoch in range(5)]
    [0.04, 0.95, 0.611, 0.188, 0.0]
    """

    planned = True
    warmup: Annotated[float, "[0, 1)"] = 0.3
    start: Annotated[float, "(0, 1]"] = 0.04
    final: Annotated[float, "(0, 1]"] = 4e-6

    def __call__(self, learning_rate_init: float, progress: Progress) -> float:
        epoch, last = progress.planned_epoch, progress.n_epochs - 1
        peak = self.warmup * progress.n_epochs - 1  # the epoch at the top, perhaps a fraction
        if epoch < peak:
            return learning_rate_init * _half_cosine(self.start, 1, epoch / peak)
        return learning_rate_init * _half_cosine(1, self.final, (epoch - peak) / (last - peak))


@dataclass(frozen=True)
class Factor(Schedule):
    """``learning_rate_init * function(epoch, n_epochs)``: what a function stands for.

    Raises
    ------
    TypeError, ValueError
        If the function does not take the two numbers, or returns no finite number >= 0.
    """

    planned = True
    function: Callable[[int, int], float]

    def __call__(self, learning_rate_init: float, progress: Progress) -> float:
        epoch, n_epochs = progress.epoch, progress.n_epochs
        try:
            factor = self.function(epoch, n_epochs)
        except TypeError as error:
            raise TypeError(
                f"learning_rate, as a function of (epoch, n_epochs), fails at "
                f"({epoch}, {n_epochs}): {error}"
            ) from error
        check_number(factor, f"learning_rate({epoch}, {n_epochs})", float, "[0, inf)")
        return learning_rate_init * factor
