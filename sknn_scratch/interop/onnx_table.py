"""A TableEncoder as a part of a graph, and a table as what such a graph takes.

A graph has an input for each column of the table, of shape (n, 1). ONNX has neither dates nor gaps
in strings, so that a graph takes numbers (nan is a gap; 0 and 1 for booleans; days since 1970-01-01
for dates, days for durations) and strings ('' is a gap)::

    graph = to_onnx(model, initial_types=table_types(model))
    session.run(None, table_inputs(model, X))
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from onnx import TensorProto
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    StringTensorType,
    guess_proto_type,
)
from sklearn.utils.validation import check_is_fitted

from ..maths import Array
from ..tables import (
    WEEKDAYS,
    Dates,
    Empty,
    Ordered,
    TableEncoder,
    Words,
    all_different,
    as_words,
    checked_columns,
    checked_table,
)
from .onnx import number_type, register
from .onnx_graph import Graph


def table_types(model: Any, dtype: DTypeLike = np.float64) -> list[tuple[str, Any]]:
    """Return the inputs of a graph for the tables that a model takes, as skl2onnx wants them.

    Parameters
    ----------
    model : estimator
        A fitted `TableEncoder`, a pipeline that begins with one, or an ensemble of such pipelines,
        or one fitted to a table.
    dtype : {float64, float32}
        The type of all numbers. Times of the day need float64, which has digits enough for days.

    Returns
    -------
    types : list of (str, data type)
        For ``initial_types`` of `skl2onnx.to_onnx`: each column's name (x0, x1, ... for those of
        an array; '_' for what is neither letter nor digit), and its type.
    """
    number = {"f8": DoubleTensorType, "f4": FloatTensorType}[np.dtype(dtype).str[1:]]
    encoder = encoder_of(model)
    return [
        (name, (StringTensorType if isinstance(kind, (Words, Ordered)) else number)([None, 1]))
        for name, kind in zip(names_of(encoder), encoder._kinds)
    ]


def table_inputs(model: Any, X: Any, dtype: DTypeLike = np.float64) -> dict[str, Array]:
    """Return a table as the inputs of the graph of a model.

    Parameters
    ----------
    model : estimator
        As for `table_types`.
    X : {data frame, table, array-like} of shape (n_samples, n_features)
    dtype : {float64, float32}
        As for `table_types`.

    Returns
    -------
    inputs : dict of {str: ndarray of shape (n_samples, 1)}
        What `run` of a session of ONNX Runtime takes.

    Raises
    ------
    TypeError, ValueError
        If the table is not as in `fit`, in its columns or in what they hold.
    """
    encoder, X = encoder_of(model), checked_table(X)
    encoder._validated(X, reset=False, skip_check_array=True)
    columns = zip(names_of(encoder), encoder._kinds, checked_columns(encoder, X))
    return {name: as_input(kind, column, dtype) for name, kind, column in columns}


def as_input(kind: Any, column: Any, dtype: DTypeLike) -> Array:
    """Return a column of a table as an input of a graph, of shape (n_samples, 1)."""
    if isinstance(kind, (Words, Ordered)):
        values = np.where(column.is_gap, "", as_words(column).values)
    elif isinstance(kind, Empty):
        values = np.full(len(column.values), np.nan, dtype)
    else:
        numbers = kind.days(column) if isinstance(kind, Dates) else kind.numbers(column)[0]
        values = numbers.astype(dtype)
    return values.reshape(-1, 1)


def encoder_of(model: Any) -> TableEncoder:
    """Return the encoder that a model begins with; TypeError if it does with none."""
    encoder = model
    while not (encoder is None or isinstance(encoder, TableEncoder)):
        steps, members = getattr(encoder, "steps", None), getattr(encoder, "estimators_", [None])
        encoder = steps[0][1] if steps else getattr(encoder, "encoder_", None) or members[0]
    if encoder is None:
        raise TypeError(
            "model must be a TableEncoder, a pipeline that begins with one, or an ensemble fitted "
            f"to a table, or of such pipelines; got {model!r}."
        )
    check_is_fitted(encoder)
    return encoder


def names_of(encoder: TableEncoder) -> list[str]:
    """Return what the columns of the table are called in a graph: all different, for skl2onnx."""
    numbered = [f"x{i}" for i in range(encoder.n_features_in_)]
    names = [re.sub(r"\W", "_", name) for name in getattr(encoder, "feature_names_in_", numbered)]
    names = [f"_{name}" if name[:1].isdigit() or not name else name for name in names]
    return all_different(["variable", *names])[1:]  # the first is what skl2onnx calls the output


class TableGraph(Graph):
    """A graph, and the nodes that make numbers of each kind of column."""

    def columns(self, operator: Any) -> list[tuple[str, bool]]:
        """Return the names of the columns that an operator is given, and whether they are of words.

        A number is cast to the graph's type; inputs of several columns are taken apart.
        """
        columns = []
        for variable in operator.inputs:
            name, words = variable.full_name, isinstance(variable.type, StringTensorType)
            name = name if words else self.cast(name, self.number_type)
            width = variable.type.shape[1]
            if width == 1:
                columns.append((name, words))
                continue
            for i in range(width):
                place = self.constant([i], TensorProto.INT64)
                columns.append((self.node("Gather", [name, place], axis=1), words))
        n = operator.raw_operator.n_features_in_
        if len(columns) != n:
            raise ValueError(
                f"The graph must have an input for each of {n} columns; got {len(columns)}."
            )
        return columns

    def equal(self, name: str, values: Sequence[float]) -> str:
        """Return a column of zeros and ones for each value, of a column of numbers."""
        return self.cast(self.node("Equal", [name, [values]]), self.number_type)

    def codes(self, name: str, words: bool, levels: list[Any]) -> str:
        """Return the place of each value among those known, -1 for all others."""
        if words:
            keys = ["" if level != level else level for level in levels]
            places = [float(i) for i in range(len(keys))]
            options = {"keys_strings": keys, "values_floats": places, "default_float": -1.0}
            codes = self.node(
                "LabelEncoder", [name], op_domain="ai.onnx.ml", op_version=2, **options
            )
            return self.cast(codes, self.number_type)
        try:
            values = [float(level) for level in levels]
        except ValueError as error:
            raise ValueError(f"A column of words must be an input of strings: {error}.") from error
        places = np.arange(1.0, len(values) + 1).reshape(-1, 1)
        codes = self.node("MatMul", [self.equal(name, values), places])
        if levels[-1] != levels[-1]:
            is_gap = self.node("IsNaN", [name])
            codes = self.node("Where", [is_gap, len(levels), codes])
        return self.node("Sub", [codes, 1])

    def order(self, name: str, words: bool, levels: list[str]) -> str:
        """Return the place of each word in the order, nan for what has none."""
        codes = self.codes(name, words, levels)
        unknown = self.node("Less", [codes, 0])
        return self.node("Where", [unknown, np.nan, codes])

    def dates(self, name: str, kind: Dates) -> list[str]:
        """Return the columns that a column of days since 1970 becomes."""
        node, is_date = self.node, self.node("Equal", [name, name])
        columns = [node("Sub", [name, kind.first])]
        for length in kind.cycles.values():
            turn = node("Mul", [node("Mod", [name, length], fmod=1), 2 * np.pi / length])
            ahead = node("Add", [turn, np.pi / 2])
            waves = [node("Sin", [angle]) for angle in (turn, ahead)]  # sine and cosine
            columns += [node("Where", [is_date, wave, 0]) for wave in waves]
        if kind.has_week:
            day = node("Add", [node("Floor", [name]), 3])
            weeks = node("Floor", [node("Div", [day, 7])])
            day = node("Sub", [day, node("Mul", [weeks, 7])])
            columns.append(self.equal(day, list(range(len(WEEKDAYS)))))
        return columns

    def one_hot(self, codes: str, levels: list[Any], rare: set[Any]) -> list[str]:
        """Return a column for each frequent word, and one for all others if some were rare."""
        frequent = [code for code, word in enumerate(levels) if word not in rare]
        if not frequent:  # all are one
            zero = self.node("Mul", [codes, 0])
            return [self.node("Add", [zero, 1])]
        columns = self.equal(codes, frequent)
        if not rare:
            return [columns]
        is_frequent = self.node("MatMul", [columns, np.ones((len(frequent), 1))])
        return [columns, self.node("Sub", [1, is_frequent])]

    def filled(self, numbers: list[str], imputer: Any) -> list[str]:
        """Return columns of numbers with their gaps filled, and those that say where they were."""
        X = numbers[0] if len(numbers) == 1 else self.node("Concat", numbers, axis=1)
        is_gap = self.node("IsNaN", [X])
        medians = imputer.statistics_.reshape(1, -1)
        columns = [self.node("Where", [is_gap, medians, X])]
        with_gaps = imputer.indicator_.features_
        if len(with_gaps):
            places = self.constant(with_gaps, TensorProto.INT64)
            where = self.node("Gather", [is_gap, places], axis=1)
            columns.append(self.cast(where, self.number_type))
        return columns


def _convert(scope, operator, container):
    encoder = operator.raw_operator
    graph = TableGraph(scope, container, guess_proto_type(number_type(operator)()))
    numbers, columns = [], []
    of_words = iter(encoder._words())
    for kind, (name, words) in zip(encoder._kinds, graph.columns(operator)):
        if isinstance(kind, Ordered):
            numbers.append(graph.order(name, words, kind.levels))
        elif isinstance(kind, Words):
            levels, rare = next(of_words)
            columns += graph.one_hot(graph.codes(name, words, levels), levels, rare)
        elif words and not isinstance(kind, Empty):
            raise ValueError(f"A column of numbers or dates must be an input of numbers: {name}.")
        elif isinstance(kind, Dates):
            numbers += graph.dates(name, kind)
        elif not isinstance(kind, Empty):
            numbers.append(name)
    filled = graph.filled(numbers, encoder.imputer_) if numbers else []
    together = [*filled, *columns]
    result = together[0] if len(together) == 1 else graph.node("Concat", together, axis=1)
    container.add_node("Identity", result, operator.outputs[0].full_name)


register(
    TableEncoder,
    "SknnScratchTableEncoder",
    lambda operator: len(operator.raw_operator.get_feature_names_out()),
    _convert,
)
