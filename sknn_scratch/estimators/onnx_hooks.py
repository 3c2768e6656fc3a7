"""What skl2onnx asks a model for where no converter is registered."""

from collections.abc import Callable
from importlib import import_module


class OnnxHooks:
    """Lets skl2onnx convert a model whether or not `sknn_scratch.onnx` was imported.

    skl2onnx calls these two methods, as those of its `OnnxOperatorMixin`.
    """

    def onnx_shape_calculator(self) -> Callable[..., None]:
        """Return the function by which skl2onnx learns the shape of the output.

        Returns
        -------
        function : callable
        """
        return _converter(type(self))[0]

    def onnx_converter(self) -> Callable[..., None]:
        """Return the function by which skl2onnx writes the graph.

        Returns
        -------
        function : callable
        """
        return _converter(type(self))[1]


def _converter(cls):
    # By its name: it needs an extra, and only skl2onnx, which that installs, comes here.
    table = import_module("sknn_scratch.onnx").CONVERTERS
    return next(table[base] for base in cls.__mro__ if base in table)
