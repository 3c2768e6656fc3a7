"""A process of one library: takes requests on standard input, answers with seconds.

Each library has a process of its own, since the thread pools of two would fight for the cores.
They are asked in turn, and an idle one does nothing.
"""

import json
import sys
import time
import warnings
from dataclasses import replace

from .peers import PEERS
from .workloads import WORKLOADS


def main():
    """Answer ``[workload, dtype]`` with ``{"seconds": ..., "first": ...}``, a line each."""
    warnings.simplefilter("ignore")  # no network is trained to convergence here
    peer = PEERS[sys.argv[1]]
    prepared = {}
    for line in sys.stdin:
        name, dtype = key = tuple(json.loads(line))
        workload, first = WORKLOADS[name], None
        if key not in prepared:
            prepared.clear()
            start = time.perf_counter()
            X, y = workload.data(dtype)
            peer(replace(workload, repeats=1), X, y)()
            first = time.perf_counter() - start
            prepared[key] = peer(workload, X, y)
            if peer is PEERS["jax"]:
                prepared[key]()  # compiles
        start = time.perf_counter()
        prepared[key]()
        print(json.dumps({"seconds": time.perf_counter() - start, "first": first}), flush=True)


if __name__ == "__main__":
    main()
