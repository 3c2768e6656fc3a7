"""
Watch it learn: surfaces, weights, a step by hand
=================================================

Pictures of what a network does while it trains. A `WeightRecorder` takes down the weights after
every epoch, and the gradient of the loss there. With it

- the prediction is drawn as a surface that bends until it separates what it has to separate,
- weights and gradients are drawn over the epochs,
- one step of training is worked out by hand on a drawn network,
- three solvers are followed down the same loss surface,
- and an animation shows the whole training. It is written to ``watch_it_learn.html``, which any
  browser plays; the pictures to ``watch_it_learn*.png``.

Run it: ``python examples/watch_it_learn.py`` (it needs matplotlib), or take it as a notebook by the
link at the end of this page. `From scratch <from_scratch.html>`_ builds the network that is shown
here; the `glossary <../glossary.html>`_ explains the words.
"""

import sys
from pathlib import Path

import numpy as np

try:
    import matplotlib.pyplot as plt
except ImportError:
    sys.exit("These are pictures: they take matplotlib (pip install matplotlib).")

from sknn_scratch import (
    SGD,
    Identity,
    Logistic,
    Network,
    NetworkDisplay,
    ScratchMLPRegressor,
    SquaredError,
    WeightRecorder,
    backprop,
    feedforward,
)

# %%
# A recorder
# ----------
# The task is "exactly one of the two inputs is 1" (XOR), for a network of four sigmoid units. In
# each epoch it takes one step, by all four samples.
X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([0.0, 1, 1, 0])
STEPS = 500

model = ScratchMLPRegressor(
    (4,),
    activation="logistic",
    out_activation="logistic",
    init="uniform",
    solver=SGD(momentum=0, nesterovs_momentum=False),  # plain gradient descent
    learning_rate_init=8,
    batch_size=4,
    alpha=0,
    standardize=False,
    random_state=4,
)
recorder = WeightRecorder()
for _ in range(STEPS):
    model.partial_fit(X, y)
    recorder.record(model, X, y)

# %%
# From scikit-learn 1.9 a recorder is also a callback of `fit`, for a network of any kind, in
# pipelines too::
#
#     recorder = WeightRecorder()
#     model.set_callbacks(recorder).fit(X, y)
#     recorder.coefs_[0][-1]  # the weights of the first layer after the last epoch
#
# There the initial weights come first: row i is after epoch i. (`partial_fit` tells no callbacks;
# in the loop above, row 0 is after the first epoch.) What it holds are arrays, for each layer one,
# with a row per epoch:
print("weights of the first layer:    ", recorder.coefs_[0].shape)
print("intercepts of the first layer: ", recorder.intercepts_[0].shape)
print("gradients of the second layer: ", recorder.coefs_gradient_[1].shape)
print("losses:                        ", recorder.loss_.shape)

# %%
# The prediction bends
# --------------------
# The weights of an epoch, put through `feedforward` on a grid of inputs, are the prediction at
# that time. At first it is nearly the same everywhere. Then one corner that should be 0 comes down,
# then the other, and at last a ridge runs over the two corners that should be 1.
GRID = np.linspace(-0.5, 1.5, 81)
PLACES = np.stack(np.meshgrid(GRID, GRID), axis=-1).reshape(-1, 2)
COLOURS = {"cmap": "PuOr_r", "vmin": 0, "vmax": 1}  # purple: 0, orange: 1


coefs, intercepts = recorder.coefs_, recorder.intercepts_


def surface(step):
    """Return the prediction after a step, on the grid."""
    W, b = [layer[step - 1] for layer in coefs], [layer[step - 1] for layer in intercepts]
    return feedforward(PLACES, W, b, [Logistic(), Logistic()]).reshape(len(GRID), -1)


def draw_targets(ax):
    """Draw the four samples, in the colours of what they should be."""
    for target, marker in ((0, "o"), (1, "s")):
        style = {"c": np.full(2, target), "s": 110, "edgecolors": "white", "linewidths": 2}
        ax.scatter(
            *X[y == target].T, marker=marker, label=f"target {target}", zorder=3, **style, **COLOURS
        )
    ax.set(xlabel="$x_0$", ylabel="$x_1$", xticks=[0, 1], yticks=[0, 1], aspect="equal")


figure, axes = plt.subplots(2, 3, figsize=(9, 6.2), layout="constrained", sharex=True, sharey=True)
for ax, step in zip(axes.flat, (1, 50, 100, 150, 200, STEPS)):
    picture = ax.pcolormesh(GRID, GRID, surface(step), shading="gouraud", **COLOURS)
    ax.contour(GRID, GRID, surface(step), levels=[0.5], colors="black", linewidths=1.5)
    draw_targets(ax)
    ax.set_title(f"after {step} step{'s' if step > 1 else ''}, loss {recorder.loss_[step - 1]:.3f}")
    ax.label_outer()
figure.colorbar(picture, ax=axes, label="prediction (black line: 0.5)", shrink=0.8)
handles, labels = axes[0, 0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False)
figure.savefig("watch_it_learn.png", dpi=120)

# %%
# Weights and gradients
# ---------------------
# One colour is one hidden unit. Its weights for the two inputs and its intercept are drawn above
# on the left, its weight to the output on the right; below are the derivatives of the loss in
# them. While the prediction is the same everywhere, all derivatives are about 0: this is what the
# flat part of a loss curve is. They grow when the units part, and die down when the task is learnt.
# (The spike at the left, below, are the first two steps: they bring the output from too much for
# all samples down to a half.)
UNITS = ["tab:blue", "tab:green", "tab:red", "0.3"]
LINES = {"weight of $x_0$": "-", "weight of $x_1$": "--", "intercept": ":"}
epochs = np.arange(1, STEPS + 1)

figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained", sharex=True)
quantities = (
    (recorder.coefs_, recorder.intercepts_),
    (recorder.coefs_gradient_, recorder.intercepts_gradient_),
)
for (first, second), (W, b) in zip(axes, quantities):
    into = np.concatenate([W[0], b[0][:, np.newaxis]], axis=1)  # (epochs, 3, units)
    for unit, colour in enumerate(UNITS):
        for row, style in enumerate(LINES.values()):
            first.plot(epochs, into[:, row, unit], color=colour, linestyle=style, linewidth=1.3)
        second.plot(epochs, W[1][:, unit, 0], color=colour, label=f"hidden unit {unit}")
    second.plot(epochs, b[1][:, 0], ":", color="tab:brown", label="intercept of the output")
for name, style in LINES.items():
    axes[0, 0].plot([], [], color="0.5", linestyle=style, label=name)
axes[0, 0].legend(frameon=False, loc="center right", bbox_to_anchor=(1, 0.74))
axes[0, 1].legend(frameon=False, loc="center right", bbox_to_anchor=(1, 0.62))
axes[0, 0].set(title="Into the hidden units", ylabel="weight")
axes[0, 1].set_title("Into the output")
axes[1, 0].set(xlabel="step", ylabel="derivative of the loss")
axes[1, 1].set_xlabel("step")
for ax in axes.flat:
    ax.spines[["top", "right"]].set_visible(False)
figure.savefig("watch_it_learn_weights.png", dpi=120)

# %%
# One step by hand
# ----------------
# A network of two inputs, two sigmoid units and one output, without intercepts, and one sample:
# the inputs are 1 and 2, the target is 1. The numbers are few enough to be followed with a pocket
# calculator.
x, target, rate = np.array([[1.0, 2.0]]), np.array([[1.0]]), 0.5
W1 = np.array([[0.5, -1.0], [0.25, 0.5]])
W2 = np.array([[1.0], [-0.5]])

z = x @ W1  # into the hidden units
a = 1 / (1 + np.exp(-z))  # out of them
prediction = a @ W2
print(f"feedforward: z = {z[0]}, a = {a[0].round(3)}, prediction {prediction[0, 0]:.3f}")

delta2 = prediction - target  # the derivative of (prediction - target)^2 / 2
dW2 = a.T @ delta2
delta1 = delta2 @ W2.T * a * (1 - a)
dW1 = x.T @ delta1
print(f"back: delta of the output {delta2[0, 0]:.3f}, of the hidden units {delta1[0].round(3)}")

step1, step2 = W1 - rate * dW1, W2 - rate * dW2
a_after = 1 / (1 + np.exp(-x @ step1))
after = a_after @ step2
print(f"after the step the prediction is {after[0, 0]:.3f}")

# %%
# `backprop` says the same:
net = Network((2, 2, 1), (Logistic(), Identity()), SquaredError(), fit_intercept=False)
_, gradient = backprop(x, target, np.concatenate([W1.ravel(), W2.ravel()]), net)
assert np.allclose(gradient, np.concatenate([dW1.ravel(), dW2.ravel()]))

# %%
# Drawn by `NetworkDisplay` with ``values=True`` (here by a format; for a fitted network,
# ``NetworkDisplay.from_estimator(model, values=True)``), the numbers stand on the lines
# that they belong to; green are the activations, or the deltas, of the units. For example, the
# weight from x1 to the upper unit has the derivative 2 times -0.102, which is what enters it times
# the delta of the unit, and it moves by -0.5 times that, from 0.250 to 0.352.
figure, axes = plt.subplots(1, 3, figsize=(12, 4.2), layout="constrained")
panels = [
    ("1. Feedforward: weights and activations", (W1, W2), (x, a, prediction), "a"),
    ("2. Backpropagation: derivatives and deltas", (dW1, dW2), (None, delta1, delta2), r"$\delta$"),
    ("3. After the step: weights - 0.5 derivatives", (step1, step2), (x, a_after, after), "a"),
]
box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
style = {"textcoords": "offset points", "ha": "center", "color": "tab:green", "bbox": box}
for ax, (title, weights, units, letter) in zip(axes, panels):
    display = NetworkDisplay(coefs=weights).plot(ax, values=".3f", colorbar=ax is axes[-1])
    for nodes, values in zip(display.nodes_, units):
        if values is None:  # there is no delta of an input
            continue
        for place, value in zip(nodes.get_offsets(), values[0]):
            above = 13 if place[1] > 0 else -22  # in points
            ax.annotate(f"{letter} = {value:.3f}", place, (0, above), **style)
    ax.margins(x=0.15, y=0.15)
    ax.set_title(title, fontsize="medium")
figure.savefig("watch_it_learn_one_step.png", dpi=120)

# %%
# A loss surface
# --------------
# A loss is a function of all weights, so it can be drawn as a surface only if there are two of
# them. This network has two: ``w1`` into its only hidden unit, ``w2`` out of it. It learns a curve
# for which w1 = w2 = 1 is right, and w1 = w2 = -1 as well, for tanh(-z) = -tanh(z): each valley has
# a twin. Between them, at 0, is a saddle, where the surface is flat. Each dot is a step: plain
# gradient descent takes small ones where the valley is nearly level, momentum overshoots, and Adam
# takes steps of about the same length at first, steep or not.
places = np.linspace(-2, 2, 41)[:, np.newaxis]
curve = np.tanh(places).ravel()
START = -0.3, 1.9
RULES = {
    "gradient descent, rate 0.5": (SGD(momentum=0, nesterovs_momentum=False), 0.5),
    "with momentum 0.9, rate 0.03": (SGD(momentum=0.9, nesterovs_momentum=False), 0.03),
    "Adam, rate 0.1": ("adam", 0.1),
}
paths = {}
for name, (solver, rate) in RULES.items():
    two = ScratchMLPRegressor(
        (1,),
        activation="tanh",
        fit_intercept=False,
        init=[[[START[0]]], [[START[1]]]],
        solver=solver,
        learning_rate_init=rate,
        batch_size=len(places),
        alpha=0,
        standardize=False,
    )
    followed = WeightRecorder()
    for _ in range(300):
        two.partial_fit(places, curve)
        followed.record(two, places, curve)
    path = np.c_[followed.coefs_[0].ravel(), followed.coefs_[1].ravel()]
    paths[name] = np.r_[[START], path]
    end = "w1 = {:.2f}, w2 = {:.2f}".format(*path[-1])
    print(f"{name:30} loss {followed.loss_[-1]:.1e} at {end}")

w1, w2 = np.linspace(-2.2, 2.2, 121), np.linspace(-2.2, 2.2, 121)
outputs = w2[:, np.newaxis, np.newaxis] * np.tanh(places.ravel() * w1[:, np.newaxis])
losses = ((outputs - curve) ** 2 / 2).mean(axis=-1)  # (w2, w1)

figure, ax = plt.subplots(figsize=(7.2, 5.6), layout="constrained")
levels = np.geomspace(0.003, losses.max(), 16)
heights = np.maximum(losses, levels[0])
filled = ax.contourf(w1, w2, heights, levels=levels, cmap="Greys", alpha=0.75, norm="log")
ax.contour(w1, w2, losses, levels=levels, colors="0.6", linewidths=0.5)
figure.colorbar(filled, ax=ax, label="loss (log scale)", format="%.2g")
for (name, path), colour in zip(paths.items(), ("tab:blue", "tab:green", "tab:red")):
    ax.plot(*path.T, ".-", color=colour, markersize=4, linewidth=1.2, label=name)
marks = {
    "start": (START[0], START[1], "o", "white"),
    "minima": ([1, -1], [1, -1], "*", "gold"),
    "saddle": (0, 0, "X", "white"),
}
for name, (x1, x2, marker, colour) in marks.items():
    ax.scatter(x1, x2, s=120, c=colour, marker=marker, edgecolors="black", label=name, zorder=3)
ax.set(xlabel="w1, into the hidden unit", ylabel="w2, out of it")
ax.set_title("Three ways down the same surface")
ax.legend(loc="lower right", fontsize="small")
figure.savefig("watch_it_learn_surface.png", dpi=120)

# %%
# An animation
# ------------
# The same training as above, as a film: `WeightRecorder.animate` makes it in one call. In the
# documentation it plays below. In a notebook, ``from IPython.display import HTML;
# HTML(animation.to_jshtml())`` shows it.
animation = recorder.animate(X, y)
path = Path("watch_it_learn.html")
path.write_text(animation.to_jshtml(default_mode="loop"), encoding="utf-8")
print(f"The animation is in {path.resolve()}")
