"""What can rot unseen: versions and addresses that stand in several files."""

import re
import subprocess
import sys
from pathlib import Path

from packaging.version import Version

import sknn_scratch

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

ROOT = Path(__file__).parents[1]


def read(path):
    """Return the text of a file of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


PYPROJECT = tomllib.loads(read("pyproject.toml"))


def test_the_version_is_one_that_packages_can_have():
    assert str(Version(sknn_scratch.__version__)) == sknn_scratch.__version__


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


def test_the_fallback_leads_to_the_version_at_the_top_of_the_changelog():
    newest = re.search(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE).group(1)
    assert PYPROJECT["tool"]["hatch"]["version"]["fallback-version"] == f"{newest}.dev0"
