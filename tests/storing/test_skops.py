"""Models stored by skops, which loads only what is trusted by name."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import (
    AdamW,
    Bounded,
    Cosine,
    Huber,
    Quantile,
    ScratchMLPEnsembleRegressor,
    ScratchMLPRegressor,
    TableEncoder,
    WeightRecorder,
    trusted_types,
)
from sknn_scratch.components.registries import ACTIVATIONS, EMBEDDINGS, LOSSES, SOLVERS
from sknn_scratch.estimators import base
from tests.helpers import label

io = pytest.importorskip("skops.io")

ALWAYS = {  # of every fitted model
    "sknn_scratch.maths.network.Network",
    "sknn_scratch.estimators.regressor.ScratchMLPRegressor",
    "sknn_scratch.data.scaling.Scaling",
    "sknn_scratch.training.state.TrainingState",
    "sknn_scratch.training.state.History",
    "sknn_scratch.training.state.Best",
}
DROPOUT = pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "1.25.0",
    reason="skops reads an attribute of generators that NumPy has from 1.25 on",
)


def components_of(model):
    """Return the names of the classes of a fitted model's components, for skops."""
    network = model._network
    kinds = {type(f) for f in network.activations} | {type(network.loss), model._state.solver}
    return {f"{kind.__module__}.{kind.__qualname__}" for kind in kinds}


def round_trip(model, trusted):
    return io.loads(io.dumps(model), trusted=sorted(trusted))


@pytest.mark.parametrize(
    "params",
    [
        *({"activation": name} for name in ACTIVATIONS),
        *({"loss": name} for name in LOSSES),
        *({"embedding": name} for name in EMBEDDINGS),
        *({"solver": name} for name in SOLVERS if SOLVERS[name].stochastic),
        {"early_stopping": True},
        {"random_state": np.random.RandomState(1)},
        pytest.param({"dropout": 0.5}, marks=DROPOUT),
        {
            "solver": AdamW(weight_decay=0.1),
            "learning_rate": Cosine(warmup=0.1),
            "loss": Quantile([0.1, 0.9]),
            "activation": ["gelu", "tanh"],
        },
    ],
    ids=label,
)
def test_a_model_comes_back_and_trains_on_identically(regression, params):
    X, y = regression
    y = np.exp(y)
    model = ScratchMLPRegressor((4, 3), batch_size=8, **{"random_state": 0, **params})
    model.partial_fit(X, y).partial_fit(X, y)
    named = set(io.get_untrusted_types(data=io.dumps(model)))
    assert ALWAYS | components_of(model) <= named <= set(trusted_types())
    twin = round_trip(model, named)
    assert vars(twin).keys() == vars(model).keys()
    for _ in range(2):
        assert_array_equal(twin.predict(X), model.predict(X))
        assert twin.loss_curve_ == model.loss_curve_
        assert twin.validation_scores_ == model.validation_scores_
        model.partial_fit(X, y)
        twin.partial_fit(X, y)


def test_lbfgs_in_a_pipeline_comes_back(regression):
    X, y = regression
    net = ScratchMLPRegressor(
        (3,), solver="lbfgs", alpha=1, max_iter=500, loss=Huber(2), out_activation=Bounded(-9, 9)
    )
    model = make_pipeline(StandardScaler(), net).fit(X, y)
    twin = round_trip(model, ALWAYS | components_of(net))
    assert_array_equal(twin.predict(X), model.predict(X))
    assert twin[-1].out_activation_ == Bounded(-9, 9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.skipif(
    not hasattr(ScratchMLPRegressor, "set_callbacks"), reason="callbacks came with 1.9"
)
def test_what_a_callback_has_recorded_comes_back(regression):
    model = ScratchMLPRegressor((3,), max_iter=3, random_state=0)
    model.set_callbacks(recorder := WeightRecorder()).fit(*regression)
    (twin,) = round_trip(model, trusted_types())._skl_callbacks
    assert_array_equal(twin.coefs_[0], recorder.coefs_[0])


def test_a_model_that_is_not_fitted_comes_back():
    twin = round_trip(ScratchMLPRegressor((3,), alpha=7), ALWAYS)
    assert twin.get_params() == ScratchMLPRegressor((3,), alpha=7).get_params()


def test_nothing_is_trusted_by_itself(regression):
    model = ScratchMLPRegressor().partial_fit(*regression)
    with pytest.raises(io.exceptions.UntrustedTypesFoundException, match="ScratchMLPRegressor"):
        round_trip(model, [])


def test_another_layout_is_refused(regression, monkeypatch):
    model = ScratchMLPRegressor().partial_fit(*regression)
    with monkeypatch.context() as patched:
        patched.setattr(base, "LAYOUT", 0)
        stored = io.dumps(model)
    with pytest.raises(ValueError, match="in layout 0"):
        io.loads(stored, trusted=io.get_untrusted_types(data=stored))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_ensemble_comes_back_with_its_intervals(regression):
    X, y = regression
    network = ScratchMLPRegressor((3,), max_iter=5)
    estimator = make_pipeline(StandardScaler(), network)
    model = ScratchMLPEnsembleRegressor(estimator, 2, random_state=0).fit(X, y)
    twin = round_trip(model, trusted_types())
    assert_array_equal(twin.predict_interval(X, 0.8), model.predict_interval(X, 0.8))


def test_a_class_of_ones_own_is_not_trusted(regression):
    class Mine(Huber):
        pass

    model = ScratchMLPRegressor((3,), loss=Mine()).partial_fit(*regression)
    with pytest.raises(io.exceptions.UntrustedTypesFoundException, match="Mine"):
        round_trip(model, trusted_types())


def test_an_encoder_of_tables_comes_back():
    days = np.datetime64("2020-01-01") + np.arange(30)
    X = np.empty((30, 4), object)
    X[:, 0], X[:, 1], X[:, 2] = [["x", "y", None][i % 3] for i in range(30)], np.arange(30), days
    X[0, 1] = None
    encoder = TableEncoder().fit(X)
    named = set(io.get_untrusted_types(data=io.dumps(encoder)))
    assert "sknn_scratch.tables.kinds.Words" in named <= set(trusted_types())
    assert_array_equal(round_trip(encoder, named).transform(X), encoder.transform(X))
