from dataclasses import dataclass

import numpy as np
import pytest

from sknn_scratch.fields import as_float


@dataclass(frozen=True)
class Piece:
    share: float

    def __post_init__(self):
        as_float(self, "share", lambda share: 0 < share < 1, "a number between 0 and 1")


@pytest.mark.parametrize("value", [0.25, np.float64(0.25), np.float32(0.25)])
def test_a_number_becomes_a_float_proper(value):
    assert type(Piece(value).share) is float
    assert Piece(value) == Piece(0.25)
    assert repr(Piece(value)) == "Piece(share=0.25)"


@pytest.mark.parametrize("value", ["0.5", None, True, np.True_, 0.5j, [0.5], np.array([0.5])])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match=r"share of Piece must be a number between 0 and 1, got"):
        Piece(value)


@pytest.mark.parametrize("value", [0, 1, -0.5, np.nan, np.inf])
def test_a_number_that_is_not_allowed_is_refused(value):
    with pytest.raises(ValueError, match=rf"must be a number between 0 and 1, got {value}"):
        Piece(value)
