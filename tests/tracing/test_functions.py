import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.special import ndtr

from sknn_scratch.components import ACTIVATIONS
from sknn_scratch.tracing import formulas
from sknn_scratch.tracing.functions import FEW, single_ndtr

Z = np.linspace(-14, 14, 800_001).astype(np.float32)
EXACT = ndtr(Z.astype(np.float64))


def test_gelu_is_as_exact_in_single_precision_as_with_scipys_distribution():
    z = Z.astype(np.float64)
    error, scipys = (np.abs(Z * p(Z) - z * EXACT).max() for p in (single_ndtr, ndtr))
    assert error < 1.01 * scipys < 3.9e-7  # of which half is the rounding of numbers above 4


def test_the_distribution_errs_by_a_few_roundings_and_its_tails_are_0_and_1():
    P = single_ndtr(Z)
    assert P.dtype == np.float32
    assert np.abs(P - EXACT).max() < 4e-7
    assert P.min() >= 0
    assert P.max() <= 1
    far = np.array([-np.inf, -30, 30, np.inf], np.float32)
    assert_array_equal(single_ndtr(far), [0, 0, 1, 1])
    assert np.isnan(single_ndtr(np.array([np.nan], np.float32)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [FEW // 2, 2 * FEW])
def test_only_many_numbers_in_single_precision_are_computed_so(dtype, size):
    z = np.zeros((1, size), dtype)
    forward, _ = formulas.activation(ACTIVATIONS["gelu"], z.copy(), z)
    is_scipys = any(call[0] is ndtr for call in forward)
    assert is_scipys == (dtype == np.float64 or size < FEW)
