"""TableEncoder: a table as it comes, made numbers for a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import Tags, validation
from sklearn.utils.validation import check_is_fitted

from ..components import check_number, refuse_masked
from ..data import is_frame, is_mapped, labels_of, refuse_lazy
from ..estimators import ScratchEstimator, unchanged_on_error
from ..maths import Array, MatrixLike
from ..training import warn_caller
from .kinds import Ordered, Words, kinds_of, refuse_numbers
from .reading import Column, columns_of

check_array: Callable[..., Any] = validation.check_array  # scikit-learn declares no types

Self = TypeVar("Self", bound="TableEncoder")


class TableEncoder(TransformerMixin, ScratchEstimator):
    """Make numbers of a table as it comes: with words, gaps, dates and durations.

    What becomes of a column follows from what it holds:

    ===================================  ==========================================================
    numbers, booleans, durations         themselves (durations in days)
    words, categories                    a column of zeros and ones for each frequent word, one for
                                         the rare ones together, one for gaps
    categories with an order             0, 1, 2, ... in that order
    dates, strings as '2030-12-31'       days since the first; the season, as sine and cosine, where
                                         they reach over more than a year and are not yearly;
                                         likewise the time of the day, where it is not always the
                                         same; a column for each day of the week, where they reach
                                         over more than two weeks and are not monthly
    gaps alone                           nothing
    ===================================  ==========================================================

    A gap in what becomes numbers is filled with the median, and a further column says where there
    were gaps, if there were any in `fit`. Words that `fit` has not seen count as rare ones; where
    an order is known, as gaps. Nothing is scaled: networks standardise what they are given.

    Parameters
    ----------
    categorical_features : 'from_dtype' or array-like of {bool, int, str}, default='from_dtype'
        Columns whose values are words without order whatever their type, such as a postcode, or
        categories that are numbers: a mask, their positions, or their names. The others go by
        their type, as all do with 'from_dtype'.
    min_frequency : int, default=3
        A word in fewer rows than this is a rare one. With fewer columns (10, say) a network takes
        less time, and learns less noise; where each word is a thing of its own, such as the model
        of a car, it loses much.
    max_categories : int or None, default=255
        The columns for the words of one column, at most: the most frequent words, and one for the
        rest. None has no limit.

    Attributes
    ----------
    columns_ : dict of {label: str}
        What each column of the table became, in words.
    imputer_ : SimpleImputer or None
        Fills the gaps in numbers, and says where they were.
    one_hot_ : OneHotEncoder or None
        Encodes words. `categories_` and `infrequent_categories_` there have them.
    n_features_in_ : int
        Columns of the table.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where these are all strings.

    See Also
    --------
    ScratchMLPEnsembleRegressor : Takes tables as they come, with one of these.

    Notes
    -----
    The season is that of a year of 365.2425 days from the first of January 1970. A frame of floats
    of single precision stays that; everything else becomes float64. A string that is empty is a
    gap. Times with a zone count by its clock.

    Examples
    --------
    >>> import numpy as np
    >>> from sknn_scratch import TableEncoder
    >>> X = np.array([["north", 3.5, True], ["south", None, False]] * 10, dtype=object)
    >>> encoder = TableEncoder().fit(X)
    >>> encoder.transform([["south", 2, None], ["west", np.nan, True]])
    array([[2. , 0.5, 0. , 0. , 1. ],
           [3.5, 1. , 1. , 0. , 0. ]])
    >>> print(*encoder.get_feature_names_out())
    x1 x2 missingindicator_x1 x0_north x0_south
    """

    columns_: dict[Any, str]
    imputer_: Any
    one_hot_: Any
    n_features_in_: int
    feature_names_in_: Array

    def __init__(
        self,
        categorical_features: str | ArrayLike = "from_dtype",
        *,
        min_frequency: int = 3,
        max_categories: int | None = 255,
    ) -> None:
        self.categorical_features = categorical_features
        self.min_frequency = min_frequency
        self.max_categories = max_categories

    def fit(self: Self, X: MatrixLike, y: Any = None) -> Self:
        """Learn what each column holds, its median and its words.

        Parameters
        ----------
        X : {data frame, table, array-like} of shape (n_samples, n_features)
            A data frame of pandas or polars, a table of Arrow's, or an array of any type.
        y : None
            Ignored.

        Returns
        -------
        self : TableEncoder

        Raises
        ------
        TypeError, ValueError
            If a parameter or a column is not what it takes; with what to write instead, where a
            column holds numbers or dates as strings, or sentences.

        Warns
        -----
        UserWarning
            If whole numbers as strings are taken for words, or all words of a column are rare, or
            most of its rows have a rare one.
        """
        with unchanged_on_error(self):
            self._fit(X)
        return self

    def _fit(self, X):
        check_number(self.min_frequency, "min_frequency", int, "[1, inf)")
        if self.max_categories is not None:
            check_number(self.max_categories, "max_categories", int, "[2, inf)")
        X = checked_table(X)
        self._validated(X, reset=True, skip_check_array=True)
        labels = labels_of(X)
        named = named_columns(self.categorical_features, labels)
        table = list(columns_of(X))
        self._kinds = kinds_of(table, named)
        self.imputer_ = self.one_hot_ = None
        numbers, words = self._parts(table)
        if not numbers and not words:
            raise ValueError("X holds nothing but gaps.")
        if numbers:
            self.imputer_ = imputer_of(numbers)
        if words:
            one_hot = OneHotEncoder(
                handle_unknown="infrequent_if_exist",
                min_frequency=self.min_frequency,
                max_categories=self.max_categories,
            )
            one_hot.set_output(transform="default")  # whatever sklearn.set_config says
            self.one_hot_ = one_hot.fit(np.column_stack(words))
            self._warn_of_no_use(labels, words)
        self.columns_ = self._described(labels)
        return numbers, words

    def fit_transform(self, X: MatrixLike, y: Any = None) -> Array:  # pyright: ignore
        with unchanged_on_error(self):
            return self._encoded(*self._fit(X))

    def transform(self, X: MatrixLike) -> Array:
        """Return the numbers.

        Parameters
        ----------
        X : {data frame, table, array-like} of shape (n_samples, n_features)
            The columns that `fit` has seen.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features_out)
            Numbers first, then where they had gaps, then words.

        Raises
        ------
        TypeError, ValueError
            If a column holds something else than in `fit`.
        """
        check_is_fitted(self)
        X = checked_table(X)
        self._validated(X, reset=False, skip_check_array=True)
        return encoded(self, X)

    def _encoded(self, numbers, words) -> Any:
        """Return the columns that `_parts` made as one array: gaps filled, words one-hot."""
        filled = self.imputer_.transform(np.column_stack(numbers)) if numbers else None
        if not words:
            return filled
        one_hot = self.one_hot_.transform(np.column_stack(words)).tocoo()
        n, width = one_hot.shape
        first = 0 if filled is None else filled.shape[1]
        out = np.zeros((n, first + width), np.float64 if filled is None else filled.dtype)
        if first:
            out[:, :first] = filled
        out[one_hot.row, first + one_hot.col] = 1
        return out

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Return what the columns of `transform` are called.

        Parameters
        ----------
        input_features : array-like of str, default=None
            What the columns of the table are called, if they have no names; else these names.

        Returns
        -------
        names : ndarray of str
        """
        check_is_fitted(self)
        one_to_one: Any = OneToOneFeatureMixin  # from which the class does not derive
        names = one_to_one.get_feature_names_out(self, input_features)
        of_columns = [kind.names(name) for kind, name in zip(self._kinds, names)]
        of_numbers, of_words = (list(chain.from_iterable(parts)) for parts in zip(*of_columns))
        out = [*self.imputer_.get_feature_names_out(of_numbers)] if of_numbers else []
        out += [*self.one_hot_.get_feature_names_out(of_words)] if of_words else []
        return np.array(all_different(out), object)

    def _described(self, labels):
        """Return what became of each column, in words."""
        described = {}
        of_words = iter(self._words())
        with_gaps = set() if self.imputer_ is None else set(self.imputer_.indicator_.features_)
        n_numbers = 0  # columns, of those before
        for label, kind in zip(labels, self._kinds):
            is_words = isinstance(kind, Words)
            described[label] = words_described(*next(of_words)) if is_words else kind.description
            numbers, _ = kind.names("")
            if numbers and n_numbers in with_gaps:
                described[label] += "; a gap is the median, and a column says so"
            n_numbers += len(numbers)
        return described

    def _warn_of_no_use(self, labels, columns):
        """Warn of columns of words that are rare, all of them or in most rows."""
        of_words = [label for label, kind in zip(labels, self._kinds) if isinstance(kind, Words)]
        for label, (words, rare), column in zip(of_words, self._words(), columns):
            n_words, n_rare = (sum(each == each for each in some) for some in (words, rare))
            if n_rare > 20 and (n_rare == n_words or n_rare > (column == column).sum() / 2):
                warn_caller(
                    f"column {label!r} of X says {'little' if n_rare < n_words else 'nothing'}: "
                    f"{n_rare} of its {n_words} words occur in fewer than min_frequency="
                    f"{self.min_frequency} rows. Leave it out, or replace it by what repeats, "
                    "or is a number."
                )

    def _words(self):
        """Return, for each column of words, those that are known, and which of them are rare."""
        if self.one_hot_ is None:
            return []
        pairs = zip(self.one_hot_.categories_, self.one_hot_.infrequent_categories_)
        return [(words.tolist(), set(() if rare is None else rare)) for words, rare in pairs]

    def _parts(self, table):
        """Return the columns of numbers and those of words that a table becomes."""
        numbers, words = [], []
        for kind, column in zip(self._kinds, table):
            numbers += kind.numbers(column)
            words += kind.words(column)
        return numbers, words

    def _summary(self):
        return [(str(label), became) for label, became in self.columns_.items()]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "columns_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def checked_table(X: Any, may_be_sparse: bool = False) -> Any:
    """Return X as a frame or as an array, of any type; TypeError or ValueError if it is neither."""
    if X is None:
        raise ValueError("X must be of shape (n_samples, n_features), got None.")
    refuse_lazy(X, "X")
    refuse_masked(X, "X")
    if type(X).__name__ == "RecordBatch":  # in which scikit-learn sees no names
        raise TypeError("X must be a table, got a RecordBatch: call pa.Table.from_batches([X]).")
    if sparse.issparse(X) and not may_be_sparse:
        raise TypeError("X must be dense, a table or an array; got a sparse matrix.")
    if not is_frame(X):
        if not hasattr(X, "dtype") and np.asarray(X).dtype.kind in "US":
            X = np.array(X, object)  # 1 beside 'a' stays a number
        return check_array(X, accept_sparse=("csr", "csc"), dtype=None, ensure_all_finite=False)
    refuse_twins(labels_of(X))
    if 0 in X.shape:
        n_rows, n_columns = X.shape
        raise ValueError(
            f"X must have rows and columns, got {n_rows} sample(s), {n_columns} feature(s)."
        )
    return X


def refuse_twins(labels: list[Any]) -> None:
    """Raise ValueError if columns have the same name."""
    counts = Counter(labels)
    twins = [f"{label!r} ({n} columns)" for label, n in counts.items() if n > 1]
    if twins:
        raise ValueError(
            f"X must have a name for each column; got the same for several: {', '.join(twins)}. "
            "Rename them, or drop what is there twice."
        )


def encoded(encoder: TableEncoder, X: Any) -> Array:
    """Return what `transform` does, where `checked_table` and the names have been checked."""
    return encoder._encoded(*encoder._parts(checked_columns(encoder, X)))


def checked_columns(encoder: TableEncoder, X: Any) -> Iterator[Column]:
    """Yield the columns of a table; ValueError at one of numbers that was of words in `fit`."""
    words = iter(encoder.one_hot_.categories_ if encoder.one_hot_ else ())
    for kind, column in zip(encoder._kinds, columns_of(X)):
        if isinstance(kind, (Words, Ordered)):
            refuse_numbers(column, kind.levels if isinstance(kind, Ordered) else next(words))
        yield column


def named_columns(chosen: Any, labels: list[Any]) -> list[bool]:
    """Return whether each column is among those that ``categorical_features`` names.

    TypeError or ValueError if it is not 'from_dtype', a mask, positions or names.
    """
    takes = "'from_dtype', or a mask, positions or names of columns"
    if isinstance(chosen, str):
        if chosen != "from_dtype":
            raise ValueError(f"categorical_features must be {takes}; got {chosen!r}.")
        return [False] * len(labels)
    array = np.asarray(chosen)
    if array.size == 0:
        return [False] * len(labels)
    if array.ndim != 1 or array.dtype.kind not in "biuUO":
        raise TypeError(f"categorical_features must be {takes}; got {chosen!r}.")
    if array.dtype.kind == "b":
        if len(array) != len(labels):
            raise ValueError(
                f"categorical_features, a mask, must have an entry for each of {len(labels)} "
                f"columns; got {len(array)}."
            )
        return array.tolist()
    keys = list(range(len(labels))) if array.dtype.kind in "iu" else labels
    chosen_keys = array.tolist()
    unknown = [key for key in chosen_keys if key not in keys]
    if unknown:
        raise ValueError(f"categorical_features has {unknown[0]!r}, which is no column of X.")
    return [key in chosen_keys for key in keys]


def words_described(words: list[Any], rare: set[Any]) -> str:
    """Return what a column of these words becomes, in words; nan, a gap, may be among them."""
    n_words, n_rare = (sum(word == word for word in some) for some in (words, rare))
    n = n_words - n_rare
    gaps_are_rare = 0 < n_rare < len(rare)
    parts = ["its word" if n == 1 else f"each of {n} words"] if n else []
    if n_words < len(words) and not gaps_are_rare:
        parts.append("gaps")
    if n_rare:
        ones = ("one" if n else "word") + "s" * (n_rare > 1)
        parts.append(f"{n_rare} rare {ones}" + " and gaps" * gaps_are_rare)
    return f"a column for {', one for '.join(parts)}"


def imputer_of(columns: list[Array]) -> Any:
    """Return what fills the gaps in columns of numbers by the median, and says where they were.

    It is fitted to a row of medians and one with their gaps, which comes to the same: the medians
    of masked arrays, which it takes, sort every column, and were 40% of the time of `fit`.
    """
    medians = np.array([np.nanmedian(column) for column in columns])
    gaps = [np.isnan(column).any() for column in columns]
    rows = np.stack([medians, np.where(gaps, np.nan, medians)])
    imputer = SimpleImputer(strategy="median", add_indicator=True)
    return imputer.set_output(transform="default").fit(rows)


def all_different(names: list[str]) -> list[str]:
    """Return the names, with a number behind those that were there before."""
    seen: set[str] = set()
    for i, name in enumerate(names):
        number = 2
        while names[i] in seen:
            names[i], number = f"{name}_{number}", number + 1
        seen.add(names[i])
    return names


def names_columns(categorical_features: Any) -> bool:
    """Return whether it is something else than 'from_dtype'."""
    return not (isinstance(categorical_features, str) and categorical_features == "from_dtype")


def encoder_for(X: Any, categorical_features: Any) -> TableEncoder | None:
    """Return what makes numbers of X, or None if X is an array of numbers without gaps."""
    if not (names_columns(categorical_features) or needs_encoder(X)):
        return None
    return TableEncoder(categorical_features).set_output(transform="default")


def needs_encoder(X: Any) -> bool:
    """Return True for a frame, and for an array that has words, dates, objects or nan."""
    if X is None or sparse.issparse(X) or is_mapped(X) or hasattr(X, "dask"):
        return False
    if is_frame(X):
        return True
    try:
        array = np.asarray(X)
    except (TypeError, ValueError):  # ragged
        return False
    if array.ndim != 2 or array.dtype.kind not in "fOUTMm":
        return False
    return array.dtype.kind != "f" or bool(np.isnan(array).any())
