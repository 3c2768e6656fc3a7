"""Who competes on tables as they come: all at their defaults, on one core.

As in `accuracy_models`, each is a function of the training data that returns a function of the
inputs to test on. Those that take words and gaps are given them; the others stand behind a
TableEncoder. Intervals of all but the ensemble are conformalised, by a quarter of the rows that
were trained on. What that takes does not count: the function's ``seconds`` are those of the model
that predicts.
"""

import time

import numpy as np

from .accuracy_models import COVERAGE, Answer

LEVELS = (1 - COVERAGE) / 2, (1 + COVERAGE) / 2


def ensemble(X, y, seed, n_jobs):
    """`ScratchMLPEnsembleRegressor`, which takes the table itself."""
    from .accuracy_models import ensemble

    return ensemble(X, y, seed, n_jobs)


def encoded(make):
    """Return a competitor that stands behind a TableEncoder; ``make`` makes it for a width."""

    def compete(X, y, seed, n_jobs):
        from sknn_scratch import TableEncoder

        encoder = TableEncoder().fit(X)
        A = encoder.transform(X)
        answer = split_conformal(lambda A, y: make(A, seed).fit(A, y), A, y, seed)
        return handed_on(answer, encoder.transform)

    return compete


def make_default(A, seed):
    """`ScratchMLPRegressor` at its defaults."""
    from sknn_scratch import ScratchMLPRegressor

    return ScratchMLPRegressor(random_state=seed)


def make_recommended(A, seed):
    """One network with `recommended_parameters`."""
    from sknn_scratch import ScratchMLPRegressor, recommended_parameters

    return ScratchMLPRegressor(**recommended_parameters(*A.shape), random_state=seed)


def make_ridge(A, seed):
    """Ridge regression, its penalty by cross-validation."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 4, 12)))


def make_forest(A, seed):
    """RandomForestRegressor."""
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(random_state=seed)


def boosting(X, y, seed, n_jobs):
    """HistGradientBoostingRegressor, with words as categories."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    def fit(X, y):
        return HistGradientBoostingRegressor(random_state=seed).fit(X, y)

    return natively(fit, X, y, seed, most=255)


def lightgbm(X, y, seed, n_jobs):
    """LGBMRegressor, with words as categories."""
    from lightgbm import LGBMRegressor

    def fit(X, y):
        return LGBMRegressor(random_state=seed, n_jobs=1, verbose=-1).fit(X, y)

    return natively(fit, X, y, seed)


def realmlp(X, y, seed, n_jobs):
    """RealMLP_TD_Regressor of pytabkit, with words as categories."""
    from pytabkit import RealMLP_TD_Regressor

    def fit(X, y):
        return RealMLP_TD_Regressor(random_state=seed, device="cpu", n_threads=1).fit(X, y)

    return natively(fit, X, y, seed)


def catboost(X, y, seed, n_jobs):
    """CatBoostRegressor, with words as categories; intervals by two quantiles of it."""
    from catboost import CatBoostRegressor

    as_strings = Native(X, strings=True)
    A, words = as_strings(X), as_strings.words

    def fit(A, y, loss="RMSE"):
        options = {"loss_function": loss, "random_seed": seed, "thread_count": 1}
        model = CatBoostRegressor(**options, verbose=False, allow_writing_files=False)
        return model.fit(A, y, cat_features=words)

    model, seconds = timed(fit, A, y)
    train, held_out = parts(len(y), seed)
    bounds = [fit(A.iloc[train], y[train], f"Quantile:alpha={level}") for level in LEVELS]

    def interval(A):
        return np.sort(np.column_stack([bound.predict(A) for bound in bounds]))

    low, high = interval(A.iloc[held_out]).T
    margin = conformal(np.maximum(low - y[held_out], y[held_out] - high))

    def answer(X):
        A = as_strings(X)
        return Answer(np.ravel(model.predict(A)), interval(A) + np.array([-margin, margin]))

    answer.seconds = seconds
    return answer


def timed(fit, A, y):
    """Return a fitted model, and the processor time that it took."""
    start = time.process_time()
    model = fit(A, y)
    return model, time.process_time() - start


def handed_on(answer, encode):
    """Return a function of the table, from one of what is made of it."""

    def of_table(X):
        return answer(encode(X))

    of_table.seconds = answer.seconds
    return of_table


def natively(fit, X, y, seed, most=None):
    """Return the answers of a model that takes categories, and gaps."""
    native = Native(X, most)
    return handed_on(split_conformal(fit, native(X), y, seed), native)


def split_conformal(fit, A, y, seed):
    """Return predictions of a model of all rows; intervals by one of three quarters of them."""
    train, held_out = parts(len(y), seed)
    rows = (lambda A, i: A.iloc[i]) if hasattr(A, "iloc") else (lambda A, i: A[i])
    model, seconds = timed(fit, A, y)
    of_part = fit(rows(A, train), y[train])
    margin = conformal(np.abs(y[held_out] - np.ravel(of_part.predict(rows(A, held_out)))))

    def answer(A):
        middle = np.ravel(of_part.predict(A))[:, np.newaxis]
        return Answer(np.ravel(model.predict(A)), middle + np.array([-margin, margin]))

    answer.seconds = seconds
    return answer


def parts(n, seed):
    """Return the rows to train on and those held out, a quarter."""
    order = np.random.default_rng(seed).permutation(n)
    return np.sort(order[n // 4 :]), np.sort(order[: n // 4])


def conformal(scores):
    """Return the score of rank ceil((n + 1) * coverage), the largest if there are too few."""
    rank = min(int(np.ceil((len(scores) + 1) * COVERAGE)), len(scores))
    return np.sort(scores)[rank - 1]


class Native:
    """A table for models that take words: numbers, dates in days, and words as categories.

    Those not seen in the rows that it is made of are gaps. ``most`` is the number of categories
    that a model takes: of a column with more, the most frequent. With ``strings`` words stay
    strings, and a gap is one.
    """

    def __init__(self, X, most=None, strings=False):
        from pandas.api.types import is_bool_dtype, is_numeric_dtype

        self.most, self.strings = most, strings
        plain = {c for c in X if is_numeric_dtype(X[c]) and not is_bool_dtype(X[c])}
        self.dates = {c for c in X if c not in plain and is_date(X[c])}
        self.words = [c for c in X if c not in plain | self.dates]
        self.known = {c: X[c].astype(str)[X[c].notna()].value_counts() for c in self.words}

    def __call__(self, X):
        import pandas as pd

        X = X.copy()
        for column in self.dates:
            days = pd.to_datetime(X[column].astype(str).str[:19], errors="coerce")
            days = days - pd.Timestamp("1970-01-01")
            X[column] = days / pd.Timedelta(days=1)
        for column in self.words:
            words = X[column].astype(str).where(X[column].notna())
            known = self.known[column].index[: self.most]
            X[column] = words.fillna("nan") if self.strings else pd.Categorical(words, known)
        return X


def is_date(column):
    """Return True if all values are dates, or written as ISO 8601 writes them."""
    text = column.dropna().astype(str)
    return bool(len(text)) and bool(text.str.fullmatch(r"\d{4}-\d\d-\d\d([ T][\d:.]*Z?)?").all())


OURS = {
    "ensemble": ensemble,
    "recommended": encoded(make_recommended),
    "default": encoded(make_default),
}
PEERS = {
    "catboost": catboost,
    "lightgbm": lightgbm,
    "boosting": boosting,
    "forest": encoded(make_forest),
    "ridge": encoded(make_ridge),
    "realmlp": realmlp,
}
NEEDS = {"catboost": "catboost", "lightgbm": "lightgbm", "realmlp": "pytabkit"}
