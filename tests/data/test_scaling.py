"""Units do not matter: what standardising X and y means for a fitted network."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import LinearRegression, PoissonRegressor, Ridge
from sklearn.preprocessing import StandardScaler

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.data.dataset import DataSet
from sknn_scratch.data.scaling import no_scaling, standard_scaling
from sknn_scratch.maths.losses import SquaredError
from sknn_scratch.maths.network import Network, feedforward
from tests.helpers import make_network

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:scipy.optimize:DeprecationWarning",  # an old scikit-learn with a new SciPy
)
SHORT = {"hidden_layer_sizes": (8,), "max_iter": 40, "learning_rate_init": 0.02, "random_state": 0}
every_solver = pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])


def network(**params):
    return ScratchMLPRegressor(**{**SHORT, **params})


@every_solver
@pytest.mark.parametrize("c", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("a", [1e-6, 1.0, 1e6])
def test_other_units_give_the_same_predictions_in_those_units(a, c, solver, regression):
    X, y = regression
    plain = network(solver=solver).fit(X, y)
    other = network(solver=solver).fit(X * a + 2 * a, y * c - 3 * c)
    assert plain.score(X, y) > 0.2
    predicted = (other.predict(X * a + 2 * a) + 3 * c) / c
    assert_allclose(predicted, plain.predict(X), rtol=1e-6, atol=1e-6)
    assert_allclose(other.loss_curve_, plain.loss_curve_, rtol=1e-6)


def test_a_far_origin_gives_the_same_predictions(regression):
    X, y = regression
    plain, other = network().fit(X, y), network().fit(X * 1e-3 + 1, y * 1e-3 + 1)
    predicted = (other.predict(X * 1e-3 + 1) - 1) * 1e3
    assert_allclose(predicted, plain.predict(X), atol=1e-6)


def test_without_it_the_unit_of_the_target_decides_the_answer(regression):
    X, y = regression
    assert network(standardize=False).fit(X, y).score(X, y) > 0.2
    assert network(standardize=False).fit(X, y + 1000).score(X, y + 1000) < -100


@pytest.mark.parametrize("hidden", [(), (5,), (4, 3)])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("out", ["identity", "exp", "relu", "logistic"])
def test_the_weights_predict_on_raw_data_by_a_plain_feedforward(
    out, fit_intercept, hidden, regression
):
    X, y = regression
    X, y = 5 + 3 * X, np.c_[np.abs(y), 100 * np.abs(y) + 1]
    model = network(hidden_layer_sizes=hidden, out_activation=out, fit_intercept=fit_intercept)
    model.fit(X, y)
    layers = [ACTIVATIONS["relu"]] * len(hidden) + [ACTIVATIONS[out]]
    by_hand = feedforward(X, model.coefs_, model.intercepts_, layers)
    assert_allclose(model.predict(X), by_hand, rtol=1e-12)
    assert np.ptp(by_hand[:, 0]) > 0


@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_what_standardscaler_does_outside(weighted, regression):
    X, y = regression
    X, y = 5 + 3 * X, 7 + 2 * y
    weight = np.random.default_rng(1).uniform(0, 2, len(y)) if weighted else None
    X_scaler = StandardScaler().fit(X, sample_weight=weight)
    y_scaler = StandardScaler().fit(y[:, None], sample_weight=weight)
    scaled_X, scaled_y = X_scaler.transform(X), y_scaler.transform(y[:, None]).ravel()
    outside = network(standardize=False).fit(scaled_X, scaled_y, weight)
    inside = network().fit(X, y, weight)
    expected = y_scaler.inverse_transform(outside.predict(scaled_X)[:, None]).ravel()
    assert_allclose(inside.predict(X), expected, rtol=1e-9)
    assert_allclose(inside.loss_curve_, outside.loss_curve_, rtol=1e-9)


def test_the_loss_of_predicting_the_mean_is_one_half_per_output(regression):
    X, y = regression
    Y = np.c_[1e4 * y, 1e-4 * y + 3]
    still = network(learning_rate_init=1e-12, alpha=0, init=lambda shape, _: np.zeros(shape))
    assert still.fit(X, Y).loss_curve_[0] == pytest.approx(1.0)
    assert_allclose(still.predict(X), np.tile(Y.mean(axis=0), (len(X), 1)))


def test_positive_targets_are_divided_by_their_mean_under_poisson(regression):
    X, y = regression
    counts = np.random.default_rng(0).poisson(np.exp(y))
    one, other = (network(loss="poisson").fit(X, factor * counts) for factor in (1, 1e5))
    assert_allclose(other.predict(X), 1e5 * one.predict(X), rtol=1e-9)
    linear = network(hidden_layer_sizes=(), loss="poisson", solver="lbfgs", alpha=0, tol=1e-9)
    glm = PoissonRegressor(alpha=0, tol=1e-9, max_iter=1000).fit(X, 1e5 * counts)
    assert_allclose(linear.fit(X, 1e5 * counts).predict(X), glm.predict(X), rtol=1e-4)


def test_a_linear_network_finds_ordinary_least_squares_in_any_unit(regression):
    X, y = regression
    X = X * [1e-2, 1, 1e2, 10] + [0, 100, 0, 3]
    model = network(hidden_layer_sizes=(), solver="lbfgs", alpha=0, tol=1e-9, max_iter=500)
    reference = LinearRegression().fit(X, 1e4 * y)
    model.fit(X, 1e4 * y)
    assert_allclose(model.predict(X), reference.predict(X), atol=0.1)
    assert_allclose(model.coefs_[0][:, 0], reference.coef_, rtol=1e-4)


def test_a_bounded_output_leaves_the_target_alone(regression):
    X, y = regression
    share = 1 / (1 + np.exp(-y))
    model = network(out_activation="logistic", solver="lbfgs").fit(X, share)
    assert model.score(X, share) > 0.5
    units = standard_scaling(model._network, DataSet(X, share[:, None], None))
    assert units.y_shift == 0
    assert units.y_scale == 1


def test_a_loss_of_ones_own_leaves_the_target_alone_unless_it_says_otherwise(regression):
    class Own(SquaredError):
        def __call__(self, y, a):
            return 0.5 * (a - y) ** 2

    X, y = regression
    data = DataSet(X, 5 + y[:, None], None)
    for loss, expected in ((Own(), 0), (SquaredError(), data.y.mean())):
        units = standard_scaling(Network((4, 1), (ACTIVATIONS["identity"],), loss), data)
        assert units.y_shift == pytest.approx(expected)


def test_constant_columns_and_targets_do_no_harm(regression):
    X, y = regression
    X = np.c_[X, np.full(len(X), 1e6), np.zeros(len(X))]
    model = network().fit(X, y)
    assert model.score(X, y) > 0.2
    still = network(solver="lbfgs", alpha=0, tol=1e-6, max_iter=500)
    assert_allclose(still.fit(X, np.full(len(X), 3.0)).predict(X), 3, atol=1e-3)
    X = sparse.csr_array(X)
    assert np.isfinite(network().fit(X, y).predict(X)).all()


def test_sparse_and_dense_without_intercepts_are_scaled_but_not_centred(regression):
    X, y = regression
    X = 5 + 3 * X
    for data, fit_intercept in ((sparse.csr_array(X), True), (X, False)):
        shape = Network((4, 1), (ACTIVATIONS["identity"],), LOSSES["squared_error"], fit_intercept)
        units = standard_scaling(shape, DataSet(data, y[:, None], None))
        assert_allclose(units.x_shift, 0)
        assert_allclose(units.x_scale, np.sqrt((X**2).mean(axis=0)))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
def test_zeros_of_a_sparse_column_do_not_count_in_its_scale(weighted, dtype, rng):
    X = rng.normal(size=(80, 3)) * (rng.uniform(size=(80, 3)) < [0.02, 0.3, 1])
    weight = rng.uniform(0.5, 2, 80) if weighted else np.ones(80)
    given = sparse.csr_array(X.astype(dtype))
    given.data[given.indices == 1] *= np.arange(80)[given.nonzero()[0]][given.indices == 1] > 9
    X = given.toarray()  # some zeros of the second column are stored
    shape = Network((3, 1), (ACTIVATIONS["identity"],), SquaredError())
    found = standard_scaling(shape, DataSet(given, X[:, :1], weight if weighted else None)).x_scale
    shares = weight[:, np.newaxis] * (X != 0)
    assert_allclose(found, np.sqrt((shares * X**2).sum(axis=0) / shares.sum(axis=0)), rtol=1e-6)


@pytest.mark.parametrize("standardize", [True, "numeric"])
def test_sparse_columns_that_appear_later_have_the_scale_that_a_fit_gives_them(standardize, rng):
    X = 1e4 * rng.normal(size=(60, 4)) * (rng.uniform(size=(60, 4)) < 0.3)
    X[:, 3] = X[:, 3] != 0
    y, weight, first = rng.normal(size=60), rng.choice([0, 0.5, 2], 60), X.copy()
    first[:, 1:] = 0
    model = network(standardize=standardize).partial_fit(sparse.csr_array(first), y)
    model.partial_fit(sparse.csr_array(X), y, weight)
    whole = network(standardize=standardize).partial_fit(sparse.csr_array(X), y, weight)
    assert_allclose(model._scaling.x_scale[1:], whole._scaling.x_scale[1:])


def test_words_that_are_rare_do_not_drown_those_that_are_not(rng):
    frequency = 1 / np.arange(1, 1001)
    words = rng.choice(1000, (600, 40), p=frequency / frequency.sum())
    counts = np.apply_along_axis(np.bincount, 1, words, minlength=1000)
    effect = rng.normal(size=1000) * (rng.uniform(size=1000) < 0.3)
    X, y = sparse.csr_array(counts.astype(float)), counts @ effect
    model = ScratchMLPRegressor(max_iter=50, random_state=0).fit(X[:400], y[:400])
    assert model.score(X[400:], y[400:]) > 0.25


@pytest.mark.filterwarnings("ignore:.*standard deviations from zero:UserWarning")
@every_solver
@pytest.mark.parametrize("as_given", [sparse.csr_array, np.asarray])
def test_a_column_far_from_zero_does_no_harm_where_nothing_is_centred(as_given, solver, regression):
    X, y = regression
    params = {"solver": solver, "fit_intercept": as_given is not np.asarray}
    X = np.c_[X, np.ones(60), 3 + 1e-3 * X[:, 0]]
    plain, other = (network(**params).fit(as_given(X * unit), y) for unit in (1, 1e6))
    assert plain.score(as_given(X), y) > 0.2
    assert_allclose(other.predict(as_given(X * 1e6)), plain.predict(as_given(X)), atol=1e-6)


def test_weighted_statistics_are_those_of_repeated_rows(regression, rng):
    X, y = regression
    counts = rng.integers(0, 4, len(y))
    weighted = network(solver="lbfgs").fit(X, y, sample_weight=counts)
    repeated = network(solver="lbfgs").fit(X.repeat(counts, 0), y.repeat(counts))
    assert_allclose(weighted.coefs_[0], repeated.coefs_[0], rtol=1e-4)


@pytest.mark.parametrize("loss", ["huber", "log_cosh"])
def test_a_robust_loss_has_a_unit_that_outliers_do_not_move(loss, rng):
    y = np.c_[rng.normal(5, 2, 4001), rng.normal(size=4001)]
    y[:40] = 1e9
    shape = Network((1, 2), (ACTIVATIONS["identity"],), LOSSES[loss])
    units = standard_scaling(shape, DataSet(np.ones((4001, 1)), y, None))
    assert_allclose(units.y_shift, np.median(y, axis=0))
    assert_allclose(units.y_scale, [2, 1], rtol=0.1)


def test_weighted_quartiles_are_those_of_repeated_rows(rng):
    y, counts = rng.normal(size=(50, 2)), rng.integers(0, 4, 50)
    shape = Network((1, 2), (ACTIVATIONS["identity"],), LOSSES["huber"])
    weighted = standard_scaling(shape, DataSet(np.ones((50, 1)), y, counts * 0.3))
    repeated = standard_scaling(
        shape, DataSet(np.ones((counts.sum(), 1)), y.repeat(counts, 0), None)
    )
    assert_allclose(weighted.y_shift, repeated.y_shift)
    assert_allclose(weighted.y_scale, repeated.y_scale)
    low, median, high = np.quantile(
        y.repeat(counts, 0), [0.25, 0.5, 0.75], 0, method="inverted_cdf"
    )
    assert_allclose(repeated.y_shift, median)
    assert_allclose(repeated.y_scale, (high - low) / 1.349)


@pytest.mark.parametrize("n", [20, 1000])
@pytest.mark.parametrize("constant", [0.1, 0.7, 1e-3, 1 / 3, 3.0, 1e-300])
def test_quartiles_do_not_depend_on_a_factor_of_the_weights(constant, n, rng):
    y, counts = rng.normal(size=(n, 1)), rng.integers(1, 3, n)
    shape, X = Network((1, 1), (ACTIVATIONS["identity"],), LOSSES["huber"]), np.ones((n, 1))
    doubled = standard_scaling(shape, DataSet(X.repeat(counts, 0), y.repeat(counts, 0), None))
    for weight, expected in (
        (np.ones(n), standard_scaling(shape, DataSet(X, y, None))),
        (counts, doubled),
    ):
        found = standard_scaling(shape, DataSet(X, y, weight * constant))
        assert_array_equal(found.y_shift, expected.y_shift)
        assert_array_equal(found.y_scale, expected.y_scale)


@pytest.mark.parametrize("loss", ["huber", "log_cosh"])
def test_equal_weights_are_no_weights(loss):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 2)), rng.normal(size=20) ** 3
    settings = {"loss": loss, "alpha": 0, "max_iter": 300}
    expected = network(**settings).fit(X, y).predict(X)
    for constant in (0.1, 0.3, 7.0):
        weighted = network(**settings).fit(X, y, np.full(20, constant))
        assert_allclose(weighted.predict(X), expected, rtol=1e-9)


def test_rows_held_out_do_not_count(regression):
    X, y = regression
    fold = np.arange(len(y)) % 4 == 0
    y = np.where(fold, y + 1e3, y)
    settings = {"early_stopping": True, "validation_fraction": fold}
    model = network(**settings).fit(X, y)
    assert model.predict(X).max() < 100


def test_the_statistics_of_the_first_call_stay_in_force(regression):
    X, y = regression
    model = network().partial_fit(X[:30], y[:30])
    scaler = StandardScaler().fit(X[:30])
    y_mean, y_std = y[:30].mean(), y[:30].std()
    by_hand = network(standardize=False)
    for rows in (slice(0, 30), slice(30, 60), slice(10, 50)):
        if rows.start:
            model.partial_fit(X[rows], y[rows])
        by_hand.partial_fit(scaler.transform(X[rows]), (y[rows] - y_mean) / y_std)
    expected = by_hand.predict(scaler.transform(X)) * y_std + y_mean
    assert_allclose(model.predict(X), expected, rtol=1e-9)


@every_solver
def test_a_warm_start_keeps_the_statistics_and_goes_on(solver, regression):
    X, y = regression
    model = network(solver=solver, warm_start=True, max_iter=5).fit(X, 10 + y)
    first = model.loss_
    assert model.fit(X, 10 + y).loss_ < first


def test_going_on_with_another_choice_is_refused(regression):
    model = network().partial_fit(*regression)
    before = model.predict(regression[0])
    with pytest.raises(ValueError, match="standardize must stay 'numeric'"):
        model.set_params(standardize=False).partial_fit(*regression)
    assert_allclose(model.predict(regression[0]), before, rtol=0)


@pytest.mark.parametrize("out", ["identity", "exp"])
def test_the_weights_of_a_model_are_initial_weights_in_the_units_of_the_data(out, regression):
    X, y = regression
    X, y = 5 + 3 * X, np.exp(y) * 100
    model = network(out_activation=out).fit(X, y)
    start = network(
        out_activation=out,
        init=[*model.coefs_, *model.intercepts_],
        learning_rate_init=1e-15,
        max_iter=1,
    ).fit(X, y)
    assert_allclose(start.predict(X), model.predict(X), rtol=1e-9)


def test_training_goes_on_from_weights_that_were_set(regression):
    X, y = regression
    X, y = 5 + 3 * X, 100 + 10 * y
    source = network().fit(X, y)
    model = network(learning_rate_init=1e-15).partial_fit(X, y)
    model.coefs_, model.intercepts_ = source.coefs_, source.intercepts_
    assert_allclose(model.partial_fit(X, y).predict(X), source.predict(X), rtol=1e-9)
    model.coefs_ = [0 * W for W in model.coefs_]
    assert np.ptp(model.partial_fit(X, y).predict(X)) < 1e-9


@pytest.mark.parametrize("out", ["identity", "exp", "relu"])
@pytest.mark.parametrize("sizes", [(3, 2), (3, 4, 2)])
def test_unfolding_undoes_folding(sizes, out, rng):
    loss = LOSSES["squared_error"]
    shape = make_network(ACTIVATIONS["tanh"], ACTIVATIONS[out], loss, sizes=sizes)
    data = DataSet(rng.normal(3, 5, (20, 3)), rng.normal(9, 2, (20, 2)), None)
    units, params = standard_scaling(shape, data), rng.normal(size=shape.n_parameters)
    folded = units.fold(shape, params)
    assert np.abs(folded - params).max() > 0.1
    assert_allclose(units.unfold(shape, folded), params, rtol=1e-9)
    assert not units.is_identity
    raw = no_scaling(shape)
    assert raw.is_identity
    assert_allclose(raw.fold(shape, params), params, rtol=0)


def test_float32_stays_float32(regression):
    X, y = (array.astype(np.float32) for array in regression)
    X, y = 5 + 3 * X, 100 + y
    model = network(solver="lbfgs").fit(X, y)
    assert model.predict(X).dtype == model.coefs_[0].dtype == np.float32
    double = network(solver="lbfgs").fit(X.astype(float), y.astype(float))
    assert_allclose(model.predict(X), double.predict(X), atol=0.2)


@pytest.mark.parametrize("unit", [1e-300, 1e-163, 1e-160, 1e150, 1e300])
@pytest.mark.parametrize("as_sparse", [False, True])
def test_tiny_and_huge_units_are_as_good_as_any(unit, as_sparse, regression):
    X, y = regression
    X = sparse.csr_array(X) if as_sparse else X
    plain = network(early_stopping=True).fit(X, y)
    other = network(early_stopping=True).fit(X * unit, y)
    assert_allclose(other.predict(X * unit), plain.predict(X), rtol=1e-9)
    other = network(early_stopping=True).fit(X, y * unit)
    assert_allclose(other.predict(X) / unit, plain.predict(X), rtol=1e-9)
    assert_allclose(other.validation_scores_, plain.validation_scores_, rtol=1e-9)
    assert other.score(X, y * unit) == pytest.approx(plain.score(X, y), rel=1e-9)


@pytest.mark.parametrize("loss", ["huber", "poisson", "quantile"])
@pytest.mark.parametrize("unit", [1e-300, 1e-163, 1e150, 1e300])
def test_tiny_and_huge_targets_are_as_good_as_any_with_other_losses(loss, unit, regression):
    X, y = regression
    y = np.exp(y)
    plain, other = (network(loss=loss).fit(X, target) for target in (y, y * unit))
    assert_allclose(other.predict(X) / unit, plain.predict(X), rtol=1e-9)
    assert other.score(X, y * unit) == pytest.approx(plain.score(X, y), rel=1e-9)


def test_values_whose_differences_are_infinite_are_refused(regression):
    X, y = regression
    largest = np.finfo(float).max
    with pytest.raises(ValueError, match="X contains values too large to be standardised"):
        network().fit(np.sign(X) * largest, y)
    with pytest.raises(ValueError, match="y contains values too large to be standardised"):
        network().fit(X, np.sign(y) * largest)


@pytest.mark.parametrize(("dtype", "unit"), [(np.float32, 1e-40), (np.float64, 1e-310)])
@pytest.mark.parametrize("as_sparse", [False, True])
def test_subnormal_numbers_are_refused(dtype, unit, as_sparse, regression):
    X, y = (array.astype(dtype) for array in regression)
    with pytest.raises(ValueError, match=rf"y\[:, 0\] contains values too small.*{dtype.__name__}"):
        network().fit(X, y * dtype(unit))
    X[:, 2] *= dtype(unit)
    X = sparse.csr_array(X) if as_sparse else X
    with pytest.raises(ValueError, match=rf"X\[:, 2\] contains values too small.*{dtype.__name__}"):
        network().fit(X, y)
    assert np.isfinite(network(standardize=False).fit(X, y).predict(X)).all()


@pytest.mark.filterwarnings("ignore:.*constant in the first batch:UserWarning")
@pytest.mark.parametrize("as_given", [sparse.csr_array, np.asarray])
def test_a_former_constant_that_varies_by_too_little_is_refused_by_name(as_given, regression):
    X, y = regression
    there, tiny = np.arange(X.shape[1]) == 2, 1e-310
    model = network().partial_fit(as_given(np.where(there, 0, X)), np.c_[y, 0 * y])
    with pytest.raises(ValueError, match=r"X\[:, 2\] contains values too small"):
        model.partial_fit(as_given(np.where(there, tiny * X, X)), np.c_[y, 0 * y])
    with pytest.raises(ValueError, match=r"y\[:, 1\] contains values too small"):
        model.partial_fit(as_given(np.where(there, 0, X)), np.c_[y, tiny * y])


def test_a_target_that_is_lost_in_the_type_of_x_is_refused(regression):
    X, y = regression
    Y = np.c_[y, 1e-60 * y]
    with pytest.raises(ValueError, match=r"y\[:, 1\] contains values too small for float32"):
        network().fit(X.astype(np.float32), Y)
    for zeros in (np.c_[y, 0 * y], np.c_[y, 1e-60 * (y > 0) + (y == y[0])]):  # none, or some
        network().fit(X.astype(np.float32), zeros)


# What the far column may differ by: its rounding alone, or a little more.
FAR = [
    *(
        (sign * c, 0, dtype)
        for c in (1e-30, 1.0, 1.76e9, 1e30)
        for sign in (1, -1)
        for dtype in (np.float32, np.float64)
    ),
    (1.8e18, 0, np.float64),
    (1e30, 1e-16, np.float64),
]


@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize(("constant", "spread", "dtype"), FAR)
def test_a_constant_column_wherever_it_is_is_as_none(constant, spread, dtype, as_sparse, rng):
    X = rng.normal(size=(500, 3))
    y = X[:, 0] + np.sin(X[:, 1])
    column = constant * (1 + spread * rng.normal(size=500))
    X = np.c_[X, column].astype(dtype)
    settings = {"hidden_layer_sizes": (20,), "max_iter": 100}
    without = network(**settings).fit(X[:, :3], y).score(X[:, :3], y)
    X = sparse.csr_array(X) if as_sparse else X
    assert without > 0.98
    assert network(**settings).fit(X, y).score(X, y) > 0.98


def test_a_column_that_stays_constant_stays_left_out_where_sparse_rows_follow_dense_ones(rng):
    X = np.c_[rng.normal(size=2500), np.full(2500, 0.7)]
    with pytest.warns(UserWarning, match="constant in the first batch"):
        model = network().partial_fit(X, X[:, 0])
    model.partial_fit(sparse.csr_array(X), X[:, 0])
    assert_array_equal(model.predict(X[:5] + np.eye(2)[1]), model.predict(X[:5]))


def test_many_rows_are_taken_in_chunks(monkeypatch, regression):
    X, y = regression
    whole = network().fit(X, y, sample_weight=np.arange(60) // 20)
    monkeypatch.setattr("sknn_scratch.data.dataset.AT_A_TIME", 300)
    chunks = network().fit(X, y, sample_weight=np.arange(60) // 20)
    assert_allclose(chunks.predict(X), whole.predict(X), rtol=1e-9)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    "change",
    [
        {"out_activation": "relu"},
        {"out_activation": "softplus"},
        {"loss": "poisson", "out_activation": "identity"},
    ],
)
def test_going_on_with_what_cannot_take_in_the_units_of_the_target_is_refused(
    change, method, regression
):
    X, y = regression
    model = ScratchMLPRegressor((3,), random_state=0, max_iter=2, warm_start=True)
    before = model.fit(X, np.abs(y) + 5).set_params(**change).predict(X)
    with pytest.raises(ValueError, match="To go on training with y standardised"):
        getattr(model, method)(X, np.abs(y) + 5)
    assert_array_equal(model.predict(X), before)
    raw = ScratchMLPRegressor((3,), max_iter=2, warm_start=True, standardize=False, init="uniform")
    raw.fit(X, np.abs(y) + 5).set_params(**change)
    getattr(raw, method)(X, np.abs(y) + 5)


def test_another_output_goes_on_from_the_same_weights(regression):
    X, y = regression
    params = {"loss": "poisson", "max_iter": 2, "warm_start": True, "learning_rate_init": 1e-300}
    model = ScratchMLPRegressor((3,), random_state=0, **params).fit(X, np.exp(y))
    before = [W.copy() for W in (*model.coefs_, *model.intercepts_)]
    model.set_params(loss="squared_error", out_activation="relu").fit(X, np.exp(y))
    for W, old in zip((*model.coefs_, *model.intercepts_), before):
        assert_allclose(W, old)


@pytest.fixture
def flagged(rng):
    """Numbers, rare zeros and ones, two values that are others, and a constant one; a target."""
    n = 120
    flag = np.arange(n) % 20 == 0
    X = np.column_stack([3 * rng.normal(size=n), flag, np.where(flag, 2.0, -1.0), np.ones(n)])
    return X, X[:, 0] + 2 * flag + rng.normal(size=n)


@pytest.mark.parametrize("as_given", [np.asarray, np.float32, sparse.csr_array])
@pytest.mark.parametrize("weighted", [False, True])
def test_only_zeros_and_ones_have_a_scale_that_they_share(weighted, as_given, flagged):
    X, y = flagged
    weight = np.linspace(0.1, 2, len(y)) if weighted else None
    shape = Network((4, 1), (ACTIVATIONS["identity"],), SquaredError())
    data = DataSet(as_given(X), y[:, None], weight)
    plain, alike = standard_scaling(shape, data), standard_scaling(shape, data, flags_alike=True)
    assert_array_equal(alike.x_shift, plain.x_shift)
    if sparse.issparse(data.X):
        assert_allclose(plain.x_scale[[1, 3]], 1)
    else:
        assert plain.x_scale[1] < 0.3
    flags = [1, 1] if sparse.issparse(data.X) else [0.5, np.inf]  # what is constant is left out
    assert_allclose(alike.x_scale[[1, 3]], flags)
    assert_array_equal(alike.x_scale[[0, 2]], plain.x_scale[[0, 2]])


def test_without_intercepts_rare_ones_have_half_a_unit_and_frequent_ones_their_mean_square(rng):
    share = np.array([0.05, 0.8])
    X = (np.arange(1, 101)[:, np.newaxis] <= 100 * share).astype(float)
    model = network(fit_intercept=False).fit(X, X.sum(axis=1))
    assert_allclose(model._scaling.x_scale, [0.5, np.sqrt(0.8)])
    assert not model._scaling.x_shift.any()


def test_a_penalty_holds_the_weights_of_rare_ones_as_it_does_others(flagged):
    X, y = flagged
    X, alpha = X[:, :2], 20.0
    Z = (X - X.mean(axis=0)) / [X[:, 0].std(), 0.5]
    ridge = Ridge(alpha).fit(Z, y)
    settings = {"hidden_layer_sizes": (), "solver": "lbfgs", "alpha": alpha, "tol": 1e-10}
    model = network(**settings).fit(X, y)
    assert_allclose(model.predict(X), ridge.predict(Z), atol=1e-4)
    by_deviation = network(**settings, standardize=True).fit(X, y)
    assert by_deviation.coefs_[0][1] > 1.5 * model.coefs_[0][1]


@pytest.mark.parametrize("spread", [1e-5, 1e-7])
def test_numbers_close_to_one_are_no_zeros_and_ones(spread):
    X = 1 + spread * np.repeat([-1.0, 1.0], 20)[:, np.newaxis]  # a gain relative to its mean
    y = np.repeat([-1.0, 1.0], 20)
    model = network(hidden_layer_sizes=(), solver="lbfgs").fit(X, y)
    assert_allclose(model.predict(X), y, rtol=1e-3)


def test_zeros_and_ones_that_were_constant_at_first_have_that_scale_too(flagged):
    X, y = flagged
    with pytest.warns(UserWarning, match="are constant in the first batch"):
        model = network().partial_fit(X[1:15], y[1:15])
    assert np.isinf(model._scaling.x_scale[1])
    model.partial_fit(X, y)
    assert model._scaling.x_scale[1] == 0.5
    with pytest.raises(ValueError, match="standardize must stay 'numeric', got True"):
        model.set_params(standardize=True).partial_fit(X, y)
