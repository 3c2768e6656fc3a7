"""The teaching network: two sigmoid layers, no intercepts, plain gradient descent.

The figures in ``data/seed_network_r_*.json`` were computed by a program in R: start weights,
the loss (the sum of squared errors) before each of 1,500 steps of learning rate 1, the output
before the last step, and the final weights.
"""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknn_scratch import ScratchMLPRegressor
from tests.helpers import DATA

X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([0, 1, 1, 0])
REFERENCES = sorted((DATA).glob("seed_network_r_*.json"))

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def seed_network(init):
    return ScratchMLPRegressor(
        (4,),
        standardize=False,
        activation="logistic",
        out_activation="logistic",
        fit_intercept=False,
        init=init,
        solver="sgd",
        momentum=0,
        nesterovs_momentum=False,
        alpha=0,
        batch_size=4,
        shuffle=False,
        tol=0,
        n_iter_no_change=np.inf,
        max_iter=1500,
        learning_rate_init=8,  # 1 on the sum of squares: our loss is half the mean of 4
    )


@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: path.stem)
def test_the_teaching_network_equals_the_one_in_r(path):
    reference = json.loads(path.read_text())
    init = [np.array(reference["weights1"]), np.array(reference["weights2"])]
    network = seed_network(init).fit(X, y)
    assert network.n_iter_ == len(reference["loss"]) == 1500
    assert_allclose(8 * np.array(network.loss_curve_), reference["loss"], rtol=1e-9)
    assert_allclose(network.coefs_[0], reference["final_weights1"], rtol=1e-9)
    assert_allclose(network.coefs_[1], reference["final_weights2"], rtol=1e-9)
    assert all((b == 0).all() for b in network.intercepts_)


def test_there_are_references():
    assert len(REFERENCES) == 2


@pytest.mark.slow
def test_the_same_steps_come_from_partial_fit():
    reference = json.loads(REFERENCES[0].read_text())
    network = seed_network([np.array(reference["weights1"]), np.array(reference["weights2"])])
    for _ in range(1499):
        network.partial_fit(X, y)
    assert_allclose(network.predict(X), reference["output"], rtol=1e-9)
    network.partial_fit(X, y)
    assert_allclose(8 * np.array(network.loss_curve_), reference["loss"], rtol=1e-9)
    assert_allclose(network.coefs_[0], reference["final_weights1"], rtol=1e-9)
