"""
What goes on inside a network
=============================

Part 1 writes training out: `feedforward` and `backprop` are called on arrays, and a few lines of
gradient descent fit a noisy curve. One derivative is checked by moving its weight a little.

Part 2 fits the same points with ScratchMLPRegressor and looks inside: `check_gradient`, the
hidden activations (`transform`) and the slope of the prediction (`input_gradient`).

What to see in looking_inside.png: each of the five hidden units makes one step, up or down, at
a place of its own; the steps add up to the curve; and although training was shown values only,
the network has learnt the slope too.

Run it: ``python examples/looking_inside.py``
"""

from pathlib import Path

import numpy as np

from sknn_scratch import (
    Identity,
    Network,
    ScratchMLPRegressor,
    SquaredError,
    Tanh,
    backprop,
    feedforward,
)

GRID = np.linspace(-3, 3, 301)[:, np.newaxis]


def curve(x):
    return np.sin(2 * x) + x / 2


def slope(x):
    return 2 * np.cos(2 * x) + 1 / 2


def noisy_points():
    """Return 150 points: X of shape (150, 1), and y likewise."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 3, (150, 1))
    return X, curve(X) + 0.15 * rng.normal(size=X.shape)


def train_by_hand(X, y, steps=3000, learning_rate=0.1):
    """Fit eight hidden units by plain gradient descent; return the loss before each step."""
    activations = Tanh(), Identity()
    network = Network(sizes=(1, 8, 1), activations=activations, loss=SquaredError())
    params = np.random.default_rng(1).normal(size=network.n_parameters)

    print("Part 1: gradient descent by hand\n")
    _, gradient = backprop(X, y, params, network)
    shift = np.zeros_like(params)
    shift[0] = 1e-5
    up, down = (backprop(X, y, params + move, network)[0] for move in (shift, -shift))
    print(f"The first weight moved up and down a little: loss changes by {(up - down) / 2e-5:.6f}")
    print(f"times the move. backprop, which moves nothing, says          {gradient[0]:.6f}\n")

    print(" step   loss    prediction at 0, 1, 2")
    losses = []
    for step in range(1, steps + 1):
        loss, gradient = backprop(X, y, params, network)
        losses.append(loss)
        if step in (1, 10, 100, 1000, steps):
            coefs, intercepts = zip(*network.layers(params))
            values = feedforward(np.array([[0.0], [1.0], [2.0]]), coefs, intercepts, activations)
            print(f"{step:5d}  {loss:.4f}   " + "".join(f"{value:6.2f}" for value in values[:, 0]))
        params -= learning_rate * gradient
    print(f"    true curve   {curve(0):6.2f}{curve(1):6.2f}{curve(2):6.2f}\n")
    return losses


def look_inside(X, y):
    """Return a fitted network, after a check of its gradient."""
    model = ScratchMLPRegressor(
        (5,), activation="tanh", solver="lbfgs", alpha=0.1, max_iter=2000, random_state=0
    )
    print("Part 2: inside a fitted ScratchMLPRegressor")
    print(f"  backprop against finite differences, before fit: {model.check_gradient(X, y):.0e}")
    model.fit(X, y)
    print(f"  R2 on the noisy points: {model.score(X, y):.3f}")
    print(f"  hidden activations of the {len(X)} points: shape {model.transform(X).shape}")
    error = np.sqrt(((model.input_gradient(GRID) - slope(GRID)) ** 2).mean())
    print(f"  the true slope is between -1.5 and 2.5; the network's is off by {error:.2f}")
    return model


def draw(X, y, losses, model):
    """Draw what was found, if matplotlib is there."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("\nNo picture: it takes matplotlib (pip install matplotlib).")
        return
    figure, axes = plt.subplots(2, 2, figsize=(10, 7), layout="constrained")
    by_hand, fit, units, change = axes.flat
    true, ours = {"color": "0.65", "lw": 5}, {"color": "tab:blue", "lw": 1.8}

    by_hand.loglog(np.arange(1, len(losses) + 1), losses, **ours)
    by_hand.set(title="By hand: the loss under gradient descent", xlabel="step", ylabel="loss")

    fit.plot(X, y, ".", color="0.75", ms=5, label="noisy points")
    fit.plot(GRID, curve(GRID), **true, label="true curve")
    fit.plot(GRID, model.predict(GRID), **ours, label="prediction")
    fit.set(title="ScratchMLPRegressor: its prediction", xlabel="x", ylabel="y")

    steps = model.transform(GRID) * model.coefs_[-1].T  # each unit's share of the prediction
    for number, step in enumerate(steps.T):
        units.plot(GRID, step, color=f"C{number + 1}", lw=1.2, label=f"hidden unit {number}")
    total = steps.sum(axis=1) + model.intercepts_[-1]
    units.plot(GRID, total, **ours | {"lw": 3}, label="sum and intercept: the prediction")
    units.set(title="Its hidden units, each times its output weight", xlabel="x", ylabel="y")

    change.plot(GRID, slope(GRID), **true, label="true slope")
    change.plot(GRID, model.input_gradient(GRID), **ours, label="input_gradient")
    change.set(title="The slope of its prediction", xlabel="x", ylabel="dy / dx")
    for ax in (fit, change):
        ax.legend(frameon=False)
    units.legend(frameon=False, fontsize="small", ncols=2, loc="upper center")
    units.set_ylim(top=4.5)  # room for the legend
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    path = Path("looking_inside.png")
    figure.savefig(path, dpi=150)
    print(f"\nThe picture is in {path.resolve()}: each hidden unit makes one step,")
    print("the steps add up to the curve, and the slope was learnt without being shown.")


if __name__ == "__main__":
    X, y = noisy_points()
    losses = train_by_hand(X, y)
    draw(X, y.ravel(), losses, look_inside(X, y.ravel()))
