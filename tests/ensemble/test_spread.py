"""What is learnt of the size of errors, what losses say of it, and how far members differ."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse, stats
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, ShuffleSplit, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sknn_scratch import (
    Poisson,
    Quantile,
    ScratchMLPEnsembleRegressor,
    ScratchMLPRegressor,
    SquaredError,
)
from sknn_scratch.ensemble.spread import (
    FEWEST_ROWS,
    LogScale,
    SpreadOfLoss,
    best_exponent,
    learn_spread,
    log_std,
    relative_to,
    spread_folds,
    spread_of_members,
    standard_deviation,
)
from tests.helpers import numerical_derivative


def errors(n, rng, power=1.0):
    """Return X, errors whose standard deviation goes with the first column, and that."""
    X = rng.uniform(-1, 1, (n, 3))
    sd = np.exp(power * 1.5 * X[:, 0])
    return X, sd * rng.normal(size=n), sd


def learnt(X, error, splits=None, weight=None):
    prediction = np.where(np.isnan(error), np.nan, 0.0)
    splits = splits or list(KFold(4, shuffle=True, random_state=0).split(X))
    weight = np.ones(len(X)) if weight is None else weight
    return learn_spread(X, error, prediction, splits, weight, np.random.RandomState(0), 1)


def test_a_target_without_errors_spreads_alike_and_leaves_others_theirs(rng):
    X, error, _ = errors(400, rng)
    alone, of_alone = learnt(X, error)
    both, of_rows = learnt(X, np.column_stack([error, np.zeros(400)]))
    assert_array_equal(both.exponent, [alone.exponent, 0])
    assert np.corrcoef(np.log(of_rows[:, 0]), np.log(of_alone))[0, 1] > 0.9
    assert_array_equal(of_rows[:, 1], 1)
    assert_array_equal(both(X, np.zeros((400, 2)))[:, 1], 1)
    assert learnt(X, np.zeros((400, 2))) is None


def test_the_loss_is_the_log_likelihood_of_laplace(rng):
    y, a = rng.normal(size=50), rng.normal(size=50)
    expected = -stats.laplace(0, np.exp(a)).logpdf(y) - np.log(2)
    assert_allclose(LogScale()(y, a), expected)


def test_its_gradient_is_its_derivative_on_both_sides_of_the_bound(rng):
    y, a = rng.normal(size=50), rng.uniform(-20, 5, 50)
    expected = numerical_derivative(lambda a: LogScale()(y, a), a)
    assert_allclose(LogScale().gradient(y, a), expected, rtol=1e-4, atol=1e-4)


def test_it_stays_finite_for_a_scale_of_nothing():
    a = np.array([-1e6, -800.0])
    assert np.isfinite(LogScale()(np.ones(2), a)).all()
    assert np.isfinite(LogScale().gradient(np.ones(2), a)).all()


def test_a_spread_that_goes_with_the_inputs_is_learnt(rng):
    X, error, _ = errors(800, rng)
    spread, of_rows = learnt(X, error)
    X_new, _, sd = errors(500, rng)
    found = spread(X_new, np.zeros(500))
    assert np.corrcoef(np.log(found), np.log(sd))[0, 1] > 0.9
    assert_array_equal(spread(sparse.csr_array(X_new), np.zeros(500)), found)
    assert spread.exponent >= 0.75
    assert of_rows.shape == (800,)


def test_where_errors_are_all_alike_so_is_the_spread(rng):
    X = rng.uniform(-1, 1, (400, 3))
    found = learnt(X, rng.normal(size=400))
    assert found is None or found[0].exponent <= 0.25


def test_a_row_is_judged_by_a_network_that_has_not_seen_it(rng):
    """One row that errs by a thousand times as much does not raise its own spread."""
    X, error, _ = errors(400, rng)
    other = error.copy()
    other[7] *= 1e-3
    splits = list(KFold(4).split(X))
    assert 7 in splits[0][1]
    spreads = [learnt(X, each, splits)[1][splits[0][1]] for each in (error, other)]
    ratio = spreads[0] / spreads[1]
    assert_allclose(ratio, np.full(100, ratio[0]), rtol=1e-2)  # the unit of errors is all rows'


def test_each_target_has_a_spread_of_its_own(rng):
    X, first, _ = errors(600, rng)
    _, second, _ = errors(600, rng, power=0.0)
    spread, of_rows = learn_spread(
        X,
        np.c_[first, 1e6 * second],
        np.zeros((600, 2)),
        list(KFold(4).split(X)),
        np.ones(600),
        np.random.RandomState(0),
        1,
    )
    assert spread.exponent[0] >= 0.75 > spread.exponent[1]
    assert of_rows.shape == spread(X, np.zeros((600, 2))).shape == (600, 2)


def test_the_unit_of_errors_does_not_matter(rng):
    X, error, _ = errors(200, rng)
    for unit in (1e-200, 1e6):
        expected, found = learnt(X, error)[0], learnt(X, unit * error)[0]
        assert_allclose(found(X, error), expected(X, error), rtol=0.05)


def test_rows_of_weight_zero_have_no_spread_that_no_other_row_has(rng):
    X, error, _ = errors(400, rng)
    weight = np.repeat([1.0, 0.0], 200)
    X[weight == 0] *= 1e6  # of which a network says that errors overflow
    spread, of_rows = learnt(X, error, weight=weight)
    assert np.all(spread.exponent > 0)
    assert_allclose(np.ptp(of_rows), np.ptp(of_rows[weight > 0]))


def test_rows_that_were_never_held_out_are_left_alone(rng):
    X, error, _ = errors(400, rng)
    splits = list(TimeSeriesSplit(3).split(X))
    never = np.arange(400) < 100
    error[never] = np.nan
    spread, of_rows = learnt(X, error, splits)
    assert_array_equal(np.isnan(of_rows), never)
    assert np.isfinite(spread(X, np.zeros(400))).all()


def test_with_one_split_the_spread_is_learnt_on_folds_of_the_rows_held_out(rng):
    X, error, sd = errors(600, rng)
    split = np.arange(150, 600), np.arange(150)
    error[150:] = np.nan
    spread, of_rows = learnt(X, error, [split])
    assert_array_equal(np.isnan(of_rows), np.isnan(error))
    assert np.corrcoef(np.log(spread(X, np.zeros(600))), np.log(sd))[0, 1] > 0.8


def test_a_few_outliers_do_not_hide_how_errors_spread(rng):
    X, error, _ = errors(800, rng)
    error = error + np.where(rng.uniform(size=800) < 0.01, 40.0, 0.0)
    spread, _ = learnt(X, error)
    X_new, _, sd = errors(500, rng)
    assert np.corrcoef(np.log(spread(X_new, np.zeros(500))), np.log(sd))[0, 1] > 0.9
    assert spread.exponent >= 0.5


def test_rows_of_weight_zero_are_not_learnt_from(rng):
    X, error, _ = errors(600, rng)
    weight = np.ones(600)
    weight[::2] = 0
    misleading = np.where(weight > 0, error, 100 * np.exp(-3 * X[:, 0]))
    spread, _ = learnt(X, misleading, weight=weight)
    found = spread(X, np.zeros(600))
    assert np.corrcoef(np.log(found), X[:, 0])[0, 1] > 0.8


def test_weights_say_which_errors_are_usual(rng):
    """Errors are alike on either side, but for their weights, which are opposite."""
    X = np.where(np.arange(800) < 400, 1.0, -1.0)[:, np.newaxis]
    is_large = np.arange(800) % 2 > 0
    error = np.where(is_large, 10.0, 1.0) * rng.choice([-1, 1], 800)
    weight = np.where(is_large == (X[:, 0] > 0), 9.0, 1.0)
    spread, _ = learnt(X, error, weight=weight)
    low, high = np.log(spread(np.array([[-1.0], [1.0]]), np.zeros(2)))
    assert high - low == pytest.approx(spread.exponent * np.log(91 / 19), rel=0.15)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("n_targets", [1, 2])
def test_what_a_member_says_is_that_of_the_network_that_it_ends_in(n_targets, rng):
    X = rng.normal(size=(40, 3))
    y = X[:, 0] if n_targets == 1 else X[:, :2]
    network = ScratchMLPRegressor((4,), loss="gaussian", learning_rate="cosine", max_iter=3)
    member = make_pipeline(StandardScaler(), MinMaxScaler(), network).fit(X, y)
    inputs = member[:-1].transform(X)
    expected = np.log(member[-1].predict(inputs, return_std=True)[1])
    assert_allclose(log_std(member, X), expected)
    assert_allclose(log_std(make_pipeline(member[-1]), inputs), expected)
    assert_allclose(log_std(make_pipeline(member[0], member[1:]), X), expected)
    assert_allclose(log_std(member[-1], inputs), expected)


def test_where_some_folds_have_little_to_train_on_each_is_judged_by_all_others():
    splits = list(TimeSeriesSplit(3).split(np.zeros(200)))
    known = np.arange(200) >= 50
    for (train, judged), (_, held_out) in zip(spread_folds(splits, known, None), splits):
        assert_array_equal(judged, held_out)
        assert_array_equal(train, np.setdiff1d(np.arange(50, 200), held_out))


def test_no_spread_is_believed_that_was_not_met_on_rows_held_out(rng):
    X, error, _ = errors(400, rng)
    spread, of_rows = learnt(X, error)
    far = spread(1e3 * X, np.zeros(400))
    assert far.min() >= of_rows.min() * (1 - 1e-9)
    assert far.max() <= of_rows.max() * (1 + 1e-9)


@pytest.mark.parametrize("n", [4, FEWEST_ROWS])
def test_from_few_rows_nothing_is_learnt(n, rng):
    X, error, _ = errors(n, rng)
    assert learnt(X, error) is None


def test_from_errors_of_nothing_nothing_is_learnt(rng):
    X, error, _ = errors(100, rng)
    assert learnt(X, 0 * error) is None


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_the_exponent_is_that_with_which_errors_are_likeliest(exponent, rng):
    logarithm = rng.normal(size=20_000) * 2
    error = 7 * np.exp(exponent * logarithm) * rng.normal(size=20_000)
    assert best_exponent(error, logarithm, np.ones(20_000)) == exponent
    assert_array_equal(
        best_exponent(np.c_[error, error], np.c_[logarithm, logarithm], np.ones(20_000)), exponent
    )


def test_of_counts_that_are_all_0_rows_spread_alike():
    assert_array_equal(SpreadOfLoss(Poisson(), np.zeros(3))(None, np.zeros(3)), np.ones(3))


def test_what_hardly_spreads_has_a_least_spread():
    prediction = np.c_[np.zeros(4), [1.0, 1.0, 1.0, 0.0]]
    spread = SpreadOfLoss(Quantile([0.1, 0.9]), prediction)
    assert_allclose(spread(None, prediction), [1, 1, 1, 0.0075])
    assert_array_equal(SpreadOfLoss(SquaredError(), prediction)(None, prediction), np.ones((4, 2)))


def test_the_least_spread_counts_a_row_of_weight_2_twice():
    prediction = np.array([4.0, 1.0, 0.0, 1e6])
    spread = SpreadOfLoss(Poisson(), prediction, np.array([1.0, 2.0, 1.0, 0.0]))
    assert_allclose(spread(None, prediction), [2, 1, 0.01, 1000])  # of roots: the mean is 1


@pytest.mark.slow
def test_the_intervals_of_an_ensemble_follow_the_spread(rng):
    X = rng.uniform(-1, 1, (500, 2))
    X_new = rng.uniform(-1, 1, (4000, 2))

    def draw(X):
        return X[:, 1] + np.exp(1.5 * X[:, 0]) * rng.normal(size=len(X))

    y, y_new = draw(X), draw(X_new)
    model = ScratchMLPEnsembleRegressor(n_estimators=3, random_state=0).fit(X, y)
    low, high = model.predict_interval(X_new, 0.8).T
    inside = (low <= y_new) & (y_new <= high)
    for part in (X_new[:, 0] < 0, X_new[:, 0] >= 0):
        assert inside[part].mean() == pytest.approx(0.8, abs=0.08)
    assert np.corrcoef(np.log(high - low), X_new[:, 0])[0, 1] > 0.8
    _, std = model.predict(X_new, return_std=True)
    score = (y_new - model.predict(X_new)) / std
    assert score.std() == pytest.approx(1, abs=0.15)
    for duplicate in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert_array_equal(duplicate.predict_interval(X_new), model.predict_interval(X_new))


@pytest.mark.parametrize("shape", [(50,), (50, 2)])
@pytest.mark.parametrize("unit", [1.0, 1e-250, 1e250])
def test_it_is_the_weighted_standard_deviation_in_any_unit(shape, unit, rng):
    predictions, weights = rng.normal(size=(6, *shape)), rng.uniform(size=(6, *shape[1:]))
    weights[2] = 0
    weights /= weights.sum(axis=0)
    broad = np.broadcast_to(weights.reshape(6, 1, *shape[1:]), predictions.shape)
    mean = np.average(predictions, axis=0, weights=broad)
    expected = np.sqrt(np.average((predictions - mean) ** 2, axis=0, weights=broad))
    assert_allclose(standard_deviation(unit * predictions, weights), unit * expected)


def test_about_what_is_infinite_members_disagree_infinitely():
    found = standard_deviation(np.array([[np.inf, 1.0], [0.0, 1.0]]), np.array([0.5] * 2))
    assert_array_equal(found, [np.inf, 0])
    assert_array_equal(relative_to(np.array(0.0), np.array([0.0, 3.0])), [0, 0])
    assert_array_equal(relative_to(np.array(np.inf), np.array([np.inf, 3.0])), [np.inf, 0])


@pytest.fixture(params=["", "several"])
def model(request, rng):
    X = rng.uniform(-1, 1, (200, 2))
    y = X[:, 0] + 0.5 * rng.normal(size=200)
    y = np.c_[y, rng.normal(size=200)] if request.param else y
    return ScratchMLPEnsembleRegressor(LinearRegression(), random_state=0).fit(X, y), X


def test_no_row_of_fit_is_novel_and_the_farther_the_more(model):
    model, X = model
    assert model.novelty(X).shape == (200,)
    assert model.novelty(X).max() == pytest.approx(1, abs=1e-9) or model.n_outputs_ > 1
    assert (model.novelty(X) <= 1 + 1e-9).all()
    far = model.novelty(np.array([[10.0, 0], [100.0, 0]]))
    assert 1 < far[0] < far[1]
    assert far[1] == pytest.approx(10 * far[0], rel=0.1)  # members are straight lines


@pytest.mark.parametrize("constant", [0.1, 3.7])
def test_how_a_constant_target_is_rounded_makes_no_row_novel(constant, rng):
    X = rng.uniform(-1, 1, (60, 2))
    y = X[:, 0] + 0.5 * rng.normal(size=60)
    model = ScratchMLPEnsembleRegressor(LinearRegression(), random_state=0)
    expected = model.fit(X, y).novelty(2 * X)
    with_constant = model.fit(X, np.c_[y, np.full(60, constant)])
    assert_allclose(with_constant.novelty(2 * X), expected)
    assert_array_equal(model.fit(X, X @ [1.0, 2.0]).novelty(2 * X), 0)  # all are exact


def test_intervals_are_as_they_were_within_the_data_and_wider_by_the_novelty_beyond(model):
    model, X = model
    far = np.array([[30.0, -10.0]])
    width = np.ptp(model.predict_interval(np.vstack([X, far])), axis=-1).reshape(201, -1)
    assert_allclose(width[:-1], np.broadcast_to(width[0], width[:-1].shape))
    factor = width[-1] / width[0]
    assert factor.max() == pytest.approx(model.novelty(far)[0])
    std = model.predict(np.vstack([X, far]), return_std=True)[1].reshape(201, -1)
    assert_allclose(std[-1] / std[0], factor)


def test_one_member_does_not_disagree(regression):
    X, y = regression
    cv = ShuffleSplit(1, test_size=0.5, random_state=0)
    model = ScratchMLPEnsembleRegressor(LinearRegression(), 1, cv=cv).fit(X, y)
    assert_array_equal(model.novelty(100 * X), np.zeros(60))
    assert np.isfinite(model.predict_interval(100 * X)).all()


def test_members_that_say_0_and_infinity_of_one_row_are_believed_within_bounds(monkeypatch):
    says = [np.array([0, -np.inf, 1, 2]), np.array([0, np.inf, 1, np.inf])]
    monkeypatch.setattr("sknn_scratch.ensemble.spread.log_std", lambda member, X: member)
    splits = 2 * [(np.arange(4), np.arange(4))]
    of_new_rows, of_rows = spread_of_members(says, np.zeros((4, 1)), splits, np.ones(4))
    least, largest = 1 + np.log(0.01), 2  # a hundredth of the median, and the largest
    assert_allclose(of_new_rows.bounds, [least, largest])
    assert_allclose(np.log(of_rows), [0, (least + largest) / 2, 1, 2], atol=1e-12)
    assert_allclose(of_new_rows(np.zeros((4, 1)), None), of_rows)  # as of rows that are new
