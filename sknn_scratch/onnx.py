"""Conversion to ONNX: importing this teaches skl2onnx to convert a `ScratchMLPRegressor`.

`OPERATORS` and `COMPOSED` are the functions that a formula of one's own may be made of.
"""

from .interop import onnx  # noqa: F401 (registers the converter)
from .interop.onnx_graph import COMPOSED, OPERATORS

__all__ = ["COMPOSED", "OPERATORS"]
