"""What a column of a table becomes: columns of numbers without more ado, or words for one-hot.

Numbers still have their gaps, nan; the encoder fills them.
"""

import re
from collections.abc import Sequence
from itertools import repeat

import numpy as np

from ..maths import Array
from ..training import warn_caller
from .reading import Column, as_words, dates_of, word

YEAR = 365.2425  # days, in the mean over 400 years
SAME_TIME = 1 / 1440  # days: what differs by less than a minute shows no day
WEEKDAYS = "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"
ISO_LIKE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
YYYY, MM, DD = r"(19|20)\d\d", r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])"
MONTH = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
OTHER_DATE = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([T ].*)?"
    rf"|{YYYY}-{MM}|{YYYY}{MM}{DD}"  # 2030-12, 20301231
    rf"|{MM}/{YYYY}|{MONTH}[ -]{YYYY}|{YYYY}[ -]{MONTH}"  # 12/2030, Dec 2030, 2030 Dec
    r"|\d\d?:\d\d(:\d\d)?( ?[AaPp][Mm])?"  # 08:15
    rf"|\d\d?\.? [A-Za-z]{{3,9}}\.? {YYYY}|[A-Za-z]{{3,9}}\.? \d\d?, {YYYY}"  # 31 Dec 2030
)
QUARTER = re.compile(rf"{YYYY}[ -]?Q[1-4]")
DIGITS = r"\d[\d,]*\.?\d*|\.\d+|\d{1,3}(\.\d{3})+(,\d+)?"
NUMBER = re.compile(rf"\s*[-+]?[$€£]?\s*[-+]?({DIGITS})([eE][-+]?\d+)?\s*[%$€£]?\s*")
CODE = re.compile(r"\d+")
FLOAT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
SIGN = re.compile("[$€£%,]")  # that may stand at a number, and pandas cannot read
DECIMAL_COMMA = re.compile(  # and not one of thousands: 1,5 1.234,5 1.234.567 0,125 1,234e5
    r",(\d{1,2}|\d{4,})\D*$|\.\d{3}[.,]|\b0,|,\d+[eE]"
)


class Number:
    """Numbers, booleans and durations: as they are."""

    description = "number"

    def numbers(self, column: Column) -> list[Array]:
        """Return the columns of numbers that it becomes."""
        if column.holds != "numbers":
            if column.is_gap.all():
                return [np.full(len(column.values), np.nan, np.float32)]
            others = as_words(column).known
            other = next((word for word in others if not NUMBER.fullmatch(word)), others[0])
            advice = f": {to_numeric(column)}" if any(map(NUMBER.fullmatch, others)) else ""
            raise ValueError(
                f"{column.where} must hold numbers, as in fit; got {column.holds}, such as "
                f"{other!r}{advice}."
            )
        return [column.values]

    def words(self, column: Column) -> list[Array]:
        """Return the columns of words that it becomes."""
        return []

    def names(self, label: str) -> tuple[list[str], list[str]]:
        """Return what those of numbers are called, and those of words."""
        return [label], []


class Empty(Number):
    """A column of gaps alone: nothing."""

    description = "nothing: no value is known"

    def numbers(self, column: Column) -> list[Array]:
        return []

    def names(self, label: str) -> tuple[list[str], list[str]]:
        return [], []


class Ordered(Number):
    """Words with an order: 0, 1, 2, ...; what is not among them is a gap."""

    def __init__(self, levels: list[str]) -> None:
        self.levels = levels

    @property
    def description(self) -> str:
        return f"number: {', '.join(f'{i} {word}' for i, word in enumerate(self.levels))}"

    def numbers(self, column: Column) -> list[Array]:
        number_of = {level: float(i) for i, level in enumerate(self.levels)}
        return [np.array([*map(number_of.get, as_words(column).values, repeat(np.nan))])]


class Words(Number):
    """Words without an order, for one-hot."""

    def numbers(self, column: Column) -> list[Array]:
        return []

    def words(self, column: Column) -> list[Array]:
        return [as_words(column).values]

    def names(self, label: str) -> tuple[list[str], list[str]]:
        return [], [label]


class Dates(Number):
    """Dates: days since the first, a wave for each cycle that they show, and the day of the week.

    A year shows where they reach over more than one and fall into several months (else they are
    yearly, and leap years would make a wave of their own), a day where they differ in their time
    (else rounding would), the week where they reach over two and fall on more than a few days of
    the month (else they are monthly). Waves and days of the week are 0 at a gap, which the days
    tell of.
    """

    def __init__(self, days: Array) -> None:
        days = days[~np.isnan(days)]
        dates = np.floor(days)
        span = np.ptp(days)
        self.first: float = float(dates.min())
        self.cycles: dict[str, float] = {}
        calendar = dates.astype("datetime64[D]")
        months = calendar.astype("datetime64[M]")
        months_of_year = np.unique(months - months.astype("datetime64[Y]"))
        if span > YEAR and len(months_of_year) > 1:
            self.cycles["year"] = YEAR
        if np.ptp(days - dates) > SAME_TIME:
            self.cycles["day"] = 1.0
        days_of_month = np.unique(calendar - months)
        self.has_week: bool = bool(
            span > 14 and len(days_of_month) > 6 and len(np.unique(dates % 7)) > 1
        )

    @property
    def description(self) -> str:
        waves = [f"sin and cos of the {name}" for name in self.cycles]
        since = f"days since {np.datetime64(int(self.first), 'D')}"
        return ", ".join([since, *waves, *["each day of the week"] * self.has_week])

    def days(self, column: Column) -> Array:
        """Return the days since 1970 that a column holds."""
        column = dates_of(column) if column.holds == "words" else column
        if column.holds != "dates" and not column.is_gap.all():
            raise ValueError(f"{column.where} must hold dates, as in fit; got {column.holds}.")
        return column.values

    def numbers(self, column: Column) -> list[Array]:
        days, is_date = self.days(column), ~column.is_gap
        # rounded, so that the same time of two days is the same number
        turns = [2 * np.pi / each * np.round(days % each, 10) for each in self.cycles.values()]
        waves = [np.where(is_date, f(turn), 0.0) for turn in turns for f in (np.sin, np.cos)]
        weekday = (np.floor(days) + 3) % 7  # 1970 began on a Thursday
        week = [(weekday == i).astype(np.float64) for i in range(7) if self.has_week]
        return [days - self.first, *waves, *week]

    def names(self, label: str) -> tuple[list[str], list[str]]:
        waves = [f"{label}_{name}_{f}" for name in self.cycles for f in ("sin", "cos")]
        return [label, *waves, *(f"{label}_{day}" for day in WEEKDAYS if self.has_week)], []


def kinds_of(columns: Sequence[Column], named: Sequence[bool]) -> list[Number]:
    """Return what columns become; ValueError names all that have to be decided by who knows."""
    kinds, refused = [], {}
    for column, is_named in zip(columns, named):
        try:
            kinds.append(kind_of(column, is_named))
        except ValueError as error:
            refused[column.label] = error
    if refused:
        (_, first), *others = refused.items()
        also = f" Refused as well: {[label for label, _ in others]}." if others else ""
        raise ValueError(f"{first}{also}")
    return kinds


def kind_of(column: Column, named: bool) -> Number:
    """Return what a column becomes; ``named`` says that its values are words without order.

    ValueError if it has to be decided by who knows what it means: numbers or dates as strings,
    sentences.
    """
    if column.is_gap.all():
        return Empty()
    if column.levels is not None and not named:
        return Ordered(column.levels)
    if named or column.is_category:
        return Words()
    if column.holds == "numbers":
        return Number()
    if column.holds == "words":
        words = set(column.known)
        if all(map(ISO_LIKE.fullmatch, words)):
            column = dates_of(column)
        else:
            refuse_strings_of_dates(column, words)
            refuse_strings_of_numbers(column, words)
            refuse_sentences(column, words)
    if column.holds == "mixed":
        what, advice = "numbers and words", to_numeric(column)
        if any(map(ISO_LIKE.fullmatch, column.known)):
            what, advice = "dates and other values", to_datetime(column, "errors='coerce'")
        raise ValueError(
            f"{column.where} holds {what}: {advice}, or name it in categorical_features."
        )
    return Dates(column.values) if column.holds == "dates" else Words()


def refuse_strings_of_dates(column: Column, words: set[str]) -> None:
    """Raise ValueError if a column of words holds dates, or quarters of years."""
    others = {word for word in words if not OTHER_DATE.fullmatch(word)}
    are_marks = len(others) <= 3 and not re.search(r"\d", "".join(others))  # such as 'unknown'
    if len(words) > 10 and all(map(QUARTER.fullmatch, words)):
        what, target = f"quarters as strings, such as {min(words)!r}", f"X[{column.label!r}]"
        periods = f"pd.PeriodIndex({target}.str.replace(' ', ''), freq='Q')"
        advice = f"make it dates, by {target} = {periods}"
    elif len(words) > 10 + len(others) and are_marks:
        what = f"dates as strings, such as {min(words - others)!r}{and_also(others)}"
        advice = to_datetime(column, "format=..., errors='coerce'" if others else "format=...")
    else:
        return
    raise ValueError(
        f"{column.where} holds {what}: {advice}, or name it in categorical_features if they are "
        "words without order."
    )


def refuse_strings_of_numbers(column: Column, words: set[str]) -> None:
    """Raise ValueError if a column of words holds numbers; warn if they may be codes."""
    numbers, others = numbers_among(words)
    if not numbers:
        return
    such = f"numbers as strings, such as {min(numbers)!r}{and_also(others)}"
    if len(numbers) > len(column.known) / 2 or not all(map(CODE.fullmatch, numbers)):
        raise ValueError(
            f"{column.where} holds {such}: {to_numeric(column)}, or name it in "
            "categorical_features if they are words without order."
        )
    warn_caller(
        f"{column.where} holds whole {such}, and is taken for words. If they are amounts, "
        f"{to_numeric(column)}; if not, say so by categorical_features=[{column.label!r}]."
    )


def refuse_sentences(column: Column, words: set[str]) -> None:
    """Raise ValueError if a column of words holds sentences, hardly any of which repeats."""
    n = len(column.known)
    n_words = np.mean([len(word.split()) for word in words])
    if len(words) > max(20, n / 2) and n_words >= 4:
        target = f"X[{column.label!r}]"
        no_gaps = f", after {target} = {target}.fillna('')" if column.is_gap.any() else ""
        raise ValueError(
            f"{column.where} holds sentences: {len(words)} of {n} differ, of {n_words:.0f} words "
            f"each. Leave it out, by X.drop(columns={column.label!r}), or make numbers of it in a "
            f"pipeline{no_gaps}: ColumnTransformer([('text', make_pipeline(TfidfVectorizer(), "
            f"TruncatedSVD(20)), {column.label!r})], remainder=TableEncoder()). If it is a word "
            "all the same, name it in categorical_features."
        )


def refuse_numbers(column: Column, known: Sequence[str]) -> None:
    """Raise ValueError if a column holds numbers, and words in `fit` that numbers do not become.

    Such as 'yes', or '01': were they taken for words, hardly any would be known.
    """
    if column.holds != "numbers" or column.is_gap.all():
        return
    some = known[:255]  # those of an encoder are sorted, digits first
    numbers = [text for text in some if text == text and FLOAT.fullmatch(text)]
    if not numbers or any(word(float(text)) != text for text in numbers):
        got = as_words(column).known[0]
        raise ValueError(
            f"{column.where} must hold words, as in fit, such as {known[0]!r}; got numbers, such "
            f"as {got!r}: read it as words, by pd.read_csv(..., dtype={{{column.label!r}: str}})."
        )


def numbers_among(words: set[str]) -> tuple[set[str], set[str]]:
    """Return words that look like amounts, and the others; none, where they may all be words.

    Amounts are many, and at most three of the others stand among them, such as 'n/a'. Whole
    numbers with a zero in front are codes.
    """
    numbers = {word for word in words if NUMBER.fullmatch(word)}
    codes = any(CODE.fullmatch(word) and word[0] == "0" and len(word) > 1 for word in numbers)
    many = len(numbers) > (20 if all(map(CODE.fullmatch, numbers)) else 10)
    others = words - numbers
    return (numbers, others) if many and not codes and len(others) <= 3 else (set(), set())


def to_datetime(column: Column, how: str) -> str:
    """Return how a column is made dates, for a message."""
    return f"make it dates, by X[{column.label!r}] = pd.to_datetime(X[{column.label!r}], {how})"


def to_numeric(column: Column) -> str:
    """Return how a column is made numbers, for a message."""
    target, bare = f"X[{column.label!r}]", ""
    values = [str(value) for value in column.values]
    if any(map(DECIMAL_COMMA.search, values)):
        signs = SIGN.pattern.replace(",", ".")
        bare = f".str.replace({signs!r}, '', regex=True).str.replace(',', '.')"
    elif any(map(SIGN.search, values)):
        bare = f".str.replace({SIGN.pattern!r}, '', regex=True)"
    bare = bare and f".astype(str){bare}"
    return f"make it numbers, by {target} = pd.to_numeric({target}{bare}, errors='coerce')"


def and_also(others: set[str]) -> str:
    """Return words that stand among numbers, for a message."""
    return f", and {', '.join(map(repr, sorted(others)))}" if others else ""
