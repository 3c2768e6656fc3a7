import re
from pathlib import Path

from tests.helpers import load_snippets, same_text

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
# The package index shows the page too, and has none of the files beside it.
FILES = "https://github.com/sknn-scratch/sknn-scratch/blob/main/"

COMMANDS = [
    "python -m pip install -e . && python examples/seed_network.py\n",
    'python -m pip install -e ".[test]" && python -m pytest\n',
]


def test_every_python_block_runs_in_order_and_prints_about_what_the_page_says(capsys):
    ran = 0
    for snippet in load_snippets().run_snippets(README, "README.md", set()):
        printed, ran = capsys.readouterr().out, ran + 1
        # Which epoch is kept, and which of two settings is better, depends on rounding.
        expected, printed = (
            re.sub(r"kept epoch .*|with .*", "", text) for text in (snippet[2] or "", printed)
        )
        assert same_text(expected, printed, tolerance=0.1), printed
    assert ran == 4


def test_what_the_readme_recommends_beats_its_peers_there():
    figures = dict(re.findall(r"^R2 on test data: ([\d.]+) by (.*)$", README, re.MULTILINE))
    figures = {name: float(score) for score, name in figures.items()}
    peers = max(figures["ridge"], figures["a forest"])
    assert min(figures["one network"], figures["an ensemble"]) > 1.05 * peers


def test_the_two_commands_are_the_ones_that_ci_runs():
    assert [code for language, code in BLOCKS if language == "bash"] == COMMANDS
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

    words = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
    ]
    words += ["fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"]
    assert f"| losses | {words[len(LOSSES)]}, or your own |" in README
    assert f"| activations | {words[len(ACTIVATIONS)]}, one per layer" in README


def test_the_maths_is_under_600_lines():
    maths = ROOT / "sknn_scratch" / "maths"
    paths = [maths / f"{name}.py" for name in ("activations", "losses", "network", "solvers")]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths) < 600
