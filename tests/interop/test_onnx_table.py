"""A table as it comes in one graph with its model, computed by ONNX Runtime."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from sknn_scratch import ScratchMLPEnsembleRegressor, ScratchMLPRegressor, TableEncoder

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
skl2onnx = pytest.importorskip("skl2onnx")
from sknn_scratch.onnx import table_inputs, table_types  # noqa: E402

NET = ScratchMLPRegressor((8,), activation="tanh", solver="lbfgs", alpha=1, random_state=0)
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:column 'id' of X says nothing"),
]


def run(graph, inputs):
    """Return what ONNX Runtime makes of the inputs."""
    onnx.checker.check_model(graph)
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, inputs)[0]


def served(model, X, dtype=np.float64):
    """Return what the graph of a model makes of a table."""
    graph = skl2onnx.to_onnx(model, initial_types=table_types(model, dtype))
    return run(graph, table_inputs(model, X, dtype))


@pytest.fixture
def table(rng):
    """Return all kinds of columns, each with gaps; the last rows have what is not in the others."""
    n = 90
    X = pd.DataFrame(
        {
            "area in m2": rng.normal(50, 9, n),
            "no gap": rng.normal(size=n),
            "word": rng.choice(["a", "b", "c d", "e"], n, p=[0.4, 0.3, 0.25, 0.05]),
            "order": pd.Categorical(rng.choice(["lo", "hi"], n), ["lo", "mid", "hi"], ordered=True),
            "number": pd.Categorical(rng.integers(1, 4, n)),
            "flag": pd.array(rng.uniform(size=n) < 0.5, "boolean"),
            "id": [f"id{i}" for i in range(n)],
            "day": pd.Timestamp("1968-03-05 06:00")
            + pd.to_timedelta(rng.integers(0, 9999, n), "h"),
            "span": pd.to_timedelta(rng.integers(0, 50, n), "h"),
            "empty": [None] * n,
        }
    )
    for name in X.columns.drop(["no gap", "empty"]):
        X.loc[rng.uniform(size=n) < 0.15, name] = None
    y = X["area in m2"].fillna(50) / 5 + 3 * (X["word"] == "a") + X["flag"].fillna(False)
    X["word"] = X["word"].mask(np.arange(n) >= 85, "new")
    X.loc[85:, ["no gap", "id"]] = None
    return X, y.to_numpy(np.float64)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_kind_of_column_is_encoded_as_by_transform(table, dtype):
    X, _ = table
    encoder = TableEncoder().fit(X[:80])
    got, want = served(encoder, X, dtype), encoder.transform(X)
    assert got.dtype == dtype
    assert got.shape == want.shape
    assert_allclose(got, want, rtol=1e-6, atol=1e-12 if dtype == np.float64 else 1e-3)


def test_a_pipeline_in_front_of_a_network_is_one_graph(table):
    X, y = table
    model = make_pipeline(TableEncoder(), NET).fit(X[:80], y[:80])
    assert_allclose(served(model, X).ravel(), model.predict(X), rtol=1e-9)
    assert_allclose(served(model, X, np.float32).ravel(), model.predict(X), rtol=1e-3)


def test_where_there_were_gaps_reaches_the_model_unlike_by_the_imputers_own_converter(table):
    X, y = table[0][["area in m2"]], table[1]
    y = y + 9 * X["area in m2"].isna()
    model = make_pipeline(TableEncoder(), Ridge()).fit(X, y)
    assert_allclose(served(model, X).ravel(), model.predict(X), rtol=1e-9)


def test_an_ensemble_of_a_table_is_one_graph(table):
    X, y = table
    model = ScratchMLPEnsembleRegressor(NET, 2, random_state=0).fit(X[:80], y[:80])
    assert_allclose(served(model, X).ravel(), model.predict(X), rtol=1e-9)


def test_an_ensemble_of_pipelines_is_one_graph(table):
    X, y = table
    pipeline = make_pipeline(TableEncoder(), NET)
    model = ScratchMLPEnsembleRegressor(pipeline, n_estimators=2, random_state=0)
    model.fit(X[:80], y[:80])
    assert_allclose(served(model, X).ravel(), model.predict(X), rtol=1e-9)


def test_an_array_with_gaps_and_codes_is_one_input(rng):
    X = rng.normal(size=(60, 3))
    X[:, 0], X[::7, 0], X[::5, 1] = rng.integers(0, 4, 60), np.nan, np.nan
    y = X[:, 2] + (X[:, 0] == 1)
    model = ScratchMLPEnsembleRegressor(NET, 2, random_state=0, categorical_features=[0])
    model.fit(X, y)
    X[0, 0], X[1, 2] = 9, np.nan  # not seen in fit
    got = run(skl2onnx.to_onnx(model, X[:1]), {"X": X})
    assert_allclose(got.ravel(), model.predict(X), rtol=1e-9)


def test_skl2onnx_finds_the_types_of_a_frame_of_words_and_numbers(table):
    X = table[0][["no gap", "word"]].fillna({"word": ""}).astype({"word": object})
    encoder = TableEncoder().fit(X)
    graph = skl2onnx.to_onnx(encoder, X[:1])
    assert_allclose(run(graph, table_inputs(encoder, X)), encoder.transform(X))


def test_tables_of_polars_and_arrays_of_objects_are_inputs_too(table):
    pytest.importorskip("pyarrow", exc_type=ImportError)  # new ones need NumPy 2
    X = table[0][["area in m2", "word", "day"]]
    encoder = TableEncoder().fit(X)
    assert_allclose(served(encoder, pl.from_pandas(X)), encoder.transform(X), atol=1e-9)
    encoder = TableEncoder().fit(X.to_numpy(object))
    assert list(table_inputs(encoder, X.to_numpy(object))) == ["x0", "x1", "x2"]
    X = X.to_numpy(object)
    assert_allclose(served(encoder, X), encoder.transform(X), atol=1e-9)  # some waves are 1e-13


def test_the_columns_of_inputs_are_those_of_fit(table):
    X = table[0][["area in m2", "no gap", "word"]]
    encoder = TableEncoder().fit(X)
    for other in (X[X.columns[::-1]], X[["area in m2", "no gap"]], X.assign(more=1)):
        with pytest.raises(ValueError, match="feature names should match"):
            table_inputs(encoder, other)
    with pytest.raises(ValueError, match="column 'word' of X must hold words, as in fit"):
        table_inputs(encoder, X.assign(word=1))


def test_names_that_are_none_in_a_graph_are_changed_and_stay_different():
    names = ["a_b_2", "a b", "a.b", "2", "", "variable"]  # the last is the output's
    X = pd.DataFrame(np.arange(12.0).reshape(2, 6), columns=names)
    encoder = TableEncoder().fit(X)
    assert list(table_inputs(encoder, X)) == ["a_b_2", "a_b", "a_b_3", "_2", "_", "variable_2"]
    assert_allclose(served(encoder, X), X)


def test_what_a_graph_cannot_be_given_is_said(table):
    X = table[0][["area in m2", "word"]]
    encoder = TableEncoder().fit(X)
    number, word = (kind for _, kind in table_types(encoder))
    for types, message in (
        ([("a", word), ("b", word)], "column of numbers or dates must be an input of numbers"),
        ([("a", number), ("b", number)], "column of words must be an input of strings"),
        ([("a", number)], "an input for each of 2 columns; got 1"),
    ):
        with pytest.raises(ValueError, match=message):
            skl2onnx.to_onnx(encoder, initial_types=types)
    for model in (Ridge(), make_pipeline(NET), ScratchMLPEnsembleRegressor()):
        with pytest.raises(TypeError, match="model must be a TableEncoder, a pipeline that"):
            table_types(model)
