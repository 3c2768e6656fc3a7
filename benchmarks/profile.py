"""Where each microsecond of a training step goes: ``python -m benchmarks.profile [workload]``.

Every call of one step is timed by itself, in a loop, which leaves its arrays in the cache; the
line "the rest" is what a step takes beyond their sum, most of it memory.
"""

import argparse
import time

import numpy as np

from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.engine.batches import Rows
from sknn_scratch.engine.minibatch import MinibatchLoop
from sknn_scratch.engine.problem import Problem
from sknn_scratch.maths.network import Network
from sknn_scratch.maths.solvers import Adam

from .workloads import WORKLOADS


def shortest(function, repeats, rounds=9):
    """Return the microseconds of one call: the shortest of several rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeats):
            function()
        times.append((time.perf_counter() - start) / repeats)
    return 1e6 * min(times)


def make_epoch(workload, dtype):
    """Return the epoch that `fit` would run with Adam."""
    X, y = workload.data(dtype)
    relu, identity = ACTIVATIONS["relu"], ACTIVATIONS["identity"]
    network = Network(
        (workload.features, *workload.hidden, 1),
        (relu,) * len(workload.hidden) + (identity,),
        LOSSES["squared_error"],
    )
    params = np.random.default_rng(0).uniform(-0.1, 0.1, network.n_parameters).astype(dtype)
    rows = Rows(X, y[:, np.newaxis], None, None, X.dtype, True)
    solver = Adam()
    return MinibatchLoop(
        Problem(network, params, rows, 1e-4),
        workload.batch,
        True,
        np.arange(len(X)),
        solver,
        solver.init(params),
    )


def main():
    """Print a table of calls."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    names = [name for name, workload in WORKLOADS.items() if workload.kind == "train"]
    parser.add_argument("workload", nargs="?", default="default", choices=names)
    parser.add_argument("--dtype", default="float64")
    options = parser.parse_args()
    workload = WORKLOADS[options.workload]
    epoch = make_epoch(workload, options.dtype)
    random_state = np.random.RandomState(0)
    steps = -(-workload.n // workload.batch)
    whole = shortest(lambda: epoch.run(random_state, 1e-3), 1, 15) / steps

    gathered = epoch.parts[0]
    per_gather = -(-len(gathered.packed) // workload.batch)
    rows = epoch.order[: len(gathered.packed)]
    lines = [
        ("permutation", "", shortest(lambda: random_state.permutation(workload.n), 10) / steps),
        ("gather", "", shortest(lambda: epoch.problem.rows.gather(rows, gathered.packed), 20)),
    ]
    lines[1] = (*lines[1][:2], lines[1][2] / per_gather)
    with np.errstate(all="ignore"):
        for call in gathered.calls[: len(gathered.calls) // per_gather]:
            shapes = " ".join(str(np.shape(a)) for a in call.args if isinstance(a, np.ndarray))
            lines.append((getattr(call.func, "__name__", "call"), shapes, shortest(call, 300)))
    for name, shapes, microseconds in lines:
        print(f"{microseconds:8.2f}  {name:14s} {shapes}")
    print(f"{whole - sum(line[2] for line in lines):8.2f}  the rest")
    print(f"{whole:8.2f}  a step")


if __name__ == "__main__":
    main()
