import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


def run(path, folder, *options):
    command = [sys.executable, "-W", "error", *options, str(path)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_runs_without_a_warning_and_draws_its_picture(path, tmp_path):
    pytest.importorskip("matplotlib")
    done = run(path, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"{path.stem}.png").stat().st_size > 10_000


def run_without_matplotlib(path, folder):
    # None in sys.modules makes the import fail
    code = (
        "import runpy, sys; sys.modules['matplotlib'] = None;"
        f"runpy.run_path({str(path)!r}, run_name='__main__')"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == []
    return done.stdout


def test_the_seed_network_learns_and_both_regressors_score_the_same(tmp_path):
    assert EXAMPLES[-1].stem == "seed_network"
    out = run_without_matplotlib(EXAMPLES[-1], tmp_path)
    table = {line.split()[0]: line.split() for line in out.splitlines() if line.strip()}
    assert table["1500"][2:] == ["0.02", "0.98", "0.98", "0.02"]
    assert "+----" in out
    assert table["ScratchMLPRegressor"][5] == table["MLPRegressor"][5]


def test_training_by_hand_comes_near_the_curve(tmp_path):
    path = next(path for path in EXAMPLES if path.stem == "looking_inside")
    out = run_without_matplotlib(path, tmp_path)
    start, *_, end = (line.split() for line in out.splitlines() if line[:5].strip().isdigit())
    assert float(end[1]) < float(start[1]) / 100
    assert [float(value) for value in end[2:]] == pytest.approx([0, 1.41, 0.24], abs=0.4)
    assert "pip install matplotlib" in out


def test_the_epochs_that_are_kept_are_told_without_a_picture_too(tmp_path):
    path = next(path for path in EXAMPLES if path.stem == "loss_curves")
    out = run_without_matplotlib(path, tmp_path)
    free, held = (line.split() for line in out.splitlines() if line.startswith("alpha="))
    assert int(free[1]) < int(held[1])  # the turn comes later with a penalty, and lower
    assert float(held[2]) < float(free[2]) < float(free[3])
    assert "pip install matplotlib" in out
