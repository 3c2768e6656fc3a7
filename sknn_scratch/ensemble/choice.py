"""Which networks suit the data, and how long to train them: a pilot on rows held out tells.

A member counts in a mean, so it is chosen by the error that the mean of M such members would have.
Members that differ by their random state alone are off by what they share, and by what each is off
from their mean, of which all but 1/M cancels (Krogh and Vedelsby, Neural network ensembles, cross
validation, and active learning, 1995)::

    E (mean - y)^2 = E (f - y)^2 - (1 - 1/M) Var f

Two members f and g tell both: the mean of their squared errors, and half of their squared
difference. (By the error of a single member, those that are trained briefly or penalised much would
seem better than they are.)

All candidates are trained briefly; the better half of each group for twice as long, and so on, each
as long as that lowers its error (successive halving; Jamieson and Talwalkar, Non-stochastic best
arm identification and hyperparameter optimization, 2016).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..maths import Array
from .conformal import root_mean_square
from .folds import Splits

MANY_ROWS = 600  # held out by one fold: enough to compare by
# By which the error of a candidate is to fall, trained for twice as long, for its members to be
# trained for twice as long as it was tried.
STEEP = 0.1
SHARED = 0.3  # the weight of the lengths beside it in the smoothed error of a trial


class Trial(NamedTuple):
    """A candidate, and how long it is trained."""

    name: str
    n_epochs: int


def choose(
    groups: Sequence[Sequence[str]],
    lengths: Sequence[int],
    errors_of: Callable[[list[Trial]], Sequence[float]],
    starts: Sequence[int] | None = None,
) -> list[Trial]:
    """Return the best candidate of each group, at the length that suits it, the best first.

    Parameters
    ----------
    groups : list of list of str
        Names of candidates. Those of a group learn about as fast, and compete with each other: in
        each the better half goes on.
    lengths : list of int
        In epochs, in increasing order. The last is not tried, but chosen where the error still
        fell steeply before.
    errors_of : callable
        The errors of trials, by which to compare them.
    starts : list of int, default=None
        For each group, which of the lengths is the first that is tried, if there are so many;
        None is 0 for all.
    """
    errors: dict[Trial, float] = {}
    tried = lengths[:-1] or lengths
    alive = [list(group) for group in groups]
    starts = [min(start, len(tried) - 1) for start in starts or [0] * len(alive)]
    for i, n_epochs in enumerate(tried):
        running = [group if start <= i else [] for group, start in zip(alive, starts)]
        trials = [Trial(name, n_epochs) for group in running for name in group]
        errors |= dict(zip(trials, errors_of(trials) if trials else []))
        for k, start in enumerate(starts):
            if start <= i:
                before = tried[i - 1] if start < i else None
                alive[k] = _going_on(alive[k], n_epochs, before, errors)
    smoothed = {trial: _smoothed(trial, lengths, errors) for trial in errors}
    chosen: dict[str, Trial] = {}
    for trial in sorted(smoothed, key=smoothed.__getitem__):
        chosen.setdefault(trial.name, trial)
    best = {next(name for name in chosen if name in group) for group in groups}
    return [_continued(chosen[name], lengths, errors) for name in chosen if name in best]


def _going_on(group, n_epochs, before, errors):
    """Return the better half of a group, but for those that longer training made no better."""
    group = sorted(group, key=lambda name: errors[Trial(name, n_epochs)])[: -(-len(group) // 2)]
    if before is None:
        return group
    return [name for name in group if _gain(Trial(name, n_epochs), before, errors) > 0]


def _gain(trial, n_epochs, errors):
    """Return by which part the error of a candidate fell since it was trained for ``n_epochs``."""
    before = errors[trial._replace(n_epochs=n_epochs)]
    return (before - errors[trial]) / before if before > 0 else 0.0


def _smoothed(trial, lengths, errors):
    """Return the error of a trial, smoothed by those of the same candidate at lengths beside it."""
    i = lengths.index(trial.n_epochs)
    beside = [trial._replace(n_epochs=n_epochs) for n_epochs in lengths[max(0, i - 1) : i + 2]]
    others = [errors[other] for other in beside if other != trial and other in errors]
    return (1 - SHARED) * errors[trial] + SHARED * np.mean(others) if others else errors[trial]


def _continued(trial, lengths, errors):
    """Return a trial at the next length, untried, if the last doubling lowered its error a lot."""
    i = lengths.index(trial.n_epochs)
    if not 0 < i < len(lengths) - 1 or trial._replace(n_epochs=lengths[i - 1]) not in errors:
        return trial
    after = trial._replace(n_epochs=lengths[i + 1])
    steep = _gain(trial, lengths[i - 1], errors) > STEEP
    return after if steep and after not in errors else trial


def pilot_split(folds: Splits, weight: Array | None = None) -> tuple[Array, Array]:
    """Return the rows that candidates are trained on, and those that they are compared on.

    The latter are held out by the last two folds together, or by the last, if it holds out many
    rows. (Of a time series, the last have the most rows to train on.) Folds whose rows held out
    weigh nothing do not count, nor a second one that leaves nothing to train on.
    """

    def weighs(rows):
        return len(rows) > 0 if weight is None else bool(weight[rows].any())

    (train, held_out), *others = [fold for fold in reversed(folds) if weighs(fold[1])]
    if others and len(held_out) < MANY_ROWS:
        both = np.intersect1d(train, others[0][0])
        if weighs(both):
            return both, np.union1d(held_out, others[0][1])
    return train, held_out


def error_of_mean(
    y: Array, one: Array, other: Array, n_members: int, weight: Array | None = None
) -> float:
    """Return the mean squared error that the mean of ``n_members`` such members would have.

    Parameters
    ----------
    y : ndarray of shape (n,) or (n, n_targets)
    one, other : ndarray of the shape of y
        The predictions of two members, for rows that they were not trained on.
    n_members : int
    weight : ndarray of shape (n,), default=None
        Sample weights.

    Returns
    -------
    error : float
        Of several targets, the mean.
    """
    single = ((one - y) ** 2 + (other - y) ** 2) / 2
    variance = (one - other) ** 2 / 2
    return float(np.mean(np.average(single - (1 - 1 / n_members) * variance, 0, weights=weight)))


def errors_in_pilot(
    y: Array,
    predictions: Sequence[Array],
    rows: Array,
    n_members: int,
    weight: Array | None = None,
) -> list[float]:
    """Return the error of the mean of members of each trial, relative to the variance of y.

    Parameters
    ----------
    y : ndarray of shape (n,) or (n, n_targets)
    predictions : list of ndarray
        For each trial those of one member for the rows held out, then those of another.
    rows : ndarray of int
        The rows held out.
    n_members : int
    weight : ndarray of shape (n,), default=None
    """
    unit = root_mean_square(y - y.mean(axis=0), None)
    unit = np.where(unit > 0, unit, 1.0)
    of_rows = None if weight is None else weight[rows]
    return [
        error_of_mean(y[rows] / unit, one / unit, other / unit, n_members, of_rows)
        for one, other in zip(predictions[::2], predictions[1::2])
    ]
