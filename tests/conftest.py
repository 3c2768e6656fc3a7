"""What several test files share."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def regression():
    """Return X (60, 4) and y, a smooth function of X and noise, near unit scale."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(60, 4))
    y = np.sin(X[:, 0]) + 0.5 * X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=60)
    return X, y
