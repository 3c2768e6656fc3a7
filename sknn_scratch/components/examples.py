"""Examples of the classes of the textbook, and what is akin to them, for their docstrings.

They are added here, since whoever reads `maths` for its formulas has no use for them.
"""

import inspect
from textwrap import dedent

from .. import maths

AKIN = {
    "Activation": "Loss, Solver : The other formulas of a training.",
    "Identity": "Logistic, Tanh, ReLU : What is none.",
    "Logistic": "Tanh : The same from -1 to 1.\nBounded : The same in any interval.",
    "Tanh": "Logistic : The same from 0 to 1.",
    "ReLU": "LeakyReLU, ELU, SiLU, GELU : Let something through below 0.",
    "Loss": "Activation : What leads from the last layer to where targets lie.",
    "SquaredError": "AbsoluteError, Huber, LogCosh : Large errors do not dominate them.",
    "Solver": "Schedule : How the learning rate changes from epoch to epoch.",
    "SGD": "Adam : Steps that are scaled for each parameter.",
    "Adam": "AdamW : The same with weight decay.",
    "Network": "backprop : Its loss and gradient.",
}
EXAMPLES = {
    "Activation": """
        >>> class Sine(Activation):
        ...     def __call__(self, z):
        ...         return np.sin(z)
        ...
        ...     def derivative(self, z, a):
        ...         return np.cos(z)
        """,
    "Loss": """
        >>> class FourthPower(Loss):
        ...     def __call__(self, y, a):
        ...         return (a - y) ** 4
        ...
        ...     def gradient(self, y, a):
        ...         return 4 * (a - y) ** 3
        """,
    "SquaredError": """
        >>> SquaredError()(np.array([1.0]), np.array([4.0]))
        array([4.5])
        """,
    "Solver": """
        >>> class SignDescent(Solver, elementwise=True):
        ...     def update(self, params, gradient, state, learning_rate):
        ...         params -= learning_rate * np.sign(gradient)
        """,
    "SGD": """
        >>> params = np.array([1.0])
        >>> SGD(momentum=0).update(params, np.array([2.0]), {}, learning_rate=0.1)
        >>> params
        array([0.8])
        """,
    "Adam": """
        >>> Adam(beta_2=0.99)
        Adam(beta_1=0.9, beta_2=0.99, epsilon=1e-08)
        """,
    "Network": """
        >>> from sknn_scratch import Identity, Logistic, SquaredError
        >>> network = Network((2, 3, 1), (Logistic(), Identity()), SquaredError())
        >>> [W.shape for W, b in network.layers(np.zeros(network.n_parameters))]
        [(2, 3), (3, 1)]
        """,
}
OF_ACTIVATIONS = {  # at -1 and 2
    "Identity": "array([-1.,  2.])",
    "Logistic": "array([0.27, 0.88])",
    "Tanh": "array([-0.76,  0.96])",
    "ReLU": "array([0., 2.])",
}
for _name, _values in OF_ACTIVATIONS.items():
    EXAMPLES[_name] = f">>> {_name}()(np.array([-1.0, 2.0])).round(2)\n{_values}"


def add_examples() -> None:
    """Add the sections "See Also" and "Examples" to the docstrings, in place."""
    for name, akin in AKIN.items():
        cls = getattr(maths, name)
        formula, example = inspect.cleandoc(cls.__doc__ or ""), dedent(EXAMPLES[name]).strip()
        cls.__doc__ = f"{formula}\n\nSee Also\n--------\n{akin}\n\nExamples\n--------\n{example}\n"
