"""Formulas, traced once: lists of operations, and calls of them on arrays that are made once."""

from . import formulas
from .buffers import LINE, Calls, aligned, aligned_copy, as_aligned, empty
from .formulas import calls_of, is_ours
from .trace import Trace, Traced
