"""Draw the pictures that stand in ``docs/_static``, on light and on dark ground.

Run it where they are to be drawn anew: ``python docs/pictures.py`` (extra `plot`).
"""

import tempfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image
from snippets import SNIPPET

from sknn_scratch import (
    ExplanationDisplay,
    IntervalDisplay,
    ScratchMLPEnsembleRegressor,
    ScratchMLPRegressor,
)

mpl.use("agg")
import matplotlib.pyplot as plt

FOLDER = Path(__file__).parent / "_static"
EPOCHS = 1, 4, 16, 64, 256
THEMES = {
    "light": {"ground": "white", "ink": "#24292f", "line": "#0969da", "dots": "#8c959f"},
    "dark": {"ground": "#131416", "ink": "#e6edf3", "line": "#58a6ff", "dots": "#7d8590"},
}


def wave(n_rows, rng):
    """Return a column x and a target y that bends, with noise that grows along x."""
    x = np.sort(rng.uniform(0, 10, n_rows))
    return x, x * np.sin(x) + rng.normal(size=n_rows) * (0.2 + 0.2 * x)


def draw_intervals(theme):
    """Return a picture of what an ensemble predicts, and how sure it is, between and beyond."""
    x, y = wave(300, np.random.default_rng(0))
    model = ScratchMLPEnsembleRegressor(random_state=0).fit(x[:, np.newaxis], y)
    grid = np.linspace(-0.5, 10.8, 400)
    low, high = model.predict_interval(grid[:, np.newaxis], coverage=0.9).T
    figure, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
    ax.fill_between(grid, low, high, color=theme["line"], alpha=0.25, lw=0, label="90% interval")
    ax.plot(grid, model.predict(grid[:, np.newaxis]), color=theme["line"], label="prediction")
    ax.plot(x, y, ".", ms=4, color=theme["dots"], label="300 rows to train on")
    ax.legend(loc="lower left", frameon=False)
    ax.set(xlabel="x", ylabel="y", xlim=(grid[0], grid[-1]))
    return figure


def draw_novelty(theme):
    """Return a picture of intervals in a gap of the data and beyond, above the novelty."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-4, -1, 100), rng.uniform(1, 4, 100)])
    y = x + x * np.sin(x) + 0.3 * rng.normal(size=200)
    model = ScratchMLPEnsembleRegressor(random_state=0).fit(x[:, np.newaxis], y)
    grid = np.linspace(-8, 8, 400)
    low, high = model.predict_interval(grid[:, np.newaxis]).T
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(8, 4), sharex=True, height_ratios=[3, 1], layout="constrained"
    )
    above.fill_between(grid, low, high, color=theme["line"], alpha=0.25, lw=0, label="90% interval")
    above.plot(grid, model.predict(grid[:, np.newaxis]), color=theme["line"], label="prediction")
    above.plot(grid, grid + grid * np.sin(grid), ":", color=theme["ink"], label="truth")
    above.plot(x, y, ".", ms=4, color=theme["dots"], label="200 rows to train on")
    above.legend(loc="upper center", frameon=False, ncols=4)
    above.set(ylabel="y", xlim=(grid[0], grid[-1]), ylim=(-18, 26))
    below.plot(grid, model.novelty(grid[:, np.newaxis]), color=theme["line"])
    below.axhline(1, color=theme["dots"], lw=1)
    below.set(xlabel="x", ylabel="novelty", yscale="log", yticks=[0.1, 1, 10])
    below.set(yticklabels=["0.1", "1", "10"])
    below.minorticks_off()
    return figure


def draw_learning(theme):
    """Return a picture of what a network predicts after more and more epochs."""
    x, y = wave(300, np.random.default_rng(0))
    network = ScratchMLPRegressor(
        (64, 64), activation="silu", learning_rate_init=3e-3, batch_size=32, random_state=0
    )
    figure, panels = plt.subplots(
        1, len(EPOCHS), figsize=(8, 2.2), sharey=True, layout="constrained"
    )
    for epoch in range(1, EPOCHS[-1] + 1):
        network.partial_fit(x[:, np.newaxis], y)
        if epoch in EPOCHS:
            ax = panels[EPOCHS.index(epoch)]
            ax.plot(x, y, ".", ms=2, color=theme["dots"])
            ax.plot(x, network.predict(x[:, np.newaxis]), color=theme["line"])
            ax.set_title(f"epoch {epoch}", fontsize=10)
            ax.set_xticks([])
    return figure


def draw_table(theme):
    """Return a picture of what the guide's page on tables comes to, by the code of that page."""
    names, page = {}, (FOLDER.parent / "guide" / "csv.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        file = repr(str(Path(scratch, "flats.csv")))
        for snippet in list(SNIPPET.finditer(page))[:2]:  # make the file; fit
            exec(snippet[1].replace('"flats.csv"', file), names)
    plt.close("all")
    model, rows = names["model"], (names["X_test"], names["y_test"])
    figure = plt.figure(figsize=(8, 6), layout="constrained")
    above, below = figure.subfigures(2, 1)
    ExplanationDisplay.from_estimator(model, *rows, n_curves=2, figure=above)
    drawn = IntervalDisplay.from_estimator(model, *rows, ax=below.subplots())
    drawn.ax_.set(xlabel="predicted rent", ylabel="rent", title="90% intervals of new rows")
    return figure


def save(name, draw):
    """Write a picture for each theme."""
    for ground, theme in THEMES.items():
        style = dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), theme["ink"])
        style |= {"xtick.color": theme["ink"], "ytick.color": theme["ink"], "font.size": 10}
        style |= {"axes.facecolor": theme["ground"], "legend.framealpha": 0}
        style |= {"axes.spines.top": False, "axes.spines.right": False}
        with mpl.rc_context(style):
            figure = draw(theme)
        path = FOLDER / f"{name}-{ground}.png"
        figure.savefig(path, transparent=True, dpi=160)
        plt.close(figure)
        with Image.open(path) as picture:  # 64 colours will do, in a third of the bytes
            picture.quantize(64, Image.Quantize.FASTOCTREE).save(path, optimize=True)
        print(path.relative_to(FOLDER.parents[1]))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    save("learning", draw_learning)
    save("intervals", draw_intervals)
    save("novelty", draw_novelty)
    save("table", draw_table)
