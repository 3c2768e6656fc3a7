"""The pages in docs/: their snippets run, nothing public is missing, and Sphinx builds them."""

import inspect
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

import sknn_scratch
from sknn_scratch.components.initializers import INITIALIZERS
from sknn_scratch.estimators import DOCUMENTATION
from tests.helpers import load_snippets, public_in, same_text

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("guide/*.md")])
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
RUN = [page for page in PAGES if page.stem != "large_data"]  # see test_large_data.py
EXTRAS = {"dask", "distributed", "onnx", "onnxruntime", "skl2onnx", "skops", "matplotlib"}
EXTRAS |= {"crepes", "mapie", "optuna", "pandas", "rich", "shap"}
EXTRAS |= {"emlearn", "hummingbird", "mlflow", "nyoka"}
EXTRAS |= {"callback"}  # sklearn.callback, which scikit-learn has from 1.9 on


def test_numbers_may_be_off_by_a_tenth_but_no_word_may():
    text = "ridge  0.657\n95% of 360 rows, -1.0\n"
    assert same_text(text, "ridge 0.700\n91% of 370 rows, -1.2\n", 0.1)
    assert not same_text(text, text.replace("657", "757"), 0.1)
    assert not same_text(text, text.replace("360", "300"), 0.1)
    assert not same_text(text, text.replace("ridge", "lasso"), 0.1)
    assert not same_text(text, text.replace(", -1.0", ""), 0.1)
    assert not same_text(text, text.replace("657", "658"), 0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # shap's, of matplotlib
@pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")  # mlflow's
@pytest.mark.filterwarnings(r"ignore:[\s\S]*Any type hint is inferred:UserWarning")  # the same
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # nyoka's
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the same
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_the_snippets_of_a_page_run_in_order_and_print_what_it_says(
    page, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")  # no windows
    missing = set()
    is_long = page.parent != DOCS or page.stem == "index"
    tolerance = 0.1 if is_long else 0  # of long trainings other machines round otherwise
    for snippet in load_snippets().run_snippets(page.read_text("utf-8"), page.name, missing):
        printed = capsys.readouterr().out
        expected = snippet[2] or ""
        assert same_text(expected, printed, tolerance), (
            f"{snippet[1]}\nexpected:\n{expected}\ngot:\n{printed}"
        )
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    assert [each for each in missing if not EXTRAS & set(re.findall(r"\w+", each))] == []
    if missing:
        pytest.skip(f"needs {', '.join(sorted(missing))}; the other snippets run")


@pytest.mark.slow
def test_the_build_puts_a_picture_after_the_snippet_that_draws_it(tmp_path):
    pytest.importorskip("matplotlib")
    code = "import matplotlib.pyplot as plt\n_, ax = plt.subplots()\nax.set_title('a\\nb')\n"
    page = f"before\n\n```python\n{code}```\n\nafter\n\n```python\nassert ax\n```\n"
    changed = load_snippets().with_pictures(page, "page", tmp_path)
    picture = f"![a, b](/generated/{tmp_path.name}/page_1.png)"
    assert changed == page.replace("\nafter", f"\n{picture}\n\nafter")
    assert (tmp_path / "page_1.png").stat().st_size > 1000


def test_a_page_is_renewed_by_what_its_snippets_print_now():
    code = "```python\nprint(1)\nprint(1 / 4)\n```\n"
    page = f"a\n\n{code}\n```text\n1\n0.5\n```\n\nb\n\n{code}\n```text\n1\n...\n```\n\n{code}"
    renewed = load_snippets().renewed(page, "page")
    assert renewed == page.replace("0.5", "0.25")


def test_there_is_a_page_for_each_kind_of_reader():
    assert {"index", "learn", "extend", "mlpregressor"} <= {page.stem for page in PAGES}


def test_what_the_pages_include_is_there():
    included = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for path, options in re.findall(
            r"^```{\w*include} (\S+)\n((?::.*\n)*)", text, re.MULTILINE
        ):
            source, included = (page.parent / path).read_text(encoding="utf-8"), included + 1
            for marker in re.findall(
                r'^:(?:start-after|end-before): "(.*)"$', options, re.MULTILINE
            ):
                assert marker in source, f"{page.name}: {path} has no {marker!r}"
            for name in re.findall(r"^:pyobject: (\w+)$", options, re.MULTILINE):
                assert re.search(rf"^(class|def) {name}\b", source, re.MULTILINE), name
    assert included >= 3


def test_modules_that_pages_name_are_there():
    package, named = ROOT / "sknn_scratch", 0
    for page in [*PAGES, *ROOT.glob("*.md"), ROOT / "benchmarks" / "README.md"]:
        text = page.read_text(encoding="utf-8")
        for name in re.findall(r"`(?:sknn_scratch/)?([\w/]+\.py)`", text):
            found = [*package.glob(f"**/{name}"), *ROOT.glob(name)]
            assert found, f"{page.name} names {name}"
            named += 1
    assert named > 20


def test_links_lead_to_files_and_their_sections_and_some_link_to_every_page():
    linked = set()
    for page in [*PAGES, *ROOT.glob("*.md"), ROOT / "benchmarks" / "README.md"]:
        text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        for path, section in re.findall(r"\]\(([^)#:\s]*)(?:#([\w-]+))?\)", text):
            target = (page.parent / path).resolve() if path else page
            assert target.is_file(), f"{page.name} links to {path}"
            if target != page:
                linked.add(target)
            if section:
                of_target = re.sub(r"[^\w #\n-]", "", target.read_text("utf-8").lower())
                title = section.replace("-", "[ -]")
                assert re.search(f"^#+ {title}$", of_target, re.MULTILINE), section
    assert {*PAGES} - linked <= {DOCS / "index.md"}


def test_the_lines_of_backprop_that_the_first_page_quotes_are_there():
    page = (DOCS / "learn.md").read_text(encoding="utf-8")
    table = re.search(r"^\| you wrote \| there it is \|\n\|.*\n((?:\|.*\n)+)", page, re.MULTILINE)[
        1
    ]
    source = inspect.getsource(sknn_scratch.maths.backprop)
    quoted = [
        code for row in table.splitlines() for code in re.findall("`(.*?)`", row.split("|")[2])
    ]
    assert len(quoted) > 10
    assert [code for code in quoted if not re.search(rf"\b{re.escape(code)}(?!\w)", source)] == []


def test_the_first_lines_of_the_guide_are_fewer_than_ten_and_those_that_its_page_on_tables_runs():
    first, tables = (
        (DOCS / "guide" / f"{name}.md").read_text("utf-8") for name in ("index", "csv")
    )
    shown = re.search(r"^```{code-block} python\n(.*?)^```", first, re.MULTILINE | re.DOTALL)[1]
    assert f"```python\n{shown}```" in tables
    assert len(shown.split("\n\n")[0].splitlines() + shown.split("\n\n")[1].splitlines()) < 10


def test_everything_public_is_on_a_page_of_the_reference_and_in_import_star():
    entries, imported = [], {}
    for page in (DOCS / "reference").glob("*.rst"):
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"^\.\. autosummary::\n((?:   .*\n|\n)*)", text, re.MULTILINE):
            entries += re.findall(r"^   (\w+)$", block, re.MULTILINE)
    exec("from sknn_scratch import *", imported)
    assert sorted(entries) == sorted(public_in(sknn_scratch))
    assert {*entries} == imported.keys() - {"__builtins__"}


CLASSES = [each for each in public_in(sknn_scratch).values() if inspect.isclass(each)]


def names_in(docstring, title):
    """Return the names that a section of a docstring in numpydoc's style lists."""
    _, _, rest = docstring.partition(f"{title}\n{'-' * len(title)}\n")
    text = re.split(r"\n\n\S[^\n]*\n--", rest)[0]
    entries = re.findall(r"^(\w[\w., ]*?)(?: :|$)", text, re.MULTILINE)
    return [name for entry in entries for name in entry.split(", ")]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_public_class_documents_its_parameters_in_order_and_has_an_example(cls):
    docstring = inspect.getdoc(cls)
    assert names_in(docstring, "Parameters") == [
        name
        for name, each in inspect.signature(cls).parameters.items()
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    assert "\nExamples\n--------\n" in docstring
    akin = names_in(docstring, "See Also")
    assert akin
    for name in akin:
        if not name.startswith("sklearn."):
            attrgetter(name)(sknn_scratch)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_help_names_types_and_does_not_spell_them_out(cls):
    for name, each in inspect.getmembers(cls, inspect.isroutine):
        module = str(getattr(each, "__module__", ""))
        if module.startswith("sknn_scratch") and ".maths" not in module:
            assert "_array_like" not in str(inspect.signature(each)), name


def test_what_has_no_page_of_its_own_is_in_the_reference():
    text = (DOCS / "reference" / "index.rst").read_text(encoding="utf-8")
    of_weights = re.search(r"\nInitial weights\n(.*?)\nEmbeddings\n", text, re.DOTALL)[1]
    assert set(re.findall(r"``'(\w+)'``", of_weights)) == set(INITIALIZERS)
    assert ".. autofunction:: sknn_scratch.dask.fit_lbfgs" in text
    assert ".. automodule:: sknn_scratch.onnx" in text


def test_every_parameter_that_mlpregressor_lacks_is_on_the_page_that_compares():
    page = (DOCS / "mlpregressor.md").read_text(encoding="utf-8")
    ours = inspect.signature(sknn_scratch.ScratchMLPRegressor).parameters
    added = ours.keys() - inspect.signature(MLPRegressor).parameters.keys()
    assert [name for name in sorted(added) if not re.search(rf"`{name}\b", page)] == []


def test_the_terms_of_the_glossary_are_in_alphabetical_order_and_explained():
    page = (DOCS / "glossary.md").read_text(encoding="utf-8")
    block = re.search(r"^```{glossary}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[1]
    entries = re.findall(r"^(\S.*)\n((?:    .*\n)+)", block, re.MULTILINE)
    terms = [term for term, _ in entries]
    assert terms == sorted(set(terms), key=str.lower)
    assert terms == re.findall(r"^(\S.*)$", block, re.MULTILINE)
    assert {"epoch", "mini-batch", "momentum", "canonical link", "deviance"} <= set(terms)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_opens_with_a_title_for_the_gallery(path):
    _, title, underline, blank, *_ = path.read_text(encoding="utf-8").splitlines()
    assert underline == "=" * len(title)
    assert blank == ""


@pytest.mark.slow
@pytest.mark.skipif(
    not all(map(find_spec, ["sphinx", "sphinx_gallery", "numpydoc", "myst_parser", "furo"])),
    reason="the documentation is built where the extra 'docs' is installed",
)
def test_sphinx_builds_the_pages_without_a_warning(tmp_path):
    ignored = shutil.ignore_patterns("_build", "generated", "auto_examples", "__pycache__")
    for folder in ("docs", "examples", "sknn_scratch"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for path in ROOT.glob("*.md"):
        shutil.copy(path, tmp_path)
    options = ["-W", "--keep-going", "-q", "-D", "plot_gallery=0", "-b", "html"]
    command = [sys.executable, "-m", "sphinx", *options, "docs", "html"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    link = sknn_scratch.ScratchMLPRegressor()._get_doc_link()
    assert link.startswith(DOCUMENTATION)
    assert (tmp_path / "html" / link.removeprefix(DOCUMENTATION + "/")).exists()
    for name in public_in(sknn_scratch):
        assert (tmp_path / "html" / "generated" / f"sknn_scratch.{name}.html").exists()
    for path in EXAMPLES:  # as these may be notebooks too, they link to pages by their files
        for page in re.findall(r"<(\S+\.html)>`_", path.read_text(encoding="utf-8")):
            assert (tmp_path / "html" / "auto_examples" / page).exists()
    assert_the_search_finds_pages(tmp_path / "html" / "searchindex.js")


def assert_the_search_finds_pages(path):
    """Assert that words lead to the page that is about them, by its title.

    The index has their stems, which are not the same with every version of Sphinx.
    """
    index = json.loads(re.search(r"\{.*\}", path.read_text(encoding="utf-8"), re.DOTALL)[0])
    for words, page in {
        "prediction interval": "guide/intervals",
        "uncertainty": "guide/intervals",
        "early stopping": "guide/early_stopping",
        "ensemble": "guide/ensembles",
    }.items():
        number = index["docnames"].index(page)
        for word in words.split():
            numbers = [
                found if isinstance(found, list) else [found]
                for stem, found in index["titleterms"].items()
                if stem[:4] == word[:4]
            ]
            assert any(number in each for each in numbers), (word, page)


def test_the_components_are_as_many_as_the_comparison_with_peers_says():
    from sknn_scratch.components import ACTIVATIONS, LOSSES

    words = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    words = [*words.split(), "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"]
    text = (DOCS / "peers.md").read_text(encoding="utf-8")
    assert f"| losses | {words[len(LOSSES)]}, or your own |" in text
    assert f"| activations | {words[len(ACTIVATIONS)]}, one per layer" in text


@pytest.mark.filterwarnings("ignore:.*converge.*")
def test_the_embedding_to_write_oneself_takes_a_constant_column():
    text = (DOCS / "extend.md").read_text(encoding="utf-8")
    [source] = re.findall(
        r"(from typing import.*?class SquaresArrays.*?)\n\n\nmodel = ", text, re.S
    )
    names = {"np": np, "dataclass": dataclass, "__name__": __name__}
    exec(source, names)
    X, squares = np.c_[np.arange(20.0), np.ones(20)], names["Squares"]()
    for embedding in (squares, sknn_scratch.EmbeddingUnion((squares,))):
        model = sknn_scratch.ScratchMLPRegressor((3,), embedding=embedding, max_iter=1)
        prediction = model.fit(X, X[:, 0]).predict(X)
        model.embedding_ = model.embedding_
        np.testing.assert_allclose(model.predict(X), prediction, atol=1e-6)
