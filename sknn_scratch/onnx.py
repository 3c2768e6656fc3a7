"""Conversion to ONNX: importing this teaches skl2onnx to convert networks and ensembles.

`OPERATORS` and `COMPOSED` are the functions that a formula of one's own may be made of.
"""

from .interop import onnx, onnx_ensemble  # noqa: F401 (they register the converters)
from .interop.onnx_graph import COMPOSED, OPERATORS

__all__ = ["COMPOSED", "OPERATORS"]
