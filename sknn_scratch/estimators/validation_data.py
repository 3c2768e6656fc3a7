"""Validation data of the user's own: checked; and the score of an estimator on any."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

from numpy.typing import DTypeLike
from sklearn.metrics import check_scoring
from sklearn.utils.validation import validate_data

from ..data import DataSet, check_dense
from ..maths import Array, Network
from ..training import (
    Arrays,
    Trainer,
    TrainingState,
    can_be_scored,
    likelihood_score,
    make_score,
)


def check_validation(
    estimator: Any,
    validation: tuple[Any, Any, Any],
    network: Network,
    dtype: DTypeLike,
    gaps: Any = None,
) -> DataSet:
    """Return validation data as a `DataSet`."""
    validate = partial(validate_data, estimator, reset=False)
    try:
        data = Arrays(*validation, "_val").check(validate, network.loss, [dtype], gaps)
        check_dense(data.X, network.embedding)
        n_outputs = network.loss.n_outputs(data.y.shape[1])
    except ValueError as error:
        raise ValueError(f"X_val, y_val, sample_weight_val: {error}") from error
    if n_outputs != network.sizes[-1]:
        n_targets = network.sizes[-1] // network.loss.n_outputs(1)
        raise ValueError(f"y_val has {data.y.shape[1]} columns, y has {n_targets}.")
    return data


def make_scorer(
    estimator: Any, trainer: Trainer, state: TrainingState, data: DataSet
) -> Callable[[Array, Array], float]:
    """Return the function of parameters and output that scores an estimator on a data set.

    It is a scorer of scikit-learn's where ``scoring`` asks for one: it is handed a copy of the
    estimator that predicts by the parameters, in the scaling that ``state`` has by then.
    ValueError if all sample weights are zero.
    """
    weight = data.weight
    if weight is not None and weight.max() == 0:
        which = "y is nan in all" if data.per_target else "sample_weight is zero for all"
        raise ValueError(f"{which} samples of the validation set.")
    if data.per_target and estimator.scoring is not None:
        raise ValueError(
            "scoring must be None where missing_targets='ignore' and y of the validation set has "
            f"nan, which scorers do not take; got {estimator.scoring!r}."
        )
    if estimator.scoring is None:
        loss = trainer.network.loss
        std = loss.std
        if std and can_be_scored(data.y, weight):
            gaussian = partial(likelihood_score, data.y, sample_weight=data.row_weight)
            return lambda params, output: gaussian(loss.predict(output), std(output))
        of_predictions = make_score(loss, data.y, weight)
        return lambda params, output: of_predictions(loss.predict(output))
    scorer: Any = check_scoring(estimator, scoring=estimator.scoring)
    X, y = data.inputs(), data.target()
    weights = {} if weight is None else {"sample_weight": weight}

    def score(params, output):
        model = copy.copy(estimator)
        model._network, model._scaling = trainer.network, state.scaling
        model._params = params.astype(data.X.dtype)  # a copy: training goes on in them
        vars(model).pop("feature_names_in_", None)  # it is handed arrays
        try:
            return scorer(model, X, y, **weights)
        except ValueError as error:
            raise ValueError(f"scoring={estimator.scoring!r}: {error}") from error

    return score
