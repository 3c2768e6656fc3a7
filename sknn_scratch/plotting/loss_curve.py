"""A picture of training: the loss, epoch by epoch, drawn as scikit-learn's displays are.

A display takes any estimator with the attributes that it draws, so the curves of MLPRegressor
can stand beside ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .drawing import drawing_axes, find_networks, ink

POINT: dict[str, Any] = {"linestyle": "none", "marker": "o", "zorder": 3}


class LossCurveDisplay:
    """The loss of one or several networks, epoch by epoch.

    Make it with `from_estimator` or `from_estimators`. Parameters are stored as attributes.

    Parameters
    ----------
    loss_curves : list of array-like of shape (n_epochs,)
        The training loss of each network.
    validation_loss_curves : list of (array-like or None), default=None
        Their validation losses, from the first epoch on.
    best_epochs : list of (int or None), default=None
        The epochs whose weights were kept, counted from 1; 0 stands for the initial weights.
    names : list of (str or None), default=None
        The networks' names. A network without one has a colour for each of its curves, a
        network with one has a single colour, which networks of the same name share.
    loss_name : str, default="loss"
        The label of the y-axis.
    epoch_name : str, default="epoch"
        The label of the x-axis.

    Attributes
    ----------
    line_ : Line2D or list of Line2D
        The training loss; a list if there are several networks.
    validation_line_ : Line2D or None, or list of these
        The validation loss; None without validation data.
    best_point_ : Line2D or None, or list of these
        The kept epoch.
    ax_ : Axes
    figure_ : Figure

    See Also
    --------
    NetworkDisplay : What has been learnt.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_diabetes
    >>> from sknn_scratch import LossCurveDisplay, ScratchMLPRegressor
    >>> model = ScratchMLPRegressor((20,), early_stopping=True, max_iter=500, random_state=0)
    >>> model = model.fit(*load_diabetes(return_X_y=True))
    >>> display = LossCurveDisplay.from_estimator(model, ax=Figure().subplots())
    >>> display.line_
    <matplotlib.lines.Line2D object at ...>
    """

    def __init__(
        self,
        *,
        loss_curves: Sequence[Sequence[float]],
        validation_loss_curves: Sequence[Sequence[float] | None] | None = None,
        best_epochs: Sequence[int | None] | None = None,
        names: Sequence[str | None] | None = None,
        loss_name: str = "loss",
        epoch_name: str = "epoch",
    ) -> None:
        self.loss_curves = loss_curves
        self.validation_loss_curves = validation_loss_curves
        self.best_epochs = best_epochs
        self.names = names
        self.loss_name = loss_name
        self.epoch_name = epoch_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        name: str | None = None,
        ax: Any = None,
        log_scale: bool = False,
        line_kwargs: dict[str, Any] | None = None,
    ) -> LossCurveDisplay:
        """Draw the loss curve of a fitted network.

        The training loss includes the penalty and is the mean over the epoch's batches, as they
        came; the validation loss has no penalty and is that at the end of the epoch. With early
        stopping a point marks the epoch whose weights were kept. Without, that is the last
        epoch, and it is not marked.

        Parameters
        ----------
        estimator : estimator
            A fitted network with ``loss_curve_``, or a pipeline that ends in one, a search that
            found one, or a TransformedTargetRegressor that holds one; or an ensemble of such, whose
            members are all drawn in one colour.
        name : str, default=None
            Its name in the legend, if it shares the axes with others.
        ax : Axes, default=None
            Where to draw; None makes a new figure.
        log_scale : bool, default=False
            Whether the axis of the loss is logarithmic.
        line_kwargs : dict, default=None
            Handed to `matplotlib.axes.Axes.plot` for both curves.

        Returns
        -------
        LossCurveDisplay

        Raises
        ------
        TypeError
            If there is no ``loss_curve_``.
        ValueError
            If ``log_scale=True`` and a loss is not above 0.
        """
        return cls._from([estimator], [name], ax, log_scale, line_kwargs)

    @classmethod
    def from_estimators(
        cls,
        estimators: Mapping[str, Any],
        *,
        ax: Any = None,
        log_scale: bool = False,
        line_kwargs: dict[str, Any] | None = None,
    ) -> LossCurveDisplay:
        """Draw the loss curves of several fitted networks, each in a colour of its own.

        Losses compare only if they are of one kind, in one unit: the same ``loss``, and
        ``standardize`` on or off for all. If they are not, the label of the y-axis says so.

        Parameters
        ----------
        estimators : dict of str to estimator
            Names and fitted networks, each as for `from_estimator`.
        ax, log_scale, line_kwargs
            As for `from_estimator`.

        Returns
        -------
        LossCurveDisplay
        """
        if not (isinstance(estimators, Mapping) and estimators):
            raise TypeError(
                f"estimators must be a dict of names to fitted networks, got {estimators!r}."
            )
        return cls._from(estimators.values(), list(estimators), ax, log_scale, line_kwargs)

    @classmethod
    def _from(cls, estimators, names, ax, log_scale, line_kwargs):
        networks, labels = [], []
        for estimator, name in zip(estimators, names):
            members = find_networks(estimator, "loss_curve_", cls.__name__)
            if len(members) > 1:
                name = f"{name or 'ensemble'}, {len(members)} members"
            networks += members
            labels += [name] * len(members)
        display = cls(
            loss_curves=[network.loss_curve_ for network in networks],
            validation_loss_curves=[
                getattr(network, "validation_loss_curve_", None) for network in networks
            ],
            best_epochs=[_kept_epoch(network) for network in networks],
            names=labels,
            loss_name=_loss_name(networks),
            epoch_name=_epoch_name(networks),
        )
        return display.plot(ax, log_scale=log_scale, line_kwargs=line_kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        log_scale: bool = False,
        line_kwargs: dict[str, Any] | None = None,
    ) -> LossCurveDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax, log_scale, line_kwargs
            As for `from_estimator`.

        Returns
        -------
        self : LossCurveDisplay
        """
        n = len(self.loss_curves)
        validations = self.validation_loss_curves or [None] * n
        curves = [curve for curve in (*self.loss_curves, *validations) if curve is not None]
        losses = np.concatenate(curves)
        if log_scale and (losses <= 0).any():
            raise ValueError(f"log_scale=True needs losses above 0, got {np.nanmin(losses)}.")
        ax = drawing_axes(ax, type(self).__name__)
        from matplotlib.ticker import MaxNLocator

        bests, names = self.best_epochs or [None] * n, self.names or [None] * n
        drawn: list[Any] = []
        styles: dict[str | None, dict[str, Any]] = {}
        for network in zip(self.loss_curves, validations, bests, names, strict=True):
            name = network[-1]
            drawn.append(draw_losses(ax, *network, {**styles.get(name, {}), **(line_kwargs or {})}))
            if name:  # what others of that name are drawn in; a label with "_" is in no legend
                styles[name] = {"color": drawn[-1][0].get_color(), "label": f"_{name}"}
        artists: tuple[Any, ...] = drawn[0] if n == 1 else tuple(map(list, zip(*drawn)))
        self.line_, self.validation_line_, self.best_point_ = artists
        if any(names):
            explain_styles(ax, drawn)
        if log_scale:
            ax.set_yscale("log")
        if isinstance(ax.xaxis.get_major_locator(), MaxNLocator):  # not of the user's choice
            ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set(xlabel=self.epoch_name, ylabel=self.loss_name)
        ax.legend()
        self.ax_: Any = ax
        self.figure_: Any = ax.figure
        return self


def _kept_epoch(network):
    """Return the epoch whose weights early stopping has kept, or None."""
    stopped_early = getattr(network, "best_validation_score_", None) is not None
    return getattr(network, "n_iter_best_", None) if stopped_early else None


def _loss_name(networks):
    """Return the label of the y-axis: with the unit, if the networks have it in common."""
    units = {
        (str(getattr(network, "loss", None)), bool(getattr(network, "standardize", False)))
        for network in networks
    }
    if len(units) > 1:
        return "loss (units differ)"
    return "loss (standardised units)" if units.pop()[1] else "loss"


def _epoch_name(networks):
    """Return the label of the x-axis: L-BFGS, which has no `partial_fit`, iterates."""
    names = {"epoch" if hasattr(network, "partial_fit") else "iteration" for network in networks}
    return " or ".join(sorted(names))


def draw_losses(
    ax: Any,
    losses: Sequence[float],
    validation_losses: Sequence[float] | None,
    best_epoch: int | None,
    name: str | None,
    style: dict[str, Any],
) -> tuple[Any, Any, Any]:
    """Draw the losses of one network; return line, validation line and point, each or None."""
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    style = normalize_kwargs(style, Line2D)
    epochs = np.arange(1, len(losses) + 1)
    if len(losses) == 1:  # of which no line can be seen
        style = {"marker": ".", **style}
    (line,) = ax.plot(epochs, losses, **{"label": name or "training", **style})
    validation_line = point = None
    if validation_losses is not None:
        losses = validation_losses[: len(losses)]
        own = {"color": line.get_color()} if name else {"label": "validation"}
        style = {"linestyle": "--", **own, **style}
        (validation_line,) = ax.plot(epochs[: len(losses)], losses, **style)
    if best_epoch is not None:
        style = {"color": (validation_line or line).get_color()}
        if not name:
            style["label"] = f"kept: epoch {best_epoch}" if best_epoch else "kept: initial weights"
        point = _mark(ax, best_epoch, losses, style)
    return line, validation_line, point


def _mark(ax, epoch, losses, style):
    """Draw a point on the curve at ``epoch``, or on the axis below if it has no loss there."""
    place, loss = {"transform": ax.get_xaxis_transform(), "clip_on": False}, 0
    if 0 < epoch <= len(losses) and np.isfinite(losses[epoch - 1]):
        place, loss = {}, losses[epoch - 1]
    style = {**POINT, "markerfacecolor": ink(ax, 0), **style}
    (point,) = ax.plot(epoch, loss, **place, **style, markersize=8, markeredgewidth=2)
    return point


def explain_styles(ax: Any, drawn: Sequence[tuple[Any, Any, Any]]) -> None:
    """Put into the legend, once, what solid and dashed lines and points stand for."""
    point = {**POINT, "markerfacecolor": ink(ax, 0)}
    styles = {"training": {}, "validation": {"linestyle": "--"}, "kept epoch": point}
    labels = ax.get_legend_handles_labels()[1]
    of_each_kind = list(zip(*drawn))
    if any(of_each_kind[1]):  # else there are no lines of validation to be told apart
        for artists, (label, style) in zip(of_each_kind, styles.items()):
            if label not in labels and any(artists):
                ax.plot([], [], color=ink(ax, 0.6), label=label, **style)
