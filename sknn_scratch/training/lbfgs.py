"""Training by L-BFGS, on the whole training set at once."""

from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np
from scipy.optimize import minimize

from ..components import Settings
from ..engine import FullBatch, quiet_blas
from ..maths import Array
from .baseline import Baseline, is_about, is_no_better
from .run import Run

FTOL = 2.220446049250313e-09  # SciPy's default: the least change of the loss, relative to it or 1
FINER = 1e-4  # the part of ``tol`` with which L-BFGS goes on from a plateau
ABNORMAL = 2  # the status where no lower point is found along the line
PERTURBATION = 0.1  # standard deviation of what moves the weights, relative to their own size


class Stop(Exception):
    """L-BFGS shall stop: validation no longer improves, or a callback asks for it."""


@dataclass
class LBFGSDescent:
    """SciPy's L-BFGS-B on one objective, perhaps in several stretches that share their limits."""

    objective: FullBatch
    run: Run  # its state is changed in place, by each iteration
    # of all stretches, at most
    max_iter: int
    max_fun: int
    # what the loss is measured by: see `unit_of_loss`
    power: float
    unit: float
    n_iter: int = 0
    n_fun: int = 0

    def go_on(self, vector: Array, gtol: float, ftol: float) -> Any:
        """Return SciPy's result of a stretch that begins at ``vector``."""
        options = {
            "maxiter": self.max_iter - self.n_iter,
            "maxfun": self.max_fun - self.n_fun,
            "gtol": gtol * self.unit,
            "ftol": ftol * self.unit,
        }
        result = minimize(
            self.scaled_objective,
            vector,
            method="L-BFGS-B",
            jac=True,
            callback=self.iteration_ends,
            options=options,
        )
        # then SciPy has the gradient at x, but the loss of the last point tried; nan: a divergence
        if result.status == ABNORMAL and np.isfinite(result.fun):
            result.fun, _ = self.scaled_objective(result.x)
        self.n_iter += result.nit
        self.n_fun += result.nfev
        return result

    def scaled_objective(self, vector: Array) -> tuple[float, Array]:
        """Return loss and gradient, divided by a power of two."""
        loss, gradient = self.objective(vector)
        if self.run.first_loss is None:
            self.run.first_loss = loss
        return loss / self.power, gradient / self.power

    def iteration_ends(self, vector: Array) -> None:
        """Take note of an iteration; ``vector`` is what the objective was last computed at."""
        run = self.run
        run.state.params[...] = vector
        run.epoch_end(self.objective.loss, run.state.params)
        if run.stopped:
            raise Stop
        if run.stopping.monitor and run.stopping.at_plateau():
            run.note(f"{run.stopping.plateau_message()} Stopping.")
            raise Stop
        if run.state.history.n_iter < self.max_iter:
            run.epoch_begin()

    @property
    def is_left(self) -> bool:
        """Whether more iterations and evaluations are allowed."""
        return self.n_iter < self.max_iter and self.n_fun < self.max_fun

    def is_stuck(self, result: Any, baseline: Baseline) -> bool:
        """Return True if a result is about that of a constant, or of a linear model."""
        loss = float(result.fun) * self.power
        return is_no_better(loss, baseline.constant) or is_about(loss, baseline.linear)

    def leave_plateau(self, result: Any, tol: float, baseline: Baseline) -> Any:
        """Return a result no worse than that of a plateau, where the gradient is small.

        It comes from going on with a smaller ``tol`` and, if that leads nowhere, from moving the
        weights a little.
        """
        result = self.go_on(result.x, FINER * tol, 0)
        if self.is_left and self.is_stuck(result, baseline):
            moved = self.go_on(nearby(result.x), FINER * tol, 0)
            result = moved if moved.fun < result.fun else result
        stays = result.status == ABNORMAL and self.is_stuck(result, baseline)
        if stays or np.abs(result.jac).max() <= tol * self.unit:  # converged, as it had before
            result.status = 0
        return result


def train_lbfgs(
    objective: FullBatch, run: Run, settings: Settings, baseline: Baseline
) -> str | None:
    """Train by L-BFGS; return what kept training from converging, or None.

    Changes the state of ``run`` in place. It has converged if no component of the gradient exceeds
    ``tol``, or if the loss no longer changes.

    With standardize=False all is as in MLPRegressor. Else, where training came to no better than a
    constant, or to what a linear model has, its gradient may be small although it is no minimum,
    and training goes on.
    """
    solver: Any = settings.solver  # which has more than others
    constant = baseline.constant if settings.standardize else None
    power, unit = unit_of_loss(constant)
    descent = LBFGSDescent(objective, run, settings.max_iter, solver.max_fun, power, unit)
    run.epoch_begin()
    try:
        with quiet_blas(objective.largest_product):
            result = descent.go_on(run.state.params.astype(np.float64), settings.tol, FTOL)
            goes_on = settings.standardize and result.status == 0 and descent.is_left
            if goes_on and descent.is_stuck(result, baseline):
                result = descent.leave_plateau(result, settings.tol, baseline)
    except Stop:
        return None
    run.end_at(float(result.fun) * descent.power, result.x)
    run.by_tol = result.status == 0
    return None if run.by_tol else not_converged(result, descent, settings.standardize)


def nearby(vector: Array) -> Array:
    """Return a vector moved a little, always in the same direction."""
    size = np.sqrt(np.mean(vector**2))
    noise = np.random.RandomState(0).normal(size=vector.shape)
    return vector + PERTURBATION * size * noise


def unit_of_loss(constant: float | None) -> tuple[float, float]:
    """Return what L-BFGS measures the loss by, twice that of the best constant prediction.

    That is a product of two factors. By the first, a power of two, loss and gradient are divided:
    that changes no digit, and so no step. The tolerances are multiplied by the second.
    """
    if constant is None or not constant > 0:
        return 1.0, 1.0
    power = 2.0 ** round(log2(2 * constant))
    return power, 2 * constant / power


def not_converged(result: Any, descent: LBFGSDescent, is_standardized: bool | str) -> str:
    """Return what is to be said of a result of L-BFGS that is not a minimum."""
    advice = ""
    if descent.n_iter >= descent.max_iter:
        advice = f" Increase the number of iterations (max_iter={descent.max_iter})."
    elif descent.n_fun >= descent.max_fun:
        advice = f" Increase the number of evaluations (max_fun={descent.max_fun})."
    if not is_standardized:
        advice += (
            " You might also want to scale the data as shown in: "
            "https://scikit-learn.org/stable/modules/preprocessing.html"
        )
    return (
        f"lbfgs failed to converge after {descent.n_iter} iteration(s) (status={result.status}): "
        f"{result.message}.{advice}"
    )
