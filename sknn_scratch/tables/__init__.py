"""Tables as they come, made numbers: words, gaps, dates."""

from .encoder import (
    TableEncoder,
    all_different,
    checked_columns,
    checked_table,
    encoded,
    encoder_for,
    names_columns,
)
from .kinds import WEEKDAYS, Dates, Empty, Number, Ordered, Words
from .reading import as_words

KINDS_OF_COLUMNS: list[type] = [Dates, Empty, Number, Ordered, Words]
