"""What can rot unseen: versions and addresses that stand in several files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import sknn_scratch
from sknn_scratch.estimators import DOCUMENTATION

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

ROOT = Path(__file__).parents[1]


def read(path):
    """Return the text of a file of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


PYPROJECT = tomllib.loads(read("pyproject.toml"))
PROJECT = PYPROJECT["project"]


def test_the_version_is_one_that_packages_can_have():
    assert str(Version(sknn_scratch.__version__)) == sknn_scratch.__version__


@pytest.mark.slow
def test_a_checkout_that_was_never_installed_says_that_it_does_not_know_its_version():
    code = """
from importlib import metadata
installed = metadata.version
def version(name):
    if name == "sknn-scratch":
        raise metadata.PackageNotFoundError(name)
    return installed(name)
metadata.version = version
import sknn_scratch
print(sknn_scratch.__version__)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "0+unknown\n", done.stderr


@pytest.mark.slow
def test_it_works_where_python_keeps_no_docstrings():
    code = "import sknn_scratch; print(sknn_scratch.Tanh())"
    command = [sys.executable, "-OO", "-c", code]
    assert subprocess.check_output(command, cwd=ROOT, text=True) == "Tanh()\n"


def test_the_fallback_leads_to_the_version_at_the_top_of_the_changelog():
    newest = re.search(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE).group(1)
    assert PYPROJECT["tool"]["hatch"]["version"]["fallback-version"] == f"{newest}.dev0"


def test_every_address_of_the_project_is_one_of_those_in_pyproject():
    urls = PROJECT["urls"]
    assert urls["Documentation"] == DOCUMENTATION
    source = urls["Source"]
    pages = *ROOT.glob("*.md"), *ROOT.glob("*.cff"), *ROOT.glob("docs/*.md")
    for path in (*pages, *ROOT.glob(".github/*/*.yml")):
        for link in re.findall(r"https://github\.com/[\w-]*/sknn[\w-]*", path.read_text("utf-8")):
            assert link == source, path
    for name, path in {"Issues": "issues", "Changelog": "blob/main/CHANGELOG.md"}.items():
        assert urls[name] == f"{source}/{path}"


def python_versions():
    """Return the minor versions of Python 3 that the classifiers name."""
    pattern = re.compile(r"Programming Language :: Python :: 3\.(\d+)")
    return [int(found[1]) for found in map(pattern.fullmatch, PROJECT["classifiers"]) if found]


def test_the_classifiers_name_every_python_from_the_oldest_supported_one():
    minors = python_versions()
    assert minors == list(range(minors[0], minors[-1] + 1))
    supported = SpecifierSet(PROJECT["requires-python"])
    assert f"3.{minors[0]}" in supported
    assert f"3.{minors[0] - 1}" not in supported


def test_continuous_integration_runs_every_python_that_the_classifiers_name():
    tested = re.findall(r'"3\.(\d+)"', read(".github/workflows/ci.yml").partition("\n  docs:")[0])
    assert sorted(set(map(int, tested))) == python_versions()


def test_the_oldest_tested_versions_are_the_oldest_that_may_be_installed():
    bounds = {}
    for text in PROJECT["dependencies"]:
        requirement = Requirement(text)
        (bound,) = requirement.specifier
        assert bound.operator == ">="
        bounds[requirement.name] = Version(bound.version)
    oldest = {}
    for line in read(".ci/oldest.txt").splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            (pin,) = requirement.specifier
            oldest.setdefault(requirement.name, []).append(Version(pin.version))
    assert oldest.keys() == bounds.keys()
    for name, versions in oldest.items():
        # The last part of a version is that of a bug fix: 1.24.4 stands for 1.24.
        assert min(versions).release[:2] == bounds[name].release[:2], name


@pytest.mark.parametrize("workflow", ["ci", "nightly", "publish"])
def test_actions_are_pinned_by_commit(workflow):
    actions = re.findall(r"uses: (\S+)", read(f".github/workflows/{workflow}.yml"))
    assert actions
    assert [each for each in actions if not re.search("@[0-9a-f]{40}$", each)] == []


def test_pre_commit_runs_the_ruff_that_pyproject_pins():
    (pinned,) = (
        text for text in PROJECT["optional-dependencies"]["dev"] if text.startswith("ruff==")
    )
    run = re.findall(r"ruff[ =]=?[\d.]+", read(".pre-commit-config.yaml"))
    assert run == [pinned, pinned]


def test_the_page_on_stability_names_the_lower_bounds():
    rows = dict(re.findall(r"^\| (\S+) \| ([\d.]+) \|", read("docs/stability.md"), re.MULTILINE))
    bounds = dict(re.split(">=", text) for text in PROJECT["dependencies"])
    bounds["python"] = PROJECT["requires-python"].removeprefix(">=")
    assert {name.lower(): bound for name, bound in rows.items()} == bounds


@pytest.mark.parametrize("path", [".ci/run", ".github/workflows/ci.yml", "CONTRIBUTING.md"])
def test_every_test_file_that_a_command_names_is_there(path):
    named = set(re.findall(r"tests/[\w/]+\.py", read(path)))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
