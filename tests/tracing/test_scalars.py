import numpy as np
import pytest

from sknn_scratch.tracing.recording import Recording
from sknn_scratch.tracing.scalars import LONGEST, RATE, refresher, written

FORMULAS = [
    lambda t, rate: rate * (1 - 0.999 ** (t + 1)) ** 0.5 / (1 - 0.9 ** (t + 1)),
    lambda t, rate: -t + rate - -rate,
    lambda t, rate: (-0.5) ** t - 2 * (-t) ** 2,
    lambda t, rate: 7 // (t + 1) % 3 + t % 2 + (t + 1) // 2,
    lambda t, rate: 2**-t / (0.0 - rate) * (-0.0 + t),
    lambda t, rate: rate - (t - (1 - rate)) - 1e-300 * t,
    lambda t, rate: rate + float("inf"),
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_number_is_what_python_computes(formula):
    recording = Recording()
    number = formula(recording.number("state['t']"), recording.number(RATE))
    state, learning_rate, cell = {"t": 0, "last": 0.0}, np.zeros(()), np.zeros(())
    refresh = refresher([number], {"last": number})(state, learning_rate.item, cell)
    for t, rate in [(0, 0.5), (1, 0.25), (5, 1e-3)]:
        state["t"], learning_rate[...] = t, rate
        refresh()
        assert cell == state["last"] == formula(t, rate)
        assert type(state["last"]) is type(formula(t, rate))


def test_all_numbers_are_computed_before_any_is_changed():
    recording = Recording()
    s, t = recording.number("state['s']"), recording.number("state['t']")
    state = {"s": 1, "t": 10}
    refresh = refresher([], {"s": t, "t": s + t, "fixed": 3})(state, float)
    refresh()
    refresh()
    assert state == {"s": 11, "t": 21, "fixed": 3}


@pytest.mark.parametrize(
    "formula",
    [
        lambda t: 1 if t else 2,
        lambda t: 1 if t == 1 else 2,
        lambda t: 1 if t > 1 else 2,
        lambda t: max(t, 3),
        lambda t: t in (1, 2),
        lambda t: float(t),
        lambda t: np.sqrt(t),
        lambda t: range(t),
        lambda t: t + "1",
    ],
)
def test_what_needs_the_number_itself_is_refused(formula):
    recording = Recording()
    with pytest.raises((TypeError, AttributeError)):
        formula(recording.number("state['t']"))


def test_numbers_without_end_are_refused():
    recording = Recording()
    numbers = [recording.number("t")]
    with pytest.raises(TypeError, match="too much"):
        numbers.extend(numbers[-1] + 1 for _ in range(LONGEST))
    assert recording.failed
    assert eval(written(numbers[-1]), {"t": 0}) > 100  # what is not refused can be compiled
