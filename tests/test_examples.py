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


def test_the_seed_network_learns_and_both_regressors_score_the_same(tmp_path):
    # Without matplotlib: None in sys.modules makes the import fail.
    code = (
        "import runpy, sys; sys.modules['matplotlib'] = None;"
        f"runpy.run_path({str(EXAMPLES[-1])!r}, run_name='__main__')"
    )
    assert EXAMPLES[-1].stem == "seed_network"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    table = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line.strip()}
    assert table["1500"][2:] == ["0.02", "0.98", "0.98", "0.02"]
    assert "+----" in done.stdout
    assert table["ScratchMLPRegressor"][5] == table["MLPRegressor"][5]
    assert list(tmp_path.iterdir()) == []
