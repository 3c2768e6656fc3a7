"""What several test files share."""

from collections import defaultdict

import numpy as np
import pytest
from sklearn import config_context

try:
    from hypothesis import settings
except ImportError:  # test_properties.py is skipped
    pass
else:
    # of each property, of which there are four
    settings.register_profile("suite", max_examples=50, deadline=None, derandomize=True)
    settings.register_profile("long", max_examples=5000, deadline=None)
    settings.load_profile("suite")


def pytest_configure(config):
    """Have `same_draws` decide on the draws in random order too, not pytest-randomly's seed."""
    if hasattr(config.option, "randomly_reset_seed"):
        config.option.randomly_reset_seed = False


@pytest.hookimpl(tryfirst=True)  # before `-m "not slow"` is applied
def pytest_collection_modifyitems(items):
    """Refuse names that hold an address, and mark all cases of a test but two as slow.

    Processes of pytest-xdist must collect the same names. Of a test with many cases the first and
    the last are in the short set, unless it is marked as slow itself.
    """
    cases = defaultdict(list)
    for item in items:
        if " at 0x" in item.nodeid:
            raise pytest.UsageError(f"Give `ids=label` of tests.helpers to {item.nodeid}")
        cases[item.nodeid.partition("[")[0]].append(item)
    for of_test in cases.values():
        for item in of_test[1:-1]:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def same_draws():
    """Seed what `random_state=None` draws from: tests without a seed are the same every time."""
    np.random.seed(0)


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


@pytest.fixture
def weight(regression):
    return np.random.default_rng(1).uniform(0.1, 5, len(regression[1]))


@pytest.fixture
def routing():
    """Turn scikit-learn's metadata routing on."""
    with config_context(enable_metadata_routing=True):
        yield
