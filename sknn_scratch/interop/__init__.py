"""Doors to other libraries, which need extras: ONNX and Dask."""

from .onnx_hooks import add_onnx_hooks
