import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import special
from scipy.special import ndtr

from sknn_scratch.components import ACTIVATIONS
from sknn_scratch.tracing import formulas
from sknn_scratch.tracing.trace import FEW, QUICK, Trace, single_ndtr

SHAPE = (FEW, 2)  # more than few


def traced(formula, shape=SHAPE, dtype=np.float64):
    """Return the trace of a formula of one array, and what the formula returned."""
    trace = Trace(QUICK)
    return trace, formula(trace.input(shape, dtype))


def names(trace):
    return [operation.function.__name__ for operation in trace.operations]


def test_a_formula_is_traced_in_the_order_of_its_operations():
    trace, result = traced(lambda a: 1 - a * a)
    product, difference = trace.operations
    assert names(trace) == ["multiply", "subtract"]
    assert product.inputs[0] is product.inputs[1]
    assert difference.inputs[1] is product
    assert difference.inputs[0].constant == 1
    assert result.value is difference


def test_what_occurs_twice_is_traced_once():
    trace, _ = traced(lambda z: np.exp(z) / (1 + np.exp(z)) + np.exp(2 * z))
    assert names(trace) == ["exp", "add", "divide", "multiply", "exp", "add"]


@pytest.mark.parametrize(("zero", "n"), [(0, 1), (-0.0, 2)])
def test_constants_are_told_apart_to_the_last_bit(zero, n):
    trace, _ = traced(lambda z: np.copysign(z, 0.0) + np.copysign(z, zero))
    assert names(trace).count("copysign") == n


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "formula",
    [
        lambda z: 0.5 * z,
        lambda z: np.float64(0.5) * z,
        lambda z: np.array([0.5, 2.0]) * z,
        lambda z: np.ones(2) * z,
        lambda z: z > 1,
        lambda z: (z > 1) * z,
        lambda z: (z > 1) * 0.5,
        lambda z: np.sqrt(z.astype(np.float32)) / z,
        lambda z: special.ndtr(z) ** 2 + z**3 - 2**z,
        lambda z: np.ones_like(z) * np.zeros_like(z),
        lambda z: np.clip(z, -1, 1),
        lambda z: z[...] if isinstance(z, np.ndarray) else z,
    ],
)
def test_shapes_and_types_are_those_that_numpy_returns(formula, dtype):
    for shape in (SHAPE, (2,), (3, 1, 2)):
        expected = formula(np.full(shape, 0.3, dtype))
        _, result = traced(formula, shape, dtype)
        assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
        assert (result.ndim, result.size) == (expected.ndim, expected.size)


def test_the_logistic_of_many_values_is_made_of_quicker_functions():
    assert names(traced(special.expit)[0]) == ["negative", "exp", "add", "divide"]
    assert names(traced(special.expit, (FEW,))[0]) == ["expit"]


def test_a_product_with_one_is_no_operation():
    trace, result = traced(lambda z: np.ones_like(z) * z * 1)
    assert not trace.operations
    assert result.dtype == np.float64
    assert names(traced(lambda z: 0 * z)[0]) == ["multiply"]


def changes_in_place(z):
    s = np.exp(z)
    s += 1
    return s


def branches(z):
    return z if z.dtype == np.float32 or (z > 0) else -z


def under_errstate(z):
    with np.errstate(over="raise"):
        return np.exp(z)


def in_a_part(z):
    s = np.exp(z)
    s[0] = 1
    return s


NOT_TRACED = {
    "branches": branches,
    "changes in place": changes_in_place,
    "changes a part": in_a_part,
    "writes to an array": lambda z: np.exp(z, out=np.empty(SHAPE)),
    "computes under errstate": under_errstate,
    "where": lambda z: np.where(z > 0, z, 0),
    "sums": lambda z: z / np.sum(z),
    "has a method for the maximum": lambda z: z / z.max(),
    "reduces": lambda z: z / np.maximum.reduce(z),
    "accumulates": lambda z: np.add.accumulate(z),
    "sorts": lambda z: np.sort(z),
    "has options": lambda z: np.exp(z, where=z > 0),
    "asks for numbers": lambda z: 2 * np.asarray(z),
    "asks for a number": lambda z: z * float(z),
    "asks for integers": lambda z: z.astype(int),
    "computes integers": lambda z: np.floor_divide((z > 0) * 3, 2),
    "is one of two": lambda z: np.modf(z)[0],
    "multiplies matrices": lambda z: z @ np.ones((2, 2)),
    "picks": lambda z: z[:1] + z,
    "iterates": lambda z: sum(row for row in z),
    "counts rows": lambda z: z / len(z),
    "compares with nothing": lambda z: z * (z == None),  # noqa: E711
    "needs objects": lambda z: z * np.array([1, 2], object),
    "joins": lambda z: np.concatenate([z, z]),
    "is vectorised": np.vectorize(lambda x: x + 1),
    "is another array's": lambda z: z + Trace(QUICK).input(SHAPE, np.float64),
}


@pytest.mark.parametrize("formula", NOT_TRACED.values(), ids=NOT_TRACED)
def test_what_needs_numbers_is_not_traced(formula):
    with pytest.raises((TypeError, AttributeError)):
        traced(formula)


def test_a_refusal_is_remembered_if_the_formula_catches_it():
    def formula(z):
        try:
            return z if z > 0 else -z
        except TypeError:
            return z

    assert traced(formula)[0].failed
    assert not traced(np.exp)[0].failed


def test_two_traces_of_one_formula_have_the_same_description():
    def description(formula):
        trace, result = traced(formula)
        return trace.description(result.value)

    assert description(lambda z: z * z - 1) == description(lambda z: z * z - 1)
    others = [
        lambda z: z * z - 1.5,
        lambda z: 1 - z * z,
        lambda z: z * z + 1,
        lambda z: (z * z - 1, z)[1],
    ]
    for other in others:
        assert description(other) != description(lambda z: z * z - 1)
    assert description(lambda z: np.exp(z) - np.sin(z)) != description(
        lambda z: (np.exp(z), np.sin(z) - np.exp(z))[1]
    )


# --- functions that are traced as others ---

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
    forward, _ = formulas.activations([(ACTIVATIONS["gelu"], z.copy(), z, None)])[0]
    is_scipys = any(call[0] is ndtr for call in forward)
    assert is_scipys == (dtype == np.float64 or size < FEW)
