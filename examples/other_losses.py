"""
Other losses: the median, outliers, and several quantiles
=========================================================

Left: data with outliers. The squared error follows them. Log-cosh, which is a square up to about
one standard deviation of y, follows them a part of the way; Huber's loss with a small delta and the
absolute error (the median) hardly do.

Right: data whose spread grows. One network with ``loss=Quantile([0.1, 0.5, 0.9])`` predicts three
quantiles for each sample, which never cross.

What to see in the picture: on the left the red line is drawn up by the outliers, the purple one a
third as far, and the blue and the green one lie near the dashed truth. On the right the band widens
with the spread; about four of five new points lie inside.

Run it: ``python examples/other_losses.py``
"""

from pathlib import Path

import numpy as np

from sknn_scratch import Huber, Quantile, ScratchMLPRegressor

SETTINGS = {
    "hidden_layer_sizes": (30,),
    "activation": "tanh",
    "learning_rate_init": 0.01,
    "learning_rate": "cosine",
    "max_iter": 300,
    "n_iter_no_change": 300,
    "random_state": 0,
}
LOSSES = {
    "squared_error": "tab:red",
    "absolute_error": "tab:blue",
    Huber(delta=0.3): "tab:green",
    "log_cosh": "tab:purple",
}


def with_outliers(n=400):
    """Return x in [0, 1] and a wave of it; one target in eight is far too large."""
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(size=n))
    y = np.sin(6 * x) + 0.1 * rng.normal(size=n)
    y[rng.uniform(size=n) < 0.12] += 4
    return x[:, np.newaxis], y


def with_growing_spread(seed, n=1500):
    """Return x in [0, 1] and targets whose noise grows with x."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(size=n))
    y = np.sin(6 * x) + (0.05 + 0.5 * x) * rng.normal(size=n)
    return x[:, np.newaxis], y


def train():
    """Return outliers with the models' predictions on them, and new data with their band."""
    x, y = with_outliers()
    curves = {}
    for loss in LOSSES:
        curves[loss] = ScratchMLPRegressor(**SETTINGS, loss=loss).fit(x, y).predict(x)
        error = np.abs(curves[loss] - np.sin(6 * x[:, 0])).mean()
        print(f"{loss!s:18s} mean distance from the truth {error:.3f}")

    model = ScratchMLPRegressor(**SETTINGS, loss=Quantile([0.1, 0.5, 0.9]))
    model.fit(*with_growing_spread(seed=1))
    x_new, y_new = with_growing_spread(seed=2)
    band = model.predict(x_new)
    inside = (band[:, 0] <= y_new) & (y_new <= band[:, 2])
    print(f"\nQuantile([0.1, 0.5, 0.9]): {inside.mean():.0%} of new points are inside the band")
    assert (np.diff(band, axis=1) >= 0).all()
    return (x, y, curves), (x_new, y_new, band)


def draw(outliers, spread):
    """Draw both, if matplotlib is there."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("(pip install matplotlib draws a picture of this.)")
        return
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 6), layout="constrained")
    x, y, curves = outliers
    left.plot(x, y, ".", color="silver", label="points to train on")
    for loss, curve in curves.items():
        left.plot(x, curve, color=LOSSES[loss], label=str(loss))
    left.plot(x, np.sin(6 * x), "k--", linewidth=1, label="the truth")
    left.set(title="One target in eight is far off", xlabel="x", ylabel="y", ylim=(-1.7, 8.3))
    left.legend(loc="upper right", ncols=2)

    x, y, band = spread
    right.plot(x, y, ".", color="silver", markersize=3, label="new points")
    colour = "tab:orange"
    right.fill_between(
        x[:, 0], band[:, 0], band[:, 2], color=colour, alpha=0.3, label="quantiles 0.1 to 0.9"
    )
    right.plot(x, band[:, 1], color=colour, label="quantile 0.5, the median")
    right.set(title="Three quantiles by one network", xlabel="x", ylabel="y")
    right.legend(loc="lower left")
    path = Path("other_losses.png")
    figure.savefig(path, dpi=150)
    print(f"The picture is in {path.resolve()}: the red line follows the outliers.")


if __name__ == "__main__":
    draw(*train())
