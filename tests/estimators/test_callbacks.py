"""scikit-learn's callbacks, where there are any; and nothing amiss where there are none."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import ScratchMLPRegressor

try:
    from sklearn import callback as framework
except ImportError:
    framework = None

needs_callbacks = pytest.mark.skipif(framework is None, reason="callbacks came with 1.9")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SHORT = {"hidden_layer_sizes": (5,), "max_iter": 6, "random_state": 0}
every_solver = pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])


def network(**params):
    return ScratchMLPRegressor(**{**SHORT, **params})


class Recorder:
    """Notes every hook; stops where it is told to."""

    def __init__(self, stop_at=None):
        self.calls, self.predictions, self.stop_at = [], [], stop_at

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, fitted_estimator=None):
        self.calls.append(("begin", context.task_name, context.task_id))
        if context.task_name == "epoch" and context.task_id == 0:
            self.start = fitted_estimator

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None
    ):
        self.calls.append(("end", context.task_name, context.task_id))
        self.data = X, y, metadata
        if fitted_estimator is not None:
            self.predictions.append(fitted_estimator.predict(X))
        return context.task_name == "epoch" and context.task_id == self.stop_at


@needs_callbacks
@every_solver
def test_there_is_a_task_for_each_epoch_with_an_estimator_ready_to_predict(solver, regression):
    X, y = regression
    recorder = Recorder()
    model = network(solver=solver).set_callbacks(recorder)
    model.fit(X, y, sample_weight=np.ones(60))
    epochs = [(when, "epoch", i) for i in range(6) for when in ("begin", "end")]
    assert recorder.calls == [
        "setup", ("begin", "fit", 0), *epochs, ("end", "fit", 0), "teardown"
    ]  # fmt: skip
    for n, prediction in enumerate(recorder.predictions[:-1], 1):
        shorter = network(solver=solver, max_iter=n).fit(X, y)
        assert_allclose(prediction, shorter.predict(X), rtol=1e-12)
    assert_array_equal(recorder.predictions[-1], model.predict(X))
    assert_array_equal(recorder.data[0], X)
    assert_array_equal(recorder.data[1], y)
    assert_array_equal(recorder.data[2]["sample_weight"], np.ones(60))


@needs_callbacks
@every_solver
def test_callbacks_change_nothing_unless_they_stop_training(solver, regression):
    watched = network(solver=solver).set_callbacks(Recorder()).fit(*regression)
    plain = network(solver=solver).fit(*regression)
    assert_array_equal(watched.coefs_[0], plain.coefs_[0])
    assert set(vars(watched)) - set(vars(plain)) == {"_skl_callbacks"}


@needs_callbacks
@every_solver
def test_a_callback_that_returns_true_stops_training(solver, regression):
    model = network(solver=solver).set_callbacks(Recorder(stop_at=2)).fit(*regression)
    assert model.n_iter_ == 3
    shorter = network(solver=solver, max_iter=3)
    with pytest.warns(UserWarning, match="converge"):
        shorter.fit(*regression)
    assert_array_equal(model.coefs_[0], shorter.coefs_[0])


@needs_callbacks
@every_solver
def test_to_be_stopped_by_a_callback_is_no_lack_of_convergence(solver, regression):
    model = network(solver=solver).set_callbacks(Recorder(stop_at=2))
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        model.fit(*regression)
    assert not [each for each in found if "converge" in str(each.message)]


@needs_callbacks
def test_under_early_stopping_the_estimator_has_the_best_weights_so_far(regression):
    recorder = Recorder()
    settings = {"early_stopping": True, "max_iter": 30, "learning_rate_init": 0.3}
    model = network(**settings).set_callbacks(recorder).fit(*regression)
    best = model.n_iter_best_ - 1
    assert best < len(model.loss_curve_) - 1
    for prediction in recorder.predictions[best:]:
        assert_array_equal(prediction, model.predict(regression[0]))


@needs_callbacks
def test_callbacks_are_handed_the_weights_of_rows_if_fit_was(regression):
    X, y = regression
    Y, weight = np.c_[y, y], np.arange(1.0, 61)
    Y[:5] = Y[::2, 0] = np.nan
    for weights in ({}, {"sample_weight": weight}):
        recorder = Recorder()
        network(missing_targets="ignore").set_callbacks(recorder).fit(X, Y, **weights)
        assert recorder.data[2].keys() == weights.keys()
    measured = np.arange(60) > 4
    assert_array_equal(recorder.data[2]["sample_weight"], weight * measured)


@needs_callbacks
def test_the_first_epoch_begins_with_the_initial_weights(regression):
    X, y = regression
    recorder = Recorder()
    network().set_callbacks(recorder).fit(X, y)
    still = network(max_iter=1, learning_rate_init=1e-300).fit(X, y)
    assert_allclose(recorder.start.predict(X), still.predict(X))


@needs_callbacks
def test_each_initialization_is_a_task_of_its_own(regression):
    recorder = Recorder()
    network(n_init=2, max_iter=2).set_callbacks(recorder).fit(*regression)
    runs = [call for call in recorder.calls if "initialization" in call]
    assert runs == [(when, "initialization", i) for i in range(2) for when in ("begin", "end")]
    assert len([call for call in recorder.calls if "epoch" in call]) == 8


@needs_callbacks
@pytest.mark.parametrize(
    ("n_init", "most"),
    [(1, {"fit": 6, "epoch": 0}), (3, {"fit": 3, "initialization": 6, "epoch": 0})],
)
def test_a_task_says_how_many_there_are_at_most_within_it(n_init, most, regression):
    class Counts(Recorder):
        most = {}

        def on_fit_task_begin(self, estimator, context):
            self.most[context.task_name] = context.max_subtasks

    network(n_init=n_init).set_callbacks(Counts()).fit(*regression)
    assert Counts.most == most


@needs_callbacks
def test_a_callback_that_returns_true_at_the_end_of_an_initialization_ends_restarts(regression):
    class Once(Recorder):
        def on_fit_task_end(self, estimator, context):
            self.calls.append(("end", context.task_name, context.task_id))
            return context.task_name == "initialization"

    recorder = Once()
    network(n_init=3, max_iter=2).set_callbacks(recorder).fit(*regression)
    runs = [call for call in recorder.calls if "initialization" in call]
    assert runs == [("begin", "initialization", 0), ("end", "initialization", 0)]


@needs_callbacks
def test_an_epoch_that_is_interrupted_ends_with_the_rest(regression):
    class Interrupted(Recorder):
        def on_fit_task_begin(self, estimator, context):
            super().on_fit_task_begin(estimator, context)
            if (context.task_name, context.task_id) == ("epoch", 2):
                raise KeyboardInterrupt

    recorder = Interrupted()
    with pytest.warns(UserWarning, match="interrupted by user"):
        model = network().set_callbacks(recorder).fit(*regression)
    assert model.n_iter_ == 2
    epochs = [("begin", "epoch", 2), ("end", "epoch", 2)]
    assert recorder.calls[-4:] == [*epochs, ("end", "fit", 0), "teardown"]


@needs_callbacks
def test_an_initialization_that_diverges_ends_all_its_tasks(regression):
    draws = iter([1e200, 0.1])

    def init(shape, random_state):
        return np.full(shape, next(draws))

    recorder = Recorder()
    model = network(hidden_layer_sizes=(), init=init, n_init=2, max_iter=2)
    model.set_callbacks(recorder).fit(*regression)
    begun, ended = (
        [call[1:] for call in recorder.calls if call[0] == when] for when in ("begin", "end")
    )
    assert len(begun) == 6  # fit, two initializations, one epoch and two
    assert sorted(begun) == sorted(ended)
    assert len(recorder.predictions) == 3  # of the two epochs, and of fit: none where it diverged


@needs_callbacks
@every_solver
def test_a_failed_fit_tears_down_and_leaves_no_trace(solver, regression):
    X, y = regression
    recorder = Recorder()
    model = network(solver=solver, learning_rate_init=1e200, standardize=False)
    model.set_callbacks(recorder)
    before = dict(vars(model))
    with pytest.raises(ValueError, match="diverged"):
        model.fit(1e200 * X, y)
    assert recorder.calls[-1] == "teardown"
    assert vars(model) == before


@needs_callbacks
def test_several_fits_in_a_row_begin_anew(regression):
    recorder = Recorder()
    model = network(max_iter=2, warm_start=True).set_callbacks(recorder)
    model.fit(*regression).fit(*regression)
    assert recorder.calls.count("setup") == recorder.calls.count("teardown") == 2


@needs_callbacks
def test_partial_fit_has_no_tasks(regression):
    recorder = Recorder()
    network().set_callbacks(recorder).partial_fit(*regression)
    assert recorder.calls == []


@needs_callbacks
def test_a_clone_keeps_its_callbacks_and_a_copy_without_them_is_as_before(regression):
    recorder = Recorder()
    model = clone(network().set_callbacks(recorder))
    model.fit(*regression)
    assert "setup" in recorder.calls
    model.set_callbacks()
    n_calls = len(recorder.calls)
    pickle.loads(pickle.dumps(model)).fit(*regression)
    assert len(recorder.calls) == n_calls


@needs_callbacks
def test_scoring_monitor_logs_the_score_of_each_epoch(regression):
    monitor = framework.ScoringMonitor(scoring="r2")
    model = network().set_callbacks(monitor).fit(*regression)
    scores = [row["r2"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(scores) == 6
    assert scores[-1] == pytest.approx(model.score(*regression))


@needs_callbacks
def test_callbacks_are_handed_a_frame_with_the_names_that_predict_asks_for(regression):
    X, y = regression
    monitor = framework.ScoringMonitor(scoring="r2")
    model = network().set_callbacks(monitor).fit(pd.DataFrame(X, columns=list("abcd")), y)
    same = network().fit(X, y)
    assert monitor.get_logs().data[-1]["r2"] == pytest.approx(same.score(X, y))
    assert list(model.feature_names_in_) == list("abcd")


@needs_callbacks
def test_the_estimator_of_an_epoch_can_be_looked_into_and_trained_on_by_itself(regression):
    class Trainer(Recorder):
        def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
            if context.task_name == "epoch":
                assert fitted_estimator.check_gradient(X, y) < 1e-6
                fitted_estimator.partial_fit(X, y)
                self.trained = fitted_estimator

    recorder = Trainer()
    model = network(batch_size=20).set_callbacks(recorder).fit(*regression)
    plain = network(batch_size=20).fit(*regression)
    assert_array_equal(model.coefs_[0], plain.coefs_[0])  # nothing was drawn from its random state
    assert_array_equal(recorder.trained.coefs_[0], plain.partial_fit(*regression).coefs_[0])


@needs_callbacks
@pytest.mark.parametrize("depth", [1, None])
def test_a_progress_bar_goes_through_pipeline_and_grid_search(depth, regression, capsys):
    pytest.importorskip("rich")
    pipeline = make_pipeline(StandardScaler(), network(max_iter=2))
    search = GridSearchCV(pipeline, {"scratchmlpregressor__alpha": [0, 1]}, cv=2)
    bar = framework.ProgressBar(max_propagation_depth=depth)
    search.set_callbacks(bar).fit(*regression)
    assert ("ScratchMLPRegressor" in capsys.readouterr().out) == (depth is None)


@pytest.mark.skipif(framework is not None, reason="callbacks came with 1.9")
def test_before_1_9_there_is_no_set_callbacks():
    assert not hasattr(network(), "set_callbacks")
