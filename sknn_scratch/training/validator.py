"""Loss and score on validation data, after every epoch."""

from collections.abc import Callable
from math import isfinite

import numpy as np

from ..data import DataSet, Mapped, Scaling
from ..engine import predict_rows
from ..maths import Array, Matrix, Network
from .scoring import check_score


class Validator:
    """Loss and score on validation data, as a function of the parameters.

    Parameters
    ----------
    network : Network
    scaling : Scaling
        What the network is trained in.
    data : DataSet
    score : callable
        ``score(params, output)`` returns the score of what the network gives for ``data``, in the
        unit of y as it came.
    decides : bool
        Whether the score decides when to stop.
    """

    X: Matrix  # standardised, once for all epochs, unless it is mapped
    y: Array  # standardised
    still_to_scale: Scaling | None  # of X

    @np.errstate(over="ignore")
    def __init__(
        self,
        network: Network,
        scaling: Scaling,
        data: DataSet,
        score: Callable[[Array, Array], float],
        decides: bool,
    ) -> None:
        self.network = network
        self.scaling = scaling
        self.data = data
        self.score = score
        self.decides = decides
        self.y = scaling.targets(data.y)
        if isinstance(data.X, Mapped):
            self.X, self.still_to_scale = data.X, scaling.only_inputs()
        else:
            self.X, self.still_to_scale = scaling.inputs(data.X), None

    def __call__(self, params: Array) -> tuple[float, float]:
        """Return loss, in standardised units and without penalty, and score."""
        params = params.astype(self.X.dtype, copy=False)  # training may be in float32, X is not
        a = predict_rows(self.network, params, self.X, self.still_to_scale)
        output = self.scaling.restored(self.network, a)
        if not np.isfinite(output).all():
            return np.nan, np.nan
        losses, weight = self.network.loss(self.y, a), self.data.weight
        if weight is None:
            loss = float(losses.sum()) / len(losses)
        else:
            loss = float(np.average(losses.sum(axis=1), weights=weight))
        score = self.score(params, output)
        check_score(score, self.decides and isfinite(loss))
        return loss, score
