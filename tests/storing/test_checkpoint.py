import errno
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import Activation, Quantile, ScratchMLPRegressor, fit_with_checkpoints
from sknn_scratch.storing.checkpoint import load, save_atomically

SETTINGS = {"hidden_layer_sizes": (30,), "dropout": 0.1, "learning_rate": "cosine"}
SETTINGS["n_iter_no_change"] = 1000
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


@pytest.mark.slow
def test_a_training_killed_at_random_and_resumed_ends_with_the_very_same_weights(tmp_path):
    seconds = run(tmp_path / "whole")
    draw, path, killed = random.Random(), tmp_path / "resumed", 0
    while killed < 2:
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


def test_fewer_epochs_than_were_trained_for_are_refused(regression, tmp_path):
    path = tmp_path / "model"
    fit_with_checkpoints(ScratchMLPRegressor((5,)), *regression, path, n_epochs=4)
    saved = path.read_bytes()
    with pytest.raises(ValueError, match=r"n_epochs must be at least 4, .*; got 3"):
        fit_with_checkpoints(ScratchMLPRegressor((5,)), *regression, path, n_epochs=3)
    assert path.read_bytes() == saved


def test_a_model_with_other_parameters_is_not_gone_on_with(regression, tmp_path):
    path = tmp_path / "model"
    settings = {"init": "he_normal", "random_state": 0}
    fit_with_checkpoints(ScratchMLPRegressor((5,), **settings), *regression, path, n_epochs=2)
    other = ScratchMLPRegressor((6,), alpha=1, **settings)
    with pytest.raises(ValueError, match=r"other parameters \(alpha, hidden_layer_sizes\)"):
        fit_with_checkpoints(other, *regression, path, n_epochs=3)


def test_a_resumed_training_is_as_verbose_as_it_is_asked_to_be(regression, tmp_path, capsys):
    quiet, telling = (ScratchMLPRegressor((5,), random_state=0, verbose=v) for v in (False, True))
    fit_with_checkpoints(quiet, *regression, tmp_path / "m", n_epochs=2)
    model = fit_with_checkpoints(telling, *regression, tmp_path / "m", n_epochs=3)
    assert model.verbose is True
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [
        ["Iteration", "3"]
    ]


class Tuned(ScratchMLPRegressor):
    """A network whose constructor takes a few parameters, and sets the others."""

    def __init__(self, width=3, rate=0.01):
        super().__init__((width,), learning_rate_init=rate, random_state=0)
        self.width, self.rate = width, rate


def test_a_network_with_a_constructor_of_its_own_is_gone_on_with(regression, tmp_path):
    path = tmp_path / "m"
    for n in (2, 3):
        assert len(fit_with_checkpoints(Tuned(), *regression, path, n_epochs=n).loss_curve_) == n
    with pytest.raises(ValueError, match=r"other parameters \(learning_rate_init, rate\)"):
        fit_with_checkpoints(Tuned(rate=0.1), *regression, path, n_epochs=4)


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
    with pytest.raises((TypeError, ValueError), match=rf"{name} must be an int in \[1, inf\)"):
        fit_with_checkpoints(
            ScratchMLPRegressor(), *regression, tmp_path / "m", **{"n_epochs": 3, name: value}
        )


def test_numbers_of_numpy_will_do(regression, tmp_path):
    numbers = {"n_epochs": np.int64(3), "every": np.int32(2)}
    model = ScratchMLPRegressor((5,), random_state=0)
    assert len(fit_with_checkpoints(model, *regression, tmp_path / "m", **numbers).loss_curve_) == 3


def test_a_folder_that_is_not_there_is_refused_before_training(regression, tmp_path):
    model = ScratchMLPRegressor((5,), random_state=0)
    with pytest.raises(FileNotFoundError, match="path cannot be written to: No such file"):
        fit_with_checkpoints(model, *regression, tmp_path / "no" / "model", n_epochs=3)
    assert not hasattr(model, "coefs_")


def test_a_file_that_holds_something_else_is_refused(regression, tmp_path):
    save_atomically({"not": "a model"}, tmp_path / "m")
    with pytest.raises(TypeError, match=r"must hold a ScratchMLPRegressor, got .'not'"):
        fit_with_checkpoints(ScratchMLPRegressor(), *regression, tmp_path / "m", n_epochs=3)


class Bent(Activation):
    """An activation with a state, but without a __repr__ of its own."""

    __repr__ = object.__repr__

    def __init__(self, at=0.0):
        self.at = at

    def __call__(self, z):
        return np.abs(z - self.at)

    def derivative(self, z, a):
        return np.sign(z - self.at)


def meddling(epoch, n_epochs):
    return meddling.does(epoch, n_epochs)


def by_hand(epoch, n_epochs):
    return 1.0


def other(epoch, n_epochs):
    return 1.0


def fold(*rows):
    mask = np.zeros(2000, bool)
    mask[list(rows)] = True
    return mask


EARLY = {"early_stopping": True}
SAME = {
    "seeds": ({"random_state": np.int64(3)},) * 2,
    "sizes": ({"hidden_layer_sizes": [5, 4]}, {"hidden_layer_sizes": [5, 4]}),
    "masks": (*({**EARLY, "validation_fraction": fold(1, 700)},) * 2,),
    "objects": ({"activation": Bent(1.0)}, {"activation": Bent(1.0)}),
    "lists of objects": ({"activation": [Bent(1.0)]}, {"activation": [Bent(1.0)]}),
    "losses": ({"loss": Quantile([0.1, 0.9])}, {"loss": Quantile([0.1, 0.9])}),
    "functions": ({"learning_rate": by_hand}, {"learning_rate": by_hand}),
    "parts of arrays": (
        *({"hidden_layer_sizes": (), "init": [np.arange(9.0).reshape(3, 3)[:, :1]]},) * 2,
    ),
    "infinities": ({"n_iter_no_change": np.inf}, {"n_iter_no_change": float("inf")}),
}
DIFFERENT = {
    "seeds": ("random_state", np.int64(0), np.int64(7)),
    "a seed and a state": ("random_state", np.random.RandomState(0), 0),
    "masks": ("validation_fraction", fold(1, 700), fold(1, 1300)),
    "a mask and numbers": ("validation_fraction", fold(1, 700), fold(1, 700).astype(int)),
    "states": ("activation", Bent(1.0), Bent(2.0)),
    "losses": ("loss", Quantile([0.1, 0.9]), Quantile([0.1, 0.8])),
    "functions": ("learning_rate", by_hand, other),
    "arrays": ("init", [np.full((3, 3), v) for v in (1.0,)], [np.full((3, 3), 1.5)]),
}


@pytest.fixture
def rows(rng):
    X = rng.normal(size=(2000, 3))
    return X, X[:, 0]


@pytest.mark.parametrize(("params", "same"), SAME.values(), ids=SAME)
def test_parameters_of_the_same_value_go_on(params, same, rows, tmp_path):
    first, then = (ScratchMLPRegressor((3,)).set_params(**each) for each in (params, same))
    if "activation" in params:
        first, then = (each.set_params(hidden_layer_sizes=(3,)) for each in (first, then))
    fit_with_checkpoints(first, *rows, tmp_path / "model", n_epochs=1)
    assert len(fit_with_checkpoints(then, *rows, tmp_path / "model", n_epochs=2).loss_curve_) == 2


def test_a_random_state_that_was_drawn_from_is_still_the_same(rows, tmp_path):
    path = tmp_path / "model"
    for n in (1, 2):
        model = ScratchMLPRegressor((3,), random_state=np.random.RandomState(0))
        assert len(fit_with_checkpoints(model, *rows, path, n_epochs=n).loss_curve_) == n


@pytest.mark.parametrize(("name", "value", "another"), DIFFERENT.values(), ids=DIFFERENT)
def test_parameters_of_another_value_do_not(name, value, another, rows, tmp_path):
    settings = {} if name != "init" else {"hidden_layer_sizes": (), "fit_intercept": False}
    X, y = rows
    y = np.c_[y, y, y] if name == "init" else y
    first, then = (
        ScratchMLPRegressor((3,), early_stopping=name == "validation_fraction", **{name: each})
        for each in (value, another)
    )
    for each in (first, then):
        each.set_params(**settings)
    fit_with_checkpoints(first, X, y, tmp_path / "model", n_epochs=1)
    with pytest.raises(ValueError, match=rf"other parameters \({name}\)"):
        fit_with_checkpoints(then, X, y, tmp_path / "model", n_epochs=2)


def test_a_fitted_model_is_refused_unless_there_is_a_checkpoint(regression, tmp_path):
    model = ScratchMLPRegressor((3,), random_state=0).partial_fit(*regression)
    with pytest.raises(ValueError, match="estimator is fitted, and there is no checkpoint"):
        fit_with_checkpoints(model, *regression, tmp_path / "m", n_epochs=8)
    assert model.n_iter_ == len(model.loss_curve_) == 1
    fit_with_checkpoints(clone(model), *regression, tmp_path / "m", n_epochs=2)
    assert (
        len(fit_with_checkpoints(model, *regression, tmp_path / "m", n_epochs=3).loss_curve_) == 3
    )


def with_attribute(name, value):
    model = ScratchMLPRegressor()
    setattr(model, name, value)
    return model


REFUSED = {
    "a pipeline": (
        make_pipeline(StandardScaler(), ScratchMLPRegressor()),
        "estimator must be a ScratchMLPRegressor, got Pipeline",
    ),
    "lbfgs": (ScratchMLPRegressor(solver="lbfgs"), "stochastic solver, got 'lbfgs'"),
    "a lambda": (ScratchMLPRegressor(learning_rate=lambda epoch, n: 1.0), "learning_rate must be"),
    "a callback": (with_attribute("_skl_callbacks", [lambda: None]), "^callbacks must be such"),
    "a lock": (ScratchMLPRegressor(activation=Bent(threading.Lock())), "activation must be"),
}


@pytest.mark.parametrize(("model", "match"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_gone_on_with_is_refused_before_training(model, match, regression, tmp_path):
    with pytest.raises((TypeError, ValueError), match=match):
        fit_with_checkpoints(model, *regression, tmp_path / "m", n_epochs=3)
    assert os.listdir(tmp_path) == []
    assert not hasattr(model, "coefs_")


@pytest.mark.filterwarnings("ignore:Training stopped by tol=0.1 while")  # to be short
@pytest.mark.filterwarnings("ignore:Solver produced non-finite")
@pytest.mark.parametrize("kind", [True, "loss", "divergence"])
def test_early_stopping_ends_it_as_it_ends_fit(kind, rows, tmp_path):
    settings = {"early_stopping": kind, "tol": 0.1, "n_iter_no_change": 3, "random_state": 0}
    if kind == "divergence":
        settings |= {"early_stopping": True, "solver": "sgd", "learning_rate_init": 1e3}
    whole = ScratchMLPRegressor((3,), **settings).fit(*rows)
    assert whole.n_iter_ < 50
    assert np.isfinite(whole.loss_) == (kind != "divergence")
    for n_epochs in (2, 50, 60):  # interrupted, to the end, and no further
        model = ScratchMLPRegressor((3,), **settings)
        model = fit_with_checkpoints(model, *rows, tmp_path / "m", n_epochs=n_epochs, every=20)
    assert_array_equal(model.loss_curve_, whole.loss_curve_)
    assert_array_equal(load(tmp_path / "m").loss_curve_, whole.loss_curve_)
    assert_array_equal(model.predict(rows[0]), whole.predict(rows[0]))


def test_a_checkpoint_that_was_cut_off_is_refused_by_its_path(regression, tmp_path):
    path, model = tmp_path / "model", ScratchMLPRegressor((3,), random_state=0)
    fit_with_checkpoints(model, *regression, path, n_epochs=2)
    whole = path.read_bytes()
    for place in (0, 1, len(whole) // 2, len(whole) - 60, len(whole) - 1):
        path.write_bytes(whole[:place])
        with pytest.raises(ValueError, match=r"model' cannot be loaded: .*Remove it"):
            fit_with_checkpoints(model, *regression, path, n_epochs=3)
    path.write_bytes(whole)
    assert len(fit_with_checkpoints(model, *regression, path, n_epochs=3).loss_curve_) == 3


def test_a_checkpoint_of_what_is_no_longer_there_is_refused_by_its_path(tmp_path, monkeypatch):
    save_atomically(Bent(), tmp_path / "m")
    monkeypatch.delattr(sys.modules[__name__], "Bent")
    with pytest.raises(ValueError, match=r"m' cannot be loaded: .*Bent"):
        fit_with_checkpoints(ScratchMLPRegressor(), [[1.0]], [1.0], tmp_path / "m", n_epochs=3)


def test_a_checkpoint_is_a_pickle(regression, tmp_path):
    model = ScratchMLPRegressor((3,), random_state=0)
    fit_with_checkpoints(model, *regression, tmp_path / "m", n_epochs=2)
    with open(tmp_path / "m", "rb") as file:
        assert_array_equal(pickle.load(file).coefs_[0], model.coefs_[0])


def test_what_a_killed_write_has_left_is_cleared_away(regression, tmp_path):
    model = ScratchMLPRegressor((3,), random_state=0)
    (tmp_path / "m.part").write_bytes(b"half")
    fit_with_checkpoints(model, *regression, tmp_path / "m", n_epochs=2)
    assert os.listdir(tmp_path) == ["m"]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="a folder that root cannot write to")
def test_a_folder_that_cannot_be_written_to_is_refused_before_training(regression):
    model = ScratchMLPRegressor((3,), random_state=0)
    with pytest.raises(OSError, match=r"path cannot be written to: .*/model'"):
        fit_with_checkpoints(model, *regression, "/proc/self/model", n_epochs=2)
    assert not hasattr(model, "coefs_")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are none on Windows")
def test_what_is_no_file_is_refused_and_not_waited_for(regression, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(OSError, match="path must be that of a file"):
            fit_with_checkpoints(ScratchMLPRegressor(), *regression, tmp_path / name, n_epochs=2)


@pytest.mark.skipif(os.name == "nt", reason="links are another matter there")
def test_no_link_is_followed_where_a_checkpoint_is_written(tmp_path):
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "m.part").symlink_to(tmp_path / "precious")
    save_atomically({}, tmp_path / "m")
    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_a_full_disk_is_told_with_the_path_and_leaves_the_old_file(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "m").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*/m'"):
        save_atomically({}, tmp_path / "m")
    assert os.listdir(tmp_path) == ["m"]
    assert (tmp_path / "m").read_bytes() == b"old"


@pytest.mark.parametrize("as_long", [False, True])
def test_a_path_that_another_process_writes_to_is_not_written_over(as_long, regression, tmp_path):
    path = tmp_path / "m"

    def meddle(epoch, n_epochs):
        if epoch == 3:
            path.write_bytes(another)
        return 1.0

    meddling.does = meddle
    model = ScratchMLPRegressor((3,), random_state=0, learning_rate=meddling)
    another = b"of another"
    if as_long:
        fit_with_checkpoints(clone(model), *regression, tmp_path / "as long", n_epochs=3)
        another = (tmp_path / "as long").read_bytes()
    with pytest.raises(RuntimeError, match="m' was written by another process"):
        fit_with_checkpoints(model, *regression, path, n_epochs=6, every=1)
    assert path.read_bytes() == another


@pytest.mark.skipif(os.name == "nt", reason="permissions and links are another matter there")
def test_a_checkpoint_has_the_usual_permissions_and_keeps_those_it_is_given(regression, tmp_path):
    path, model = tmp_path / "model", ScratchMLPRegressor((3,), random_state=0)
    (tmp_path / "usual").touch()
    fit_with_checkpoints(model, *regression, path, n_epochs=1)
    assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode
    path.chmod(0o640)
    fit_with_checkpoints(model, *regression, path, n_epochs=2)
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name == "nt", reason="permissions and links are another matter there")
def test_a_link_leads_to_the_checkpoint_as_before(regression, tmp_path):
    path, model = tmp_path / "link", ScratchMLPRegressor((3,), random_state=0)
    (tmp_path / "folder").mkdir()
    path.symlink_to(tmp_path / "folder" / "model")
    for n_epochs in (1, 2):
        fit_with_checkpoints(model, *regression, path, n_epochs=n_epochs)
        assert path.is_symlink()
        assert os.listdir(tmp_path / "folder") == ["model"]
    assert len(model.loss_curve_) == 1  # the model that was saved has been trained on


class InterruptibleTanh(Activation):
    """tanh, and Ctrl-C when its derivative is asked for once more than ``calls`` times."""

    calls = np.inf  # of the class: no parameter, so that a saved model has the same

    def __call__(self, z):
        return np.tanh(z)

    def derivative(self, z, a):
        a = np.asarray(a)  # else the formula would be followed once, not called at each step
        InterruptibleTanh.calls -= 1
        if InterruptibleTanh.calls < 0:
            raise KeyboardInterrupt
        return 1 - a * a


@pytest.mark.parametrize("calls", [5, 25], ids=["before the first checkpoint", "after it"])
@pytest.mark.parametrize("early_stopping", [False, True], ids=["", "early_stopping"])
def test_ctrl_c_is_raised_and_the_resumed_training_is_the_one_without(
    calls, early_stopping, regression, tmp_path, monkeypatch
):
    X, y = regression
    path, plan = tmp_path / "model.pickle", {"n_epochs": 12, "every": 4}

    def model():  # two or three steps an epoch
        params = {"batch_size": 20, "early_stopping": early_stopping, "random_state": 0}
        return ScratchMLPRegressor((4,), activation=InterruptibleTanh(), dropout=0.1, **params)

    whole = fit_with_checkpoints(model(), X, y, tmp_path / "whole", **plan)
    interrupted = model()
    monkeypatch.setattr(InterruptibleTanh, "calls", calls)
    with pytest.raises(KeyboardInterrupt):
        fit_with_checkpoints(interrupted, X, y, path, **plan)
    assert vars(interrupted).keys() == vars(model()).keys()  # as it was: not fitted
    assert path.exists() == (calls > 12)
    monkeypatch.setattr(InterruptibleTanh, "calls", np.inf)
    resumed = fit_with_checkpoints(interrupted, X, y, path, **plan)
    assert resumed.loss_curve_ == whole.loss_curve_
    assert_array_equal(resumed.predict(X), whole.predict(X))
    assert [each.name for each in tmp_path.glob("*.part")] == []
