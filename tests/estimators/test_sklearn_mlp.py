"""scikit-learn's own tests of MLPRegressor, run on ScratchMLPRegressor.

The installed test module is loaded a second time, under another name, while ScratchMLPRegressor
stands in the place of MLPRegressor. Of its tests those are kept that are about MLPRegressor.
"""

import importlib.util
import inspect

import pytest
import sklearn.neural_network
from sklearn.neural_network import MLPClassifier, MLPRegressor

from sknn_scratch import ScratchMLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


LEFT_OUT = {  # test: the deviation that it contradicts
    "test_mlp_partial_fit_after_fit": "partial_fit takes early_stopping=True",
}


def load_tests():
    """Return a fresh copy of scikit-learn's test module that imported our class, or None."""
    try:
        spec = importlib.util.find_spec("sklearn.neural_network.tests.test_mlp")
    except ModuleNotFoundError:
        return None
    if spec is None:
        return None
    spec = importlib.util.spec_from_file_location("mlp_tests_of_sklearn", spec.origin)
    module = importlib.util.module_from_spec(spec)
    sklearn.neural_network.MLPRegressor = ScratchMLPRegressor
    try:
        spec.loader.exec_module(module)
    finally:
        sklearn.neural_network.MLPRegressor = MLPRegressor
    return module


def without_classifier(mark):
    """Return a mark without the parameters that ask for the classifier."""
    if mark.name != "parametrize":
        return mark
    names, values = mark.args
    return pytest.mark.parametrize(
        names, [value for value in values if value is not MLPClassifier], **mark.kwargs
    ).mark


def collect(module):
    """Return the tests of ``module`` that are about MLPRegressor."""
    tests = {}
    for name, test in vars(module).items():
        if name.startswith("test_") and "MLPRegressor" in inspect.getsource(test):
            test.pytestmark = [without_classifier(mark) for mark in getattr(test, "pytestmark", [])]
            tests[name] = test
    return tests


def estimators(test):
    """Return the classes that a test is parametrised with."""
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    return [value for mark in marks for value in mark.args[1] if inspect.isclass(value)]


MODULE = load_tests()
if MODULE is None:
    pytest.skip("this scikit-learn was installed without its tests", allow_module_level=True)
COLLECTED = collect(MODULE)
RUN = {name: test for name, test in COLLECTED.items() if name not in LEFT_OUT}
globals().update(RUN)


@pytest.fixture(autouse=True)
def unscaled(monkeypatch):
    """MLPRegressor does not standardise: neither do we, here."""
    monkeypatch.setitem(ScratchMLPRegressor.__init__.__kwdefaults__, "standardize", False)


@pytest.fixture
def global_random_seed():
    return 42


def test_what_is_left_out_exists():
    assert set(LEFT_OUT) <= set(COLLECTED)


def test_at_least_fifteen_tests_are_collected():
    assert len(RUN) >= 15


def test_the_collected_tests_know_our_class_only():
    assert sklearn.neural_network.MLPRegressor is MLPRegressor
    assert MODULE.MLPRegressor is ScratchMLPRegressor
    for name, test in RUN.items():
        assert test.__globals__ is vars(MODULE), name
        assert MLPRegressor not in estimators(test), name
        assert MLPClassifier not in estimators(test), name
    assert any(ScratchMLPRegressor in estimators(test) for test in RUN.values())


@pytest.mark.parametrize(
    "name", [name for name in RUN if not inspect.signature(RUN[name]).parameters]
)
def test_the_collected_tests_call_our_class(name, monkeypatch):
    class Called(Exception):
        pass

    def called(self, *args, **kwargs):
        raise Called

    for method in "fit", "partial_fit":
        monkeypatch.setattr(ScratchMLPRegressor, method, called)
    with pytest.raises(Called):
        RUN[name]()
