"""Doors to other libraries, which need extras: ONNX and Dask."""
