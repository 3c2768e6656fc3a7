"""
The network that this package grew from, and a first real data set
==================================================================

Part 1 trains two layers of sigmoid units, four of them hidden and none with an intercept, by
plain gradient descent on the sum of squared errors, until they know that the answer is 1 where
exactly one of the first two inputs is 1.

Part 2 fits scikit-learn's diabetes data in a pipeline with a small grid search, next to
MLPRegressor.

Part 3 fits a table to which nothing was tuned by an ensemble, which says how sure it is.

Run it: ``python examples/seed_network.py``
"""

import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import ScratchMLPEnsembleRegressor, ScratchMLPRegressor

X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([0, 1, 1, 0])
STEPS = 1500


def seed_network(**changes):
    """Return the teaching network: every setting that is not plain gradient descent is off."""
    settings = {
        "hidden_layer_sizes": (4,),
        "activation": "logistic",
        "out_activation": "logistic",
        "fit_intercept": False,
        "init": "uniform",  # weights between 0 and 1
        "standardize": False,  # X and y as they are
        "solver": "sgd",
        "momentum": 0,
        "nesterovs_momentum": False,
        "alpha": 0,  # no penalty
        # A learning rate of 1 on the sum of squares. The package's loss is half the mean of
        # the squares, which for 4 samples is the sum divided by 8.
        "learning_rate_init": 8,
        "batch_size": 4,  # all samples in every step
        "shuffle": False,
        "tol": 0,
        "n_iter_no_change": np.inf,  # never stop early
        "max_iter": STEPS,
        "random_state": 2,
    }
    return ScratchMLPRegressor(**{**settings, **changes})


def train_and_tell():
    """Print predicted and actual values as the network trains; return the loss after each step."""
    network, losses = seed_network(), []
    print("Part 1: two sigmoid layers learn 'exactly one of the first two inputs'\n")
    print(" step   loss    " + "  ".join(f"{row}" for row in X))
    for step in range(1, STEPS + 1):
        network.partial_fit(X, y)  # one step: a batch is the whole data set
        output = network.predict(X)  # after the step; `loss_` is from before it
        losses.append(((y - output) ** 2).sum())
        if step in (1, 10, 100, 300, 500, 700, 1000, STEPS):
            predicted = "     ".join(f"{value:.2f}" for value in output)
            print(f"{step:5d}  {losses[-1]:.4f}      {predicted}")
    print("   actual            " + "     ".join(f"{value:.2f}" for value in y) + "\n")
    return np.array(losses)


def draw(losses):
    """Draw the loss curve: a picture if matplotlib is there, else in the terminal."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        return draw_in_terminal(losses)
    figure, ax = plt.subplots(layout="constrained")
    ax.plot(np.arange(1, STEPS + 1), losses)
    ax.set(xlabel="step", ylabel="sum of squared errors", title="The seed network learns")
    ax.set_ylim(bottom=0)
    path = Path("seed_network.png")
    figure.savefig(path, dpi=150)
    print(f"The loss curve is in {path.resolve()}\n")


def draw_in_terminal(losses, width=72, height=12):
    """Draw the loss curve with characters."""
    columns = losses[np.linspace(0, len(losses) - 1, width).astype(int)]
    levels = np.rint(columns / columns.max() * height).astype(int)
    for level in range(height, -1, -1):
        label = f"{columns.max() * level / height:5.2f} |"
        print(label + "".join("*" if here == level else " " for here in levels))
    print(f"      +{'-' * width}\n       1{f'step {len(losses)}':>{width - 1}}")
    print("(The loss curve; pip install matplotlib makes it a picture.)\n")


def compare_on_diabetes():
    """Print score and time of both regressors, with the same pipeline and grid search."""
    print("Part 2: the diabetes data, a pipeline and a grid search over 9 networks")
    data = load_diabetes(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(*data, random_state=0)
    grid = {"alpha": [1, 100, 300], "hidden_layer_sizes": [(10,), (50,), (20, 20)]}
    for regressor in (ScratchMLPRegressor, MLPRegressor):
        network = regressor(learning_rate_init=0.03, random_state=0)
        if regressor is ScratchMLPRegressor:
            network.set_params(standardize=False)  # as MLPRegressor, which leaves y as it is
        search = GridSearchCV(network, grid)
        model = make_pipeline(StandardScaler(), search)
        start = time.perf_counter()
        with warnings.catch_warnings():  # some networks of the grid need more than 200 epochs
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X_train, y_train)
        seconds = time.perf_counter() - start
        print(
            f"  {regressor.__name__:20s} R2 on test data {model.score(X_test, y_test):.4f}, "
            f"{seconds:5.2f} s, best: {model[-1].best_params_}"
        )


def predict_with_intervals():
    """Print the score of an ensemble with its defaults, and how many rows its intervals hold."""
    print("\nPart 3: a curved table of ten columns, half of them noise, and nothing to choose")
    data = make_friedman1(800, noise=1, random_state=0)
    X_train, X_test, y_train, y_test = train_test_split(*data, random_state=0)
    model = ScratchMLPEnsembleRegressor(random_state=0).fit(X_train, y_train)
    low, high = model.predict_interval(X_test, coverage=0.9).T
    inside = ((low <= y_test) & (y_test <= high)).mean()
    print(f"  {type(model).__name__} R2 on test data {model.score(X_test, y_test):.2f}")
    print(f"  its 90% intervals hold {inside:.0%} of the test data, e.g. for the first rows:")
    for row in range(3):
        print(f"    {low[row]:5.1f} to {high[row]:4.1f}, and the truth is {y_test[row]:4.1f}")


if __name__ == "__main__":
    draw(train_and_tell())
    compare_on_diabetes()
    predict_with_intervals()
