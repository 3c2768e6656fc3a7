"""Peak memory that fit and predict allocate, each in a process of its own."""

import json
import subprocess
import sys
import tracemalloc

FIT = "fit on 1,000,000 rows, 8 features, hidden (100,), one epoch"
PREDICT = "predict 1,000,000 rows, 8 features, hidden (256, 256), beyond the result"

SCRIPT = """
import json, sys, warnings
import numpy as np
from benchmarks.memory import peak_during
warnings.simplefilter("ignore")
regressor, what = sys.argv[1:]
if regressor == "ours":
    from sknn_scratch import ScratchMLPRegressor as Regressor
else:
    from sklearn.neural_network import MLPRegressor as Regressor
X = np.random.default_rng(0).standard_normal((1_000_000, 8))
y = X[:, 0].copy()
if what == "fit":
    model = Regressor(hidden_layer_sizes=(100,), max_iter=1, random_state=0)
    model.fit(X[:1000], y[:1000])
    used = peak_during(lambda: model.fit(X, y))
else:
    model = Regressor(hidden_layer_sizes=(256, 256), max_iter=1, random_state=0)
    model.fit(X[:1000], y[:1000])
    model.predict(X[:1000])
    used = peak_during(lambda: model.predict(X)) - 8 * len(X)
print(json.dumps(used))
"""


def peak_during(function):
    """Return by how many bytes Python's and NumPy's memory grew at its highest."""
    tracemalloc.start()
    function()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def measure():
    """Return {what: {regressor: bytes}}."""
    results = {}
    for what in ("fit", "predict"):
        results[what] = {}
        for regressor in ("ours", "sklearn"):
            command = [sys.executable, "-c", SCRIPT, regressor, what]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            results[what][regressor] = json.loads(done.stdout)
    return results


def table(results):
    """Return the memory table as Markdown."""
    lines = ["| MiB beyond the data | ours | scikit-learn |", "|---|---|---|"]
    for what, text in (("fit", FIT), ("predict", PREDICT)):
        ours, sklearn = (results[what][name] / 2**20 for name in ("ours", "sklearn"))
        lines.append(f"| {text} | {ours:.0f} | {sklearn:.0f} |")
    return "\n".join(lines)
