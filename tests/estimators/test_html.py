"""The HTML that a notebook shows is scikit-learn's; here are its links."""

import re
from collections import Counter

import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_scratch import ScratchMLPRegressor
from sknn_scratch.estimators import DOCUMENTATION

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
    described = set(re.findall(r"position-anchor: --doc-link-(\w+);", html))
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
