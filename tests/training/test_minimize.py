import copy
import gc

import numpy as np
import pytest

from sknn_scratch import Activation, ScratchMLPRegressor
from sknn_scratch.components import check_parameters
from sknn_scratch.training.minimize import LOOPS, batch_size_of
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


# --- loops kept between calls of `partial_fit` ---


def stream(model, sizes, keeps, **params):
    """Train on batches of these sizes in turn, with or without what is kept; return the model."""
    rng = np.random.default_rng(0)
    model.set_params(**params)
    for n in sizes:
        X = rng.normal(size=(n, 4))
        if not keeps:
            LOOPS.clear()
        model.partial_fit(X, np.sin(X[:, 0]), rng.uniform(1, 2, n))
    return model


@pytest.mark.parametrize("sizes", [[10] * 4, [10, 10, 7, 7, 10], [300] * 3, [1] * 4], ids=str)
@pytest.mark.parametrize(
    "params", [{}, {"shuffle": False}, {"solver": "sgd"}, {"max_grad_norm": 0.1}, {"alpha": 1.0}]
)
def test_a_loop_that_is_kept_trains_as_a_new_one(sizes, params):
    first, second = (
        stream(ScratchMLPRegressor((5, 3), random_state=0), sizes, keeps, **params)
        for keeps in (True, False)
    )
    assert first.loss_curve_ == second.loss_curve_
    for one, other in zip(first.coefs_, second.coefs_):
        np.testing.assert_array_equal(one, other)


def test_a_loop_is_kept_for_rows_of_one_shape_and_is_no_part_of_a_copy(regression):
    X, y = regression
    LOOPS.clear()
    model = ScratchMLPRegressor((5,), random_state=0).partial_fit(X, y)
    (kept,) = [loop for _, loop in LOOPS.values()]
    model.partial_fit(X, y)
    twin, shallow = copy.deepcopy(model), copy.copy(model)
    assert [loop for _, loop in LOOPS.values()] == [kept]
    expected = model.predict(X)
    twin.partial_fit(X, y)
    shallow.partial_fit(2 * X, -y)
    np.testing.assert_array_equal(model.predict(X), expected)
    np.testing.assert_array_equal(model.partial_fit(X, y).predict(X), twin.predict(X))
    del model, twin, shallow
    gc.collect()
    assert len(LOOPS) == 0


def test_what_is_changed_between_calls_is_heeded(regression):
    X, y = regression
    for change in ({"alpha": 1e3}, {"batch_size": 7}, {"solver": "sgd"}, {"max_grad_norm": 1e-3}):
        model = ScratchMLPRegressor((5,), random_state=0).partial_fit(X, y)
        twin = copy.deepcopy(model).set_params(**change).partial_fit(X, y)
        model.set_params(**change).partial_fit(X, y)
        np.testing.assert_array_equal(model.predict(X), twin.predict(X))


def test_a_failed_call_leaves_the_model_as_it_was(regression):
    X, y = regression
    model = ScratchMLPRegressor((5,), batch_size=10, random_state=0).partial_fit(X, y)
    twin = copy.deepcopy(model)
    with pytest.raises(ValueError, match="diverged"):
        model.set_params(learning_rate_init=1e200).partial_fit(X, y)
    model.set_params(learning_rate_init=1e-3).partial_fit(X, y)
    np.testing.assert_array_equal(model.predict(X), twin.partial_fit(X, y).predict(X))


class Steep(Activation):
    """An activation of one's own, whose slope may be set meanwhile."""

    def __init__(self, slope):
        self.slope = slope

    def __call__(self, z):
        return np.tanh(self.slope * z)

    def derivative(self, z, a):
        return self.slope * (1 - a**2)


def test_no_loop_is_kept_for_components_that_may_change(regression):
    X, y = regression
    LOOPS.clear()
    model = ScratchMLPRegressor((5,), activation=Steep(1.0), random_state=0).partial_fit(X, y)
    assert len(LOOPS) == 0
    twin = copy.deepcopy(model).set_params(activation=Steep(3.0))
    model.activation.slope = 3.0
    np.testing.assert_array_equal(
        model.partial_fit(X, y).predict(X), twin.partial_fit(X, y).predict(X)
    )
