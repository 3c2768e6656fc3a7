"""What is measured: the networks, their data, and how much of it makes one measurement."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Workload:
    """A network, trained or asked for predictions, on made-up data.

    Attributes
    ----------
    name : str
    kind : {'train', 'teaching', 'lbfgs', 'predict'}
    n, features, hidden, batch : int, int, tuple, int
        Samples, inputs, hidden units, samples per step.
    repeats : int
        Epochs, iterations or calls in one measurement: about half a second of ours.
    """

    name: str
    kind: str
    n: int
    features: int
    hidden: tuple
    batch: int
    repeats: int

    @property
    def steps(self):
        """What a measurement is divided by: steps, iterations of L-BFGS, or calls."""
        if self.kind in ("lbfgs", "predict"):
            return self.repeats
        return self.repeats * -(-self.n // self.batch)

    @property
    def peers(self):
        """The peers that this workload is for."""
        if self.kind == "train":
            return ["ours", "limit", "sklearn", "torch", "jax"]
        if self.kind == "teaching":
            return ["ours", "limit", "sklearn", "torch"]
        return ["ours", "limit", "sklearn"]

    def data(self, dtype):
        """Return X and y: a smooth function with noise, near unit scale."""
        if self.kind == "teaching":
            X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype)
            return X, np.array([0, 1, 1, 0], dtype)
        rng = np.random.default_rng(0)
        X = rng.standard_normal((self.n, self.features), dtype=dtype)
        noise = rng.standard_normal(self.n, dtype=dtype)
        return X, (np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * noise).astype(dtype)

    def settings(self):
        """Return the parameters that MLPRegressor and ScratchMLPRegressor share."""
        endless = {"tol": 0, "n_iter_no_change": np.inf, "max_iter": self.repeats}
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
        return {**common, "batch_size": self.batch}


WORKLOADS = {
    workload.name: workload
    for workload in [
        Workload("teaching", "teaching", 4, 3, (4,), 4, 20000),
        Workload("small-data", "train", 442, 10, (100,), 200, 2000),
        Workload("default", "train", 20000, 8, (100,), 200, 60),
        Workload("small-batch", "train", 20000, 8, (64, 64), 32, 12),
        Workload("medium", "train", 20000, 50, (256, 256), 256, 4),
        Workload("large", "train", 20000, 100, (1024, 1024), 512, 1),
        Workload("lbfgs", "lbfgs", 20000, 8, (100,), 20000, 60),
        Workload("predict-1", "predict", 1, 8, (256, 256), 1, 3000),
        Workload("predict-1e6", "predict", 1_000_000, 8, (256, 256), 1_000_000, 1),
    ]
}
