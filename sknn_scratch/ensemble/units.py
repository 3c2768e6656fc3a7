"""The unit in which errors are measured: that of y, or one in which they are alike everywhere.

A unit is an increasing function of y. Errors in it are scores, and their quantiles, put back, are
quantiles of y: exactly, whatever the unit is. So an interval of a y that was trained in logarithms
is as wide in logarithms for cheap rows as for dear ones, and never reaches below 0.
"""

import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import FunctionTransformer

from ..components import Quantile, check_number
from ..maths import Array, Loss
from .members import last_step

ROUNDING = 1e-9  # of the range of a transformed target
INEXACT = 1e-6  # what may be lost there and back
FAR, POLE = 1e3, 1e2  # ranges: so far ends are looked for; targets as far off have none
RATIO = 3.0  # of the largest and the smallest target, from which logarithms are tried


class Unit:
    """That of y itself. Predictions below the ``least`` of it count as that."""

    least: float | Array = -np.inf

    def __call__(self, y: Array) -> Array:
        """Return y in this unit: of shape (n,), (n, n_targets) or, for one target, (n, levels)."""
        return y

    def inverse(self, u: Array) -> Array:
        """Return in the unit of y what is in this one."""
        return u


class TransformedUnit(Unit):
    """What the transformer of a TransformedTargetRegressor makes of y, turned so that it increases.

    It is fitted on ``y``, of shape (n, n_targets), and column by column monotone: ``sign`` is 1
    where it increases, -1 where it decreases. It may end, as a square root does at 0, below which
    its inverse, the square, turns back. What lies beyond is put back as the end is: unbounded, if
    that is a pole, as of 1 / y.
    """

    def __init__(self, transformer: Any, y: Array, sign: Array) -> None:
        self.transformer = transformer
        self.y: Any = y[0]
        self.u: Any = transformer.transform(y[:1])[0]
        self.sign = sign
        u = transformer.transform(y) * sign
        self.ends: Any = *self._end(u, y, -1), *self._end(u, y, 1)

    def _end(self, u, y, way):
        """Return, for each target, the last u up (1) or down (-1) that y follows, and y there."""
        inside, range_ = way * (way * u).max(axis=0), np.ptp(u, axis=0)
        far = middle = outside = inside + way * FAR * range_
        for _ in range(64):
            follows = np.zeros(len(middle), bool)
            with suppress(ArithmeticError, LookupError, ValueError):  # it takes nothing from there
                there = self._inverse(middle[np.newaxis])
                is_reached = np.abs(self(there) - middle) <= INEXACT * (np.abs(middle) + range_)
                follows = (is_reached & (way * (there - self.y) >= 0))[0]
            inside, outside = np.where(follows, middle, inside), np.where(follows, outside, middle)
            middle = (inside + outside) / 2
        last = way * np.maximum(way * self._inverse(inside[np.newaxis]), way * y).max(axis=0)
        last = np.where(np.abs(last - self.y) > POLE * np.ptp(y, axis=0), way * np.inf, last)
        return np.where(inside == far, way * np.inf, inside), last

    def __call__(self, y: Array) -> Array:
        return self._by_column(self.transformer.transform, y, self.y) * self._of_targets(self.sign)

    def inverse(self, u: Array) -> Array:
        low, least, high, most = map(self._of_targets, self.ends)
        y = self._inverse(np.clip(u, low, high))
        y = np.where(u < low, least, np.where(u > high, most, y))
        return np.where(np.isinf(u), u, y)

    def _inverse(self, u):
        return self._by_column(
            self.transformer.inverse_transform, u * self._of_targets(self.sign), self.u
        )

    def _of_targets(self, numbers):
        """Return numbers of each target, to be broadcast with y; or the number of a single one."""
        return numbers if len(self.sign) > 1 else numbers[0]

    def _by_column(self, function, values, otherwise):
        """Apply it to an array with the transformer's columns, or with several for its one.

        To what is finite, and ``otherwise`` in the place of the rest: transformers take nothing
        else. Where the transform ends it is no news that it does.
        """
        is_finite = np.isfinite(values)
        finite = np.where(is_finite, values, self._of_targets(otherwise))
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            if len(self.sign) > 1:
                changed = np.asarray(function(finite))
            else:
                columns = finite.reshape(len(finite), -1).T
                changed = [np.ravel(function(column[:, np.newaxis])) for column in columns]
                changed = np.column_stack(changed).reshape(values.shape)
        return np.where(is_finite, changed, values * self._of_targets(self.sign))


class Logarithm(Unit):
    """The logarithm, for targets above 0, of which ``least`` is the smallest."""

    def __init__(self, least: float | Array) -> None:
        self.least = least

    def __call__(self, y: Array) -> Array:
        return np.log(np.maximum(y, self.least))

    def inverse(self, u: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.exp(u)


def candidate_units(y: Array) -> list[Unit]:
    """Return the units in which errors may be alike everywhere: that of y, and its logarithm.

    The logarithm where y is above 0 and its largest is several times its smallest: else it is much
    the same as y. nan is a target that does not count.
    """
    least, most = np.nanmin(y, axis=0), np.nanmax(y, axis=0)
    if np.all(least > 0) and np.all(most > RATIO * least):
        return [Unit(), Logarithm(least)]
    return [Unit()]


def unit_of(estimator: Any, y: Array) -> Unit:
    """Return the unit in which a regressor is trained: another than y's if its target is monotone.

    A TransformedTargetRegressor, or a pipeline that ends in one, has a transformer. It is fitted to
    y, and found to be monotone, column by column, or not. Others are trained on y.
    """
    estimator = last_step(estimator)
    if not (hasattr(estimator, "regressor") and hasattr(estimator, "inverse_func")):
        return Unit()
    columns = y.reshape(len(y), -1)
    if estimator.transformer is not None:
        transformer: Any = clone(estimator.transformer)
    elif estimator.func is not None:
        transformer = FunctionTransformer(estimator.func, estimator.inverse_func, validate=True)
        transformer.set_params(check_inverse=False)
    else:
        return Unit()
    if hasattr(transformer, "set_output"):
        transformer.set_output(transform="default")  # no frames
    changed = np.asarray(transformer.fit(columns).transform(columns))
    if changed.shape != columns.shape or not np.isfinite(changed).all():
        return Unit()
    sign = np.array([direction(*of_target) for of_target in zip(columns.T, changed.T)])
    return TransformedUnit(transformer, columns, sign) if np.all(sign) else Unit()


def common_unit(estimators: Sequence[Any], y: Array) -> Unit:
    """Return the unit in which all regressors are trained, or that of y if there is none.

    What is trained in another unit may predict what the transform of this one does not take.
    """
    first, *others = [unit_of(estimator, y) for estimator in estimators]
    return first if all(np.array_equal(other(y), first(y)) for other in others) else Unit()


def direction(y: Array, changed: Array) -> int:
    """Return 1 if ``changed`` increases with y, -1 if it decreases, 0 if neither."""
    steps = np.diff(changed[np.argsort(y, kind="stable")])
    rounding = ROUNDING * np.ptp(changed)
    if np.all(steps >= -rounding):
        return 1
    return -1 if np.all(steps <= rounding) else 0


def in_unit(loss: Loss, unit: Unit) -> Loss:
    """Return the loss for which predictions were trained, as one in the unit of y.

    Where a decreasing transform turned quantiles round, they are those of the mirrored levels.
    """
    decreases = isinstance(unit, TransformedUnit) and np.all(unit.sign < 0)
    if not (decreases and loss.levels):
        return loss
    return Quantile([1 - level for level in reversed(loss.levels)])


def limits_of(target_range: Any, loss: Loss) -> tuple[float, float]:
    """Return the least and the most y can be, infinite where there is no end; None has none.

    The loss may take no y below 0. TypeError or ValueError if it is no such pair.
    """
    target_range = (None, None) if target_range is None else target_range
    if not isinstance(target_range, (tuple, list)) or len(target_range) != 2:
        raise TypeError(
            "target_range must be None or a tuple of two numbers or None, such as (0, None); got "
            f"{target_range!r}."
        )
    low, high = target_range
    low = -np.inf if low is None else low
    high = np.inf if high is None else high
    for end in (low, high):
        check_number(end, "an end of target_range", float, "[-inf, inf]")
    if not low < high:
        raise ValueError(
            f"target_range must have its lower end below its upper end, got {target_range!r}."
        )
    least = -np.inf if loss.in_domain(np.array(-1.0)) else 0.0
    return max(float(low), least), float(high)


def refuse_outside(y: Array, limits: tuple[float, float]) -> None:
    """Raise ValueError if sums of a few targets may overflow, or one lies outside of its range."""
    largest = np.abs(y).max()
    if largest > np.finfo(y.dtype).max / 8:
        raise ValueError(
            f"y contains values too large for an ensemble, up to {largest:.2g}: differences from "
            "what is predicted must be finite. Divide y by some number."
        )
    low, high = limits
    outside = y[(y < low) | (y > high)]
    if outside.size:
        raise ValueError(
            f"y must be in target_range, from {low:g} to {high:g}; got {outside[0]:g}."
        )
