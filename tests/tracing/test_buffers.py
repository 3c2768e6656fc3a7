"""Arrays on cache lines; plans, run against NumPy: the numbers must be the same to the last bit."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknn_scratch.tracing.buffers import (
    BEGINNING,
    EVER,
    LINE,
    Plan,
    aligned,
    as_aligned,
)
from sknn_scratch.tracing.trace import EXACT, Trace, Traced

every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
UNARY = [np.sin, np.tanh, np.abs, np.negative, np.square, lambda x: x + 0, lambda x: 1.0 * x]
BINARY = [
    np.add,
    np.subtract,
    np.multiply,
    np.maximum,
    np.minimum,
    lambda x, y: (x > y) * y,
    lambda x, y: (x > y).astype(np.float32) - y,
    lambda x, y: np.clip(x, -0.5, y),
    lambda x, y: (np.ones_like(x) - y) / (np.zeros_like(x) + 2),
]


class Expression:
    """A formula made at random, of two arrays; the same for the same seed."""

    def __init__(self, seed, n_operations=12):
        self.seed, self.n = seed, n_operations

    def __call__(self, x, y):
        rng = np.random.default_rng(self.seed)
        known = [x, y]
        for _ in range(self.n):
            left, right = (known[i] for i in rng.integers(len(known), size=2))
            if rng.random() < 0.2:
                right = rng.choice([0, 0.5, -2])
            if rng.random() < 0.3:
                known.append(UNARY[rng.integers(len(UNARY))](left))
            else:
                known.append(BINARY[rng.integers(len(BINARY))](left, right))
        return known[rng.integers(2, len(known))].astype(x.dtype)


def run(calls):
    for function, *arguments in calls:
        function(*arguments)


def arrays(rng, dtype, n, shape=(3, 5)):
    return [rng.normal(size=shape).astype(dtype) for _ in range(n)]


@every_dtype
@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_a_random_expression_is_computed_to_the_last_bit(seed, in_place, dtype, rng):
    f = Expression(seed)
    x, y, out = arrays(rng, dtype, 3)
    expected = f(x.copy(), y.copy())
    trace = Trace(EXACT)
    given_x, given_y = (trace.input(x.shape, dtype) for _ in range(2))
    result = trace.value(f(given_x, given_y), x.shape, x.dtype)
    kept_y = y.copy()
    given = [(given_x.value, 0, BEGINNING), (given_y.value, 1, EVER)]
    results = [(result, 0 if in_place else 2)], []
    plan = Plan(trace, given, results, len(trace.operations))
    if in_place:
        out = x
    run(plan.calls([x, y] if in_place else [x, y, out])[0])
    assert_array_equal(out, expected)
    assert_array_equal(y, kept_y)  # as was asked for


@every_dtype
@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_two_parts_with_something_in_between(seed, in_place, dtype, rng):
    f, df = Expression(seed, 6), Expression(seed + 1000, 6)
    z, a, delta = arrays(rng, dtype, 3)
    z_before, delta_later = z.copy(), delta.copy()
    expected = f(z.copy(), z.copy())
    shared = expected if in_place else z
    expected_delta = (delta_later * df(shared.copy(), expected.copy())).astype(dtype)

    trace = Trace(EXACT)
    given_z, given_delta = (trace.input(z.shape, dtype) for _ in range(2))
    result = Traced(trace, trace.value(f(given_z, given_z), z.shape, z.dtype))
    split = len(trace.operations)
    product = given_delta * df(result if in_place else given_z, result)
    second = trace.value(product, z.shape, z.dtype)
    buffer = 0 if in_place else 1
    plan = Plan(
        trace,
        [(given_z.value, 0, BEGINNING), (given_delta.value, 2 - in_place, BEGINNING)],
        [[(result.value, buffer)], [(second, 2 - in_place)]],
        split,
    )
    scratch = {}
    first, last = plan.calls([z, delta] if in_place else [z, a, delta], scratch)
    for _ in range(2):  # the second time finds the arrays as the first has left them
        z[...] = z_before
        delta[...] = np.nan
        run(first)
        assert_array_equal(z if in_place else a, expected)
        for key, array in scratch.items():  # others may have used them meanwhile
            if isinstance(key, tuple) and isinstance(key[0], int):
                array[...] = 1 if array.dtype == bool else np.nan
        delta[...] = delta_later
        run(last)
        assert_array_equal(delta, expected_delta)


# --- arrays on cache lines ---


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
