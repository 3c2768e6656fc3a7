"""The page docs/large_data.md does what it says."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[1] / "docs" / "large_data.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:Port 8787 is already in use:UserWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",  # a socket that Dask leaves open then
)
def test_the_blocks_run_in_their_order(tmp_path, monkeypatch):
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    names = {}
    assert len(BLOCKS) == 7
    try:
        for code in BLOCKS:
            for package in re.findall(r"^(?:from|import) (\w+)", code, flags=re.MULTILINE):
                pytest.importorskip(package, exc_type=ImportError)  # too new for NumPy, say
            exec(compile(code, "large_data.md", "exec"), names)
        assert names["model"].n_iter_ == 20
    finally:
        if "client" in names:
            names["client"].close()
