import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
# The package index shows the page too, and has none of the files beside it.
FILES = "https://github.com/sknn-scratch/sknn-scratch/blob/main/"

COMMANDS = [
    "python -m pip install -e . && python examples/seed_network.py\n",
    'python -m pip install -e ".[test]" && python -m pytest\n',
]


def test_every_python_block_runs_in_order(capsys):
    pytest.importorskip("sklearn")
    names = {}
    blocks = [code for language, code in BLOCKS if language == "python"]
    assert len(blocks) == 4
    for code in blocks:
        exec(compile(code, "README.md", "exec"), names)
    printed = capsys.readouterr().out
    assert "R2 on test data: 0.3" in printed
    first = re.search(r"R2 (0\.\d+), inside (\d+)%", printed)
    assert float(first[1]) > 0.85
    assert 85 <= int(first[2]) <= 99


def test_the_two_commands_are_the_ones_that_ci_runs():
    assert [code for language, code in BLOCKS if language == "bash"] == COMMANDS
    assert len(BLOCKS) == 6
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in ci


def test_every_link_leads_to_a_file_from_wherever_the_page_is_shown():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("#")]
    ours = [link.removeprefix(FILES) for link in links if link.startswith(FILES)]
    assert ours
    assert [link for link in links if not link.startswith("https://")] == []
    assert [path for path in ours if not (ROOT / path.partition("#")[0]).is_file()] == []


def test_the_components_are_as_many_as_the_comparison_says():
    from sknn_scratch.components import ACTIVATIONS, LOSSES

    words = {7: "seven", 8: "eight", 9: "nine", 12: "twelve", 13: "thirteen"}
    assert f"| losses | {words[len(LOSSES)]}, or your own |" in README
    assert f"| activations | {words[len(ACTIVATIONS)]}, one per layer" in README


def test_the_maths_is_under_600_lines():
    maths = ROOT / "sknn_scratch" / "maths"
    paths = [maths / f"{name}.py" for name in ("activations", "losses", "network", "solvers")]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths) < 600
