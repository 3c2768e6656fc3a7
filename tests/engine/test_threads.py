import os
import signal
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Lock, Thread, local
from time import sleep
from types import SimpleNamespace

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.engine.threads import (
    CHANGING,
    WORTH_A_THREAD,
    Pool,
    ThreadsPool,
    belongs_to_scipy,
    belongs_to_threads,
    blas_pools,
    quiet_blas,
    set_threads,
    shared_blas,
)
from sknn_scratch.maths.activations import Tanh

SHORT = {"tol": 10, "n_iter_no_change": 1}
LIBRARIES = ThreadpoolController().select(user_api="blas").lib_controllers


def threads():
    """Return {library: threads} of the BLAS libraries in this process."""
    return {library.filepath: library.num_threads for library in LIBRARIES}


@pytest.fixture
def two_threads():
    """Let every BLAS have two threads, whatever the machine."""
    # By no context of threadpoolctl: within one, other threads may not change the number.
    before = [library.num_threads for library in LIBRARIES]
    for library in LIBRARIES:
        set_threads(library, 2)
    if set(threads().values()) != {2}:
        pytest.skip("this BLAS does not take two threads")
    yield
    for library, number in zip(LIBRARIES, before):
        set_threads(library, number)


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


class Watching(Tanh):
    """Notes in a set how many threads there are at each call."""

    def __init__(self, seen):
        self.seen = seen

    def __call__(self, z):
        z = np.asarray(z)  # else the formula would be followed once, not called at each step
        self.seen.update(threads().values())
        return super().__call__(z)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_training_with_small_products_has_one_thread_and_with_large_ones_all(
    two_threads, regression, monkeypatch
):
    seen = set()

    X, y = regression
    for solver in ("lbfgs", "adam"):
        seen.clear()
        model = ScratchMLPRegressor((4,), activation=Watching(seen), solver=solver, **SHORT)
        model.fit(X, y)
        assert seen == {1}
        assert set(threads().values()) == {2}
    monkeypatch.setattr("sknn_scratch.engine.threads.WORTH_A_THREAD", 200)  # 4 * 5 * 60 are more
    seen.clear()
    model.fit(X, y)
    assert 2 in seen
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_threads_are_given_back_when_training_breaks_off(two_threads, regression, error):
    def fail(epoch, n_epochs):
        assert set(threads().values()) == {1}
        raise error

    X, y = regression
    model = ScratchMLPRegressor((4,), learning_rate=fail)
    if error is KeyboardInterrupt:
        with pytest.warns(UserWarning, match="interrupted"):
            model.fit(X, y)
    else:
        with pytest.raises(error):
            model.fit(X, y)
    assert set(threads().values()) == {2}


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


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.slow
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_fits_in_several_threads_are_quiet_and_give_the_threads_back(
    two_threads, regression, solver
):
    X, y = regression
    seen = set()

    def fit(seed):
        for _ in range(10):
            model = ScratchMLPRegressor((4,), activation=Watching(seen), solver=solver, **SHORT)
            model.set_params(random_state=seed).fit(X, y)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(fit, range(3)))
    assert seen == {1}
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


class Library:
    """A BLAS of two threads whose limit belongs to the process, or to each thread."""

    def __init__(self, internal_api):
        self.internal_api, self.scope = internal_api, local()
        if internal_api != "mkl":
            self.scope = SimpleNamespace()

    @property
    def num_threads(self):
        return getattr(self.scope, "number", 2)

    def set_num_threads(self, number):
        self.scope.number = number


@pytest.mark.parametrize("first_leaves", ["first", "last"])
@pytest.mark.parametrize("internal_api", ["openblas", "mkl"])
def test_whoever_leaves_first_both_are_quiet_and_both_get_their_threads_back(
    internal_api, first_leaves
):
    library, met = Library(internal_api), Barrier(2, timeout=60)
    pool_of = ThreadsPool if belongs_to_threads(library) else Pool
    pool = pool_of(library)

    def use(enters, leaves):
        seen = []
        if enters == "last":
            met.wait()
        with pool.limited(1):
            if enters == "first":
                met.wait()
            met.wait()  # both are in
            seen.append(library.num_threads)
            if leaves == "last":
                met.wait()
                seen.append(library.num_threads)
        if leaves == "first":
            met.wait()
        met.wait()  # both are out
        return [*seen, library.num_threads]

    with ThreadPoolExecutor(2) as executor:
        other = "last" if first_leaves == "first" else "first"
        futures = [executor.submit(use, "first", first_leaves), executor.submit(use, "last", other)]
        early, late = sorted((future.result() for future in futures), key=len)
    assert early == [1, 2]
    assert late == [1, 1, 2]


def test_no_two_threads_change_a_number_at_once():
    """Not even of different libraries: of two, threadpoolctl 3.8 would let one have no effect."""
    changing, overlaps = Lock(), []

    class Alone(Library):
        def set_num_threads(self, number):
            overlaps.append(not changing.acquire(blocking=False))
            sleep(0.001)
            super().set_num_threads(number)
            if not overlaps[-1]:
                changing.release()

    def use(pool):
        for _ in range(5):
            with pool.limited(1):
                pass

    with ThreadPoolExecutor(2) as executor:
        list(executor.map(use, [Pool(Alone("openblas")), Pool(Alone("mkl"))]))
    assert overlaps == [False] * 20


def test_an_interrupt_while_the_number_is_lowered_leaves_it_as_it_was():
    class Interrupted(Library):
        def set_num_threads(self, number):
            super().set_num_threads(number)
            if number == 1:
                raise KeyboardInterrupt

    pool = Pool(Interrupted("openblas"))
    with pytest.raises(KeyboardInterrupt), pool.limited(1):
        pass
    assert pool.library.num_threads == 2
    assert (pool.limits, pool.number) == ({}, None)


def test_an_interrupt_while_the_number_is_put_back_keeps_it_low_until_the_next_block_at_most():
    class Interrupted(Library):
        interrupts = 1

        def set_num_threads(self, number):
            if number == 2 and self.interrupts:
                self.interrupts -= 1
                raise KeyboardInterrupt
            super().set_num_threads(number)

    pool = Pool(Interrupted("openblas"))
    with pytest.raises(KeyboardInterrupt), pool.limited(1):
        pass
    with pool.limited(1):
        pass
    assert pool.library.num_threads == 2
    assert (pool.limits, pool.number) == ({}, None)


def test_a_block_may_end_while_its_own_thread_changes_a_number():
    def end():  # as the garbage collector does with one that was cut short
        with CHANGING, Pool(Library("openblas")).limited(1):
            pass

    thread = Thread(target=end, daemon=True)
    thread.start()
    thread.join(timeout=60)
    assert not thread.is_alive()


def test_of_several_limits_the_least_holds_and_is_lifted_step_by_step():
    library = Library("openblas")
    library.set_num_threads(8)
    pool, seen = Pool(library), []
    outer, inner = pool.limited(4), pool.limited(2)
    for change in (outer.__enter__, inner.__enter__):
        change()
        seen.append(library.num_threads)
    for block in (outer, inner):  # not the order in which they were entered
        block.__exit__(None, None, None)
        seen.append(library.num_threads)
    with pool.limited(2):
        with pool.limited(4):
            seen.append(library.num_threads)
        seen.append(library.num_threads)
        with pool.limited(1):
            seen.append(library.num_threads)
        seen.append(library.num_threads)
    assert [*seen, library.num_threads] == [4, 2, 2, 8, 2, 2, 1, 2, 8]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # it is multi-threaded
def test_a_process_forked_while_a_thread_changes_a_number_is_not_held_up():
    inside, leave = Event(), Event()

    def change():
        while not leave.is_set():
            with CHANGING:
                inside.set()
                sleep(0.01)

    thread = Thread(target=change)
    thread.start()
    inside.wait()
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)  # which ends it
        with quiet_blas(1):
            os._exit(0)
    leave.set()
    thread.join()
    assert os.waitpid(pid, 0)[1] == 0


@pytest.mark.slow
def test_a_library_with_one_number_for_the_whole_process_has_one_pool_for_all_threads():
    pools = [pool for of_one in blas_pools() for pool in of_one]
    assert pools
    for pool in pools:
        if getattr(pool.library, "threading_layer", None) == "pthreads":
            assert type(pool) is Pool
