"""What all estimators share: stored models, errors that change nothing, warnings, HTML."""

import copy
import inspect
import json
import pickle
import re
import warnings
from collections import Counter
from dataclasses import fields

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import (
    ScratchMLPEnsembleRegressor,
    ScratchMLPRegressor,
    __version__,
    fit_with_checkpoints,
)
from sknn_scratch.estimators import DOCUMENTATION, base, unchanged_on_error
from sknn_scratch.estimators.base import HEIGHT, LAYOUT, WIDTH, loss_picture
from sknn_scratch.maths.activations import Tanh
from tests.stored_models import DATA, figures, make_models

FILES = sorted(DATA.glob("models_*.pickle"))

# Its output is bounded by 0, and without intercepts most of y is out of its reach.
ONE_IS_NO_BETTER_THAN_A_CONSTANT = pytest.mark.filterwarnings(
    "ignore:Training stopped by tol=0.0001 at a loss of 1.9"
)


def load(path):
    """Return the models of a file, or the message with which they are refused."""
    try:
        return pickle.loads(path.read_bytes())
    except ValueError as error:
        return str(error)


def expectations(path):
    """Return what is stored beside a file."""
    return json.loads(path.with_suffix(".json").read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_stored_models_predict_and_train_as_they_did_or_are_refused(path):
    models, expected = load(path), expectations(path)
    if isinstance(models, str):
        assert expected["layout"] != LAYOUT, models
        assert "was stored by sknn_scratch" in models
        return
    assert list(models) == [name for name in expected if name != "layout"]
    for name, model in models.items():
        # float32, and after an epoch: rounding differs between machines
        tolerance = 1e-5 if model.coefs_[0].dtype == np.float32 else 1e-9
        found = figures(model)
        assert found.keys() == expected[name].keys()
        for key, value in found.items():
            assert_allclose(value, expected[name][key], rtol=tolerance)


def names(model):
    """Return the names of everything that a fitted model holds."""
    state, network = model._state, model._network
    return {
        "model": set(vars(model)),
        "state": set(vars(state)),
        "solver": set(state.solver_state),
        "scaling": set(vars(state.scaling)),
        "network": set(vars(network)),
        "components": [
            (type(component).__name__, set(vars(component)))
            for component in (*network.activations, network.loss)
        ],
    }


@ONE_IS_NO_BETTER_THAN_A_CONSTANT
def test_the_stored_models_of_this_layout_hold_what_new_ones_hold():
    # If this fails, an attribute has come or gone: see `sknn_scratch.estimators.base`.
    path = DATA / f"models_layout_{LAYOUT}.pickle"
    stored = load(path)
    assert expectations(path)["layout"] == LAYOUT
    for name, model in make_models().items():
        assert names(model) == names(stored[name])
        assert names(model)["state"] == {each.name for each in fields(model._state)}


@ONE_IS_NO_BETTER_THAN_A_CONSTANT
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("number", range(3))
def test_a_pickled_model_is_the_same_and_trains_on_likewise(number, protocol):
    model = list(make_models().values())[number]
    loaded = pickle.loads(pickle.dumps(model, protocol))
    assert names(loaded) == names(model)
    assert loaded.get_params().keys() == model.get_params().keys()
    assert_array_equal(loaded._params, model._params)
    assert figures(loaded) == figures(model)


def restored(state):
    """Return what unpickling makes of a state."""
    model = ScratchMLPRegressor.__new__(ScratchMLPRegressor)
    model.__setstate__(state)
    return model


def test_a_parameter_that_came_after_a_state_has_its_default():
    model = ScratchMLPRegressor(alpha=1)
    state = model.__getstate__()
    for name in set(model.get_params()) - {"alpha"}:
        del state[name]
    assert restored(state).get_params() == model.get_params()


@pytest.mark.parametrize("layout", [0, LAYOUT + 1, str(LAYOUT), None])
def test_another_layout_is_refused_by_a_message_that_names_both(layout):
    state = ScratchMLPRegressor().__getstate__()
    given = dict(state)
    assert restored(given).get_params() == ScratchMLPRegressor().get_params()
    assert given == state
    with pytest.raises(ValueError, match=rf"by sknn_scratch 9.8, in layout {layout}; .* {LAYOUT}"):
        restored({**state, "_layout": layout, "_stored_by": "9.8"})


def test_a_state_without_a_layout_is_refused():
    with pytest.raises(ValueError, match="by sknn_scratch unknown, in layout None"):
        restored(ScratchMLPRegressor().get_params())


@pytest.mark.parametrize("change", [-LAYOUT, 1])
def test_a_pickle_of_another_layout_is_refused(regression, monkeypatch, change):
    X, y = regression
    model = ScratchMLPRegressor((2,)).partial_fit(X, y)
    monkeypatch.setattr(base, "LAYOUT", LAYOUT + change)
    stored = pickle.dumps(model)
    assert_array_equal(pickle.loads(stored).predict(X), model.predict(X))
    monkeypatch.undo()
    with pytest.raises(ValueError, match=re.escape(f"{__version__}, in layout {LAYOUT + change};")):
        pickle.loads(stored)


def test_the_layout_is_not_an_attribute(regression):
    X, y = regression
    model = ScratchMLPRegressor((2,)).partial_fit(X, y)
    for twin in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert vars(twin).keys() == vars(model).keys()
        assert not {"_layout", "_stored_by"} & set(vars(twin))
    assert not {"_layout", "_stored_by"} & set(vars(model))
    assert clone(model).get_params() == model.get_params()


def change(model, error=None):
    with unchanged_on_error(model):
        model.alpha, model.new_ = 7, 1
        del model.tol
        model.random_state.uniform(size=3)
        if error:
            raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_attributes_and_draws_are_put_back_after_an_error(error):
    model = ScratchMLPRegressor(random_state=np.random.RandomState(3))
    before = dict(vars(model))
    with pytest.raises(error):
        change(model, error)
    assert vars(model) == before
    assert model.random_state.uniform() == np.random.RandomState(3).uniform()


def test_without_an_error_nothing_is_put_back():
    model = ScratchMLPRegressor(random_state=np.random.RandomState(3))
    change(model)
    assert (model.alpha, model.new_, hasattr(model, "tol")) == (7, 1, False)


class Failing(Tanh):
    """Raises once it is told to, in the midst of an epoch: its rows are drawn by then."""

    fails = False

    def __call__(self, z):
        z = np.asarray(z)  # else the formula would be followed once, not called at each step
        if self.fails:
            raise RuntimeError
        return super().__call__(z)


def train_three_times(failing, regression):
    """Return a network that was trained for three epochs, but for what failed before the third."""
    activation = Failing()
    model = ScratchMLPRegressor((4,), activation=activation, batch_size=20, random_state=0)
    model.partial_fit(*regression).partial_fit(*regression)
    if failing is not None:
        activation.fails = True
        with pytest.raises(RuntimeError):
            failing(model, *regression)
        activation.fails = False
    return model.set_params(warm_start=False).partial_fit(*regression)


@pytest.mark.parametrize(
    "failing",
    [
        lambda model, X, y: model.fit(X, y),
        lambda model, X, y: model.set_params(warm_start=True).fit(X, y),
        lambda model, X, y: model.partial_fit(X, y),
    ],
    ids=["fit", "warm start", "partial_fit"],
)
def test_after_a_failure_training_goes_on_with_the_same_draws(failing, regression):
    expected = train_three_times(None, regression)
    found = train_three_times(failing, regression)
    assert_array_equal(found.predict(regression[0]), expected.predict(regression[0]))


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


PAGE = f"{DOCUMENTATION}/generated/sknn_scratch.ScratchMLPRegressor.html"


def links(estimator):
    return re.findall(r'href="([^"]*)"', estimator._repr_html_())


def test_it_leads_to_the_page_of_the_class(regression):
    model = ScratchMLPRegressor((3,), solver="lbfgs", max_iter=500)
    assert PAGE in links(model)
    assert PAGE in links(model.fit(*regression))
    assert all(link.startswith(PAGE) for link in links(model))


def test_in_a_pipeline_each_step_leads_to_its_own_documentation():
    found = links(make_pipeline(StandardScaler(), ScratchMLPRegressor()))
    assert PAGE in found
    assert any("scikit-learn.org" in link and "StandardScaler" in link for link in found)


def test_a_subclass_of_someone_else_does_not_claim_to_be_documented_here():
    class Mine(ScratchMLPRegressor):
        pass

    assert links(Mine()) == []


def test_every_parameter_and_attribute_shows_its_description(regression):
    if "param-doc-link" not in Ridge()._repr_html_():
        pytest.skip("this scikit-learn shows no descriptions")
    model = ScratchMLPRegressor((3,), solver="lbfgs", max_iter=500).fit(*regression)
    html = model._repr_html_()
    described = set(re.findall(r'"param-doc-description"[^>]*>\s*(\w+): ', html))
    assert set(model.get_params()) <= described
    attributes = {name for name in dir(model) if re.fullmatch(r"[a-z]\w*_", name)}
    assert {"coefs_", "loss_curve_", "n_features_in_"} <= attributes
    if "Fitted attributes" in html:
        assert attributes <= described


def test_a_pipeline_that_ends_in_it_has_the_diagram_of_one_that_ends_in_another_regressor(
    regression,
):
    def boxes(last, fitted):
        pipeline = make_pipeline(StandardScaler(), last)
        html = (pipeline.fit(*regression) if fitted else pipeline)._repr_html_()
        return re.findall(r"<div class=[\"']((?:sk-|features|total_features)[^\"']*)", html)

    network = ScratchMLPRegressor((3,), solver="lbfgs", max_iter=500)
    assert boxes(network, False) == boxes(Ridge(), False)
    # Once fitted there may be a box of what it hands on as a transformer: nothing else is more.
    more = Counter(boxes(network, True)) - Counter(boxes(Ridge(), True))
    assert all(name.startswith("features") for name in more)
    assert Counter(boxes(Ridge(), True)) <= Counter(boxes(network, True))


def summary(model):
    """Return what the HTML says below scikit-learn's part, by row."""
    return dict(re.findall(r"<tr><th[^>]*>([^<]*)</th><td>([^<]*)</td></tr>", model._repr_html_()))


def test_a_network_says_what_was_trained(regression):
    X, y = regression
    model = ScratchMLPRegressor((8, 5), max_iter=500, early_stopping=True, random_state=0)
    assert "parameters</th>" not in model._repr_html_()
    model.fit(X, y)
    said = summary(model)
    assert said["layers"] == "4 features → 8 relu → 5 relu → 1 identity"
    assert said["parameters"] == str(4 * 8 + 8 + 8 * 5 + 5 + 5 + 1)
    assert said["epochs"] == f"{model.n_iter_} by adam"
    assert said["best score on rows held out"].startswith(f"{model.best_validation_score_:.4g}, ")
    assert model._repr_html_().count("<polyline") == 2
    assert model._repr_mimebundle_()["text/html"].count("<polyline") == 2


def test_the_epochs_of_all_calls_are_counted_as_the_best_is(regression):
    model = ScratchMLPRegressor((3,), early_stopping=True, random_state=0)
    for _ in range(7):
        model.partial_fit(*regression)
    assert summary(model)["epochs"] == "7 by adam"


def test_an_ensemble_says_what_it_holds(regression):
    network = ScratchMLPRegressor((3,), solver="lbfgs", alpha=1, max_iter=500)
    model = ScratchMLPEnsembleRegressor(network, 4, random_state=0).fit(*regression)
    said = summary(model)
    assert said["members"] == "4"
    assert said["rows held out"] == "60"
    assert said["score on rows held out"].startswith(f"{model.oob_score_:.4g}")


def test_where_text_is_asked_for_there_is_no_html(regression):
    model = ScratchMLPRegressor((3,), solver="lbfgs", max_iter=500).fit(*regression)
    with config_context(display="text"):
        assert "text/html" not in model._repr_mimebundle_()
        assert not hasattr(model, "_repr_html_")


def test_what_a_component_of_ones_own_is_called_is_no_html(regression):
    class Bold(Tanh):
        def __repr__(self):
            return "<b>"

    model = ScratchMLPRegressor((3,), activation=Bold(), solver="lbfgs", max_iter=500)
    assert "<b>" not in model.fit(*regression)._summary_html()
    assert "&lt;b&gt;" in summary(model)["layers"]
    assert "<b>" not in loss_picture({"<b>": [2.0, 1.0]})


@pytest.mark.parametrize("losses", [[100, 10, 1], [1, 0, -1], [2, 1, 0]])
def test_losses_are_drawn_by_their_logarithm_if_they_have_one(losses):
    picture = loss_picture({"loss": losses})
    _, middle, _ = re.search('points="(.*?)"', picture).group(1).split()
    assert middle == f"{WIDTH / 2},{HEIGHT / 2}"


@pytest.mark.parametrize("losses", [{}, {"loss": [1.0]}, {"loss": [1.0, np.inf]}])
def test_without_a_finite_curve_there_is_no_picture(losses):
    assert loss_picture(losses) == ""


def test_epochs_without_validation_leave_a_picture_of_the_training_loss():
    alone = {"training loss": [2.0, 1.0]}
    assert loss_picture({**alone, "validation loss": [np.nan, 1.0]}) == loss_picture(alone) != ""


def test_a_curve_goes_from_the_upper_left_to_the_lower_right():
    x, y = points_of(np.linspace(5, 1, 1000))
    assert (x[0], x[-1]) == (0, WIDTH)
    assert (y[0], y[-1]) == (1, HEIGHT - 1)
    assert len(x) <= WIDTH
    assert len(set(points_of(np.ones(5))[1])) == 1  # a flat one is level


def points_of(curve):
    """Return x and y of the points of a picture."""
    points = re.search('points="([^"]*)"', loss_picture({"training loss": curve}))[1]
    return np.transpose(
        [[float(number) for number in point.split(",")] for point in points.split()]
    )
