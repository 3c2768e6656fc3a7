import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sknn_scratch.tracing.aligned import FREE, KEPT, LENT, LINE, aligned, as_aligned, empty


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


def address(array):
    return array.__array_interface__["data"][0]


def bytes_kept():
    return sum(size * len(memories) for size, memories in FREE.items())


def test_the_memory_of_a_large_array_serves_the_next_of_its_size():
    FREE.clear()
    array = aligned((LENT,), np.uint8)
    before = address(array)
    del array
    assert bytes_kept() == LENT + LINE
    again = empty((LENT // 8,), np.float64)
    assert address(again) == before
    assert bytes_kept() == 0


def test_memory_is_kept_once_the_last_view_of_it_is_gone():
    FREE.clear()
    array = aligned((2, LENT), np.uint8)
    view = array[1].reshape(8, -1).T
    del array
    others = [aligned((2, LENT), np.uint8, 7) for _ in range(3)]
    assert not any(np.shares_memory(view, other) for other in others)
    assert (view == 0).all()
    del view
    assert bytes_kept() == 2 * LENT + LINE


def test_neither_small_nor_huge_arrays_leave_their_memory():
    FREE.clear()
    aligned((LENT // 2,), np.uint8)
    aligned((2 * KEPT,), np.uint8)
    assert bytes_kept() == 0


def test_no_more_than_so_much_memory_is_kept():
    FREE.clear()
    for i in range(5):
        for size in (LENT + i, KEPT // 3 + i):
            aligned((size,), np.uint8)
            assert bytes_kept() <= KEPT
    assert bytes_kept() > 0


def test_threads_never_get_the_same_memory():
    def work(number):
        for _ in range(200):
            one, other = (aligned((LENT,), np.uint8, number + i) for i in range(2))
            if not ((one == number).all() and (other == number + 1).all()):
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(0, 16, 2)))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_of_an_array_is_a_plain_one_with_its_own_memory(duplicate):
    array = aligned((LENT,), np.uint8, 5)
    copied = duplicate(array)
    assert type(copied) is np.ndarray
    assert (copied == 5).all()
    assert not np.shares_memory(copied, array)
