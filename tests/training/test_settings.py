import numpy as np
import pytest

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.components import check_parameters
from sknn_scratch.training.settings import make_settings


def settings_of(is_first=True, incremental=False, **params):
    params = ScratchMLPRegressor(**params).get_params()
    return make_settings(params, check_parameters(params), is_first, incremental)


@pytest.mark.parametrize(
    ("early_stopping", "monitor"),
    [(False, None), (True, "score"), ("loss", "loss"), (np.False_, None), (np.True_, "score")],
)
def test_early_stopping_says_what_is_monitored(early_stopping, monitor):
    assert settings_of(early_stopping=early_stopping).monitor == monitor


@pytest.mark.parametrize(
    ("how", "n_runs"),
    [({}, 3), ({"incremental": True}, 1), ({"is_first": False}, 1)],
    ids=["fit", "partial_fit", "warm start"],
)
def test_only_a_fit_that_begins_anew_trains_several_times(how, n_runs):
    assert settings_of(**how, n_init=3).n_runs == n_runs


@pytest.mark.parametrize(("warm_start", "incremental"), [(False, False), (True, False), (0, True)])
def test_the_order_of_the_rows_is_kept_where_a_call_may_follow(warm_start, incremental):
    settings = settings_of(incremental=incremental, warm_start=bool(warm_start))
    assert settings.keeps_order == (warm_start or incremental)


def test_all_else_is_what_the_constructor_says():
    settings = settings_of(alpha=3, tol=7, max_iter=11, dropout=0.5, hidden_layer_sizes=(2, 3))
    assert (settings.alpha, settings.tol, settings.max_iter) == (3, 7, 11)
    assert settings.dropout == (0.5, 0.5)
