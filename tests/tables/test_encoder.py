"""TableEncoder: numbers of a table, as scikit-learn's own transformers make them."""

import pickle
from html import escape

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.estimator_checks import parametrize_with_checks

from sknn_scratch import ScratchMLPEnsembleRegressor, ScratchMLPRegressor, TableEncoder
from sknn_scratch.tables import encoder_for
from tests.helpers import as_list

pa = pytest.importorskip("pyarrow", exc_type=ImportError)  # new ones need NumPy 2


@pytest.fixture
def table(rng):
    """Return 200 rows with words, of which some are rare, gaps, categories, booleans and dates."""
    n = 200
    X = pd.DataFrame(
        {
            "area": rng.gamma(9, 8, n),
            "district": rng.choice(["north", "south", "hills"], n),
            "street": [f"street {i}" for i in rng.geometric(0.1, n)],
            "condition": pd.Categorical(
                rng.choice(["fair", "good", "poor"], n), ["poor", "fair", "good"], ordered=True
            ),
            "rooms": pd.Categorical(rng.integers(1, 4, n)),
            "lift": rng.uniform(size=n) < 0.5,
            "sold": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D"),
        }
    )
    for name in ("area", "district", "sold"):
        X.loc[rng.uniform(size=n) < 0.15, name] = np.nan
    return X


@as_list(parametrize_with_checks([TableEncoder()]))
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_numbers_and_words_are_encoded_as_by_scikit_learns_transformers(table):
    X, new = table[["area", "district", "street"]].iloc[:150], table.iloc[150:]
    words = OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=3, sparse_output=False
    )
    recipe = ColumnTransformer(
        [
            ("number", SimpleImputer(strategy="median", add_indicator=True), ["area"]),
            ("word", words, ["district", "street"]),
        ],
        verbose_feature_names_out=False,
    ).fit(X)
    encoder = TableEncoder().fit(X)
    assert_array_equal(encoder.transform(X), recipe.transform(X))
    assert_array_equal(encoder.transform(new[X.columns]), recipe.transform(new))
    assert_array_equal(encoder.get_feature_names_out(), recipe.get_feature_names_out())


def test_every_library_is_encoded_alike(table):
    table["rooms"] = table["rooms"].astype(str).astype("category")  # which polars has too
    first, *others = (
        TableEncoder(["condition"]).fit_transform(X)
        for X in (table, pl.from_pandas(table), pa.Table.from_pandas(table))
    )
    for each in others:
        assert_array_equal(each, first)
    as_array = TableEncoder([3]).fit_transform(table.astype(object).to_numpy())
    assert as_array.shape[0] == len(first)


def test_categories_of_numbers_are_words_and_an_order_stays_one(table):
    encoder = TableEncoder().fit(table)
    names = encoder.get_feature_names_out().tolist()
    out = dict(zip(names, encoder.transform(table).T))
    assert_array_equal(out["condition"], table["condition"].cat.codes)
    for rooms in (1, 2, 3):
        assert_array_equal(out[f"rooms_{rooms}"], table["rooms"] == rooms)
    assert_array_equal(out["lift"], table["lift"])
    assert "missingindicator_sold" in names
    assert "sold_year_sin" in names


def test_columns_say_what_they_became(table):
    encoder = TableEncoder().fit(table.assign(empty=None))
    assert list(encoder.columns_) == [*table.columns, "empty"]
    assert encoder.columns_["condition"] == "number: 0 poor, 1 fair, 2 good"
    assert encoder.columns_["area"] == "number; a gap is the median, and a column says so"
    assert encoder.columns_["lift"] == "number"
    assert encoder.columns_["rooms"] == "a column for each of 3 words"
    assert " rare " in encoder.columns_["street"]
    assert encoder.columns_["sold"].startswith("days since 2020-01-0")
    assert encoder.columns_["empty"].startswith("nothing")
    html = encoder._repr_html_()
    assert all(escape(became) in html for became in encoder.columns_.values())
    assert "days since" not in TableEncoder()._repr_html_()


@pytest.mark.parametrize("gap", [[], [None], [None] * 9], ids=["no gap", "a gap", "gaps"])
def test_a_column_of_nothing_but_rare_words_is_warned_of(gap):
    each_its_own = [f"{i} kg" for i in range(21)] + gap
    X = pd.DataFrame({"a": range(len(each_its_own)), "b": each_its_own})
    with pytest.warns(UserWarning, match="column 'b' of X says nothing: 21 of its 21 words"):
        encoder = TableEncoder().fit(X)
    assert len(encoder.one_hot_.get_feature_names_out()) == 1 + (len(gap) > 2)
    TableEncoder(min_frequency=1).fit(X)
    twice = pd.concat([X[:21], X[:1], X[:1]])
    TableEncoder().fit(twice)


def test_a_column_that_mostly_holds_rare_words_is_warned_of():
    marks = ["-", "?", "n/a", "none", "."] * 6
    X = pd.DataFrame({"a": marks + [f"{i}.5" for i in range(31)]})
    with pytest.warns(UserWarning, match="column 'a' of X says little: 31 of its 36 words"):
        TableEncoder().fit(X)
    TableEncoder().fit(X[:-1])  # in half of the rows


@pytest.mark.parametrize(
    ("fitted", "given", "said"),
    [
        (["01", "02", "10"], [1, 2, 10], "such as '01'; got numbers, such as '1'"),
        (["1.0", "2.0", "unknown"], [1.0, 2.0, None], "such as '1.0'; got numbers, such as '1'"),
        (["True", "False", "unknown"], [True, False, True], "such as 'False'; got numbers"),
        (
            pd.Categorical(["lo", "hi"] * 2, ["lo", "hi"], ordered=True),
            [None, 1],
            "such as 'lo'; got numbers",
        ),
    ],
    ids=["codes", "floats", "booleans", "an order"],
)
def test_numbers_where_fit_had_words_are_refused(fitted, given, said):
    encoder = TableEncoder(min_frequency=1).fit(pd.DataFrame({"a": fitted}))
    with pytest.raises(ValueError, match=f"column 'a' of X must hold words, as in fit, {said}"):
        encoder.transform(pd.DataFrame({"a": given}))


@pytest.mark.parametrize("fitted", [["1", "20", "none"], pd.Categorical([1, 2]), [0.5, 2]])
def test_numbers_are_words_where_fit_had_such_words(fitted):
    encoder = TableEncoder([0], min_frequency=1).fit(pd.DataFrame({"a": fitted}))
    assert encoder.transform(pd.DataFrame({"a": [7]})).sum() == 0
    assert encoder.transform(pd.DataFrame({"a": [None]}, dtype=float)).sum() == 0


def test_a_gap_among_words_is_not_counted_as_one():
    X = {
        "often": ["x", "y", None] * 10,
        "once": ["x", "y"] * 14 + ["x", None],
        "and rare words": ["x", "y", "z"] * 9 + ["p", "q", None],
        "one": ["x"] * 29 + [None],
        "all rare": [f"{i} m" for i in range(18)] + [None] * 12,
        "one rare": ["x", "y"] * 14 + ["x", "z"],
    }
    assert TableEncoder().fit(pd.DataFrame(X)).columns_ == {
        "often": "a column for each of 2 words, one for gaps",
        "once": "a column for each of 2 words, one for gaps",
        "and rare words": "a column for each of 3 words, one for 2 rare ones and gaps",
        "one": "a column for its word, one for gaps",
        "all rare": "a column for gaps, one for 18 rare words",
        "one rare": "a column for each of 2 words, one for 1 rare one",
    }


def test_a_gap_or_a_word_that_was_never_seen_is_no_error():
    X = pd.DataFrame({"a": [1.0, 2.0, 6.0] * 10, "b": ["x", "y", "y"] * 10, "c": [1, 2, 3] * 10})
    encoder = TableEncoder().fit(X)
    new = pd.DataFrame({"a": [None, 3], "b": ["z", None], "c": [None, 1]})
    assert_array_equal(encoder.transform(new), [[2, 2, 0, 0], [3, 1, 0, 0]])


@pytest.mark.parametrize("named", [["a"], [0], [True, False], np.array(["a"]), ("a",)], ids=str)
def test_columns_are_named_by_names_positions_or_a_mask(named):
    X = pd.DataFrame({"a": [0, 1] * 20, "b": [0.5, 1.5] * 20})
    encoder = TableEncoder(named).fit(X)
    assert encoder.get_feature_names_out().tolist() == ["b", "a_0", "a_1"]
    assert_array_equal(encoder.transform(X.iloc[:1]), [[0.5, 1, 0]])


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (
            {"categorical_features": "dtype"},
            ValueError,
            "categorical_features must be 'from_dtype'",
        ),
        ({"categorical_features": None}, TypeError, "categorical_features must be 'from_dtype'"),
        ({"categorical_features": [0.5]}, TypeError, "categorical_features must be 'from_dtype'"),
        ({"categorical_features": ["c"]}, ValueError, "has 'c', which is no column of X"),
        ({"categorical_features": [2]}, ValueError, "has 2, which is no column of X"),
        ({"categorical_features": [True]}, ValueError, "for each of 2 columns; got 1"),
        ({"min_frequency": 0}, ValueError, "min_frequency"),
        ({"min_frequency": 0.5}, TypeError, "min_frequency"),
        ({"max_categories": 1}, ValueError, "max_categories"),
        ({"max_categories": "all"}, TypeError, "max_categories"),
    ],
    ids=str,
)
def test_bad_parameters_are_named_and_leave_a_fitted_encoder_as_it_was(params, error, message):
    X = pd.DataFrame({"a": [0.0, 1.0], "b": ["x", "y"]})
    encoder = TableEncoder(min_frequency=1).fit(X)
    before = dict(vars(encoder))
    encoder.set_params(**params)
    with pytest.raises(error, match=message):
        encoder.fit(X.iloc[:1])
    after = {**vars(encoder), **{name: before[name] for name in params}}
    assert all(after[name] is before[name] for name in before)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (None, ValueError, "X must be of shape"),
        (sparse.eye(3), TypeError, "X must be dense"),
        (np.ma.masked_greater(np.eye(3), 0.5), ValueError, "X must not be masked"),
        (pl.DataFrame({"a": [1.0]}).lazy(), TypeError, "collect"),
        (pa.RecordBatch.from_pydict({"a": [1.0]}), TypeError, r"pa.Table.from_batches\(\[X\]\)"),
        (np.ones(3), ValueError, "Expected 2D array"),
        (pd.Series([1.0]), ValueError, "2D|2-dimensional"),
        (pd.DataFrame({"a": []}), ValueError, r"0 sample\(s\)"),
        (pd.DataFrame({"a": [None, None]}), ValueError, "X holds nothing but gaps"),
    ],
    ids=["None", "sparse", "masked", "lazy", "batch", "1-D", "series", "empty", "gaps"],
)
def test_what_is_no_table_is_refused(X, error, message):
    with pytest.raises(error, match=message):
        TableEncoder().fit(X)


def test_all_columns_that_are_refused_are_named_at_once():
    numbers = [f"{i / 7:.2f}" for i in range(40)]
    X = pd.DataFrame({"a": numbers, "b": np.arange(40.0), "c": [1.5, "n/a"] * 20, "d": numbers})
    match = r"^column 'a' of X holds numbers as strings.* order\. Refused as well: \['c', 'd'\]\.$"
    with pytest.raises(ValueError, match=match):
        TableEncoder().fit(X)
    with pytest.raises(ValueError, match=r"order\.$"):
        TableEncoder().fit(X[["a", "b"]])


def test_columns_of_the_same_name_are_named(table):
    twins = table.rename(columns={"street": "area", "lift": "rooms"})
    match = r"got the same for several: 'area' \(2 columns\), 'rooms' \(2 columns\)\. Rename"
    encoder = TableEncoder().fit(table)
    for X in (twins, pa.Table.from_pandas(table).rename_columns(list(twins.columns))):
        for method in (TableEncoder().fit, encoder.transform):
            with pytest.raises(ValueError, match=match):
                method(X)
    with pytest.raises(ValueError, match=match):
        ScratchMLPEnsembleRegressor().fit(twins, np.arange(200.0))


def test_the_most_frequent_of_many_words_have_columns(rng):
    words = rng.permutation(np.repeat([f"w{i:03}" for i in range(300)], np.arange(300) + 1))
    encoder = TableEncoder(max_categories=101).fit(words.reshape(-1, 1))
    assert encoder.transform([["w200"]]).argmax() == 0
    assert len(encoder.get_feature_names_out()) == 101
    assert encoder.transform([["w199"], ["new"]])[:, -1].tolist() == [1, 1]


def test_names_are_all_different_and_frames_come_out(table):
    X = pd.DataFrame({"a": ["nan", None] * 20, "a_nan": 1.0})
    encoder = TableEncoder().fit(X)
    assert encoder.get_feature_names_out().tolist() == ["a_nan", "a_nan_2", "a_nan_3"]
    for library in ("pandas", "polars"):
        out = clone(encoder).set_output(transform=library).fit_transform(X)
        assert list(out.columns) == ["a_nan", "a_nan_2", "a_nan_3"]
        with sklearn.config_context(transform_output=library):
            out = clone(encoder).fit(X).transform(X)
        assert list(out.columns) == ["a_nan", "a_nan_2", "a_nan_3"]


@pytest.mark.parametrize("dtype", ["float32", "Float32", "float[pyarrow]"])
def test_a_frame_of_single_precision_stays_that(dtype):
    X = pd.DataFrame({"a": np.ones(3, np.float32), "b": pd.array([0.5, 1, 2], dtype)})
    assert TableEncoder().fit_transform(X).dtype == np.float32
    assert TableEncoder().fit_transform(X.assign(a=pd.array([1, 2, 3], "Int32"))).dtype == float
    assert TableEncoder().fit_transform(X.assign(b=1.0)).dtype == np.float64


def test_it_clones_and_pickles(table):
    encoder = TableEncoder(["lift"], max_categories=20).fit(table)
    copied = pickle.loads(pickle.dumps(encoder))
    assert_array_equal(copied.transform(table), encoder.transform(table))
    assert clone(encoder).get_params() == encoder.get_params()
    assert_array_equal(clone(encoder).fit_transform(table), encoder.transform(table))


def test_it_goes_in_front_of_a_single_network(table):
    y = table["area"].fillna(70) * (1 + table["lift"])
    network = ScratchMLPRegressor((10,), solver="lbfgs", alpha=1, max_iter=2000, random_state=0)
    assert make_pipeline(TableEncoder(), network).fit(table, y).score(table, y) > 0.9


def test_frames_and_arrays_of_dask_are_taken_as_numbers():
    frames = pytest.importorskip("dask.dataframe")
    frame = frames.from_pandas(pd.DataFrame({"a": [1.0, 2.0, 3.0]}), npartitions=1)
    assert encoder_for(frame, "from_dtype") is None
    assert encoder_for(frame.to_dask_array(), "from_dtype") is None


def test_what_needs_no_encoder_has_none(table):
    assert encoder_for(np.ones((3, 2)), "from_dtype") is None
    assert encoder_for(sparse.eye(3), "from_dtype") is None
    assert encoder_for([[1, 2], [3, 4]], "from_dtype") is None
    for X in (table, np.array([[1.0, np.nan]]), table.to_numpy(), [["a", 1]]):
        assert isinstance(encoder_for(X, "from_dtype"), TableEncoder)
    assert encoder_for(np.ones((3, 2)), [0]).categorical_features == [0]


def test_numbers_among_words_stay_numbers_in_lists():
    encoder = TableEncoder(min_frequency=1).fit([[1.5, "a"], [2, "b"], [4, "a"]])
    assert_array_equal(encoder.transform([[3, "b"]]), [[3, 0, 1]])


def test_a_table_of_numbers_has_the_names_of_its_columns():
    X = pd.DataFrame({"a": [1.0, np.nan], "b": [True, False]})
    assert [*TableEncoder().fit(X).get_feature_names_out()] == ["a", "b", "missingindicator_a"]


def test_dates_may_come_as_strings_to_what_was_fitted_to_dates():
    X = pd.DataFrame({"day": pd.date_range("2030-01-30", periods=5)})
    encoder = TableEncoder().fit(X)
    assert_array_equal(encoder.transform(X.astype(str)), encoder.transform(X))
    with pytest.raises(ValueError, match="'5 May' is not written as 2030-12-31 is"):
        encoder.transform(pd.DataFrame({"day": ["2030-01-30", "5 May"]}))
