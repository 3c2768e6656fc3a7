"""The film of a training: what is drawn where data have no width. (See also the WeightRecorder.)"""

import numpy as np
import pytest

from sknn_scratch.plotting import film

matplotlib = pytest.importorskip("matplotlib")


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_of_a_single_row_there_is_a_film(n_columns):
    X, y, epochs = np.ones((1, n_columns)), np.array([2.0]), np.arange(2)
    losses, seen = np.array([3.0, 1.0]), []

    def predict(record, rows):
        seen.append((record, rows.shape[1]))
        return np.full(len(rows), 2.0)

    animation = film(predict, X, y, losses, epochs, epochs, interval=10)
    animation.to_jshtml()
    assert set(seen) == {(0, n_columns), (1, n_columns)}


@pytest.mark.parametrize(("last", "lowest"), [(1.0, 0.0), (-2.0, -2.0)])
def test_the_axis_of_losses_goes_down_to_zero_or_as_far_as_they_do(last, lowest):
    epochs, losses = np.arange(2), np.array([3.0, last])
    y = np.ones(1)
    animation = film(lambda record, rows: y, np.ones((1, 3)), y, losses, epochs, epochs, 10)
    animation.to_jshtml()
    assert matplotlib.pyplot.gcf().axes[1].get_ylim()[0] == lowest
