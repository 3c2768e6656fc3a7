"""Tables as they come, made numbers: words, gaps, dates."""

from .encoder import TableEncoder, checked_table, encoded, encoder_for
from .kinds import Dates, Empty, Number, Ordered, Words

KINDS_OF_COLUMNS: list[type] = [Dates, Empty, Number, Ordered, Words]

__all__ = ["KINDS_OF_COLUMNS", "TableEncoder", "checked_table", "encoded", "encoder_for"]
