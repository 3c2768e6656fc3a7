import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknn_scratch.components.registries import ACTIVATIONS, LOSSES
from sknn_scratch.engine.batches import Batch
from sknn_scratch.engine.program import Backward
from sknn_scratch.maths.network import backprop
from tests.helpers import EVERY_NETWORK, Sine, make_network, make_problem, run_program


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("hidden", "out", "loss", "fit_intercept"), EVERY_NETWORK)
def test_the_training_loop_computes_what_backprop_does(
    hidden, out, loss, fit_intercept, weighted, rng
):
    network = make_network(hidden, out, loss, fit_intercept)
    params, X, y = make_problem(network, rng)
    weight = rng.uniform(0, 2, len(X)) if weighted else None
    loss, gradient = run_program(network, params, X, y, weight, 0.3)
    expected_loss, expected_gradient = backprop(X, y, params, network, weight, 0.3)
    assert_allclose(loss, expected_loss, rtol=1e-12)
    assert_allclose(gradient, expected_gradient, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("hidden", [*ACTIVATIONS.values(), Sine()], ids=repr)
@pytest.mark.parametrize("sizes", [(3, 6, 1), (3, 5, 1), (3, 6, 1, 2)])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_training_loop_computes_what_backprop_does_where_layer_2_is_one_unit(
    hidden, sizes, fit_intercept, rng
):
    identity, loss = ACTIVATIONS["identity"], LOSSES["squared_error"]
    network = make_network(hidden, identity, loss, fit_intercept, sizes)
    params, X, y = make_problem(network, rng)
    weight = rng.uniform(0, 2, len(X))
    loss, gradient = run_program(network, params, X, y, weight, 0.3)
    expected_loss, expected_gradient = backprop(X, y, params, network, weight, 0.3)
    assert_allclose(loss, expected_loss, rtol=1e-12)
    assert_allclose(gradient, expected_gradient, rtol=1e-10, atol=1e-13)


def test_a_unit_that_is_off_for_all_samples_gets_no_gradient_at_all(rng):
    # Not even one of rounding errors: Adam would make whole steps of them.
    relu, identity = ACTIVATIONS["relu"], ACTIVATIONS["identity"]
    network = make_network(relu, identity, LOSSES["squared_error"], sizes=(3, 6, 1))
    params, X, y = make_problem(network, rng)
    network.blocks(params)[0][-1, 2] = -1e3
    _, gradient = run_program(network, params, X, y, None, 0)
    first, second = network.blocks(gradient)
    assert not first[:, 2].any()
    assert second[2] == 0
    assert first.any()


def test_float32_stays_float32_and_close_to_float64(rng):
    network = make_network(Sine(), ACTIVATIONS["identity"], LOSSES["squared_error"])
    params, X, y = make_problem(network, rng)
    single = [array.astype(np.float32) for array in (params, X, y)]
    loss, gradient = run_program(network, *single, None, 0.3)
    assert gradient.dtype == np.float32
    expected_loss, expected_gradient = backprop(X, y, params, network, alpha=0.3)
    assert_allclose(loss, expected_loss, rtol=1e-5)
    assert_allclose(gradient, expected_gradient, rtol=1e-3, atol=1e-5)


def test_the_registries_are_covered():
    hidden, outs, losses, _ = (set(column) for column in zip(*(c.values for c in EVERY_NETWORK)))
    assert hidden >= set(ACTIVATIONS.values())
    assert outs >= set(ACTIVATIONS.values())
    assert losses == set(LOSSES.values())


def test_a_step_of_the_network_of_the_walk_takes_the_calls_that_the_walk_shows(rng):
    page = (Path(__file__).parents[2] / "docs" / "learn.md").read_text("utf-8")
    shown = re.search(r"^dot tanh dot .*$", page, re.MULTILINE)[0].split()
    tanh, identity = ACTIVATIONS["tanh"], ACTIVATIONS["identity"]
    network = make_network(tanh, identity, LOSSES["squared_error"], sizes=(1, 5, 1))
    params, X, y = make_problem(network, rng)
    program = Backward(network, params, np.empty_like(params), len(X))
    x = Batch(np.vstack([X.T, np.ones(len(X))]))
    calls = program.calls(x, y.T, None, 1 / len(X), np.zeros(()))
    assert [function.__name__ for function, *_ in calls] == shown
