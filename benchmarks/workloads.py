"""What is measured: the networks, their data, and how much of it makes one measurement."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class Workload:
    """A network, trained or asked for predictions, on made-up data.

    Attributes
    ----------
    name : str
    kind : str
        Of a network, 'train', 'validated', 'teaching', 'lbfgs', 'partial_fit', 'stream' (which is
        partial_fit from the first call on, on ever new rows), 'fit', 'grid' or 'predict'; of an
        ensemble at its defaults, 'ensemble-fit', 'ensemble-predict' or 'ensemble-interval'.
    n, features, hidden, batch : int, int, tuple, int
        Samples, inputs, hidden units, samples per step; of a stream, samples per call.
    repeats : int
        Epochs, iterations or calls in one measurement: about half a second of ours.
    more : dict
        Constructor parameters that are special here.
    plain : dict
        What the peer "plain" has in their place; also ``busy``.
    density : float or None
        The share of X that is not zero; None is a dense X.
    busy : bool
        Whether another process computes meanwhile.
    """

    name: str
    kind: str
    n: int
    features: int
    hidden: tuple
    batch: int
    repeats: int
    more: dict = field(default_factory=dict)
    plain: dict = None
    density: float = None
    busy: bool = False

    @property
    def steps(self):
        """What a measurement is divided by: steps of training, else epochs, iterations, calls."""
        if self.kind in ("train", "teaching"):
            return self.repeats * -(-self.n // self.batch)
        return self.repeats

    @property
    def is_ensemble(self):
        """Whether an ensemble is measured: at its defaults, and in float64."""
        return self.kind.startswith("ensemble")

    @property
    def peers(self):
        """The peers that this workload is for."""
        if self.is_ensemble:
            return ["ours"] + ["catboost", "lightgbm"] * (self.kind != "ensemble-interval")
        peers = ["ours"] if self.plain is None else ["ours", "plain"]
        bare = self.kind in ("train", "teaching", "lbfgs", "predict") and self.density is None
        peers += ["limit"] * bare
        peers += ["sklearn"] * (self.more.get("activation") != "gelu")
        compared = not self.busy and "standardize" not in self.more and self.density is None
        peers += ["torch"] * (compared and self.kind in ("train", "teaching"))
        return peers + ["jax"] * (compared and self.kind == "train")

    def without(self):
        """Return the workload of the peer "plain"."""
        more = {**self.more, **self.plain}
        return replace(self, busy=more.pop("busy", self.busy), more=more)

    def data(self, dtype):
        """Return X and y: a smooth function with noise, near unit scale."""
        if self.kind == "teaching":
            X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype)
            return X, np.array([0, 1, 1, 0], dtype)
        rng = np.random.default_rng(0)
        noise = rng.standard_normal(self.n, dtype=dtype)
        if self.density is not None:
            shape = self.n, self.features
            X = sparse.random(*shape, self.density, "csr", dtype, random_state=rng)
            return X, noise
        X = rng.standard_normal((self.n, self.features), dtype=dtype)
        return X, (np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * noise).astype(dtype)

    def quick(self):
        """Return the workload with a tenth of its repeats: to see that it runs."""
        repeats = max(1, self.repeats // 10)
        return replace(
            self, repeats=repeats, n=self.batch * repeats if self.kind == "stream" else self.n
        )

    def settings(self):
        """Return the parameters that MLPRegressor and ScratchMLPRegressor share."""
        epochs = self.repeats if self.kind not in ("fit", "grid", "stream") else 1
        endless = {"tol": 0, "n_iter_no_change": np.inf, "max_iter": epochs}
        common = {"hidden_layer_sizes": self.hidden, "random_state": 0, **endless}
        if self.kind == "lbfgs":
            return {**common, "solver": "lbfgs"}
        if self.kind == "teaching":
            plain = {"solver": "sgd", "momentum": 0, "nesterovs_momentum": False, "alpha": 0}
            common |= {
                "activation": "logistic",
                "shuffle": False,
                "learning_rate_init": 0.1,
                **plain,
            }
        return {**common, "batch_size": self.batch, **self.more}


GELU = {"more": {"activation": "gelu"}, "plain": {"activation": "relu"}}

WORKLOADS = {
    workload.name: workload
    for workload in [
        Workload("teaching", "teaching", 4, 3, (4,), 4, 20000),
        Workload("small-data", "train", 442, 10, (100,), 200, 2000),
        Workload("default", "train", 20000, 8, (100,), 200, 60),
        Workload("small-batch", "train", 20000, 8, (64, 64), 32, 12),
        Workload("small-batch-wide", "train", 20000, 20, (100, 100), 32, 8),
        Workload("two-layers", "train", 20000, 20, (100, 100), 200, 20),
        Workload("busy", "train", 20000, 20, (100, 100), 200, 20, plain={"busy": False}, busy=True),
        Workload("medium", "train", 20000, 50, (256, 256), 256, 4),
        Workload("large", "train", 20000, 100, (1024, 1024), 512, 1),
        Workload(
            "million",
            "train",
            1_000_000,
            20,
            (100,),
            200,
            1,
            more={"standardize": True},
            plain={"standardize": False},
        ),
        Workload(
            "validated",
            "validated",
            442,
            10,
            (100,),
            200,
            1000,
            more={"early_stopping": True},
            plain={"early_stopping": False},
        ),
        Workload("gelu-small", "train", 442, 10, (100,), 200, 1000, **GELU),
        Workload("gelu", "train", 20000, 8, (100,), 200, 30, **GELU),
        Workload("lbfgs", "lbfgs", 20000, 8, (100,), 20000, 60),
        Workload("grid", "grid", 442, 10, (100,), 200, 1),
        Workload("fit-1", "fit", 50, 10, (100,), 50, 200),
        Workload("partial-fit-10", "partial_fit", 10, 10, (100,), 10, 500),
        Workload("partial-fit-100", "partial_fit", 100, 10, (100,), 100, 500),
        Workload("partial-fit-1000", "partial_fit", 1000, 10, (100,), 200, 300),
        Workload("partial-fit-10-wide", "partial_fit", 10, 10, (256, 256), 10, 300),
        Workload("partial-fit-100-wide", "partial_fit", 100, 10, (256, 256), 100, 300),
        Workload("partial-fit-1000-wide", "partial_fit", 1000, 10, (256, 256), 200, 60),
        Workload("text", "train", 1000, 50_000, (100,), 200, 3, density=0.002),
        Workload("stream-1", "stream", 500, 10, (100,), 1, 500),
        Workload("stream-10", "stream", 5000, 10, (100,), 10, 500),
        Workload("stream-100", "stream", 50_000, 10, (100,), 100, 500),
        Workload("stream-10-wide", "stream", 3000, 10, (256, 256), 10, 300),
        Workload("predict-1", "predict", 1, 8, (256, 256), 1, 3000),
        Workload("predict-1000", "predict", 1000, 8, (256, 256), 1000, 200),
        Workload("predict-1e6", "predict", 1_000_000, 8, (256, 256), 1_000_000, 1),
        Workload("predict-sparse", "predict", 20000, 20000, (100,), 20000, 5, density=0.002),
        Workload("predict-wide", "predict", 500, 10000, (100,), 500, 40),
        Workload("ensemble-fit", "ensemble-fit", 1000, 20, (), 1000, 1),
        Workload("ensemble-predict-1", "ensemble-predict", 1, 20, (), 1, 1000),
        Workload("ensemble-predict-bulk", "ensemble-predict", 10_000, 20, (), 10_000, 3),
        Workload("ensemble-interval-1", "ensemble-interval", 1, 20, (), 1, 500),
        Workload("ensemble-interval-bulk", "ensemble-interval", 10_000, 20, (), 10_000, 3),
    ]
}
