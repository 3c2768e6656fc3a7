"""BLAS threads that would do harm, kept asleep.

NumPy and SciPy, as installed by pip, each bring a BLAS with a pool of threads that wait for work
by spinning. In the training loop only NumPy's works, and it knows itself when a product is worth
a second thread: nothing is limited there. L-BFGS calls both in turn, and then each pool spins on
the cores that the other needs.
"""

from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from threading import current_thread, main_thread

from joblib import cpu_count
from threadpoolctl import ThreadpoolController

WORTH_A_THREAD = 2e6  # multiplications in a matrix product


@cache
def blas_pools():
    """Return the controllers of all BLAS pools, and of SciPy's if it has one of its own."""
    pools = ThreadpoolController().select(user_api="blas")
    paths = [library.filepath for library in pools.lib_controllers]
    return pools, pools.select(filepath=[path for path in paths if belongs_to_scipy(path)])


def belongs_to_scipy(path):
    """Return True if a library lies in the folder that SciPy's wheel keeps its libraries in."""
    folder = Path(path).parent
    return folder.name == "scipy.libs" or (folder.parent.name, folder.name) == ("scipy", ".dylibs")


@contextmanager
def quiet_blas(multiplications):
    """Keep SciPy's BLAS to one thread, and NumPy's too if its products are small.

    Only in the main thread: the limit holds for the whole process, and fits in several threads
    would put it back in the wrong order.
    """
    with ExitStack() as stack:
        if current_thread() is main_thread():
            pools, of_scipy = blas_pools()
            stack.enter_context(of_scipy.limit(limits=1))
            if multiplications < WORTH_A_THREAD:
                stack.enter_context(pools.limit(limits=1))
        yield


@contextmanager
def shared_blas(n_jobs):
    """Leave each of several jobs that run at once its share of the cores for matrix products.

    For jobs in threads of this process; those in others are given their share by joblib. One job
    alone is left what there is. Only in the main thread, as above.
    """
    with ExitStack() as stack:
        if n_jobs > 1 and current_thread() is main_thread():
            share, pools = max(1, cpu_count() // n_jobs), blas_pools()[0]
            if any(pool["num_threads"] > share for pool in pools.info()):
                stack.enter_context(pools.limit(limits=share))
        yield
