"""The same network in each library: what is timed.

A peer is a function ``(workload, X, y)`` that returns the function to be timed, which does
``workload.repeats`` epochs, iterations or calls. Making it, and a first short run of it, is not
timed: that is where JAX compiles. The peer "plain" is ours, without what the workload is about.
"""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

TRAINED_ON = 500  # rows, of an ensemble that is asked for predictions


def estimator(model, workload, X, y):
    """Return the timed function of a scikit-learn estimator: a whole `fit`, or calls."""
    repeats = range(workload.repeats)
    if workload.kind == "predict":
        model.set_params(max_iter=1).fit(X[:2000], y[:2000])
        return lambda: [model.predict(X) for _ in repeats]
    if workload.kind == "partial_fit":
        return lambda: [model.partial_fit(X, y) for _ in repeats]
    if workload.kind == "stream":
        parts = [slice(i * workload.batch, (i + 1) * workload.batch) for i in repeats]

        def stream():
            new = clone(model)
            for rows in parts:
                new.partial_fit(X[rows], y[rows])

        return stream
    if workload.kind == "fit":
        return lambda: [model.fit(X, y) for _ in repeats]
    if workload.kind == "grid":
        grid = {"alpha": [1e-4, 1e-3, 1e-2, 1e-1]}
        model.set_params(max_iter=50)
        search = GridSearchCV(model, grid, cv=5, n_jobs=2, refit=False)
        return lambda: search.fit(X, y)
    return lambda: model.fit(X, y)


def ensemble(model, workload, X, y):
    """Return the timed function of an ensemble, of networks or of trees: whole fits, or calls."""
    repeats = range(workload.repeats)
    if workload.kind == "ensemble-fit":
        return lambda: [model.fit(X, y) for _ in repeats]
    model.fit(*replace(workload, n=TRAINED_ON).data(X.dtype))
    predict = model.predict_interval if workload.kind == "ensemble-interval" else model.predict
    return lambda: [predict(X) for _ in repeats]


def ours(workload, X, y):
    """Return what times ScratchMLPRegressor, or the ensemble."""
    from sknn_scratch import ScratchMLPEnsembleRegressor, ScratchMLPRegressor

    if workload.is_ensemble:
        return ensemble(ScratchMLPEnsembleRegressor(random_state=0), workload, X, y)
    settings = {"standardize": False, **workload.settings()}  # the same work as MLPRegressor
    if workload.kind == "teaching":
        settings.update(fit_intercept=False, out_activation="logistic", init="uniform")
    return estimator(ScratchMLPRegressor(**settings), workload, X, y)


def plain(workload, X, y):
    """Return what times ScratchMLPRegressor without what the workload is about."""
    return ours(workload.without(), X, y)


def sklearn(workload, X, y):
    """Return what times MLPRegressor."""
    from sklearn.neural_network import MLPRegressor

    # MLPRegressor cannot leave out the intercepts or squash its output: it does a little less
    # with the output and a little more with the intercepts of the teaching network.
    settings = workload.settings()
    settings.pop("standardize", None)
    return estimator(MLPRegressor(**settings), workload, X, y)


def limit(workload, X, y):
    """Return the bare matrix products of the same steps: same shapes, dtype and threads."""
    bias = workload.kind != "teaching"
    sizes = [workload.features, *workload.hidden, 1]
    batches = [workload.batch] * (workload.n // workload.batch)
    if workload.n % workload.batch:
        batches.append(workload.n % workload.batch)
    evaluations = 1
    if workload.kind == "lbfgs":
        evaluations = evaluations_per_iteration(workload, X, y)
    lists = {size: products(sizes, size, X.dtype, bias, workload.kind) for size in set(batches)}

    def run():
        for _ in range(round(workload.repeats * evaluations)):
            for size in batches:
                for call in lists[size]:
                    call()

    return run


def products(sizes, batch, dtype, bias, kind):
    """Return the matrix products of one step, as calls on arrays made before."""
    from sknn_scratch.tracing import aligned

    calls = []
    for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        a = aligned((fan_in + bias, batch), dtype, 0.5)
        W, dW = (aligned((fan_in + bias, fan_out), dtype, 0.5) for _ in range(2))
        z, delta = (aligned((fan_out, batch), dtype, 0.5) for _ in range(2))
        calls.append(partial(W.T.dot, a, z))
        if kind != "predict":
            calls.append(partial(a.dot, delta.T, dW))
        if kind != "predict" and layer > 0:
            calls.append(partial(W[:fan_in].dot, delta, aligned((fan_in, batch), dtype)))
    return calls


def evaluations_per_iteration(workload, X, y):
    """Return how often L-BFGS computes loss and gradient per iteration."""
    from sknn_scratch import ScratchMLPRegressor
    from sknn_scratch.engine import FullBatch
    from sknn_scratch.training import source

    counted = []

    class Counting(FullBatch):
        def __call__(self, vector):
            counted.append(1)
            return super().__call__(vector)

    original, source.FullBatch = source.FullBatch, Counting
    try:
        model = ScratchMLPRegressor(**workload.settings(), standardize=False).fit(X, y)
    finally:
        source.FullBatch = original
    return len(counted) / model.n_iter_


def torch(workload, X, y):
    """Return PyTorch's loop, written by hand: eager, fused Adam, whole batches by index."""
    import torch

    teaching = workload.kind == "teaching"
    sizes = [workload.features, *workload.hidden, 1]
    X, y = torch.from_numpy(X), torch.from_numpy(y)[:, None]
    hidden = torch.nn.GELU if workload.more.get("activation") == "gelu" else torch.nn.ReLU
    layers = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [torch.nn.Linear(fan_in, fan_out, bias=not teaching, dtype=X.dtype)]
        layers += [torch.nn.Sigmoid() if teaching else hidden()]
    model = torch.nn.Sequential(*(layers if teaching else layers[:-1]))
    weights = [p for p in model.parameters() if p.ndim == 2]
    intercepts = [p for p in model.parameters() if p.ndim == 1]
    if teaching:
        optimizer = torch.optim.SGD(weights, lr=8)
    else:  # the penalty on the weights, divided by the batch size as in MLPRegressor
        decayed = {"params": weights, "weight_decay": 1e-4 / workload.batch}
        optimizer = torch.optim.Adam([decayed, {"params": intercepts}], lr=1e-3, fused=True)

    def run():
        losses = []
        for _ in range(workload.repeats):
            order = torch.arange(len(X)) if teaching else torch.randperm(len(X))
            total = torch.zeros((), dtype=X.dtype)
            for part in order.split(workload.batch):
                batch = (X, y) if teaching else (X[part], y[part])
                optimizer.zero_grad()
                loss = 0.5 * torch.nn.functional.mse_loss(model(batch[0]), batch[1])
                loss.backward()
                optimizer.step()
                total += loss.detach() * len(part)
            losses.append(total.item() / len(X))
        return losses

    return run


def jax(workload, X, y):
    """Return JAX's loop: one compiled scan per epoch (the last, shorter batch left out)."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", X.dtype == np.float64)
    sizes, size = [workload.features, *workload.hidden, 1], workload.batch
    X, y = jnp.asarray(X), jnp.asarray(y)[:, None]
    keys = jax.random.split(jax.random.key(0), len(sizes))
    shapes = list(pairwise(sizes))
    params = [
        (jax.random.normal(key, s, X.dtype) / s[0] ** 0.5, jnp.zeros(s[1], X.dtype))
        for key, s in zip(keys, shapes)
    ]

    gelu = workload.more.get("activation") == "gelu"
    hidden = partial(jax.nn.gelu, approximate=False) if gelu else jax.nn.relu

    def loss_of(params, x, y):
        for W, b in params[:-1]:
            x = hidden(x @ W + b)
        penalty = sum((W * W).sum() for W, _ in params)
        error = x @ params[-1][0] + params[-1][1] - y
        return 0.5 * (error * error).mean() + 0.5e-4 / size * penalty

    def step(carry, part):
        params, m, v, t = carry
        loss, g = jax.value_and_grad(loss_of)(params, X[part], y[part])
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        params = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), params, m, v)
        return (params, m, v, t), loss

    @jax.jit
    def epoch(carry, key):
        order = jax.random.permutation(key, len(X))
        parts = order[: len(X) // size * size].reshape(-1, size)
        return jax.lax.scan(step, carry, parts)

    zeros = jax.tree.map(jnp.zeros_like, params)
    state = {"carry": (params, zeros, zeros, jnp.zeros((), X.dtype))}
    n_batches = -(-workload.n // size)

    def run():
        losses = []
        # As many steps as the others take, though the short last batch is left out.
        for i in range(round(workload.repeats * n_batches / (workload.n // size))):
            state["carry"], loss = epoch(state["carry"], jax.random.key(i))
            losses.append(float(loss.mean()))
        return losses

    return run


def catboost(workload, X, y):
    """Return what times CatBoost at its defaults, on one core."""
    from catboost import CatBoostRegressor

    options = {"random_seed": 0, "thread_count": 1, "verbose": False, "allow_writing_files": False}
    return ensemble(CatBoostRegressor(**options), workload, X, y)


def lightgbm(workload, X, y):
    """Return what times LightGBM at its defaults, on one core."""
    from lightgbm import LGBMRegressor

    return ensemble(LGBMRegressor(random_state=0, n_jobs=1, verbose=-1), workload, X, y)


PEERS = {
    "ours": ours,
    "plain": plain,
    "limit": limit,
    "sklearn": sklearn,
    "torch": torch,
    "jax": jax,
    "catboost": catboost,
    "lightgbm": lightgbm,
}
