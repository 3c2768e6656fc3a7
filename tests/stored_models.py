"""The models in tests/data, as they were stored in each layout; run this file to store them.

    python -m tests.stored_models

It needs the oldest supported NumPy (.ci/oldest.txt): newer ones read its pickles, but not the
other way round. Beside the models it writes what they predict, and what comes of one more call
of `partial_fit`, where they have it.
"""

import json
import pickle
from pathlib import Path

import numpy as np

from sknn_scratch import Bounded, LeakyReLU, Quantile, ScratchMLPRegressor
from sknn_scratch.estimators.base import LAYOUT

DATA = Path(__file__).parent / "data"


def make_data():
    """Return X (40, 3) and y > 0."""
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, size=(40, 3))
    return X, np.exp(X[:, 0] - X[:, 1] * X[:, 2])


def make_models():
    """Return fitted models by name: between them, they have all that a model can hold."""
    X, y = make_data()
    adam = ScratchMLPRegressor(
        (4,), early_stopping=True, dropout=0.25, tol=0.01, n_iter_no_change=5, random_state=0
    )
    sgd = ScratchMLPRegressor(
        (3, 2),
        activation=["tanh", LeakyReLU(0.1)],
        solver="sgd",
        loss="poisson",
        learning_rate="invscaling",
        random_state=np.random.RandomState(0),
    )
    lbfgs = ScratchMLPRegressor(
        (3,),
        activation="gelu",
        solver="lbfgs",
        loss=Quantile([0.1, 0.5, 0.9]),
        out_activation=Bounded(0, 10),
        fit_intercept=False,
        alpha=1,
        max_iter=500,
        random_state=0,
    )
    weight = np.linspace(0, 1, len(y))
    for _ in range(3):
        sgd.partial_fit(X.astype(np.float32), y, weight)
    return {
        "adam, early stopping, dropout": adam.fit(X, y),
        "sgd, float32, weighted, partial_fit": sgd,
        "lbfgs, quantiles, bounded": lbfgs.fit(X, y),
    }


def figures(model):
    """Return what a model predicts, and loss and predictions after one more epoch."""
    X, y = make_data()
    found = {"predict": model.predict(X[:5]).tolist()}
    if hasattr(model, "partial_fit"):
        found["partial_fit"] = model.partial_fit(X, y).predict(X[:5]).tolist()
        found["loss"] = model.loss_
    return found


def main():
    """Store the models."""
    if int(np.__version__.split(".")[0]) > 1:
        raise SystemExit("Store models with NumPy 1, whose pickles NumPy 2 can read.")
    path, models = DATA / f"models_layout_{LAYOUT}", make_models()
    path.with_suffix(".pickle").write_bytes(pickle.dumps(models, protocol=4))
    expected = {"layout": LAYOUT, **{name: figures(model) for name, model in models.items()}}
    path.with_suffix(".json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
    print(f"Stored {path}.pickle and .json")


if __name__ == "__main__":
    main()
