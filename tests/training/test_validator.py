import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknn_scratch import Identity, Network, SquaredError
from sknn_scratch.data import DataSet, Scaling
from sknn_scratch.training.validator import Validator

NETWORK = Network((1, 1), (Identity(),), SquaredError())
SCALING = Scaling(np.array([1.0]), np.array([2.0]), np.array([10.0]), np.array([4.0]))
X = np.array([[1.0], [3.0], [7.0]])
WEIGHT = np.array([1.0, 0.0, 2.0])
HALF = np.array([0.5, 0.0])  # in standardised units: y = 0.5 x


def make_validator(score=lambda params, output: 0.5, decides=True, weight=None, y=(10, 12, 14)):
    data = DataSet(X, np.array(y, float)[:, np.newaxis], weight)
    return Validator(NETWORK, SCALING, data, score, decides)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weighted"])
def test_the_loss_is_that_of_standardised_units_and_without_penalty(weight):
    # standardised: x = 0, 1, 3, so the network gives 0, 0.5, 1.5; y is 0, 0.5, 1
    loss, score = make_validator(weight=weight)(HALF)
    assert_allclose(loss, 0.5 * np.average([0, 0, 0.25], weights=weight))
    assert score == 0.5


def test_the_score_is_told_the_parameters_and_the_output_in_the_unit_of_y():
    told = []
    make_validator(lambda *given: told.append(given) or 0.5)(HALF)
    ((params, output),) = told
    assert_allclose(params, HALF)
    assert_allclose(output[:, 0], [10, 12, 16])


def test_an_output_that_is_not_finite_has_neither():
    with np.errstate(invalid="ignore"):
        assert np.isnan(make_validator()(np.array([np.inf, 0]))).all()


def test_a_score_of_nan_is_an_error_only_if_it_decides():
    _, score = make_validator(lambda *given: np.nan, decides=False)(HALF)
    assert np.isnan(score)
    with pytest.raises(ValueError, match="score on the validation data is nan"):
        make_validator(lambda *given: np.nan)(HALF)
