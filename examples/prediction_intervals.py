"""
Prediction intervals: how far off a prediction may be
=====================================================

A prediction is a number; what one does with it depends on how far off it may be. Here noise grows
with the first input. An ensemble of networks is trained, each of them on all folds but one, and
what they were off by on the rows that they had not seen says how wide an interval must be. 2,000
new rows check it: of the intervals that should cover 90%, about 90% do, for small noise and for
large.

How far the networks differ from each other is a tempting measure too, since it costs nothing. The
last column shows what it is worth: networks that were trained on nearly the same rows agree with
each other far better than with the truth.

What to see in the picture: on the left, prediction and 90% interval as the first input grows, and
new rows; the interval widens where the rows scatter. On the right, all new rows: grey is the
interval at each prediction, red are the rows outside.

Run it: ``python examples/prediction_intervals.py``
"""

from pathlib import Path

import numpy as np
from scipy.stats import norm

from sknn_scratch import IntervalDisplay, ScratchMLPEnsembleRegressor


def measurements(n, rng):
    """Return X, of two columns, and y, whose noise grows with the first."""
    X = rng.uniform(0, 3, (n, 2))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] + (0.1 + 0.25 * X[:, 0]) * rng.normal(size=n)


def train():
    """Return the ensemble and new rows, and print how many of these each interval covers."""
    rng = np.random.default_rng(0)
    X, y = measurements(400, rng)
    X_new, y_new = measurements(2000, rng)
    model = ScratchMLPEnsembleRegressor(n_jobs=2, random_state=0).fit(X, y)
    prediction, std = model.predict(X_new, return_std=True)
    off = model.transform(X_new) - prediction[:, np.newaxis]
    spread = np.sqrt(np.average(off**2, axis=1, weights=model.weights_))
    noisy = X_new[:, 0] > 1.5

    print("asked for   covered   little noise   much noise   by the members' spread")
    for coverage in (0.5, 0.8, 0.9, 0.95):
        low, high = model.predict_interval(X_new, coverage).T
        inside = (low <= y_new) & (y_new <= high)
        naive = np.abs(y_new - prediction) <= norm.ppf((1 + coverage) / 2) * spread
        print(
            f"{coverage:9.0%}{inside.mean():10.0%}{inside[~noisy].mean():15.0%}"
            f"{inside[noisy].mean():13.0%}{naive.mean():25.0%}"
        )
    error = y_new - prediction
    print(f"\nstandard deviation of the errors {error.std():.2f}, predicted {std.mean():.2f}")
    median, high = model.predict_quantile(X_new[:1], [0.5, 0.99])[0]
    print(f"the first new row: median {median:.2f}, 99% below {high:.2f}, in truth {y_new[0]:.2f}")
    return model, X_new, y_new


def draw(model, X_new, y_new):
    """Draw the interval along the first input, and IntervalDisplay, if matplotlib is there."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("(pip install matplotlib draws a picture of this.)")
        return
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 6), layout="constrained")
    along = np.column_stack([np.linspace(0, 3, 200), np.full(200, 1.5)])
    low, high = model.predict_interval(along).T
    left.fill_between(along[:, 0], low, high, color="0.85", label="90% interval")
    left.plot(along[:, 0], model.predict(along), color="0.3", label="prediction")
    near = np.abs(X_new[:, 1] - 1.5) < 0.1
    left.plot(X_new[near, 0], y_new[near], ".", color="tab:blue", label="new rows")
    left.set(xlabel="first input (the second is 1.5)", ylabel="y", title="Width follows the noise")
    left.legend()
    IntervalDisplay.from_estimator(model, X_new, y_new, coverage=0.9, subsample=500, ax=right)
    path = Path("prediction_intervals.png")
    figure.savefig(path, dpi=150)
    print(f"The picture is in {path.resolve()}.")


if __name__ == "__main__":
    draw(*train())
