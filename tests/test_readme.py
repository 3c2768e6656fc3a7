import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)

COMMANDS = [
    "python -m pip install -e . && python examples/seed_network.py\n",
    'python -m pip install -e ".[test]" && python -m pytest\n',
]


def test_every_python_block_runs_in_order(capsys):
    pytest.importorskip("sklearn")
    names = {}
    blocks = [code for language, code in BLOCKS if language == "python"]
    assert len(blocks) == 3
    for code in blocks:
        exec(compile(code, "README.md", "exec"), names)
    assert "R2 on test data: 0.3" in capsys.readouterr().out


def test_the_two_commands_are_the_ones_that_ci_runs():
    assert [code for language, code in BLOCKS if language == "bash"] == COMMANDS
    assert len(BLOCKS) == 5
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in ci


def test_every_link_leads_to_a_file():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_maths_is_under_600_lines():
    maths = ROOT / "sknn_scratch" / "maths"
    paths = [maths / f"{name}.py" for name in ("activations", "losses", "network", "solvers")]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths) < 600
