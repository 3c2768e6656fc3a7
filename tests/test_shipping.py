"""The page docs/shipping.md does what it says."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "shipping.md"


@pytest.mark.slow
def test_every_snippet_runs_in_order(tmp_path, monkeypatch, capsys):
    for name in ("skops", "skl2onnx", "onnxruntime", "pandas"):
        pytest.importorskip(name)
    monkeypatch.chdir(tmp_path)
    snippets = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    assert len(snippets) == 6
    names = {}
    for snippet in snippets:
        exec(compile(snippet, PAGE.name, "exec"), names)
    assert capsys.readouterr().out.startswith("MLPRegressor(activation='tanh'")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "model.onnx",
        "model.pickle",
        "model.skops",
    ]
