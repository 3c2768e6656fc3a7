"""Data sets to be accurate on: files of one's own, and what scikit-learn ships or makes.

A file ``NAME.npz`` holds X of shape (n, d), y of shape (n,) and ``test``: one row of packed bits
for each split, whose set bits are the rows to test on; all others are trained on::

    np.savez("NAME.npz", X=X, y=y, test=np.packbits(is_test, axis=1))
"""

from pathlib import Path

import numpy as np
from sklearn import datasets
from sklearn.model_selection import ShuffleSplit

SHIPPED = {
    "diabetes": lambda: datasets.load_diabetes(return_X_y=True),
    "friedman1": lambda: datasets.make_friedman1(500, noise=1, random_state=0),
    "friedman2": lambda: datasets.make_friedman2(500, noise=125, random_state=0),
    "friedman3": lambda: datasets.make_friedman3(500, noise=0.1, random_state=0),
}


def names_in(folder):
    """Return the names of the data sets: those of a folder (or None), and the shipped ones."""
    files = sorted(path.stem for path in Path(folder).glob("*.npz")) if folder else []
    return files + [name for name in SHIPPED if name not in files]


def load(name, folder, n_splits):
    """Return X, y and a boolean array of shape (n_splits, n_samples): True for rows to test on.

    There are fewer splits if the file has fewer. Of shipped data a tenth is tested on, drawn at
    random with a fixed seed.
    """
    path = Path(folder or "", f"{name}.npz")
    if folder and path.exists():
        with np.load(path) as file:
            X, y = file["X"], file["y"]
            is_test = np.unpackbits(file["test"], axis=1)[:n_splits, : len(y)].astype(bool)
        return X, y, is_test
    X, y = SHIPPED[name]()
    is_test = np.zeros((n_splits, len(y)), bool)
    splits = ShuffleSplit(n_splits, test_size=0.1, random_state=0).split(X)
    for row, (_, test) in zip(is_test, splits):
        row[test] = True
    return X, y, is_test
