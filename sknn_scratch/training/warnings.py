"""What training has to warn of, before it and after it: it may have ended too early, or in vain.

Training that `tol` has ended is said to have converged, and yet may have come to nothing. Either
the loss still fell, by less than ``tol`` an epoch: that is a small part of the loss at first, and
a large part of what may be left of it in the end (under early stopping, that is validation loss or
score). Or the loss is no less than that of the best constant prediction, the mean of y for the
squared error. A network begins with learning that, which leaves small slopes everywhere, and only
then finds out what X is good for. L-BFGS may stop at the best linear model for the same reason;
where it is the penalty that keeps a network linear, there is nothing to say.

A loss that ends above that of the best constant, or rises to there, is warned of whatever has
ended training.
"""

import contextlib
import inspect
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import floor, log10
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from ..components import Settings
from ..data import DataSet, Moments, Scaling, is_per_target, takes_factor
from ..maths import Array, Network, SquaredError
from ..tracing import is_ours
from .baseline import MARGIN, Baseline, is_about, is_no_better
from .run import Run

# What a warning is not to point at: this package, and what calls its functions for the user.
PACKAGES = __name__.partition(".")[0], "sklearn", "joblib", "numpy"
SPECS = [spec for name in PACKAGES if (spec := find_spec(name))]
FOLDERS = (f"{Path(spec.origin or '').parent}{os.sep}" for spec in SPECS)
INSIDE = (*FOLDERS, contextlib.__file__)  # which NumPy 1 decorates functions by
FAR_WEIGHT = 100  # a mean weight larger than that, or smaller than its inverse, is doubted
STRONG = 0.1  # the penalty from which on a mean weight can be too large: less does little anyway
FAR = 100.0  # by what factor the targets may be off 1
FAR_OUTSIDE = 10.0  # how many standard deviations from the first batch a later one may lie
OUT_OF_REACH = 0.5  # standard deviations by which the mean of the targets is beyond all outputs
OF_ALL_SIZES = np.r_[-1e300, np.linspace(-10, 10, 401), 1e300][:, np.newaxis]  # what enters it
ROUNDED = 1e-6  # of what is a number of single precision
FAR_FROM_ZERO = 30.0  # standard deviations from which on a column that is not centred is lost
ROUNDING = 1e-14  # of what a constant is
LOST = 1e-4  # of the standard deviation: so close are values that hardly differ, standardised
ROWS = 64  # of the training set, on which something is looked at
SOME = 30  # rows of a first batch, whose mean may be that of all
FALLS = 0.05  # the part of the loss that it falls by, if it still falls
NOTHING_LEFT = 1e-8  # of the loss of the best constant: there is no use in less
LITTLE_LEFT = 1e-4  # the same for L-BFGS, which near a minimum finds most of the rest in a step
BEGIN_OTHERWISE = (
    "Begin with a batch that is a sample of all rows, or standardise beforehand and set "
    "standardize=False."
)


def warn_caller(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost line outside of this package and scikit-learn.

    So a warning of `fit` points at the line that called it, or at the one that called
    `Pipeline.fit` or `fit_with_checkpoints`. In a process of joblib's, where the user has no line,
    it points at the one that started the work.
    """
    level = 1
    frame: Any = inspect.currentframe()
    while frame.f_code.co_filename.startswith(INSIDE) and frame.f_back is not None:
        level, frame = level + 1, frame.f_back
    warnings.warn(text, category, stacklevel=level)


def warn_of_weights(alpha: float, mean_weight: float, data: DataSet) -> None:
    """Warn of weights so small that the penalty is large, or so large that it is none."""
    weight = data.weight
    if is_per_target(weight):  # those of what was not measured are 0, and say nothing
        measured = data.of_chosen(weight)
        measured = measured[measured > 0]
        mean_weight = measured.mean() if measured.size else 1.0
    too_large = mean_weight > FAR_WEIGHT and alpha >= STRONG
    if too_large and isinstance(weight, np.ndarray):  # and not by a few heavy rows alone
        too_large = np.median(weight[weight > 0]) > FAR_WEIGHT
    if (alpha > 0 and mean_weight < 1 / FAR_WEIGHT) or too_large:
        warn_caller(
            f"sample_weight has a mean of {mean_weight:.2g}. The penalty is not weighted, and acts "
            f"as alpha={alpha / mean_weight:.2g} would with weights of mean 1: divide the weights "
            "by their mean if only their ratios are to matter."
        )


def warn_of_first_rows(
    network: Network, scaling: Scaling, data: DataSet, settings: Settings
) -> None:
    """Warn of what is odd in the rows that training begins with: they decide on its scaling."""
    if not settings.incremental or len(data) >= SOME:
        warn_of_reach(network, data)
    if not settings.standardize:
        return
    warn_of_unit(network, data)
    warn_of_lost_digits(network, scaling, data)
    warn_of_far_from_zero(data)
    if settings.incremental:
        warn_of_first_batch(scaling, data)


def warn_of_unit(network: Network, data: DataSet) -> None:
    """Warn of targets that are far from 1 and cannot be standardised."""
    if network.loss.rescaling is None or takes_factor(network):
        return
    size = data.statistics("y").root_mean_square()
    if not ((size > 1 / FAR) & (size < FAR) | (size == 0)).all():
        warn_caller(
            f"y cannot be standardised with {network.loss!r}, out_activation="
            f"{network.activations[-1]!r} and fit_intercept={network.fit_intercept}, and is about "
            f"{size.max():.2g}: alpha, tol and the learning rate are for a y near 1. Divide y by "
            "its mean or standard deviation (and the bounds of the output, if it has any)."
        )


def warn_of_reach(network: Network, data: DataSet) -> None:
    """Warn of targets whose mean an output of this package cannot be, nor come near to."""
    f = network.activations[-1]
    any_number = f.scaling == "linear" or not is_ours(type(f))
    if any_number or network.sizes[-1] != data.y.shape[1]:
        return
    with np.errstate(all="ignore"):
        outputs = f(OF_ALL_SIZES.copy())
    low, high = (
        end if abs(end) < 1e100 else np.copysign(np.inf, end)
        for end in (outputs.min(), outputs.max())
    )
    if np.isinf([low, high]).all():
        return
    moments = data.statistics("y")
    off = np.maximum(low - moments.mean_, moments.mean_ - high)
    far = moments.mean_[off > OUT_OF_REACH * moments.std_ + ROUNDED * np.abs(moments.mean_)]
    if len(far):
        warn_caller(
            f"y has a mean of {far[0]:.3g}, and out_activation={f!r} gives values between "
            f"{low:g} and {high:g}: bring y into that range, or take another output, such as "
            "Bounded(low, high) or 'identity'.",
            ConvergenceWarning,
        )


def advice_on_domain(network: Network) -> str:
    """Return what to say of a divergence, if the loss is for positive predictions alone."""
    loss, f = network.loss, network.activations[-1]
    if loss.in_domain(np.array(-1.0)) or f(np.array([[-1.0]])) > 0:
        return ""
    return (
        f" {loss!r} is for predictions above 0, and out_activation={f!r} gives others too: try "
        f"out_activation={loss.out_activation!r}."
    )


def warn_of_lost_digits(network: Network, scaling: Scaling, data: DataSet) -> None:
    """Warn of columns in which a few huge values leave others nearly alike."""
    scales = {"y": (scaling.y_shift, scaling.y_scale)} if takes_factor(network) else {}
    if not sparse.issparse(data.X):
        scales["X"] = scaling.x_shift, scaling.x_scale
    samples = [np.sort(np.asarray(data.sample(name, ROWS)), axis=0) for name in scales]
    alike = []
    for values, (name, (shift, scale)) in zip(samples, scales.items()):
        low, middle, high = (values[len(values) * i // 4] for i in (1, 2, 3))
        with np.errstate(over="ignore"):
            is_lost = (low < high) & (high - low < LOST * scale) & np.isfinite(scale)
            alike += column_names(name, is_lost & (np.abs(middle - shift) < scale / 2))
    if alike:
        warn_caller(
            f"{listed(alike)} nearly the same in most rows, beside a few of another size: "
            "standardised, the many differ by next to nothing, and little can be learnt of them. "
            "Drop or clip the few, or take logarithms."
        )


def warn_of_far_from_zero(data: DataSet) -> None:
    """Warn of columns of sparse X that vary little for how far they are from zero."""
    if not sparse.issparse(data.X):
        return
    moments = Moments.of(data.sample("X", ROWS))
    with np.errstate(over="ignore"):
        distance, std = np.abs(moments.mean_), moments.std_
        far = column_names("X", (std > ROUNDING * distance) & (distance > FAR_FROM_ZERO * std))
    if far:
        warn_caller(
            f"{listed(far)} more than {FAR_FROM_ZERO:g} standard deviations from zero. Sparse X is "
            "not centred, so training hardly sees them vary: subtract the mean beforehand "
            "(StandardScaler, in a ColumnTransformer), or give X.toarray()."
        )


def warn_of_first_batch(scaling: Scaling, data: DataSet) -> None:
    """Warn of columns that are constant in the first of several batches.

    Columns of sparse X that are empty are no surprise.
    """
    left_out = np.isinf(scaling.x_scale) & (not sparse.issparse(data.X))
    constant = column_names("X", left_out) + column_names("y", scaling.y_scale == 0)
    if constant:
        warn_caller(
            f"{listed(constant)} constant in the first batch: a column of X is left out, and a "
            "constant y predicted, until a batch in which it varies, which then decides what it is "
            f"standardised by. {BEGIN_OTHERWISE}"
        )


def warn_of_scaling(network: Network, scaling: Scaling, data: DataSet) -> None:
    """Warn of columns that lie far from the rows that the scaling was taken of."""
    standardised = {"X": scaling.inputs(data.sample("X", ROWS))}
    if takes_factor(network):  # else y is trained on as it comes
        standardised["y"] = scaling.targets(data.sample("y", ROWS))
    distances = {name: abs(Z).mean(axis=0) for name, Z in standardised.items()}
    far = [
        column for name, d in distances.items() for column in column_names(name, d > FAR_OUTSIDE)
    ]
    if far:
        power = np.floor(np.log10(max(d.max() for d in distances.values())))  # may be inf
        warn_caller(
            f"{listed(far)} more than {10**power:g} standard deviations from the mean of the first "
            f"batch, by which all are standardised. {BEGIN_OTHERWISE}"
        )


def warn_of_new_units(before: Scaling, now: Scaling) -> None:
    """Warn of columns that a warm start standardises anew."""
    of_x = (now.x_shift != before.x_shift) | (now.x_scale != before.x_scale)
    of_y = (now.y_shift != before.y_shift) | (now.y_scale != before.y_scale)
    changed = column_names("X", of_x) + column_names("y", of_y)
    if changed:
        warn_caller(
            f"{listed(changed)} far from what warm_start goes on from, as in another unit, and "
            "standardised anew. Training begins at the weights as they are, for standardised data; "
            "to begin at new ones, set warm_start=False."
        )


def column_names(name: str, chosen: Array) -> list[str]:
    """Return what the chosen columns of an array are called."""
    return [f"{name}[:, {i}]" for i in np.flatnonzero(chosen)]


def listed(names: Sequence[str]) -> str:
    """Return names, of which the first few will do, as the beginning of a sentence."""
    more = f" and {len(names) - 3} more columns" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more} {'is' if len(names) == 1 else 'are'}"


# --- the end of training ---


@dataclass
class Ending:
    """What a training has ended at, and what there is to warn of in it: texts, "" for nothing."""

    run: Run
    network: Network
    settings: Settings
    batches_per_row: float  # of an epoch: the penalty is a part of the loss of each batch
    baseline: Baseline

    @np.errstate(all="ignore")  # of weights that are too large
    def warn(self) -> None:
        run = self.run
        # of an end by `max_iter` a warning tells: more only where more epochs would not help
        if not (run.by_tol or self.has_risen) and (run.warning or run.stopped):
            return
        penalty, text = self.penalty, ""
        if run.by_tol:
            stochastic = self.settings.solver.stochastic
            ended = self.batches_ended if stochastic else self.lbfgs_ended
            text = ended(self.kept_loss - penalty)
        loss = (run.state.history.loss if self.has_risen else self.kept_loss) - penalty
        constant = self.baseline.constant
        is_above = loss > constant + MARGIN * abs(constant)
        if not text and is_above and not any(self.settings.dropout):  # which adds to the loss
            text = self.above(loss)
        if text:
            warn_caller(text, ConvergenceWarning)

    @property
    def weights(self) -> list[Array]:
        """The weights that training has ended with."""
        return [W for W, _ in self.network.layers(self.run.state.params)]

    @property
    def penalty(self) -> float:
        """The part of the loss that is the penalty."""
        squares = sum((W * W).sum(dtype=np.float64) for W in self.weights)
        return self.settings.alpha / self.run.state.mean_weight / 2 * squares * self.batches_per_row

    @property
    def slope_of_penalty(self) -> float:
        """The largest derivative of the penalty."""
        largest = max(float(np.abs(W).max(initial=0)) for W in self.weights)
        return self.settings.alpha / self.run.state.mean_weight * largest * self.batches_per_row

    @property
    def kept_loss(self) -> float:
        """The loss of the epoch whose parameters are kept; of the first if no epoch's are."""
        history, best = self.run.state.history, self.run.state.best
        if self.settings.monitor and history.losses:
            return history.losses[max(best.epoch, 1) - 1]
        return history.loss

    @property
    def has_risen(self) -> bool:
        """Whether the loss ended above that of the first epoch."""
        first = self.run.first_loss
        return first is not None and self.run.state.history.loss > first + MARGIN * abs(first)

    def batches_ended(self, loss: float) -> str:
        """Return what to say where `tol` has ended mini-batches, at a loss without penalty."""
        # well above the constant they have not come so far as to be stuck there (see `above`); and
        # early stopping has to keep the constant, if all else is worse
        is_stuck = is_about(loss, self.baseline.constant) and not self.settings.monitor
        stuck = self.stuck(loss, self.best_constant, self.baseline.constant) if is_stuck else ""
        return self.late_fall() or stuck

    def lbfgs_ended(self, loss: float) -> str:
        """Return what to say where `tol` has ended L-BFGS, at a loss without penalty."""
        settings, baseline = self.settings, self.baseline
        if is_no_better(loss, baseline.constant):  # where it has tried to go on
            return self.stuck(loss, self.best_constant, baseline.constant)
        still_falling = self.late_fall()
        if still_falling:
            return still_falling
        # In a minimum the slopes of loss and penalty cancel; on a plateau both are small, in the
        # unit in which L-BFGS has the tolerance. What the penalty keeps linear is no plateau.
        is_held = self.slope_of_penalty > settings.tol * 2 * baseline.constant
        if settings.standardize and is_about(loss, baseline.linear) and not is_held:
            return self.stuck(loss, "by a linear model", baseline.linear)
        return ""

    def late_fall(self) -> str:
        """Return what to say if the loss fell by much in the last epochs.

        Much is more than 5% of the loss; under early stopping of the validation loss, or of 1 plus
        the validation score. Of L-BFGS, which goes by the gradient, the last iteration counts, but
        none under early stopping. Nothing with standardize=False, where training stops and warns as
        MLPRegressor does; and with tol=0, where no slope is left.
        """
        settings, stochastic = self.settings, self.settings.solver.stochastic
        if not (settings.standardize and settings.tol) or (settings.monitor and not stochastic):
            return ""
        losses = self.monitored_losses()
        n_epochs = settings.n_iter_no_change if stochastic else 1
        if not n_epochs < len(losses):
            return ""
        before = min(losses[:-n_epochs])  # the least of several, which noise does not lower
        by = before - min(losses[-n_epochs:])
        if settings.monitor == "score":
            is_much = by > FALLS * (1 + abs(before))
        else:
            worth = (NOTHING_LEFT if stochastic else LITTLE_LEFT) * self.baseline.constant
            is_much = by > FALLS * abs(before) and before - by > worth
        return self.still_falling(n_epochs, by, before, losses[-1]) if is_much else ""

    def monitored_losses(self) -> list[float]:
        """Return, for the epochs of the last call, what decides when to stop: the less the better.

        For L-BFGS, that at which it started comes first.
        """
        history, monitor = self.run.state.history, self.settings.monitor
        if monitor == "score":
            curve = [-score for score in history.validation_scores]
        else:
            curve = history.validation_losses if monitor else history.losses
        curve = curve[len(curve) - history.n_iter :]
        if self.settings.solver.stochastic or self.run.first_loss is None:
            return curve
        return [self.run.first_loss, *curve]

    def still_falling(self, n_epochs: int, by: float, before: float, last: float) -> str:
        """Return that the loss still fell, or the score rose."""
        monitor, tol = self.settings.monitor, self.settings.tol
        smaller, period = tol / 10, "the last iteration"
        if self.settings.solver.stochastic:
            smaller = min(by / n_epochs, tol) / 10
            period = f"the last {n_epochs} epochs"
        beginning = f"Training stopped by tol={tol:g} while "
        advice = f"Try tol={10.0 ** floor(log10(smaller)):g}"
        if monitor == "score":
            return (
                f"{beginning}the validation score still rose: by {by:.2g} in {period}, to "
                f"{-last:.3g}. {advice}."
            )
        whose = "the validation" if monitor else "its"
        more = "." if monitor else ", or early_stopping if the loss on new data does not fall."
        return (
            f"{beginning}{whose} loss still fell: by {by / abs(before):.0%} in {period}, "
            f"to {last:.3g}. tol is in the unit of that loss, which is for standardised y: to "
            f"predict {self.best_constant} has a loss of {self.baseline.constant:.3g}. "
            f"{advice}{more}"
        )

    def stuck(self, loss: float, simple: str, its_loss: float) -> str:
        """Return that what training came to is no better than a simple prediction."""
        advice = "What may leave it: a smaller tol"
        if self.settings.solver.stochastic:
            advice = (
                "Where the loss is flat for a while, n_iter_no_change=np.inf and a larger max_iter "
                "go on. What may leave it sooner: a larger learning_rate_init"
            )
        return (
            f"Training stopped by tol={self.settings.tol:g} at a loss of {loss:.3g} (without "
            f"penalty), no better than to predict {simple}, which has {its_loss:.3g}. {advice}, "
            "another random_state, n_init > 1, activation='relu' or 'tanh', fewer layers, a "
            "smaller alpha. Or X says nothing (more) about y."
        )

    def above(self, loss: float) -> str:
        """Return that training ended above the loss of the best constant."""
        advice = (
            "It has not even come that far: try a larger learning_rate_init, n_iter_no_change or "
            "max_iter, or a smaller tol"
        )
        if self.has_risen:
            start = self.run.first_loss
            advice = f"It has risen from {start:.3g}: try a smaller learning_rate_init"
        return (
            f"Training ended at a loss of {loss:.3g} (without penalty), above "
            f"the {self.baseline.constant:.3g} of predicting {self.best_constant}. {advice}. "
            "If a loss, an activation or a solver is your own, compare its derivative by "
            "check_gradient."
        )

    @property
    def best_constant(self) -> str:
        """What the best constant prediction is called."""
        return "the mean" if type(self.network.loss) is SquaredError else "the best constant"
