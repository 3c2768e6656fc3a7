"""Checkpoints: a long training that can be interrupted, and goes on where it was saved."""

from __future__ import annotations

import math
import os
import pickle
import shutil
from numbers import Integral
from pathlib import Path
from typing import IO, Any

import joblib
from numpy.typing import ArrayLike

from ..components import check_number
from ..estimators import ScratchMLPRegressor, constructor_parameters, unchanged_on_error
from ..maths import MatrixLike


def fit_with_checkpoints(
    estimator: ScratchMLPRegressor,
    X: MatrixLike,
    y: MatrixLike,
    path: str | os.PathLike[str],
    *,
    n_epochs: int,
    every: int = 10,
    sample_weight: ArrayLike | None = None,
    **validation: Any,
) -> ScratchMLPRegressor:
    """Train for ``n_epochs`` epochs by `partial_fit`, saving the model every few epochs.

    If ``path`` exists, training goes on from the model saved there. A training that is resumed with
    the same data, however often, ends with the very weights of one that was not interrupted. Early
    stopping ends it where it would end `fit`.

    Parameters
    ----------
    estimator : ScratchMLPRegressor
        The network to train; not L-BFGS, which has no epochs to go on from. If there is no
        checkpoint it must not be fitted, and is trained in place. If there is one, it is not
        changed, and its parameters, which can be pickled, must be those of the saved model, but for
        ``verbose``, which may be another from now on.
    X, y, sample_weight
        As for `ScratchMLPRegressor.partial_fit`.
    path : str or Path
        The file, a whole one whenever the process is killed. It is a pickle: load only what you
        trust.
    n_epochs : int
        Epochs in all, those before the interruption included, which must not be more.
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
    OSError
        If there is no such folder, nothing can be written there, or ``path`` is no file; or if the
        disk is full.
    RuntimeError
        If another process has written to ``path`` meanwhile.
    KeyboardInterrupt
        At an interrupt (Ctrl-C). ``estimator`` is then as it was before the call, and so may be
        handed in again, as after any error; training goes on from the last checkpoint.

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
    check_number(n_epochs, "n_epochs", int, "[1, inf)")
    check_number(every, "every", int, "[1, inf)")
    check_can_go_on(estimator)
    path = Path(os.path.realpath(path))
    prepare_folder(path)
    version = version_of(path)
    if path.exists():
        estimator = saved(path, estimator)
    elif estimator.__sklearn_is_fitted__():
        raise ValueError(
            f"estimator is fitted, and there is no checkpoint {str(path)!r} that it was saved to: "
            "hand in one that is not (sklearn.base.clone), whose epochs are counted from the first."
        )
    done = len(getattr(estimator, "loss_curve_", ()))
    if n_epochs < done:
        raise ValueError(
            f"n_epochs must be at least {done}, which the model in {str(path)!r} has been trained "
            f"for; got {n_epochs}."
        )
    with unchanged_on_error(estimator):
        for epoch in range(done + 1, n_epochs + 1):
            if has_stopped_early(estimator):
                break
            estimator.partial_fit(X, y, sample_weight, **validation)
            if epoch % every == 0 or epoch == n_epochs or has_stopped_early(estimator):
                if version_of(path) not in (version, None):
                    raise RuntimeError(
                        f"{str(path)!r} was written by another process while this one trained: "
                        "give each a path of its own."
                    )
                save_atomically(estimator, path)
                version = version_of(path)
    return estimator


def check_can_go_on(estimator: Any) -> None:
    """Raise TypeError or ValueError unless an estimator can be trained by epoch, and saved."""
    if not isinstance(estimator, ScratchMLPRegressor):
        raise TypeError(
            f"estimator must be a ScratchMLPRegressor, got {type(estimator).__name__}; the steps "
            "before it in a pipeline are fitted once, before this."
        )
    if not hasattr(estimator, "partial_fit"):
        raise ValueError(f"estimator must have a stochastic solver, got {estimator.solver!r}.")
    for name, value in vars(estimator).items():
        try:
            pickle.dumps(value)
        except Exception as error:  # pickle has no one type of error
            raise TypeError(
                f"{name.removeprefix('_skl_')} must be such as can be pickled, got {value!r} "
                f"({error}); a function must be defined in a module, by def."
            ) from error


def saved(path: Path, estimator: ScratchMLPRegressor) -> ScratchMLPRegressor:
    """Return the model saved at ``path``, if it is one of the same class and parameters.

    It is as verbose as ``estimator``.
    """
    model, expected = load(path), type(estimator)
    if type(model) is not expected:
        raise TypeError(f"{str(path)!r} must hold a {expected.__name__}, got {model!r}.")
    params = pickle.loads(pickle.dumps(constructor_parameters(estimator)))  # as arrays are stored
    changed = differing(params, constructor_parameters(model))
    if changed:
        raise ValueError(
            f"{str(path)!r} holds a model with other parameters ({', '.join(changed)}): go on with "
            "its own, or train to another file."
        )
    model.verbose = estimator.verbose
    return model


def has_stopped_early(estimator: Any) -> bool:
    """Return True if `fit` would have stopped early here."""
    if not (estimator.early_stopping and estimator.__sklearn_is_fitted__()):
        return False
    has_diverged = not math.isfinite(estimator.loss_)
    return has_diverged or estimator._state.best.no_improvement_count > estimator.n_iter_no_change


def differing(params: dict[str, Any], saved_params: dict[str, Any]) -> list[str]:
    """Return the names of the parameters that decide on training and differ."""
    names = [name for name in params if name != "verbose"]
    if not isinstance(params["random_state"], Integral):  # a RandomState that was drawn from
        names.remove("random_state")
    return [name for name in names if joblib.hash(params[name]) != joblib.hash(saved_params[name])]


def make_part(path: Path) -> IO[bytes]:
    """Open a new file beside ``path``, which is written before it takes the place of it.

    It takes the place of what a killed process has left; no link is followed.
    """
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    return part.open("xb")


def prepare_folder(path: Path) -> None:
    """Raise OSError if no file can be made, or ``path`` is none."""
    if path.exists() and not path.is_file():
        raise OSError(f"path must be that of a file, got {str(path)!r}, which is of another kind.")
    try:
        with make_part(path) as file:
            pass
        os.unlink(file.name)
    except OSError as error:
        reason = f"path cannot be written to: {error.strerror}"
        raise type(error)(error.errno, reason, str(path)) from error


def version_of(path: Path) -> tuple[int, ...] | None:
    """Return what tells one file at ``path`` from the next; None if there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def save_atomically(estimator: Any, path: Path) -> None:
    """Write an estimator to a file that is, at any moment, the old one or the new one.

    The file keeps its permissions.
    """
    stored = pickle.dumps(estimator, protocol=pickle.HIGHEST_PROTOCOL)
    with make_part(path) as file:
        part = Path(file.name)
        try:
            if path.exists():
                shutil.copymode(path, part)
            file.write(stored)
            file.flush()
            os.fsync(file.fileno())
            file.close()  # before it is moved: Windows wants that
            os.replace(part, path)
        except BaseException as error:
            part.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.filename is None:  # a disk that is full
                raise OSError(error.errno, error.strerror, str(path)) from error
            raise


def load(path: Path) -> Any:
    """Return what `save_atomically` wrote; ValueError if it cannot be read."""
    try:
        return pickle.loads(path.read_bytes())
    except Exception as error:  # whatever its classes raise, or are not there to raise
        raise ValueError(
            f"{str(path)!r} cannot be loaded: {error}. Remove it to train anew."
        ) from error
