"""The recommended parameters: what they promise, and that they are better than the defaults."""

import numpy as np
import pytest
from sklearn.datasets import make_friedman1, make_friedman2
from sklearn.metrics import mean_squared_error

from sknn_scratch import (
    EmbeddingUnion,
    Periodic,
    PiecewiseLinear,
    ScratchMLPRegressor,
    recommended_parameters,
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # of the defaults
def test_a_network_with_them_is_more_accurate_where_there_is_much_to_learn():
    X, y = make_friedman2(400, random_state=0)
    X_new, truth = make_friedman2(1000, random_state=1)

    def error(**params):
        model = ScratchMLPRegressor(**params, random_state=0).fit(X, y)
        return mean_squared_error(truth, model.predict(X_new)) ** 0.5

    assert error(**recommended_parameters(*X.shape)) < 0.5 * error()


@pytest.mark.parametrize("n_samples", [1, 20, 100, 442, 10_000, 45_730, 10**6])
def test_the_steps_of_training_are_bounded(n_samples):
    recommended = recommended_parameters(n_samples, 8)
    steps = recommended["max_iter"] * -(-n_samples // recommended["batch_size"])
    assert steps <= 450_000
    assert recommended["max_iter"] >= 8


def test_only_small_data_get_dropout_and_only_a_handful_no_early_stopping():
    dropout = {n: recommended_parameters(n, 8)["dropout"] for n in (100, 2000, 2001, 10**5)}
    assert dropout == {100: 0.05, 2000: 0.05, 2001: 0, 10**5: 0}
    assert "early_stopping" not in recommended_parameters(19, 8)
    assert recommended_parameters(20, 8)["early_stopping"] == "loss"


def test_the_steps_of_all_sizes_are_clipped():
    bounds = {recommended_parameters(n, 8)["max_grad_norm"] for n in (1, 100, 10**6)}
    assert bounds == {1.0}


def test_up_to_500_columns_are_embedded():
    embedded = [recommended_parameters(100, n)["embedding"] for n in (1, 500, 501)]
    assert [type(embedding) for embedding in embedded] == [Periodic, Periodic, type(None)]


def test_bins_stand_beside_the_waves_where_there_are_rows_enough():
    few, enough = (recommended_parameters(n, 8)["embedding"] for n in (199, 200))
    assert enough == EmbeddingUnion((few, PiecewiseLinear(16)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_what_bends_often_along_a_column_is_found(seed):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 90, (400, 1))
    y = np.sin(x[:, 0]) + 0.1 * rng.normal(size=400)
    model = ScratchMLPRegressor(**recommended_parameters(*x.shape), random_state=seed).fit(x, y)
    new = np.linspace(1, 89, 500)[:, np.newaxis]
    assert model.score(new, np.sin(new[:, 0])) > 0.9


@pytest.mark.slow
def test_where_there_is_nothing_to_learn_little_is_made_of_it():
    def score(seed):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(600, 5)), rng.normal(size=600)
        model = ScratchMLPRegressor(**recommended_parameters(300, 5), random_state=0)
        return model.fit(X[:300], y[:300]).score(X[300:], y[300:])

    assert np.mean([score(seed) for seed in range(4)]) > -0.2


@pytest.mark.slow
def test_rare_zeros_and_ones_that_say_nothing_do_less_harm_than_divided_by_their_deviation():
    rng, n = np.random.default_rng(0), 400
    X = np.c_[rng.normal(size=(2 * n, 3)), rng.random((2 * n, 40)) < 0.02]
    y = np.sin(2 * X[:, 0]) + X[:, 1] + 0.5 * rng.normal(size=2 * n)

    def unexplained(**params):
        params = recommended_parameters(n, X.shape[1]) | params
        model = ScratchMLPRegressor(**params, random_state=0).fit(X[:n], y[:n])
        return 1 - model.score(X[n:], y[n:])

    assert unexplained() < 0.8 * unexplained(standardize=True)  # about .6


@pytest.mark.parametrize("n_samples", [20, 300, 3000, 20_000, 10**5, 10**6])
def test_the_shortest_of_the_trainings_in_one_has_three_epochs_or_more(n_samples):
    recommended = recommended_parameters(n_samples, 8)
    n_stretches = recommended["learning_rate"].restarts + 1  # each twice as long as the last
    assert recommended["max_iter"] / (2**n_stretches - 1) >= 3
    assert n_stretches == 5 or recommended["max_iter"] / (2 ** (n_stretches + 1) - 1) < 3


@pytest.mark.slow
def test_training_ends_when_the_schedule_does_and_without_a_warning():
    X, y = make_friedman1(40, random_state=0)
    recommended = recommended_parameters(*X.shape)
    model = ScratchMLPRegressor(**recommended, random_state=0).fit(X, y)
    assert model.n_iter_ == recommended["max_iter"]


@pytest.mark.parametrize("bad", [0, -1, 2.5, "100", None, True, np.nan])
def test_a_size_that_is_none_is_refused(bad):
    with pytest.raises((TypeError, ValueError), match="n_samples"):
        recommended_parameters(bad, 3)
    with pytest.raises((TypeError, ValueError), match="n_features"):
        recommended_parameters(3, bad)
