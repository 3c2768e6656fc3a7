"""A process of one library: takes requests on standard input, answers with seconds.

Each library has a process of its own, since the thread pools of two would fight for the cores.
They are asked in turn, and an idle one does nothing.
"""

import json
import subprocess
import sys
import time
import warnings
from contextlib import contextmanager
from dataclasses import replace

from .peers import PEERS
from .workloads import WORKLOADS


@contextmanager
def neighbour(busy):
    """Have another process compute, if ``busy``, as long as the block runs."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if busy else None
    try:
        yield
    finally:
        if process:
            process.kill()
            process.wait()


def main():
    """Answer ``[workload, dtype, quick, one_core]`` with ``{"seconds", "first"}``, a line each."""
    warnings.simplefilter("ignore")  # no network is trained to convergence here
    peer = PEERS[sys.argv[1]]
    prepared = {}
    for line in sys.stdin:
        name, dtype, quick, one_core = key = tuple(json.loads(line))
        workload, first = WORKLOADS[name], None
        workload = workload.quick() if quick else workload
        clock = time.process_time if one_core else time.perf_counter
        if key not in prepared:
            prepared.clear()
            start = time.perf_counter()
            X, y = workload.data(dtype)
            peer(replace(workload, repeats=1), X, y)()
            first = time.perf_counter() - start
            prepared[key] = peer(workload, X, y)
            if peer is PEERS["jax"]:
                prepared[key]()  # compiles
        with neighbour(workload.busy and peer is not PEERS["plain"]):
            start = clock()
            prepared[key]()
            seconds = clock() - start
        print(json.dumps({"seconds": seconds, "first": first}), flush=True)


if __name__ == "__main__":
    main()
