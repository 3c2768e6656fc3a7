"""Run the Python in a page: the tests do, and the build, which puts in the pictures it draws.

``python docs/snippets.py docs/guide/*.md`` writes into pages what their snippets print now.
"""

import io
import os
import re
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

# A block of Python, and the block of text that may follow at once: what it prints.
SNIPPET = re.compile(
    r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL
)


def run_snippets(text, name, missing):
    """Run the snippets of a page in order; yield the match of each that could run.

    What could not be imported is added to the set ``missing``, in place. A snippet that imports
    such a thing is passed over, and so is one that uses a name which such a snippet would have
    made.
    """
    names = {"__name__": name}
    for snippet in SNIPPET.finditer(text):
        try:
            exec(compile(snippet[1], name, "exec"), names)
        except ImportError as error:
            missing.add(error.name or str(error))
        except NameError:
            if not missing:
                raise
        else:
            yield snippet


def with_pictures(text, name, folder):
    """Return a page with the pictures that its snippets draw, and store these in a folder.

    The folder lies in ``generated``, beside the pages.
    """
    done, parts = 0, []
    for snippet in run_snippets(text, name, set()):
        pyplot = sys.modules.get("matplotlib.pyplot")
        for number in pyplot.get_fignums() if pyplot else []:
            parts.append(text[done : snippet.end()])
            done = snippet.end()
            path = folder / f"{name}_{len(parts)}.png"
            figure = pyplot.figure(number)
            figure.savefig(path, dpi=120)
            pyplot.close(figure)
            title = figure.axes[0].get_title().replace("\n", ", ")
            parts.append(f"\n![{title}](/generated/{folder.name}/{path.name})\n")
    return "".join([*parts, text[done:]])


def renewed(text, name):
    """Return a page whose blocks of text say what its snippets print, but for those with "..."."""
    done, parts, printed = 0, [], io.StringIO()
    with redirect_stdout(printed):
        for snippet in run_snippets(text, name, set()):
            if snippet[2] is not None and "..." not in snippet[2]:
                parts += [text[done : snippet.start(2)], printed.getvalue()]
                done = snippet.end(2)
            printed.seek(0)
            printed.truncate()
    return "".join([*parts, text[done:]])


if __name__ == "__main__":
    pages = [Path(argument).resolve() for argument in sys.argv[1:]]
    for page in pages:
        with tempfile.TemporaryDirectory() as scratch:
            os.chdir(scratch)
            page.write_text(renewed(page.read_text("utf-8"), page.name), "utf-8")
            os.chdir(page.parent)
