"""ScratchMLPRegressor: its parameters, `fit` and `partial_fit` around a `Trainer`, `predict`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from sklearn.base import RegressorMixin
from sklearn.metrics import check_scoring
from sklearn.utils import Tags, check_random_state
from sklearn.utils.metadata_routing import MetadataRequest
from sklearn.utils.validation import check_is_fitted

from ..components import (
    ACTIVATIONS,
    LOSSES,
    SOLVERS,
    Embedding,
    Schedule,
    check_parameters,
    name_of,
    resolve,
)
from ..data import DataSet, check_dense, measured_alone, split_rows
from ..maths import Activation, Array, Loss, MatrixLike, Network, RandomState, Solver
from ..training import (
    Arrays,
    Trainer,
    TrainingState,
    can_be_scored,
    likelihood_score,
    make_score,
    score_of,
    warn_caller,
)
from .base import constructor_parameters, unchanged_on_error
from .callbacks import CallbackSupportMixin, notifiers_of, with_callbacks
from .fitted import FittedNetwork, fitted, only_if

Self = TypeVar("Self", bound="ScratchMLPRegressor")


def takes_batches(estimator: Any) -> bool:
    """Return True if the solver takes mini-batches; AttributeError if not."""
    if not resolve(estimator.solver, "solver", SOLVERS, Solver).stochastic:
        raise AttributeError(
            f"partial_fit is for solvers of mini-batches, not for solver={estimator.solver!r}; "
            "fit with warm_start=True goes on from the weights."
        )
    return True


class ScratchMLPRegressor(RegressorMixin, CallbackSupportMixin, FittedNetwork):
    """Multi-layer perceptron regressor, written from scratch in NumPy.

    It takes the place of `sklearn.neural_network.MLPRegressor`: the same parameters and
    attributes, and the same numbers for the same ``random_state`` with ``standardize=False``,
    apart from deviations; the notes list the main ones. The mathematics is in
    `sknn_scratch.maths`.

    The parameters come in four groups, and what MLPRegressor lacks stands last in each: the
    network (``hidden_layer_sizes`` to ``embedding``), the loss (``loss`` to ``standardize``), the
    solver (``solver`` to ``n_init``), and when to stop (``max_iter`` to ``scoring``).

    To look inside: `transform` returns hidden activations, `input_gradient` the derivative of
    the prediction in the inputs, `loss_gradient` that of the loss in the weights, and
    `check_gradient` compares backpropagation with finite differences.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(100,)
        Units of each hidden layer. ``()`` makes a linear model.
    activation : str, Activation or list of these, default='relu'
        What the hidden layers apply to their input: one for all, or a list with one for each.
        By name 'identity', 'logistic', 'tanh', 'relu', 'leaky_relu', 'elu', 'selu' (best with
        ``init='lecun_normal'``), 'softplus', 'silu', 'gelu' (the exact one), 'mish' or 'exp';
        or an object, such as ``LeakyReLU(slope=0.1)``, ``ELU(alpha=0.5)`` or one of your own.
    out_activation : 'auto', a name as for ``activation``, or Activation, default='auto'
        What the output layer applies; 'auto' is what the loss asks for: 'exp' for Poisson and
        gamma, 'identity' for all others. 'exp' and 'softplus' keep predictions positive,
        'logistic' in (0, 1), and ``Bounded(low, high)`` between low and high.
    fit_intercept : bool, default=True
        Whether layers have intercepts; without, ``intercepts_`` are zeros.
    init : str, callable or sequence of array-like, default='auto'
        The initial weights. 'auto' draws weights and intercepts as MLPRegressor does: for the
        activation of each layer, the output layer for that of the last hidden layer.
        'glorot_uniform', 'glorot_normal', 'he_uniform', 'he_normal', 'lecun_normal' and
        'uniform' (in [0, 1)) draw weights and start intercepts at zero. A function
        ``(shape, random_state)`` returns the weights of a layer, or its weights and
        intercepts. A list holds all weight matrices, optionally followed by all intercepts:
        ``[*est.coefs_, *est.intercepts_]``. Such a list is in the original units of X and y;
        all else is drawn for the standardised network.
    dropout : float or array-like of float, default=0.0
        The probability, in [0, 1), with which a hidden unit is silent for a sample in a step of
        training: one for all hidden layers, or one for each. The others are scaled up to make
        up for it, and nothing is dropped in `predict`. Must be 0 with L-BFGS.
    embedding : {'periodic', 'piecewise_linear', 'union'} or Embedding or None, default=None
        What each column of X passes through before the first dense layer. 'periodic' makes of it
        a few learnt mixtures of cosines, beside the column itself; ``Periodic(n_frequencies=8,
        n_outputs=4, scale=0.1, spread=1.0)`` has all parameters. 'piecewise_linear' cuts it into
        bins at its quantiles, which a line through the network can bend at:
        ``PiecewiseLinear(n_bins=16, max_total_bins=640)``. 'union' has both, or others:
        ``EmbeddingUnion(parts)``. A column that has at most two values in the rows that are
        trained on (in the first call of `partial_fit`) passes by as it is. It needs dense X, and
        weights that are drawn (``init`` is a name or a function).
    loss : {'squared_error', 'absolute_error', 'huber', 'log_cosh', 'quantile', 'poisson', \
'gamma', 'gaussian'} or Loss, default='squared_error'
        What training makes small, as a mean over the samples:

        - 'squared_error': half the squared error, which fits the mean.
        - 'absolute_error': the absolute error, which fits the median.
        - 'huber' or ``Huber(delta=1.35)``: half the squared error up to ``delta``, and linear
          beyond, so that outliers count for less. With ``standardize`` ``delta`` is in
          standard deviations of y, as estimated from its quartiles, else in the unit of y.
        - 'log_cosh': log(cosh(error)), a smooth form of the same idea, in the same unit.
        - 'quantile' or ``Quantile(0.5)``: the pinball loss, which fits the quantile of that
          level. ``Quantile([0.1, 0.5, 0.9])`` fits several quantiles of one target with one
          network; the predictions are put in increasing order, so they never cross.
        - 'poisson': half the Poisson deviance, for targets >= 0, with a log link.
        - 'gamma': half the gamma deviance, for targets > 0, with a log link.
        - 'gaussian' or ``Gaussian(min_std=1e-3)``: the negative log-likelihood of a Gaussian whose
          mean and variance the network both predicts; ``predict(X, return_std=True)`` returns
          its standard deviation.

        The classes are in `sknn_scratch`; for a loss of your own see `sknn_scratch.Loss`. The
        absolute error and the pinball loss have a kink at the target: L-BFGS, which is made for
        smooth functions, still ends close to their minimum.
    missing_targets : {'error', 'ignore'}, default='error'
        What nan in y is. 'error' refuses it. 'ignore' takes it for a target that was not measured,
        which counts as little as a row of weight 0, in its column alone: in loss, scores, and what
        y is standardised by. The loss is a mean over what was measured, for k outputs::

            (sum of w_i loss_ij over measured targets + alpha / 2 * sum(W**2)) / n
            n = sum of w_i over measured targets / k

        So two rows of the same X, each with what the other lacks, are one row; and outputs that
        share no weights become what a network for each, of the same ``alpha``, would be on the rows
        where it was measured. In mini-batches n is that of an average batch. A row counts, in what
        X is standardised by, as the part of its targets that was measured. Each column needs a
        measured target in the training set (with `partial_fit`, in the first call). With
        several columns it needs a loss of one output per target (not 'gaussian'), and validation
        data with nan need ``scoring=None``.
    alpha : float, default=0.0001
        Strength of the L2 penalty on the weights (not on the intercepts). It acts per batch:
        the loss of a batch is the mean over its samples plus ``alpha / 2 * sum(W**2)`` divided
        by its number of samples (times the mean sample weight: a mean below 0.01 is warned of,
        and one above 100, with an alpha from 0.1 on).
    standardize : bool or 'numeric', default='numeric'
        Whether the network is trained on standardised X and y, so that their units do not
        matter: each column has mean 0 and standard deviation 1 (with 'huber' and 'log_cosh' the
        target has median 0 and the quartiles of a standard normal), as weighted by
        ``sample_weight`` on the rows trained on. Sparse X, and any X with
        ``fit_intercept=False``, is not centred but divided by its root mean square, to which zeros
        of sparse X do not count: they would make a large number of a rare word. A constant
        column is left out, and a constant target predicted exactly where the output is 'identity',
        'relu' or 'exp' and can give it: without intercepts a network gives 0 for X = 0, and 'exp'
        is never 0. Others ('softplus', 'logistic') learn it.
        With 'numeric', a column of zeros and ones is divided by 0.5 at least, as if half were ones:
        by its deviation a one of a rare word would become a large number. True makes no exception,
        so that what stands for yes and no (0 and 1, 1 and 2) does not matter either.
        The target is standardised where the output activation is the identity and the loss
        depends on the error alone; where only a factor can be taken in by the output layer
        ('exp', 'relu', ...) or by the loss (Poisson, ...), it is divided by its mean or root
        mean square; else it is left alone. ``coefs_``, ``intercepts_`` and `predict` are in the
        original units of X and y; ``alpha``, ``tol``, ``loss_``, ``loss_curve_``
        and ``validation_loss_curve_`` are in standardised ones. The statistics of the first
        call stay in force with `partial_fit` and ``warm_start``. False is what MLPRegressor
        does.
    solver : {'adam', 'sgd', 'adamw', 'rmsprop', 'lbfgs'} or Solver, default='adam'
        Adam, stochastic gradient descent, Adam with decoupled weight decay (0.01, intercepts
        too; ``alpha`` acts besides) or RMSprop (rho=0.99), in mini-batches; or L-BFGS, on all
        data at once, which is often better on small data sets. Objects have all their
        parameters: ``AdamW(weight_decay=0.1)``, ``RMSprop(rho=0.9)``.
    learning_rate : {'constant', 'invscaling', 'adaptive', 'cosine', 'one_cycle'}, callable or \
            Schedule, default='constant'
        How the learning rate changes. 'constant': not at all. 'invscaling':
        ``learning_rate_init / (t + 1)**power_t`` after t samples. 'adaptive': divided by 5 at
        each plateau, until it is 1e-6 or less. 'cosine': from ``learning_rate_init`` to 0
        along half a cosine. 'one_cycle': up from a 25th of it in the first 30% of the epochs,
        and down to almost 0. A function ``(epoch, n_epochs)`` of the epochs done and
        ``max_iter`` returns a factor >= 0 that ``learning_rate_init`` is multiplied by. Objects
        have more: ``Cosine(warmup=0.1)`` warms up, ``Cosine(restarts=4)`` starts anew. Inert with
        L-BFGS.

        'cosine', 'one_cycle' and functions plan for ``max_iter`` epochs: to end there is no
        lack of convergence. They still stop at a plateau, unless ``n_iter_no_change=np.inf``.
        With `partial_fit`, ``max_iter`` is the number of calls that they plan for; in further
        ones, 'cosine' and 'one_cycle' stay at their last rate. Each `fit` begins anew.
    learning_rate_init : float, default=0.001
        The initial learning rate; the largest, if there is a warm-up. Inert with L-BFGS.
    power_t : float, default=0.5
        The exponent of 'invscaling'; inert with all else.
    batch_size : int or 'auto', default='auto'
        Samples per mini-batch; 'auto' is ``min(200, n_samples)``. Inert with L-BFGS.
    shuffle : bool, default=True
        Whether each epoch takes the samples in a new order. Inert with L-BFGS.
    momentum : float, default=0.9
        Momentum of 'sgd', between 0 and 1; inert with other solvers.
    nesterovs_momentum : bool, default=True
        Nesterov's momentum instead of the classical one, with 'sgd'; inert with other solvers.
    beta_1 : float, default=0.9
        Decay of the first moment in 'adam' and 'adamw', in [0, 1); inert with other solvers.
    beta_2 : float, default=0.999
        Decay of the second moment in 'adam' and 'adamw', in [0, 1); inert with other solvers.
    epsilon : float, default=1e-8
        Added to the denominator in 'adam', 'adamw' and 'rmsprop'; inert with other solvers.
    max_fun : int, default=15000
        Evaluations of the loss at most, with L-BFGS; inert with other solvers.
    random_state : int, RandomState instance or None, default=None
        Decides the initial weights, the validation set, the order of the samples and which
        units are dropped. See the notes on what is reproducible.
    warm_start : bool, default=False
        Whether `fit` goes on from the last call's weights and solver state. What counts for
        stopping starts anew. What is in quite another unit (ten standard deviations away, ten
        times as wide, or a hundredth) is standardised anew, with a warning.
    max_grad_norm : float or None, default=None
        The gradient of each mini-batch, penalty included, is scaled down to this L2 norm (over
        all parameters) if its norm is larger; None leaves it as it is. An error with L-BFGS.
    n_init : int, default=1
        How many times to train, from different initial weights. The best is kept: the one with
        the best validation score (or loss) under early stopping, else with the smallest
        ``loss_``. All have the same validation rows. Inert in `partial_fit` and where a warm
        start goes on.
    max_iter : int, default=200
        Epochs at most, or iterations of L-BFGS. Some schedules plan by it: see
        ``learning_rate``.
    tol : float, default=1e-4
        The least improvement that counts: of the training loss, or of the validation score
        under early stopping. The loss is in standardised units: for the squared error, 0.5 (per
        output) is what predicting the mean would reach. If training stops by ``tol`` while the
        loss (under early stopping, validation loss or score) still improves by more than 5% in
        ``n_iter_no_change`` epochs, a warning says so (not with ``standardize=False``). For
        L-BFGS it is also the largest component of the gradient at which it has converged, of a
        loss scaled so that the best constant prediction has 0.5. If it stops at that loss, or at
        that of a linear model, it goes on with a smaller ``tol`` and from weights nearby; a final
        stop there gives a warning (not where the penalty keeps the network linear), and so does
        one after an iteration by which the loss fell by more than 5%.
    n_iter_no_change : int or inf, default=10
        Training stops after this number plus one epochs in a row that improve by less than
        ``tol``. Inert with L-BFGS, unless it stops early.
    early_stopping : bool or 'loss', default=False
        Stop when the score on validation data (see ``scoring``), or with 'loss' the loss, no
        longer improves, and keep the weights with the best. The data are held out of X, or
        those given to `fit`. With L-BFGS too. As long as the score is the same in every epoch
        (R2, where the validation targets are constant, or there is one), the loss decides.
    validation_fraction : float, splitter or array-like of shape (n_samples,), default=0.1
        The rows held out: a proportion in [0, 1), drawn at random; an object with
        scikit-learn's ``split(X, y, groups)``, of whose splits the last is used (the latest
        times, with `TimeSeriesSplit`); or the test fold itself, True (or a number from 0 up)
        for a row to validate on, False (or -1) for a row to train on. Inert without early
        stopping, and if `fit` is given validation data.
    verbose : bool or int, default=False
        True prints a line per epoch: loss, validation loss and score, learning rate, time, and
        the time that is left if all epochs are needed. 1, on a terminal, keeps to one line;
        elsewhere, and more than 1, is as True.
    scoring : str, callable or None, default=None
        What ``validation_scores_`` holds: a name or a scorer of scikit-learn, the greater the
        better; None is `score`. Inert without validation data.

    Attributes
    ----------
    coefs_ : tuple of ndarray of shape (fan_in, fan_out)
        The weights of each layer, for unscaled X and y. They are read-only: to change any,
        assign all (``coefs_ = [W1, W2]``).
    intercepts_ : tuple of ndarray of shape (fan_out,)
        The intercepts of each layer, likewise.
    embedding_ : tuple of ndarray, or None
        The arrays of the embedding, for X as it comes, likewise. Those of 'periodic' are
        ``frequencies`` and ``phases`` of shape (n_features, n_frequencies), in periods, ``coefs``
        of shape (n_features, n_frequencies, n_outputs - 1) and ``intercepts`` of shape
        (n_features, n_outputs - 1); see `Periodic`. Then ``coefs_[0]`` has a row for each of
        the ``n_features * n_outputs`` columns that the embedding hands on. Of columns that pass
        by there are no arrays, and their rows of ``coefs_[0]`` are the last. 'piecewise_linear'
        has none; 'union' has those of its parts, one part after another, as their rows are.
    loss_ : float
        The loss of the last epoch or iteration, penalty included.
    best_loss_ : float or None
        The smallest loss so far; None under early stopping.
    loss_curve_ : list of float
        The loss of each epoch, the mean over its batches; or of each iteration of L-BFGS. With
        ``standardize`` it is in standardised units: for the squared error, 0.5 (per
        output) is what predicting the mean would reach. With ``dropout`` it is the loss of the
        network with units dropped.
    validation_scores_ : list of float or None
        The score on the validation data after each epoch; None without validation data. Epochs
        of earlier calls that had none are nan.
    validation_loss_curve_ : list of float or None
        The loss on the validation data after each epoch, in the units of ``loss_curve_`` and
        without the penalty; None or nan likewise.
    best_validation_score_ : float or None
        The validation score of the weights that are kept; None without early stopping.
    n_iter_best_ : int
        The epoch whose weights are kept, counted from 1 as in ``loss_curve_``: with early
        stopping the best, else the last. 0 if the initial weights are kept, since training diverged
        or was interrupted before it reached better ones.
    n_iter_ : int
        Epochs or iterations of the last call.
    t_ : int
        Training samples seen, by the stochastic solvers.
    n_layers_ : int
        Layers, the input and the output among them.
    n_outputs_ : int
        Outputs: one for each target, or for each quantile of the only target; two for each target
        with 'gaussian'.
    out_activation_ : str or Activation
        The activation of the output layer.
    n_features_in_ : int
        Features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where X has names that are all strings.

    See Also
    --------
    sklearn.neural_network.MLPRegressor : What this class takes the place of.

    Notes
    -----
    Where it deviates from MLPRegressor (of scikit-learn 1.9) most:

    - X and y are standardised inside, unless ``standardize=False``.
    - ``hidden_layer_sizes`` comes first, and all else by keyword.
    - ``sample_weight`` is relative to the mean weight of the training set, not of the batch
      (with `partial_fit`: of all samples seen so far).
    - The loss of several outputs is their sum. MLPRegressor reports the mean of squared
      errors but follows the gradient of the sum; so does this class.
    - A warm start keeps the solver's state and goes on with the random state; what counts for
      stopping starts anew.
    - If training diverges it stops at once: with early stopping it keeps the best weights and
      warns, without it raises ValueError.
    - L-BFGS has ``loss_curve_``, early stopping and verbose output, and stays in float32. What was
      trained in float32 predicts in it.
    - 'adaptive' and 'invscaling' work with Adam too.
    - `partial_fit` goes on with the random state, so that n calls equal one `fit` of n epochs;
      it takes ``early_stopping=True``.
    - `partial_fit` heeds parameters of the solver that were changed since the last call.
    - ``coefs_`` and ``intercepts_`` are tuples of read-only arrays: to change any, assign all.
    - ``verbose`` prints other lines.
    - Poisson checks that y >= 0, and sample weights must not be negative.

    Reproducibility: with an int as ``random_state``, two fits are equal bit for bit on the same
    machine with the same versions of Python, NumPy, SciPy and scikit-learn and the same number of
    BLAS threads. So are, there, n calls of `partial_fit` and one `fit` of n epochs; a copy (or an
    unpickled model) that goes on training and the original; and the first of ``n_init`` runs and
    a single one. Elsewhere matrix products round differently, and training enlarges the
    differences.

    Callbacks: from scikit-learn 1.9, `set_callbacks` takes those of `sklearn.callback`. Each epoch
    (or iteration of L-BFGS) is a task of `fit`; with ``n_init`` > 1 it belongs to a task
    'initialization'. A callback that returns True ends training after that epoch, and restarts
    after that initialization. `partial_fit` calls none.

    A sample of weight 2 counts as two samples where one step sees all of them: with L-BFGS, and
    where ``batch_size`` is no less than the rows. Smaller batches of repeated rows are others (with
    ``batch_size=1`` two rows are two steps, a weight of 2 is one, twice as long), and so are the
    rows held out under early stopping, which are drawn one by one as MLPRegressor draws them, so
    two equal rows may be parted. Without a ``random_state`` nothing is comparable, ``n_init`` > 1
    included.

    References
    ----------
    Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors",
    Nature 323, 1986.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import train_test_split
    >>> from sknn_scratch import ScratchMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = ScratchMLPRegressor(
    ...     (20,), activation="logistic", solver="lbfgs", alpha=10, random_state=0
    ... )
    >>> round(model.fit(X_train, y_train).score(X_test, y_test), 2)
    0.38
    """

    loss_: float
    best_loss_: float | None
    loss_curve_: list[float]
    validation_scores_: list[float] | None
    validation_loss_curve_: list[float] | None
    best_validation_score_: float | None
    n_iter_best_: int
    n_iter_: int
    t_: int
    n_features_in_: int
    feature_names_in_: Array

    # The type of numbers to train in, by name; None is that of X. X is standardised in its own type
    # first, and the trained network predicts in that.
    _train_dtype: str | None = None

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        *,
        activation: str | Activation | Sequence[str | Activation] = "relu",
        out_activation: str | Activation = "auto",
        fit_intercept: bool = True,
        init: str | Callable[..., Any] | Sequence[ArrayLike] = "auto",
        dropout: float | Sequence[float] = 0.0,
        embedding: str | Embedding | None = None,
        loss: str | Loss = "squared_error",
        missing_targets: str = "error",
        alpha: float = 0.0001,
        standardize: bool | str = "numeric",
        solver: str | Solver = "adam",
        learning_rate: str | Callable[[int, int], float] | Schedule = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        batch_size: int | str = "auto",
        shuffle: bool = True,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        max_fun: int = 15000,
        random_state: RandomState = None,
        warm_start: bool = False,
        max_grad_norm: float | None = None,
        n_init: int = 1,
        max_iter: int = 200,
        tol: float = 1e-4,
        n_iter_no_change: float = 10,
        early_stopping: bool | str = False,
        validation_fraction: Any = 0.1,
        verbose: bool | int = False,
        scoring: str | Callable[..., float] | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.out_activation = out_activation
        self.fit_intercept = fit_intercept
        self.init = init
        self.dropout = dropout
        self.embedding = embedding
        self.loss = loss
        self.missing_targets = missing_targets
        self.alpha = alpha
        self.standardize = standardize
        self.solver = solver
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.max_fun = max_fun
        self.random_state = random_state
        self.warm_start = warm_start
        self.max_grad_norm = max_grad_norm
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.verbose = verbose
        self.scoring = scoring

    def fit(
        self: Self,
        X: MatrixLike,
        y: MatrixLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: MatrixLike | None = None,
        y_val: MatrixLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the network to X and y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The inputs. float32 stays float32, all else becomes float64.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets; for several quantiles one. nan as ``missing_targets`` says.
        sample_weight : array-like of shape (n_samples,), default=None
            A sample of weight 2 counts as two samples. Only ratios matter, but for the
            penalty: see ``alpha``.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Inputs to validate on. `fit` then holds out no rows of X. Loss and score on them are
            recorded after each epoch, and decide when to stop if ``early_stopping`` is set.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Their targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.
        groups : array-like of shape (n_samples,), default=None
            Handed to ``validation_fraction``, where that is a splitter.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError, ValueError
            If a parameter or an array is not what is asked for, or if training diverges. The
            estimator is then as it was before the call.

        Notes
        -----
        An interrupt (Ctrl-C) ends training, with a warning, where it is after the last step.
        """
        validation = X_val, y_val, sample_weight_val
        return self._train_on(Arrays(X, y, sample_weight), validation, groups)

    @only_if(takes_batches)
    def partial_fit(
        self: Self,
        X: MatrixLike,
        y: MatrixLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: MatrixLike | None = None,
        y_val: MatrixLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch, going on from where the last call ended.

        With the same data, n calls make the same model as one `fit` of n epochs. Not available
        with ``solver='lbfgs'``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights are relative to the mean weight of all samples seen so far.
        X_val, y_val, sample_weight_val, groups
            As for `fit`.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError, ValueError
            As for `fit`; also if X or y has another width than in the first call.
        KeyboardInterrupt
            At an interrupt (Ctrl-C). The estimator is then as it was before the call.

        Notes
        -----
        With ``early_stopping=True`` every call holds out its own validation rows (the same
        ones if the data are the same), and `predict` uses the parameters that scored best in
        any call so far, which asks for the same ``scoring`` in all. Nothing stops the caller's
        loop: compare ``validation_scores_``.
        """
        validation = X_val, y_val, sample_weight_val
        return self._train_on(Arrays(X, y, sample_weight), validation, groups, incremental=True)

    def get_metadata_routing(self) -> MetadataRequest:
        """Return which metadata are asked for: groups where a splitter by them holds out rows.

        Returns
        -------
        routing : MetadataRequest
        """
        routing = super().get_metadata_routing()
        for method in (routing.fit, routing.partial_fit):
            if not self._takes_groups() and method.requests.get("groups") is None:
                method.requests.pop("groups", None)  # so that they may be passed to others
        return routing

    def _takes_groups(self):
        """Return True if rows are held out by a splitter."""
        return hasattr(self.validation_fraction, "split") and bool(self.early_stopping)

    @overload
    def predict(self, X: MatrixLike, return_std: Literal[False] = False) -> Array: ...

    @overload
    def predict(self, X: MatrixLike, return_std: Literal[True]) -> tuple[Array, Array]: ...

    def predict(self, X: MatrixLike, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Return the predictions for X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The inputs.
        return_std : bool, default=False
            Whether to return standard deviations too: with ``loss='gaussian'`` only.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The predictions. Several quantiles are columns, in increasing order in each row.
        std : ndarray of the same shape
            The standard deviation of y that the network expects. Only with ``return_std=True``.

        Raises
        ------
        TypeError, ValueError
            If X is not as in `fit`, or if there are no standard deviations to return.
        """
        output, loss = self._output(X), self._network.loss
        y = loss.predict(output)
        y = y.ravel() if y.shape[1] == 1 else y
        if not return_std:
            return y
        if loss.std is None:
            raise ValueError(f"return_std=True needs loss='gaussian', got {loss!r}.")
        std = loss.std(output)
        if not np.isfinite(std).all():
            warn_caller(
                "Some standard deviations are not finite: X is too far from what the network was "
                "trained on."
            )
        return y, std.reshape(y.shape)

    def score(self, X: MatrixLike, y: MatrixLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the R2 of the predictions, D2 if they are quantiles, or that of a likelihood.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            A sample of weight 2 counts as two samples.

        Returns
        -------
        score : float
            1 is perfect, 0 is as good as the best constant. With ``missing_targets='ignore'`` it is
            the mean over columns of y, each scored where it is not nan; beside others, one with a
            single target is left out. With the pinball loss it is
            `sklearn.metrics.d2_pinball_score`, the mean over levels if there are several; with
            'gaussian' it is ``1 - exp(-2 gain)``, where the gain is by how much the mean
            log-likelihood exceeds that of the best constant mean and variance (Cox and Snell's
            R2); with all else it is `sklearn.metrics.r2_score`.
        """
        check_is_fitted(self)
        if self.missing_targets == "ignore":
            y, sample_weight = measured_alone(y, sample_weight)
        if self._network.loss.std:
            return likelihood_score(y, *self.predict(X, return_std=True), sample_weight)
        return score_of(self._network.loss, y, self.predict(X), sample_weight)

    def to_sklearn(self) -> Any:  # it is imported where it is made
        """Return a fitted `sklearn.neural_network.MLPRegressor` that predicts the same.

        It has the weights, the attributes and the constructor's parameters of this model, as far
        as MLPRegressor has them too, and shares no memory with it. Training it is another
        matter: what MLPRegressor does not have (``standardize``, ``dropout``, other losses and
        solvers, ...) is left out, or at its default. `fit` starts anew, even if ``warm_start``
        is set here; `partial_fit` goes on from the weights, with the solver's state and
        ``best_loss_`` as at the start.

        Returns
        -------
        model : MLPRegressor

        Warns
        -----
        UserWarning
            If it predicts otherwise: a column of X is so far from zero, for how much it varies,
            that weights for X as it comes lose digits.

        Raises
        ------
        ValueError
            If MLPRegressor cannot predict so. It takes one of 'identity', 'logistic', 'tanh' and
            'relu' for all hidden layers, any of these or 'exp' (scikit-learn 1.7 or later) for
            the output, and no sorted quantiles.
        """
        from .sklearn_export import to_mlp_regressor

        check_is_fitted(self)
        return to_mlp_regressor(self)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.embedding is None
        tags.target_tags.multi_output = True
        try:
            loss = resolve(self.loss, "loss", LOSSES, Loss)
        except ValueError:  # tags are asked for before parameters are checked
            return tags
        tags.target_tags.positive_only = not loss.in_domain(np.array(-1.0))
        tags.target_tags.multi_output = len(loss.levels) < 2
        return tags

    def _summary(self):
        network = self._network
        functions = [name_of(f, ACTIVATIONS) for f in network.activations]
        layers = [f"{units} {f}" for units, f in zip(network.sizes[1:], functions)]
        rows = [
            ("layers", " \N{RIGHTWARDS ARROW} ".join([f"{network.sizes[0]} features", *layers])),
            ("parameters", f"{network.n_parameters:,}"),
            ("epochs", f"{len(self.loss_curve_)} by {self.solver}"),
            ("loss", f"{self.loss_:.4g}"),
        ]
        if self.best_validation_score_ is not None:
            kept = f"{self.best_validation_score_:.4g}, after epoch {self.n_iter_best_}"
            rows.append(("best score on rows held out", kept))
        return rows

    def _curves(self) -> dict[str, Sequence[float]]:
        losses: dict[str, Sequence[float]] = {"training loss": self.loss_curve_}
        if self.validation_loss_curve_ is not None:
            losses["validation loss"] = self.validation_loss_curve_
        return losses

    # Training

    def _train_on(self, source, validation, groups=None, incremental=False):
        """Train on a source of data; return self.

        ``validation`` are X, y and sample weights in memory, or three times None.
        """
        # a `warm_start` that is no boolean is refused later
        may_go_on = incremental or np.asarray(self.warm_start, object).any()
        goes_on = bool(may_go_on and self.__sklearn_is_fitted__())
        with unchanged_on_error(self, goes_on):
            validation = check_together(validation, groups, self._takes_groups())
            self._train(source, validation, groups, goes_on, incremental)
        return self

    @with_callbacks
    def _train(self, source, validation, groups, goes_on, incremental):
        """Train, anew or going on, for one epoch or for all; and store what came of it."""
        dtypes = (self._params.dtype,) if goes_on else (np.float64, np.float32)
        trainer, data = self._set_up(source, dtypes, goes_on, incremental)
        network, monitor = trainer.network, trainer.settings.monitor
        if validation is not None:
            gaps = data.y[0] if self.missing_targets == "ignore" else None
            validation = check_validation(self, validation, network, data.X.dtype, gaps)
        dtype = self._train_dtype or data.X.dtype
        state = self._start(trainer, goes_on, dtype, self.random_state)
        if monitor and validation is None:
            chosen, held_out = split_rows(
                self.validation_fraction, data, groups, state.split_source()
            )
            validation, data = data.take(held_out), replace(data, chosen=chosen)
        score = None if validation is None else make_scorer(self, trainer, state, validation)
        notifiers = notifiers_of(self, trainer, source, data)
        state = trainer.train(state, data, validation, score, notifiers)
        vars(self).update(fitted(trainer.network, state, monitor, data.X.dtype))
        for notifier in notifiers:
            notifier.fit_end()

    def _set_up(self, source, dtypes, goes_on, incremental=False):
        """Return a trainer, and the data set of a source, checked: X is of one of the dtypes."""
        settings = check_parameters(constructor_parameters(self)).of_call(goes_on, incremental)
        gaps = None
        if self.missing_targets == "ignore":  # one deviation above the mean is no surprise
            gaps = self._scaling.y_shift + self._scaling.y_unit if goes_on else 1.0
        validate = partial(self._validated, reset=not goes_on)
        data = source.check(validate, settings.loss, dtypes, gaps)
        check_dense(data.X, settings.embedding)
        n_outputs = settings.loss.n_outputs(data.y.shape[1])
        network = Network(
            sizes=(data.X.shape[1], *settings.hidden_layer_sizes, n_outputs),
            activations=(*settings.activations, settings.out_activation),
            loss=settings.loss,
            fit_intercept=self.fit_intercept,
            embedding=settings.embedding,
        )
        return Trainer(settings, network), data

    def _start(self, trainer, goes_on, dtype, random_state):
        """Return the state that training starts from, or goes on from."""
        if goes_on:
            return trainer.resume(self._state, self._network)
        return trainer.start(check_random_state(random_state), dtype)

    def _prepared(self, X, y, sample_weight):
        """Return the arguments of `backprop`, at fitted or initial parameters, and the scaling."""
        goes_on = self.__sklearn_is_fitted__()
        twin = copy.copy(self)  # whose attributes may be set
        trainer, data = twin._set_up(Arrays(X, y, sample_weight), (np.float64,), goes_on)
        random_state = copy.deepcopy(check_random_state(self.random_state))
        state = self._start(trainer, goes_on, np.float64, random_state)
        trainer.prepare(state, data)
        network, scaling = trainer.network, state.scaling
        with np.errstate(over="ignore"):  # huge values: the loss is inf or nan
            inputs = scaling.inputs(data.X[:])  # of a mapped X an array
        problem = {
            "X": inputs,
            "y": scaling.targets(data.y),
            "params": state.best_params.astype(np.float64),
            "network": network,
            "sample_weight": data.weight,
            "alpha": self.alpha,
        }
        return problem, scaling


def check_together(
    validation: tuple[Any, Any, Any], groups: ArrayLike | None, splits: bool
) -> tuple[Any, Any, Any] | None:
    """Return validation data as they were given, or None; ValueError if something is missing.

    ``groups`` only go with rows that are held out by a splitter, which ``splits`` tells.
    """
    X_val, y_val, sample_weight_val = validation
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val must be given together, or neither.")
    if X_val is None and sample_weight_val is not None:
        raise ValueError("sample_weight_val needs X_val and y_val.")
    if groups is not None and (X_val is not None or not splits):
        raise ValueError(
            "groups needs early_stopping, a splitter as validation_fraction, and no X_val."
        )
    return None if X_val is None else validation


def check_validation(
    estimator: Any, validation: tuple[Any, Any, Any], network: Network, dtype: DTypeLike, gaps: Any
) -> DataSet:
    """Return validation data as a `DataSet`."""
    validate = partial(estimator._validated, reset=False)
    try:
        data = Arrays(*validation, "_val").check(validate, network.loss, [dtype], gaps)
        check_dense(data.X, network.embedding)
        n_outputs = network.loss.n_outputs(data.y.shape[1])
    except ValueError as error:
        raise ValueError(f"X_val, y_val, sample_weight_val: {error}") from error
    if n_outputs != network.sizes[-1]:
        n_targets = network.sizes[-1] // network.loss.n_outputs(1)
        raise ValueError(f"y_val has {data.y.shape[1]} columns, y has {n_targets}.")
    return data


def make_scorer(
    estimator: Any, trainer: Trainer, state: TrainingState, data: DataSet
) -> Callable[[Array, Array], float]:
    """Return the function of parameters and output that scores an estimator on a data set.

    It is a scorer of scikit-learn's where ``scoring`` asks for one: it is handed a copy of the
    estimator that predicts by the parameters, in the scaling that ``state`` has by then.
    ValueError if all sample weights are zero.
    """
    weight = data.weight
    if weight is not None and weight.max() == 0:
        which = "y is nan in all" if data.per_target else "sample_weight is zero for all"
        raise ValueError(f"{which} samples of the validation set.")
    if data.per_target and estimator.scoring is not None:
        raise ValueError(
            "scoring must be None where missing_targets='ignore' and y of the validation set has "
            f"nan, which scorers do not take; got {estimator.scoring!r}."
        )
    if estimator.scoring is None:
        loss = trainer.network.loss
        std = loss.std
        if std and can_be_scored(data.y, weight):
            gaussian = partial(likelihood_score, data.y, sample_weight=data.row_weight)
            return lambda params, output: gaussian(loss.predict(output), std(output))
        of_predictions = make_score(loss, data.y, weight)
        return lambda params, output: of_predictions(loss.predict(output))
    scorer: Any = check_scoring(estimator, scoring=estimator.scoring)
    X, y = data.inputs(), data.target()
    weights = {} if weight is None else {"sample_weight": weight}

    def score(params, output):
        model = copy.copy(estimator)
        model._network, model._scaling = trainer.network, state.scaling
        model._params = params.astype(data.X.dtype)  # a copy: training goes on in them
        vars(model).pop("feature_names_in_", None)  # it is handed arrays
        try:
            return scorer(model, X, y, **weights)
        except ValueError as error:
            raise ValueError(f"scoring={estimator.scoring!r}: {error}") from error

    return score
