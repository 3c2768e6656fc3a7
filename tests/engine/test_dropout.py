import copy

import numpy as np
import pytest
from numpy.random import RandomState
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sknn_scratch import ScratchMLPRegressor, feedforward
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.engine.batches import Batch
from sknn_scratch.engine.dropout import Dropout
from sknn_scratch.engine.program import Backward, compiled
from sknn_scratch.tracing.buffers import aligned_copy
from tests.helpers import Sine, assert_is_gradient, make_network, make_problem

short = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
IDENTITY, SQUARED_ERROR = ACTIVATIONS["identity"], LOSSES["squared_error"]


class Droppable:
    """A program with dropout, and its loss and gradient as a function of the parameters."""

    def __init__(self, network, X, y, rates, weight=None, seed=0):
        self.generator = np.random.default_rng(seed)
        self.params = aligned_copy(np.zeros(network.n_parameters))
        self.gradient, self.loss = np.zeros_like(self.params), np.zeros(())
        dropout = None if rates is None else Dropout(rates, self.generator)
        self.program = Backward(network, self.params, self.gradient, len(y), dropout)
        x = np.hstack([X, np.ones((len(X), 1))]) if network.fit_intercept else X
        calls = self.program.calls(Batch(x.T), y.T, weight, 1 / len(y), self.loss)
        self.calls = compiled(calls)

    def run(self, params):
        self.params[...] = params
        for call in self.calls:
            call()
        return self.loss.item() / 2

    def run_again(self, params):
        """Run with the same units dropped at each call."""
        start = self.generator.bit_generator.state
        loss = self.run(params)
        self.generator.bit_generator.state = start
        return loss


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("hidden", [*ACTIVATIONS.values(), Sine()], ids=repr)
def test_the_gradient_with_dropout_agrees_with_finite_differences(
    hidden, fit_intercept, weighted, rng
):
    network = make_network(hidden, IDENTITY, SQUARED_ERROR, fit_intercept)
    params, X, y = make_problem(network, rng)
    weight = rng.uniform(0, 2, len(y)) if weighted else None
    droppable = Droppable(network, X, y, (0.5, 0.3), weight)
    droppable.run_again(params)
    masks = [droppable.program.dropped[layer].mask.copy() for layer in (1, 2)]
    assert all(0 < np.mean(mask > 0) < 1 for mask in masks)
    assert_is_gradient(droppable.gradient.copy(), droppable.run_again, params)
    assert_array_equal(droppable.program.dropped[1].mask, masks[0])


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("units", [4, 8])  # of 8 the gradient of the first layer is taken otherwise
def test_so_does_that_of_a_single_layer_and_output(units, fit_intercept, rng):
    sizes = 3, units, 1
    network = make_network(ACTIVATIONS["tanh"], IDENTITY, SQUARED_ERROR, fit_intercept, sizes)
    params, X, y = make_problem(network, rng)
    droppable = Droppable(network, X, y, (0.5,))
    assert (droppable.program.scaled is not None) == (units == 8)
    droppable.run_again(params)
    assert_is_gradient(droppable.gradient.copy(), droppable.run_again, params)


@pytest.mark.parametrize("seed", range(5))
def test_a_dropped_unit_is_a_unit_that_is_not_there_and_the_others_are_scaled_up(seed, rng):
    network = make_network(ACTIVATIONS["logistic"], IDENTITY, SQUARED_ERROR)
    params, X, y = make_problem(network, rng)
    X, y, rates = X[:1], y[:1], (0.4, 0.25)
    droppable = Droppable(network, X, y, rates, seed=seed)
    loss = droppable.run(params)
    coefs, intercepts = map(list, zip(*network.layers(params)))
    for layer, rate in enumerate(rates, 1):
        kept = droppable.program.read[layer][:-1, 0] != 0
        coefs[layer - 1] = coefs[layer - 1][:, kept]
        intercepts[layer - 1] = intercepts[layer - 1][kept]
        coefs[layer] = coefs[layer][kept] / (1 - rate)
    smaller = feedforward(X, coefs, intercepts, network.activations)
    assert_allclose(loss, ((y - smaller) ** 2).sum() / 2)


def test_on_average_dropout_leaves_an_activation_as_it_is(rng):
    network = make_network(ACTIVATIONS["tanh"], IDENTITY, SQUARED_ERROR, sizes=(3, 5, 2))
    params, X, y = make_problem(network, rng)
    droppable, runs, total = Droppable(network, X, y, (0.3,)), 4000, 0
    for _ in range(runs):
        droppable.run(params)
        total = total + droppable.program.read[1][:-1]
    a = np.tanh(X @ network.layers(params)[0][0] + network.layers(params)[0][1]).T
    deviation = np.abs(a) * np.sqrt(0.3 / 0.7 / runs)
    assert (np.abs(total / runs - a) < 5 * deviation).all()


def test_every_unit_and_sample_is_dropped_by_itself_at_the_rate_of_its_layer(rng):
    network = make_network(ACTIVATIONS["logistic"], IDENTITY, SQUARED_ERROR, sizes=(3, 60, 50, 2))
    params, X, y = rng.normal(size=network.n_parameters), np.ones((80, 3)), np.ones((80, 2))
    droppable = Droppable(network, X, y, (0.1, 0.6))
    droppable.run(params)
    for layer, rate in ((1, 0.1), (2, 0.6)):
        dropped = droppable.program.read[layer][:-1] == 0
        assert_allclose(dropped.mean(), rate, atol=5 * np.sqrt(0.25 / dropped.size))
        assert_allclose(dropped.mean(axis=0), rate, atol=5 * np.sqrt(0.25 / 50))
        assert_allclose(dropped.mean(axis=1), rate, atol=5 * np.sqrt(0.25 / 80))
    before = droppable.program.read[2].copy()
    droppable.run(params)
    assert not np.array_equal(droppable.program.read[2] == 0, before == 0)


def test_a_layer_of_rate_zero_is_left_alone(rng):
    network = make_network(ACTIVATIONS["tanh"], IDENTITY, SQUARED_ERROR)
    params, X, y = make_problem(network, rng)
    without, zeros, second = (Droppable(network, X, y, r) for r in (None, (0, 0), (0, 0.5)))
    for each in (without, zeros, second):
        each.run(params)
    assert len(zeros.calls) == len(without.calls) == len(second.calls) - 5
    assert zeros.run(params) == without.run(params)
    assert_array_equal(zeros.gradient, without.gradient)
    assert zeros.generator.bit_generator.state == without.generator.bit_generator.state
    assert second.program.read[1] is second.program.a[1]
    assert list(second.program.dropped) == [2]


# --- the estimator ---


def network(**params):
    settings = {"max_iter": 4, "batch_size": 16, "random_state": 3, "dropout": 0.4}
    return ScratchMLPRegressor((6, 5), **{**settings, **params})


def assert_same(first, second):
    for a, b in zip([*first.coefs_, *first.intercepts_], [*second.coefs_, *second.intercepts_]):
        assert_array_equal(a, b)
    assert first.loss_curve_ == second.loss_curve_


def differ(first, second):
    return not np.allclose(first.coefs_[0], second.coefs_[0], rtol=1e-9)


@short
@pytest.mark.parametrize("early_stopping", [False, True], ids=["", "early_stopping"])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("make", [lambda: 3, lambda: RandomState(3)], ids=["int", "RandomState"])
def test_calls_of_partial_fit_are_one_fit_of_as_many_epochs(
    make, solver, early_stopping, regression
):
    params = {"solver": solver, "early_stopping": early_stopping}
    whole = network(random_state=make(), **params).fit(*regression)
    parts = network(random_state=make(), **params)
    for _ in range(4):
        parts.partial_fit(*regression)
    assert parts.loss_curve_ == whole.loss_curve_
    assert_array_equal(parts.predict(regression[0]), whole.predict(regression[0]))
    assert differ(whole, network(dropout=0, **params).fit(*regression))


@short
def test_a_warm_start_goes_on_drawing(regression):
    model = network(warm_start=True, learning_rate_init=1e-300, shuffle=False)
    first, second = (list(model.fit(*regression).loss_curve_[-4:]) for _ in range(2))
    assert len({*first, *second}) == 8  # the same weights, but never the same units


@short
def test_a_fit_starts_anew_and_a_seed_decides(regression):
    model = network().fit(*regression)
    twin = copy.deepcopy(model)
    assert_same(model.fit(*regression), twin)
    assert differ(model, network(random_state=4).fit(*regression))


@short
def test_a_rate_stands_for_one_per_layer_and_float32_drops_the_same_units(regression):
    X, y = regression
    model = network().fit(X, y)
    for rates in ([0.4, 0.4], (0.4, 0.4), np.array([0.4, 0.4])):
        assert_same(network(dropout=rates).fit(X, y), model)
    assert differ(network(dropout=[0.4, 0]).fit(X, y), model)
    single = network().fit(X.astype(np.float32), y)
    assert single.coefs_[0].dtype == np.float32
    assert_allclose(single.loss_curve_, model.loss_curve_, rtol=1e-4)


@short
def test_initial_weights_and_validation_rows_are_those_without_dropout(regression):
    params = {"early_stopping": True, "learning_rate_init": 1e-300}
    models = [network(dropout=rate, **params).fit(*regression) for rate in (0, 0.5)]
    assert_array_equal(models[0].coefs_[0], models[1].coefs_[0])
    assert models[0].validation_scores_ == models[1].validation_scores_
    assert models[0].loss_curve_ != models[1].loss_curve_


@short
def test_the_loss_is_that_with_dropout_and_has_its_expected_value(regression):
    X, y = regression
    model = ScratchMLPRegressor(
        (20,), activation="identity", dropout=0.3, alpha=0, learning_rate_init=1e-300, tol=0
    )
    model.set_params(random_state=0, max_iter=400, n_iter_no_change=np.inf, standardize=False)
    model.fit(X, y)
    residual = y - model.predict(X)
    # Each hidden unit adds (a w)^2 p / (1 - p) to the variance of a linear output.
    variance = model.transform(X) ** 2 @ model.coefs_[1][:, 0] ** 2 * 0.3 / 0.7
    assert variance.mean() > 0.1 * np.mean(residual**2)
    assert_allclose(np.mean(model.loss_curve_), np.mean(residual**2 + variance) / 2, rtol=0.02)


@short
def test_nothing_is_dropped_in_prediction(regression):
    X = regression[0]
    model = network(dropout=[0.9, 0.5]).fit(*regression)
    before = copy.deepcopy(model)
    layers = [ACTIVATIONS["relu"], ACTIVATIONS["relu"], ACTIVATIONS["identity"]]
    by_hand = feedforward(X, model.coefs_, model.intercepts_, layers).ravel()
    for _ in range(3):
        assert_allclose(model.predict(X), by_hand, rtol=1e-12)
    model.transform(X)
    assert_same(model.partial_fit(*regression), before.partial_fit(*regression))


@short
def test_sparse_inputs_train_with_dropout_as_dense_ones_do(regression):
    X, y = regression
    raw = network(standardize=False)  # which would centre the dense inputs only
    dense, thin = (clone(raw).fit(data, y) for data in (X, sparse.csr_array(X)))
    assert_allclose(thin.coefs_[0], dense.coefs_[0], rtol=1e-9)


@short
def test_dropout_can_be_searched_over_and_cloned(regression):
    search = GridSearchCV(network(), {"dropout": [0.0, [0.2, 0.5], 0.9]}, cv=2).fit(*regression)
    assert len(set(search.cv_results_["mean_test_score"])) == 3
    assert clone(network(dropout=[0.2, 0.5])).dropout == [0.2, 0.5]


def test_dropout_may_be_turned_on_and_off_between_calls(regression):
    model, twin = network(dropout=0), network(dropout=0)
    for rate in (0, 0.5, 0, [0.1, 0.2]):
        model.set_params(dropout=rate).partial_fit(*regression)
    for _ in range(4):
        twin.partial_fit(*regression)
    assert model.loss_curve_[0] == twin.loss_curve_[0]
    assert differ(model, twin)


REFUSED = {
    "lbfgs": ({"solver": "lbfgs"}, "dropout must be 0 with LBFGS"),
    "lbfgs, one layer": ({"solver": "lbfgs", "dropout": [0, 0.1]}, "dropout must be 0 with LBFGS"),
    "no layers": ({"hidden_layer_sizes": ()}, "dropout needs hidden layers, got 0.4"),
    "one rate": ({"dropout": [0.1]}, r"dropout .* each of the 2 hidden layers; got \[0.1\]"),
    "three rates": ({"dropout": (0.1, 0.2, 0)}, "dropout .* each of the 2 hidden layers"),
    "no rates": ({"dropout": []}, "dropout .* each of the 2 hidden layers"),
    "a rate of 1": ({"dropout": [0, 1.0]}, r"dropout must be a number in \[0, 1\), got 1.0"),
}


@pytest.mark.parametrize(("params", "match"), REFUSED.values(), ids=REFUSED)
def test_dropout_that_has_no_meaning_is_refused(params, match, regression):
    model = network(**params) if "hidden_layer_sizes" not in params else network()
    with pytest.raises(ValueError, match=match):
        model.set_params(**params).fit(*regression)
    assert not hasattr(model, "coefs_")


@short
@pytest.mark.parametrize("rate", [0, 0.0, [0, 0.0], np.zeros(2)], ids=repr)
def test_a_rate_of_zero_has_a_meaning_everywhere(rate, regression):
    network(solver="lbfgs", dropout=rate).fit(*regression)
    if np.ndim(rate) == 0:
        network(dropout=rate).set_params(hidden_layer_sizes=()).fit(*regression)
