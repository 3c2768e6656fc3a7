"""scikit-learn's callbacks on an ensemble: a task per member, whose epochs they may see too."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from sknn_scratch import ScratchMLPEnsembleRegressor, ScratchMLPRegressor, WeightRecorder

framework = pytest.importorskip("sklearn.callback", reason="callbacks came with 1.9")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
NETWORK = ScratchMLPRegressor((5,), max_iter=2)


class Recorder:
    """Notes every hook."""

    def __init__(self):
        self.calls, self.rows, self.prediction = [], [], None

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.calls.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self.calls.append(("end", context.task_name, context.task_id))
        self.rows.append((len(X), len(y)))
        if context.task_name == "fit" and fitted_estimator is not None:
            self.prediction = fitted_estimator.predict(X)


class Following(Recorder):
    """Goes on to the members as well."""

    max_propagation_depth = None


def ensemble(callback, estimator=NETWORK, **params):
    model = ScratchMLPEnsembleRegressor(clone(estimator), 2, random_state=0, **params)
    return model.set_callbacks(callback)


def test_each_member_is_a_task(regression):
    recorder = Recorder()
    model = ensemble(recorder).fit(*regression)
    members = [(when, "member", i) for i in range(2) for when in ("begin", "end")]
    assert recorder.calls == [
        "setup", ("begin", "fit", 0), *members, ("end", "fit", 0), "teardown"
    ]  # fmt: skip
    assert recorder.rows == [(30, 30), (30, 30), (60, 60)]
    assert_array_equal(recorder.prediction, model.predict(regression[0]))


def test_one_that_goes_on_to_members_sees_their_epochs(regression):
    recorder = Following()
    model = ensemble(recorder).fit(*regression)
    names = [call[1] for call in recorder.calls if call[0] == "begin"]
    assert names == ["fit", "fit", "epoch", "epoch", "fit", "epoch", "epoch"]
    assert not any(hasattr(member, "_skl_callbacks") for member in model.estimators_)


def test_callbacks_change_nothing(regression):
    X, y = regression
    plain = ScratchMLPEnsembleRegressor(NETWORK, 2, random_state=0).fit(X, y)
    watched = ensemble(Recorder()).fit(X, y)
    assert_array_equal(watched.predict_interval(X), plain.predict_interval(X))
    assert set(vars(watched)) - set(vars(plain)) == {"_skl_callbacks"}


def test_a_fit_that_fails_tears_down_and_leaves_all_as_it_was(regression):
    X, y = regression
    recorder = Recorder()
    model = ensemble(recorder).fit(X, y)
    expected = model.predict(X)
    model.set_params(estimator__alpha=-1)
    with pytest.raises(ValueError, match="alpha"):
        model.fit(X, y)
    assert recorder.calls[-1] == "teardown"
    assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_callback_sees_the_fitted_ensemble_wherever_members_are_trained(n_jobs, regression):
    monitor = framework.ScoringMonitor(scoring="r2")
    model = ensemble(monitor, n_jobs=n_jobs).fit(*regression)
    (log,) = monitor.get_logs().data
    assert log["r2"] == pytest.approx(model.score(*regression))


def test_a_callback_is_handed_the_table_that_fit_was_given(regression):
    pd = pytest.importorskip("pandas")
    X, y = regression
    table = pd.DataFrame({"size": X[:, 0], "colour": np.where(X[:, 1] > 0, "red", "green")})
    monitor = framework.ScoringMonitor(scoring="r2")
    model = ensemble(monitor).fit(table, y)
    (log,) = monitor.get_logs().data
    assert log["r2"] == pytest.approx(model.score(table, y))


def test_a_member_that_takes_no_callbacks_is_warned_of(regression):
    with pytest.warns(UserWarning, match="does not support callbacks"):
        ensemble(Following(), LinearRegression()).fit(*regression)
    assert np.isfinite(ensemble(Recorder(), LinearRegression()).fit(*regression).oob_score_)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_records_that_stay_in_another_process_are_warned_of_once(n_jobs, regression):
    recorder = WeightRecorder()
    network = ScratchMLPRegressor((5,), max_iter=2).set_callbacks(recorder)
    model = ScratchMLPEnsembleRegressor(network, 2, random_state=0, n_jobs=n_jobs)
    if n_jobs == 1:
        model.fit(*regression)
        assert len(recorder.loss_) == 3
        return
    with pytest.warns(UserWarning, match="WeightRecorder stays empty") as found:
        model.fit(*regression)
    assert sum("WeightRecorder" in str(each.message) for each in found) == 1
