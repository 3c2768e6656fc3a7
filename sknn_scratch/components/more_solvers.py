"""More solvers, for the interface that `maths.solvers` describes."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from ..maths import Adam, Array, Solver, State


@dataclass(frozen=True)
class AdamW(Adam, elementwise=True):
    """Adam with decoupled weight decay: before its step, all parameters shrink by a share.

    ::

        params <- params * (1 - learning_rate * weight_decay)                    (then as Adam)

    The intercepts too, as in PyTorch. ``alpha`` is another matter: its penalty is part of the
    loss. Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019, algorithm 2.

    Parameters
    ----------
    beta_1, beta_2, epsilon : float
        As for `Adam`.
    weight_decay : float >= 0, default=0.01
        The share, times the learning rate, that is taken from each parameter.

    See Also
    --------
    Adam : The same without weight decay.

    Examples
    --------
    >>> AdamW(weight_decay=0.1).weight_decay
    0.1
    """

    weight_decay: Annotated[float, "[0, inf)"] = 0.01

    def update(self, params: Array, gradient: Array, state: State, learning_rate: float) -> None:
        params *= 1 - learning_rate * self.weight_decay
        super().update(params, gradient, state, learning_rate)


@dataclass(frozen=True)
class RMSprop(Solver, elementwise=True):
    """Steps scaled by a running root mean square of the gradient.

    ::

        v <- rho * v + (1 - rho) * gradient^2
        params <- params - learning_rate * gradient / (sqrt(v) + epsilon)

    Tieleman and Hinton, Lecture 6.5: rmsprop, COURSERA: Neural networks for machine learning,
    2012; epsilon and the defaults are PyTorch's.

    Parameters
    ----------
    rho : float in [0, 1), default=0.99
        The share of the old in the running mean.
    epsilon : float > 0, default=1e-8
        Keeps the divisor from 0.

    See Also
    --------
    Adam : A mean of the gradients as well.

    Examples
    --------
    >>> RMSprop(rho=0.9)
    RMSprop(rho=0.9, epsilon=1e-08)
    """

    rho: Annotated[float, "[0, 1)"] = 0.99
    epsilon: Annotated[float, "(0, inf)"] = 1e-8

    def init(self, params: Array) -> State:
        return {"v": np.zeros_like(params)}

    def update(self, params: Array, gradient: Array, state: State, learning_rate: float) -> None:
        v = state["v"]
        v *= self.rho
        v += (1 - self.rho) * gradient**2
        params -= learning_rate * gradient / (np.sqrt(v) + self.epsilon)


@dataclass(frozen=True)
class LBFGS(Solver):
    """Limited-memory BFGS, a quasi-Newton method on the whole training set (SciPy's L-BFGS-B).

    Byrd, Lu, Nocedal and Zhu, A limited memory algorithm for bound constrained optimization,
    SIAM Journal on Scientific Computing 16, 1995.

    Parameters
    ----------
    max_fun : int, default=15000
        The most evaluations of loss and gradient.

    See Also
    --------
    Adam : Many small steps, on mini-batches.

    Examples
    --------
    >>> LBFGS(max_fun=1000)
    LBFGS(max_fun=1000)
    """

    stochastic = False
    max_fun: Annotated[int, "[1, inf)"] = 15000

    def update(self, params: Array, gradient: Array, state: State, learning_rate: float) -> None:
        """Raise NotImplementedError: no step depends on one gradient alone."""
        raise NotImplementedError("L-BFGS takes no steps along gradients of mini-batches.")
