"""BLAS threads that would do harm, kept asleep.

NumPy and SciPy, as installed by pip, each bring a BLAS with a pool of threads that wait for work
by spinning. A second thread of NumPy's serves large products only: on those of a mini-batch it
gains less than it costs, and beside another process that computes, a product takes as long as it
takes until both threads have had a core at the same time. SciPy's pool, where L-BFGS calls it in
turn with NumPy's, spins on the cores that the other needs.

How many threads a BLAS has usually belongs to the whole process. So it is kept in mind who asks
for how few: the first lowers the number, the last puts it back.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from math import inf, prod
from pathlib import Path
from threading import RLock, local
from typing import Any

import scipy.linalg  # noqa: F401
from joblib import cpu_count
from threadpoolctl import ThreadpoolController

from ..maths import Network

# Multiplications in a matrix product from which on a second thread gains more than it costs.
WORTH_A_THREAD = 8e6

# One for all libraries: threadpoolctl 3.8 lets but one thread of the process set any of them, and
# what another sets at that moment is lost without a word. Reentrant, since a block that an
# interrupt cut short may end when the garbage collector comes to it, whatever this thread does.
CHANGING = RLock()
if hasattr(os, "register_at_fork"):  # not on Windows
    # Whoever forks holds the lock: who else held it would never give it back in the new process.
    os.register_at_fork(
        before=CHANGING.acquire, after_in_parent=CHANGING.release, after_in_child=CHANGING.release
    )


class Pool:
    """A BLAS library whose number of threads is limited as long as a block of code asks for it.

    Where several such blocks run at once, the least of their limits holds for all.
    """

    def __init__(self, library: Any) -> None:
        self.library = library  # a LibController of threadpoolctl
        self.limits: dict[object, float] = {}  # of the blocks that run
        self.number: float | None = None  # of threads before the first of them

    @contextmanager
    def limited(self, limit: float) -> Iterator[None]:
        """Give the library at most so many threads while the block runs."""
        block = object()
        try:  # around all of it: wherever an interrupt comes, the limit is lifted
            with CHANGING:
                self.limits[block] = limit
                self.apply()
            yield
        finally:
            with CHANGING:
                self.limits.pop(block, None)
                self.apply()

    def apply(self) -> None:
        """Set the number that the limits ask for; what it was, if there is none."""
        number = self.library.num_threads if self.number is None else self.number
        self.number = number
        set_threads(self.library, min([number, *self.limits.values()]))
        if not self.limits:  # only now: an interrupt before leaves it to the next block
            self.number = None


class ThreadsPool(Pool, local):
    """The same where each thread of the process has a number of its own: limits are its too."""


def set_threads(library: Any, number: float) -> None:
    """Set the number of threads; of all threads of this process, one at a time may."""
    if library.num_threads == number:
        return
    try:
        library.set_num_threads(number)
    finally:
        # From threadpoolctl 3.8 on, no other thread may set it until this one gives the right up.
        getattr(library, "clear_controlling_thread", lambda: None)()


def blas_pools() -> tuple[list[Pool], list[Pool]]:
    """Return NumPy's libraries and SciPy's; where the two share one, SciPy has none."""
    numpys, scipys = [], []
    for library in ThreadpoolController().select(user_api="blas").lib_controllers:
        if library.num_threads is not None:
            pool = ThreadsPool if belongs_to_threads(library) else Pool
            (scipys if belongs_to_scipy(library.filepath) else numpys).append(pool(library))
    return numpys, scipys


def belongs_to_threads(library: Any) -> bool:
    """Return True if each thread of the process has a number of threads of its own."""
    return library.internal_api == "mkl" or getattr(library, "threading_layer", "") == "openmp"


def belongs_to_scipy(path: str) -> bool:
    """Return True if a library lies in the folder that SciPy's wheel keeps its libraries in."""
    folder = Path(path).parent
    return folder.name == "scipy.libs" or (folder.parent.name, folder.name) == ("scipy", ".dylibs")


# Found when the package is imported: to look through all loaded libraries takes longer than the fit
# of a small network. SciPy loads its own with `scipy.linalg`.
NUMPYS, SCIPYS = blas_pools()


@contextmanager
def limited(of_numpy: float, of_scipy: float) -> Iterator[None]:
    """Give NumPy's and SciPy's BLAS at most so many threads while the block runs."""
    with ExitStack() as stack:
        for pools, limit in ((SCIPYS, of_scipy), (NUMPYS, of_numpy)):
            for pool in pools if limit < inf else ():
                stack.enter_context(pool.limited(limit))
        yield


def largest_product(network: Network, n_rows: int) -> int:
    """Return the multiplications in the largest matrix product with so many rows."""
    return n_rows * max(map(prod, network.shapes))


def quiet_blas(multiplications: int) -> AbstractContextManager[None]:
    """Keep SciPy's BLAS to one thread, and NumPy's too if its products are small.

    The largest takes so many ``multiplications``. Fits may do so in several threads at once: as
    long as one of them has small products, all are computed by one thread each.
    """
    return limited(1 if multiplications < WORTH_A_THREAD else inf, 1)


def shared_blas(n_jobs: int) -> AbstractContextManager[None]:
    """Leave each of several jobs that run at once its share of the cores for matrix products.

    For jobs in threads of this process; those in others are given their share by joblib. One job
    alone is left what there is.
    """
    share = max(1, cpu_count() // n_jobs) if n_jobs > 1 else inf
    return limited(share, share)
