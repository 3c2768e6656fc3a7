"""
Other losses: the median, outliers, and several quantiles
=========================================================

Left: data with outliers. The squared error follows them; the absolute error (the median), Huber's
loss and log-cosh do not.

Right: data whose spread grows. One network with ``loss=Quantile([0.1, 0.5, 0.9])`` predicts three
quantiles for each sample, which never cross.

What to see in the picture: on the left the red line is drawn up by the outliers, the others lie
on the dashed truth. On the right the band widens with the spread; four of five points lie inside.

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


def with_growing_spread(n=1500):
    """Return x in [0, 1] and targets whose noise grows with x."""
    rng = np.random.default_rng(1)
    x = np.sort(rng.uniform(size=n))
    y = np.sin(6 * x) + (0.05 + 0.5 * x) * rng.normal(size=n)
    return x[:, np.newaxis], y


def train():
    """Return both data sets, with the models' predictions on them."""
    x, y = with_outliers()
    curves = {}
    for loss in LOSSES:
        curves[loss] = ScratchMLPRegressor(**SETTINGS, loss=loss).fit(x, y).predict(x)
        error = np.abs(curves[loss] - np.sin(6 * x[:, 0])).mean()
        print(f"{loss!s:18s} mean distance from the truth {error:.3f}")

    x_spread, y_spread = with_growing_spread()
    model = ScratchMLPRegressor(**SETTINGS, loss=Quantile([0.1, 0.5, 0.9]))
    band = model.fit(x_spread, y_spread).predict(x_spread)
    inside = (band[:, 0] <= y_spread) & (y_spread <= band[:, 2])
    print(f"\nQuantile([0.1, 0.5, 0.9]): {inside.mean():.0%} of the points are inside the band")
    assert (np.diff(band, axis=1) >= 0).all()
    return (x, y, curves), (x_spread, y_spread, band)


def draw(outliers, spread):
    """Draw both, if matplotlib is there."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("(pip install matplotlib draws a picture of this.)")
        return
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    x, y, curves = outliers
    left.plot(x, y, ".", color="lightgrey")
    for loss, curve in curves.items():
        left.plot(x, curve, color=LOSSES[loss], label=str(loss))
    left.plot(x, np.sin(6 * x), "k--", linewidth=1, label="the truth")
    left.set(title="One target in eight is far off", xlabel="x", ylabel="y")
    left.legend(loc="center left", bbox_to_anchor=(0.02, 0.55), ncols=2)

    x, y, band = spread
    right.plot(x, y, ".", color="lightgrey", markersize=3)
    right.fill_between(x[:, 0], band[:, 0], band[:, 2], alpha=0.3, label="0.1 to 0.9")
    right.plot(x, band[:, 1], label="median")
    right.set(title="Three quantiles by one network", xlabel="x")
    right.legend(loc="upper left")
    path = Path("other_losses.png")
    figure.savefig(path, dpi=150)
    print(f"The picture is in {path.resolve()}: only the red line follows the outliers.")


if __name__ == "__main__":
    draw(*train())
