"""BLAS threads that would do harm, kept asleep.

NumPy and SciPy, as installed by pip, each bring a BLAS with a pool of threads that wait for work
by spinning. A second thread of NumPy's serves large products only: on those of a mini-batch it
gains less than it costs, and beside another process that computes, a product takes as long as it
takes until both threads have had a core at the same time. SciPy's pool, where L-BFGS calls it in
turn with NumPy's, spins on the cores that the other needs.

How many threads a BLAS has usually belongs to the whole process. So it is kept in mind who asks
for how few: the first lowers the number, the last puts it back.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from math import inf
from pathlib import Path
from threading import RLock
from typing import Any, TypeAlias

from joblib import cpu_count
from threadpoolctl import ThreadpoolController

# Multiplications in a matrix product from which on a second thread gains more than it costs.
WORTH_A_THREAD = 8e6

# One for all libraries: threadpoolctl 3.8 lets but one thread of the process set any of them, and
# what another sets at that moment is lost without a word. Reentrant, since a block that an
# interrupt cut short may end when the garbage collector comes to it, whatever this thread does.
CHANGING = RLock()

Lowered: TypeAlias = dict[Any, tuple[float, float]]  # of a library: what it had, and has


class Pools:
    """BLAS libraries whose number of threads is limited as long as someone asks for it.

    Parameters
    ----------
    libraries : list of LibController
        Of threadpoolctl.
    """

    shared: list[Any]
    of_each_thread: list[Any]
    limits: dict[object, float]
    lowered: Lowered

    def __init__(self, libraries: Sequence[Any]) -> None:
        self.shared = [library for library in libraries if is_shared(library)]
        self.of_each_thread = [library for library in libraries if not is_shared(library)]
        self.limits, self.lowered = {}, {}

    @contextmanager
    def limited(self, number: float) -> Iterator[None]:
        """Give each library at most so many threads while the block runs.

        Where several such blocks run at once, the least of their numbers holds for all.
        """
        holder, lowered = object(), {}
        try:  # around all of it: wherever an interrupt comes, what was lowered is put back
            with CHANGING:
                self.limits[holder] = number
                lower(self.of_each_thread, number, lowered)
                lower(self.shared, number, self.lowered)
            yield
        finally:
            try:
                self.lift(holder, lowered)
            except BaseException:  # an interrupt in the midst of it
                self.lift(holder, lowered)
                raise

    def lift(self, holder: object, lowered: Lowered) -> None:
        """End the limit of a block, which may have been done in part."""
        with CHANGING:
            put_back(lowered)
            self.limits.pop(holder, None)
            put_back(self.lowered, min(self.limits.values(), default=inf))


def is_shared(library: Any) -> bool:
    """Return True if all threads of the process have one number of threads in common."""
    per_thread = (
        library.internal_api == "mkl" or getattr(library, "threading_layer", "") == "openmp"
    )
    return not per_thread


def lower(libraries: Iterable[Any], limit: int, lowered: Lowered) -> None:
    """Give each library at most ``limit`` threads; note in ``lowered`` what it had and has."""
    for library in libraries:
        number = library.num_threads
        if number is not None and number > limit:
            had, has = lowered.get(library, (number, number))
            lowered[library] = (had if number == has else number), limit
            set_threads(library, limit)


def put_back(lowered: Lowered, limit: float = inf) -> None:
    """Give each library in ``lowered`` what it had, but at most ``limit`` threads."""
    for library, (had, has) in list(lowered.items()):
        number = min(had, limit)
        if library.num_threads == has:  # else someone has set it since, and has his way
            set_threads(library, number)
        lowered[library] = had, number
        if number == had:
            lowered.pop(library, None)


def set_threads(library: Any, number: float) -> None:
    """Set the number of threads; of all threads of this process, one at a time may."""
    try:
        library.set_num_threads(number)
    finally:
        # From threadpoolctl 3.8 on, no other thread may set it until this one gives the right up.
        getattr(library, "clear_controlling_thread", lambda: None)()


def blas_pools() -> tuple[Pools, Pools]:
    """Return NumPy's and SciPy's pools; where the two share a BLAS, SciPy's are none."""
    with CHANGING:  # else two threads at once might make two of each
        return found_pools()


@cache
def found_pools() -> tuple[Pools, Pools]:
    """Return what `blas_pools` does, which holds the lock."""
    libraries = ThreadpoolController().select(user_api="blas").lib_controllers
    is_scipys = [belongs_to_scipy(library.filepath) for library in libraries]
    return (
        Pools([library for library, scipys in zip(libraries, is_scipys) if not scipys]),
        Pools([library for library, scipys in zip(libraries, is_scipys) if scipys]),
    )


def belongs_to_scipy(path: str) -> bool:
    """Return True if a library lies in the folder that SciPy's wheel keeps its libraries in."""
    folder = Path(path).parent
    return folder.name == "scipy.libs" or (folder.parent.name, folder.name) == ("scipy", ".dylibs")


@contextmanager
def quiet_blas(multiplications: int) -> Iterator[None]:
    """Keep SciPy's BLAS to one thread, and NumPy's too if its products are small.

    Fits may do so in several threads at once: as long as one of them has small products, all are
    computed by one thread each.

    Parameters
    ----------
    multiplications : int
        In the largest matrix product.
    """
    numpys, scipys = blas_pools()
    with scipys.limited(1), numpys.limited(1 if multiplications < WORTH_A_THREAD else inf):
        yield


@contextmanager
def shared_blas(n_jobs: int) -> Iterator[None]:
    """Leave each of several jobs that run at once its share of the cores for matrix products.

    For jobs in threads of this process; those in others are given their share by joblib. One job
    alone is left what there is.
    """
    numpys, scipys = blas_pools()
    share = max(1, cpu_count() // n_jobs) if n_jobs > 1 else inf
    with scipys.limited(share), numpys.limited(share):
        yield
