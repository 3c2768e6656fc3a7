import numpy as np
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


@pytest.mark.parametrize(
    ("early_stopping", "monitor"),
    [(False, None), (True, "score"), ("loss", "loss"), (np.False_, None), (np.True_, "score")],
)
def test_early_stopping_says_what_is_monitored(early_stopping, monitor):
    assert check(early_stopping=early_stopping).monitor == monitor


@pytest.mark.parametrize(
    ("how", "n_runs"),
    [({}, 3), ({"incremental": True}, 1), ({"goes_on": True}, 1)],
    ids=["fit", "partial_fit", "warm start"],
)
def test_only_a_fit_that_begins_anew_trains_several_times(how, n_runs):
    settings = check(n_init=3).of_call(**{"goes_on": False, "incremental": False, **how})
    assert settings.n_runs == n_runs


@pytest.mark.parametrize(("warm_start", "incremental"), [(False, False), (True, False), (0, True)])
def test_the_order_of_the_rows_is_kept_where_a_call_may_follow(warm_start, incremental):
    settings = check(warm_start=bool(warm_start)).of_call(False, incremental)
    assert settings.keeps_order == (warm_start or incremental)


def test_all_else_is_what_the_constructor_says():
    settings = check(alpha=3, tol=7, max_iter=11, dropout=0.5, hidden_layer_sizes=(2, 3))
    assert (settings.alpha, settings.tol, settings.max_iter) == (3, 7, 11)
    assert settings.dropout == (0.5, 0.5)
