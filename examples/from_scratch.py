"""
From scratch: two layers in NumPy, then the package
===================================================

This tutorial is for those who have just read how to build a network of two layers from scratch,
and for those who have not. It builds that network again, in a few lines of NumPy. Then it takes
the same network through the package in small steps: first the functions, then the estimator. At
each step an ``assert`` holds the new numbers against those of the plain lines. At the end you write
an activation of your own.

It runs as a script (``python examples/from_scratch.py``). The page that the documentation makes of
it ends with a link to the same as a notebook. Matplotlib is needed for the picture only. Words such
as *epoch* or *momentum* are explained in the `glossary <../glossary.html>`_.
"""

# %%
# The task
# --------
# Four samples, one per row, with three features each. The target is 1 where exactly one of the
# first two features is 1 (the "exclusive or" of the two), else 0. The third feature is always 1;
# what it is good for comes near the end.
import numpy as np

X = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0.0], [1], [1], [0]])

# %%
# Two matrices of weights
# -----------------------
# The network has four hidden units and one output. Each hidden unit has a weight for each of the
# three features: a matrix of 3 rows and 4 columns. The output has a weight for each hidden unit: 4
# rows and 1 column. To begin with they are drawn at random from [0, 1).
rng = np.random.default_rng(0)
W1 = rng.random((3, 4))
W2 = rng.random((4, 1))
start = W1.copy(), W2.copy()  # kept, to begin again from the same weights below


# %%
# An activation and its derivative
# --------------------------------
# The sigmoid takes any number to one between 0 and 1. Its derivative can be told from its value:
# where the sigmoid is ``a``, it is ``a * (1 - a)``.
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def slope(a):
    return a * (1 - a)


# %%
# Feedforward
# -----------
# Each layer multiplies what it gets by its weights, and applies the sigmoid to every number. What
# leaves the second layer is the prediction, one per row of ``X``.
def forward(W1, W2):
    a1 = sigmoid(X @ W1)  # (4 rows, 4 hidden units)
    a2 = sigmoid(a1 @ W2)  # (4 rows, 1 output)
    return a1, a2


print("predictions before training:", forward(W1, W2)[1].ravel().round(3))


# %%
# The loss
# --------
# How wrong the predictions are, as one number: the sum of the squared errors. Training is to make
# it small.
def sum_of_squares(W1, W2):
    return ((forward(W1, W2)[1] - y) ** 2).sum()


print(f"sum of squares before training: {sum_of_squares(W1, W2):.3f}")


# %%
# Backpropagation
# ---------------
# How does the loss change with each weight? The chain rule goes from the end to the beginning.
# Let ``delta`` be the derivative of the loss in what a layer has before its sigmoid is applied, one
# number for each row and unit.
#
# - Output: the derivative of ``(a2 - y) ** 2`` in ``a2`` is ``2 * (a2 - y)``, times the slope of
#   the sigmoid.
# - Hidden layer: each delta of the output goes back through the weight that it came by, times the
#   slope there.
# - Weights: a weight multiplies what enters its layer. So its derivative is what enters times
#   delta, summed over the rows, and for all weights at once that is a product of matrices.
def gradients(W1, W2):
    a1, a2 = forward(W1, W2)
    delta2 = 2 * (a2 - y) * slope(a2)
    delta1 = (delta2 @ W2.T) * slope(a1)
    return X.T @ delta1, a1.T @ delta2  # shaped as W1 and W2


# %%
# Training
# --------
# 1,500 times: note the loss, and move each weight against its derivative. (An article may write
# ``2 * (y - a2)`` and *add* the result: with both signs turned that is the same step.)
losses = []
for _ in range(1500):
    losses.append(sum_of_squares(W1, W2))
    dW1, dW2 = gradients(W1, W2)
    W1 -= dW1
    W2 -= dW2

print("predicted  actual")
for predicted, actual in zip(forward(W1, W2)[1].ravel(), y.ravel()):
    print(f"{predicted:9.3f}  {actual:6.0f}")

# %%
# The curve of the losses: at first nothing seems to happen, since the four units begin much alike.
# When they have parted, the loss falls, and then creeps towards 0.
try:
    import matplotlib.pyplot as plt
except ImportError:
    print("No picture: it takes matplotlib (pip install matplotlib).")
else:
    figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    ax.plot(range(1, 1501), losses, color="tab:blue", label="sum of squared errors of the 4 rows")
    ax.axhline(1, color="0.5", linestyle=":", label="predicting 0.5 for every row")
    ax.set(xlabel="step", ylabel="loss", ylim=(0, None), title="The network learns in 1,500 steps")
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    figure.savefig("from_scratch.png", dpi=150)

# %%
# The loss as a function of its weights
# -------------------------------------
# A derivative can be had without the chain rule: move one weight a little up and down, and look at
# what the loss does. That takes two feedforwards for each weight, too many to train with, but it
# tells whether the formulas above are right.
W1, W2 = start[0].copy(), start[1].copy()
dW1, dW2 = gradients(W1, W2)
up, down = W1.copy(), W1.copy()
up[0, 0] += 1e-6
down[0, 0] -= 1e-6
moved = (sum_of_squares(up, W2) - sum_of_squares(down, W2)) / 2e-6
print(f"by moving the weight {moved:.6f}, by backpropagation {dW1[0, 0]:.6f}")
assert np.isclose(moved, dW1[0, 0], atol=1e-6)

# %%
# ``backprop`` and ``Network``
# ----------------------------
# Now the same with the package. A `Network` says what the layers are: how many units each has, what
# they apply, what the loss is, and that there are no intercepts. It holds no weights. Those are one
# flat vector, ``params``, so that a training rule need not know what a layer is.
from sknn_scratch import Logistic, Network, SquaredError, backprop, feedforward

network = Network(
    sizes=(3, 4, 1),
    activations=(Logistic(), Logistic()),  # another name of the sigmoid
    loss=SquaredError(),
    fit_intercept=False,
)
params = np.concatenate([W1.ravel(), W2.ravel()])
loss, gradient = backprop(X, y, params, network)

# %%
# `backprop` returns the loss and its derivative in all 16 weights. Are they the numbers from above?
# Up to a factor they are:
print(f"sum of squares {sum_of_squares(W1, W2):.6f}, loss of the package {loss:.6f}")
print(f"one divided by the other: {sum_of_squares(W1, W2) / loss:.6f}")

# %%
# **Where the factor 8 comes from.** The article takes the *sum* of the squares over the four rows.
# The package takes *half* of the squares, so that the derivative is ``a2 - y`` without a 2, and
# their *mean* over the rows, so that the loss of many rows is not larger than that of few.
# Twice, times 4 rows, is 8. For n rows of your own and one output it is 2 n.
assert np.isclose(8 * loss, sum_of_squares(W1, W2))
assert np.allclose(8 * gradient, np.concatenate([dW1.ravel(), dW2.ravel()]))

# %%
# Feedforward is a function too. It takes a list of weights, a list of intercepts (zeros here) and a
# list of activations. `Network.layers` cuts the vector into such weights and intercepts.
coefs, intercepts = zip(*network.layers(params))
output = feedforward(X, coefs, intercepts, network.activations)
assert np.allclose(output, forward(W1, W2)[1])

# %%
# And the training is a loop of two lines. The steps are those from above if the gradient, an eighth
# of the article's, is taken 8 times: the *learning rate* is 8.
package_losses = []
for _ in range(1500):
    loss, gradient = backprop(X, y, params, network)
    params -= 8 * gradient
    package_losses.append(8 * loss)
assert np.allclose(package_losses, losses)

# %%
# The estimator
# -------------
# `ScratchMLPRegressor` is the same network with scikit-learn's interface. By default it does
# more than the article: it standardises the data, takes the steps by a cleverer rule (Adam), in
# mini-batches of shuffled rows, punishes large weights, and stops at a plateau. Here all of that is
# off, one line each. `init` takes the weights to begin with, a matrix for each layer. (In the long
# run the weights need not be the article's: ``init="uniform"`` draws them from [0, 1), too.)
from sknn_scratch import SGD, ScratchMLPRegressor

settings = {
    "hidden_layer_sizes": (4,),
    "activation": "logistic",
    "out_activation": "logistic",
    "standardize": False,  # X and y as they are
    "solver": SGD(momentum=0, nesterovs_momentum=False),  # plain gradient descent
    "learning_rate_init": 8,  # see above
    "batch_size": 4,  # all rows in every step
    "shuffle": False,  # in the order in which they come
    "alpha": 0,  # no penalty on large weights
}
model = ScratchMLPRegressor(**settings, fit_intercept=False, init=list(start))
for _ in range(1500):
    model.partial_fit(X, y.ravel())  # one epoch, which is one step here

print("predicted", model.predict(X).round(3))
assert np.allclose(8 * np.array(model.loss_curve_), losses)

# %%
# The weights are those of the plain lines as well. To see it, run these once more:
for _ in range(1500):
    dW1, dW2 = gradients(W1, W2)
    W1 -= dW1
    W2 -= dW2
assert np.allclose(model.coefs_[0], W1)
assert np.allclose(model.coefs_[1], W2)
assert np.allclose(model.predict(X), forward(W1, W2)[1].ravel())

# %%
# Why `partial_fit`, and not `fit`? `fit` watches the loss and stops where it no longer falls. On
# this problem the loss is nearly flat at first, as the curve shows, and so `fit` would stop there,
# long before anything is learnt. To train to the end by `fit`, tell it not to stop. After the last
# epoch it warns that it has not converged. That is true, and it is meant so here.
import warnings

from sklearn.exceptions import ConvergenceWarning

settings |= {"tol": 0, "n_iter_no_change": np.inf, "max_iter": 1500}
by_fit = ScratchMLPRegressor(**settings, fit_intercept=False, init=list(start))
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    by_fit.fit(X, y.ravel())
assert np.allclose(by_fit.loss_curve_, model.loss_curve_)

# %%
# Who is who
# ----------
# ::
#
#     in the article     here          in the package
#     input              X             X, the first argument of fit and predict
#     y                  y             y, the second
#     my_nn              -             model
#     runif, rand_matrix start         init="uniform", or init=[W1, W2]
#     weights1           W1            coefs_[0]          (or a part of params)
#     weights2           W2            coefs_[1]
#     layer1             a1            transform(X)
#     output             a2            predict(X)
#     sigmoid            sigmoid       activation="logistic", or Logistic()
#     its derivative     slope         Logistic().derivative(z, a)
#     loss function      sum_of_...    8 * loss_, and loss="squared_error" or SquaredError()
#     feedforward        forward       feedforward
#     backprop           gradients     backprop, and the solver, which makes the step
#     d_weights1         -dW1          a part of -8 * gradient
#     d_weights2         -dW2          the rest of it
#     1500 iterations    1500 steps    max_iter=1500, or 1500 calls of partial_fit
#     loss_df            losses        8 * loss_curve_
#
# Some of these can be looked at in the fitted model. (`loss_` is the loss before the last step, as
# ``losses[-1]`` is; `predict` is from after it. What the article's `sigmoid_derivative` is given
# is what the sigmoid returned, our a.)
assert np.allclose(model.transform(X), forward(W1, W2)[0])
assert np.isclose(8 * model.loss_, losses[-1])
a1 = model.transform(X)
assert np.allclose(Logistic().derivative(X @ W1, a1), slope(a1))

# %%
# What the third column does
# --------------------------
# The third feature is 1 in every row. So its weight is added to what reaches a hidden unit,
# whatever the other two features are: it is that unit's *intercept* (or bias), and this is why the
# article's network needs no other. Leave the column out and hand its weights over as intercepts,
# and the predictions stay the same:
two_columns = X[:, :2]
W, b = W1[:2], W1[2]
assert np.allclose(sigmoid(two_columns @ W + b), sigmoid(X @ W1))

output = feedforward(two_columns, [W, W2], [b, np.zeros(1)], network.activations)
assert np.allclose(output, model.predict(X)[:, np.newaxis])

# %%
# What happens with intercepts, and without the column? Let us train each kind from the same
# weights. With ``fit_intercept=True``, the default, every unit has an intercept, the output too.
# `init` takes all matrices of weights, and then all vectors of intercepts.
W1, W2 = start
variants = {
    "third column, no intercepts": (X, {"fit_intercept": False, "init": [W1, W2]}),
    "two columns and intercepts": (two_columns, {"init": [W1[:2], W2, W1[2], np.zeros(1)]}),
    "third column and intercepts": (X, {"init": [W1, W2]}),
    "two columns, no intercepts": (two_columns, {"fit_intercept": False, "init": [W1[:2], W2]}),
}
print("                             sum of squares  below 0.1 at step  predicted")
found = {}
for name, (features, changes) in variants.items():
    found[name] = ScratchMLPRegressor(**settings, **changes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found[name].fit(features, y.ravel())
    curve = 8 * np.array(found[name].loss_curve_)
    predicted = found[name].predict(features).round(2)
    print(f"{name:28} {curve[-1]:14.4f} {np.argmax(curve < 0.1) + 1:18}  {predicted}")

# %%
# - *Two columns and intercepts* begins with the same predictions, and ends about as well. It is not
#   the same training: the output has an intercept of its own now, which moves as well.
# - *Third column and intercepts* says everything twice: each hidden unit has two numbers that are
#   added in every row. Their derivatives are the same, so their sum moves twice as fast.
# - *Two columns, no intercepts* has a handicap. In the row (0, 0) nothing reaches the hidden units,
#   whatever their weights, and each of them says 1/2. The network learns around it, more slowly
#   and less well. With other data it may not be able to.
hidden = found["two columns, no intercepts"].transform(two_columns)
assert np.allclose(hidden[0], 1 / 2)

# %%
# So with the package leave the column of ones out, and let ``fit_intercept`` be True.

# %%
# An activation of your own
# -------------------------
# All that the network needed of the sigmoid was ``f(z)`` and its derivative, and that is all that
# an activation has to be. Here is the arctangent. The derivative is handed both ``z`` and
# ``a = f(z)``, so that the formula may use the one that is simpler; this one uses ``z``.
from sknn_scratch import Activation


class Arctan(Activation):
    """f(z) = arctan(z), between -pi/2 and pi/2; f' = 1 / (1 + z^2)."""

    def __call__(self, z):
        return np.arctan(z)

    def derivative(self, z, a):
        return 1 / (1 + z**2)


# %%
# Is the derivative right? `check_gradient` asks backpropagation, and then moves every weight a
# little, as you did above. A wrong formula is off by 0.001 or more, a right one by next to nothing.
# (Do not wait for training to show it: with a derivative that is a little wrong a network often
# learns all the same.)
mine = ScratchMLPRegressor(
    (4,), activation=Arctan(), out_activation="logistic", solver="lbfgs", random_state=0
)
error = mine.check_gradient(two_columns, y.ravel())
print(f"off by {error:.0e}")
assert error < 1e-6

# %%
# It trains like any other, here with a solver that needs no learning rate:
mine.fit(two_columns, y.ravel())
print("predicted", mine.predict(two_columns).round(2))
assert np.abs(mine.predict(two_columns) - y.ravel()).max() < 0.05

# %%
# Where to go on
# --------------
# - `Watch it learn <watch_it_learn.html>`_ shows in pictures what a network does while it trains.
# - `From the formulas to network.py <../learn.html>`_ does the same with intercepts and any number
#   of layers, up to the source of `backprop`.
# - `Write your own activation, loss, solver <../extend.html>`_ has the other kinds of components.
