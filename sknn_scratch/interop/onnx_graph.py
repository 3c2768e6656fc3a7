"""A graph of ONNX operators, made of formulas.

A formula is traced (see `tracing.trace`), and each of its operations becomes a node of the graph.
What a formula is made of must be in one of the two tables below::

    OPERATORS    functions that are operators of ONNX
    COMPOSED     functions that are made of those
"""

from collections.abc import Callable, Iterable, Sequence
from math import pi, sqrt
from typing import Any, NoReturn

import numpy as np
from onnx import TensorProto
from scipy import special

from ..tracing import Trace, Traced


class Graph(Trace):
    """A trace, and the nodes that it becomes in the container of skl2onnx.

    Names come from the scope; all numbers are of type ``number_type``.
    """

    lacks = "OPERATORS and COMPOSED do not have {}"

    def __init__(self, scope: Any, container: Any, number_type: int) -> None:
        super().__init__(COMPOSED)
        self.scope = scope
        self.container = container
        self.number_type = number_type
        self.names: dict[Any, str] = {}  # what values are called
        self.n_nodes: int = 0  # how many operations are nodes

    def named_input(self, name: str, width: int) -> Traced:
        """Return what stands for an array of so many columns; how many rows is not known."""
        x = self.input((1, width), np.float64)
        self.names[x.value] = name
        return x

    def shape_of(self, value: Any) -> NoReturn:
        self.refuse("the formula asks for the number of rows, which is not known")

    def accepts(self, function: Any) -> bool:
        return function in OPERATORS

    def apply(self, function: Any, inputs: Iterable[Any]) -> Any:
        if function is not np.matmul:
            return super().apply(function, inputs)
        values = [self.operand(x) for x in inputs]
        return self.append(function, values, (1, values[1].shape[1]), np.float64)

    def name_of(self, x: Traced) -> str:
        """Return the name of a result, after its nodes are written."""
        for operation in self.operations[self.n_nodes :]:
            inputs = [self._name(variable) for variable in operation.inputs]
            operator = OPERATORS[operation.function]
            if isinstance(operator, str):
                self.names[operation] = self.node(operator, inputs)
            else:
                self.names[operation] = operator(self, operation, *inputs)
        self.n_nodes = len(self.operations)
        return self._name(x.value)

    def _name(self, value):
        if value not in self.names:
            self.names[value] = self.constant(value.constant, self.number_type)
        return self.names[value]

    def node(
        self, operator: str, inputs: Sequence[Any], n_results: int = 1, **attributes: Any
    ) -> str:
        """Add a node; return the name of its first result. Inputs are names, numbers or arrays."""
        inputs = [x if isinstance(x, str) else self.constant(x, self.number_type) for x in inputs]
        results = [self.scope.get_unique_variable_name("sknn") for _ in range(n_results)]
        self.container.add_node(operator, inputs, results, **attributes)
        return results[0]

    def constant(self, value: Any, number_type: int) -> str:
        """Add a number or an array; return its name."""
        array, name = np.asarray(value), self.scope.get_unique_variable_name("sknn")
        self.container.add_initializer(name, number_type, array.shape, array.ravel())
        return name

    def cast(self, name: str, number_type: int) -> str:
        """Return the name of the same numbers in another type."""
        return self.node("Cast", [name], to=number_type)


def _log1p(x):
    rounded = 1 + x
    return np.log(rounded) - ((rounded - 1) - x) / rounded  # takes back what rounding added


def _sort(x, axis=-1):
    if axis not in (1, -1):
        x.trace.refuse(f"only rows can be sorted, along axis 1, not {axis}")
    return Traced(x.trace, x.trace.append(np.sort, [x.value], x.value.shape, x.dtype))


def _sorted(graph, operation, x):
    width = graph.constant([operation.shape[1]], TensorProto.INT64)
    return graph.node("TopK", [x, width], 2, axis=1, largest=0, sorted=1)


def _erf(graph, operation, x):
    if graph.number_type == TensorProto.FLOAT:
        return graph.node("Erf", [x])
    # ONNX Runtime has no Erf of doubles; this is right to 1e-7.
    single = graph.node("Erf", [graph.cast(x, TensorProto.FLOAT)])
    return graph.cast(single, graph.number_type)


def _cos(graph, operation, x):
    if graph.number_type == TensorProto.FLOAT:
        return graph.node("Cos", [x])
    # Older ONNX Runtimes have no Cos of doubles.
    return graph.node("Sin", [graph.node("Add", [x, pi / 2])])


def _numbers(graph, operation, x):
    if operation.shape != operation.inputs[0].shape:
        graph.refuse("the formula fills an array with a number")
    return graph.cast(x, graph.number_type)


OPERATORS: dict[Callable[..., Any], str | Callable[..., str]] = {
    np.absolute: "Abs",
    np.add: "Add",
    np.copyto: _numbers,  # of booleans
    np.cos: _cos,
    np.divide: "Div",
    np.exp: "Exp",
    np.greater: "Greater",
    np.less: "Less",
    np.log: "Log",
    np.matmul: "MatMul",
    np.maximum: "Max",
    np.minimum: "Min",
    np.multiply: "Mul",
    np.negative: "Neg",
    np.power: "Pow",
    np.sin: "Sin",
    np.sort: _sorted,
    np.sqrt: "Sqrt",
    np.subtract: "Sub",
    np.tanh: "Tanh",
    special.erf: _erf,
}
# What ONNX does not have; and the logistic, which ONNX Runtime rounds to 0 from -18 on in float32.
COMPOSED: dict[Callable[..., Any], Callable[..., Any]] = {
    np.clip: lambda x, low, high: np.minimum(np.maximum(x, low), high),
    np.expm1: lambda x: np.tanh(x / 2) * (np.exp(x) + 1),
    np.log1p: _log1p,
    np.sort: _sort,
    np.square: lambda x: x * x,
    special.expit: lambda x: 1 / (1 + np.exp(-x)),
    special.ndtr: lambda x: (1 + special.erf(x / sqrt(2))) / 2,
}


def traced(formula: Callable[..., Any], name: str, x: Traced) -> Traced:
    """Return ``formula(x)``, where x is `Traced`; ValueError with the name if it cannot be."""
    graph: Any = x.trace
    try:
        result = formula(x)
        if not isinstance(result, Traced):
            raise TypeError(f"it returns {type(result).__name__}, whatever its input")
        if graph.failed:
            raise TypeError("it asked for what is not known yet")
        graph.name_of(result)  # while it is known whose nodes these are
    except Exception as error:  # it may be anybody's code
        raise ValueError(f"{name} cannot be converted to ONNX: {error}.") from error
    return result
