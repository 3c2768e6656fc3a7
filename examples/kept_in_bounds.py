"""
Predictions that stay positive or in an interval, and smoother networks
=======================================================================

A plant's growth is known to lie between 0 and 10, and is measured at a few doses only. The output
layer's activation decides where predictions can go, also far from the data.

What to see in the picture: on the left, beyond the data (shaded), the identity leaves what is
possible, 'softplus' stays positive, and Bounded(0, 10) stays between the dotted lines. On the
right, on another task, what the activation of a few hidden units makes of a wave: 'relu' is made of
straight lines, too few of them here for the last trough; the others are smooth, and follow it.

Run it: ``python examples/kept_in_bounds.py``
"""

from pathlib import Path

import numpy as np

from sknn_scratch import Bounded, ScratchMLPRegressor

SETTINGS = {"solver": "lbfgs", "alpha": 0.1, "max_iter": 1000, "random_state": 1}
OUTPUTS = ["identity", "softplus", Bounded(0, 10)]
HIDDEN = ["relu", "gelu", ["tanh", "silu"]]  # one name for all layers, or one for each
WAVE = np.linspace(-2, 12, 60)[:, np.newaxis]


def doses_and_growth(n=25):
    """Return doses between 2 and 8, and growth, which follows an S-shaped curve."""
    rng = np.random.default_rng(4)
    dose = np.sort(rng.uniform(2, 8, n))
    growth = 10 / (1 + np.exp(-1.2 * (dose - 5))) + 0.3 * rng.normal(size=n)
    return dose[:, np.newaxis], growth.clip(0, 10)


def wave():
    """Return a wave on `WAVE`."""
    return 5 + 4 * np.sin(WAVE[:, 0])


def train():
    """Return the data, and the predictions of each network on a grid of doses."""
    dose, growth = doses_and_growth()
    grid = np.linspace(-2, 12, 400)[:, np.newaxis]
    curves = {}
    for out in OUTPUTS:
        model = ScratchMLPRegressor((20,), activation="gelu", out_activation=out, **SETTINGS)
        curves[out] = model.fit(dose, growth).predict(grid)
        low, high = curves[out].min(), curves[out].max()
        print(f"out_activation={out!s:28} predictions from {low:6.2f} to {high:6.2f}")
    for hidden in HIDDEN:
        model = ScratchMLPRegressor((6, 4), activation=hidden, n_init=3, **SETTINGS)
        curves[str(hidden)] = model.fit(WAVE, wave()).predict(grid)
    return dose, growth, grid, curves


def draw(dose, growth, grid, curves):
    """Draw the curves, if matplotlib is there."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("(pip install matplotlib draws a picture of this.)")
        return
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 6), layout="constrained")
    for out in OUTPUTS:
        left.plot(grid, curves[out], label=str(out))
    for hidden in HIDDEN:
        right.plot(grid, curves[str(hidden)], label=str(hidden))
    left.plot(dose, growth, "k.", zorder=3, label="data")
    right.plot(WAVE, wave(), "k.", zorder=3, markersize=3, label="data")
    for name, bound, outside in (("", 0, (-2, 2)), ("_", 10, (8, 12))):  # "_": named once
        line = f"{name}bounds of growth"
        left.axhline(bound, color="grey", linestyle=":", linewidth=1, label=line)
        left.axvspan(*outside, color="0.9", zorder=0, label=f"{name}no data")
    left.set(xlabel="dose", ylabel="growth", title="out_activation", xlim=(-2, 12))
    right.set(
        xlabel="x",
        ylabel="y",
        title="activation of 6 and 4 hidden units",
        xlim=(-2, 12),
        ylim=(0, 13),
    )
    left.legend(loc="lower right")
    right.legend(loc="upper left", ncols=2)
    path = Path("kept_in_bounds.png")
    figure.savefig(path, dpi=150)
    print(f"The picture is in {path.resolve()}: look at the curves beyond the data.")


if __name__ == "__main__":
    draw(*train())
