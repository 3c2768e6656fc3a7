"""Loss and score on validation data, after every epoch."""

from collections.abc import Callable
from math import isfinite

import numpy as np

from ..data import Apart, DataSet, Scaling, may_lose_digits
from ..engine import predict_rows
from ..maths import Array, Network
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
        ``score(params, output, apart)`` returns the score of what the network gives for ``data``.
        The parameters are those for unscaled X and y, and so is the output; ``apart`` is what
        to predict by in their place, or None.
    decides : bool
        Whether the score decides when to stop.
    """

    y: Array  # standardised
    is_scaled: bool
    may_lose_digits: bool

    def __init__(
        self,
        network: Network,
        scaling: Scaling,
        data: DataSet,
        score: Callable[[Array, Array, Apart | None], float],
        decides: bool,
    ) -> None:
        self.network = network
        self.scaling = scaling
        self.data = data
        self.score = score
        self.decides = decides
        self.y = scaling.targets(data.y)
        self.is_scaled = not scaling.is_identity
        self.may_lose_digits = may_lose_digits(scaling, data.X.dtype)

    def __call__(self, params: Array) -> tuple[float, float]:
        """Return loss, in standardised units and without penalty, and score."""
        apart = Apart.of(self.network, self.scaling, params) if self.may_lose_digits else None
        params = self.scaling.fold(self.network, params) if self.is_scaled else params
        output = predict_rows(self.network, params, self.data.X, apart)
        if not np.isfinite(output).all():
            return np.nan, np.nan
        scaled = self.scaling.outputs(self.network, output) if self.is_scaled else output
        losses, weight = self.network.loss(self.y, scaled), self.data.weight
        if weight is None:
            loss = float(losses.sum()) / len(losses)
        else:
            loss = float(np.average(losses.sum(axis=1), weights=weight))
        score = self.score(params, output, apart)
        check_score(score, self.decides and isfinite(loss))
        return loss, score
