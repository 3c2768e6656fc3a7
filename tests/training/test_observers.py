import io
import itertools
import re
import sys
import time

import pytest

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.training.run import make_printer

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SHORT = {"hidden_layer_sizes": (5,), "max_iter": 12, "random_state": 0}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def printed(regression, capsys, **params):
    ScratchMLPRegressor(**{**SHORT, **params}).fit(*regression)
    return capsys.readouterr().out


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("verbose", [True, 1, 2])
def test_a_line_per_epoch_is_printed_and_all_are_aligned(solver, verbose, regression, capsys):
    params = {"solver": solver, "early_stopping": True, "n_iter_no_change": 99}
    lines = printed(regression, capsys, verbose=verbose, **params).splitlines()
    epochs = [re.match(r"Iteration +(\d+)/12  ", line).group(1) for line in lines]
    assert epochs == [str(n) for n in range(1, 13)]
    for column in ("  loss ", "  validation loss ", "  score "):
        assert len({line.index(column) for line in lines}) == 1
    assert all(("  rate " in line) == (solver != "lbfgs") for line in lines)
    assert all(line.endswith(" s left") for line in lines)


class Tee:
    """What many scripts put in the place of standard output."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text


def test_what_only_writes_is_written_a_line_per_epoch(regression, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Tee())
    ScratchMLPRegressor(**SHORT, verbose=1).fit(*regression)
    assert len(sys.stdout.text.splitlines()) == 12


@pytest.mark.parametrize("calls", [0, 12])
def test_lines_stay_aligned_when_minutes_become_hours(calls, regression, capsys, monkeypatch):
    monkeypatch.setattr(time, "perf_counter", itertools.count(step=1000).__next__)
    model = ScratchMLPRegressor(**SHORT, verbose=True)
    for _ in range(calls):
        model.partial_fit(*regression)
    if not calls:
        model.fit(*regression)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 12
    assert len({len(line) for line in lines}) == 1


def test_the_time_is_that_of_one_initialization(regression, capsys, monkeypatch):
    monkeypatch.setattr(time, "perf_counter", itertools.count(1).__next__)  # a second for each look
    lines = printed(regression, capsys, verbose=True, n_init=2).splitlines()
    times = [re.findall(r"([\d.]+) s", line) for line in lines if "Iteration" in line]
    expected = [[f"{n}.0", f"{12 - n}.0"] for n in range(1, 13)]
    assert times == expected * 2


def test_the_numbers_are_those_of_the_curves(regression, capsys):
    model = ScratchMLPRegressor(
        **SHORT, verbose=True, early_stopping="loss", learning_rate="cosine"
    )
    model.fit(*regression)
    lines = capsys.readouterr().out.splitlines()
    for line, *values in zip(
        lines,
        model.loss_curve_,
        model.validation_loss_curve_,
        model.validation_scores_,
        strict=True,
    ):
        found = re.findall(r"(?:loss|score) +(\S+)", line)
        assert [float(number) for number in found] == pytest.approx(values, rel=1e-5)
    assert float(re.search(r"rate (\S+)", lines[0]).group(1)) == 1e-3
    assert float(re.search(r"rate (\S+)", lines[-1]).group(1)) < 1e-4


def test_it_says_why_training_stopped(regression, capsys):
    out = printed(regression, capsys, verbose=True, tol=10, n_iter_no_change=1)
    assert out.endswith("for 1 consecutive epochs. Stopping.\n")
    out = printed(
        regression, capsys, verbose=True, tol=10, n_iter_no_change=1, learning_rate="adaptive"
    )
    assert "for 1 consecutive epochs. Setting learning rate to 0.000200\n" in out


def test_without_verbose_nothing_is_printed(regression, capsys):
    assert printed(regression, capsys, early_stopping=True) == ""


def test_one_on_a_terminal_keeps_to_one_line(regression, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    ScratchMLPRegressor(**SHORT, verbose=1).fit(*regression)
    text = terminal.getvalue()
    assert text.count("\r") == 12
    assert text.count("\n") == 1
    assert text.endswith("\n")
    widths = [len(line) for line in text.rstrip("\n").split("\r")[1:]]
    assert widths == sorted(widths)  # a shorter line is padded: it covers the one before


@pytest.mark.parametrize("verbose", [True, 2])
def test_true_prints_lines_on_a_terminal_too(verbose, regression, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    ScratchMLPRegressor(**SHORT, verbose=verbose).fit(*regression)
    assert terminal.getvalue().count("\n") == 12
    assert "\r" not in terminal.getvalue()


def test_one_line_is_never_wider_than_the_terminal(regression, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "60")  # in which the line would wrap, and then not be overwritten
    ScratchMLPRegressor(**SHORT, verbose=1, early_stopping=True).fit(*regression)
    assert {len(line) for line in terminal.getvalue().rstrip("\n").split("\r")[1:]} == {59}


def test_a_note_stands_on_a_line_of_its_own(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    printer = make_printer(1, 9)
    printer.line("whole")
    printer.line("half")  # covers all of the line before
    printer.note("done")
    assert terminal.getvalue() == "\rwhole\rhalf \ndone\n"


def test_partial_fit_counts_all_its_epochs(regression, capsys):
    model = ScratchMLPRegressor(**SHORT, verbose=True)
    for _ in range(3):
        model.partial_fit(*regression)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["1", "2", "3"]
    assert "left" not in lines[0]
