"""
When to stop, and what a network has found out
==============================================

The data are Friedman's: ten features, of which only the first five decide the target, and noise.
Of the 400 rows to train on, 100 are held out to validate on.

What to see, on the left: the training loss (solid) of both networks falls, but the validation
loss (dashed) of the one without a penalty turns after 130 epochs, for what it learns from then on
is the noise. Early stopping keeps the weights of the turning point (the ring). With a penalty on
the weights the turn comes later and lower, although the training loss is higher.

On the right: a network of four units. The lines from x5 to x9, which do not matter, are faint.

Run it: ``python examples/loss_curves.py``
"""

import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from sknn_scratch import LossCurveDisplay, NetworkDisplay, ScratchMLPRegressor

X, y = make_friedman1(n_samples=1400, noise=2, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=400, random_state=0)


def train(sizes, **params):
    """Return a network that was trained for 400 epochs, with the weights of the best."""
    network = ScratchMLPRegressor(
        sizes,
        early_stopping="loss",
        validation_fraction=0.25,
        n_iter_no_change=np.inf,  # no stop: to see what would have come
        max_iter=400,
        batch_size=50,
        learning_rate_init=0.003,
        random_state=0,
        **params,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 400 epochs are what we want
        return network.fit(X_train, y_train)


def tell(networks):
    """Print a line per network."""
    print("penalty     kept  validation loss  after 400 epochs  R2 on test data")
    for name, network in networks.items():
        losses, kept = network.validation_loss_curve_, network.n_iter_best_
        score = network.score(X_test, y_test)
        print(f"{name:10s} {kept:5d} {losses[kept - 1]:16.3f} {losses[-1]:17.3f} {score:16.3f}")


def draw(networks, small):
    """Draw the losses of some networks, and one small network, if matplotlib is there."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("(pip install matplotlib draws a picture of this.)")
        return
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 6), layout="constrained")
    LossCurveDisplay.from_estimators(networks, ax=left)
    left.set(title="When to stop: two networks of 100 units", ylim=(0, 0.4))
    NetworkDisplay.from_estimator(small, ax=right)
    right.set_title("What matters: a network of 4 units")
    path = Path("loss_curves.png")
    figure.savefig(path, dpi=150)
    print(f"\nThe picture is in {path.resolve()}. Without a penalty the validation loss turns")
    print("upwards while the training loss falls on; the ring is the epoch whose weights are kept.")


if __name__ == "__main__":
    networks = {
        f"alpha={alpha}": train((100,), activation="tanh", alpha=alpha) for alpha in (0, 0.3)
    }
    tell(networks)
    draw(networks, train((4,), alpha=3))
