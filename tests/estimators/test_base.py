"""Another estimator on the base class: what it takes, and that its hooks are asked."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import StratifiedShuffleSplit, train_test_split

from sknn_scratch import ScratchMLPRegressor, SquaredError
from sknn_scratch.estimators.base import BaseScratchMLP

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class TwoClasses(ClassifierMixin, BaseScratchMLP):
    """Tells two classes apart: the target is 0 or 1, and the output between them."""

    _losses = {"brier": SquaredError()}

    __init__ = ScratchMLPRegressor.__init__  # the same parameters

    def _encode_target(self, y, n_samples, dtype, suffix, loss):
        if len(y) != n_samples:
            raise ValueError(f"y{suffix} is too short")
        if not suffix:
            self.classes_ = np.unique(y)
        return (np.asarray(y) == self.classes_[1]).astype(dtype)[:, np.newaxis]

    def _make_score(self, loss, y, sample_weight):
        return lambda output: np.average((output > 0.5) == (y > 0.5), weights=sample_weight)

    def _draw_validation_rows(self, data, groups, random_state):
        split = StratifiedShuffleSplit(1, test_size=0.2, random_state=random_state)
        ((self.train_, self.held_out_),) = split.split(data.X, data.y)
        return self.train_, self.held_out_

    def predict(self, X):
        return self.classes_[(self._output(X)[:, 0] > 0.5).astype(int)]


def two_classes(loss="brier", **params):
    return TwoClasses((5,), loss=loss, out_activation="logistic", random_state=0, **params)


@pytest.fixture(scope="module")
def tumours():
    X, y = load_breast_cancer(return_X_y=True)
    return X, np.array(["malignant", "benign"])[y]


def test_it_learns_and_stops_early_by_its_own_score_on_its_own_rows(tumours):
    X_train, X_test, y_train, y_test = train_test_split(*tumours, random_state=0)
    model = two_classes(early_stopping=True, learning_rate_init=0.01)
    assert model.fit(X_train, y_train) is model
    assert model.score(X_test, y_test) > 0.93
    X, y = X_train[model.held_out_], y_train[model.held_out_]
    assert model.best_validation_score_ == pytest.approx(np.mean(model.predict(X) == y))
    shares = [np.mean(y_train[rows] == "benign") for rows in (model.train_, model.held_out_)]
    assert shares[0] == pytest.approx(shares[1], abs=0.01)  # as the classes are


def test_validation_data_are_encoded_like_the_target(tumours):
    X, y = tumours
    model = two_classes().partial_fit(X, y, X_val=X[:50], y_val=y[:50])
    assert model.validation_scores_ == [pytest.approx(np.mean(model.predict(X[:50]) == y[:50]))]
    with pytest.raises(ValueError, match="y_val is too short"):
        model.partial_fit(X, y, X_val=X[:50], y_val=y[:4])


def test_its_losses_are_its_own(tumours):
    with pytest.raises(ValueError, match="loss must be one of 'brier', or"):
        two_classes(loss="huber").fit(*tumours)


def test_a_failed_fit_leaves_it_as_it_was(tumours):
    X, y = tumours
    model = two_classes().partial_fit(X, y)
    before = dict(vars(model))
    with pytest.raises(ValueError, match="y is too short"):
        model.fit(X, y[:-1])
    assert vars(model) == before
    assert list(model.classes_) == ["benign", "malignant"]


def test_it_can_be_looked_into_copied_and_cloned(tumours):
    X, y = tumours
    model = two_classes().partial_fit(X, y)
    assert model.transform(X).shape == (569, 5)
    assert model.check_gradient(X[:30], y[:30]) < 1e-6
    assert [W.shape for W in model.coefs_] == [(30, 5), (5, 1)]
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert_array_equal(twin.predict(X), model.predict(X))
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize("hook", ["_encode_target", "_make_score"])
def test_a_hook_that_is_missing_says_so(hook):
    with pytest.raises(NotImplementedError):
        getattr(BaseScratchMLP(), hook)(*[None] * (5 if hook == "_encode_target" else 3))
