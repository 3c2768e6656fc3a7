"""What type checkers make of code that uses the package, and how much of it they know."""

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import sknn_scratch
from tests.helpers import public_in

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
# Installed beside the interpreter that runs the tests, as the extra "types" has them.
TOOLS = str(Path(sys.executable).parent)
OF_USERS = """
import numpy as np
import sknn_scratch as sk

class Sine(sk.Activation):
    def __call__(self, z):
        return np.sin(z)

    def derivative(self, z, a):
        return np.cos(z)

X, y = np.ones((9, 2)), [float(i) for i in range(9)]
model = sk.ScratchMLPRegressor(
    [5, 5],
    activation=[Sine(), "tanh"],
    loss=sk.Quantile([0.1, 0.9]),
    solver=sk.AdamW(weight_decay=0.1),
    learning_rate=lambda epoch, n_epochs: 1.0,
    out_activation=sk.Bounded(0, 10),
    dropout=[0.1, 0.0],
)
epochs: int = model.fit(X, y).partial_fit(X, y).n_iter_
mean, std = model.predict(X, return_std=True)
top: float = (model.predict(X) + mean + std).max()
shapes: list[tuple[int, ...]] = [W.shape for W in model.coefs_]
ensemble = sk.ScratchMLPEnsembleRegressor(model, random_state=0).fit(X, y)
low, high = ensemble.predict_interval(X, coverage=0.8).T
"""
MISTAKES = {
    "sk.ScratchMLPRegressor(activation=3)",
    "sk.ScratchMLPRegressor(no_such_parameter=1)",
    "number: int = model.predict(X)",
    "sk.Huber(delta='wide')",
}


def run(tool, *arguments, **environment):
    """Return the output of a type checker; skip the test where it is not installed."""
    path = shutil.which(tool, path=TOOLS) or shutil.which(tool)
    if path is None:
        pytest.skip(f"{tool} is not installed")
    command = [path, *map(str, arguments)]
    kept = {"capture_output": True, "text": True, "check": False}
    return subprocess.run(command, **kept, env=os.environ | environment).stdout


def lines_with_errors(tool, path, guess=True):
    """Return the numbers of the lines in which a type checker sees an error.

    scikit-learn has no types: without ``guess`` what pyright makes of its code is left out.
    """
    if tool == "mypy":
        options = "--ignore-missing-imports", "--cache-dir", path.parent / "cache"
        output = run(tool, "--python-executable", sys.executable, *options, path)
        assert "Found" in output or "Success" in output, output
        return {int(line) for line in re.findall(rf"{path.name}:(\d+): error", output)}
    config = {"useLibraryCodeForTypes": guess, "extraPaths": [str(ROOT)]}
    (path.parent / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    options = "--pythonpath", sys.executable, "--project", path.parent / "pyrightconfig.json"
    found = json.loads(run(tool, *options, "--outputjson"))
    errors = [each for each in found["generalDiagnostics"] if each["severity"] == "error"]
    return {
        each["range"]["start"]["line"] + 1
        for each in errors
        if each.get("rule") != "reportMissingModuleSource"
    }


@pytest.mark.parametrize("tool", ["pyright", "mypy"])
def test_the_examples_of_the_readme_have_no_errors_of_type(tool, tmp_path):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    path = tmp_path / "readme.py"
    path.write_text(code, encoding="utf-8")
    assert lines_with_errors(tool, path, guess=False) == set()


@pytest.mark.parametrize("tool", ["pyright", "mypy"])
def test_what_users_write_has_no_errors_of_type_and_mistakes_have(tool, tmp_path):
    path = tmp_path / "of_users.py"
    path.write_text(OF_USERS + "\n".join(sorted(MISTAKES)), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert {lines[i - 1] for i in lines_with_errors(tool, path)} == MISTAKES


def public_names():
    """Return where each public class, its bases in the package, and each function is defined."""
    names = set()
    for module in map(import_module, ("sknn_scratch", "sknn_scratch.onnx", "sknn_scratch.dask")):
        for name, public in public_in(module).items():
            if not callable(public):
                names.add(f"{module.__name__}.{name}")
            for each in inspect.getmro(public) if inspect.isclass(public) else [public]:
                if getattr(each, "__module__", "").startswith("sknn_scratch"):
                    names.add(f"{each.__module__}.{each.__qualname__}")
    return names


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Return what `pyright --verifytypes` says of each name that modules of the package export."""
    folder = tmp_path_factory.mktemp("packages")  # where a package lies that is installed
    shutil.copytree(Path(sknn_scratch.__file__).parent, folder / "sknn_scratch")
    arguments = "--verifytypes", "sknn_scratch", "--ignoreexternal", "--outputjson"
    options = "--pythonpath", sys.executable
    output = run("pyright", *options, *arguments, PYTHONPATH=str(folder))
    found = json.loads(output)["typeCompleteness"]["symbols"]
    return [each for each in found if each["isExported"]]


def share_known(names):
    """Return the share of names whose type is known, and the same to all type checkers."""
    return sum(each["isTypeKnown"] and not each["isTypeAmbiguous"] for each in names) / len(names)


# What is missing are the classes that derive from scikit-learn's, which have no types.
def test_the_types_of_public_names_are_known(exported):
    pytest.importorskip("skl2onnx")
    pytest.importorskip("distributed")
    names = public_names()
    of_public = [
        each for each in exported if {each["name"], each["name"].rpartition(".")[0]} & names
    ]
    assert len(of_public) > 400
    assert share_known(of_public) >= 0.95


def test_the_types_of_all_names_are_known(exported):
    assert len(exported) > 1500
    assert share_known(exported) >= 0.95
