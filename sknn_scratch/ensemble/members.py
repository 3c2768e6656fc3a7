"""A member of an ensemble: what it may be, how it is trained, and what it says of rows."""

import inspect
import os
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain, cycle, repeat
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import DTypeLike
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import get_tags
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import has_fit_parameter

from ..components import LOSSES, resolve
from ..engine import shared_blas
from ..estimators import ScratchMLPRegressor, WeightRecorder
from ..maths import Array, Loss, SquaredError
from ..tables import names_columns
from ..training import warn_caller
from .folds import LARGEST_SEED, Splits, take_params, take_rows

RECORDED_ELSEWHERE = (
    "A WeightRecorder stays empty where members are trained in other processes: what it records "
    "stays there. Train with n_jobs=1."
)


def check_member(estimator: Any) -> None:
    """Raise TypeError unless members can be clones of ``estimator``, or it is None."""
    if estimator is not None and not may_be_regressor(estimator):
        raise TypeError(
            "estimator must be None or a regressor, such as ScratchMLPRegressor() or a pipeline "
            f"that ends in one; got {estimator!r}."
        )


def check_blend_with(regressors: Any, loss: Loss) -> None:
    """Raise TypeError or ValueError unless it is None, or regressors to blend with this loss."""
    if regressors is None:
        return
    is_list = isinstance(regressors, (list, tuple))
    others = [one for one in regressors if not may_be_regressor(one)] if is_list else [regressors]
    if others:
        raise TypeError(
            "blend_with must be None or a list of regressors, such as "
            f"[HistGradientBoostingRegressor()], without names; got {others[0]!r}."
        )
    if regressors and loss.levels:
        raise ValueError(
            f"blend_with must be None where quantiles are predicted; got loss={loss!r}."
        )


def check_can_take(regressor: Any, X: Any, y: Array) -> None:
    """Raise ValueError if a regressor of ``blend_with`` says that it cannot be trained on these."""
    if not hasattr(regressor, "__sklearn_tags__"):
        return
    tags = get_tags(regressor)
    if y.ndim > 1 and not (tags.target_tags.multi_output or hands_on(regressor)):
        raise ValueError(
            f"blend_with has {regressor!r}, whose tags say that it takes one target; y has "
            f"{y.shape[1]}. Put it into a MultiOutputRegressor."
        )
    if sparse.issparse(X) and not tags.input_tags.sparse:
        raise ValueError(f"blend_with has {regressor!r}, whose tags say that it takes no sparse X.")


def check_takes_gaps(name: str, estimator: Any) -> None:
    """Raise ValueError unless members take nan in y: those that we choose, or are told to."""
    last = last_step(estimator)
    if last is not None and getattr(last, "missing_targets", None) != "ignore":
        raise ValueError(
            f"{name} must be a ScratchMLPRegressor(missing_targets='ignore'), or a pipeline that "
            f"ends in one, where y has nan; got {estimator!r}."
        )


def may_be_regressor(estimator: Any) -> bool:
    """Return True for an instance that can be cloned and fitted, and is no classifier or the like.

    What says that it is a regressor may have a `predict` from `fit` on, as a StackingRegressor has.
    """
    is_estimator = hasattr(estimator, "fit") and hasattr(estimator, "get_params")
    if isinstance(estimator, type) or not is_estimator:
        return False
    has_tags = hasattr(estimator, "__sklearn_tags__")
    kind = get_tags(estimator).estimator_type if has_tags else None
    return kind == "regressor" or (kind is None and hasattr(estimator, "predict"))


def check_named(categorical_features: Any, estimator: Any) -> None:
    """Raise ValueError if columns are named as categorical that members are given as they are."""
    if names_columns(categorical_features) and not is_network(estimator):
        raise ValueError(
            "categorical_features is for networks: in a pipeline, give it to a TableEncoder; got "
            f"{categorical_features!r} with estimator={estimator!r}."
        )


def is_network(estimator: Any) -> bool:
    """Return True if members are networks themselves, which all check X in the same way."""
    return estimator is None or isinstance(estimator, ScratchMLPRegressor)


def loss_of(estimator: Any) -> Loss:
    """Return the loss of a regressor, in the unit of its predictions.

    That of its network, or the squared error where there is none, or where a
    TransformedTargetRegressor puts its predictions into another unit. (A transformed quantile is
    still one.)
    """
    last = last_step(estimator)
    if hasattr(last, "regressor"):
        loss = loss_of(last.regressor)
        return loss if loss.levels else SquaredError()
    if isinstance(last, ScratchMLPRegressor):
        return resolve(last.loss, "loss", LOSSES, Loss)
    return SquaredError()


def last_step(estimator: Any) -> Any:
    """Return what a pipeline ends in; another estimator itself."""
    return last_step(estimator.steps[-1][1]) if hasattr(estimator, "steps") else estimator


def last_regressor(estimator: Any) -> tuple[Any, str]:
    """Return what pipelines and such end in, and the prefix of its arguments in `fit`."""
    if hasattr(estimator, "steps"):
        name, step = estimator.steps[-1]
        last, prefix = last_regressor(step)
        return last, f"{name}__{prefix}"
    if getattr(estimator, "regressor", None) is not None:  # which is handed all that `fit` is
        return last_regressor(estimator.regressor)
    return estimator, ""


def weight_name(estimator: Any) -> str:
    """Return what `fit` of a regressor calls the sample weights of its last step, which takes any.

    ValueError if it does not.
    """
    last, prefix = last_regressor(estimator)
    if hands_on(last, "estimators"):  # as a StackingRegressor does weights alone, by this name
        parts = [*dict(last.estimators).values(), getattr(last, "final_estimator", None)]
        names = {weight_name(part) for part in parts if part not in (None, "drop")}
        takes_any = names == {"sample_weight"}
    else:
        takes_any = has_fit_parameter(last, "sample_weight") or hasattr(last, "regressor")
    if takes_any:
        return f"{prefix}sample_weight"
    if hands_on(last):
        return prefix + weight_name(last.estimator)
    raise ValueError(f"sample_weight must be None: {last!r} does not take any.")


def hands_on(estimator: Any, to: str = "estimator") -> bool:
    """Return True if `fit` takes any argument, and there is whom to hand it on to, as a search."""
    parameters = inspect.signature(estimator.fit).parameters.values()
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)
    return takes_any and hasattr(estimator, to)


def groups_name(estimator: Any) -> str | None:
    """Return what `fit` calls the groups for a network that stops early by a splitter; or None."""
    last, prefix = last_regressor(estimator)
    stops_early = isinstance(last, ScratchMLPRegressor) and last.early_stopping
    return f"{prefix}groups" if stops_early and hasattr(last.validation_fraction, "split") else None


def metadata_of(estimator: Any, weight: Array | None, groups: Any) -> dict[str, Any]:
    """Return the sample weights and groups that `fit` of a regressor takes, by name."""
    metadata = {} if weight is None else {weight_name(estimator): weight}
    if groups is not None and (name := groups_name(estimator)):
        metadata[name] = groups
    return metadata


def make_member(estimator: Any, random_state: np.random.RandomState) -> Any:
    """Return a clone whose seeds, of its parts too, are drawn from ``random_state``."""
    member: Any = clone(estimator)
    names = sorted(member.get_params(deep=True))
    names = [name for name in names if f"__{name}".endswith("__random_state")]
    member.set_params(**{name: random_state.randint(LARGEST_SEED) for name in names})
    return member


@dataclass(frozen=True)
class MemberTrainer:
    """Trains members, each on the rows of a split, and has it predict those that are held out.

    X and y are of all rows. Members draw their seeds from ``random_state``. With ``verbose`` a line
    is printed for each. ``tasks`` are for the callbacks of the ensemble, if it has any.
    """

    X: Any
    y: Array
    random_state: np.random.RandomState
    n_jobs: Any
    verbose: bool | int = False
    tasks: "MemberTasks | None" = None

    def train(
        self,
        kinds: Sequence[Any],
        splits: Splits,
        params: dict[str, Any],
        *,
        quiet: bool = False,
        what: str = "Member",
        dtype: DTypeLike | None = None,
    ) -> tuple[list[Any], list[Array]]:
        """Train a clone of each kind on each split; return them, and their held-out predictions.

        ``params`` are handed to `fit`. ``quiet`` ignores warnings of how they converge. ``what`` is
        what the lines printed call a member. ``dtype`` is that of the parameters in training; None
        is that of X.
        """
        members = [make_member(kind, self.random_state) for kind in kinds for _ in splits]
        n = len(members)
        n_jobs = min(n, effective_n_jobs(self.n_jobs))  # a process without a member is of no use
        contexts = self.tasks.contexts if self.tasks else repeat(())
        labels = [f"{what} {i:{len(str(n))}d}/{n}" if self.verbose else "" for i in range(1, n + 1)]
        home = os.getpid()
        with shared_blas(n_jobs), warnings.catch_warnings() if quiet else nullcontext():
            if quiet:
                warnings.simplefilter("ignore", ConvergenceWarning)
            results: Any = Parallel(n_jobs=n_jobs)(
                delayed(train_anywhere)(
                    home, member, self.X, self.y, split, params, dtype, label, *context
                )
                for member, split, label, context in zip(members, cycle(splits), labels, contexts)
            )
            trained, predictions, messages = zip(*results)
            for text, category in dict.fromkeys(chain.from_iterable(messages)):
                warn_caller(text, category)
        return list(trained), list(predictions)


def train_anywhere(home: int, *task: Any) -> tuple[Any, Array, list[tuple[str, type[Warning]]]]:
    """Train a member; if not in the process ``home``, return as well what it has warned of.

    There, a warning would be beyond the user's filters, and point at a line of joblib.
    """
    if os.getpid() == home:
        return *train_member(*task), []
    with warnings.catch_warnings(record=True) as recorded:
        trained = train_member(*task)
    messages = [(str(warning.message), warning.category) for warning in recorded]
    callbacks = getattr(last_regressor(task[0])[0], "_skl_callbacks", ())
    if any(isinstance(callback, WeightRecorder) for callback in callbacks):
        messages.append((RECORDED_ELSEWHERE, UserWarning))
    return *trained, messages


def train_member(
    member: Any,
    X: Any,
    y: Array,
    split: tuple[Array, Array],
    params: dict[str, Any],
    dtype: DTypeLike | None,
    label: str,
    *context: Any,
) -> tuple[Any, Array]:
    """Train a member in place, in whichever process; return it and its held-out predictions.

    A line that begins with ``label`` is printed, unless it is empty. ``context`` is what
    `member_task` takes besides, if there are callbacks.
    """
    start = time.perf_counter()
    train, held_out = split
    X_train = take_rows(X, train)
    y_train = y[train]
    params = take_params(params, train, X.shape[0])
    task = member_task(member, X_train, y_train, *context) if context else nullcontext()
    if dtype is not None:  # rows are standardised before they are rounded to it: of any unit
        member._train_dtype = dtype
    with task:
        member.fit(X_train, y_train, **params)
    if dtype is not None:
        del member._train_dtype
    if label:
        print(f"{label}  {len(train)} rows  {time.perf_counter() - start:7.1f} s", flush=True)
    prediction = np.asarray(member.predict(take_rows(X, held_out)))
    finite = np.isfinite(prediction.reshape(len(prediction), -1)).all(axis=1)
    if not finite.all():
        bad = np.argmin(finite)
        raise ValueError(
            f"Predictions of rows held out must be finite, got {prediction[bad]} for row "
            f"{held_out[bad]} of X: it may be too far from those trained on, or a transformed "
            f"target have no inverse there. The member is {member!r}."
        )
    return member, prediction


class MemberTasks:
    """Tells an ensemble's callbacks of its fit, and has a task for each of n members.

    It is made within a method that is decorated by `with_callbacks`.
    """

    def __init__(self, ensemble: Any, n: int, X: Any, y: Array) -> None:
        self.arguments: dict[str, Any] = {"estimator": ensemble, "X": X, "y": y}
        self.fit: Any = ensemble._init_callback_context(max_subtasks=n, sequential_subtasks=False)
        self.fit.call_on_fit_task_begin(**self.arguments)
        contexts = [(self.fit.subcontext("member", task_id=i), ensemble) for i in range(n)]
        self.contexts: Iterator[tuple[Any, Any]] = iter(contexts)  # members take theirs in turn

    def end(self) -> None:
        """Tell that all has ended, and the ensemble is fitted."""
        self.fit.call_on_fit_task_end(**self.arguments, reconstruction_attributes={})


@contextmanager
def member_task(member: Any, X: Any, y: Array, context: Any, ensemble: Any) -> Iterator[None]:
    """Tell the ensemble's callbacks that training a member begins and ends."""
    task = {"estimator": ensemble, "X": X, "y": y}
    with context.propagate_callback_context(member):
        context.call_on_fit_task_begin(**task)
        yield
    context.call_on_fit_task_end(**task)
