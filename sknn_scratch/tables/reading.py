"""The columns of a table of any library, as arrays of NumPy.

What a column holds is one of

    numbers     floats; a gap is nan. Booleans are 0 and 1, durations are in days
    words       strings as objects; a gap is nan, and so is the empty string
    dates       days since 1970-01-01 as floats, by the clock of their time zone; a gap is nan

None of these libraries is imported: what they have in common is asked for.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain, repeat, starmap
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from ..data import labels_of
from ..maths import Array

EPOCH = datetime(1970, 1, 1)
DAY = timedelta(days=1)
INEXACT = 2.0**53  # from which on floats skip whole numbers
NUMBERS = Real, Decimal, np.bool_
TAKEN = (*NUMBERS, str, date, time, timedelta)
ISO_DATE = re.compile(  # and behind it the zone, by whose clock it counts
    r"(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?)(?:Z|[+-]\d\d(?::?\d\d)?)?"
)


class Column(NamedTuple):
    """What a column of a table holds."""

    label: Any  # what it is called
    holds: str  # 'numbers', 'words', 'dates', or 'mixed': words where some were numbers
    values: Array
    is_category: bool = False  # by its type: words without doubt
    levels: list[str] | None = None  # words, in their order, if they have one

    @property
    def where(self) -> str:
        """What errors call it."""
        return f"column {self.label!r} of X"

    @property
    def is_gap(self) -> Array:
        """A boolean for each row."""
        return self.values != self.values  # nan, among words too

    @property
    def known(self) -> Array:
        """The values that are no gaps."""
        return self.values[~self.is_gap]


def columns_of(X: Any) -> Iterator[Column]:
    """Yield each column of a frame or an array."""
    if hasattr(X, "iloc"):
        yield from starmap(of_pandas, X.items())
        return
    for i, label in enumerate(labels_of(X)):
        if hasattr(X, "column_names"):
            yield of_arrow(label, X.column(i))
        elif hasattr(X, "schema"):
            yield of_polars(label, X[label])
        else:
            yield of_array(label, X[:, i])


def of_pandas(label: Any, column: Any) -> Column:
    """Return a column of a data frame of pandas."""
    kind = str(column.dtype).lower()
    if kind == "category":
        levels = [*map(word, column.cat.categories), np.nan]  # the last for the code -1, a gap
        words = np.array(levels, object)[column.cat.codes.to_numpy()]
        return Column(
            label, "words", words, True, without_gaps(levels) if column.cat.ordered else None
        )
    if kind.startswith("dictionary"):
        return of_arrow(label, column.array.__arrow_array__())
    if kind.startswith("period"):
        return of_array(label, column.dt.to_timestamp().to_numpy())
    if kind.startswith("datetime64") and column.dt.tz is not None:
        return of_array(label, column.dt.tz_localize(None).to_numpy())
    if re.match(r"u?int\d|float", kind) and not isinstance(column.dtype, np.dtype):
        is_single = kind.startswith("float") and column.dtype.itemsize == 4
        dtype = np.float32 if is_single else np.float64
        return of_array(label, column.to_numpy(dtype, na_value=np.nan))
    return of_array(label, column.to_numpy())


def of_polars(label: Any, column: Any) -> Column:
    """Return a column of a data frame of polars."""
    if getattr(column.dtype, "time_zone", None):
        column = column.dt.replace_time_zone(None)
    is_category = str(column.dtype).startswith(("Categorical", "Enum"))
    return of_array(label, column.to_numpy())._replace(is_category=is_category)


def of_arrow(label: Any, column: Any) -> Column:
    """Return a column of a table of Arrow's."""
    kind = str(column.type)
    is_category = kind.startswith("dictionary")
    if not is_category and "tz=" not in kind:
        return of_array(label, np.asarray(column))
    objects = np.empty(len(column), object)
    objects[:] = column.to_pylist()
    if not is_category:
        return of_array(label, objects)
    levels = None
    if column.type.ordered:
        dictionaries = (chunk.dictionary.drop_null().to_pylist() for chunk in column.chunks)
        levels = without_gaps(dict.fromkeys(map(word, chain.from_iterable(dictionaries))))
    return as_words(of_array(label, objects))._replace(is_category=True, levels=levels)


def of_array(label: Any, values: Array) -> Column:
    """Return a column of an array of any type."""
    kind = values.dtype.kind
    if values.ndim != 1:
        refuse(label, "several values")
    if kind in "OUT":  # T is StringDType
        return of_objects(label, values.astype(object, copy=False))
    if kind == "M":
        return Column(label, "dates", in_days(values, "datetime64[us]"))
    if kind == "m":
        return Column(label, "numbers", in_days(values, "timedelta64[us]"))
    if kind == "c":
        raise ValueError(f"column {label!r} of X: Complex data not supported.")
    if kind not in "buif":
        refuse(label, f"values of type {values.dtype}")
    values = values if values.dtype == np.float32 else values.astype(np.float64)
    if np.isinf(values).any():
        raise ValueError(
            f"column {label!r} of X: Input X contains infinity. Make it a gap, by "
            "X.replace([np.inf, -np.inf], np.nan), or give a number that stands for it."
        )
    return Column(label, "numbers", values)


def in_days(values: Array, unit: str) -> Array:
    """Return dates or durations in days, nan for gaps."""
    days = values.astype(unit).astype(np.int64) / 86_400_000_000
    days[np.isnat(values)] = np.nan
    return days


def of_objects(label: Any, values: Array) -> Column:
    """Return a column of objects by what they are, gaps apart."""
    types = set(map(type, values))
    if not types <= {str, float}:
        values = np.fromiter(map(plain, values), object, len(values))
        types = set(map(type, values))
    if not all(issubclass(kind, TAKEN) for kind in types):
        refuse(label, " and ".join(sorted(kind.__name__ for kind in types)))
    is_gap = (values != values) | (values == "")
    types = set(map(type, values[~is_gap]))
    if not types:
        return Column(label, "numbers", np.full(len(values), np.nan))
    values = np.where(is_gap, np.nan, values)  # one and the same
    if all(issubclass(kind, str) for kind in types):
        return Column(label, "words", values)
    if all(issubclass(kind, NUMBERS) for kind in types):
        try:
            return of_array(label, values.astype(np.float64))
        except OverflowError as error:
            raise ValueError(f"column {label!r} of X: {error}.") from error
    if all(issubclass(kind, (date, time)) for kind in types):
        return Column(label, "dates", np.array([*map(days_of, values)]))
    if all(issubclass(kind, timedelta) for kind in types):
        return Column(label, "numbers", np.array([v / DAY if v == v else v for v in values]))
    return Column(label, "mixed", np.array([*map(word, values)], object))


def plain(value: Any) -> Any:
    """Return a value, of Python's type where it is a date or a duration of NumPy's; nan is a gap.

    Gaps are None, and what pandas and NumPy have for them.
    """
    if isinstance(value, (np.datetime64, np.timedelta64)):
        of_python = value.astype(f"{type(value).__name__}[us]").item()
        value = value if isinstance(of_python, int) else of_python  # a year that it does not have
    return np.nan if type(value).__name__ in ("NoneType", "NAType", "NaTType") else value


def without_gaps(levels: Iterable[Any]) -> list[Any]:
    """Return the words among levels, without gaps."""
    return [level for level in levels if level == level]


def dates_of(column: Column) -> Column:
    """Return a column of words, all written as ISO 8601 has dates, as dates; ValueError else."""
    words = list(set(column.known))
    matches = [ISO_DATE.fullmatch(text) for text in words]
    try:
        if None in matches:
            raise ValueError(f"{words[matches.index(None)]!r} is not written as 2030-12-31 is")
        days = in_days(
            np.array([match[1] for match in matches if match], "datetime64[us]"), "M8[us]"
        )
    except ValueError as error:
        raise ValueError(f"{column.where} must hold dates: {error}.") from error
    day_of = dict(zip(words, days.tolist()))
    values = np.array([*map(day_of.get, column.values, repeat(np.nan))])
    return column._replace(holds="dates", values=values)


def days_of(value: Any) -> float:
    """Return the days since 1970 of a date, or of a time of the day as a part of one."""
    if isinstance(value, datetime):
        return (value.replace(tzinfo=None) - EPOCH) / DAY
    if isinstance(value, date):
        return float((value - EPOCH.date()).days)
    if isinstance(value, time):
        return (datetime.combine(EPOCH, value.replace(tzinfo=None)) - EPOCH) / DAY
    return np.nan


def word(value: Any) -> Any:
    """Return the same word for the same value, whatever its type: '3' for 3 and 3.0; nan for ''."""
    if isinstance(value, date):
        return date_word(days_of(value))
    if isinstance(value, timedelta):
        return word(value / DAY)
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, NUMBERS):
        value = float(value)
        if value != value:
            return np.nan
        return str(int(value)) if value.is_integer() else str(value)
    return str(value) or np.nan


def as_words(column: Column) -> Column:
    """Return a column of words, whatever it holds; ValueError if floats lost what told them."""
    if column.holds in ("words", "mixed"):
        return column._replace(holds="words")
    if column.holds == "numbers" and (np.abs(column.values) >= INEXACT).any():
        raise ValueError(
            f"{column.where} holds whole numbers too large to be told from each other as floats: "
            f"make it words, by X[{column.label!r}] = X[{column.label!r}].astype(str)."
        )
    values, numbers = np.unique(column.values, return_inverse=True)
    names = values if column.holds == "numbers" else [date_word(day) for day in values]
    words = np.array([*map(word, names)], object)
    return column._replace(holds="words", values=words[numbers.ravel()])


def date_word(day: float) -> Any:
    """Return how a date is written, from days since 1970."""
    return (EPOCH + day * DAY).isoformat(" ").removesuffix(" 00:00:00") if day == day else np.nan


def refuse(label: Any, what: str) -> None:
    """Raise TypeError: a column holds what cannot be made numbers."""
    raise TypeError(
        f"column {label!r} of X: argument must be a string or a real number, a date or a duration "
        f"in each row; it holds {what}."
    )
