"""Conversion to ONNX, which skl2onnx finds by itself: `to_onnx(model, X[:1])`.

Importing this registers the converters as well, for what asks skl2onnx which it has.
`table_types` and `table_inputs` are for models that take tables.
`OPERATORS` and `COMPOSED` are the functions that a formula of one's own may be made of.
"""

from .interop.onnx import CONVERTERS as CONVERTERS
from .interop.onnx_graph import COMPOSED as COMPOSED
from .interop.onnx_graph import OPERATORS as OPERATORS
from .interop.onnx_table import table_inputs as table_inputs
from .interop.onnx_table import table_types as table_types
