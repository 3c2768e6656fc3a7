"""Solvers: how the gradient changes the parameters.

    params          the parameter vector
    gradient        the derivative of the loss in it
    state           what the solver remembers between steps, a dict kept by the caller
    learning_rate   the step size, in force for the whole epoch (see `components.schedules`)

A stochastic solver takes many small steps, one per mini-batch. It is an immutable rule: its
hyperparameters are its fields (named as the estimator's constructor names them), and
everything that changes is in ``state``. A solver of your own needs `update`, and `init` if it
has a state; `components` has two more, and L-BFGS, which takes few large steps, each on the whole
training set.
"""

from abc import abstractmethod
from dataclasses import dataclass
from inspect import isfunction
from typing import Annotated

import numpy as np

from .component import Array, Component, State


class Solver(Component):
    """A rule that steps along the gradient of a mini-batch.

    ``class Adam(Solver, elementwise=True)`` says that the step of a parameter depends on nothing
    but its own value, gradient and state, and on the numbers in ``state``: of a long vector it may
    then be handed one part after another. A subclass with a method of its own says so anew.
    """

    stochastic: bool = True
    elementwise: bool = False

    def __init_subclass__(cls, **said: object) -> None:
        if any(map(isfunction, vars(cls).values())):
            said.setdefault("elementwise", vars(cls).get("elementwise", False))
        super().__init_subclass__(**said)

    def init(self, params: Array) -> State:
        """Return the state before the first step: a dict of arrays and numbers."""
        return {}

    @abstractmethod
    def update(self, params: Array, gradient: Array, state: State, learning_rate: float) -> None:
        """Take one step: change ``params`` and ``state`` in place; may spoil ``gradient``."""


@dataclass(frozen=True)
class SGD(Solver, elementwise=True):
    """Stochastic gradient descent with momentum.

    ::

        u <- momentum * u - learning_rate * gradient
        params <- params + u                                             (classical momentum)
        params <- params + momentum * u - learning_rate * gradient       (Nesterov's)

    Without momentum both are plain gradient descent. Sutskever, Martens, Dahl and Hinton, On
    the importance of initialization and momentum in deep learning, ICML 2013, equations 1-4;
    Nesterov's form is evaluated at the point looked ahead to, as in equation 7 of Bengio,
    Boulanger-Lewandowski and Pascanu, Advances in optimizing recurrent networks, 2012.
    (PyTorch keeps the learning rate out of u: the same as long as it does not change.)

    Parameters
    ----------
    momentum : float in [0, 1], default=0.9
    nesterovs_momentum : bool, default=True
    """

    momentum: Annotated[float, "[0, 1]"] = 0.9
    nesterovs_momentum: bool = True

    def init(self, params: Array) -> State:
        return {"velocity": np.zeros_like(params)}

    def update(self, params: Array, gradient: Array, state: State, learning_rate: float) -> None:
        step = learning_rate * gradient
        if self.momentum == 0:
            params -= step
            return
        u = state["velocity"]
        u *= self.momentum
        u -= step
        params += self.momentum * u - step if self.nesterovs_momentum else u


@dataclass(frozen=True)
class Adam(Solver, elementwise=True):
    """Adaptive moment estimation: steps scaled by running means of gradient and its square.

    ::

        m <- beta_1 * m + (1 - beta_1) * gradient
        v <- beta_2 * v + (1 - beta_2) * gradient^2
        rate = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)            (t: steps so far)
        params <- params - rate * m / (sqrt(v) + epsilon)

    Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 1 with the
    order of computation of section 2, as in scikit-learn. (PyTorch's epsilon, in the order of
    algorithm 1, is epsilon * sqrt(1 - beta_2^t) here.)

    Parameters
    ----------
    beta_1, beta_2 : float in [0, 1), default=0.9, 0.999
    epsilon : float > 0, default=1e-8
    """

    beta_1: Annotated[float, "[0, 1)"] = 0.9
    beta_2: Annotated[float, "[0, 1)"] = 0.999
    epsilon: Annotated[float, "(0, inf)"] = 1e-8

    def init(self, params: Array) -> State:
        return {"m": np.zeros_like(params), "v": np.zeros_like(params), "t": 0}

    def rate(self, state: State, learning_rate: float) -> float:
        """Count the step in ``state``; return the learning rate, corrected for the start."""
        state["t"] += 1
        t = state["t"]
        return learning_rate * (1 - self.beta_2**t) ** 0.5 / (1 - self.beta_1**t)

    def update(self, params: Array, gradient: Array, state: State, learning_rate: float) -> None:
        m, v = state["m"], state["v"]
        m *= self.beta_1
        m += (1 - self.beta_1) * gradient
        v *= self.beta_2
        v += (1 - self.beta_2) * np.square(gradient, out=gradient)
        step = np.sqrt(v, out=gradient)  # in the array of the gradient, which has served
        step += self.epsilon
        np.divide(m, step, out=step)
        step *= self.rate(state, learning_rate)
        params -= step
