import pytest

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.components import check_parameters
from sknn_scratch.training.minimize import batch_size_of
from sknn_scratch.training.settings import make_settings


@pytest.mark.parametrize(
    ("batch_size", "solver", "n_rows", "expected", "is_told"),
    [
        ("auto", "adam", 150, 150, False),
        ("auto", "adam", 1000, 200, False),
        (32, "adam", 1000, 32, False),
        (32, "adam", 32, 32, False),
        (32, "adam", 31, 31, True),
        (32, "lbfgs", 31, 32, False),  # which takes no batches
    ],
)
def test_a_batch_has_no_more_rows_than_there_are(batch_size, solver, n_rows, expected, is_told):
    params = ScratchMLPRegressor(batch_size=batch_size, solver=solver).get_params()
    settings = make_settings(params, check_parameters(params))
    size, messages = batch_size_of(settings, n_rows)
    assert size == expected
    assert [message.text[:21] for message in messages] == ["Got `batch_size`=32, "] * is_told
