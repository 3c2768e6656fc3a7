"""Inputs of every kind: what is refused, by which name, and what is converted."""

import datetime
import decimal
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline

from sknn_scratch import ScratchMLPRegressor, TableEncoder

pa = pytest.importorskip("pyarrow", exc_type=ImportError)  # new ones need NumPy 2

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
N = 20
A = np.random.default_rng(0).normal(size=(N, 2))
Y = A[:, 0] - A[:, 1]
FRAME = pd.DataFrame(A, columns=["a", "b"])
DAY = datetime.date(2020, 1, 1)
NOON = datetime.datetime(2020, 1, 1, 12)


def arrow(value, kind):
    return FRAME.assign(w=pd.array([value] * N, dtype=pd.ArrowDtype(kind)))


DATES = {
    "pandas dates": FRAME.assign(w=pd.date_range("2020", periods=N)),
    "pandas dates with a zone": FRAME.assign(w=pd.date_range("2020", periods=N, tz="UTC")),
    "pandas spans": FRAME.assign(w=pd.to_timedelta(np.arange(N), "s")),
    "pandas periods": FRAME.assign(w=pd.period_range("2020", periods=N)),
    "Arrow dates in pandas": arrow(DAY, pa.date32()),
    "Arrow times in pandas": arrow(NOON, pa.timestamp("us")),
    "Arrow spans in pandas": arrow(datetime.timedelta(1), pa.duration("us")),
    "Arrow dates": pa.table({"a": A[:, 0], "w": [DAY] * N}),
    "polars dates": pl.DataFrame({"a": A[:, 0], "w": [DAY] * N}),
    "polars times": pl.DataFrame({"a": A[:, 0], "w": [NOON] * N}),
    "polars spans": pl.DataFrame({"a": A[:, 0], "w": [datetime.timedelta(1)] * N}),
}
NO_NUMBERS = {
    "a mixed frame": FRAME.assign(w="x"),
    "categories": FRAME.assign(w=pd.Categorical(["x"] * N)),
    "dates as objects": FRAME.assign(w=pd.Series([DAY] * N, dtype=object)),
    "complex numbers": FRAME.assign(w=1j),
    "polars strings": pl.DataFrame({"a": A[:, 0], "w": ["x"] * N}),
    "Arrow strings": pa.table({"a": A[:, 0], "w": ["x"] * N}),
}


GAPS = {
    "an array": np.column_stack([A, np.where(np.arange(N) == 7, np.nan, 1)]),
    "a frame": FRAME.assign(w=np.where(np.arange(N) == 7, np.inf, 1)),
    "polars": pl.DataFrame({"a": A[:, 0], "b": A[:, 1], "w": [*np.ones(N - 1), np.nan]}),
}


def network():
    return ScratchMLPRegressor((3,), max_iter=2, random_state=0)


@pytest.mark.parametrize("X", GAPS.values(), ids=GAPS)
def test_gaps_are_refused_by_their_column(X):
    with pytest.raises(ValueError, match=r"^column ('w'|2) of X: Input X contains (NaN|infinity)"):
        network().fit(X, Y)


def test_gaps_and_words_lead_to_what_takes_them():
    for X in (FRAME.assign(w=[*np.ones(N - 1), np.nan]), FRAME.assign(w="a")):
        with pytest.raises(
            ValueError, match=r"Write make_pipeline\(TableEncoder\(\), \.\.\.\)"
        ) as raised:
            network().fit(X, Y)
        assert "HistGradientBoosting" not in str(raised.value)
        assert np.isfinite(make_pipeline(TableEncoder(), network()).fit(X, Y).predict(X)).all()


@pytest.mark.parametrize("X", DATES.values(), ids=DATES)
def test_dates_and_times_are_refused_by_their_column(X):
    with pytest.raises(TypeError, match=r"column 'w' of X must be numbers, got .*TableEncoder"):
        network().fit(X, Y)
    assert np.isfinite(make_pipeline(TableEncoder(), network()).fit(X, Y).predict(X)).all()


@pytest.mark.parametrize("X", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_a_column_that_is_no_numbers_is_named(X):
    with pytest.raises((TypeError, ValueError), match=r"^column 'w' of X must be real numbers: "):
        network().fit(X, Y)


@pytest.mark.parametrize("method", ["predict", "transform", "input_gradient", "score"])
@pytest.mark.parametrize(
    ("X", "match"),
    [
        (None, "X must be of shape"),
        (A[0], "X: Expected 2D array, got 1D"),
        (np.full((3, 2), "a"), "column 0 of X must be real numbers"),
        (A + 1j, "column 0 of X must be real numbers: Complex data not supported"),
        (np.full((3, 2), "2020", "M8[s]"), "X must be numbers, got datetime64"),
        (np.ma.masked_less(A, 0), "X must not be masked"),
        (np.full((3, 2), "a", object), "column 0 of X must be real numbers: could not convert"),
    ],
    ids=str,
)
def test_every_method_says_so(X, match, method):
    model = network().fit(A, Y)
    with pytest.raises((TypeError, ValueError), match=match):
        getattr(model, method)(X, *[Y] * (method == "score"))


def test_validation_inputs_are_named():
    with pytest.raises((TypeError, ValueError), match=r"X_val must not be masked"):
        network().fit(A, Y, X_val=np.ma.masked_less(A, 0), y_val=Y)
    with pytest.raises((TypeError, ValueError), match=r"column 0 of X_val must be real numbers"):
        network().fit(A, Y, X_val=np.full((N, 2), "a"), y_val=Y)


def test_frames_that_are_not_there_yet_are_refused():
    with pytest.raises(TypeError, match=r"X must be in memory, got a LazyFrame: call its collect"):
        network().fit(pl.DataFrame({"a": A[:, 0]}).lazy(), Y)


def test_what_has_a_mask_but_nothing_masked_is_an_array():
    model, expected = network().fit(np.ma.array(A), np.ma.array(Y)), network().fit(A, Y)
    assert_array_equal(model.predict(np.ma.array(A, mask=False)), expected.predict(A))


def test_masked_targets_and_weights_are_not_scored():
    model = network().fit(A, Y)
    with pytest.raises(ValueError, match="y must not be masked"):
        model.score(A, np.ma.array(Y, mask=Y > 0))
    with pytest.raises(ValueError, match="sample_weight must not be masked"):
        model.score(A, Y, np.ma.array(Y**2, mask=Y > 0))


DECIMALS = [decimal.Decimal(f"{value:.2f}") for value in A[:, 1]]
CONVERTED = {
    "Arrow decimals": FRAME.assign(b=pd.array(DECIMALS, dtype=pd.ArrowDtype(pa.decimal128(5, 2)))),
    "decimals": FRAME.assign(b=pd.Series(DECIMALS, dtype=object)),
    "objects": FRAME.assign(b=A[:, 1].round(2)).astype(object),
    "numbers as strings": FRAME.assign(b=[str(value) for value in DECIMALS]),
}


@pytest.mark.parametrize("X", CONVERTED.values(), ids=CONVERTED)
def test_what_fit_converts_every_method_converts(X):
    plain = np.c_[A[:, 0], A[:, 1].round(2)]
    model, expected = network().fit(X, Y), network().fit(plain, Y)
    for method in ("predict", "transform", "input_gradient"):
        assert_allclose(getattr(model, method)(X), getattr(expected, method)(plain), rtol=1e-12)
    assert model.score(X, Y) == pytest.approx(expected.score(plain, Y))


@pytest.mark.parametrize("dtype", [int, np.float16, np.float32, np.float64, np.longdouble, object])
@pytest.mark.parametrize("own", [np.float32, np.float64])
def test_predictions_have_the_type_of_the_weights_however_many(own, dtype):
    model = network().fit(A.astype(own), Y)
    X = np.tile(3 * A, (1000, 1)).astype(dtype)
    for n in (1, 10, len(X)):
        for method in ("predict", "transform", "input_gradient"):
            assert getattr(model, method)(X[:n]).dtype == own
    assert_allclose(model.predict(X[:1]), model.predict(X)[:1], rtol=1e-5)


@pytest.mark.parametrize("n", [2, 20_000])
def test_numbers_too_large_for_the_type_of_the_weights_are_refused(n):
    model = network().fit(A.astype(np.float32), Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=r"X contains infinity or a value too large for .*32"):
            model.predict(np.full((n, 2), 1e39))
