import pytest

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.components import check_parameters


def check(**params):
    return check_parameters(ScratchMLPRegressor(**params).get_params(deep=False))


def test_what_was_checked_is_kept_for_plain_values_and_for_no_others():
    assert check(hidden_layer_sizes=(3, 4)) is check(hidden_layer_sizes=(3, 4))
    assert check(hidden_layer_sizes=[3, 4]) is not check(hidden_layer_sizes=[3, 4])


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("hidden_layer_sizes", (1,), (1.0,)),
        ("hidden_layer_sizes", (1,), (True,)),
        ("max_iter", 1, 1.0),
        ("max_iter", 1, True),
        ("random_state", 1, True),
        ("shuffle", True, 1),
    ],
)
def test_a_value_of_the_wrong_type_is_no_equal_one_that_was_checked(name, good, bad):
    assert good == bad
    check(**{name: good})
    with pytest.raises((TypeError, ValueError), match=name):
        check(**{name: bad})


def test_a_list_that_has_changed_since_is_checked_anew():
    model = ScratchMLPRegressor([3, 4])
    params = model.get_params(deep=False)
    assert check_parameters(params).hidden_layer_sizes == (3, 4)
    params["hidden_layer_sizes"][1] = 5
    assert check_parameters(params).hidden_layer_sizes == (3, 5)
    params["hidden_layer_sizes"][1] = 0
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        check_parameters(params)
