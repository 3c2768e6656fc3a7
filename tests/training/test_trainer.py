"""The trainer by itself: there is no estimator here."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge

from sknn_scratch import Activation, Network, ScratchMLPRegressor
from sknn_scratch.components import check_parameters
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.training.run import Observer
from sknn_scratch.training.source import ArrayData
from sknn_scratch.training.trainer import Trainer
from tests.helpers import with_warnings

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
IDENTITY, TANH = ACTIVATIONS["identity"], ACTIVATIONS["tanh"]


def make_trainer(hidden=(), incremental=False, f=TANH, **params):
    params = ScratchMLPRegressor(hidden, **params).get_params()
    settings = check_parameters(params).of_call(False, incremental)
    activations = (f,) * len(hidden) + (IDENTITY,)
    return Trainer(settings, Network((3, *hidden, 1), activations, LOSSES["squared_error"]))


def start(trainer, dtype=np.float64):
    return trainer.start(np.random.RandomState(0), dtype)


@pytest.fixture
def data(rng):
    X = rng.normal(5, 2, size=(40, 3))
    return ArrayData(X, X @ [[1.0], [-2.0], [0.5]] + rng.normal(size=(40, 1)), None)


def test_it_returns_the_state_of_a_trained_network(data):
    trainer = make_trainer(solver="lbfgs", alpha=2.0, standardize=False, tol=1e-9, max_iter=500)
    state = trainer.train(start(trainer), data)
    ridge = Ridge(alpha=2.0).fit(data.X, data.y)
    W, b = trainer.network.layers(state.scaling.fold(trainer.network, state.params))[0]
    assert_allclose(W[:, 0], np.ravel(ridge.coef_), rtol=1e-3)
    assert_allclose(b, ridge.intercept_, rtol=1e-3)
    assert state.history.n_iter == len(state.history.losses) > 0


def test_the_rows_that_are_chosen_decide_on_scaling_and_weights(data, rng):
    weight = rng.uniform(1, 3, 40)
    trainer = make_trainer(max_iter=1)
    state = start(trainer)
    assert state.scaling is None
    trainer.prepare(state, ArrayData(data.X, data.y, weight, chosen=np.arange(30)))
    expected = np.average(data.X[:30], axis=0, weights=weight[:30])
    assert_allclose(state.scaling.x_shift, expected)
    assert_allclose(state.mean_weight, weight[:30].mean())
    first = state.scaling
    trainer.prepare(state, data)
    assert state.scaling is first  # of the first call: later ones only count the weights
    assert_allclose(state.mean_weight, (weight[:30].sum() + 40) / 70)


class Elsewhere(ArrayData):
    """Data of which every row counts twice, and which notes what it is asked."""

    def rows(self, network, weight, dtype, scaling):
        self.asked.append((weight, self.chosen))
        twice = ArrayData(np.vstack([self.X] * 2), np.vstack([self.y] * 2), None)
        return twice.rows(network, None, dtype, scaling)

    def objective(self, problem):
        self.asked.append("objective")
        return super().objective(problem)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_rows_and_objective_are_those_of_the_data_set(solver, data):
    there = Elsewhere(data.X, data.y, None, chosen=np.arange(9))
    vars(there)["asked"] = []
    trainer = make_trainer(solver=solver, max_iter=2)
    state = trainer.train(start(trainer), there)
    asked = there.asked
    assert_array_equal(asked[0][1], np.arange(9))
    assert asked[1:] == (["objective"] if solver == "lbfgs" else [])
    assert state.t == (160 if solver == "adam" else 0)  # two epochs of two times 40 rows


def test_it_warns_in_the_order_in_which_it_comes_to_know(data):
    trainer = make_trainer(batch_size=99, max_iter=1)
    _, told = with_warnings(trainer.train, start(trainer), data)
    clipped = ("Got `batch_size`=99", UserWarning)
    limit = "Stochastic Optimizer: Maximum iterations (1) reached and the optimization hasn't "
    assert [(text.split(",")[0], category) for text, category in told] == [
        clipped,
        (limit + "converged yet.", ConvergenceWarning),
    ]
    incremental = make_trainer(batch_size=40, incremental=True)
    incremental.train(start(incremental), data)


class Runs(Observer):
    def __init__(self, last=None):
        self.numbers, self.losses, self.last = [], [], last

    def run_begin(self, number, n_runs):
        self.numbers.append((number, n_runs))

    def epoch_end(self, state, rate=None):
        self.losses.append(state.history.loss)

    def run_end(self):
        return len(self.numbers) == self.last


class Interrupted(Activation):
    """Is interrupted in training, whose batches have more rows than its derivative is tried on."""

    def __call__(self, z):
        if z.shape[0] > 9:
            raise KeyboardInterrupt
        return z

    def derivative(self, z, a):
        return np.ones_like(z)


def test_an_interruption_is_a_warning_and_ends_all_runs(data):
    trainer, seen = make_trainer((2,), f=Interrupted(), n_init=3), Runs()
    state, told = with_warnings(trainer.train, start(trainer), data, observers=[seen])
    assert seen.numbers == [(1, 3)]
    assert ("Training interrupted by user.", UserWarning) in told
    assert state.history.losses == []


def test_an_interruption_of_an_incremental_training_is_the_callers(data):
    trainer = make_trainer((2,), f=Interrupted(), incremental=True)
    with pytest.raises(KeyboardInterrupt):
        trainer.train(start(trainer), data)


def test_the_best_of_several_runs_is_returned_and_an_observer_may_end_them(data):
    trainer = make_trainer((4,), n_init=4, max_iter=1)
    seen = Runs()
    state = trainer.train(start(trainer), data, observers=[seen])
    assert seen.numbers == [(number, 4) for number in (1, 2, 3, 4)]
    assert len(set(seen.losses)) == 4
    assert state.history.loss == min(seen.losses)
    short = Runs(last=2)
    trainer.train(start(trainer), data, observers=[short])
    assert short.losses == seen.losses[:2]


def test_validation_rows_are_scored_by_what_is_handed_in(data):
    trainer = make_trainer(early_stopping=True, max_iter=3, tol=0)
    scores = iter([0.1, 0.9, 0.5])

    def score(params, output):
        assert output.shape == (40, 1)
        return next(scores)

    state = trainer.train(start(trainer), data, validation=data, score=score)
    assert state.history.validation_scores == [0.1, 0.9, 0.5]
    assert (state.best.epoch, state.best.score) == (2, 0.9)


def test_to_go_on_changes_nothing_of_the_state_that_was(data):
    trainer = make_trainer((2,), incremental=True)
    state = trainer.train(start(trainer), data)
    before = state.params.copy()
    later = trainer.train(trainer.resume(state, trainer.network), data)
    assert_array_equal(state.params, before)
    assert len(later.history.losses) == 2
    assert len(state.history.losses) == later.history.n_iter == 1


@pytest.mark.parametrize(
    ("other", "match"),
    [
        ({"hidden": (5,)}, "the network must stay the same"),
        ({"hidden": (2,), "standardize": False}, "standardize must stay .numeric., got False"),
    ],
)
def test_another_network_or_scaling_is_not_gone_on_with(other, match, data):
    trainer = make_trainer((2,), incremental=True)
    state = trainer.train(start(trainer), data)
    with pytest.raises(ValueError, match=match):
        make_trainer(**other).resume(state, trainer.network)


def test_parameters_that_were_set_since_are_gone_on_from(data):
    trainer = make_trainer((2,), incremental=True)
    state = trainer.train(start(trainer), data)
    state.put(np.arange(trainer.network.n_parameters), state.scaling)
    again = trainer.resume(state, trainer.network)
    assert_array_equal(again.params, np.arange(trainer.network.n_parameters))
