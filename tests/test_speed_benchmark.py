from dataclasses import replace

import numpy as np
import pytest

from benchmarks.peers import PEERS, evaluations_per_iteration
from benchmarks.workloads import WORKLOADS

OURS = "ours", "plain", "limit", "sklearn"  # the peers that need no more than the package does


def shrunk(workload):
    """Return a workload as it is, but that it takes a moment."""
    n, features, batch = (min(size, 40) for size in (workload.n, workload.features, workload.batch))
    hidden = tuple(min(units, 5) for units in workload.hidden)
    density = workload.density and 0.2
    return replace(
        workload, n=n, features=features, batch=batch, hidden=hidden, density=density, repeats=1
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # as in the benchmark: nothing is trained to convergence
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [name for name in WORKLOADS if name != "grid"])
def test_every_workload_can_be_measured(name, dtype):
    workload = shrunk(WORKLOADS[name])
    if workload.is_ensemble and dtype == "float32":
        pytest.skip("an ensemble is measured in float64")
    X, y = workload.data(dtype)
    assert X.shape == (workload.n, workload.features)
    for peer in set(workload.peers) & set(OURS):
        PEERS[peer](workload, X, y)()


@pytest.mark.filterwarnings("ignore")
def test_lbfgs_computes_loss_and_gradient_about_once_per_iteration():
    workload = replace(shrunk(WORKLOADS["lbfgs"]), repeats=20)
    assert 1 <= evaluations_per_iteration(workload, *workload.data(np.float64)) < 2
