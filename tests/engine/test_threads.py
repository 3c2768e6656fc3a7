from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.engine.threads import WORTH_A_THREAD, belongs_to_scipy, quiet_blas, shared_blas
from sknn_scratch.maths.activations import Tanh


def threads():
    """Return {library: threads} of the BLAS libraries in this process."""
    return {
        library["filepath"]: library["num_threads"]
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }


@pytest.fixture
def two_threads():
    """Let every BLAS have two threads, whatever the machine."""
    with threadpool_limits(2, user_api="blas"):
        if set(threads().values()) != {2}:
            pytest.skip("this BLAS does not take two threads")
        yield


def test_small_products_get_one_thread_everywhere(two_threads):
    with quiet_blas(WORTH_A_THREAD / 2):
        assert set(threads().values()) == {1}
    assert set(threads().values()) == {2}


def test_large_products_keep_numpys_threads_but_not_scipys(two_threads):
    with quiet_blas(WORTH_A_THREAD * 2):
        for path, number in threads().items():
            assert number == (1 if belongs_to_scipy(path) else 2)
    assert set(threads().values()) == {2}


def test_threads_are_given_back_after_an_error(two_threads):
    with pytest.raises(KeyError), quiet_blas(1):
        raise KeyError
    assert set(threads().values()) == {2}


def test_lbfgs_trains_on_one_thread_and_a_stochastic_solver_leaves_them_alone(
    two_threads, regression
):
    seen = set()

    class Watching(Tanh):
        def __call__(self, z):
            seen.update(threads().values())
            return super().__call__(z)

    X, y = regression
    for solver, expected in (("lbfgs", {1}), ("adam", {2})):
        seen.clear()
        model = ScratchMLPRegressor((4,), activation=Watching(), solver=solver, tol=10)
        model.fit(X, y)
        assert seen == expected
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/env/site-packages/scipy.libs/libscipy_openblas-6c.so", True),
        ("/env/site-packages/scipy/.dylibs/libscipy_openblas.dylib", True),
        ("/env/site-packages/numpy.libs/libscipy_openblas64_-32.so", False),
        ("/env/lib/libopenblasp-r0.3.so", False),  # shared, as conda installs it
    ],
)
def test_scipys_own_blas_is_told_by_its_folder(path, expected):
    assert belongs_to_scipy(path) == expected


def test_fits_in_several_threads_leave_the_threads_of_the_process_alone(two_threads, regression):
    X, y = regression

    def fit(seed):
        for _ in range(10):
            ScratchMLPRegressor((4,), solver="lbfgs", tol=1, random_state=seed).fit(X, y)
        return set(threads().values())

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(fit, range(3))) == [{2}] * 3
    assert set(threads().values()) == {2}


def test_jobs_that_run_at_once_share_the_cores(two_threads, monkeypatch):
    monkeypatch.setattr("sknn_scratch.engine.threads.cpu_count", lambda: 4)
    for n_jobs, expected in ((1, 2), (2, 2), (3, 1), (8, 1)):
        with shared_blas(n_jobs):
            assert set(threads().values()) == {expected}
    assert set(threads().values()) == {2}


def test_sharing_does_not_raise_a_limit(two_threads, monkeypatch):
    monkeypatch.setattr("sknn_scratch.engine.threads.cpu_count", lambda: 64)
    with threadpool_limits(1, user_api="blas"), shared_blas(2):
        assert set(threads().values()) == {1}
