"""What the tests of several estimators share."""

import numpy as np
import pytest
from sklearn import config_context


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture
def weight(regression):
    return np.random.default_rng(1).uniform(0.1, 5, len(regression[1]))
