import re

import numpy as np
import pytest
from sklearn import config_context

from sknn_scratch import ScratchMLPEnsembleRegressor, ScratchMLPRegressor
from sknn_scratch.estimators.base import HEIGHT, WIDTH, loss_picture, places


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


def test_what_a_component_of_ones_own_is_called_is_no_html():
    assert "<b>" not in loss_picture({"<b>": [2.0, 1.0]})


@pytest.mark.parametrize("losses", [{}, {"loss": [1.0]}, {"loss": [1.0, np.inf]}])
def test_without_a_finite_curve_there_is_no_picture(losses):
    assert loss_picture(losses) == ""


def test_a_curve_goes_from_the_upper_left_to_the_lower_right():
    x, y = places(np.linspace(5, 1, 1000), 1, 5)
    assert (x[0], x[-1]) == (0, WIDTH)
    assert (y[0], y[-1]) == (1, HEIGHT - 1)
    assert len(x) <= WIDTH
    assert len(set(places(np.ones(5), 1, 1)[1])) == 1  # a flat one is level
