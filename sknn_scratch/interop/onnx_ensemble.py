"""An ensemble as one graph: the graphs of its members, and their weighted mean.

A member may be whatever skl2onnx can convert, a pipeline for one.
"""

from typing import Any

import numpy as np
from skl2onnx.algebra.onnx_operator import OnnxSubEstimator
from skl2onnx.algebra.onnx_ops import OnnxAdd, OnnxClip, OnnxIdentity, OnnxMul
from skl2onnx.common.data_types import DoubleTensorType
from sklearn.utils.validation import check_is_fitted

from ..ensemble import ScratchMLPEnsembleRegressor
from .onnx import number_type, register


def _calculate_shape(operator):
    model = operator.raw_operator
    check_is_fitted(model)
    n_rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].set_type(number_type(operator)([n_rows, model.n_outputs_]))


def _convert(scope, operator, container):
    model, version = operator.raw_operator, {"op_version": container.target_opset}
    dtype = np.float64 if number_type(operator) is DoubleTensorType else np.float32
    weights = model.weights_.reshape(len(model.estimators_), 1, -1).astype(dtype)
    inputs = operator.inputs
    mean: Any = np.zeros((1, 1), dtype)
    if model.encoder_ is not None:
        inputs = [OnnxSubEstimator(model.encoder_, *inputs, **version)]
    for weight, member in zip(weights, model.estimators_):
        prediction = OnnxSubEstimator(member, *inputs, **version)
        mean = OnnxAdd(OnnxMul(prediction, weight, **version), mean, **version)
    ends = [np.array(end, dtype) for end in model._limits]
    version["output_names"] = operator.outputs[:1]
    has_ends = np.isfinite(ends).any()
    last = OnnxClip(mean, *ends, **version) if has_ends else OnnxIdentity(mean, **version)
    last.add_to(scope, container)


register(ScratchMLPEnsembleRegressor, "SknnScratchMLPEnsembleRegressor", _calculate_shape, _convert)
