from dataclasses import fields

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknn_scratch import SGD, Periodic, ScratchMLPRegressor
from sknn_scratch.components import parameters
from sknn_scratch.components.checks import as_numbers, check_number, ranges_of
from sknn_scratch.components.registries import EMBEDDINGS, SCHEDULES, SOLVERS

EMBEDDED = [type(embedding) for embedding in EMBEDDINGS.values()]
COMPONENTS = [*SOLVERS.values(), *SCHEDULES.values(), *EMBEDDED]
NUMBERS = [
    pytest.param(component, field.name, id=f"{component.__name__}-{field.name}")
    for component in COMPONENTS
    for field in fields(component)
    if field.name in ranges_of(component)
]


@pytest.mark.parametrize("bad", ["1", None, True, np.True_, 1j, [0.1], np.nan, -1, np.inf, -np.inf])
@pytest.mark.parametrize(("component", "name"), NUMBERS)
def test_every_number_of_a_component_is_checked_when_it_is_made(component, name, bad):
    with pytest.raises(
        (TypeError, ValueError), match=f"{name} of {component.__name__} must be .* got"
    ):
        component(**{name: bad})


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [
        ("[0, 1]", [0, 1, 0.5, np.float32(0.5), np.int64(1)], [-1e-9, 1 + 1e-9, np.inf]),
        ("[0, 1)", [0, 0.999], [1, 1.0, -0.1]),
        ("(0, 1]", [1, 1e-300], [0, 0.0, 1.1]),
        ("(0, inf)", [1e300, 5], [0, np.inf, -np.inf]),
        ("[0, inf)", [0, 1e300], [-1e-300, np.inf]),
    ],
)
def test_an_interval_holds_what_it_holds_in_mathematics(interval, inside, outside):
    for value in inside:
        check_number(value, "x", float, interval)
    for value in [*outside, np.nan]:
        with pytest.raises(ValueError, match="x must be a number in"):
            check_number(value, "x", float, interval)


def test_a_boolean_of_a_component_is_one():
    with pytest.raises(
        TypeError, match="nesterovs_momentum of SGD must be True or False, got 'no'"
    ):
        SGD(nesterovs_momentum="no")
    assert SGD(nesterovs_momentum=np.False_).nesterovs_momentum is False


def test_the_error_says_what_is_taken_and_what_was_got():
    with pytest.raises(
        ValueError, match=r"^momentum of SGD must be a number in \[0, 1\], got 2\.$"
    ):
        SOLVERS["sgd"](momentum=2)
    with pytest.raises(TypeError, match=r"^rho of RMSprop must .* \[0, 1\), got '0.9'\.$"):
        SOLVERS["rmsprop"](rho="0.9")


@pytest.mark.parametrize("value", [2.5, 8.0, np.float64(8)])
def test_a_count_is_an_int(value):
    with pytest.raises(TypeError, match=r"n_frequencies of Periodic must be an int in \[1, inf\)"):
        Periodic(n_frequencies=value)
    with pytest.raises(TypeError, match="max_fun of LBFGS must be an int"):
        SOLVERS["lbfgs"](max_fun=value)
    assert type(Periodic(n_frequencies=np.int64(8)).n_frequencies) is int


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_component_can_be_made_without_arguments(component):
    assert component() == component()
    assert hash(component()) == hash(component())


@pytest.mark.parametrize(("component", "name"), NUMBERS)
def test_a_field_takes_what_the_constructor_parameter_of_that_name_takes(component, name):
    if name not in ScratchMLPRegressor().get_params() or component in EMBEDDED:
        return
    (field,) = (field for field in fields(component) if field.name == name)
    assert ranges_of(component)[name][1] == parameters.NUMBERS[name][1]  # of whatever component
    assert field.default == ScratchMLPRegressor().get_params()[name]


@pytest.mark.parametrize("values", [[1j], ["a"], [None, "a"], np.array(["2020"], "M8")], ids=repr)
def test_what_is_not_of_real_numbers_is_named(values):
    with pytest.raises(ValueError, match="weights must be real numbers"):
        as_numbers(values, "weights")


def test_a_masked_value_is_refused_and_a_mask_that_hides_nothing_is_none():
    with pytest.raises(ValueError, match="weights must not be masked, got 2 masked values"):
        as_numbers(np.ma.masked_less([1.0, 2.0, 3.0], 2.5), "weights")
    assert_array_equal(as_numbers(np.ma.masked_less([1.0, 2.0], 0), "weights"), [1, 2])
