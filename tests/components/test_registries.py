import inspect
import re

import pytest

import sknn_scratch
from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.components.initializers import INITIALIZERS
from sknn_scratch.components.registries import (
    ACTIVATIONS,
    EMBEDDINGS,
    LOSSES,
    SCHEDULES,
    SOLVERS,
    likely_name,
    name_of,
)
from tests.helpers import public_in

REGISTRIES = {
    "activation": ACTIVATIONS,
    "init": INITIALIZERS,
    "embedding": EMBEDDINGS,
    "loss": LOSSES,
    "solver": SOLVERS,
    "learning_rate": SCHEDULES,
}


@pytest.mark.parametrize("parameter", REGISTRIES)
def test_the_docstring_of_the_estimator_names_every_component(parameter):
    entry = rf"^{parameter} : (.*?)^\w+ : "
    docstring = inspect.getdoc(ScratchMLPRegressor)  # dedented, as Python 3.13 stores it
    (text,) = re.findall(entry, docstring, re.MULTILINE | re.DOTALL)
    assert [name for name in REGISTRIES[parameter] if f"'{name}'" not in text] == []


@pytest.mark.parametrize("parameter", [name for name in REGISTRIES if name != "init"])
def test_every_component_is_public(parameter):
    public = set(public_in(sknn_scratch).values())
    components = REGISTRIES[parameter].values()
    assert {each if isinstance(each, type) else type(each) for each in components} <= public


def test_a_component_is_told_by_its_type_and_its_numbers():
    assert name_of(sknn_scratch.Huber(), LOSSES) == "huber"
    assert name_of(sknn_scratch.Huber(2), LOSSES) == sknn_scratch.Huber(2)


def test_names_of_other_libraries_and_slips_are_told():
    assert likely_name("sigmoid", ACTIVATIONS) == " It is called 'logistic' here."
    assert likely_name("MSE", LOSSES) == " It is called 'squared_error' here."
    assert likely_name("gellu", ACTIVATIONS) == " Did you mean 'gelu'?"
    assert likely_name("sigmoid", LOSSES) == likely_name(3, LOSSES) == ""
