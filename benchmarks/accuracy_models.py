"""Who competes: networks of ours with no setting per data set, and peers at their defaults.

Each is a function of the training data that returns a function of the inputs to test on, which
returns an `Answer`. Peers are imported when they are asked for.
"""

from dataclasses import dataclass

import numpy as np

COVERAGE = 0.9


@dataclass
class Answer:
    """Predictions, and what is said of their uncertainty (None, where nothing is).

    Attributes
    ----------
    prediction : ndarray of shape (n,)
    interval : ndarray of shape (n, 2) or None
        It should hold 90% of the targets.
    std : ndarray of shape (n,) or None
        The standard deviation of a normal distribution about the prediction.
    """

    prediction: np.ndarray
    interval: np.ndarray = None
    std: np.ndarray = None


def default(X, y, seed, n_jobs):
    """`ScratchMLPRegressor` at its defaults, which are those of MLPRegressor on scaled data."""
    from sknn_scratch import ScratchMLPRegressor

    model = ScratchMLPRegressor(random_state=seed).fit(X, y)
    return lambda X: Answer(model.predict(X))


def recommended(X, y, seed, n_jobs):
    """One network with `recommended_parameters`."""
    from sknn_scratch import ScratchMLPRegressor, recommended_parameters

    model = ScratchMLPRegressor(**recommended_parameters(*X.shape), random_state=seed).fit(X, y)
    return lambda X: Answer(model.predict(X))


def ensemble(X, y, seed, n_jobs):
    """`ScratchMLPEnsembleRegressor` at its defaults."""
    from sknn_scratch import ScratchMLPEnsembleRegressor

    model = ScratchMLPEnsembleRegressor(random_state=seed, n_jobs=n_jobs).fit(X, y)

    def answer(X):
        prediction, std = model.predict(X, return_std=True)
        return Answer(prediction, model.predict_interval(X, COVERAGE), std)

    return answer


def sklearn(X, y, seed, n_jobs):
    """MLPRegressor, with X and y standardised by hand."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipeline = make_pipeline(StandardScaler(), MLPRegressor(random_state=seed))
    model = TransformedTargetRegressor(pipeline, transformer=StandardScaler()).fit(X, y)
    return lambda X: Answer(model.predict(X))


def forest(X, y, seed, n_jobs):
    """RandomForestRegressor; intervals from its out-of-bag predictions."""
    from sklearn.ensemble import RandomForestRegressor

    model = RandomForestRegressor(oob_score=True, random_state=seed, n_jobs=n_jobs).fit(X, y)
    error = y - model.oob_prediction_
    bounds = np.quantile(error, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])

    def answer(X):
        prediction = model.predict(X)
        std = np.full(len(prediction), np.sqrt(np.mean(error**2)))
        return Answer(prediction, prediction[:, np.newaxis] + bounds, std)

    return answer


def boosting(X, y, seed, n_jobs):
    """HistGradientBoostingRegressor; intervals from two more, of the pinball loss."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    levels = (1 - COVERAGE) / 2, (1 + COVERAGE) / 2
    quantiles = [{"loss": "quantile", "quantile": level} for level in levels]
    mean, *bounds = (
        HistGradientBoostingRegressor(random_state=seed, **loss).fit(X, y)
        for loss in [{}, *quantiles]
    )
    return lambda X: Answer(
        mean.predict(X), np.sort(np.column_stack([bound.predict(X) for bound in bounds]))
    )


def realmlp(X, y, seed, n_jobs):
    """RealMLP_TD_Regressor of pytabkit."""
    from pytabkit import RealMLP_TD_Regressor

    model = RealMLP_TD_Regressor(random_state=seed, device="cpu").fit(X, y)
    return lambda X: Answer(np.ravel(model.predict(X)))


OURS = {"default": default, "recommended": recommended, "ensemble": ensemble}
PEERS = {"sklearn": sklearn, "forest": forest, "boosting": boosting, "realmlp": realmlp}
NEEDS = {"realmlp": "pytabkit"}  # what else must be installed
