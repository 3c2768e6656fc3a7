"""Checkpoints: a long training that can be interrupted, and goes on where it was saved."""

import os
import pickle
import tempfile
from numbers import Integral
from pathlib import Path


def fit_with_checkpoints(
    estimator, X, y, path, *, n_epochs, every=10, sample_weight=None, **validation
):
    """Train for ``n_epochs`` epochs by `partial_fit`, saving the model every few epochs.

    If ``path`` exists, training goes on from the model saved there. An interrupted training that
    is resumed (with the same data and the same number of epochs, however often) ends with the
    very weights of one that was not, bit for bit, since a saved model holds all that goes on: the
    solver's state, the random state and the order of the rows.

    Parameters
    ----------
    estimator : ScratchMLPRegressor
        The network to train, not fitted; it is used if there is no checkpoint, and trained in
        place. Its parameters must be those of the saved model, but for ``verbose``. Give
        ``random_state`` an int if a training that was killed before its first checkpoint shall
        begin anew as it had begun.
    X, y, sample_weight
        As for `ScratchMLPRegressor.partial_fit`.
    path : str or Path
        The file. A checkpoint replaces the last one at once: whenever the process is killed, the
        file is a whole one. It is a pickle: load only what you trust.
    n_epochs : int
        Epochs in all, those before the interruption included.
    every : int, default=10
        Epochs between two checkpoints.
    **validation
        Validation data (``X_val``, ``y_val``, ...), handed on to `partial_fit`.

    Returns
    -------
    estimator : ScratchMLPRegressor
        The trained network: the one handed in, or the one that was saved and trained on.

    Raises
    ------
    TypeError, ValueError
        If a number is not one that is asked for, or the file holds something else; or as
        `partial_fit` does.
    FileNotFoundError
        If there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sknn_scratch import ScratchMLPRegressor, fit_with_checkpoints
    >>> X = np.linspace(0, 1, 50)[:, np.newaxis]
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = folder.name + "/model.pickle"
    >>> model = ScratchMLPRegressor((5,), random_state=0)
    >>> first = fit_with_checkpoints(model, X, X[:, 0], path, n_epochs=20)
    >>> longer = fit_with_checkpoints(model, X, X[:, 0], path, n_epochs=30)
    >>> len(longer.loss_curve_)
    30
    >>> folder.cleanup()
    """
    for name, value in (("n_epochs", n_epochs), ("every", every)):
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} must be an int >= 1, got {value!r}.")
    path, asked_for, asked = Path(path), type(estimator), estimator.get_params(deep=False)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path must be in a folder that exists, got {str(path)!r}.")
    if path.exists():
        with path.open("rb") as file:
            estimator = pickle.load(file)
    if type(estimator) is not asked_for:
        raise TypeError(f"{str(path)!r} must hold a {asked_for.__name__}, got {estimator!r}.")
    changed = differing(asked, estimator.get_params(deep=False))
    if changed:
        raise ValueError(
            f"{str(path)!r} holds a model with other parameters ({', '.join(changed)}): go on with "
            "its own, or train to another file."
        )
    done = len(getattr(estimator, "loss_curve_", ()))
    for epoch in range(done + 1, n_epochs + 1):
        estimator.partial_fit(X, y, sample_weight, **validation)
        if epoch % every == 0 or epoch == n_epochs:
            save_atomically(estimator, path)
    return estimator


def differing(asked, found):
    """Return the names of the parameters that decide on training and differ."""
    names = [name for name in asked if name != "verbose"]
    if not isinstance(asked["random_state"], int):  # a RandomState that was drawn from
        names.remove("random_state")
    return [name for name in names if repr(asked[name]) != repr(found[name])]


def save_atomically(estimator, path):
    """Pickle an estimator to a file that is, at any moment, the old one or the new one."""
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            pickle.dump(estimator, file, protocol=pickle.HIGHEST_PROTOCOL)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
