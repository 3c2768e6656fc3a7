"""On a real cluster: two worker processes on this machine."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_limits

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.data import dataset
from sknn_scratch.maths.losses import SquaredError

pd = pytest.importorskip("pandas")
dask = pytest.importorskip("dask")
distributed = pytest.importorskip("dask.distributed")
da = pytest.importorskip("dask.array")

from sknn_scratch.interop.dask import (  # noqa: E402
    ClusterBatch,
    cut_alike,
    fit_lbfgs,
    summarize,
)

pytestmark = [
    pytest.mark.slow,  # a cluster takes ten seconds to come up
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]
HIDDEN = (150,)  # batches of 256 rows: several in a chunk
LONG = 60  # iterations after which a difference in the last bit would have become a large one


@pytest.fixture(autouse=True)
def one_thread_of_blas():
    """Give BLAS one thread here, as in the workers: several round otherwise."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def client():
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with pytest.MonkeyPatch.context() as environment:
        for blas in ("OMP", "OPENBLAS", "MKL"):  # workers have the threads of this process, if set
            environment.setenv(f"{blas}_NUM_THREADS", "1")
        with (
            distributed.LocalCluster(processes=True, **settings) as cluster,
            distributed.Client(cluster) as client,
        ):
            client.wait_for_workers(2)
            yield client


@pytest.fixture
def data(rng):
    """Return X (3000, 4), y and weights, some of them zero."""
    X = 20 + 3 * rng.normal(size=(3000, 4))
    y = np.sin(X[:, 0]) + 0.1 * X[:, 1] * X[:, 2] + 100
    return X, y, rng.choice([0, 0.5, 2], 3000)


def in_chunks(*arrays, rows=700):
    """Return dask arrays of four chunks and a small one."""
    return [da.from_array(a, chunks=(rows, *a.shape[1:])) for a in arrays]


def network(**params):
    settings = {"solver": "lbfgs", "max_iter": 8, "tol": 0, "random_state": 0}
    return ScratchMLPRegressor(**{"hidden_layer_sizes": HIDDEN, **settings, **params})


def assert_same(model, other):
    """Assert that two fitted models are the same, to the last bit."""
    for a, b in zip(model.coefs_ + model.intercepts_, other.coefs_ + other.intercepts_):
        assert a.dtype == b.dtype
        assert_array_equal(a, b)
    for name in ("loss_curve_", "validation_scores_", "n_iter_", "loss_", "n_iter_best_"):
        assert getattr(model, name) == getattr(other, name)


@pytest.mark.parametrize(
    ("weighted", "params"),
    [
        (True, {"max_iter": LONG}),
        (False, {"activation": "tanh", "alpha": 1.0}),
        (True, {"standardize": False, "fit_intercept": False}),
        (False, {"standardize": False}),
        (True, {"loss": "poisson"}),
        (True, {"hidden_layer_sizes": ()}),
        (False, {"hidden_layer_sizes": (150, 40), "n_init": 2}),
    ],
    ids=str,
)
def test_the_result_is_that_of_the_local_fit_to_the_last_bit(weighted, params, data, client):
    X, y, weight = data
    local = network(**params).fit(X, y, weight if weighted else None)
    X, y, weight = in_chunks(X, y, weight)
    there = fit_lbfgs(network(**params), X, y, weight if weighted else None, client=client)
    assert_same(there, local)


def test_means_and_variances_may_come_of_many_parts(data, client, monkeypatch):
    monkeypatch.setattr(dataset, "AT_A_TIME", 8 * 4 * 300)
    X, y, weight = data
    weight[:1000] = 0
    local = network().fit(X, y, weight)
    assert_same(fit_lbfgs(network(), *in_chunks(X, y, weight)), local)


def test_several_outputs_float32_and_other_chunks(data, client):
    X, y, weight = data
    X, Y = X.astype(np.float32), np.column_stack([y, 1 - y])
    local = network().fit(X, Y, weight)
    for chunks in ((3000, 4), (250, 1), ((1, 999, 2000), (1, 3))):
        there = fit_lbfgs(network(), da.from_array(X, chunks=chunks), *in_chunks(Y, weight))
        assert_same(there, local)
        assert there.coefs_[0].dtype == np.float32


def test_weights_of_another_type_are_as_exact_as_in_a_local_fit(data, client):
    X, y, weight = data
    weight = (weight / 3).astype(np.float32)
    local = network(max_iter=LONG).fit(X, y, weight)
    assert_same(fit_lbfgs(network(max_iter=LONG), *in_chunks(X, y, weight)), local)


def test_an_embedding_is_not_fitted_to_rows_without_weight(data, client):
    X, y, weight = data
    X[:, 0] = np.where(weight > 0, X[:, 0] > 20, X[:, 0])  # two values, or many
    params = {"embedding": "piecewise_linear", "hidden_layer_sizes": (9,)}
    local = network(**params).fit(X, y, weight)
    assert_same(fit_lbfgs(network(**params), *in_chunks(X, y, weight)), local)


def test_a_mapped_file_is_taken(data, client, tmp_path):
    X, y, _ = data
    mapped = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", X.dtype, X.shape)
    mapped[:] = X
    assert_same(fit_lbfgs(network(), *in_chunks(mapped, y)), network().fit(X, y))


def test_wide_networks_agree_up_to_the_rounding_of_their_matrix_products(data, client):
    X, y, _ = data
    with threadpool_limits(1):  # as in a worker
        local = network(hidden_layer_sizes=(256, 256)).fit(X, y)
    there = fit_lbfgs(network(hidden_layer_sizes=(256, 256)), *in_chunks(X, y))
    assert_allclose(there.predict(X), local.predict(X), rtol=0, atol=1e-8)


def test_a_linear_model_is_least_squares(data, client):
    X, y, weight = data
    model = network(hidden_layer_sizes=(), alpha=0, tol=1e-9, max_iter=100)
    fit_lbfgs(model, *in_chunks(X, y, weight))
    expected = LinearRegression().fit(X, y, weight)
    assert_allclose(model.predict(X), expected.predict(X), rtol=1e-6)


def test_validation_data_and_warm_starts_work_as_in_a_local_fit(data, client):
    X, y, weight = data
    given = {"X_val": X[::7], "y_val": y[::7], "sample_weight_val": weight[::7]}
    local = network(early_stopping=True, warm_start=True, scoring="r2")
    there = clone(local)
    for _ in range(2):
        local.fit(X, y, **given)
        assert fit_lbfgs(there, *in_chunks(X, y), **given) is there
        assert_same(there, local)
    assert there.n_iter_best_ > 0


def test_what_is_fitted_knows_nothing_of_the_cluster(data, client):
    X, y, _ = data
    model = fit_lbfgs(network(max_iter=2), *in_chunks(X, y))
    assert type(model) is ScratchMLPRegressor
    assert vars(model).keys() == vars(network(max_iter=2).fit(X, y)).keys()
    copied = pickle.loads(pickle.dumps(model))
    assert_array_equal(copied.predict(X), model.predict(X))
    lazy = in_chunks(X)[0].map_blocks(model.predict, drop_axis=1, dtype=float)
    assert_allclose(lazy.compute(), model.predict(X), rtol=1e-12)


def wrong(**changes):
    def change(arguments):
        return {**arguments, **changes}

    return change


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (wrong(estimator=LinearRegression()), TypeError, "must be a ScratchMLPRegressor, got Lin"),
        (wrong(estimator=network(solver="adam")), ValueError, "solver='lbfgs', got 'adam'"),
        (wrong(estimator=network(tol=-1)), ValueError, "tol must be a number .* got -1"),
        (wrong(estimator=network(early_stopping=True)), ValueError, "needs X_val and y_val"),
        (
            wrong(estimator=network(missing_targets="ignore")),
            ValueError,
            "missing_targets must be 'error' with fit_lbfgs",
        ),
        (wrong(client="here"), TypeError, "client must be a synchronous .* got 'here'"),
        (wrong(y=None), ValueError, "requires y to be passed"),
        (wrong(y=np.zeros(2999)), ValueError, r"inconsistent numbers of samples: \[3000, 2999\]"),
        (wrong(y=np.zeros((3000, 1, 1))), ValueError, "y should be a 1d array"),
        (wrong(y=np.full(3000, np.nan)), ValueError, "Input y contains NaN"),
        (
            wrong(estimator=network(loss="poisson"), y=np.full(3000, -1.0)),
            ValueError,
            "y must be numbers >= 0",
        ),
        (wrong(X=pd.DataFrame(np.ones((3000, 4)))), TypeError, r"got a DataFrame: call .*to_numpy"),
        (wrong(X=np.zeros(3000)), ValueError, r"Expected 2D array .* \(3000,\)"),
        (wrong(X=np.full((3000, 4), np.inf)), ValueError, "Input X contains infinity"),
        (wrong(X=np.full((3000, 4), "2020", "M8[D]")), TypeError, r"X must be numbers, got datet"),
        (wrong(X=np.ma.masked_less(np.ones((3000, 4)), 2)), ValueError, "X must not be masked"),
        (wrong(X=np.ones((3000, 2))), ValueError, "ScratchMLPRegressor is expecting 4 features"),
        (wrong(sample_weight=np.ones((3000, 2))), ValueError, "one weight per row"),
        (wrong(sample_weight=np.zeros(3000)), ValueError, "zero for all samples"),
        (wrong(sample_weight=np.full(3000, -1)), ValueError, "sample_weight must be >= 0"),
        (wrong(sample_weight=np.full(3000, 1e308)), ValueError, "must have a finite sum"),
        (wrong(X_val=np.zeros((2, 4))), ValueError, "given together"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(change, error, message, data, client):
    X, y, _ = data
    model = network(max_iter=1, warm_start=True).fit(X, y)
    before = dict(vars(model))
    arguments = change({"estimator": model, "X": in_chunks(X)[0], "y": y})
    with pytest.raises(error, match=message):
        fit_lbfgs(**arguments)
    assert vars(model) == before


def test_chunks_of_unknown_length_are_asked_to_be_counted(data, client):
    X, y, _ = data
    X, y = in_chunks(X, y)
    some = X[y > 100]
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        fit_lbfgs(network(), some, y[y > 100])
    fit_lbfgs(network(max_iter=1), some.compute_chunk_sizes(), y[y > 100].compute_chunk_sizes())


def test_a_column_vector_is_warned_of(data, client):
    X, y, _ = data
    with pytest.warns(DataConversionWarning, match="column-vector") as caught:
        there = fit_lbfgs(network(max_iter=2), *in_chunks(X, y[:, np.newaxis]))
    assert {each.category for each in caught} == {DataConversionWarning, ConvergenceWarning}
    assert {each.filename for each in caught} == {__file__}
    assert_same(there, network(max_iter=2).fit(X, y))


# A worker that dies


def kill(pid):
    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows has no SIGKILL


class Deadly(SquaredError):
    """A squared error that kills the worker by which it is computed if a file is missing."""

    def __init__(self, path):
        self.path, self.home = path, os.getpid()

    def gradient(self, y, a):
        if os.getpid() != self.home and not self.path.exists():
            self.path.touch()
            kill(os.getpid())
        return super().gradient(y, a)


def test_a_worker_may_die_in_the_middle_of_an_evaluation(data, client, tmp_path):
    X, y, weight = data
    model = network(max_iter=15, loss=Deadly(tmp_path / "once"))
    model.loss.path.touch()
    local = clone(model).fit(X, y, weight)
    model.loss.path.unlink()
    assert_same(fit_lbfgs(model, *in_chunks(X, y, weight)), local)
    assert model.loss.path.exists()


def test_workers_may_be_killed_between_evaluations(data, client, monkeypatch):
    X, y, weight = data
    local = network(max_iter=15).fit(X, y, weight)
    evaluations, evaluate = [], ClusterBatch.sums

    def sums(self, vector):
        evaluations.append(vector)
        if len(evaluations) in (4, 9):
            kill(min(client.run(os.getpid).values()))
        return evaluate(self, vector)

    monkeypatch.setattr(ClusterBatch, "sums", sums)
    assert_same(fit_lbfgs(network(max_iter=15), *in_chunks(X, y, weight)), local)
    assert len(evaluations) > 9


# What is done to the chunks


@pytest.mark.parametrize("weighted", [True, False])
def test_a_summary_knows_weight_mean_and_deviation_of_the_rows(weighted, data):
    X, y, weight = data
    summary = summarize(X, y, weight if weighted else None, 0, 100, SquaredError(), X.dtype)
    total, *moments = summary.total()
    weight = weight if weighted else np.ones(3000)
    assert_allclose(total, weight.sum())
    for found, array in zip(moments, (X, y[:, np.newaxis])):
        mean = np.average(array, axis=0, weights=weight)
        assert_allclose(found.mean_, mean)
        assert_allclose(found.std_**2, np.average((array - mean) ** 2, axis=0, weights=weight))


@pytest.mark.parametrize(
    ("lengths", "unit", "cut"),
    [
        ((450, 450, 450), 100, (400, 500, 450)),
        ((10, 10, 10), 100, (30,)),
        ((95, 10, 0, 200), 50, (100, 200, 5)),
        ((7,), 1, (7,)),
    ],
)
def test_chunks_are_cut_near_where_they_were(lengths, unit, cut):
    X = da.ones((sum(lengths), 2), chunks=(lengths, 1))
    chunks, starts = cut_alike(X, X[:, 0], None, unit)
    assert np.diff([*starts, sum(lengths)]).tolist() == list(cut)
    parts = dask.compute(chunks, scheduler="synchronous")[0]
    assert [(x.shape, y.shape, w) for x, y, w in parts] == [((n, 2), (n,), None) for n in cut]


# Others that bring a network to a cluster


def test_a_grid_search_runs_on_the_cluster_and_finds_the_same(data, client):
    X, y, _ = data
    grid = {"alpha": [1e-4, 1.0], "activation": ["tanh", "relu"]}
    search = GridSearchCV(network(hidden_layer_sizes=(5,)), grid, cv=2, n_jobs=2)
    here = clone(search).set_params(n_jobs=1).fit(X, y)
    with joblib.parallel_config(backend="dask"):
        there = search.fit(X, y)
    assert there.best_params_ == here.best_params_
    for name in ("mean_test_score", "std_test_score"):
        assert_array_equal(there.cv_results_[name], here.cv_results_[name])


def test_partial_fit_takes_the_chunks_of_a_dask_array_one_by_one(data, client):
    X, y, _ = data
    here, there = (ScratchMLPRegressor((10,), random_state=0) for _ in range(2))
    for start in range(0, 3000, 700):
        here.partial_fit(X[start : start + 700], y[start : start + 700])
    dX, dy = in_chunks(X, y)
    for chunk, target in zip(dX.blocks, dy.blocks):
        there.partial_fit(chunk.compute(), target.compute())
    assert_same(there, here)


def test_incremental_of_dask_ml_trains_chunk_by_chunk(data, client):
    wrappers = pytest.importorskip("dask_ml.wrappers")
    X, y, _ = data
    here = ScratchMLPRegressor((10,), random_state=0)
    model = wrappers.Incremental(clone(here), shuffle_blocks=False)
    model.fit(*in_chunks(X, y))
    for start in range(0, 3000, 700):
        here.partial_fit(X[start : start + 700], y[start : start + 700])
    assert_same(model.estimator_, here)
    assert_allclose(model.predict(in_chunks(X)[0]).compute(), here.predict(X), rtol=1e-12)


def test_hyperband_of_dask_ml_finds_parameters_that_learn(data, client):
    model_selection = pytest.importorskip("dask_ml.model_selection")
    X, y, _ = data
    model = ScratchMLPRegressor((20,), random_state=0)
    grid = {"learning_rate_init": [1e-5, 1e-2], "batch_size": list(range(20, 50))}
    search = model_selection.HyperbandSearchCV(model, grid, max_iter=4, random_state=0)
    with dask.config.set(scheduler=client.get):
        search.fit(*in_chunks(X, y))
    assert search.best_params_["learning_rate_init"] == 1e-2
    assert r2_score(y, search.best_estimator_.predict(X)) > 0.5


def test_the_package_does_not_import_dask():
    code = "import sys, sknn_scratch; print('dask' in sys.modules)"
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
