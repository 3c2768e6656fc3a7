"""Targets that were not measured: `missing_targets='ignore'`."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.model_selection import KFold, cross_val_score

from sknn_scratch import Gaussian, Quantile, ScratchMLPRegressor
from sknn_scratch.data import DataSet, Moments
from sknn_scratch.maths import Loss, backprop
from sknn_scratch.storing import fit_with_checkpoints

RNG = np.random.default_rng(0)
N = 60
X = RNG.normal(size=(N, 3))
FULL = np.column_stack([X @ [1.0, 2.0, -1.0], 50 + 9 * np.sin(X[:, 0]), X[:, 1] ** 2])
FULL += 0.1 * RNG.normal(size=FULL.shape)
GAPS = RNG.random(FULL.shape) < [0.2, 0.5, 0.7]
Y = np.where(GAPS, np.nan, FULL)
WEIGHT = RNG.integers(0, 4, N).astype(float)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def network(**parameters):
    given = {"hidden_layer_sizes": (8,), "random_state": 0, "max_iter": 15, "activation": "tanh"}
    return ScratchMLPRegressor(**{"missing_targets": "ignore", **given, **parameters})


def assert_same_training(one, other, rtol=1e-9):
    assert_allclose(one.loss_curve_, other.loss_curve_, rtol)
    for a, b in zip([*one.coefs_, *one.intercepts_], [*other.coefs_, *other.intercepts_]):
        assert_allclose(a, b, rtol, atol=rtol * np.abs(b).max())


def complementary(y, rng):
    """Return y twice, each target in one of the two."""
    first = rng.random(y.shape) < 0.5
    return np.concatenate([np.where(first, y, np.nan), np.where(first, np.nan, y)])


def test_outputs_that_share_nothing_are_ridge_regressions_on_their_measured_rows():
    model = network(hidden_layer_sizes=(), solver="lbfgs", alpha=5, standardize=False)
    model.set_params(max_iter=1000, tol=1e-10).fit(X, Y, WEIGHT)
    for j in range(3):
        rows = ~GAPS[:, j]
        ridge = Ridge(alpha=5).fit(X[rows], Y[rows, j], WEIGHT[rows])
        assert_allclose(model.coefs_[0][:, j], ridge.coef_, rtol=1e-4, atol=1e-4)
        assert_allclose(model.intercepts_[0][j], ridge.intercept_, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("loss", ["squared_error", "huber", "poisson", "quantile"])
@pytest.mark.parametrize("batch", [{"solver": "lbfgs"}, {"batch_size": 2 * N, "shuffle": False}])
@pytest.mark.filterwarnings("ignore:Got `batch_size`")
def test_two_rows_each_with_what_the_other_lacks_are_one_row(loss, batch):
    y = np.exp(FULL / 20) if loss == "poisson" else FULL
    twice = complementary(y, np.random.default_rng(1))
    both = network(loss=loss, alpha=1, **batch)
    both.fit(np.concatenate([X, X]), twice, np.concatenate([WEIGHT, WEIGHT]))
    once = network(loss=loss, alpha=1, missing_targets="error", **batch).fit(X, y, WEIGHT)
    assert_same_training(both, once, 1e-6)


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("loss", ["huber", "gaussian", Quantile([0.1, 0.5, 0.9])])
def test_rows_without_a_target_are_as_left_out(solver, loss):
    rows, parameters = ~GAPS[:, 1], {"solver": solver, "loss": loss, "batch_size": N}
    parameters["alpha"] = 1
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Got `batch_size`")
        model = network(**parameters).fit(X, Y[:, 1])
        other = network(**parameters).fit(X[rows], Y[rows, 1])
    assert_same_training(model, other, 1e-6)
    # With weights, older versions of scikit-learn hold predictions against another quantile.
    expected = other.score(X[rows], Y[rows, 1], np.ones(rows.sum()))
    assert_allclose(model.score(X, Y[:, 1]), expected, rtol=1e-5)


def test_a_row_without_any_target_is_as_one_of_weight_zero():
    y = Y.copy()
    y[5] = np.nan
    weight = np.ones(N)
    weight[5] = 0
    assert_same_training(
        network().fit(X, y), network().fit(X, np.where(GAPS, np.nan, FULL), weight)
    )


def test_without_gaps_not_a_bit_is_other():
    one, other = network().fit(X, FULL), network(missing_targets="error").fit(X, FULL)
    assert_array_equal(one._params, other._params)
    assert one.loss_curve_ == other.loss_curve_


@pytest.mark.parametrize("loss", ["squared_error", "poisson", "huber", "quantile", "gamma"])
def test_the_gradient_is_right_and_what_training_follows(loss):
    y = np.exp(Y / 20) if loss in ("poisson", "gamma") else Y
    model = network(loss=loss, solver="lbfgs", alpha=0.1, max_iter=1).fit(X, y, WEIGHT)
    assert model.check_gradient(X, y, WEIGHT) < 1e-6
    loss_here, *_ = model.loss_gradient(X, y, WEIGHT)
    assert_allclose(loss_here, model.loss_, rtol=1e-10)


@pytest.mark.parametrize("loss", ["squared_error", "poisson", "huber"])
def test_what_stands_in_a_gap_changes_nothing(loss):
    model = network(loss=loss, standardize=False, learning_rate_init=1e-3, batch_size=7)
    data = np.exp(FULL / 20)
    trained = []
    for value in (1.0, 7.0):
        first = np.where(GAPS, value, data)
        rows = DataSet(X, first, np.where(GAPS, 0.0, 1.0))
        assert_array_equal(np.isnan(rows.target()), GAPS)
        params = np.random.default_rng(2).normal(size=8 * 4 + 9 * 3)
        model.fit(X, np.where(GAPS, np.nan, data))
        trained.append(backprop(X, first, params, model._network, rows.weight, 0.1))
    assert trained[0][0] == trained[1][0]
    assert_array_equal(trained[0][1], trained[1][1])
    again = np.where(GAPS, np.nan, data)[::-1]  # another first target in every column
    network(loss=loss).fit(X[::-1], again)


def test_gaps_in_one_column_leave_the_gradient_of_others():
    model = network(hidden_layer_sizes=(), standardize=False, alpha=0).fit(X, FULL)
    gaps = FULL.copy()
    gaps[::2, 1] = np.nan
    _, (with_gaps,), _ = model.loss_gradient(X, gaps)
    _, (without,), _ = model.loss_gradient(X, FULL)
    n = (~np.isnan(gaps)).sum() / 3
    assert_allclose(with_gaps[:, [0, 2]] * n, without[:, [0, 2]] * N, rtol=1e-10)


def test_the_loss_of_the_mean_is_half_per_output():
    model = network(hidden_layer_sizes=(), init=[np.zeros((3, 3))], solver="sgd", batch_size=N)
    model.set_params(learning_rate_init=1e-12, max_iter=1, alpha=0, standardize=True)
    model.fit(X, Y)
    model.intercepts_ = [np.nanmean(Y, axis=0)]
    model.coefs_ = [np.zeros((3, 3))]
    assert_allclose(model.loss_gradient(X, Y)[0], 1.5, rtol=1e-10)


@pytest.mark.parametrize("loss", ["squared_error", "quantile"])
def test_the_score_is_the_mean_over_columns_of_what_was_measured(loss):
    model = network(loss=loss, max_iter=30).fit(
        X, Y, WEIGHT, X_val=X, y_val=Y, sample_weight_val=WEIGHT
    )
    prediction = model.predict(X)
    score = r2_score if loss == "squared_error" else d2_pinball_score
    expected = [
        score(Y[rows, j], prediction[rows, j], sample_weight=WEIGHT[rows])
        for j, rows in enumerate(~GAPS.T)
    ]
    assert_allclose(model.score(X, Y, WEIGHT), np.mean(expected), rtol=1e-10)
    assert_allclose(model.validation_scores_[-1], np.mean(expected), rtol=1e-10)
    loss_here, *_ = model.set_params(alpha=0).loss_gradient(X, Y, WEIGHT)
    assert_allclose(model.validation_loss_curve_[-1], loss_here, rtol=1e-10)
    Y_none = np.where([False, False, True], np.nan, Y)  # a column that says nothing
    assert_allclose(model.score(X, Y_none, WEIGHT), np.mean(expected[:2]), rtol=1e-10)
    Y_none[np.argmax(WEIGHT), 2] = 1.0  # nor does one that was measured once: no score is of that
    assert_allclose(model.score(X, Y_none, WEIGHT), np.mean(expected[:2]), rtol=1e-10)
    with pytest.raises(ValueError, match="y must have a measured value to score by"):
        model.score(X, np.full_like(Y, np.nan))
    with pytest.raises(ValueError, match="y must have 3 columns, as predictions do, got 2"):
        model.score(X, Y[:, :2])


def test_it_is_cross_validated_with_early_stopping():
    scores = cross_val_score(network(early_stopping=True, max_iter=300), X, Y, cv=KFold(3))
    assert np.isfinite(scores).all()


def test_partial_fit_goes_on_as_fit_and_takes_batches_that_lack_a_column(tmp_path):
    fitted, steps = network().fit(X, Y), network()
    for _ in range(15):
        steps.partial_fit(X, Y)
    assert_array_equal(fitted._params, steps._params)
    saved = network()
    for n_epochs in (4, 15):
        saved = fit_with_checkpoints(saved, X, Y, tmp_path / "model", n_epochs=n_epochs)
    assert_array_equal(fitted._params, saved._params)
    for unit in (1.0, 1e-200, 1e200):
        model = network().partial_fit(X, Y * unit)
        before = model.coefs_[-1]
        model.partial_fit(X[:9], np.where([False, True, False], np.nan, Y[:9] * unit))
        assert np.isfinite(model.predict(X)).all()
        assert np.isfinite(model.loss_)
        assert (model.coefs_[-1][:, 0] != before[:, 0]).any()
    model.partial_fit(X[:4], Y[:4] * np.nan)  # only the penalty, and the momentum, act
    assert np.isfinite(model.predict(X)).all()


def test_it_takes_na_masks_objects_float32_any_order_and_sparse_inputs():
    pd = pytest.importorskip("pandas")
    expected = network().fit(X, Y)
    frame = pd.DataFrame(Y).astype("Float64")
    assert frame.isna().to_numpy().sum() == GAPS.sum()
    for y in (frame, np.ma.masked_array(FULL, GAPS), Y.astype(object), np.asfortranarray(Y)):
        assert_array_equal(network().fit(X, y)._params, expected._params)
        assert_allclose(expected.score(X, y), expected.score(X, Y))
    weighted, other = (network().fit(X, y, WEIGHT + 0.1) for y in (Y, np.asfortranarray(Y)))
    assert_array_equal(weighted._params, other._params)
    for column in (frame[0], frame[0].array):
        assert_array_equal(network().fit(X, column)._params, network().fit(X, Y[:, 0])._params)
    with pytest.raises(ValueError, match="Input y contains NaN"):
        network(missing_targets="error").fit(X, frame)
    single = network().fit(X.astype(np.float32), Y)
    assert single._params.dtype == np.float32
    assert_allclose(single.predict(X), expected.predict(X), rtol=1e-2, atol=1e-2)
    dense = network(fit_intercept=False).fit(X, Y)
    of_sparse = network(fit_intercept=False).fit(sparse.csr_matrix(X), Y)
    assert_allclose(of_sparse.predict(X), dense.predict(X), rtol=1e-6, atol=1e-8)
    assert np.isfinite(network(embedding="periodic", dropout=0.1).fit(X, Y).predict(X)).all()


def test_constant_columns_are_predicted_exactly_and_splitters_see_nan():
    y = np.where(GAPS, np.nan, np.column_stack([np.full(N, 3.0), FULL[:, 1:]]))
    assert_array_equal(network().fit(X, y).predict(X)[:, 0], np.full(N, 3.0))

    class Splitter:
        def split(self, X, y, groups=None):
            assert_array_equal(np.isnan(y), GAPS)
            yield np.arange(40), np.arange(40, N)

    network(early_stopping=True, validation_fraction=Splitter()).fit(X, y)


class OfRows(Loss):
    """A loss of a row as a whole."""

    def __call__(self, y, a):
        return ((a - y) ** 2).sum(axis=1, keepdims=True) / 2

    def gradient(self, y, a):
        return a - y


@pytest.mark.parametrize(
    ("parameters", "y", "message"),
    [
        (
            {"missing_targets": "error"},
            Y,
            "Input y contains NaN. missing_targets='ignore' leaves out",
        ),
        ({}, np.where([False, True, False], np.nan, Y), r"y\[:, 1\] must have a measured value"),
        ({}, np.full(N, np.nan), "y must have a measured value"),
        ({}, np.where(GAPS, np.nan, np.inf), "infinity"),
        ({"loss": "gaussian"}, Y, r"one number for each target .* got Gaussian\("),
        ({"loss": OfRows()}, Y, r"one number for each target .* got OfRows\("),
        ({"loss": "gamma"}, Y - 60, "y must be numbers > 0"),
        (
            {"scoring": "r2", "early_stopping": True},
            Y,
            "scoring must be None where missing_targets",
        ),
        ({"missing_targets": None}, Y, "missing_targets must be 'error' or 'ignore', got None"),
    ],
)
def test_what_has_no_meaning_is_refused(parameters, y, message):
    with pytest.raises(ValueError, match=message):
        network(**parameters).fit(X, y)


def test_gaussian_takes_one_target_with_gaps_and_validates_on_it():
    assert Gaussian().n_outputs(1) == 2
    model = network(loss="gaussian", early_stopping=True).fit(X, Y[:, 0])
    assert np.isfinite(model.best_validation_score_)


def test_moments_of_cells_are_those_of_the_measured_rows_wherever_parts_are_cut():
    weight = np.where(GAPS, 0.0, WEIGHT[:, np.newaxis])
    whole, parts = Moments.of(FULL, weight), Moments.of(FULL[:1], weight[:1])
    for i in range(1, N):
        parts += Moments.of(FULL[i : i + 1], weight[i : i + 1])
    for found in (whole, parts):
        for j in range(3):
            alone = Moments.of(FULL[:, [j]], weight[:, j])
            assert_allclose(found.mean_[j], alone.mean_[0], rtol=1e-12)
            assert_allclose(found.std_[j], alone.std_[0], rtol=1e-12)
        assert_allclose(found.weight, weight.sum(axis=0))
