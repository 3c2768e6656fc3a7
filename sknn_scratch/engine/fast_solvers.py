"""Solvers once more, for the training loop: the same rules as calls on fixed arrays.

Every solver can be made into such calls (see `fast`) from its `update`, which allocates; those
in the table at the end have calls of their own, which do not. The table goes by the very class,
so a subclass with another rule follows that rule.
"""

import numpy as np

from ..maths import SGD, Adam, AdamW, RMSprop


def calls(solver, params, gradient, state, learning_rate):
    """Return the calls that make one step; ``learning_rate`` is a 0-d array."""
    make = CALLS.get(type(solver), _formula)
    return make(solver, params, gradient, state, learning_rate)


def _formula(solver, params, gradient, state, learning_rate):
    return [(lambda: solver.update(params, gradient, state, learning_rate.item()),)]


def _sgd(solver, params, gradient, state, learning_rate):
    u, momentum = state["velocity"], np.array(solver.momentum, params.dtype)
    scaled = [(np.multiply, gradient, learning_rate, gradient)]
    if solver.momentum == 0:
        return [*scaled, (np.subtract, params, gradient, params)]
    velocity = [*scaled, (np.multiply, u, momentum, u), (np.subtract, u, gradient, u)]
    if not solver.nesterovs_momentum:
        return [*velocity, (np.add, params, u, params)]
    step = np.empty_like(params)
    return [
        *velocity,
        (np.multiply, u, momentum, step),
        (np.subtract, step, gradient, step),
        (np.add, params, step, params),
    ]


def _adam(solver, params, gradient, state, learning_rate):
    m, v = state["m"], state["v"]
    step, rate = np.empty_like(params), np.empty_like(learning_rate)
    numbers = solver.beta_1, 1 - solver.beta_1, solver.beta_2, 1 - solver.beta_2, solver.epsilon
    beta_1, rest_1, beta_2, rest_2, epsilon = (np.array(x, params.dtype) for x in numbers)

    def correct_bias():
        rate[()] = solver.rate(state, learning_rate.item())

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


def _adamw(solver, params, gradient, state, learning_rate):
    factor = np.empty_like(learning_rate)

    def decay():
        factor[()] = 1 - learning_rate.item() * solver.weight_decay

    adam = _adam(solver, params, gradient, state, learning_rate)
    return [(decay,), (np.multiply, params, factor, params), *adam]


def _rmsprop(solver, params, gradient, state, learning_rate):
    v, step = state["v"], np.empty_like(params)
    numbers = solver.rho, 1 - solver.rho, solver.epsilon
    rho, rest, epsilon = (np.array(x, params.dtype) for x in numbers)
    return [
        (np.multiply, v, rho, v),
        (np.multiply, gradient, gradient, step),
        (np.multiply, step, rest, step),
        (np.add, v, step, v),
        (np.sqrt, v, step),
        (np.add, step, epsilon, step),
        (np.divide, gradient, step, step),
        (np.multiply, step, learning_rate, step),
        (np.subtract, params, step, params),
    ]


CALLS = {SGD: _sgd, Adam: _adam, AdamW: _adamw, RMSprop: _rmsprop}
