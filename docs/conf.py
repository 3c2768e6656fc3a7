"""How Sphinx builds these pages: ``python -m sphinx -W --keep-going docs docs/_build/html``.

Nothing here needs the network: without it, names of other packages are no links.
``-D plot_gallery=0`` leaves the examples, and the snippets of the pages, unrun.
"""

import os
import re
import sys
import tempfile
import warnings
from contextlib import redirect_stdout
from dataclasses import MISSING, fields, is_dataclass
from importlib.util import find_spec
from pathlib import Path

from numpydoc.docscrape import NumpyDocString

from sknn_scratch import ScratchMLPRegressor as MLP
from sknn_scratch import __version__
from sknn_scratch.estimators import DOCUMENTATION

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))
from snippets import with_pictures  # noqa: E402

project = "sknn_scratch"
copyright = author = "The sknn_scratch developers"
version = release = __version__
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]

html_theme = "furo"
html_title = "sknn_scratch"
html_static_path = ["_static"]
html_css_files, html_js_files = ["pages.css"], ["pages.js"]
html_baseurl = os.environ.get("READTHEDOCS_CANONICAL_URL", DOCUMENTATION + "/")
html_show_sphinx = False
smartquotes = False  # most quotes are Python's
myst_heading_anchors = 2  # links may lead to sections

default_role = "py:obj"  # what `single backticks` mean in a docstring
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say more
EXTRAS = "dask", "distributed", "onnx", "onnxruntime", "skl2onnx", "skops"
autodoc_mock_imports = [name for name in EXTRAS if find_spec(name) is None]
intersphinx_mapping = {  # the empty inventory is what there is without the network
    "python": ("https://docs.python.org/3", (None, "offline.inv")),
    "numpy": ("https://numpy.org/doc/stable", (None, "offline.inv")),
    "sklearn": ("https://scikit-learn.org/stable", (None, "offline.inv")),
    "matplotlib": ("https://matplotlib.org/stable", (None, "offline.inv")),
}
intersphinx_timeout = 10  # seconds
numpydoc_class_members_toctree = False
numpydoc_show_class_members = False  # the templates list what a page shows
DOCUMENTED = "fit_transform", "get_feature_names_out"  # of scikit-learn's methods

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",  # run them all
    "within_subsection_order": "gallery.place",
    "doc_module": ("sknn_scratch",),
    "backreferences_dir": "generated/backreferences",
    "download_all_examples": False,
    "capture_repr": (),  # what a cell prints is what it says
    "matplotlib_animations": (True, "jshtml"),  # a page plays them
    "min_reported_time": float("inf"),
    "show_memory": False,
    "write_computation_times": False,
}


def skip_members_of_others(app, what, name, obj, skip, options):
    """Leave out what scikit-learn adds to every estimator, or skl2onnx asks it for."""
    owner = (getattr(obj, "__module__", None) or "").partition(".")[0]
    of_others = owner in ("sklearn", "skl2onnx") and name not in DOCUMENTED
    return skip or of_others or bool(re.fullmatch(r"set_\w+_request|onnx_\w+", name))


def add_parameters(app, what, name, obj, options, lines):
    """Give a component that is a dataclass the table of its parameters, if it has none."""
    if what != "class" or not is_dataclass(obj) or {"Parameters", "Attributes"} & set(lines):
        return
    of_estimator = {each.name: each.desc for each in NumpyDocString(MLP.__doc__)["Parameters"]}
    table = ["", "Parameters", "----------"]
    for each in fields(obj):
        kind = getattr(each.type, "__name__", str(each.type))
        kind += f" in {each.metadata['interval']}" if "interval" in each.metadata else ""
        default = "" if each.default is MISSING else f", default={each.default!r}"
        table += [f"{each.name} : {kind}{default}"]
        table += [f"    {line}" for line in of_estimator.get(each.name, [])]
    where = lines.index("Examples") if "Examples" in lines else len(lines)
    lines[where:where] = [*table, ""]


def shorten_paths(app, docname, source):
    """Leave out where the pages are built from what the examples print."""
    source[0] = source[0].replace(f"{ROOT}{os.sep}", "")


def draw_pictures(app, docname, source):
    """Run the snippets of a page, and put in the pictures that they draw."""
    drawn = docname.startswith("guide/") or docname in ("learn", "extend")
    if not drawn or str(app.config.plot_gallery) in ("0", "False"):
        return
    folder = Path(app.srcdir, "generated", "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as scratch, open(os.devnull, "w") as printed:
        os.chdir(scratch)
        try:
            with warnings.catch_warnings(), redirect_stdout(printed):
                warnings.simplefilter("error")
                warnings.simplefilter("ignore", PendingDeprecationWarning)  # of other packages
                source[0] = with_pictures(source[0], docname.removeprefix("guide/"), folder)
        finally:
            os.chdir(before)


def setup(app):
    """Connect the functions above."""
    app.connect("source-read", draw_pictures)
    app.connect("source-read", shorten_paths)
    app.connect("autodoc-process-docstring", add_parameters, priority=100)  # before numpydoc
    app.connect("autodoc-skip-member", skip_members_of_others)
