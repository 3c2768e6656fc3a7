import re
import sys
from pathlib import Path

import pytest

from tests.helpers import load_snippets, same_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [
    "python -m pip install -e . && python examples/seed_network.py\n",
    'python -m pip install -e ".[test]" && python -m pytest\n',
]


@pytest.mark.slow
def test_every_python_block_runs_in_order_and_prints_about_what_the_page_says(capsys):
    ran = 0
    for snippet in load_snippets().run_snippets(README, "README.md", set()):
        printed, ran = capsys.readouterr().out, ran + 1
        # Which epoch is kept, and which of two settings is better, depends on rounding.
        expected, printed = (
            re.sub(r"kept epoch .*|with .*", "", text) for text in (snippet[2] or "", printed)
        )
        assert same_text(expected, printed, tolerance=0.1), printed
    assert ran == 1


def test_a_reader_needs_a_few_minutes():
    assert len(README.split()) <= 900


def test_the_two_commands_are_the_ones_that_ci_runs():
    assert [code for language, code in BLOCKS if language == "bash"] == COMMANDS
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in ci


def test_every_link_leads_to_a_file_and_every_picture_is_there():
    links = re.findall(r"\]\(([^)]+)\)", README)
    pictures = re.findall(r'(?:src|srcset)="([^"]+)"', README)
    assert len(links) > 15
    assert len(pictures) == 4
    for path in links + pictures:
        assert (ROOT / path.partition("#")[0]).is_file(), path


def test_links_lead_to_the_repository_where_the_package_index_shows_the_page():
    hook = PYPROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    text = README
    for each in hook["substitutions"]:
        text = re.sub(each["pattern"], each["replacement"], text)
    links = re.findall(r"\]\(([^)]+)\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    source = PYPROJECT["project"]["urls"]["Source"]
    raw = source.replace("github.com", "raw.githubusercontent.com")
    assert all(link.startswith((f"{source}/blob/main/", f"{raw}/main/docs/")) for link in links)


def test_the_maths_is_under_600_lines_with_all_that_it_imports():
    maths = ROOT / "sknn_scratch" / "maths"
    lines, to_read = {}, {"activations", "losses", "network", "solvers"}
    while to_read:
        name = to_read.pop()
        source = (maths / f"{name}.py").read_text(encoding="utf-8")
        lines[name] = len(source.splitlines())
        assert "from .." not in source
        to_read |= set(re.findall(r"^from \.(\w+) import", source, re.MULTILINE)) - lines.keys()
    assert sum(lines.values()) < 600
    others = {path.stem for path in maths.glob("*.py")} - {"__init__"}
    assert others == lines.keys()  # nothing else is in the room
