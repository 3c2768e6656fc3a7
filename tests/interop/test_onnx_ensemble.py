"""An ensemble as one ONNX graph, next to `predict`."""

import importlib

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import Quantile, ScratchMLPEnsembleRegressor, ScratchMLPRegressor

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
skl2onnx = pytest.importorskip("skl2onnx")
importlib.import_module("sknn_scratch.onnx")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
NET = ScratchMLPRegressor((5,), solver="lbfgs", max_iter=20)
QUANTILES = ScratchMLPRegressor((5,), solver="lbfgs", max_iter=20, loss=Quantile([0.1, 0.9]))


def ensemble(estimator=NET):
    return ScratchMLPEnsembleRegressor(estimator, 3, random_state=0)


def compute(graph, **inputs):
    onnx.checker.check_model(graph)
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, inputs)[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_targets", [1, 2])
@pytest.mark.parametrize(
    "estimator", [NET, make_pipeline(StandardScaler(), NET)], ids=["net", "pipe"]
)
def test_the_graph_of_an_ensemble_predicts_as_it_does(estimator, n_targets, dtype, regression):
    X, y = regression[0].astype(dtype), np.outer(regression[1], [1, -2])[:, :n_targets]
    model = ensemble(estimator).fit(X, y if n_targets > 1 else y.ravel())
    got = compute(skl2onnx.to_onnx(model, X[:1]), X=X)
    assert got.dtype == dtype
    assert got.shape == (60, n_targets)
    expected = model.predict(X).reshape(60, n_targets)
    assert np.ptp(expected) > 1
    assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("weights", [[1.0, 0.0, 0.0], [[0.1, 0.5], [0.7, 0.3], [0.2, 0.2]]])
def test_members_count_by_their_weights_which_each_target_may_have_of_its_own(weights, regression):
    X, y = regression
    weights = np.array(weights)
    model = ensemble().fit(X, y if weights.ndim == 1 else np.c_[y, -2 * y])
    model.weights_ = weights
    expected = sum(w * member.predict(X) for w, member in zip(weights, model.estimators_))
    assert_allclose(compute(skl2onnx.to_onnx(model, X[:1]), X=X), expected.reshape(60, -1))


@pytest.mark.slow
def test_the_kinds_of_members_of_a_default_ensemble_count_by_their_weights(regression):
    X, y = regression
    model = ScratchMLPEnsembleRegressor(n_estimators=2, random_state=0).fit(X, y)
    assert np.ptp(model.weights_) > 0.05
    got = compute(skl2onnx.to_onnx(model, X[:1]), X=X).ravel()
    in_double = sum(w * member.predict(X) for w, member in zip(model.weights_, model.estimators_))
    assert_allclose(got, in_double, rtol=1e-9)
    assert_allclose(got, model.predict(X), atol=1e-5)  # which is in float32, as they were trained


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_further_regressors_are_in_the_graph(dtype, regression):
    X, y = regression[0].astype(np.float32).astype(dtype), regression[1]  # as trees take it
    forest = RandomForestRegressor(5, max_depth=3)
    model = ensemble().set_params(blend_with=[forest]).fit(X, y)
    assert 0.1 < model.weights_[3:].sum() < 0.9
    got = compute(skl2onnx.to_onnx(model, X[:1]), X=X).ravel()
    assert_allclose(got, model.predict(X), rtol=1e-5, atol=1e-5)


def test_in_front_of_other_steps_the_graph_has_what_each_member_predicts(regression):
    X, y = regression
    for targets in (y, np.c_[y, -2 * y]):
        both = FeatureUnion([("ensemble", ensemble()), ("scaler", StandardScaler())])
        model = make_pipeline(both, Ridge()).fit(X, targets)
        model[0].transformer_list[0][1].weights_ = np.array([1.0, 0.0, 0.0])  # which play no part
        got = compute(skl2onnx.to_onnx(model, X[:1]), X=X)
        assert_allclose(got, model.predict(X).reshape(60, -1), rtol=1e-9)


class OfOnesOwn(Ridge):
    """What no converter is known for."""


def test_what_cannot_be_converted_is_not_left_out(regression):
    model = ensemble().set_params(blend_with=[OfOnesOwn()]).fit(*regression)
    with pytest.raises(RuntimeError, match="OfOnesOwn"):
        skl2onnx.to_onnx(model, regression[0][:1])
    model.weights_ = np.repeat([1 / 3, 0], 3)  # without it
    got = compute(skl2onnx.to_onnx(model, regression[0][:1]), X=regression[0]).ravel()
    assert_allclose(got, model.predict(regression[0]), rtol=1e-9)


def test_the_graph_keeps_to_the_range_of_the_target(regression):
    X, y = regression
    model = ensemble().set_params(target_range=(y.min(), None)).fit(X, y)
    X = 5 * X
    expected = model.predict(X)
    assert np.sum(expected == y.min()) > 0
    assert_allclose(compute(skl2onnx.to_onnx(model, X[:1]), X=X).ravel(), expected)


def test_each_target_may_have_a_smallest_prediction_of_its_own(regression):
    X, y = regression
    model = ensemble().fit(X, np.c_[y, -2 * y])
    model._prediction_limits = np.array([0.5, -np.inf]), np.inf
    expected = model.predict(X)
    assert expected[:, 0].min() == 0.5
    assert expected[:, 1].min() < 0
    assert_allclose(compute(skl2onnx.to_onnx(model, X[:1]), X=X), expected)


def test_an_infinite_prediction_is_none_of_targets_that_it_has_no_weight_for(regression):
    X, y = regression
    model = ensemble(LinearRegression()).fit(X, np.c_[y, -y])
    model.weights_ = np.array([[0.5, 0.2], [0.5, 0.3], [0.0, 0.5]])
    model.estimators_[2].intercept_ = np.full(2, np.inf)
    expected = sum(w * m.predict(X) for w, m in zip([0.5, 0.5], model.estimators_))
    got = compute(skl2onnx.to_onnx(model, X[:1]), X=X)
    assert_allclose(got[:, 0], expected[:, 0])
    assert np.isinf(got[:, 1]).all()


def test_quantiles_are_columns_of_the_graph(regression):
    X, y = regression
    model = ensemble(QUANTILES).fit(X, y)
    assert_allclose(compute(skl2onnx.to_onnx(model, X[:1]), X=X), model.predict(X), rtol=1e-9)


def test_an_ensemble_in_a_pipeline_and_on_a_data_frame_is_one_graph_too(regression):
    X, y = regression
    model = make_pipeline(StandardScaler(), ensemble()).fit(X, y)
    assert_allclose(
        compute(skl2onnx.to_onnx(model, X[:1]), X=X).ravel(), model.predict(X), rtol=1e-9
    )
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = ensemble().fit(frame, y)
    columns = {name: frame[[name]].to_numpy() for name in frame}
    got = compute(skl2onnx.to_onnx(model, frame[:1]), **columns)
    assert_allclose(got.ravel(), model.predict(frame), rtol=1e-9)


def test_integers_are_taken_as_float32(regression):
    counts = np.arange(240, dtype=np.int64).reshape(60, 4) % 7
    model = ensemble().fit(counts, regression[1])
    got = compute(skl2onnx.to_onnx(model, counts[:1]), X=counts)
    assert_allclose(got.ravel(), model.predict(counts), rtol=1e-4, atol=1e-4)
