"""Doors to other libraries, which need extras: ONNX and Dask."""

from collections.abc import Callable
from typing import Any

from ..ensemble import ScratchMLPEnsembleRegressor
from ..estimators import ScratchMLPRegressor
from ..tables import TableEncoder


def add_onnx_hooks() -> None:
    """Give the estimators, in place, the methods by which skl2onnx converts them.

    It calls these, as those of its `OnnxOperatorMixin`, where no converter is registered for a
    class: so it can convert a model whether or not `sknn_scratch.onnx` was imported.
    """
    for estimator in (ScratchMLPRegressor, ScratchMLPEnsembleRegressor, TableEncoder):
        for method in (onnx_shape_calculator, onnx_converter):
            setattr(estimator, method.__name__, method)


def onnx_shape_calculator(self: Any) -> Callable[..., None]:
    """Return the function by which skl2onnx learns the shape of the output."""
    return _converter(type(self))[0]


def onnx_converter(self: Any) -> Callable[..., None]:
    """Return the function by which skl2onnx writes the graph."""
    return _converter(type(self))[1]


def _converter(cls):
    # Imported here: they need an extra, which skl2onnx comes with.
    from . import onnx_table  # it registers its converter
    from .onnx import CONVERTERS

    return next(CONVERTERS[base] for base in cls.__mro__ if base in CONVERTERS)
