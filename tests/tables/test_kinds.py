"""What columns become, and what has to be said of them first."""

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknn_scratch import TableEncoder
from sknn_scratch.tables.kinds import (
    Dates,
    Empty,
    Number,
    Ordered,
    Words,
    kind_of,
)
from sknn_scratch.tables.reading import Column, columns_of
from tests.helpers import with_warnings


def column_of(values):
    (column,) = columns_of(pd.DataFrame({"a": values}))
    return column


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.0, 2.0], Number),
        ([True, False], Number),
        ([None, None], Empty),
        (["x", "y"], Words),
        (pd.Categorical([3, 1]), Words),
        (pd.Categorical(["x", "y"], ordered=True), Ordered),
        (pd.to_timedelta([1, 2], "D"), Number),
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), Dates),
        (["2020-01-01", None], Dates),
        ([f"{i % 10}" for i in range(100)], Words),  # codes
        (pd.Categorical([f"{i}" for i in range(100)]), Words),
        ([f"{i:05d}" for i in range(99)], Words),  # postcodes
        ([f"{2000 + i}-{i + 1:02d}" for i in range(15)], Words),  # seasons: no month 15
        ([f"{i:05d}-x y z w" for i in range(15)], Words),  # few
    ],
    ids=str,
)
def test_a_column_becomes_what_it_holds(values, kind):
    assert type(kind_of(column_of(values), named=False)) is kind


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [f"{i / 7:.2f}" for i in range(99)],
            r"numbers as strings, such as .*X\['a'\] = pd.to_num",
        ),
        ([f"{i / 7:.2f}" for i in range(12)], "holds numbers as strings"),
        ([f"$ {i:,}" for i in range(990, 1099)], "holds numbers as strings"),
        ([str(i) for i in range(99)], "name it in categorical_features if"),
        ([f"{i / 7:.2f}" for i in range(99)] + ["?"], r"such as '0.00', and '\?': make it numbers"),
        ([f"{1 + i % 12}/{1 + i}/2020" for i in range(28)], r"X\['a'\] = pd.to_datetime"),
        ([f"{2000 + i}-0{1 + i % 9}" for i in range(28)], "dates as strings, such as '2000-01'"),
        ([f"{i:02d}:15" for i in range(24)], "dates as strings, such as '00:15': make it dates"),
        ([f"{1 + i}:15 PM" for i in range(12)], "dates as strings, such as '10:15 PM'"),
        ([f"0{1 + i % 9}/{2000 + i}" for i in range(28)], "dates as strings, such as '01/2000'"),
        ([f"March {2000 + i}" for i in range(28)], "dates as strings, such as 'March 2000'"),
        ([f"{2000 + i} Mar" for i in range(28)], "dates as strings, such as '2000 Mar'"),
        ([f"{2000 + i} Q{1 + i % 4}" for i in range(28)], "quarters as strings, such as '2000 Q1'"),
        ([f"202003{1 + i:02d}" for i in range(28)], "dates as strings, such as '20200301'"),
        ([f"{1 + i} Mar 2020" for i in range(28)], "dates as strings, such as '1 Mar 2020'"),
        ([f"March {1 + i}, 2020" for i in range(28)], "dates as strings, such as 'March 1, 2020'"),
        (
            [f"2020-03-{1 + i:02d}" for i in range(28)] + ["?"],
            r"'\?': .*format=..., errors='coerce'",
        ),
        ([f"2020-03-{1 + i:02d}T12:00" for i in range(28)] + ["?"], "'2020-03-01T12:00', and"),
        ([f"the flat has {i} rooms and a view" for i in range(99)], "99 of 99 differ, of 8 words"),
        ([1.5, "n/a"] * 9, "holds numbers and words: make it numbers"),
        ([pd.Timestamp("2020-01-01"), "n/a"] * 9, "holds dates and other values: make it dates"),
        (["2020-01-01", "2020-02-30"], "column 'a' of X must hold dates: "),
    ],
    ids=[
        "numbers",
        "few numbers",
        "prices",
        "whole numbers",
        "marks of gaps",
        "dates",
        "months",
        "times",
        "times of half a day",
        "months and years",
        "months in words",
        "months in words behind the year",
        "quarters",
        "days in digits",
        "days in words",
        "American days in words",
        "days and a mark",
        "times and a mark",
        "sentences",
        "mixed",
        "dates among words",
        "no such day",
    ],
)
def test_what_is_a_puzzle_is_refused_with_what_to_write_unless_it_is_named(values, message):
    with pytest.raises(ValueError, match=message):
        kind_of(column_of(values), named=False)
    assert type(kind_of(column_of(values), named=True)) is Words


@pytest.mark.parametrize("form", ["{} Q{}", "{}Q{}", "{}-Q{}"])
def test_quarters_are_made_dates_as_the_error_says(form):
    X = pd.DataFrame({"q": [form.format(1990 + i // 4, 1 + i % 4) for i in range(40)], "b": 1.0})
    X.loc[3, "q"] = None
    with pytest.raises(ValueError, match="quarters") as caught:
        TableEncoder().fit(X)
    exec(str(caught.value).partition(", by ")[2].partition(", or")[0], {"X": X, "pd": pd})
    days, _, _ = TableEncoder().fit_transform(X)[:, :3].T
    assert_array_equal(days[[0, 1, 4]], [0, 90, 365])


@pytest.mark.parametrize("gap", [False, True], ids=["no gap", "a gap"])
def test_sentences_can_be_encoded_as_the_error_says(gap):
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    words = np.random.default_rng(0).choice(["good", "bad", "old", "new", "small"], (60, 4))
    X = pd.DataFrame({"a": [f"{' '.join(each)} {i}" for i, each in enumerate(words)], "b": 1.0})
    X.loc[[3] if gap else [], "a"] = None
    with pytest.raises(ValueError, match="sentences") as caught:
        TableEncoder().fit(X)
    names = [ColumnTransformer, make_pipeline, TfidfVectorizer, TruncatedSVD, TableEncoder]
    names = {each.__name__: each for each in names}
    before, _, code = str(caught.value).partition(". If")[0].partition(": ColumnT")
    exec(before.partition("after ")[2], {"X": X})
    assert eval(f"ColumnT{code}", names).fit_transform(X).shape == (60, 21)


def test_days_of_known_dates():
    days = pd.date_range("2023-01-02", "2024-06-30", freq="12h")
    kind = Dates(column_of(days).values)
    names, _ = kind.names("a")
    week = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    assert names[:5] == ["a", "a_year_sin", "a_year_cos", "a_day_sin", "a_day_cos"]
    assert names[5:] == [f"a_{day}" for day in week]
    found = dict(zip(names, np.array(kind.numbers(column_of(days)))))
    assert_allclose(found["a"], np.arange(len(days)) / 2)
    assert_allclose(found["a_day_cos"], np.where(np.arange(len(days)) % 2, -1, 1))
    for day in week:
        assert_array_equal(found[f"a_{day}"], days.day_name() == day)
    of_year = 2 * np.pi * (days.day_of_year - 1) / 365
    assert_allclose(found["a_year_sin"], np.sin(of_year), atol=0.04)  # two days, at most
    assert_allclose(found["a_year_cos"], np.cos(of_year), atol=0.04)


@pytest.mark.parametrize(
    ("days", "names"),
    [
        (pd.date_range("2020-01-01", periods=10), []),
        (pd.date_range("2020-01-01", periods=300, freq="7D"), ["a_year_sin", "a_year_cos"]),
        (
            pd.to_datetime([f"{2020 + i // 12}-{1 + i % 12:02}-01" for i in range(50)]),
            ["a_year_sin", "a_year_cos"],
        ),
        (pd.to_datetime([f"{2000 + i}-06-30" for i in range(20)]), []),
        (pd.date_range("2020-01-01", periods=20, freq="h"), ["a_day_sin", "a_day_cos"]),
        (pd.date_range("2020-01-01 09:20", periods=10), []),
        (pd.date_range("2020-01-01 09:20", periods=10, freq="86403s"), []),
    ],
    ids=["days", "weekly", "monthly", "yearly", "hours", "the same time", "nearly the same time"],
)
def test_only_cycles_that_dates_show_are_handed_on(days, names):
    assert Dates(column_of(days).values).names("a") == (["a", *names], [])


@pytest.mark.parametrize("time", ["00:00", "14:30", "07:13:11"])
def test_the_same_time_of_two_days_is_the_same_number(time):
    times = pd.date_range(f"1963-08-24 {time}", periods=60, freq="7D").to_series()
    times.iloc[::9] += pd.Timedelta("5h")
    column = column_of(times.to_numpy())
    *_, sine, cosine = Dates(column.values).numbers(column)
    assert [len(np.unique(wave)) for wave in (sine, cosine)] == [2, 2]


def test_a_gap_in_dates_is_one_gap():
    kind = Dates(column_of(pd.date_range("2020-01-01", "2022-01-01")).values)
    days, *others = kind.numbers(column_of([pd.NaT, pd.Timestamp("2020-01-01")]))
    assert_array_equal(days, [np.nan, 0])
    assert all(each[0] == 0 for each in others)
    assert np.isnan(kind.numbers(column_of([None, None]))[0]).all()


def test_what_an_order_does_not_know_is_a_gap():
    kind = Ordered(["low", "high"])
    found = kind.numbers(Column("a", "words", np.array(["high", "low", "odd", np.nan], object)))
    assert_array_equal(found, [[1, 0, np.nan, np.nan]])


@pytest.mark.parametrize(
    "gaps",
    [pd.Categorical([None, None]), pd.to_datetime([None, None]), np.array([None, ""], object)],
    ids=["category", "dates", "objects"],
)
def test_a_column_of_gaps_is_one_whatever_its_type(gaps):
    for fitted in ([1.0, 2.0], pd.to_datetime(["2020-01-01"])):
        (found,) = kind_of(column_of(fitted), named=False).numbers(column_of(gaps))
        assert_array_equal(found, [np.nan, np.nan])


def test_whole_numbers_that_floats_do_not_tell_apart_are_no_words():
    column = column_of([2**53, 2**53 + 1])
    with pytest.raises(ValueError, match=r"column 'a' .* too large .* X\['a'\].astype\(str\)"):
        kind_of(column, named=True).words(column)
    assert type(kind_of(column, named=False)) is Number
    for values in ([str(2**53), str(2**53 + 1)], pd.Categorical([2**53, 2**53 + 1])):
        (words,) = Words().words(column_of(values))
        assert words.tolist() == ["9007199254740992", "9007199254740993"]


def test_whole_numbers_that_were_categories_in_fit_are_not_taken_for_their_neighbours():
    X = pd.DataFrame({"a": [2**53, 2**53 + 1] * 3})
    encoder = TableEncoder().fit(X.astype("category"))
    with pytest.raises(ValueError, match=r"column 'a' .* too large"):
        encoder.transform(X)
    assert_array_equal(encoder.transform(X.astype(str)), np.tile(np.eye(2), (3, 1)))


@pytest.mark.parametrize(
    ("fitted", "given", "message"),
    [
        ([1.0, 2.0], ["x", "y"], r"must hold numbers, as in fit; got words, such as 'x'\.$"),
        ([1.0, 2.0], [3, "x"], r"got mixed, such as 'x': make it numbers, by X\['a'\] = pd.to_num"),
        (
            pd.to_timedelta([1, 2], "D"),
            pd.to_datetime(["2020-01-01"]),
            r"got dates, such as '2020-01-01'\.$",
        ),
        (pd.to_datetime(["2020-01-01"]), [1.5], "must hold dates, as in fit; got numbers"),
    ],
    ids=["words", "a word among numbers", "dates", "numbers"],
)
def test_another_kind_than_in_fit_is_refused(fitted, given, message):
    with pytest.raises(ValueError, match=message):
        kind_of(column_of(fitted), named=False).numbers(column_of(given))


@pytest.mark.parametrize(
    "values",
    [
        [f"$ {i:,}" for i in range(900, 1100)],
        [f"{i:,}" for i in range(900, 1099)] + ["n/a"],
        [f"{i:,}" for i in range(900, 1099)] + [None],
        [f"{i / 10:.1f}%" for i in range(200)],
        [str(i) for i in range(200)],
        [float(i) for i in range(100)] + [f"{i:,}" for i in range(1000, 1100)],
    ],
    ids=["dollars", "a mark of gaps", "gaps", "per cent", "plain", "numbers among them"],
)
def test_what_an_error_says_to_write_makes_numbers_of_strings(values):
    X = pd.DataFrame({"a": values}, dtype=object)
    with pytest.raises(ValueError, match="make it numbers") as error:
        TableEncoder().fit(X)
    advice = re.search(r"X\['a'\] = pd.to_numeric\(.*?, errors='coerce'\)", str(error.value))
    exec(advice.group(), {"pd": pd, "X": X})
    numbers = [re.sub("[^0-9.]", "", str(each)) for each in values]
    expected = [float(each) if each else np.nan for each in numbers]
    np.testing.assert_array_equal(X["a"].to_numpy(float), expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([f"{i},5" for i in range(99)], np.arange(99) + 0.5),
        ([f"1.{i:03},75 €" for i in range(99)], np.arange(1000, 1099) + 0.75),
        ([f"€ {i}.000" for i in range(1, 99)] + ["0,25"], [*np.arange(1, 99) * 1000, 0.25]),
        ([f"{i}.000.000" for i in range(1, 99)] + ["9.000"], [*np.arange(1, 99) * 1e6, 9000]),
        ([f"0,{i:03}" for i in range(125, 999)], np.arange(125, 999) / 1000),
        ([f"{i},125e2" for i in range(1, 99)], 100 * np.arange(1, 99) + 12.5),
        ([f"-$1,{i}.50" for i in range(100, 199)], -np.arange(1100, 1199) - 0.5),
    ],
    ids=["a tenth", "by points", "whole thousands", "millions", "thousandths", "powers", "debts"],
)
def test_a_decimal_comma_is_not_taken_for_one_of_thousands(values, expected):
    X = pd.DataFrame({"a": values})
    with pytest.raises(ValueError, match="make it numbers") as error:
        TableEncoder().fit(X)
    advice = re.search(r"X\['a'\] = pd.to_numeric\(.*?, errors='coerce'\)", str(error.value))
    exec(advice.group(), {"pd": pd, "X": X})
    np.testing.assert_array_equal(X["a"], expected)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([str(i % 40) for i in range(99)], "holds whole numbers as strings, such as '0', and is"),
        ([str(i % 40) for i in range(99)] + ["none"], "such as '0', and 'none', and is taken"),
    ],
    ids=["codes or amounts", "with a mark of gaps"],
)
def test_whole_numbers_as_strings_are_words_with_a_warning(values, message):
    column = column_of(values)
    kind, ((text, category),) = with_warnings(kind_of, column, named=False)
    assert type(kind) is Words
    assert category is UserWarning
    assert re.search(message, text)
    X = pd.DataFrame({"a": values})
    with pytest.warns(UserWarning, match=message):
        TableEncoder().fit(X)
    TableEncoder(["a"]).fit(X)
    TableEncoder().fit(X.astype("category"))


@pytest.mark.parametrize(
    "values",
    [[f"{i % 9}" for i in range(99)], [f"{i:03}" for i in range(99)], ["a", "b"], [1.5, 2.5]],
    ids=["few", "zeros in front", "words", "numbers"],
)
def test_there_is_no_doubt_about_codes_and_words(values):
    kind_of(column_of(values), named=False)


def test_of_words_among_numbers_three_are_marks_of_gaps_and_four_are_not():
    numbers, marks = [f"{i / 7:.2f}" for i in range(99)], ["?", "none", "n/a", "unknown"]
    with pytest.raises(ValueError, match=r"such as '0\.00'"):
        kind_of(column_of(numbers + marks[:3]), named=False)
    assert type(kind_of(column_of(numbers + marks), named=False)) is Words
