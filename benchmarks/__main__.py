"""Measure, and print Markdown tables.

Every figure is the median over rounds, with the smallest and the largest; within a round the
libraries take turns, so that a ratio compares neighbours in time.
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

from threadpoolctl import threadpool_info

from . import memory
from .workloads import WORKLOADS

OURS = "ours", "plain", "limit"  # the others are libraries
SETTINGS = "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"
THREADS = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"
OF_SEVERAL_PROCESSES = "grid", "busy"


class Worker:
    """A process that measures one library (see `worker`)."""

    def __init__(self, peer, quick=False, one_core=False):
        self.how = quick, one_core
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", peer],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, name, dtype):
        """Return the seconds of one measurement, and of the first use where that is due."""
        time.sleep(0.5)  # until the threads of the library before have stopped spinning
        print(json.dumps([name, dtype, *self.how]), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(names, dtypes, peers, rounds, quick=False, one_core=False):
    """Return one record per workload and dtype, telling of each as it is done."""
    workers = {peer: Worker(peer, quick, one_core) for peer in [*OURS, *peers]}
    records = []
    print(header(workers))
    for name in names:
        for dtype in ["float64"] if WORKLOADS[name].is_ensemble else dtypes:
            workload = WORKLOADS[name].quick() if quick else WORKLOADS[name]
            seconds, first = {}, {}
            chosen = [peer for peer in workload.peers if peer in workers]
            for _ in range(rounds):
                for peer in chosen:
                    answer = workers[peer].ask(name, dtype)
                    seconds.setdefault(peer, []).append(answer["seconds"] / workload.steps)
                    first.setdefault(peer, answer["first"])
            record = {"workload": name, "dtype": dtype, "seconds": seconds, "first_use": first}
            records.append(record)
            print(row(record, workers), flush=True)
    for worker in workers.values():
        worker.close()
    return records


def spread(values, scale=1.0):
    """Return 'median (min-max)'."""
    chosen = statistics.median(values), min(values), max(values)
    middle, low, high = (figure(value * scale) for value in chosen)
    return f"{middle} ({low}-{high})"


def figure(value):
    """Return a number with three digits that count, and without an exponent."""
    rounded = f"{value:.3g}"
    return rounded if value < 1000 else f"{float(rounded):,.0f}"


def header(workers):
    """Return the head of the table."""
    titles = [
        "workload",
        "dtype",
        "ours, us per step",
        "ours / plain",
        "ours / products",
        "bound by",
    ]
    titles += [f"{peer} / ours" for peer in workers if peer not in OURS]
    return f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}"


def row(record, workers):
    """Return a line of the table: times, and ratios round by round."""
    seconds = record["seconds"]
    cells = [record["workload"], record["dtype"], spread(seconds["ours"], 1e6)]
    cells += [ratio(seconds, "ours", peer) for peer in ("plain", "limit")]
    cells.append(bound(seconds))
    cells += [ratio(seconds, peer, "ours") for peer in workers if peer not in OURS]
    return f"| {' | '.join(cells)} |"


def ratio(seconds, one, other):
    """Return the time of one library over that of another, round by round."""
    if one not in seconds or other not in seconds:
        return "-"
    return spread([a / b for a, b in zip(seconds[one], seconds[other])])


def bound(seconds):
    """Return "products" where the bare products take more than half of the time."""
    if "limit" not in seconds:
        return "-"
    shares = [limit / ours for limit, ours in zip(seconds["limit"], seconds["ours"])]
    return "products" if statistics.median(shares) > 0.5 else "calls"


def processor():
    """Return the processor's name, and family and model, which tell more where it is virtual."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor()
    lines = (
        line.split(":", 1) for line in path.read_text(encoding="utf-8").splitlines() if ":" in line
    )
    info = {name.strip(): value.strip() for name, value in lines}
    named = "cpu family", "model"
    return ", ".join([info.get("model name", ""), *(f"{name} {info.get(name)}" for name in named)])


def machine():
    """Return what the figures depend on."""
    versions = {}
    named = "numpy", "scipy", "sklearn", "torch", "jax", "catboost", "lightgbm", "sknn_scratch"
    for name in named:
        if importlib.util.find_spec(name):
            versions[name] = importlib.import_module(name).__version__
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "processor": processor(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "versions": versions,
        "blas": blas(),
    }


def blas():
    """Return the matrix libraries in use, and the processor that each takes this one for."""
    kept = "internal_api", "version", "architecture", "num_threads"
    found = [each for each in threadpool_info() if each["user_api"] == "blas"]
    return [{key: each[key] for key in kept if key in each} for each in found]


def warning():
    """Return what is wrong with the environment, or None."""
    found = [f"{name}={os.environ[name]}" for name in SETTINGS if name in os.environ]
    if not found:
        return None
    return (
        f"WARNING: {' and '.join(found)} chooses other kernels of OpenBLAS than a user's machine "
        "would. The figures stand for nothing, and are not written to a file. Start again with "
        f"env {' '.join(f'-u {name}' for name in SETTINGS)} in front of the command."
    )


def plot(records, path):
    """Draw each library's time over ours."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(10, 5), layout="constrained")
    labels = [f"{r['workload']}\n{r['dtype']}" for r in records]
    for offset, peer in enumerate(("sklearn", "torch", "jax", "limit")):
        points = [
            (i + 0.2 * (offset - 1.5), statistics.median(r["seconds"][peer]) / ours)
            for i, r in enumerate(records)
            if peer in r["seconds"]
            for ours in [statistics.median(r["seconds"]["ours"])]
        ]
        if points:
            ax.bar(*zip(*points), width=0.2, label="bare products" if peer == "limit" else peer)
    ax.axhline(1, color="black", linewidth=1)
    ax.set(yscale="log", ylabel="time / time of ScratchMLPRegressor")
    ax.set_xticks(range(len(labels)), labels, rotation=60, fontsize=8)
    ax.legend()
    figure.savefig(path, dpi=150)


def main():
    """Read the command line, measure, and write what came out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="workload", help=f"of {', '.join(WORKLOADS)}")
    peers = "sklearn,torch,jax,catboost,lightgbm"
    parser.add_argument("--peers", default=peers, help="default: %(default)s")
    parser.add_argument("--dtypes", default="float64,float32", help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that it runs")
    parser.add_argument(
        "--one-core",
        action="store_true",
        help="one thread, and its processor time, on a busy machine",
    )
    parser.add_argument("--no-memory", action="store_true", help="leave out peak memory")
    parser.add_argument("--plot", action="store_true", help="draw a picture too")
    parser.add_argument("--out", default="benchmarks/results", help="default: %(default)s")
    options = parser.parse_args()
    unknown = set(options.names) - set(WORKLOADS)
    if unknown:
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")

    asked = [peer for peer in options.peers.split(",") if peer]
    peers = [peer for peer in asked if importlib.util.find_spec(peer)]
    if options.one_core:
        os.environ.update(dict.fromkeys(THREADS, "1"))  # of the processes that measure
    if warning():
        print(f"{warning()}\n", file=sys.stderr)
    print(f"{json.dumps(machine())}\n")
    for peer in asked:
        if peer not in peers:
            print(f"{peer} is not installed: left out\n")
    results = {"machine": machine()}
    names = options.names or [
        name for name in WORKLOADS if not (options.one_core and name in OF_SEVERAL_PROCESSES)
    ]
    rounds = 1 if options.quick else options.rounds
    how = options.quick, options.one_core
    results["speed"] = measure(names, options.dtypes.split(","), peers, rounds, *how)
    for record in results["speed"]:
        if record["first_use"].get("jax"):
            where = f"{record['workload']} {record['dtype']}"
            print(f"\njax compiles and runs once: {where}: {record['first_use']['jax']:.1f} s")
    if not (options.no_memory or options.quick):
        results["memory"] = memory.measure()
        print(f"\n{memory.table(results['memory'])}")
    if warning():
        sys.exit(f"\n{warning()}")
    if options.quick:
        return
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    if options.plot:
        plot(results["speed"], folder / "results.png")
    print(f"\nWritten to {folder}")


if __name__ == "__main__":
    main()
