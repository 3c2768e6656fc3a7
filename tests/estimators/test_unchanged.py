import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.estimators import unchanged_on_error
from sknn_scratch.maths.activations import Tanh


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


class Failing(Tanh):
    """Raises once it is told to, in the midst of an epoch: its rows are drawn by then."""

    fails = False

    def __call__(self, z):
        z = np.asarray(z)  # else the formula would be followed once, not called at each step
        if self.fails:
            raise RuntimeError
        return super().__call__(z)


def train_three_times(failing, regression):
    """Return a network that was trained for three epochs, but for what failed before the third."""
    activation = Failing()
    model = ScratchMLPRegressor((4,), activation=activation, batch_size=20, random_state=0)
    model.partial_fit(*regression).partial_fit(*regression)
    if failing is not None:
        activation.fails = True
        with pytest.raises(RuntimeError):
            failing(model, *regression)
        activation.fails = False
    return model.set_params(warm_start=False).partial_fit(*regression)


@pytest.mark.parametrize(
    "failing",
    [
        lambda model, X, y: model.fit(X, y),
        lambda model, X, y: model.set_params(warm_start=True).fit(X, y),
        lambda model, X, y: model.partial_fit(X, y),
    ],
    ids=["fit", "warm start", "partial_fit"],
)
def test_after_a_failure_training_goes_on_with_the_same_draws(failing, regression):
    expected = train_three_times(None, regression)
    found = train_three_times(failing, regression)
    assert_array_equal(found.predict(regression[0]), expected.predict(regression[0]))
