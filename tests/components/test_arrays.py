"""Arrays from outside."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknn_scratch.components.arrays import as_numbers, quantiles


def test_a_masked_value_is_refused_and_a_mask_that_hides_nothing_is_none():
    with pytest.raises(ValueError, match="weights must not be masked, got 2 masked values"):
        as_numbers(np.ma.masked_less([1.0, 2.0, 3.0], 2.5), "weights")
    assert_array_equal(as_numbers(np.ma.masked_less([1.0, 2.0], 0), "weights"), [1, 2])


def test_quantiles_of_weights_are_those_of_repeated_rows(rng):
    values, weight = rng.normal(size=30), rng.integers(1, 5, 30)
    levels = [0.01, 0.25, 0.5, 0.9, 0.999]
    repeated = np.repeat(values, weight)
    expected = np.quantile(repeated, levels, method="inverted_cdf")
    assert_array_equal(quantiles(values, weight, levels), expected)
    assert_array_equal(quantiles(values, 0.1 * weight, levels), expected)
