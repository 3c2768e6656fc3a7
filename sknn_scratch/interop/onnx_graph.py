"""A graph of ONNX operators, written by following formulas.

A formula is called with a `Traced` in the place of an array. NumPy hands every function of it to
that (by the protocols ``__array_ufunc__`` and ``__array_function__``), and it adds the operator
that computes the function to the graph. What a formula is made of must be in one of the two
tables below::

    OPERATORS    functions that are operators of ONNX
    COMPOSED     functions that are made of those
"""

from math import sqrt

import numpy as np
from onnx import TensorProto
from scipy import special


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """What stands for an array while a formula is followed: a result in the graph.

    Parameters
    ----------
    graph : Graph
    name : str
        What the graph calls it.
    width : int
        Its columns; the rows are not known.
    """

    def __init__(self, graph, name, width):
        self.graph, self.name, self.width = graph, name, width

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if method == "__call__" and not options:
            if ufunc in COMPOSED:
                return COMPOSED[ufunc](*inputs)
            if ufunc in OPERATORS:
                width = inputs[1].shape[1] if ufunc is np.matmul else self.width
                return self.graph.node(OPERATORS[ufunc], inputs, width)
        raise TypeError(f"OPERATORS and COMPOSED do not have {ufunc.__name__} as it is called")

    def __array_function__(self, function, types, args, options):
        if function is np.sort:
            return _sort(*args, **options)
        raise TypeError(f"OPERATORS and COMPOSED do not have {function.__name__}")

    def __array__(self, *args, **options):
        raise TypeError("the formula asks for numbers, which are not known yet")

    __bool__ = __float__ = __array__  # nor can a formula depend on them


class Graph:
    """Writes nodes into the container of skl2onnx; all numbers are of one type."""

    def __init__(self, scope, container, number_type):
        self.scope, self.container, self.number_type = scope, container, number_type

    def node(self, operator, inputs, width, n_results=1, **attributes):
        """Add a node; return its first result. Inputs that are not traced are constants."""
        results = [self._name() for _ in range(n_results)]
        inputs = [x if isinstance(x, Traced) else self.constant(x) for x in inputs]
        self.container.add_node(operator, [x.name for x in inputs], results, **attributes)
        return Traced(self, results[0], width)

    def constant(self, value, number_type=None):
        """Return a number or an array."""
        array, name = np.asarray(value), self._name()
        number_type = number_type or self.number_type
        self.container.add_initializer(name, number_type, array.shape, array.ravel())
        return Traced(self, name, array.shape[-1] if array.ndim else 1)

    def cast(self, x, number_type):
        """Return ``x`` as numbers of another type."""
        return self.node("Cast", [x], x.width, to=number_type)

    def _name(self):
        return self.scope.get_unique_variable_name("sknn")


def _log1p(x):
    rounded = 1 + x
    return np.log(rounded) - ((rounded - 1) - x) / rounded  # takes back what rounding added


def _erf(x):
    graph = x.graph
    if graph.number_type == TensorProto.FLOAT:
        return graph.node("Erf", [x], x.width)
    # ONNX Runtime has no Erf of doubles; this is right to 1e-7.
    single = graph.node("Erf", [graph.cast(x, TensorProto.FLOAT)], x.width)
    return graph.cast(single, graph.number_type)


def _sort(x, axis=-1):
    if axis not in (1, -1):
        raise TypeError(f"only rows can be sorted, along axis 1, not {axis}")
    width = x.graph.constant([x.width], TensorProto.INT64)
    return x.graph.node("TopK", [x, width], x.width, 2, axis=1, largest=0, sorted=1)


OPERATORS = {
    np.absolute: "Abs",
    np.add: "Add",
    np.cos: "Cos",
    np.divide: "Div",
    np.exp: "Exp",
    np.log: "Log",
    np.matmul: "MatMul",
    np.maximum: "Max",
    np.minimum: "Min",
    np.multiply: "Mul",
    np.negative: "Neg",
    np.power: "Pow",
    np.sin: "Sin",
    np.sqrt: "Sqrt",
    np.subtract: "Sub",
    np.tanh: "Tanh",
}
# What ONNX does not have; and the logistic, which ONNX Runtime rounds to 0 from -18 on in float32.
COMPOSED = {
    np.expm1: lambda x: np.tanh(x / 2) * (np.exp(x) + 1),
    np.log1p: _log1p,
    np.square: lambda x: x * x,
    special.erf: _erf,
    special.expit: lambda x: 1 / (1 + np.exp(-x)),
    special.ndtr: lambda x: (1 + special.erf(x / sqrt(2))) / 2,
}


def followed(formula, name, x):
    """Return ``formula(x)``, where x is `Traced`; ValueError with the name if it cannot be."""
    try:
        result = formula(x)
        if not isinstance(result, Traced):
            raise TypeError(f"it returns {type(result).__name__}, whatever its input")
    except Exception as error:  # it may be anybody's code
        raise ValueError(f"{name} cannot be converted to ONNX: {error}.") from error
    return result
