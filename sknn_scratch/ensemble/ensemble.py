"""ScratchMLPEnsembleRegressor: several networks that know how far off they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, cycle
from typing import Any, Literal, TypeVar, overload

import numpy as np
import sklearn
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import ClassNamePrefixFeaturesOutMixin, RegressorMixin, TransformerMixin
from sklearn.utils import Tags, check_random_state, get_tags
from sklearn.utils.metadata_routing import (
    UNUSED,
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import check_is_fitted

from ..components import check_missing_targets, check_number, check_seed
from ..data import (
    Mapped,
    check_inputs,
    check_measured,
    check_sample_weight,
    check_target,
    fill_gaps,
    measured_alone,
    weight_by_row,
    where_measured,
)
from ..estimators import (
    CallbackSupportMixin,
    ScratchEstimator,
    ScratchMLPRegressor,
    unchanged_on_error,
    with_callbacks,
)
from ..maths import Array, Loss, MatrixLike, RandomState
from ..tables import TableEncoder, checked_table, encoded, encoder_for
from ..training import interrupts_raised, location, score_of, warn_of_column_vector
from .blending import (
    blending_weights,
    rows_new_to_all,
    shares_of_splits,
    typically_one,
    weights_of_rows,
)
from .candidates import candidates, head_starts, lengths, linear_network
from .choice import choose, errors_in_pilot, pilot_splits
from .conformal import Calibration, warn_of_quantiles
from .folds import (
    at_most,
    check_folds,
    check_weights,
    make_splits,
    mean_by_row,
    number_of_groups,
    take_rows,
    training_data,
    without_weightless,
)
from .members import (
    MemberTasks,
    MemberTrainer,
    check_blend_with,
    check_can_take,
    check_member,
    check_named,
    check_takes_gaps,
    is_network,
    loss_of,
    metadata_of,
)
from .spread import (
    SpreadOfLoss,
    learn_spread,
    relative_to,
    spread_of_members,
    standard_deviation,
)
from .stacked import predictions_of
from .units import candidate_units, common_unit, in_unit, limits_of, refuse_outside

MOST_ROWS = 5_000  # of `fit` to look for disagreement at
ROUNDING = 1e-12  # of the largest target: members that differ by less agree

Self = TypeVar("Self", bound="ScratchMLPEnsembleRegressor")


def default_network(**parameters: Any) -> ScratchMLPRegressor:
    """Return a network of ``estimator=None``: it takes weights, where metadata are routed."""
    network = ScratchMLPRegressor(**parameters)
    if sklearn.get_config()["enable_metadata_routing"]:
        network.set_fit_request(sample_weight=True, groups=False)
    return network


class ScratchMLPEnsembleRegressor(
    CallbackSupportMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    RegressorMixin,
    ScratchEstimator,
):
    """The mean of several networks, with intervals from the rows that each has not seen.

    The rows are split into folds. Each network, a member, is trained on all folds but one, and
    predicts the one held out. The mean of the members is more accurate than each of them; what
    they were off by on rows they had not seen says how wide an interval must be. How far members
    differ from each other says much less: it tells rows unlike those of `fit` (see `novelty`).

    Parameters
    ----------
    estimator : estimator, default=None
        What members are clones of: a `ScratchMLPRegressor`, or a pipeline or
        TransformedTargetRegressor that ends in one. Any other regressor of scikit-learn will do
        too: of a member only `fit` and `predict` are called.

        None finds the networks that suit the data: a pilot on rows held out compares candidates of
        several shapes, penalties and embeddings, and how long they are trained. The best four
        (fewer where long training is best), and for dense X of up to 500 columns a linear network,
        are trained on every split, and the rows held out tell how to weight them. They are trained
        and predict in float32, which rounds by some 1e-7 of the spread of y; for sparse X all is in
        its type, without embeddings.
    n_estimators : int, default=8
        The members of each kind (``estimator=None`` chooses several, ``blend_with`` adds others).
        With ``cv`` it is the least number of them: each split trains the same number, so there are
        the next multiple of the number of splits.
    cv : int, splitter or iterable, default=None
        How rows are held out. None makes ``n_estimators`` folds of shuffled rows, an int that many.
        Copies of a row (the same X, and the same y) come into the same fold.
        A splitter (`GroupKFold`, with ``groups`` in `fit`; `TimeSeriesSplit`) or an iterable of
        (rows to train on, rows held out) decides for itself. New rows should differ from those
        trained on as the rows held out do: if there are several rows of each patient, and the
        predictions are for new patients, hold out patients. `fit` warns of copies that are parted.
    n_jobs : int, default=None
        How many members are trained at the same time, each in a process of its own (or whatever
        the backend is that `joblib.parallel_config` sets). None is 1, unless that sets a number;
        -1 is the number of cores.
    random_state : int, RandomState instance or None, default=None
        Decides the folds and each member's random state. Those of ``estimator`` are replaced.
    verbose : bool or int, default=0
        Whether to print a line for each member, and each trial of the pilot, that has been trained.
    categorical_features : 'from_dtype' or array-like of {bool, int, str}, default='from_dtype'
        Columns of X whose values are words without order whatever their type, as `TableEncoder`
        takes them. Not for pipelines and other regressors, which are given X as it is.
    target_range : tuple of (float or None, float or None), default=None
        The smallest and the largest value that y can have, such as ``(0, None)`` for prices and
        counts: no prediction and no bound of an interval lies beyond. None is no limit.
    missing_targets : {'error', 'ignore'}, default='error'
        What nan in y is. 'error' refuses it; 'ignore' takes it for a target that was not measured,
        as `ScratchMLPRegressor` does: each column of y is blended, scored and calibrated on the
        rows where it was, and a row without any target counts as one of weight 0. Each column needs
        a measured target in what every fold trains on. ``estimator``, and those of ``blend_with``,
        must then be networks with ``missing_targets='ignore'`` themselves, or pipelines that end in
        one, of a loss that is no quantile and not 'gaussian'.
    blend_with : list of regressors, default=None
        Further regressors, such as ``[HistGradientBoostingRegressor()]``: clones of each are
        trained on the same splits, on the same X (of a table, what ``encoder_`` makes of it), and
        the rows held out tell how much each counts, by the squared error, in which large
        errors count as smaller ones. They are members like others, in ``estimators_``, in intervals
        and in `novelty`. Not for losses of quantiles.

    Attributes
    ----------
    encoder_ : TableEncoder or None
        What made numbers of X, where members are networks and X was a data frame, a table, or an
        array with words, gaps or dates (or ``categorical_features`` names some). None where they
        were given X itself.
    estimators_ : list of estimators
        The members: one for each split (several, if ``n_estimators`` asks for more). With
        ``estimator=None`` all networks of the best kind come first, then those of the next best,
        and the linear ones. Their parameters say what was chosen. At last come those of
        ``blend_with``, in its order.
    weights_ : ndarray of shape (n_members,) or (n_members, n_targets)
        How much each counts in the mean: members of a kind (of ``estimator=None`` or
        ``blend_with``) count alike, except where some rows held out are trained on by no member,
        as the last of a time series are: there members that err less on these count more.
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The prediction for each row by the member that was not trained on it (the mean, if there
        are several). nan for rows that were never held out, as the first of a time series are.
    oob_score_ : float
        The score of these predictions, as of `score`. It is about a single member's, and so a
        little less than the ensemble's.
    conformity_scores_ : ndarray of shape (n_samples,) or (n_samples, n_targets)
        ``(y - oob_prediction_) / scale``: how far off these predictions were, in units that suit
        the row (see the notes). nan likewise, and where y is.
    n_outputs_ : int
        Columns of `predict`.
    n_features_in_ : int
        Features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where X has names that are all strings.

    See Also
    --------
    ScratchMLPRegressor : One network.
    IntervalDisplay : A picture of the intervals.

    Notes
    -----
    Quantiles are ``prediction + scale * q``, where q is a conformal quantile of the
    ``conformity_scores_``: the score of rank ceil((n + 1) * level), if n rows were held out; where
    that does not exist (a 90% interval needs 19 rows), bounds are infinite. A `novelty` above 1
    multiplies the scale. Coverage is that of all rows together, if new ones are as those of `fit`.
    No theorem promises it, since the mean of the members, which errs a little less than each, has
    seen most rows.

    The scale of a row says how far y spreads about its prediction. With ``estimator=None`` and
    dense X it is learnt: small networks are trained on the errors of rows held out, with X and the
    prediction as inputs, on the same folds; a power of what they say, from 0 to 1, is chosen by the
    likelihood of the errors on the rows that they have not seen. With 0, and with fewer than about
    fifty rows, the scale is 1. With an ``estimator`` it is 1, but for losses which say how the
    spread of y goes with its mean: its root for 'poisson', itself for 'gamma'; and for several
    quantiles it is the distance of the outermost (conformalised quantile regression), with
    'gaussian' the standard deviation that the members predict, up to the largest of rows held out.

    With ``estimator=None`` and a y above 0 scores may be those of its logarithm, where intervals of
    rows held out are better so, by their interval score. Then no prediction is below the smallest
    target of `fit` (below 0, where some rows were never held out, as in a time series). With a
    TransformedTargetRegressor whose transform is monotone (and the same in all of ``blend_with``)
    scores are those of the transformed target.

    A sample of weight 2 counts as two samples in the quantiles too, and the new row weighs
    ``sum(w**2) / sum(w)``: a few heavy rows are few. With ``estimator=None``, whose penalties are
    found, only the ratios of weights matter, to the members too.

    Callbacks: from scikit-learn 1.9, `set_callbacks` takes those of `sklearn.callback`. Each member
    is a task 'member' of `fit`; those that go on to its parts see its epochs too.

    References
    ----------
    Lakshminarayanan, Pritzel and Blundell, "Simple and scalable predictive uncertainty estimation
    using deep ensembles", 2017. Barber, Candes, Ramdas and Tibshirani, "Predictive inference with
    the jackknife+", Annals of Statistics 49, 2021. Romano, Patterson and Candes, "Conformalized
    quantile regression", 2019.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import train_test_split
    >>> from sknn_scratch import ScratchMLPEnsembleRegressor, ScratchMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> network = ScratchMLPRegressor((20,), activation="tanh", solver="lbfgs", alpha=10)
    >>> model = ScratchMLPEnsembleRegressor(network, random_state=0).fit(X_train, y_train)
    >>> low, high = model.predict_interval(X_test, coverage=0.8).T
    >>> float(((low <= y_test) & (y_test <= high)).mean().round(1))
    0.8
    """

    encoder_: TableEncoder | None
    estimators_: list[Any]
    weights_: Array
    oob_prediction_: Array
    oob_score_: float
    conformity_scores_: Array
    n_outputs_: int
    n_features_in_: int
    feature_names_in_: Array
    _n_chosen: int = 0  # members that are networks of ours, the first ones

    __metadata_request__fit = {"groups": UNUSED}  # it is for the splitter

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int = 8,
        *,
        cv: Any = None,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        verbose: bool | int = 0,
        categorical_features: str | ArrayLike = "from_dtype",
        target_range: tuple[float | None, float | None] | None = None,
        missing_targets: str = "error",
        blend_with: Sequence[Any] | None = None,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.categorical_features = categorical_features
        self.target_range = target_range
        self.missing_targets = missing_targets
        self.blend_with = blend_with

    def fit(
        self: Self,
        X: MatrixLike,
        y: MatrixLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        **fit_params: Any,
    ) -> Self:
        """Train the members, and measure them on the rows that they have not seen.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The inputs, as ``estimator`` takes them. For networks it may be a table as it comes,
            of pandas, polars or Arrow, with words, gaps and dates: see `TableEncoder`.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            A sample of weight 2 counts as two samples.
        groups : array-like of shape (n_samples,), default=None
            For ``cv``, where that is a splitter by groups; and for members that stop early by
            a splitter.
        **fit_params
            Handed to each member's `fit`, but for those of ``blend_with``; routed, to these too,
            where metadata routing is enabled, as ``sample_weight`` and ``groups`` then are. What
            has an entry per row of X is cut as X is, but for validation data (``X_val``, ...).

        Returns
        -------
        self : ScratchMLPEnsembleRegressor

        Raises
        ------
        TypeError, ValueError
            If a parameter or an array is not what is asked for, if there are too few rows for the
            folds, or as `ScratchMLPRegressor.fit` does. The estimator is then as it was.
        KeyboardInterrupt
            At an interrupt (Ctrl-C), likewise.
        """
        with unchanged_on_error(self), interrupts_raised():
            self._fit(X, y, sample_weight, groups, fit_params)
            warn_of_column_vector(np.asarray(y).shape)
        return self

    @with_callbacks
    def _fit(self, X, y, sample_weight, groups, fit_params):
        """Encode the data, choose networks, train them on folds, blend and calibrate them."""
        self._check_parameters()
        loss = loss_of(self.estimator)
        check_blend_with(self.blend_with, loss)
        data, unit = self._encode(X, y, sample_weight, loss)
        params, further_params, split_params = self._routed(data.sample_weight, groups, fit_params)
        random_state = check_random_state(self.random_state)
        folds = make_splits(self.cv, self.n_estimators, data.X, data.y, random_state, split_params)
        check_weights(data, folds)
        if self.estimator is None:
            folds = without_weightless(folds, data.weight)
        splits = folds * -(-self.n_estimators // len(folds))
        data = data._replace(folds=folds, splits=splits)
        trainer = MemberTrainer(data.X, data.target, random_state, self.n_jobs, self.verbose)
        networks, options = self._networks(data, params, trainer)
        self._n_chosen = len(splits) * len(networks) if self.estimator is None else 0
        kinds = [(networks, params, options)]
        for regressor, its_params in zip(self.blend_with or (), further_params):
            kinds.append(([regressor], its_params, {"what": type(regressor).__name__}))
        if getattr(self, "_skl_callbacks", None):  # of `set_callbacks`, or by `clone`
            n_members = len(splits) * (len(networks) + len(further_params))
            trainer = replace(trainer, tasks=MemberTasks(self, n_members, X, data.target))
        predictions = self._train_all(kinds, data, trainer)
        judged = self._blend(predictions, data)
        self._calibrate(judged, unit, random_state)
        self._score_held_out(data)
        self._n_groups = number_of_groups(split_params.get("groups"), judged.weight)
        self._most_disagreement = self._disagreement_in_fit(data)
        if trainer.tasks:
            trainer.tasks.end()
        return self

    def _encode(self, X, y, sample_weight, loss):
        """Return the data, checked, and their unit; learn the encoder, and keep the limits of y."""
        measured = None
        self._limits = limits_of(self.target_range, loss)
        with np.errstate(over="ignore", invalid="ignore"):  # sums of what is large, to find nan
            X = self._check_rows(X, reset=True)
            if self.missing_targets == "ignore" and y is not None:
                y, measured = fill_gaps(y)
                self._check_gaps(measured, loss)
            y = check_target(y, X.shape[0], loss, np.float64)
        self._single = is_network(self.estimator) and X.dtype == np.float32
        y = y.ravel() if y.shape[1] == 1 else y
        refuse_outside(y, self._limits)
        for regressor in self.blend_with or ():
            check_can_take(regressor, X, y)
        sample_weight = check_sample_weight(sample_weight, X.shape[0])
        if self.estimator is None:
            sample_weight = typically_one(sample_weight)
        unit = common_unit([self.estimator, *(self.blend_with or ())], y)
        return training_data(X, y, sample_weight, measured, in_unit(loss, unit)), unit

    def _check_gaps(self, measured, loss):
        """Raise ValueError if some targets were not measured, and that cannot be."""
        if measured is None:
            return
        check_measured(measured, "the rows of fit")
        if loss.levels or loss.std:
            raise ValueError(f"y must have no nan where members have loss={loss!r}.")
        check_takes_gaps("estimator", self.estimator)
        for regressor in self.blend_with or ():
            check_takes_gaps("each of blend_with", regressor)

    def _networks(self, data, params, trainer):
        """Return ``estimator``, or networks that suit the data, and how to train their clones."""
        if self.estimator is not None:
            return [self.estimator], {}
        X, weight, dense = data.X, data.weight, not sparse.issparse(data.X)
        n_rows = np.count_nonzero(weight_by_row(weight))
        pilot = pilot_splits(data.folds, weight)
        twice = [split for split in pilot for _ in range(2)]
        n_fewest = min(len(train) for train, _ in [*data.folds, *pilot])
        to_choose = candidates(n_rows, X.shape[1], n_fewest, dense)
        network = partial(default_network, missing_targets=self.missing_targets)
        # one that is no better than the mean has no weight, and is nothing to warn of
        options = {"quiet": True, "dtype": np.float32 if dense else None}

        def errors_of(trials):
            networks = [network(**to_choose[name], max_iter=n) for name, n in trials]
            _, predictions = trainer.train(networks, twice, params, what="Trial", **options)
            return errors_in_pilot(data.y, predictions, pilot, self.n_estimators, weight)

        trials = choose(head_starts(to_choose), lengths(n_rows), errors_of)
        chosen = [network(**to_choose[name], max_iter=n) for name, n in trials]
        linear = linear_network(X, data.y, weight) if dense else None
        return [*chosen, network(**linear)] if linear else chosen, options

    def _train_all(self, kinds, data, trainer):
        """Train all members; return what each kind predicts for rows held out: (kinds, n, ...).

        ``kinds`` are regressors, what their `fit` is handed, and options of the trainer.
        """
        members, held_out = [], []
        for regressors, params, options in kinds:
            trained, predictions = trainer.train(regressors, data.splits, params, **options)
            members += trained
            held_out += predictions
        self.estimators_ = members
        for member, (_, rows), prediction in zip(members, cycle(data.splits), held_out):
            if location(data.loss, prediction).shape != data.y[rows].shape:
                raise ValueError(
                    f"The members must predict y, for rows held out of shape {data.y[rows].shape}; "
                    f"got {prediction.shape} of {member!r}."
                )
        n = len(data.splits)
        of_kinds = [held_out[i : i + n] for i in range(0, len(members), n)]
        return np.array([mean_by_row(len(data.y), data.splits, of_kind) for of_kind in of_kinds])

    def _blend(self, predictions, data):
        """Weight the members by what they predict for rows held out.

        Return the data with the weights by which to calibrate.
        """
        self.n_outputs_ = int(np.prod(predictions.shape[2:]))
        w = blending_weights(data.y, predictions, data.weight)  # (kinds,) or (kinds, targets)
        prediction = in_order(data.loss, np.einsum("k...,kn...->n...", w, predictions))
        self.oob_prediction_ = np.clip(prediction, *self._limits)
        shares = self._shares(w, data)
        of_members = np.vstack([np.multiply.outer(shares, of_kind) for of_kind in w])
        self.weights_ = of_members.reshape(-1, *w.shape[1:])
        weight = weights_of_rows(data.splits, shares, data.weight)
        check_measured(weight.reshape(len(weight), -1), "the rows held out whose members count")
        return data._replace(weight=weight)

    def _held_out(self):
        """Return True for each row of `fit` that was held out by some split."""
        return ~np.isnan(self.oob_prediction_.reshape(len(self.oob_prediction_), -1)[:, 0])

    def _shares(self, w, data):
        """Return how much the members of each split count: see `blending`."""
        n_splits = len(data.splits)
        rows = rows_new_to_all(len(data.y), data.splits)
        rows = rows[weight_by_row(data.weight[rows]) > 0]
        if n_splits == 1 or len(rows) == 0:
            return np.full(n_splits, 1 / n_splits)
        X_new = take_rows(data.X, rows)
        errors = []
        for split in range(n_splits):
            members = self.estimators_[split::n_splits]
            prediction: Any = sum(  # 0 times infinity is nan
                of_kind * np.where(of_kind > 0, member.predict(X_new), 0.0)
                for of_kind, member in zip(w, members)
            )
            errors.append(location(data.loss, in_order(data.loss, prediction)) - data.y[rows])
        varies = np.ptp(data.y[weight_by_row(data.weight) > 0], axis=0) > 0
        of_varying = np.where(varies, errors, 0.0)  # those of a constant are rounding
        return shares_of_splits(of_varying, data.weight[rows])

    def _calibrate(self, data, unit, random_state):
        """Measure how far predictions for rows held out are off, in the unit that suits y best."""
        rows = self._held_out()
        units = [unit]
        if self.estimator is None:
            counting = weight_by_row(data.weight) > 0
            units = candidate_units(where_measured(data.y, data.weight)[counting])
        calibrations, scores = [], []
        for candidate in units:
            spread, scale = self._spread(data, candidate, random_state)
            measured = data.y[rows], self.oob_prediction_[rows], scale[rows]
            calibration = Calibration(data.loss, *measured, data.weight[rows], spread, candidate)
            calibrations.append(calibration)
            scores.append(calibration.interval_score(*measured) if len(units) > 1 else 0.0)
        self._calibration = calibrations[np.argmin(scores)]
        self.conformity_scores_ = np.full(data.y.shape, np.nan)
        self.conformity_scores_[rows] = self._calibration.scores
        self.conformity_scores_[np.isnan(data.target)] = np.nan

    def _score_held_out(self, data):
        """Keep predictions to the limits of y, and of its unit; score those for rows held out."""
        rows = self._held_out()
        least = self._calibration.unit.least
        if np.any(data.weight[~rows]):  # a series may fall below all that it has seen
            least = np.minimum(least, 0)
        low, high = self._limits
        self._prediction_limits = np.maximum(low, least), high
        self.oob_prediction_ = np.clip(self.oob_prediction_, *self._prediction_limits)
        with np.errstate(over="ignore"):  # of a huge value, which the members warn of
            self.oob_score_ = score_of(
                data.loss, data.y[rows], self.oob_prediction_[rows], data.weight[rows]
            )

    def _spread(self, data, unit, random_state):
        """Return how far y spreads about predictions, in this unit, and that of each row."""
        if data.loss.std:
            members = self.estimators_[: len(data.splits)]  # but those of ``blend_with``
            return spread_of_members(members, data.X, data.splits, data.weight)
        prediction = unit(self.oob_prediction_)
        if self.estimator is None and not sparse.issparse(data.X):
            error = unit(data.y) - prediction
            learnt = learn_spread(
                data.X, error, prediction, data.folds, data.weight, random_state, self.n_jobs
            )
            if learnt is not None:
                return learnt
        rows = self._held_out()
        of_loss = SpreadOfLoss(data.loss, prediction[rows], data.weight[rows])
        return of_loss, of_loss(data.X, prediction)

    @overload
    def predict(self, X: MatrixLike, return_std: Literal[False] = False) -> Array: ...

    @overload
    def predict(self, X: MatrixLike, return_std: Literal[True]) -> tuple[Array, Array]: ...

    def predict(self, X: MatrixLike, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Return the mean of the members' predictions, weighted by ``weights_``.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The inputs.
        return_std : bool, default=False
            Whether to return how far off they are as well.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The predictions. Several quantiles are columns, in increasing order in each row.
        std : ndarray of shape (n_samples,) or (n_samples, n_targets)
            With ``return_std=True``: the standard deviation of y about the prediction (or about
            the middle one of several quantiles), as it was on the rows held out: the scale times
            the root mean square of the conformity scores, and times a `novelty` above 1.
        """
        X = self._check_rows(X)
        if not return_std:
            return self._mean(*self._of_members(X))
        prediction, novelty = self._mean_and_novelty(X)
        return prediction, self._calibration.std(X, prediction, novelty)

    def _of_members(self, X):
        """Return the weights of the members that count, and an iterator over their predictions."""
        weighing = np.flatnonzero(self.weights_.reshape(len(self.weights_), -1).any(axis=1))
        members = [self.estimators_[i] for i in weighing]
        n_stacked = np.count_nonzero(weighing < self._n_chosen)
        of_stacked = predictions_of(self, members[:n_stacked], X) if n_stacked else ()
        of_others = (np.asarray(member.predict(X), np.float64) for member in members[n_stacked:])
        weights, predictions = self.weights_[weighing], chain(of_stacked, of_others)
        if weights.ndim > 1:  # where one counts for some targets: 0 times infinity is nan
            predictions = (np.where(w > 0, of_one, 0.0) for w, of_one in zip(weights, predictions))
        return weights, predictions

    def _mean(self, weights, predictions):
        prediction: Any = sum(weight * of_one for weight, of_one in zip(weights, predictions))
        prediction = in_order(self._calibration.loss, prediction)
        prediction = np.clip(prediction, *self._prediction_limits)
        return prediction.astype(np.float32) if self._single else prediction

    def _mean_and_novelty(self, X):
        weights, predictions = self._of_members(X)
        predictions = list(predictions)
        disagreement = self._disagreement(weights, predictions)
        return self._mean(weights, predictions), relative_to(self._most_disagreement, disagreement)

    def _disagreement(self, weights, predictions):
        loss, unit = self._calibration.loss, self._calibration.unit
        predictions = np.array([unit(in_order(loss, of_one)) for of_one in predictions])
        return standard_deviation(location(loss, predictions), weights)

    def _disagreement_in_fit(self, data):
        """Return the largest disagreement of members about rows of `fit`, for each target.

        It is 0 where members agree but for rounding, as about a constant.
        """
        columns = data.weight.reshape(len(data.weight), -1).T
        of_targets = [at_most(MOST_ROWS, np.flatnonzero(of_target)) for of_target in columns]
        rows = np.unique(np.concatenate(of_targets))
        disagreement = self._disagreement(*self._of_members(take_rows(data.X, rows)))
        both = np.array([disagreement, np.abs(self._calibration.unit(data.y[rows]))])
        most, largest = np.nanmax(where_measured(both, data.weight[rows]), axis=1)
        return most * (most > ROUNDING * largest)

    def predict_interval(self, X: MatrixLike, coverage: float = 0.9) -> Array:
        """Return, for each row, an interval that y should fall into.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The inputs.
        coverage : float, default=0.9
            The share of rows, in (0, 1), that should fall inside; half of the rest on either side.

        Returns
        -------
        interval : ndarray of shape (n_samples, 2) or (n_samples, n_targets, 2)
            The lower and the upper bound of each target: the quantiles (1 - coverage) / 2 and
            (1 + coverage) / 2 of `predict_quantile`. Several targets are covered each by itself.
            -inf and inf, with a warning, where too few rows were held out: 19 are enough for a
            coverage of 0.9, 199 for one of 0.99.

        Raises
        ------
        TypeError, ValueError
            If ``coverage`` is not a number in (0, 1).
        """
        check_number(coverage, "coverage", float, "(0, 1)")
        return self.predict_quantile(X, [(1 - coverage) / 2, (1 + coverage) / 2])

    def predict_quantile(self, X: MatrixLike, quantiles: ArrayLike) -> Array:
        """Return quantiles of y for each row.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The inputs.
        quantiles : float or array-like of shape (n_quantiles,)
            Their levels, in (0, 1).

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets), and (..., n_quantiles) for \
                several levels
            They do not cross. Above the median, at least that share of y should be no more than
            the quantile; below it, at most that share less. Infinite, where too few rows were
            held out for such a level.

        Raises
        ------
        TypeError, ValueError
            If a level is not a number in (0, 1).
        """
        levels = np.asarray(quantiles)
        if levels.ndim > 1 or levels.size == 0:
            raise ValueError(f"quantiles must be a number or a list of numbers, got {quantiles!r}.")
        for level in levels.ravel().tolist():
            check_number(level, "quantiles", float, "(0, 1)")
        X = self._check_rows(X)
        prediction, novelty = self._mean_and_novelty(X)
        calibration = self._calibration
        y = calibration.quantiles(X, prediction, levels.ravel(), novelty)
        n_scores = len(calibration.scores)
        warn_of_quantiles(y, levels.ravel(), n_scores, calibration.weight, self._n_groups)
        y = np.clip(y, *self._limits)
        return y if levels.ndim else y[..., 0]

    def novelty(self, X: MatrixLike) -> Array:
        """Return how far the members are from each other on rows, beside those of `fit`.

        Above 1 they disagree more than on any row of `fit`: the row is unlike those, and its
        intervals and its standard deviation are wider by this factor. Members can also agree and be
        wrong together, so that a number below 1 does not mean that a row is like those of `fit`.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The inputs.

        Returns
        -------
        novelty : ndarray of shape (n_samples,)
            The standard deviation of the members' predictions, weighted by ``weights_``, relative
            to the largest one on rows of `fit` (if there are many, on about 5,000 of them); of
            several targets, the largest. It is 0 with one member.
        """
        _, novelty = self._mean_and_novelty(self._check_rows(X))
        return novelty.reshape(len(novelty), -1).max(axis=1)

    def transform(self, X: MatrixLike) -> Array:
        """Return the predictions of each member.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The inputs.

        Returns
        -------
        predictions : ndarray of shape (n_samples, n_members * n_outputs)
            The outputs of the first member, then those of the second, and so on.
        """
        X = self._check_rows(X)
        predictions = [np.asarray(member.predict(X)) for member in self.estimators_]
        return np.hstack([of_one.reshape(len(of_one), -1) for of_one in predictions])

    def score(self, X: MatrixLike, y: MatrixLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the score of the predictions, as of `ScratchMLPRegressor.score`.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            A sample of weight 2 counts as two samples.

        Returns
        -------
        score : float
            R2, or D2 if the members predict quantiles.
        """
        if self.missing_targets == "ignore":
            y, sample_weight = measured_alone(y, sample_weight)
        prediction = self.predict(X)
        return score_of(self._calibration.loss, y, prediction, sample_weight)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return who is handed which metadata: the members' `fit`, and the split of ``cv``.

        Returns
        -------
        routing : MetadataRouter
        """
        check_member(self.estimator)  # searches ask before `fit` does
        check_blend_with(self.blend_with, loss_of(self.estimator))
        router = MetadataRouter(owner=self).add_self_request(self)
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        router.add(estimator=self._member(), method_mapping=to_fit)
        for i, regressor in enumerate(self.blend_with or ()):
            router.add(**{f"blend_with_{i}": regressor}, method_mapping=to_fit)
        if hasattr(self.cv, "split"):
            to_split = MethodMapping().add(caller="fit", callee="split")
            router.add(splitter=self.cv, method_mapping=to_split)
        return router

    def _routed(self, weight, groups, fit_params):
        """Return the arguments of `fit` of members, of each further regressor, and of the split."""
        further = self.blend_with or ()
        if groups is not None and not hasattr(self.cv, "split"):
            raise ValueError(f"groups needs a splitter as cv, got cv={self.cv!r}.")
        if sklearn.get_config()["enable_metadata_routing"]:
            metadata = {"sample_weight": weight, "groups": groups}
            metadata = {name: value for name, value in metadata.items() if value is not None}
            routed: Any = process_routing(self, "fit", **metadata, **fit_params)
            of_further = [routed[f"blend_with_{i}"].fit for i in range(len(further))]
            of_split = routed.splitter.split if hasattr(self.cv, "split") else {}
            return routed.estimator.fit, of_further, of_split
        own_params = {**fit_params, **metadata_of(self._member(), weight, groups)}
        of_further = [metadata_of(regressor, weight, groups) for regressor in further]
        return own_params, of_further, {} if groups is None else {"groups": groups}

    def _member(self):
        return default_network() if self.estimator is None else self.estimator

    def _check_parameters(self):
        check_member(self.estimator)
        check_named(self.categorical_features, self.estimator)
        check_folds(self.cv, self.n_estimators)
        if self.n_jobs is not None:
            check_number(self.n_jobs, "n_jobs", int, "(-inf, inf)")  # joblib refuses 0
        if not isinstance(self.verbose, (bool, np.bool_)):
            check_number(self.verbose, "verbose", int, "[0, inf)")
        check_seed(self.random_state)
        check_missing_targets(self.missing_targets)

    def _check_rows(self, X: Any, reset: bool = False) -> Any:
        """Return X as the members take it: checked once for networks, else left to them."""
        if not (reset or self.__sklearn_is_fitted__()):
            check_is_fitted(self)
        on_arrays = is_network(self.estimator if reset else self.estimators_[0])
        if reset:
            self.encoder_ = encoder_for(X, self.categorical_features) if on_arrays else None
        if self.encoder_ is not None:
            X = checked_table(X)
            self._validated(X, skip_check_array=True, reset=reset)
            return self.encoder_.fit_transform(X) if reset else encoded(self.encoder_, X)
        if on_arrays:
            dtypes = (np.float64, np.float32)
            checked = check_inputs(partial(self._validated, reset=reset), X, dtypes)
            return X if isinstance(checked, Mapped) else checked
        return self._validated(checked_table(X, True), skip_check_array=True, reset=reset)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_calibration")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        member = self._member()
        try:
            kinds = [get_tags(kind) for kind in (member, *(self.blend_with or ()))]
        except (AttributeError, TypeError):  # tags are asked for before parameters are checked
            return tags
        has_encoder = is_network(member)
        tags.input_tags.sparse = all(kind.input_tags.sparse for kind in kinds)
        for name in ("allow_nan", "string", "categorical"):
            takes = has_encoder or all(getattr(kind.input_tags, name) for kind in kinds)
            setattr(tags.input_tags, name, takes)
        tags.target_tags = kinds[0].target_tags
        tags.target_tags.multi_output = all(kind.target_tags.multi_output for kind in kinds)
        return tags

    @property
    def _n_features_out(self):
        return len(self.estimators_) * self.n_outputs_

    def _summary(self):
        return [
            ("members", f"{len(self.estimators_)}"),
            ("score on rows held out", f"{self.oob_score_:.4g}, of a single member"),
            ("rows held out", f"{np.count_nonzero(self._held_out()):,}"),
        ]


def in_order(loss: Loss, prediction: Array) -> Array:
    """Return predictions with several quantiles in increasing order, whatever turned them round."""
    return np.sort(prediction, axis=1) if len(loss.levels) > 1 else prediction
