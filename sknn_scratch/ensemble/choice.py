"""Which networks suit the data, and how long to train them: a pilot on rows held out tells.

A member counts in a mean, so it is chosen by the error that the mean of M such members would have.
Members that differ by their random state alone are off by what they share, and by what each is off
from their mean, of which all but 1/M cancels (Krogh and Vedelsby, Neural network ensembles, cross
validation, and active learning, 1995)::

    E (mean - y)^2 = E (f - y)^2 - (1 - 1/M) Var f

Two members f and g tell both: the mean of their squared errors, and half of their squared
difference. (By the error of a single member, those that are trained briefly or penalised much would
seem better than they are.)

All candidates are trained briefly; the better half for twice as long, and so on, each until that
raises its error by more than chance (successive halving; Jamieson and Talwalkar, Non-stochastic
best arm identification and hyperparameter optimization, 2016).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..data import Moments, weight_by_row
from ..maths import Array
from .folds import Splits

MANY_ROWS = 600  # held out by one fold: enough to compare by
ENOUGH_ROWS = 100  # held out by all splits of a pilot together, where there are as many
# By which the error of a candidate is to fall, trained for twice as long, for its members to be
# trained for twice as long as it was tried.
STEEP = 0.05
N_KINDS, FEWEST = 4, 3  # that are chosen, and that no race is run among
MOST_EPOCHS = 2.0  # of all that are chosen together, relative to the longest length
CHANCE = 0.5  # standard errors of a difference: one that is smaller may be none
SHARED = 0.3  # the weight of the lengths beside it in the smoothed error of a trial


class Trial(NamedTuple):
    """A candidate, and how long it is trained."""

    name: str
    n_epochs: int


def choose(
    head_starts: Mapping[str, int],
    lengths: Sequence[int],
    errors_of: Callable[[list[Trial]], Sequence[Array]],
) -> list[Trial]:
    """Return the best few candidates, each at the length that suits it, the best first.

    Where long training is best, they are fewer, since they take as many times as long.

    ``head_starts`` has the candidates' names, and by how many lengths each is ahead of others that
    it is compared with: those that learn slowly are. The last of the ``lengths``, in epochs, is not
    tried, but chosen where the error still fell steeply before. ``errors_of`` returns, for each
    trial, the squared errors of rows, by whose mean to compare them.
    """
    errors = _errors_of_race(head_starts, lengths[:-1] or lengths, errors_of)
    smoothed = {trial: _smoothed(trial, lengths, errors) for trial in errors}
    best: dict[str, Trial] = {}
    for trial in sorted(smoothed, key=smoothed.__getitem__):
        best.setdefault(trial.name, trial)
    chosen = []
    epochs_left = MOST_EPOCHS * lengths[-1]
    for trial in [*best.values()][:N_KINDS]:
        trial = _continued(trial, lengths, errors)
        if trial.n_epochs <= epochs_left:
            chosen.append(trial)
            epochs_left -= trial.n_epochs
    return chosen


def _errors_of_race(head_starts, lengths, errors_of):
    """Return the error of each trial of a race in which the better half is tried for longer."""
    of_rows: dict[Trial, Array] = {}
    names = list(head_starts)
    for i in range(len(lengths)):
        at = {name: min(i + head_starts[name], len(lengths) - 1) for name in names}
        trials = [Trial(name, lengths[at[name]]) for name in names]
        new = [trial for trial in trials if trial not in of_rows]
        if not new:
            break
        of_rows |= dict(zip(new, errors_of(new)))
        trials.sort(key=lambda trial: np.mean(of_rows[trial]))
        better = trials[: max(FEWEST, -(-len(trials) // 2))]
        if i > 0:
            better = [trial for trial in better if not _is_worse(trial, lengths, of_rows)]
        names = [trial.name for trial in better]
    return {trial: float(np.mean(errors)) for trial, errors in of_rows.items()}


def _beside(trial, lengths, step) -> Any:
    """Return the trial of the same candidate that is so many lengths longer; None is none."""
    i = lengths.index(trial.n_epochs) + step
    return trial._replace(n_epochs=lengths[i]) if 0 <= i < len(lengths) else None


@np.errstate(invalid="ignore")  # of errors that are infinite
def _is_worse(trial, lengths, of_rows):
    """Return True if the mean error was less at the length before, by more than chance."""
    increase = of_rows[trial] - of_rows[_beside(trial, lengths, -1)]
    return increase.mean() > CHANCE * increase.std() / np.sqrt(len(increase))


def _smoothed(trial, lengths, errors):
    """Return the error of a trial, smoothed by those of the same candidate at lengths beside it."""
    both = [_beside(trial, lengths, step) for step in (-1, 1)]
    around = [errors[other] for other in both if other in errors]
    return (1 - SHARED) * errors[trial] + SHARED * np.mean(around) if around else errors[trial]


def _continued(trial, lengths, errors):
    """Return a trial at the next length, untried, if the last doubling lowered its error a lot."""
    shorter, longer = (_beside(trial, lengths, step) for step in (-1, 1))
    if shorter not in errors or longer in errors:
        return trial
    is_steep = errors[shorter] - errors[trial] > STEEP * errors[shorter] > 0
    return longer if is_steep else trial


def pilot_splits(folds: Splits, weight: Array) -> Splits:
    """Return the rows that candidates are trained on, and those that they are compared on.

    The latter are held out by two folds together, or by one, if it holds out many rows: the last,
    and those before as long as there are few rows in all. (Of a time series, the last have the most
    rows to train on.) Rows held out that weigh nothing do not count, nor a second fold that leaves
    nothing to train on, or nothing of some target.
    """
    splits: Splits = []
    weighing = [(train, rows[weight_by_row(weight)[rows] > 0]) for train, rows in folds]
    remaining = [(train, held_out) for train, held_out in weighing if len(held_out)]
    while remaining and sum(len(held_out) for _, held_out in splits) < ENOUGH_ROWS:
        train, held_out = remaining.pop()
        both = np.intersect1d(train, remaining[-1][0]) if remaining else train[:0]
        if len(held_out) < MANY_ROWS and np.all(weight[both].any(axis=0)):
            train, held_out = both, np.union1d(held_out, remaining.pop()[1])
        splits.append((train, held_out))
    return splits


@np.errstate(over="ignore", invalid="ignore")
def errors_of_mean(y: Array, one: Array, other: Array, n_members: int, weight: Array) -> Array:
    """Return the squared errors that the mean of ``n_members`` such members would have.

    Two predict rows that they were not trained on. Errors are as their mean is expected to be: that
    of a row may be below 0. Of several targets they are the mean; in proportion to the weights;
    infinite where a square overflows.
    """
    single = ((one - y) ** 2 + (other - y) ** 2) / 2
    variance = (one - other) ** 2 / 2
    errors = (single - (1 - 1 / n_members) * variance).reshape(len(y), -1)
    relative = (weight / weight.mean()).reshape(len(y), -1)
    errors = np.where(relative > 0, errors * relative, 0).mean(axis=1)
    return np.where(np.isnan(errors), np.inf, errors)


def errors_in_pilot(
    y: Array, predictions: Sequence[Array], splits: Splits, n_members: int, weight: Array
) -> list[Array]:
    """Return the errors of the mean of members of each trial, relative to the variance of y.

    Predictions are, for each trial and each split, those of one member for the rows held out, then
    those of another.
    """
    unit = Moments.of(y.reshape(len(y), -1), (weight > 0).astype(float)).std_
    unit = np.where(unit > 0, unit, 1.0)
    rows = np.concatenate([held_out for _, held_out in splits])
    n = 2 * len(splits)
    trials = [predictions[i : i + n] for i in range(0, len(predictions), n)]
    pairs = [(np.concatenate(of_trial[::2]), np.concatenate(of_trial[1::2])) for of_trial in trials]
    return [
        errors_of_mean(y[rows] / unit, one / unit, other / unit, n_members, weight[rows])
        for one, other in pairs
    ]
