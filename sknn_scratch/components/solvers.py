"""More solvers, for the interface that `maths.solvers` describes."""

from dataclasses import dataclass

import numpy as np

from ..maths import Adam, Array, Solver, State, number


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: before its step, all parameters shrink by a share.

    ::

        params <- params * (1 - learning_rate * weight_decay)                    (then as Adam)

    The intercepts too, as in PyTorch. ``alpha`` is another matter: its penalty is part of the
    loss. Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019, algorithm 2.
    """

    weight_decay: float = number("[0, inf)", default=0.01)

    def update(self, params: Array, gradient: Array, state: State, learning_rate: float) -> None:
        params *= 1 - learning_rate * self.weight_decay
        super().update(params, gradient, state, learning_rate)


@dataclass(frozen=True)
class RMSprop(Solver):
    """Steps scaled by a running root mean square of the gradient.

    ::

        v <- rho * v + (1 - rho) * gradient^2
        params <- params - learning_rate * gradient / (sqrt(v) + epsilon)

    Tieleman and Hinton, Lecture 6.5: rmsprop, COURSERA: Neural networks for machine learning,
    2012; epsilon and the defaults are PyTorch's.
    """

    rho: float = number("[0, 1)", default=0.99)
    epsilon: float = number("(0, inf)", default=1e-8)

    def init(self, params: Array) -> State:
        return {"v": np.zeros_like(params)}

    def update(self, params: Array, gradient: Array, state: State, learning_rate: float) -> None:
        v = state["v"]
        v[...] = self.rho * v + (1 - self.rho) * gradient**2
        params -= gradient / (np.sqrt(v) + self.epsilon) * learning_rate
