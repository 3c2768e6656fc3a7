"""An ensemble of networks takes a table as it comes."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score
from sklearn.utils import get_tags

from sknn_scratch import ScratchMLPEnsembleRegressor, ScratchMLPRegressor, TableEncoder

pa = pytest.importorskip("pyarrow", exc_type=ImportError)  # new ones need NumPy 2

NET = ScratchMLPRegressor((10,), activation="tanh", solver="lbfgs", alpha=1, max_iter=300)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def data(rng):
    """Return a table of 120 rows, and y, which hangs on all of it."""
    n = 120
    X = pd.DataFrame(
        {
            "area": rng.uniform(20, 100, n),
            "district": rng.choice(["north", "south", "hills"], n),
            "rooms": pd.Categorical(rng.choice(["1", "2", "3"], n)),
            "sold": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 300, n), "D"),
        }
    )
    y = X["area"] / 10 + 3 * (X["district"] == "north") - 2 * (X["rooms"] == "2")
    y += X["sold"].dt.month / 4 + 0.1 * rng.normal(size=n)
    X.loc[:9, "area"], X.loc[10:19, "district"] = None, None
    return X, y


def ensemble(estimator=NET, n_estimators=3, **params):
    return ScratchMLPEnsembleRegressor(estimator, n_estimators, random_state=0, **params)


@pytest.mark.parametrize(
    ("estimator", "takes"),
    [(None, True), (NET, True), (LinearRegression(), False), (ScratchMLPRegressor, False)],
    ids=["default", "networks", "another regressor", "a class, which is none"],
)
def test_it_says_to_take_tables_where_members_are_networks(estimator, takes):
    tags = get_tags(ensemble(estimator)).input_tags
    assert (tags.allow_nan, tags.string, tags.categorical) == (takes, takes, takes)


@pytest.mark.slow
def test_a_table_is_fitted_and_predicted_with_intervals(data):
    X, y = data
    model = ensemble(None, 2).fit(X, y)
    assert isinstance(model.encoder_, TableEncoder)
    assert model.feature_names_in_.tolist() == list(X)
    new = pd.DataFrame({"area": [None], "district": ["sea"], "rooms": [None], "sold": [None]})
    for rows in (X, new):
        low, high = model.predict_interval(rows, 0.8).T
        prediction, std = model.predict(rows, return_std=True)
        assert np.all((low < prediction) & (prediction < high) & (std > 0))
    assert model.score(X, y) > 0.8
    assert model.transform(new).shape == (1, len(model.estimators_))


def test_it_is_as_if_the_table_had_been_encoded_before(data):
    X, y = data
    model = ensemble().fit(X, y)
    encoder = TableEncoder().fit(X)
    before = ensemble().fit(encoder.transform(X), y)
    assert_array_equal(model.predict(X), before.predict(encoder.transform(X)))
    assert_array_equal(model.oob_prediction_, before.oob_prediction_)
    assert before.encoder_ is None


@pytest.mark.parametrize(
    "convert",
    [pl.from_pandas, pa.Table.from_pandas, lambda X: X.astype(object).to_numpy()],
    ids=["polars", "arrow", "array"],
)
def test_every_kind_of_table_predicts_the_same(data, convert):
    X, y = data
    want = ensemble(categorical_features=[2]).fit(X, y).predict(X)
    got = ensemble(categorical_features=[2]).fit(convert(X), y).predict(convert(X))
    assert_allclose(got, want, rtol=1e-9)


def test_an_array_of_numbers_goes_straight_through_and_one_with_gaps_does_not(regression):
    X, y = regression
    assert ensemble().fit(X, y).encoder_ is None
    X[0, 0] = np.nan
    model = ensemble().fit(X, y)
    assert model.encoder_.get_feature_names_out()[-1] == "missingindicator_x0"
    assert np.isfinite(model.predict(X)).all()


def test_a_frame_of_numbers_may_have_gaps_later(regression):
    X, y = regression
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = ensemble().fit(frame, y)
    assert_array_equal(model.predict(frame), ensemble().fit(X, y).predict(X))
    frame.iloc[0] = np.nan
    median = pd.DataFrame([np.median(X, axis=0)], columns=list("abcd"))
    assert_allclose(model.predict(frame.iloc[:1]), model.predict(median))


def test_columns_of_numbers_can_be_named_as_words(data):
    X, y = data
    X["code"] = np.arange(len(X)) % 3
    model = ensemble(categorical_features=["code"]).fit(X, y)
    assert "code_2" in model.encoder_.get_feature_names_out()
    with pytest.raises(ValueError, match="has 'zone', which is no column of X"):
        model.set_params(categorical_features=["zone"]).fit(X, y)
    assert "code_2" in model.encoder_.get_feature_names_out()  # as it was
    with pytest.raises(ValueError, match="give it to a TableEncoder"):
        ensemble(LinearRegression(), categorical_features=["code"]).fit(X[["code"]], y)


def test_names_are_those_of_fit(data):
    X, y = data
    model = ensemble().fit(X, y)
    with pytest.raises(ValueError, match="same order as they were in fit"):
        model.predict(X[X.columns[::-1]])
    with pytest.raises(ValueError, match="column 'area' of X must hold numbers, as in fit"):
        model.predict(X.assign(area="large"))


def test_it_clones_pickles_and_goes_through_cross_validation(data):
    X, y = data
    model = ensemble().fit(X, y)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    assert_array_equal(clone(model).fit(X, y).predict(X), model.predict(X))
    assert cross_val_score(ensemble(), X, y, cv=3).mean() > 0.5
