"""Components whose formulas may not be taken for what they did once."""

import numpy as np
import pytest

from sknn_scratch import ELU, SELU, Activation, LeakyReLU
from sknn_scratch.components.registries import ACTIVATIONS
from sknn_scratch.tracing.buffers import EVER, Plan
from sknn_scratch.tracing.following import followed
from sknn_scratch.tracing.recording import Recording
from tests.helpers import Sine

CALLS = []


def follow(f):
    """Return a plan of f alone."""
    recording = Recording()
    z = recording.given((3, 4), np.float64)
    result = recording.value(f(z), (3, 4), np.dtype(np.float64))
    return Plan(recording, [(z.value, 0, EVER)], [(result, 1, EVER)])


class Own(Activation):
    """An activation of one's own that has something about it."""

    def __init__(self):
        self.count, self.seen, self.gains = 0, [], np.ones(4)

    def derivative(self, z, a):
        return np.ones_like(a)


class Counts(Own):
    def __call__(self, z):
        self.count += 1
        return z * self.count


class CountsTens(Own):
    def __call__(self, z):
        self.count += 1
        return z * (self.count // 10)


class Collects(Own):
    def __call__(self, z):
        self.seen.append(1)
        return 2 * z


class Remembers(Own):
    def __call__(self, z):
        self.last = np.exp(z)
        return self.last


class ChangesItsArray(Own):
    def __call__(self, z):
        self.gains *= 1.5
        return z * self.gains


class IsRandom(Own):
    def __call__(self, z):
        return z * np.random.rand()


class IsRandomEverywhere(Own):
    def __call__(self, z):
        return z + np.random.normal(size=z.shape)


class CountsForAll(Own):
    def __call__(self, z):
        CALLS.append(1)
        return z * len(CALLS)


class CannotBeCopied(Own):
    def __deepcopy__(self, memo):
        raise TypeError

    def __call__(self, z):
        return 2 * z


class HasAGain(Own):
    def __call__(self, z):
        return z * self.gains


REFUSED = [
    Counts, CountsTens, Collects, Remembers, ChangesItsArray, IsRandom, IsRandomEverywhere,
    CountsForAll, CannotBeCopied,
]  # fmt: skip


@pytest.mark.parametrize("component", REFUSED, ids=lambda each: each.__name__)
def test_a_component_that_may_do_something_else_next_time_is_not_followed(component):
    f = component()
    assert followed(follow, f) is None
    assert (f.count, f.seen, f.gains.tolist()) == (0, [], [1, 1, 1, 1])  # nothing happened to it


@pytest.mark.parametrize("f", [Sine(), HasAGain(), ELU(), ACTIVATIONS["gelu"]], ids=repr)
def test_a_component_that_always_does_the_same_is_followed(f):
    assert followed(follow, f)


def test_what_is_ours_is_followed_once_but_for_each_parameter():
    assert followed(follow, LeakyReLU(0.2)) is followed(follow, LeakyReLU(0.2))
    assert followed(follow, LeakyReLU(0.2)) is not followed(follow, LeakyReLU(0.3))
    selu = SELU()
    plans = [followed(follow, selu)]
    selu.scale = 2.0
    plans.append(followed(follow, selu))
    assert plans[0].description != plans[1].description


def test_what_is_not_ours_is_followed_each_time():
    factor = 2.0

    class Scaled(Sine):
        def __call__(self, z):
            return factor * z

    first = followed(follow, Scaled())
    factor = 3.0
    assert first.description != followed(follow, Scaled()).description
