"""Columns of tables of every library, read as arrays."""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from sknn_scratch.tables import encoder_for
from sknn_scratch.tables.reading import as_words, columns_of, dates_of, of_array, word

pa = pytest.importorskip("pyarrow", exc_type=ImportError)  # new ones need NumPy 2

TABLE = pd.DataFrame(
    {
        "float": [1.5, None, 3],
        "int": pd.array([1, None, 3], "Int64"),
        "bool": pd.array([True, None, False], "boolean"),
        "word": ["a", None, "b"],
        "day": pd.to_datetime(["1970-01-02 00:00", None, "1969-12-31 12:00"]),
        "zone": pd.to_datetime(["1970-01-02", None, "1970-01-01"]).tz_localize("Asia/Tokyo"),
        "span": pd.to_timedelta([36, None, -24], "h"),
        "category": pd.Categorical(["b", None, "a"]),
    }
)
NAN = np.nan
READ = {
    "float": ("numbers", [1.5, NAN, 3]),
    "int": ("numbers", [1, NAN, 3]),
    "bool": ("numbers", [1, NAN, 0]),
    "word": ("words", ["a", NAN, "b"]),
    "day": ("dates", [1, NAN, -0.5]),
    "zone": ("dates", [1, NAN, 0]),
    "span": ("numbers", [1.5, NAN, -1]),
    "category": ("words", ["b", NAN, "a"]),
}
SAME = {
    "pandas": TABLE,
    "pandas objects": TABLE.astype(object).assign(category=TABLE["category"]),
    "polars": pl.from_pandas(TABLE),
    "arrow": pa.Table.from_pandas(TABLE),
    # of a copy: pandas 3.0 writes over the gaps of what it converts
    "pandas of arrow": TABLE.copy()
    .convert_dtypes(dtype_backend="pyarrow")
    .assign(zone=TABLE["zone"], category=TABLE["category"]),
}


def shown(values):
    """Return a list, with None for gaps, which then compare."""
    return [None if each != each else each for each in values]


@pytest.mark.parametrize("X", SAME.values(), ids=SAME)
def test_a_table_is_read_alike_in_each_library(X):
    for column in columns_of(X):
        holds, values = READ[column.label]
        assert column.holds == holds, column.label
        assert shown(column.values) == shown(values)
        assert column.is_gap.tolist() == [False, True, False]
        assert column.is_category == (column.label == "category")


def test_an_order_is_kept_where_the_library_says_that_there_is_one():
    levels = ["low", "mid", "high"]
    ordered = pd.Categorical(["high", "low", None], levels, ordered=True)
    from_arrow = pa.DictionaryArray.from_arrays(pa.array([2, 0, None]), levels, ordered=True)
    in_pandas = pd.arrays.ArrowExtensionArray(pa.chunked_array([from_arrow]))
    for values in (ordered, in_pandas, from_arrow):
        X = pa.table({"a": values}) if values is from_arrow else pd.DataFrame({"a": values})
        (column,) = columns_of(X)
        assert column.levels == levels
        assert shown(column.values) == ["high", "low", None]
    parts = [
        pa.DictionaryArray.from_arrays(pa.array([0]), [level], ordered=True) for level in levels
    ]
    parts.append(
        pa.DictionaryArray.from_arrays(pa.array([0]), pa.array([None, "low"]), ordered=True)
    )
    (column,) = columns_of(pa.table({"a": pa.chunked_array(parts)}))
    assert column.levels == levels
    for X in (pd.DataFrame({"a": list("xyx")}, dtype="category"), pl.DataFrame({"a": list("xyx")})):
        (column,) = columns_of(X)
        assert column.levels is None


def test_categories_of_whole_numbers_are_words_in_each_library():
    encoded = pa.chunked_array([pa.array([3, None, 1]).dictionary_encode()])
    in_pandas = pd.DataFrame({"a": pd.arrays.ArrowExtensionArray(encoded)})
    for X in (
        in_pandas,
        pa.table({"a": encoded}),
        pd.DataFrame({"a": pd.Categorical([3, None, 1])}),
    ):
        (column,) = columns_of(X)
        assert column.is_category
        assert shown(column.values) == shown(["3", NAN, "1"])


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="it came with NumPy 2")
def test_an_array_of_strings_of_any_length_is_a_table_of_words():
    X = np.array([["a"], [""], ["b"]], np.dtypes.StringDType())
    (column,) = columns_of(X)
    assert column.holds == "words"
    assert shown(column.values) == ["a", None, "b"]
    assert encoder_for(X, "from_dtype") is not None


@pytest.mark.parametrize(
    ("values", "holds", "read"),
    [
        ([1, 2.5, None, Decimal("0.5")], "numbers", [1, 2.5, NAN, 0.5]),
        ([True, None, False], "numbers", [1, NAN, 0]),
        ([None, NAN, ""], "numbers", [NAN, NAN, NAN]),
        (["x", "", NAN], "words", ["x", NAN, NAN]),
        ([date(1970, 1, 3), None], "dates", [2, NAN]),
        ([datetime(1970, 1, 3, 6), pd.NaT], "dates", [2.25, NAN]),
        ([time(12), None], "dates", [0.5, NAN]),
        ([timedelta(hours=12), None], "numbers", [0.5, NAN]),
        ([np.datetime64("1970-01-03"), None, date(1970, 1, 4)], "dates", [2, NAN, 3]),
        ([np.timedelta64(1, "D"), np.timedelta64(36, "h"), None], "numbers", [1, 1.5, NAN]),
        ([timedelta(1), np.timedelta64("NaT", "D")], "numbers", [1, NAN]),
        ([1, "x", 2.0, pd.NA], "mixed", ["1", "x", "2", NAN]),
    ],
    ids=str,
)
def test_objects_are_read_by_what_they_are(values, holds, read):
    column = of_array("a", np.array(values, object))
    assert column.holds == holds
    assert shown(column.values) == shown(read)


@pytest.mark.parametrize(
    "values",
    [
        [{}, 1],
        [[1, 2], None],
        [b"x"],
        [np.ones(2), 1],
        [pd.Interval(0, 1)],
        [np.datetime64("12000")],
    ],
    ids=["dict", "list", "bytes", "array", "interval", "a year that Python has not"],
)
def test_what_is_neither_word_nor_number_is_refused_with_its_column(values):
    array = np.empty(len(values), object)
    array[:] = values
    with pytest.raises(TypeError, match="column 'a' of X: argument must be a string or a real num"):
        of_array("a", array)


def test_a_column_of_intervals_is_refused_by_its_name():
    with pytest.raises(TypeError, match=r"column 'a' of X: argument must be .* it holds Interval"):
        list(columns_of(pd.DataFrame({"a": pd.arrays.IntervalArray.from_breaks([0, 1, 2])})))


def test_an_empty_string_is_a_gap_among_categories_too():
    values = ["", "x", None]
    for ordered in (False, True):
        category = pd.Categorical(values, categories=["", "x"], ordered=ordered)
        arrow = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), ["", "x"], ordered=ordered)
        for X in (pd.DataFrame({"a": category}), pa.table({"a": arrow})):
            (column,) = columns_of(X)
            assert shown(column.values) == [None, "x", None]
            assert column.levels == (["x"] if ordered else None)


def test_infinity_and_numbers_beyond_floats_are_refused_with_their_column():
    for values in (np.array([np.inf]), np.array([10**400], object)):
        with pytest.raises(ValueError, match="column 'a' of X"):
            of_array("a", values)


def test_what_the_error_about_infinity_says_to_write_makes_it_a_gap():
    X = pd.DataFrame({"a": [1.0, np.inf, -np.inf]})
    with pytest.raises(ValueError, match="Make it a gap, by ") as error:
        list(columns_of(X))
    advice = re.search(r"X\.replace\(.*?\)", str(error.value)).group()
    (column,) = columns_of(eval(advice, {"X": X, "np": np}))
    assert_array_equal(column.values, [1, NAN, NAN])


def test_the_same_value_is_the_same_word_whatever_its_type():
    for values in ([3, None], [3.0, NAN], ["3", None], [Decimal(3), pd.NA]):
        words = as_words(of_array("a", np.array(values, object))).values
        assert shown(words) == ["3", None]
    (column,) = columns_of(pd.DataFrame({"a": pd.Categorical([2**60, 2**60 + 1])}))
    assert shown(column.values) == [str(2**60), str(2**60 + 1)]  # one and the same as floats
    halves = as_words(of_array("a", np.array([2.5, 2.25, 2.0]))).values
    assert shown(halves) == ["2.5", "2.25", "2"]
    assert [word(date(2020, 5, 1)), word(datetime(2020, 5, 1))] == ["2020-05-01"] * 2
    assert word(datetime(2020, 5, 1, 6, 30)) == "2020-05-01 06:30:00"
    days = as_words(of_array("a", np.array(["2020-05-01", "NaT"], "datetime64[D]"))).values
    assert shown(days) == ["2020-05-01", None]
    spans = pd.Series(pd.to_timedelta([36, 48], "h"))
    for values in (spans, spans.astype("category"), spans.to_list()):
        (column,) = columns_of(pd.DataFrame({"a": values}))
        assert shown(as_words(column).values) == ["1.5", "2"]


def test_words_are_dates_as_iso_8601_writes_them_and_not_otherwise():
    column = of_array("a", np.array(["1970-01-02", None, "1970-01-02 12:00"], object))
    assert column.holds == "words"
    assert_array_equal(dates_of(column).values, [1, NAN, 1.5])
    with_zone = ["1970-01-02T06:00:00Z", "1970-01-02 06:00:00.000+02:00"]
    assert_array_equal(dates_of(of_array("a", np.array(with_zone, object))).values, [1.25, 1.25])
    for wrong in ("1/2/1970", "1970-13-01", "x"):
        with pytest.raises(ValueError, match="column 'a' of X must hold dates: "):
            dates_of(of_array("a", np.array([wrong], object)))
