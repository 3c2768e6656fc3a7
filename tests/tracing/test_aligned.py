import numpy as np
import pytest

from sknn_scratch.tracing.aligned import LINE, aligned, as_aligned


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_aligned_arrays_start_on_a_cache_line(dtype):
    for shape in [(), (1,), (3, 5), (1000,)]:
        array = aligned(shape, dtype, fill=3)
        assert array.ctypes.data % LINE == 0
        assert array.shape == shape
        assert (array == 3).all()
        assert array.flags.c_contiguous


def test_an_array_is_copied_if_it_is_not_aligned():
    array = aligned((9,), np.float64, fill=3)
    assert as_aligned(array) is array
    shifted = array[1:]
    copy = as_aligned(shifted)
    assert copy.ctypes.data % LINE == 0
    assert not np.shares_memory(copy, shifted)
    assert (copy == 3).all()
