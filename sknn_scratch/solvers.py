"""Solvers: how the gradient changes the parameters.

    params          the parameter vector
    gradient        the derivative of the loss in it
    state           what the solver remembers between steps, a dict kept by the caller
    learning_rate   the step size, in force for the whole epoch (see `schedules`)

A stochastic solver takes many small steps, one per mini-batch. It is an immutable rule: its
hyperparameters are its fields (named as the estimator's constructor names them), and
everything that changes is in ``state``. `update` is the rule as a formula, and the definition.
`calls` is the same rule for the training loop, as a list of calls on fixed arrays; the base
class makes it from `update`, so a solver of your own needs `init` and `update` only.

L-BFGS takes few large steps, each on the whole training set; it is SciPy's (see `training`).
"""

from dataclasses import dataclass

import numpy as np


class Solver:
    """A rule that steps along the gradient of a mini-batch."""

    stochastic = True

    def __init_subclass__(cls):  # calls inherited with another rule would be those of the old
        if "update" in vars(cls) and "calls" not in vars(cls):
            cls.calls = Solver.calls

    def init(self, params):
        """Return the state before the first step: a dict of arrays and numbers."""
        return {}

    def update(self, params, gradient, state, learning_rate):
        """Take one step: change ``params`` and ``state`` in place; may spoil ``gradient``."""
        raise NotImplementedError

    def calls(self, params, gradient, state, learning_rate):
        """Return the calls that make one step; ``learning_rate`` is a 0-d array."""
        return [(lambda: self.update(params, gradient, state, learning_rate.item()),)]


@dataclass(frozen=True)
class SGD(Solver):
    """Stochastic gradient descent with momentum.

    ::

        u <- momentum * u - learning_rate * gradient
        params <- params + u                                             (classical momentum)
        params <- params + momentum * u - learning_rate * gradient       (Nesterov's)

    Without momentum both are plain gradient descent. Sutskever, Martens, Dahl and Hinton, On
    the importance of initialization and momentum in deep learning, ICML 2013, equations 1-4;
    Nesterov's form is evaluated at the point looked ahead to, as in equation 7 of Bengio,
    Boulanger-Lewandowski and Pascanu, Advances in optimizing recurrent networks, 2012.
    """

    momentum: float = 0.9
    nesterovs_momentum: bool = True

    def init(self, params):
        return {"velocity": np.zeros_like(params)}

    def update(self, params, gradient, state, learning_rate):
        u = state["velocity"]
        u[...] = self.momentum * u - learning_rate * gradient
        if self.nesterovs_momentum:
            params += self.momentum * u - learning_rate * gradient
        else:
            params += u

    def calls(self, params, gradient, state, learning_rate):
        u, momentum = state["velocity"], np.array(self.momentum, params.dtype)
        calls = [(np.multiply, gradient, learning_rate, gradient)]
        if self.momentum == 0:
            return [*calls, (np.subtract, params, gradient, params)]
        calls += [(np.multiply, u, momentum, u), (np.subtract, u, gradient, u)]
        if not self.nesterovs_momentum:
            return [*calls, (np.add, params, u, params)]
        step = np.empty_like(params)
        calls += [(np.multiply, u, momentum, step), (np.subtract, step, gradient, step)]
        return [*calls, (np.add, params, step, params)]


@dataclass(frozen=True)
class Adam(Solver):
    """Adaptive moment estimation: steps scaled by running means of gradient and its square.

    ::

        m <- beta_1 * m + (1 - beta_1) * gradient
        v <- beta_2 * v + (1 - beta_2) * gradient^2
        rate = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)            (t: steps so far)
        params <- params - rate * m / (sqrt(v) + epsilon)

    Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 1 with the
    order of computation of section 2.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def init(self, params):
        return {"m": np.zeros_like(params), "v": np.zeros_like(params), "t": 0}

    def rate(self, state, learning_rate):
        """Count the step in ``state``; return the learning rate, corrected for the start."""
        t = state["t"] = state["t"] + 1
        return learning_rate * (1 - self.beta_2**t) ** 0.5 / (1 - self.beta_1**t)

    def update(self, params, gradient, state, learning_rate):
        m, v, rate = state["m"], state["v"], self.rate(state, learning_rate)
        m[...] = self.beta_1 * m + (1 - self.beta_1) * gradient
        v[...] = self.beta_2 * v + (1 - self.beta_2) * gradient**2
        params -= rate * m / (np.sqrt(v) + self.epsilon)

    def calls(self, params, gradient, state, learning_rate):
        m, v, step, rate = (
            state["m"],
            state["v"],
            np.empty_like(params),
            np.empty_like(learning_rate),
        )
        numbers = self.beta_1, 1 - self.beta_1, self.beta_2, 1 - self.beta_2, self.epsilon
        beta_1, rest_1, beta_2, rest_2, epsilon = (np.array(x, params.dtype) for x in numbers)

        def correct_bias():
            rate[()] = self.rate(state, learning_rate.item())

        return [
            (correct_bias,),
            (np.multiply, m, beta_1, m),
            (np.multiply, gradient, rest_1, step),
            (np.add, m, step, m),
            (np.multiply, v, beta_2, v),
            (np.multiply, gradient, gradient, step),
            (np.multiply, step, rest_2, step),
            (np.add, v, step, v),
            (np.sqrt, v, step),
            (np.add, step, epsilon, step),
            (np.divide, m, step, step),
            (np.multiply, step, rate, step),
            (np.subtract, params, step, params),
        ]


@dataclass(frozen=True)
class LBFGS(Solver):
    """Limited-memory BFGS, a quasi-Newton method on the whole training set (SciPy's L-BFGS-B).

    Byrd, Lu, Nocedal and Zhu, A limited memory algorithm for bound constrained optimization,
    SIAM Journal on Scientific Computing 16, 1995.
    """

    stochastic = False
    max_fun: int = 15000


SOLVERS = {"sgd": SGD, "adam": Adam, "lbfgs": LBFGS}
