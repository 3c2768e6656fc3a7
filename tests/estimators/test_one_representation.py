"""A network keeps what was trained, and its scaling; all else is derived from these."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sknn_scratch import Gaussian, Quantile, ScratchMLPRegressor, feedforward
from sknn_scratch.maths.activations import Identity, Tanh

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def network(**params):
    settings = {"hidden_layer_sizes": (10,), "activation": "tanh", "learning_rate_init": 0.02}
    return ScratchMLPRegressor(**{**settings, "max_iter": 100, "random_state": 0, **params})


def far_data(place, spread, dtype, n=300):
    """Return X, whose last column is far from zero, y, which depends on it, and X scaled."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    X[:, 2] = place * (1 + spread * X[:, 2])
    X = X.astype(dtype)
    Z = X.astype(np.longdouble) - X[0]
    Z = ((Z - Z.mean(axis=0)) / Z.std(axis=0)).astype(np.float64)
    return X, (Z[:, 0] + np.sin(Z[:, 2])).astype(dtype), Z.astype(dtype)


@pytest.mark.parametrize(
    ("place", "spread", "dtype"),
    [
        (1.76e9, 1e-7, np.float32),
        (-1e5, 1e-5, np.float32),
        (1.8e18, 1e-15, np.float64),
        (1e30, 1e-15, np.float64),
        (1.76e9, 1e-9, np.float64),
    ],
)
def test_a_column_far_from_zero_is_as_good_as_one_near_it(place, spread, dtype):
    X, y, Z = far_data(place, spread, dtype)
    far, near = network().fit(X, y), network().fit(Z, y)
    assert near.score(Z, y) > 0.9
    # Trainings that round differently, and a mean that is rounded to a number of the type.
    assert_allclose(far.predict(X), near.predict(Z), atol=0.15)
    assert far.score(X, y) > 0.9
    assert_allclose(far.predict(np.tile(X, (20, 1)))[:300], far.predict(X), atol=1e-5)
    assert_allclose(far.transform(X), near.transform(Z), atol=0.2)


def test_folded_weights_that_lose_digits_are_warned_of_where_they_predict():
    X, y, _ = far_data(1.76e9, 1e-7, np.float32)
    model = network().fit(X, y)
    with pytest.warns(UserWarning, match="MLPRegressor cannot hold these predictions"):
        model.to_sklearn()
    X, y, _ = far_data(1.0, 1e-2, np.float64)
    model = network().fit(X, y)
    assert_allclose(model.to_sklearn().predict(X), model.predict(X), atol=1e-9)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_set_weights_are_what_it_predicts_by_and_goes_on_from(duplicate, regression):
    X, y = regression
    X, y = 5 + 3 * X, 100 + 10 * y
    model = network(learning_rate_init=1e-15).partial_fit(X, y)
    rng = np.random.default_rng(0)
    coefs = [rng.normal(size=W.shape) for W in model.coefs_]
    intercepts = [rng.normal(size=b.shape) for b in model.intercepts_]
    model.coefs_, model.intercepts_ = coefs, intercepts
    model = duplicate(model)
    by_hand = feedforward(X, coefs, intercepts, [Tanh(), Identity()]).ravel()
    assert_allclose(model.predict(X), by_hand, rtol=1e-9)
    for shown, array in zip([*model.coefs_, *model.intercepts_], [*coefs, *intercepts]):
        assert_allclose(shown, array, rtol=1e-9, atol=1e-12)
    assert_allclose(model.partial_fit(X, y).predict(X), by_hand, rtol=1e-9)


def test_weights_that_are_set_in_a_shallow_copy_leave_the_original_as_it_trains_on(regression):
    model = network().fit(*regression)
    expected = copy.deepcopy(model).partial_fit(*regression)
    twin = copy.copy(model)
    twin.coefs_ = [0 * W for W in twin.coefs_]
    assert_array_equal(model.partial_fit(*regression)._params, expected._params)


def test_sparse_rows_are_centred_where_the_first_were_dense(regression):
    X, y = regression
    X = X + 5
    model = network().fit(X, y)
    assert_allclose(model.predict(sparse.csr_array(X)), model.predict(X), rtol=1e-9)
    dense, thin = (copy.deepcopy(network().partial_fit(X, y)) for _ in range(2))
    thin.partial_fit(sparse.csr_array(X), y)
    assert_allclose(thin.predict(X), dense.partial_fit(X, y).predict(X), rtol=1e-9)


LOSSES = ["squared_error", "absolute_error", "huber", "log_cosh", "quantile"]


@pytest.mark.parametrize("loss", [*LOSSES, Gaussian(), Quantile([0.1, 0.9])], ids=str)
@pytest.mark.parametrize("constant", [1e-6, 3.0, -1e9, 0.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_target_is_predicted_exactly(loss, constant, dtype, regression):
    X = regression[0].astype(dtype)
    y = np.full(len(X), constant, dtype)
    for params in ({}, {"early_stopping": True}, {"solver": "lbfgs"}):
        model = network(loss=loss, max_iter=5, **params).fit(X, y)
        for rows in (X, 100 * X, np.tile(X, (20, 1))):
            assert_array_equal(np.unique(model.predict(rows)), dtype(constant))


BY_A_FACTOR = [{"loss": "poisson"}, {"loss": "gamma"}, {"out_activation": "relu"}]


@pytest.mark.parametrize("params", BY_A_FACTOR, ids=str)
@pytest.mark.parametrize(
    "more", [{"early_stopping": True, "dropout": 0.5}, {"solver": "lbfgs", "n_init": 2}], ids=str
)
def test_a_constant_target_that_is_scaled_by_a_factor_is_predicted_exactly(
    params, more, regression
):
    X = regression[0].astype(np.float32)
    for constant in (3.0, 1e-6):
        y = np.full(len(X), constant, np.float32)
        model = network(max_iter=5, **params, **more).fit(X, y)
        assert_array_equal(np.unique(model.predict(100 * X)), np.float32(constant))


def test_one_constant_count_of_several_is_exact_and_learnt_once_it_varies(regression):
    X, y = regression
    weight = np.arange(len(y)) % 2
    Y = np.exp(np.c_[y, np.where(weight, 1.0, y)] / y.std())
    model = network(loss="poisson").fit(X, Y, weight)
    assert_allclose(model.predict(X)[:, 1], np.exp(1 / y.std()), rtol=1e-14)
    assert np.ptp(model.predict(X)[:, 0]) > 0.5
    model = network(loss="poisson").partial_fit(X, np.full(len(X), 2.0))
    assert_array_equal(model.predict(X), 2)
    for _ in range(200):
        model.partial_fit(X, Y[:, 0])
    assert model.score(X, Y[:, 0]) > 0.8


def test_without_intercepts_zero_alone_is_exact(regression):
    """Such a network can have any f with f(0) = 0, as linear models without intercepts have."""
    X, _ = regression
    exact = network(fit_intercept=False, max_iter=5).fit(X, np.zeros(len(X)))
    assert_array_equal(exact.predict(X), 0)
    learnt = network(fit_intercept=False, max_iter=5).fit(X, np.ones(len(X)))
    assert learnt.predict(0 * X)[0] == 0
    assert np.ptp(learnt.predict(X)) > 0


def test_weights_that_are_given_are_started_from_though_the_target_is_constant(regression):
    X, _ = regression
    init = [np.ones((4, 10)), np.ones((10, 1)), np.ones(10), np.ones(1)]
    model = network(loss="poisson", init=init[:2], max_iter=1, learning_rate_init=1e-12)
    assert_allclose(model.fit(X, np.full(len(X), 3.0)).coefs_[1], 1, rtol=1e-6)


def test_a_constant_target_beside_another_and_by_weights(regression):
    X, y = regression
    weight = np.arange(len(y)) % 2
    Y = np.c_[y, np.where(weight, 1e-6, y)]
    model = network().fit(X, Y, weight)
    assert_array_equal(model.predict(X)[:, 1], 1e-6)
    assert np.ptp(model.predict(X)[:, 0]) > 0.5
    assert_array_equal(model.coefs_[-1][:, 1], 0)


@pytest.mark.parametrize("constant", [0.0, 1.0, 1e9])
def test_a_constant_column_is_left_out_exactly(constant, regression):
    X, y = regression
    model = network().fit(np.c_[X, np.full(len(X), constant)], y)
    others = [np.c_[X, np.full(len(X), value)] for value in (constant, -1e6, 7.0)]
    for other in others[1:]:
        assert_array_equal(model.predict(other), model.predict(others[0]))
    assert_array_equal(model.coefs_[0][-1], 0)
    assert_array_equal(model.input_gradient(others[0])[:, -1], 0)


def test_a_weight_that_is_set_for_a_column_that_was_left_out_counts(regression):
    X, y = regression
    X = np.c_[X, np.full(len(X), 2.0)]
    model = network(hidden_layer_sizes=()).fit(X, y)
    W = model.coefs_[0].copy()
    W[-1] = 3
    before = model.predict(X)
    model.coefs_ = [W]
    assert_allclose(model.predict(X), before + 6)
    assert_allclose(model.predict(X + np.eye(5)[-1]), before + 9)


def test_partial_fit_warns_of_constants_and_scales_them_when_they_vary(regression):
    X, y = regression
    first = np.c_[X[:, :3], np.full(len(X), 1e3)]
    model = network()
    others = X[:, :3].std(axis=0)
    with pytest.warns(UserWarning, match=r"X\[:, 3\], y\[:, 0\] are constant in the first batch"):
        model.partial_fit(first, np.full(len(X), 5.0))
    assert_array_equal(model.predict(first), 5)
    later = np.c_[X[:, :3], 1e3 + X[:, 3]]
    for _ in range(100):
        model.partial_fit(later, 5 + y)
    assert model.score(later, 5 + y) > 0.5
    # Of all that was seen: 60 samples at the constant, and 60 others.
    seen = np.r_[first[:, 3], later[:, 3]]
    assert_allclose(model._scaling.x_shift[3], seen.mean())
    assert_allclose(model._scaling.x_scale[3], seen.std())
    assert_allclose(model._scaling.y_scale, np.r_[0 * y, y].std())
    model.partial_fit(np.c_[2 * X[:, :3], later[:, 3:]], 5 + y)
    assert_allclose(model._scaling.x_scale[:3], others)


def test_when_a_column_of_zeros_begins_to_vary_the_others_keep_their_scale(regression):
    X, y = regression
    with pytest.warns(UserWarning, match=r"X\[:, 3\] is constant in the first batch"):
        model = network().partial_fit(X * [1, 1, 1, 0], y)
    before = model._scaling.x_scale.copy()
    model.partial_fit(2 * X, y)
    assert_array_equal(model._scaling.x_scale[:3], before[:3])
    assert_allclose(model._scaling.x_scale[3], np.r_[0 * y, 2 * X[:, 3]].std())


@pytest.mark.parametrize("params", [{"out_activation": "relu"}, {"loss": "poisson"}], ids=str)
def test_zeros_alone_are_no_size_to_divide_by(params, regression):
    X, _ = regression
    model = network(**params).partial_fit(X, np.zeros(len(X)))
    assert_array_equal(model._scaling.y_scale, 1)
    assert all(np.isfinite(each).all() for each in (*model.coefs_, *model.intercepts_))


def test_partial_fit_learns_from_a_sparse_column_that_was_empty_at_first(regression):
    X, _ = regression
    X = np.where(X > 0, X, 0)
    first = X * [1, 1, 1, 0]
    model = network(hidden_layer_sizes=()).partial_fit(sparse.csr_array(first), X[:, 0])
    assert_array_equal(model.coefs_[0][3], 0)
    for _ in range(200):
        model.partial_fit(sparse.csr_array(X), X[:, 0] + X[:, 3])
    assert_allclose(model.coefs_[0][[0, 3]], 1, atol=0.1)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_sparse_column_of_rows_held_out_alone_stays_left_out(regression):
    X, y = regression
    X = sparse.csr_array(np.column_stack([np.where(X > 0, X, 0), np.arange(len(y)) == 3]))
    held_out = np.arange(len(y)) % 4 == 3
    params = {"early_stopping": True, "validation_fraction": held_out, "tol": 0, "max_iter": 2}
    model = network(**params).partial_fit(X, y).partial_fit(X, y)
    assert_array_equal(model.predict(X), network(**params).fit(X, y).predict(X))
    weight = np.where(np.arange(len(y)) == 3, 0, 1)
    model = network(max_iter=2).partial_fit(X, y, weight).partial_fit(X, y, weight)
    assert_array_equal(model.coefs_[0][-1], 0)


@pytest.mark.parametrize("what", ["X", "y"])
def test_partial_fit_warns_of_rows_far_from_the_first(what, regression):
    X, y = regression
    model = network().partial_fit(X, y).partial_fit(X + 1, y - 1)
    with pytest.warns(UserWarning, match=rf"{what}\[:, 0\].* standard deviations from the mean"):
        model.partial_fit(X + 100 * (what == "X"), y + 100 * (what == "y"))


def test_partial_fit_warns_of_no_target_that_is_trained_on_as_it_comes(regression):
    X, y = regression
    model = network(out_activation="softplus")
    with pytest.warns(UserWarning, match="y cannot be standardised"):
        model.partial_fit(X, y + 1000)
    model.partial_fit(X, y + 1000)
    with pytest.warns(UserWarning, match=r"X\[:, 0\].* standard deviations from the mean"):
        model.partial_fit(X + 100, y + 1000)


def test_partial_fit_warns_of_a_drift_once_for_each_power_of_ten(regression):
    X, y = regression
    model = network().partial_fit(X, y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")  # as outside of tests: once for each text and line
        for shift in range(20, 80):
            model.partial_fit(X, y + shift * y.std())
    assert ["more than 10 " in str(each.message) for each in caught] == [True]


def test_what_the_network_says_is_not_kept_beside_it(regression):
    names = "n_layers_", "n_outputs_", "out_activation_"
    model = network(out_activation="tanh")
    assert not any(hasattr(model, name) for name in names)
    model.fit(*regression)
    assert [getattr(model, name) for name in names] == [3, 1, "tanh"]
    assert not set(names) & set(vars(model))


def test_partial_fit_does_not_warn_of_rows_without_weight(regression):
    X, y = regression
    row = np.arange(len(y))
    model = network(early_stopping=True, validation_fraction=row < 20).partial_fit(X, y)
    far = np.where(row[:, np.newaxis] < 50, X, 1e6)
    model.partial_fit(far, y, np.where(row < 50, 1.0, 0.0))
    model.partial_fit(far, y, np.where(row < 20, 1.0, 0.0))  # nothing to train on has any


UNITS = {
    "y larger": lambda X, y: (X, 1e9 * y),
    "y smaller": lambda X, y: (X, 1e-6 * y),
    "y elsewhere": lambda X, y: (X, y + 1e9),
    "a column elsewhere": lambda X, y: (X + np.eye(4)[1] * 1e6, y),
    "X smaller": lambda X, y: (X / 1e6, y),
}


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("unit", UNITS)
def test_a_warm_start_in_quite_other_units_goes_on_as_in_the_same(unit, solver, regression):
    X, y = regression
    same = network(warm_start=True, solver=solver).fit(X, y)
    other = copy.deepcopy(same)
    X_other, y_other = UNITS[unit](X, y)
    with pytest.warns(UserWarning, match="far from what warm_start goes on from.* anew") as found:
        other.fit(X_other, y_other)
    assert (
        "y[:, 0]" in str(found[0].message) if unit[0] == "y" else "X[:, 1]" in str(found[0].message)
    )
    score = same.fit(X, y).score(X, y)
    assert score > 0.9
    assert other.score(X_other, y_other) == pytest.approx(score, abs=1e-3)


def test_a_warm_start_keeps_its_units_where_they_are_about_the_same(regression):
    X, y = regression
    model = network(warm_start=True, learning_rate_init=1e-12).fit(X, y)
    before = model.predict(X)
    for rows in ((2 + 3 * X[:30], 5 * y[:30]), (X / 50, y / 50)):
        model.fit(*rows)
        assert_allclose(model.predict(X), before, rtol=1e-6)
    few = np.c_[X[:30, :3], np.full(30, X[0, 3])]  # a column that no longer varies
    assert_allclose(model.fit(few, y[:30]).predict(X), before, rtol=1e-6)


def test_a_warm_start_on_another_constant_target_predicts_it(regression):
    X, _ = regression
    model = network(warm_start=True).fit(X, np.full(len(X), 3.0))
    with pytest.warns(UserWarning, match=r"y\[:, 0\] is far from"):
        model.fit(X, np.full(len(X), 7.0))
    assert_array_equal(model.predict(X), 7)


def test_a_warm_start_of_sparse_rows_is_scaled_as_the_dense_ones_were(regression):
    X, y = regression
    model = network(warm_start=True, learning_rate_init=1e-12).fit(X + 50, y)
    before = model.predict(X + 50)
    assert_allclose(model.fit(sparse.csr_array(X + 50), y).predict(X + 50), before, rtol=1e-6)


def test_training_in_float32_is_of_rows_that_were_centred_in_float64():
    """A column of float64 that float32 cannot tell from a constant."""
    X, y, Z = far_data(1.76e9, 1e-9, np.float64)
    assert len(np.unique(X[:, 2].astype(np.float32))) < 3
    model = network(n_iter_no_change=np.inf)
    model._train_dtype = "float32"
    model.fit(X, y)
    single = network(n_iter_no_change=np.inf).fit(Z.astype(np.float32), y.astype(np.float32))
    assert model._state.params.dtype == np.float32
    assert model.predict(X).dtype == np.float64
    assert_allclose(model.predict(X), single.predict(Z), atol=1e-4)
    whole = network()
    whole._train_dtype = "float32"
    for _ in range(100):
        whole.partial_fit(X, y)
    assert_array_equal(whole.predict(X), model.predict(X))
