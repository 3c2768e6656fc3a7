"""ONNX graphs, computed by ONNX Runtime, next to `predict`."""

import importlib
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from sknn_scratch import Activation, Bounded, Quantile, ScratchMLPRegressor, SquaredError
from sknn_scratch.components.registries import ACTIVATIONS, LOSSES

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
skl2onnx = pytest.importorskip("skl2onnx")
importlib.import_module("sknn_scratch.onnx")

DTYPES = [np.float32, np.float64]
ids = pytest.mark.parametrize("dtype", DTYPES, ids=["float32", "float64"])


def compute(graph, X):
    """Return what ONNX Runtime makes of X, an array or a data frame."""
    onnx.checker.check_model(graph)
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    if isinstance(X, np.ndarray):
        return session.run(None, {"X": X})[0]
    return session.run(None, {name: X[[name]].to_numpy() for name in X.columns})[0]


def assert_same(model, X, **options):
    """Compare the graph's predictions with the model's, relative to the largest."""
    want = model.predict(X)
    graph = skl2onnx.to_onnx(model, X[:1], **options)
    got = compute(graph, X)
    if isinstance(X, np.ndarray):
        assert got.dtype == X.dtype
    assert got.shape == (len(X), want.size // len(X))
    declared = graph.graph.output[0].type.tensor_type.shape.dim
    assert declared[1].dim_value == got.shape[1]
    assert np.ptp(want) > 0
    assert_allclose(got, want.reshape(got.shape), rtol=1e-5, atol=1e-5 * abs(want).max())


def seen(X, y, hidden_layer_sizes=(5, 4), **params):
    """Return a network after one epoch."""
    model = ScratchMLPRegressor(hidden_layer_sizes, random_state=0, **params)
    return model.partial_fit(X, y)


@pytest.fixture
def data(regression):
    """Return X (60, 4) and a positive y."""
    X, y = regression
    return X, np.exp(y)


@ids
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_in_hidden_layers(data, activation, dtype):
    X, y = data
    model = seen(X.astype(dtype), y, activation=activation)
    assert_same(model, X.astype(dtype))


@ids
@pytest.mark.parametrize("f", [*ACTIVATIONS.values(), Bounded(-3, 40)], ids=str)
def test_every_activation_at_the_output_far_out_too(f, dtype):
    model = seen(np.ones((2, 1), dtype), np.ones(2), (), out_activation=f, standardize=False)
    model.coefs_, model.intercepts_ = [[[1.0]]], [[0.0]]  # predicts f(z)
    sizes = np.geomspace(1e-6, 100, 200)
    z = np.concatenate([-sizes, [0], sizes]).astype(dtype).reshape(-1, 1)
    got = compute(skl2onnx.to_onnx(model, z[:1]), z)
    with np.errstate(over="ignore"):
        want = f(z)
    assert got.dtype == dtype
    if f.name == "gelu":  # made of 1 + erf, in float32, whose tail has no more digits than 1
        assert_allclose(got, want, rtol=1e-5, atol=1e-6)
    else:
        tiny = float(np.finfo(dtype).tiny)
        assert_allclose(got, want, rtol=1e-5 if dtype == np.float32 else 1e-12, atol=10 * tiny)


@ids
@pytest.mark.parametrize("loss", [*LOSSES.values(), Quantile([0.1, 0.5, 0.9])], ids=str)
def test_every_loss_with_its_link(data, loss, dtype):
    X, y = data
    assert_same(seen(X.astype(dtype), y, loss=loss), X.astype(dtype))


def test_quantiles_are_sorted_in_the_graph_too(data):
    X, y = data
    model = seen(X, y, (), loss=Quantile([0.1, 0.5, 0.9]))
    rng = np.random.default_rng(0)
    model.coefs_ = [rng.normal(size=(4, 3))]
    raw = X @ model.coefs_[0] + model.intercepts_[0]
    assert (np.diff(raw, axis=1) < 0).any()
    assert_same(model, X)


@ids
@pytest.mark.parametrize(
    "params",
    [
        {"hidden_layer_sizes": ()},
        {"fit_intercept": False},
        {"activation": ["tanh", "mish"]},
        {"early_stopping": True},
        {"standardize": False, "dropout": 0.5},
    ],
    ids=str,
)
def test_every_kind_of_network_with_several_outputs(data, params, dtype):
    X, y = data
    assert_same(seen(X.astype(dtype), np.c_[y, -y, X[:, 0]], **params), X.astype(dtype))


@pytest.mark.parametrize("opset", [11, 13, 15, 18, None])
def test_every_operator_set_from_11_on(data, opset):
    X, y = data
    model = seen(X, y, activation=["gelu", "softplus"], loss=Quantile([0.2, 0.8]))
    assert_same(model, X, target_opset=opset)


@ids
def test_all_numbers_in_the_graph_have_the_type_of_the_inputs(data, dtype):
    X, y = data
    model = seen(X, y)  # itself in float64
    graph = skl2onnx.to_onnx(model, X[:1].astype(dtype)).graph
    types = {onnx.helper.tensor_dtype_to_np_dtype(each.data_type) for each in graph.initializer}
    assert types == {np.dtype(dtype)}
    assert not any(node.op_type == "Cast" for node in graph.node)


def test_integers_are_taken_as_float32(data):
    y = data[1]
    counts = np.arange(240, dtype=np.int64).reshape(60, 4) % 7
    graph = skl2onnx.to_onnx(seen(counts, y), counts[:1])
    got = compute(graph, counts)
    assert got.dtype == np.float32
    assert_allclose(got.ravel(), seen(counts, y).predict(counts), rtol=1e-5)


# --- with other estimators ---


@pytest.fixture
def network():
    return ScratchMLPRegressor((3,), random_state=0, solver="lbfgs", alpha=0.1, max_iter=500)


@ids
def test_in_a_pipeline_behind_a_scaler(data, network, dtype):
    X, y = data
    X = X.astype(dtype)
    assert_same(make_pipeline(StandardScaler(), network).fit(X, y), X)


def columns(network):
    """Return a pipeline of a network behind a column transformer."""
    scaled = make_column_transformer((StandardScaler(), [0, 2]), ("passthrough", [3]))
    return make_pipeline(scaled, network)


COMBINATIONS = {
    "behind a column transformer": columns,
    "in a grid search": lambda network: GridSearchCV(network, {"alpha": [0.1, 1]}, cv=2),
    "stacked": lambda network: StackingRegressor([("a", network), ("b", Ridge())], network, cv=2),
    # as a transformer
    "in front of a regressor": lambda network: make_pipeline(network, Ridge()),
    "in front of itself": lambda network: make_pipeline(network, clone(network)),
    "in a union": lambda network: make_pipeline(make_union(network, StandardScaler()), Ridge()),
    "in a column transformer": lambda network: make_pipeline(
        make_column_transformer((network, [0, 1]), (StandardScaler(), [2, 3])), Ridge()
    ),
    "stacked, in front of a regressor": lambda network: StackingRegressor(
        [("a", make_pipeline(network, Ridge())), ("b", Ridge())], cv=2
    ),
}


@pytest.mark.parametrize("combined", COMBINATIONS.values(), ids=COMBINATIONS)
def test_with_other_estimators(data, network, combined):
    X, y = data
    assert_same(combined(network).fit(X, y), X)


@ids
def test_other_converters_are_told_type_and_width(data, network, dtype):
    X, y = data
    model = make_pipeline(network, clone(network).set_params(hidden_layer_sizes=(2,)))
    model.fit(X, np.c_[y, -y, y, X])
    inputs = skl2onnx.common.data_types.guess_data_type(X.astype(dtype))
    _, topology = skl2onnx.convert_sklearn(model, initial_types=inputs, intermediate=True)
    told = [variable.type for variable in topology.scopes[0].variables.values()]
    assert [each.shape[1] for each in told] == [4, 3, 7]
    double = skl2onnx.common.data_types.DoubleTensorType
    assert [isinstance(each, double) for each in told] == [dtype == np.float64] * 3


def test_columns_of_a_data_frame_are_inputs_of_their_own(data):
    pandas = pytest.importorskip("pandas")
    X, y = data
    frame = pandas.DataFrame(X, columns=list("abcd")).astype({"a": np.float32, "b": np.int64})
    model = seen(frame, y)
    assert_same(model, frame)
    assert compute(skl2onnx.to_onnx(model, frame[:1]), frame).dtype == np.float64


def test_a_network_that_is_not_fitted_is_refused(data):
    with pytest.raises(NotFittedError):
        skl2onnx.to_onnx(ScratchMLPRegressor(), data[0][:1])


# --- components of one's own ---


wrong_derivative = pytest.mark.filterwarnings("ignore:Own.derivative returns:UserWarning")


class Own(Activation):
    """An activation by any function."""

    def __init__(self, f):
        self.f = f

    def __call__(self, z):
        return self.f(z)

    def derivative(self, z, a):
        return np.ones_like(z)

    def __repr__(self):
        return "Own()"


@ids
@wrong_derivative
@pytest.mark.parametrize(
    "f",
    [
        lambda z: np.sin(3 * z),
        lambda z: 0.5 * z * (1 + np.tanh(0.8 * (z + 0.04 * z**3))),
        lambda z: np.sqrt(np.square(z) + 1) - np.log(2 + np.abs(z)),
        lambda z: special.erf(z) + np.expm1(-np.maximum(z, -z)),
        lambda z: (z > 0.1).astype(z.dtype) * z - 0.5 * (z < -0.1) + np.clip(z, -1, 1),
    ],
    ids=["sine", "gelu by tanh", "roots", "erf", "masks"],
)
def test_an_activation_of_known_functions_is_converted(data, f, dtype):
    X, y = data
    assert_same(seen(X.astype(dtype), y, (3,), activation=Own(f)), X.astype(dtype))


@wrong_derivative
@pytest.mark.filterwarnings("ignore:Own is not elementwise")
@pytest.mark.parametrize(
    ("f", "reason"),
    [
        (lambda z: z + 0 * np.spacing(z), "spacing"),
        (lambda z: np.where(z > 0, z, 0), "where"),
        (lambda z: np.add(z, 1, dtype=z.dtype), "add is called with dtype"),
        (lambda z: np.exp(z, where=True), "exp is called with where"),
        (lambda z: z / z.shape[0], "the number of rows"),
        (lambda z: z / z.max(), "max"),
        (lambda z: np.cumsum(z, axis=0), "cumsum"),
        (lambda z: np.add.accumulate(z), "add.accumulate"),
        (lambda z: z * np.isfinite(z).all(), "isfinite"),
        (lambda z: 2 * np.asarray(z), "numbers"),
        (lambda z: np.sort(z, axis=0), "axis 1"),
    ],
)
def test_any_other_is_refused_by_name(data, f, reason):
    X, y = data
    model = seen(X, y, (3,), activation=Own(f))
    with pytest.raises(ValueError, match=rf"Own\(\) cannot be converted to ONNX: .*{reason}"):
        skl2onnx.to_onnx(model, X[:1])


def test_a_loss_that_predicts_by_a_formula_is_converted_or_refused(data):
    class Doubled(SquaredError):
        def predict(self, a):
            return 2 * a

    class Rounded(SquaredError):
        def predict(self, a):
            return np.rint(a)

    X, y = data
    assert_same(seen(X, y, loss=Doubled()), X)
    with pytest.raises(ValueError, match=r"Rounded\(\) cannot be converted .*rint"):
        skl2onnx.to_onnx(seen(X, y, loss=Rounded()), X[:1])


def test_without_skl2onnx_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)  # makes the import fail
    for module in ("sknn_scratch.onnx", "sknn_scratch.interop.onnx"):
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delattr("sknn_scratch.interop.onnx")
    with pytest.raises(ImportError, match=r"pip install 'sknn-scratch\[onnx\]'"):
        importlib.import_module("sknn_scratch.onnx")


WITHOUT_IMPORT = """
import sys
import numpy as np
from skl2onnx import to_onnx
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sknn_scratch import ScratchMLPEnsembleRegressor, ScratchMLPRegressor

class Own(ScratchMLPRegressor):
    pass

X = np.random.default_rng(0).normal(size=(40, 3))
settings = {"max_iter": 300, "solver": "lbfgs", "alpha": 1, "random_state": 0}
network = ScratchMLPRegressor((4,), **settings)
assert "sknn_scratch.onnx" not in sys.modules
for model in (
    network,
    make_pipeline(StandardScaler(), network),
    ScratchMLPEnsembleRegressor(network, n_estimators=2),
    Own((4,), **settings),
):
    graph = to_onnx(model.fit(X, X[:, 0]), X[:1])
    assert {node.op_type for node in graph.graph.node} >= {"MatMul"}
"""


@pytest.mark.slow
def test_skl2onnx_finds_the_converters_by_itself():
    subprocess.run([sys.executable, "-c", WITHOUT_IMPORT], check=True, timeout=300)
