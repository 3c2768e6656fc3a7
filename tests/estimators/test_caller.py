"""Where warnings point: at the line of the user's that led to them."""

import inspect
import warnings

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import ScratchMLPRegressor, fit_with_checkpoints
from sknn_scratch.estimators import warn_caller
from sknn_scratch.training import Message

X = np.random.RandomState(0).normal(size=(30, 2))
Y = X[:, :1]
y = X[:, 0]


def network(**params):
    return ScratchMLPRegressor((2,), **{"max_iter": 1, "random_state": 0, **params})


class Own(ScratchMLPRegressor):
    def fit(self, X, y):
        return super().fit(X, y)  # WARNS


def pipeline():
    return make_pipeline(StandardScaler(), network())


def search():
    return GridSearchCV(network(), {"alpha": [0, 1]}, cv=2)


CALLS = {  # each is one line, which the warnings have to name
    "fit": lambda path: network().fit(X, y),
    "a column": lambda path: network(max_iter=99, tol=9).fit(X, Y),
    "validation data": lambda path: network(max_iter=99, tol=9).fit(X, y, X_val=X, y_val=Y),
    "partial_fit": lambda path: network(batch_size=99).partial_fit(X, y),
    "fit_with_checkpoints": lambda path: fit_with_checkpoints(network(), X, Y, path, n_epochs=2),
    "Pipeline.fit": lambda path: pipeline().fit(X, y),
    "Pipeline.fit_transform": lambda path: pipeline().fit_transform(X, y),
    "GridSearchCV": lambda path: search().fit(X, y),
    "cross_val_score": lambda path: cross_val_score(network(), X, y, cv=2),
    "TransformedTargetRegressor": lambda path: TransformedTargetRegressor(network()).fit(X, y),
    "check_gradient": lambda path: network().check_gradient(X, Y),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_warnings_point_at_the_users_line(call, tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(tmp_path / "model")
    assert caught
    assert {warning.category for warning in caught} <= {
        ConvergenceWarning, DataConversionWarning, UserWarning
    }  # fmt: skip
    line = call.__code__.co_firstlineno
    assert {(warning.filename, warning.lineno) for warning in caught} == {(__file__, line)}


def test_a_class_of_ones_own_is_the_users():
    with pytest.warns(ConvergenceWarning) as caught:
        Own((2,), max_iter=1).fit(X, y)
    lines, first = inspect.getsourcelines(Own)
    assert caught[0].lineno == first + next(i for i, line in enumerate(lines) if "WARNS" in line)


def test_nothing_is_looked_for_where_there_is_nothing_to_say(monkeypatch):
    monkeypatch.setattr(inspect, "currentframe", lambda: 1 / 0)
    warn_caller([])
    with pytest.raises(ZeroDivisionError):
        warn_caller([Message("something")])
