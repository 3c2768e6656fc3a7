"""Conversion to ONNX, which skl2onnx finds by itself: `to_onnx(model, X[:1])`.

Importing this registers the converters as well, for what asks skl2onnx which it has.
`OPERATORS` and `COMPOSED` are the functions that a formula of one's own may be made of.
"""

from .interop import onnx, onnx_ensemble  # noqa: F401 (they register the converters)
from .interop.onnx import CONVERTERS
from .interop.onnx_graph import COMPOSED, OPERATORS

__all__ = ["COMPOSED", "CONVERTERS", "OPERATORS"]
