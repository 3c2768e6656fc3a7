import numpy as np
import pytest

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.estimators.unchanged import unchanged_on_error


def change(model, error=None):
    with unchanged_on_error(model):
        model.alpha, model.new_ = 7, 1
        del model.tol
        model.random_state.uniform(size=3)
        if error:
            raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_attributes_and_draws_are_put_back_after_an_error(error):
    model = ScratchMLPRegressor(random_state=np.random.RandomState(3))
    before = dict(vars(model))
    with pytest.raises(error):
        change(model, error)
    assert vars(model) == before
    assert model.random_state.uniform() == np.random.RandomState(3).uniform()


def test_without_an_error_nothing_is_put_back():
    model = ScratchMLPRegressor(random_state=np.random.RandomState(3))
    change(model)
    assert (model.alpha, model.new_, hasattr(model, "tol")) == (7, 1, False)
