import importlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))

# What the pages of docs/ say that an example prints.
QUOTED = {}
for page in (Path(__file__).parents[1] / "docs").glob("*.md"):
    blocks = r"```bash\npython examples/(\w+)\.py\n```\n\n```text\n(.*?)```"
    for stem, text in re.findall(blocks, page.read_text(encoding="utf-8"), re.DOTALL):
        QUOTED.setdefault(stem, []).append(text)


def example(stem):
    return next(path for path in EXAMPLES if path.stem == stem)


def run(path, folder, *options):
    command = [sys.executable, "-W", "error", *options, str(path)]
    environment = {**os.environ, "MPLBACKEND": "Agg"}  # no windows
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


def can_import(name):
    """Return True if a module is installed, and not too new for this NumPy."""
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


@pytest.fixture(scope="module")
def printed_by(tmp_path_factory):
    """Return a function that runs an example, once, and returns what it prints."""

    @cache
    def printed(stem):
        pytest.importorskip("matplotlib")
        folder = tmp_path_factory.mktemp(stem)
        done = run(example(stem), folder)
        assert done.returncode == 0, done.stderr
        assert (folder / f"{stem}.png").stat().st_size > 10_000
        return done.stdout

    return printed


# the one that is left out runs as a notebook
@pytest.mark.parametrize(
    "path", [each for each in EXAMPLES if each.stem != "watch_it_learn"], ids=lambda path: path.stem
)
def test_every_example_runs_without_a_warning_and_draws_its_picture(path, printed_by):
    printed = re.sub(r"[\d,.]+", "#", printed_by(path.stem))
    for quoted in QUOTED.get(path.stem, []):  # figures depend on the machine, words do not
        if not can_import("pyarrow"):
            quoted = re.sub("^Parquet .*\n", "", quoted, flags=re.MULTILINE)
        assert re.sub(r"[\d,.]+", "#", quoted) in printed


def test_pages_quote_examples():
    assert {"larger_than_memory"} <= QUOTED.keys() <= {path.stem for path in EXAMPLES}


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


def test_the_seed_network_learns_and_both_regressors_score_the_same(printed_by):
    out = printed_by("seed_network")
    table = {line.split()[0]: line.split() for line in out.splitlines() if line.strip()}
    assert table["1500"][2:] == ["0.02", "0.98", "0.98", "0.02"]
    assert table["ScratchMLPRegressor"][5] == table["MLPRegressor"][5]


def test_without_matplotlib_the_curve_of_the_seed_network_is_drawn_in_the_terminal(
    monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # makes the import fail
    runpy.run_path(str(example("seed_network")))["draw"](1 / np.arange(1.0, 1501))
    out = capsys.readouterr().out
    assert "1.00 |*" in out
    assert "+----" in out
    assert "pip install matplotlib" in out


def test_training_by_hand_comes_near_the_curve(tmp_path):
    out = run_without_matplotlib(example("looking_inside"), tmp_path)
    start, *_, end = (line.split() for line in out.splitlines() if line[:5].strip().isdigit())
    assert float(end[1]) < float(start[1]) / 100
    assert [float(value) for value in end[2:]] == pytest.approx([0, 1.41, 0.24], abs=0.4)
    assert "pip install matplotlib" in out


def test_the_epochs_that_are_kept_are_told_without_a_picture_too(tmp_path):
    out = run_without_matplotlib(example("loss_curves"), tmp_path)
    free, held = (line.split() for line in out.splitlines() if line.startswith("alpha="))
    assert int(free[1]) < int(held[1])  # the turn comes later with a penalty, and lower
    assert float(held[2]) < float(free[2]) < float(free[3])
    assert "pip install matplotlib" in out


def test_intervals_cover_what_they_should_for_small_noise_and_for_large(printed_by):
    out = printed_by("prediction_intervals")
    rows = [line.split() for line in out.splitlines() if line.lstrip()[:1].isdigit()]
    for row in rows:
        asked, covered, little, much, naive = (int(cell.removesuffix("%")) for cell in row)
        assert covered == pytest.approx(asked, abs=4)
        assert little == pytest.approx(asked, abs=7)
        assert much == pytest.approx(asked, abs=7)
        assert naive < asked / 2
    assert len(rows) == 4


def test_the_tutorial_learns_and_finds_the_factor_between_the_losses(tmp_path):
    out = run_without_matplotlib(example("from_scratch"), tmp_path)
    lines = out.splitlines()
    table = lines[lines.index("predicted  actual") + 1 :][:4]
    predicted, actual = zip(*(map(float, line.split()) for line in table))
    assert actual == (0, 1, 1, 0)
    assert predicted == pytest.approx(actual, abs=0.05)
    assert "one divided by the other: 8.000000" in lines
    assert "pip install matplotlib" in out


def run_notebook(path, folder, without=()):
    """Make a notebook of an example, and run its cells in order; return what they print."""
    notebook = pytest.importorskip("sphinx_gallery.notebook")
    notebook.python_to_jupyter_cli([shutil.copy(path, folder)])
    cells = json.loads((folder / f"{path.stem}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 5
    script = f"import sys; names = {{}}; sys.modules.update(dict.fromkeys({without}))\n"
    script += "".join(f"exec(compile({cell!r}, 'cell', 'exec'), names)\n" for cell in code)
    (folder / "cells.py").write_text(script, encoding="utf-8")
    done = run(folder / "cells.py", folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_tutorial_is_a_notebook_that_runs_by_itself(tmp_path):
    out = run_notebook(example("from_scratch"), tmp_path, without=("matplotlib",))
    assert "predicted  actual" in out


def test_the_pictures_are_a_notebook_and_its_animation_a_page_that_plays_by_itself(tmp_path):
    pytest.importorskip("matplotlib")
    out = run_notebook(example("watch_it_learn"), tmp_path)
    assert (tmp_path / "watch_it_learn.png").stat().st_size > 10_000
    page = (tmp_path / "watch_it_learn.html").read_text(encoding="utf-8")
    frames = re.findall(r'frames\[(\d+)\] = "data:image/png;base64,', page)
    assert len(frames) > 40
    assert not re.search(r'src="(?!data:)', page)  # only the icons of its buttons are fetched
    losses = re.findall(r"loss (\S+) at w1 = ", out)
    assert len(losses) == 3
    assert max(map(float, losses)) < 1e-3  # each solver arrives


def test_without_matplotlib_the_pictures_say_what_they_need(tmp_path):
    code = "import sys, runpy; sys.modules['matplotlib'] = None; runpy.run_path(sys.argv[1])"
    (tmp_path / "without.py").write_text(code, encoding="utf-8")
    command = [sys.executable, tmp_path / "without.py", example("watch_it_learn")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert "pip install matplotlib" in done.stderr
    assert "Traceback" not in done.stderr
