"""
A file larger than memory
=========================

Train on a file several times larger than the memory that this process allows itself. The limit
is on private memory: what the process allocates. Pages of the file itself belong to the
operating system, which drops them when it likes. Three ways to go through the data:

1. `partial_fit` on one slice of a memory-mapped file after the other;
2. `fit` on the mapped file as a whole, of which it reads no more than it works on;
3. `partial_fit` on the batches of a Parquet file, if pyarrow is installed.

What to see in the picture: the loss falls as the rows of the file go by, while the memory stays
flat, below the limit and far below the size of the file.

Run it: ``python examples/larger_than_memory.py``
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # each thread of a BLAS holds tens of MB; before NumPy comes

import sys
import tempfile
import threading
import time
import tracemalloc
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sknn_scratch import ScratchMLPRegressor

MB = 1 << 20
FEATURES = 400
BATCH = 5_000  # rows
ROOM, LARGEST_FILE = 100 * MB, 960 * MB
TRUE_WEIGHTS = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)


def status(key):
    """Return an entry of Linux's account of this process, in bytes."""
    with open("/proc/self/status", encoding="ascii") as file:
        lines = dict(line.split(":", 1) for line in file)
    return int(lines[key].split()[0]) * 1024


def private_memory():
    """Return what the process holds of its own, in bytes (elsewhere: what Python does)."""
    if sys.platform == "linux":
        return status("RssAnon")
    return tracemalloc.get_traced_memory()[0]


@contextmanager
def limited_memory():
    """Let the process allocate so much and no more in the block, and yield how much."""
    if sys.platform != "linux":
        tracemalloc.start()
        print("This system does not let a process limit its memory: measuring only.")
        yield 3 * ROOM
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit = status("VmData") + ROOM  # Python and its libraries take more than half of it
    resource.setrlimit(resource.RLIMIT_DATA, (limit, before[1]))
    try:
        np.ones(limit // 8)
        print("The limit has no effect on this system: measuring only.")
    except MemoryError:
        pass
    try:
        yield limit
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


class Watch:
    """Measures the memory of the process every 5 ms."""

    def __enter__(self):
        self.start, self.seconds, self.memory = time.perf_counter(), [], []
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def run(self):
        while not self.done.wait(0.005):
            self.seconds.append(time.perf_counter() - self.start)
            self.memory.append(private_memory())

    def __exit__(self, *error):
        self.done.set()
        self.thread.join()


def draw_rows(rng, n, n_features=FEATURES):
    """Return X (n, n_features) and a target that five of the features decide."""
    X = rng.standard_normal((n, n_features), dtype=np.float32)
    return X, np.tanh(X[:, :5] @ TRUE_WEIGHTS).sum(axis=1)


def write_file(folder, size):
    """Write rows into X.npy, ``size`` bytes of them, and y.npy; return both, mapped."""
    n, rng = size // (4 * FEATURES), np.random.default_rng(1)
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float32, (n, FEATURES))
    y = np.lib.format.open_memmap(folder / "y.npy", "w+", np.float32, (n,))
    for start in range(0, n, BATCH):
        part = slice(start, min(start + BATCH, n))
        X[part], y[part] = draw_rows(rng, part.stop - part.start)
    return [np.load(folder / name, mmap_mode="r") for name in ("X.npy", "y.npy")]


def network(**params):
    return ScratchMLPRegressor((32,), learning_rate_init=0.003, random_state=0, **params)


def stream(X, y):
    """Train on one slice after the other; return the network."""
    model = network()
    for start in range(0, len(X), BATCH):
        model.partial_fit(X[start : start + BATCH], y[start : start + BATCH])
    return model


def fit_whole(X, y):
    """Train for one epoch on the whole file; return the network."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # one epoch is not enough to converge
        return network(max_iter=1).fit(X, y)


def stream_parquet(folder):
    """Train on the batches of a Parquet file; return the score, or None without pyarrow."""
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # the others reserve memory in advance
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return None
    pa.set_cpu_count(1)  # each thread has a stack of some MB
    pa.set_io_thread_count(1)
    rng, path = np.random.default_rng(2), folder / "rows.parquet"
    schema = pa.schema([(name, pa.float32()) for name in (*"abcdefgh", "y")])
    with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        for _ in range(10):
            X, y = draw_rows(rng, BATCH, 8)
            columns = [pa.py_buffer(np.ascontiguousarray(column)) for column in (*X.T, y)]
            # Not by pa.array, which imports pandas: that alone takes 100 MB.
            arrays = [pa.Array.from_buffers(pa.float32(), BATCH, [None, c]) for c in columns]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    model = network()
    with pq.ParquetFile(path, pre_buffer=False) as file:  # or it reads on, ahead of us
        for batch in file.iter_batches(BATCH, use_threads=False):
            *X, y = (column.to_numpy() for column in batch.columns)
            model.partial_fit(np.column_stack(X), y)
    return model.score(*draw_rows(rng, BATCH, 8))


def draw(model, watch, limit, size):
    """Draw loss and memory into larger_than_memory.png."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 6), layout="constrained")
    rows = BATCH * np.arange(1, len(model.loss_curve_) + 1)
    left.semilogy(rows / 1e6, model.loss_curve_)
    left.set(xlabel="million rows seen", ylabel="loss", title="One pass over the file")
    right.plot(watch.seconds, np.array(watch.memory) / MB, label="private memory")
    right.axhline(limit / MB, color="C3", label="limit")
    right.axhline(size / MB, color="C7", linestyle="--", label="file")
    right.set(xlabel="seconds", ylabel="MB", title="Memory", ylim=(0, None))
    right.legend(loc="center right")
    figure.savefig("larger_than_memory.png", dpi=120)
    print(
        f"\nThe picture is {Path('larger_than_memory.png').resolve()}:\nthe loss falls as the rows "
        "go by; memory stays flat, below the limit and far below the file."
    )


def report(name, score, watch):
    print(f"{name:12s} R2 {score:.3f} on new data, peak {max(watch.memory) // MB} MB")


def main():
    with limited_memory() as limit:
        stream_and_fit(limit)


def stream_and_fit(limit):
    test = draw_rows(np.random.default_rng(3), BATCH)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        X, y = write_file(Path(folder), min(4 * limit, LARGEST_FILE))
        size = X.nbytes
        print(f"limit {limit // MB} MB, file {size // MB} MB, {len(X):,} rows of {FEATURES}\n")
        with Watch() as streaming:
            model = stream(X, y)
        report("partial_fit", model.score(*test), streaming)
        with Watch() as watch:
            whole = fit_whole(X, y)
        report("fit", whole.score(*test), watch)
        del X, y  # Windows does not delete a mapped file
    with tempfile.TemporaryDirectory(dir=".") as folder, Watch() as watch:
        score = stream_parquet(Path(folder))
    if score is not None:
        report("Parquet", score, watch)
    draw(model, streaming, limit, size)


if __name__ == "__main__":
    main()
