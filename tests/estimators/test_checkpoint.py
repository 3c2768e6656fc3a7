import os
import pickle
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknn_scratch import ScratchMLPRegressor, fit_with_checkpoints
from sknn_scratch.estimators.checkpoint import save_atomically

SETTINGS = {"hidden_layer_sizes": (30,), "dropout": 0.1, "learning_rate": "cosine"}
N_EPOCHS = 120
SCRIPT = f"""
import sys
import numpy as np
from sknn_scratch import ScratchMLPRegressor, fit_with_checkpoints
rng = np.random.default_rng(0)
X = rng.normal(size=(2000, 5))
y = np.sin(X[:, 0]) * X[:, 1]
model = ScratchMLPRegressor(**{SETTINGS}, max_iter={N_EPOCHS}, early_stopping=True, random_state=3)
print("ready", flush=True)
fit_with_checkpoints(model, X, y, sys.argv[1], n_epochs={N_EPOCHS}, every=7)
"""


def parameters(path):
    with open(path, "rb") as file:
        model = pickle.load(file)
    assert len(model.loss_curve_) == N_EPOCHS
    return np.concatenate([array.ravel() for array in (*model.coefs_, *model.intercepts_)])


def run(path, killed_after=None):
    """Train in a process; return how long that took, or None if it was killed before its end."""
    command = [sys.executable, "-c", SCRIPT, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        start = time.perf_counter()
        if killed_after is not None:
            time.sleep(killed_after)
            process.kill()
        finished = process.wait(timeout=300) == 0
    return time.perf_counter() - start if finished else None


def test_a_training_killed_at_random_and_resumed_ends_with_the_very_same_weights(tmp_path):
    run(tmp_path / "whole")
    seconds = run(tmp_path / "timed")
    draw, path, killed = random.Random(), tmp_path / "resumed", 0
    while killed < 4:
        if run(path, killed_after=draw.uniform(0, 0.5 * seconds)) is None:
            killed += 1
        elif killed == 0:  # it was quicker than we were
            path.unlink()
        else:
            break
    run(path)
    assert killed > 0
    assert_array_equal(parameters(path), parameters(tmp_path / "whole"))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL on Windows")
def test_kill_is_sigkill(tmp_path):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        process.kill()
        assert process.wait() == -signal.SIGKILL


def test_it_is_a_loop_of_partial_fit(regression, tmp_path):
    X, y = regression
    model, by_hand = (ScratchMLPRegressor((5,), random_state=0) for _ in range(2))
    weight = np.arange(60) % 3
    own = {"X_val": X[:10], "y_val": y[:10]}
    fit_with_checkpoints(
        model, X, y, tmp_path / "model", n_epochs=5, every=2, sample_weight=weight, **own
    )
    for _ in range(5):
        by_hand.partial_fit(X, y, weight, **own)
    assert_array_equal(model.coefs_[0], by_hand.coefs_[0])
    assert model.validation_scores_ == by_hand.validation_scores_
    assert os.listdir(tmp_path) == ["model"]


def test_a_finished_training_is_not_gone_on_with(regression, tmp_path):
    path = tmp_path / "model"
    model = ScratchMLPRegressor((5,), random_state=0)
    fit_with_checkpoints(model, *regression, path, n_epochs=4)
    again = fit_with_checkpoints(model, *regression, path, n_epochs=4)
    assert len(again.loss_curve_) == 4
    assert len(fit_with_checkpoints(model, *regression, path, n_epochs=6).loss_curve_) == 6


def test_a_model_with_other_parameters_is_not_gone_on_with(regression, tmp_path):
    path = tmp_path / "model"
    settings = {"init": "he_normal", "random_state": 0}
    fit_with_checkpoints(ScratchMLPRegressor((5,), **settings), *regression, path, n_epochs=2)
    other = ScratchMLPRegressor((6,), alpha=1, **settings)
    with pytest.raises(ValueError, match=r"other parameters \(alpha, hidden_layer_sizes\)"):
        fit_with_checkpoints(other, *regression, path, n_epochs=3)
    same = ScratchMLPRegressor((5,), **settings, verbose=2)
    assert len(fit_with_checkpoints(same, *regression, path, n_epochs=3).loss_curve_) == 3


def test_a_failed_save_leaves_the_old_file_and_nothing_beside(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"old")
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        save_atomically(lambda: None, path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("name", ["n_epochs", "every"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, None])
def test_bad_numbers_are_named(name, value, regression, tmp_path):
    with pytest.raises(ValueError, match=f"{name} must be an int >= 1"):
        fit_with_checkpoints(
            ScratchMLPRegressor(), *regression, tmp_path / "m", **{"n_epochs": 3, name: value}
        )


def test_numbers_of_numpy_will_do(regression, tmp_path):
    numbers = {"n_epochs": np.int64(3), "every": np.int32(2)}
    model = ScratchMLPRegressor((5,), random_state=0)
    assert len(fit_with_checkpoints(model, *regression, tmp_path / "m", **numbers).loss_curve_) == 3


def test_a_folder_that_is_not_there_is_refused_before_training(regression, tmp_path):
    model = ScratchMLPRegressor((5,), random_state=0)
    with pytest.raises(FileNotFoundError, match="path must be in a folder that exists"):
        fit_with_checkpoints(model, *regression, tmp_path / "no" / "model", n_epochs=3)
    assert not hasattr(model, "coefs_")


def test_a_file_that_holds_something_else_is_refused(regression, tmp_path):
    save_atomically({"not": "a model"}, tmp_path / "m")
    with pytest.raises(TypeError, match=r"must hold a ScratchMLPRegressor, got .'not'"):
        fit_with_checkpoints(ScratchMLPRegressor(), *regression, tmp_path / "m", n_epochs=3)
