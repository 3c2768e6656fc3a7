import numpy as np
from numpy.testing import assert_array_equal

from sknn_scratch.training.history import History


def test_a_curve_has_an_element_for_each_epoch():
    history = History()
    for loss in (3.0, 2.0):
        history.record(loss)
    assert (history.losses, history.loss, history.n_iter) == ([3.0, 2.0], 2.0, 2)
    assert history.validation_losses == []
    assert not history.is_validated


def test_epochs_before_there_were_validation_data_are_nan():
    history = History()
    history.record(3.0)
    history.record(2.0)
    history.record_validation(0.5, 0.9)
    assert_array_equal(history.validation_losses, [np.nan, 0.5])
    assert_array_equal(history.validation_scores, [np.nan, 0.9])
    assert history.is_validated
    history.record(1.0)
    assert not history.is_validated


def test_a_copy_goes_on_by_itself():
    history = History([1.0], [2.0], [3.0], 1, 1.0)
    copied = history.copy()
    assert copied == history
    copied.record(0.0)
    copied.record_validation(0.0, 0.0)
    assert history == History([1.0], [2.0], [3.0], 1, 1.0)
