"""Inputs in a mapped file: the same results as in memory, without loading the file."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import ShuffleSplit

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.data import Mapped, is_mapped
from sknn_scratch.engine.batches import Rows

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:scipy.optimize:DeprecationWarning",  # an old scikit-learn with a new SciPy
)
N = 700  # rows: several batches, and several parts of a full batch


@pytest.fixture
def data(rng):
    """Return X (N, 5), y and weights, some of them zero."""
    X = 10 + 3 * rng.normal(size=(N, 5))
    y = np.sin(X[:, 0]) + 0.1 * X[:, 1] * X[:, 2]
    return X, y, rng.choice([0, 0.5, 2], N)


@pytest.fixture
def to_file(tmp_path):
    """Return a function that writes an array into a file and maps it."""

    def write(array):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.npy"
        np.save(path, array)
        return np.load(path, mmap_mode="r")

    return write


def network(**params):
    settings = {"hidden_layer_sizes": (6,), "max_iter": 4, "tol": 0, "random_state": 0}
    return ScratchMLPRegressor(**{**settings, **params})


def assert_same(model, other):
    """Assert that two fitted models are the same, to the last bit."""
    for a, b in zip(model.coefs_ + model.intercepts_, other.coefs_ + other.intercepts_):
        assert a.dtype == b.dtype
        assert_array_equal(a, b)
    for name in ("loss_curve_", "validation_scores_", "validation_loss_curve_", "n_iter_best_"):
        assert getattr(model, name) == getattr(other, name)


def test_an_array_over_a_mapped_file_is_recognised(to_file):
    X = to_file(np.arange(12.0).reshape(4, 3))
    assert all(map(is_mapped, [X, X[1:], np.asarray(X), np.asarray(X)[:, ::2], X.T]))
    here = [np.array(X), X[[0, 1]], X + 1, X.tolist(), sparse.csr_array(X), pd.DataFrame(X), None]
    assert not any(map(is_mapped, here))


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"batch_size": 7},
        {"shuffle": False},
        {"shuffle": False, "batch_size": N},
        {"standardize": False, "fit_intercept": False},
        {"early_stopping": True},
        {"early_stopping": "loss", "scoring": "neg_mean_absolute_error"},
        {"early_stopping": True, "validation_fraction": ShuffleSplit(1, random_state=3)},
        {"solver": "lbfgs"},
        {"solver": "lbfgs", "early_stopping": True},
        {"n_init": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_mapped_file_gives_the_bits_that_memory_gives(dtype, weighted, params, data, to_file):
    X, y, weight = data
    X, weight = X.astype(dtype), weight if weighted else None
    here, mapped = network(**params), network(**params)
    here.fit(X, y, weight)
    mapped.fit(to_file(X), to_file(y), weight)
    assert_same(here, mapped)
    assert_array_equal(here.predict(X), mapped.predict(to_file(X)))


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, bool, np.float16, ">f4", ">f8"])
def test_other_types_are_converted_as_they_are_read(dtype, data, to_file):
    X, y, _ = data
    X = X.astype(dtype)
    assert_same(network().fit(X, y), network().fit(to_file(X), y))
    assert_array_equal(network().fit(X, y).predict(X), network().fit(X, y).predict(to_file(X)))


def test_a_column_by_column_file_and_a_strided_view_serve_too(data, to_file):
    X, y, _ = data
    F = np.asfortranarray(X)
    assert_same(network().fit(F, y), network().fit(to_file(F), y))
    wide = np.repeat(X, 2, axis=1)
    assert_same(
        network().fit(wide[::2, ::2], y[::2]), network().fit(to_file(wide)[::2, ::2], y[::2])
    )


def test_several_outputs_and_mapped_validation_data(data, to_file):
    X, y, weight = data
    Y = np.column_stack([y, -y])
    for scoring in (None, "r2", score_of_the_first_row):
        given = {"X_val": X[:300], "y_val": Y[:300], "sample_weight_val": weight[:300]}
        here = network(early_stopping=True, scoring=scoring).fit(X, Y, **given)
        given |= {"X_val": to_file(X[:300]), "y_val": to_file(Y[:300])}
        mapped = network(early_stopping=True, scoring=scoring).fit(to_file(X), to_file(Y), **given)
        assert_same(here, mapped)


def score_of_the_first_row(model, X, y, sample_weight=None):
    assert isinstance(X, np.ndarray)
    return -float(np.square(model.predict(X) - y)[0].sum())


@pytest.mark.parametrize("early_stopping", [True, False])
@pytest.mark.parametrize("batch_size", [50, "auto"])
def test_partial_fit_and_warm_starts_go_on_alike(batch_size, early_stopping, data, to_file):
    X, y, weight = data
    here = network(early_stopping=early_stopping, warm_start=True, batch_size=batch_size)
    mapped, M = clone(here), to_file(X)
    for model, source in ((here, X), (mapped, M)):
        for start in range(0, N, 250):
            part = slice(start, start + 250)
            model.partial_fit(source[part], y[part], weight[part])
        model.fit(source, y)
    assert_same(here, mapped)


@pytest.mark.parametrize("standardize", [True, False])
def test_gradients_are_those_of_the_array(standardize, data, to_file):
    X, y, weight = data
    model, mapped = network(standardize=standardize).fit(*data), to_file(X)
    found, expected = (model.loss_gradient(each, y, weight) for each in (mapped, X))
    assert found[0] == expected[0]
    for one, other in zip(found[1] + found[2], expected[1] + expected[2], strict=True):
        assert_array_equal(one, other)
    mapped = to_file(X[:9])
    assert model.check_gradient(mapped, y[:9]) == model.check_gradient(X[:9], y[:9])


def test_a_float32_network_goes_on_with_a_float64_file(data, to_file):
    X, y, _ = data
    here, mapped = (network().partial_fit(X.astype(np.float32), y) for _ in range(2))
    assert_same(here.partial_fit(X, y), mapped.partial_fit(to_file(X), y))
    X[600, 2] = 1e300
    with pytest.raises(ValueError, match="Input X contains infinity"):
        mapped.partial_fit(to_file(X), y)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_what_is_wrong_with_a_file_is_said_as_it_is_of_an_array(dtype, value, data, to_file):
    X, y, _ = data
    X = X.astype(dtype)
    bad = X.copy()
    bad[-1, 3] = value
    model = network().fit(X, y)
    before = model.predict(X)
    for wrong in (bad, X[:, 0], X[:-1], X.astype(complex)):
        messages = []
        for source in (wrong, to_file(wrong)):
            with pytest.raises(ValueError, match=r"\w") as caught:
                model.fit(source, y)
            messages.append(str(caught.value).split(":")[0])
        assert messages[0] == messages[1]
    assert_array_equal(model.predict(X), before)


def test_rows_of_a_map_are_not_copied(data, to_file):
    X, y, weight = data
    chosen = np.arange(N)[::-1]
    mapped = Mapped(to_file(X), np.float64)
    rows = Rows(mapped, y[:, None], weight, chosen, np.float64, True)
    assert rows.packed is None
    buffer = rows.buffer(2)
    rows.gather(np.array([5, 1]), buffer)
    picked = [N - 6, N - 2]
    expected = np.column_stack([X[picked], np.ones(2), y[picked], weight[picked]])
    assert_array_equal(buffer, expected)
    assert_array_equal(mapped.take(chosen)[2:4], X[::-1][2:4])


UNDER_A_LIMIT = """
import resource, sys, warnings
import numpy as np
from sknn_scratch import ScratchMLPRegressor
warnings.simplefilter("ignore")

def held():
    with open("/proc/self/status") as status:
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["VmData"].split()[0]) * 1024

kind, solver, early_stopping = sys.argv[2:]
X = np.load(sys.argv[1], mmap_mode="r")
y = X[:, 0].astype(float)
model = ScratchMLPRegressor(
    (8,), solver=solver, max_iter=1, random_state=0, early_stopping=early_stopping == "True"
)
model.fit(X[:500], y[:500])  # whatever is loaded and started by a first fit
limit = held() + X.nbytes // 4
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
if kind == "memory":
    X = np.array(X)
model.fit(X, y).predict(X)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the limit on private memory is Linux's")
@pytest.mark.parametrize(
    ("dtype", "solver", "early_stopping", "kind"),
    [
        ("f4", "adam", True, "map"),
        ("i2", "lbfgs", False, "map"),
        ("f4", "adam", False, "memory"),  # the limit does bite
    ],
)
def test_fit_and_predict_need_a_quarter_of_the_file_at_most(
    dtype, solver, early_stopping, kind, tmp_path, monkeypatch
):
    path, rows = tmp_path / "X.npy", (1 << 28) // 512 // np.dtype(dtype).itemsize
    X = np.lib.format.open_memmap(path, "w+", dtype, (rows, 512))
    assert X.nbytes == 1 << 28
    X[:1000] = np.arange(1000)[:, None]  # the rest is a hole, and takes no room on the disk
    X.flush()
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    command = [sys.executable, "-c", UNDER_A_LIMIT, path, kind, solver, str(early_stopping)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.returncode == 0) == (kind == "map"), done.stderr
    assert kind == "map" or "MemoryError" in done.stderr
