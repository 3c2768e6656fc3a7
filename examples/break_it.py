"""
Break it: what a wrong formula, or a bad start, looks like
==========================================================

A network that is wrong still trains, and its loss may still fall. Here mistakes are made on
purpose, each beside the network without it.

- A flipped sign, and arguments in the wrong order, climb in place of descending: the end is warned
  of.
- A gradient that is twice too large trains to the same score under Adam, since it divides each
  gradient by the size of those before it. Gradient descent takes steps twice as long by it, here
  longer than the valley is wide, and leaves it. The formula is as wrong under both.
- A learning rate too large, units of relu that are below zero for all rows (their derivative is 0,
  so they stay there) and weights that all start alike (so they stay alike: a layer of one unit) are
  no wrong formulas. Their gradient is right; the curve tells.

In the picture, look for the curve that would not make you suspicious. `check_gradient` compares
backpropagation with finite differences, and is.

Run it: ``python examples/break_it.py``
"""

import warnings
from pathlib import Path

import numpy as np

from sknn_scratch import ReLU, ScratchMLPRegressor, SquaredError

rng = np.random.default_rng(0)
X = rng.uniform(-2, 2, (300, 2))
y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + 0.1 * rng.normal(size=300)
EPOCHS = 60


class FlippedSign(SquaredError, rescaling="standard"):
    """The derivative of the loss, in y in place of a: training climbs."""

    def gradient(self, y, a):
        return y - a


class SwappedArguments(SquaredError, rescaling="standard"):
    """The right formula, with its arguments in the wrong order: the same mistake, well hidden."""

    def gradient(self, a, y):
        return a - y


class TwiceTheGradient(SquaredError, rescaling="standard"):
    """The derivative of (a - y)^2 / 2 is a - y. Here it is twice that."""

    def gradient(self, y, a):
        return 2 * (a - y)


def network(**changes):
    """Return the network that the mistakes are made in."""
    right = {"hidden_layer_sizes": (20, 20), "activation": "tanh", "solver": "adam"}
    right |= {"learning_rate_init": 0.01, "learning_rate": "cosine", "tol": 0}
    right |= {"max_iter": EPOCHS, "n_iter_no_change": np.inf, "random_state": 0}
    return ScratchMLPRegressor(**{**right, **changes})


GRADIENT_DESCENT = {"solver": "sgd", "learning_rate": "constant", "learning_rate_init": 0.2}
TWICE = {"loss": TwiceTheGradient()}
MISTAKES = {  # what is changed on both sides, and what is broken
    "a flipped sign": ({}, {"loss": FlippedSign()}),
    "arguments swapped": ({}, {"loss": SwappedArguments()}),
    "a gradient twice too large, Adam": ({}, TWICE),
    "the same, gradient descent": (GRADIENT_DESCENT, {**GRADIENT_DESCENT, **TWICE}),
    "a learning rate too large": ({}, {"learning_rate_init": 1.0}),
    "dead units": (
        {"activation": "relu"},
        {"activation": ReLU(), "init": lambda shape, _: np.full(shape, -0.5)},
    ),
    "all weights start alike": ({}, {"init": lambda shape, _: np.full(shape, 0.1)}),
}


def train(changes):
    """Return the loss of each epoch, the score, the error of the gradient and what was warned."""
    model = network(**changes)
    error = model.check_gradient(X[:40], y[:40])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model.fit(X, y)
    return model.loss_curve_, model.score(X, y), error, {str(each.message) for each in said}


def compare():
    """Print a line for each mistake; return the loss curves, right and broken."""
    curves = {}
    print(f"{'':34}R2 right     broken   error of the gradient   warned of")
    for name, (right, broken) in MISTAKES.items():
        good, score, _, _ = train(right)
        bad, bad_score, error, warned = train(broken)
        told = "yes" if warned else "no"
        print(f"{name:34}{score:8.2f} {bad_score:10.2g}   {error:21.1g}   {told}")
        curves[name] = good, bad
    return curves


def draw(curves):
    """Draw the curves, if matplotlib is there."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("(pip install matplotlib draws a picture of this.)")
        return
    figure, axes = plt.subplots(2, 4, figsize=(12, 5.5), layout="constrained", sharex=True)
    for ax, (name, (good, bad)) in zip(axes.flat, curves.items()):
        ax.plot(good, color="tab:blue", label="right")
        ax.plot(bad, color="tab:red", label="broken")
        ax.axhline(0.5, color="grey", linestyle=":", label="the mean of y, for all")
        ax.set(title=name, yscale="log", ylim=(1e-3, 1e2))
    for ax in axes[:, 0]:
        ax.set_ylabel("loss")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    axes[1, 3].axis("off")
    axes[1, 3].legend(handles, labels, loc="center")
    path = Path("break_it.png")
    figure.savefig(path, dpi=120)
    print(f"The picture is in {path.resolve()}: which curves would make you suspicious?")


if __name__ == "__main__":
    draw(compare())
