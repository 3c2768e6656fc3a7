"""ONNX: a fitted network, or an ensemble, as a graph of operators, for runtimes without Python.

skl2onnx converts a `ScratchMLPRegressor`, alone or in a pipeline::

    from skl2onnx import to_onnx

    graph = to_onnx(model, X[:1])  # float32 inputs make a float32 graph, float64 a float64 one

The formulas are not written down a second time: those of layers and activations are traced, with
a stand-in for X (see `onnx_graph`). So an activation or a loss of your own can be converted too, if
its formula is made of functions that the tables `OPERATORS` and `COMPOSED` there have; else the
error names what is missing.

Where it is a transformer, as in front of other steps of a pipeline, the graph returns what
`transform` does. (Alone in a ColumnTransformer that nothing follows it cannot be told from a
regressor, and predicts.)
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..ensemble import ScratchMLPEnsembleRegressor
from ..estimators import ScratchMLPRegressor
from ..maths import Network
from ..tracing import Traced

try:
    from skl2onnx import update_registered_converter
    from skl2onnx.algebra import onnx_ops
    from skl2onnx.algebra.onnx_operator import OnnxSubEstimator
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, guess_proto_type

    from .onnx_graph import Graph, traced
except ImportError as error:
    raise ImportError(
        "sknn_scratch.onnx needs skl2onnx: python -m pip install 'sknn-scratch[onnx]'"
    ) from error


def converted(model: Any, X: Traced, hidden: bool) -> Traced:
    """Return the prediction for X, or what leaves the last hidden layer, as a `Traced`."""
    network, scaling = model._network, model._scaling
    layers, embedding = network.layers(model._params), network.embedding_layer(model._params)
    if not scaling.is_identity:
        X = (X - scaling.x_shift) * (1 / scaling.x_scale.astype(np.float64))
    a = embedding.as_products(X) if embedding else X
    for (W, b), f in list(zip(layers, network.activations))[: -1 if hidden else None]:
        a = traced(f, repr(f), a @ W + b)
    if hidden:
        return a
    if not scaling.is_identity:
        shift, scale = scaling.of_outputs(network)
        a = a * scale + shift
    if network.loss.std:  # the means come first, the rest says how far off they may be
        return a @ np.eye(network.sizes[-1], n_predicted(network))
    return traced(network.loss.predict, repr(network.loss), a)


def n_predicted(network: Network) -> int:
    """Return the columns of a prediction."""
    return network.loss.predict(np.zeros((1, network.sizes[-1]))).shape[1]


def is_transformer(operator: Any) -> bool:
    """Return True if what comes out goes into another step, and is no prediction.

    Ensembles, which want predictions, read them by nodes; only pipelines, column transformers
    and feature unions link operators.
    """
    name = operator.outputs[0].onnx_name
    readers = (
        reader
        for reader in operator.scope_inst.operators.values()
        if reader.type not in ("SklearnIdentity", "SklearnCast")  # made for names and types
    )
    return any(variable.onnx_name == name for reader in readers for variable in reader.inputs)


def number_type(operator: Any) -> Any:
    """Return the type of all numbers in the graph: doubles if any input is."""
    double = any(isinstance(variable.type, DoubleTensorType) for variable in operator.inputs)
    return DoubleTensorType if double else FloatTensorType


def register(
    estimator: type,
    name: str,
    width: Callable[[Any], int],
    convert: Callable[[Any, Any, Any], None],
) -> None:
    """Teach skl2onnx to convert a class of estimators, which it is to know by this name.

    ``width(operator)`` is of what comes out, ``convert(scope, operator, container)`` writes nodes.
    """

    def calculate_shape(operator):
        check_is_fitted(operator.raw_operator)
        n_rows = operator.inputs[0].get_first_dimension()
        operator.outputs[0].set_type(number_type(operator)([n_rows, width(operator)]))

    update_registered_converter(estimator, name, calculate_shape, convert)
    CONVERTERS[estimator] = calculate_shape, convert


# Of each class, what the hooks of this room return.
CONVERTERS: dict[type, tuple[Callable[..., None], ...]] = {}


def _width(operator):
    network = operator.raw_operator._network
    return network.sizes[-2] if is_transformer(operator) else n_predicted(network)


def _convert(scope, operator, container):
    model, numbers = operator.raw_operator, number_type(operator)
    graph = Graph(scope, container, guess_proto_type(numbers()))
    columns = []  # of a data frame, or all of them at once
    for variable in operator.inputs:
        name, same = variable.full_name, isinstance(variable.type, numbers)
        columns.append(name if same else graph.cast(name, graph.number_type))
    name = columns[0] if len(columns) == 1 else graph.node("Concat", columns, axis=1)
    X = graph.named_input(name, model.n_features_in_)
    result = converted(model, X, is_transformer(operator))
    container.add_node("Identity", graph.name_of(result), operator.outputs[0].full_name)


def _width_of_ensemble(operator):
    model = operator.raw_operator
    return model._n_features_out if is_transformer(operator) else model.n_outputs_


def _convert_ensemble(scope, operator, container):
    """Write the graphs of the members, whatever skl2onnx can convert, and their weighted mean.

    Or, where the ensemble is a transformer, what each member predicts.
    """
    model, version = operator.raw_operator, {"op_version": container.target_opset}
    numbers = number_type(operator)
    dtype = np.float64 if numbers is DoubleTensorType else np.float32
    inputs = operator.inputs
    if model.encoder_ is not None:
        inputs = [OnnxSubEstimator(model.encoder_, *inputs, **version)]
    node: Any = onnx_ops  # its classes are made when it is imported

    def prediction_of(member):
        prediction = OnnxSubEstimator(member, *inputs, **version)
        # that of trees is in float32, whatever X is
        return node.OnnxCast(prediction, to=guess_proto_type(numbers()), **version)

    low, high = (np.atleast_2d(end).astype(dtype) for end in model._prediction_limits)
    options = {"output_names": operator.outputs[:1], **version}
    if is_transformer(operator):
        last = node.OnnxConcat(*map(prediction_of, model.estimators_), axis=1, **options)
    else:
        mean: Any = np.zeros((1, 1), dtype)
        weights = model.weights_.reshape(len(model.estimators_), 1, -1).astype(dtype)
        for weight, member in zip(weights, model.estimators_):
            if weight.any():
                prediction = prediction_of(member)
                if not weight.all():  # 0 times infinity is nan
                    zero = np.zeros((1, 1), dtype)
                    prediction = node.OnnxWhere(weight > 0, prediction, zero, **version)
                of_member = node.OnnxMul(prediction, weight, **version)
                mean = node.OnnxAdd(of_member, mean, **version)
        for clip, end in ((node.OnnxMax, low), (node.OnnxMin, high)):
            if np.isfinite(end).any():
                mean = clip(mean, end, **version)
        last = node.OnnxIdentity(mean, **options)
    last.add_to(scope, container)


register(ScratchMLPRegressor, "SknnScratchMLPRegressor", _width, _convert)
register(
    ScratchMLPEnsembleRegressor,
    "SknnScratchMLPEnsembleRegressor",
    _width_of_ensemble,
    _convert_ensemble,
)
