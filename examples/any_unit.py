"""
The unit of the target does not matter
======================================

The diabetes data with the target in other units: a thousand times as large, a millionth, or
counted from a far origin. MLPRegressor is handed standardised features and the target as it is.
ScratchMLPRegressor is handed both as they are, and standardises them inside.

What to see in the picture: the R2 on test data of ScratchMLPRegressor is the same in every unit;
MLPRegressor's depends on it, and is far below zero in most.

Run it: ``python examples/any_unit.py``
"""

import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import ScratchMLPRegressor

SETTINGS = {"hidden_layer_sizes": (20,), "alpha": 10, "random_state": 0}
MODELS = {
    "ScratchMLPRegressor": ScratchMLPRegressor(**SETTINGS),
    "MLPRegressor, X standardised": make_pipeline(StandardScaler(), MLPRegressor(**SETTINGS)),
}
FACTORS = 10.0 ** np.arange(-6, 7)
ORIGINS = [0, 1e2, 1e3, 1e4, 1e5, 1e6]


def scores(targets):
    """Return the R2 on test data of each model, for each target."""
    X = load_diabetes().data
    found = {name: [] for name in MODELS}
    for y in targets:
        X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
        for name, model in MODELS.items():
            with warnings.catch_warnings():  # in some units 200 epochs are not enough
                warnings.simplefilter("ignore", ConvergenceWarning)
                found[name].append(model.fit(X_train, y_train).score(X_test, y_test))
    return found


def tell(what, values, found):
    """Print a table of scores."""
    print(f"{what:>12s}  " + "  ".join(f"{name:>28s}" for name in found))
    for value, row in zip(values, zip(*found.values())):
        print(f"{value:12.0e}  " + "  ".join(f"{score:28.3f}" for score in row))
    print()


def draw(by_factor, by_origin):
    """Draw both tables, if matplotlib is there."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("(pip install matplotlib draws a picture of this.)")
        return
    figure, axes = plt.subplots(1, 2, figsize=(9, 6), sharey=True, layout="constrained")
    panels = [
        (axes[0], FACTORS, by_factor, "y times", "log"),
        (axes[1], ORIGINS, by_origin, "y plus", "symlog"),
    ]
    for ax, values, found, label, scale in panels:
        for (name, row), marker in zip(found.items(), "os"):
            ax.plot(values, np.maximum(row, -1), marker=marker, label=name)
        ax.axhline(0, color="grey", linestyle=":", label="predicting the mean")
        ax.set_xscale(scale, **({"linthresh": 100} if scale == "symlog" else {}))
        ax.set_xlabel(label)
    axes[1].set_xlim(-20, 3e6)
    axes[0].set_ylabel("R2 on test data (below -1: drawn at -1)")
    axes[1].legend(loc="center")
    figure.suptitle("Diabetes data, the target in other units")
    path = Path("any_unit.png")
    figure.savefig(path, dpi=150)
    print(f"The picture is in {path.resolve()}: one line is flat, whatever the unit.")


if __name__ == "__main__":
    target = load_diabetes().target
    by_factor = scores([target * factor for factor in FACTORS])
    by_origin = scores([target + origin for origin in ORIGINS])
    tell("y times", FACTORS, by_factor)
    tell("y plus", ORIGINS, by_origin)
    draw(by_factor, by_origin)
