"""Members of an ensemble trained on a Dask cluster, by joblib's backend."""

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose

from sknn_scratch import ScratchMLPEnsembleRegressor, ScratchMLPRegressor

distributed = pytest.importorskip("dask.distributed")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_members_trained_on_a_cluster_are_the_same(regression):
    X, y = regression
    network = ScratchMLPRegressor((5,), solver="lbfgs", max_iter=20)
    model = ScratchMLPEnsembleRegressor(network, 4, random_state=0)
    expected = model.fit(X, y, np.ones(60)).predict_interval(X)
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(processes=True, **settings) as cluster,
        distributed.Client(cluster),
        parallel_config("dask"),
    ):
        found = model.fit(X, y, np.ones(60)).predict_interval(X)
    assert_allclose(found, expected, rtol=1e-6)
