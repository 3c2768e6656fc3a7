"""Stored models: those of this layout and of earlier ones, and those that are refused."""

import copy
import json
import pickle
import re
from dataclasses import fields

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sknn_scratch import ScratchMLPRegressor, __version__
from sknn_scratch.estimators import base
from sknn_scratch.estimators.base import LAYOUT
from tests.stored_models import DATA, figures, make_models

FILES = sorted(DATA.glob("models_*.pickle"))

# Its output is bounded by 0, and without intercepts most of y is out of its reach.
ONE_IS_NO_BETTER_THAN_A_CONSTANT = pytest.mark.filterwarnings(
    "ignore:Training stopped by tol=0.0001 at a loss of 1.94"
)


def load(path):
    """Return the models of a file, or the message with which they are refused."""
    try:
        return pickle.loads(path.read_bytes())
    except ValueError as error:
        return str(error)


def expectations(path):
    """Return what is stored beside a file."""
    return json.loads(path.with_suffix(".json").read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_stored_models_predict_and_train_as_they_did_or_are_refused(path):
    models, expected = load(path), expectations(path)
    if isinstance(models, str):
        assert expected["layout"] != LAYOUT, models
        assert "was stored by sknn_scratch" in models
        return
    assert list(models) == [name for name in expected if name != "layout"]
    for name, model in models.items():
        # float32, and after an epoch: rounding differs between machines
        tolerance = 1e-5 if model.coefs_[0].dtype == np.float32 else 1e-9
        found = figures(model)
        assert found.keys() == expected[name].keys()
        for key, value in found.items():
            assert_allclose(value, expected[name][key], rtol=tolerance)


def names(model):
    """Return the names of everything that a fitted model holds."""
    state, network = model._state, model._network
    return {
        "model": set(vars(model)),
        "state": set(vars(state)),
        "solver": set(state.solver_state),
        "scaling": set(vars(state.scaling)),
        "network": set(vars(network)),
        "components": [
            (type(component).__name__, set(vars(component)))
            for component in (*network.activations, network.loss)
        ],
    }


@ONE_IS_NO_BETTER_THAN_A_CONSTANT
def test_the_stored_models_of_this_layout_hold_what_new_ones_hold():
    # If this fails, an attribute has come or gone: see `sknn_scratch.estimators.base`.
    path = DATA / f"models_layout_{LAYOUT}.pickle"
    stored = load(path)
    assert expectations(path)["layout"] == LAYOUT
    for name, model in make_models().items():
        assert names(model) == names(stored[name])
        assert names(model)["state"] == {each.name for each in fields(model._state)}


@ONE_IS_NO_BETTER_THAN_A_CONSTANT
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("number", range(3))
def test_a_pickled_model_is_the_same_and_trains_on_likewise(number, protocol):
    model = list(make_models().values())[number]
    loaded = pickle.loads(pickle.dumps(model, protocol))
    assert names(loaded) == names(model)
    assert loaded.get_params().keys() == model.get_params().keys()
    assert_array_equal(loaded._params, model._params)
    assert figures(loaded) == figures(model)


def restored(state):
    """Return what unpickling makes of a state."""
    model = ScratchMLPRegressor.__new__(ScratchMLPRegressor)
    model.__setstate__(state)
    return model


@pytest.mark.parametrize("layout", [0, LAYOUT + 1, str(LAYOUT), None])
def test_another_layout_is_refused_by_a_message_that_names_both(layout):
    state = ScratchMLPRegressor().__getstate__()
    given = dict(state)
    assert restored(given).get_params() == ScratchMLPRegressor().get_params()
    assert given == state
    with pytest.raises(ValueError, match=rf"by sknn_scratch 9.8, in layout {layout}; .* {LAYOUT}"):
        restored({**state, "_layout": layout, "_stored_by": "9.8"})


def test_a_state_without_a_layout_is_refused():
    with pytest.raises(ValueError, match="by sknn_scratch unknown, in layout None"):
        restored(ScratchMLPRegressor().get_params())


@pytest.mark.parametrize("change", [-LAYOUT, 1])
def test_a_pickle_of_another_layout_is_refused(regression, monkeypatch, change):
    X, y = regression
    model = ScratchMLPRegressor((2,)).partial_fit(X, y)
    monkeypatch.setattr(base, "LAYOUT", LAYOUT + change)
    stored = pickle.dumps(model)
    assert_array_equal(pickle.loads(stored).predict(X), model.predict(X))
    monkeypatch.undo()
    with pytest.raises(ValueError, match=re.escape(f"{__version__}, in layout {LAYOUT + change};")):
        pickle.loads(stored)


def test_the_layout_is_not_an_attribute(regression):
    X, y = regression
    model = ScratchMLPRegressor((2,)).partial_fit(X, y)
    for twin in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert vars(twin).keys() == vars(model).keys()
        assert not {"_layout", "_stored_by"} & set(vars(twin))
    assert not {"_layout", "_stored_by"} & set(vars(model))
    assert clone(model).get_params() == model.get_params()
