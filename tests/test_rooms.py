"""The layout of the package: which rooms there are, and that they are entered by their doors."""

import ast
from pathlib import Path

import pytest

import sknn_scratch

PACKAGE = Path(sknn_scratch.__file__).parent
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def relative_imports(source):
    """Yield (level, module or None, names) of the relative imports in the source of a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node.level, node.module, [alias.name for alias in node.names]


def past_the_door(source, room):
    """Return the imports that reach into a room from outside, past what its folder hands out."""
    found = []
    for level, module, names in relative_imports(source):
        outside = module and (level == 2 or (level == 1 and room is None))
        if outside and module.count(".") and module.partition(".")[0] != "interop":
            found.append(module)
        found += [name for name in names if name.startswith("_") and name != "__version__"]
    return found


def test_the_rooms_are_these():
    assert (
        sorted(
            [
                "maths",
                "components",
                "data",
                "engine",
                "tracing",
                "training",
                "estimators",
                "ensemble",
                "tables",
                "storing",
                "plotting",
                "interop",
            ]
        )
        == ROOMS
    )


def test_beside_the_rooms_there_are_only_the_version_and_the_doors():
    files = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert files == {"__init__.py", "_version.py", "dask.py", "onnx.py", "py.typed"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_in_its_first_line_what_it_is_for(room):
    first, *_ = (PACKAGE / room / "__init__.py").read_text(encoding="utf-8").splitlines()
    assert first.startswith('"""')
    assert first.endswith('."""')


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_other_rooms_are_entered_by_their_doors(path):
    room = path.parts[0] if len(path.parts) > 1 else None
    assert past_the_door((PACKAGE / path).read_text(encoding="utf-8"), room) == []


@pytest.mark.parametrize(
    "source",
    ["from ..maths.network import Network", "from ..data import _hidden", "from . import _own"],
)
def test_reaching_past_a_door_is_seen(source):
    assert past_the_door(source, "engine") != []


def imported_by_name(source):
    """Return the modules that a source imports by a string, which no contract sees."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    by_name = (call for call in calls if ast.unparse(call.func).endswith("import_module"))
    return [ast.unparse(call) for call in by_name]


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_module_is_imported_by_its_name(path):
    assert imported_by_name((PACKAGE / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "call", ["import_module('sknn_scratch.onnx')", "importlib.import_module(x)"]
)
def test_an_import_by_name_is_seen(call):
    assert imported_by_name(call) != []
