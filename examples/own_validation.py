"""
Your own validation data: patients, not rows, decide when to stop
=================================================================

Each of 60 patients was measured 15 times. Patients differ by an offset that nothing explains,
but their ten characteristics give them away: a network can learn each of them by heart. Rows
held out at random belong to patients that were trained on, and reward that; what the network is
for is new patients.

What to see in the picture: on the left, the loss on random rows (orange) falls on and on, the
loss on other patients (blue) soon rises: the dots are the epochs that are kept. On the right, on
new patients, the network that random rows decided about is worse than predicting the mean (dashed);
the one that other patients decided about is better.

Run it: ``python examples/own_validation.py``
"""

from pathlib import Path

import numpy as np
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import GroupShuffleSplit

from sknn_scratch import ScratchMLPRegressor

SETTINGS = {
    "hidden_layer_sizes": (30,),
    "learning_rate_init": 3e-3,
    "max_iter": 1000,
    "early_stopping": "loss",
    "n_iter_no_change": 60,
    "random_state": 0,
}


def measurements(n_patients, rng, per_patient=15):
    """Return inputs (dose, time, ten characteristics), responses, and whose they are."""
    patient = np.repeat(np.arange(n_patients), per_patient)
    characteristics = rng.normal(size=(n_patients, 10))[patient]
    offset = 1.2 * rng.normal(size=n_patients)[patient]
    dose, time = rng.uniform(0, 2, (2, len(patient)))
    response = 6 * np.sin(2 * dose) * np.exp(-time) + 0.3 * characteristics[:, 0] + offset
    X = np.column_stack([dose, time, characteristics])
    return X, response + 0.2 * rng.normal(size=len(patient)), patient


def train():
    """Return the models by what they are validated on, and their errors, and the mean's."""
    rng = np.random.default_rng(1)
    X, y, patient = measurements(60, rng)
    X_new, y_new, _ = measurements(400, rng)
    models = {
        "random rows": ScratchMLPRegressor(**SETTINGS, validation_fraction=0.25).fit(X, y),
        "other patients": ScratchMLPRegressor(
            **SETTINGS, validation_fraction=GroupShuffleSplit(1, test_size=0.25, random_state=0)
        ).fit(X, y, groups=patient),
    }
    # The same as the second, with the validation data in hand:
    splitter = models["other patients"].validation_fraction
    rows, held_out = next(splitter.split(X, y, patient))
    by_hand = ScratchMLPRegressor(**SETTINGS)
    by_hand.fit(X[rows], y[rows], X_val=X[held_out], y_val=y[held_out])
    assert by_hand.n_iter_ > 1

    errors = {}
    mean = mean_squared_error(y_new, np.full(len(y_new), y.mean())) ** 0.5
    print(f"the mean of y, for all, {'':24s} error on new patients {mean:.2f}")
    for name, model in models.items():
        errors[name] = mean_squared_error(y_new, model.predict(X_new)) ** 0.5
        print(
            f"validated on {name:15s} kept epoch {model.n_iter_best_:3d} of {model.n_iter_:3d}, "
            f"error on new patients {errors[name]:.2f}"
        )
    return models, errors, mean


def draw(models, errors, mean):
    """Draw loss curves and errors, if matplotlib is there."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("(pip install matplotlib draws a picture of this.)")
        return
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9, 6), width_ratios=[3, 1], layout="constrained"
    )
    for (name, model), colour in zip(models.items(), ["tab:orange", "tab:blue"]):
        epochs = np.arange(1, model.n_iter_ + 1)
        left.plot(epochs, model.loss_curve_, color=colour, linestyle=":")
        left.plot(epochs, model.validation_loss_curve_, color=colour, label=f"loss on {name}")
        best = model.n_iter_best_
        left.plot(best, model.validation_loss_curve_[best - 1], "o", color=colour)
        right.bar(name.replace(" ", "\n"), errors[name], color=colour)
    right.axhline(mean, color="black", linestyle="--", label="the mean of y")
    right.legend(loc="lower center")
    left.plot([], [], color="grey", linestyle=":", label="training loss")
    left.plot([], [], "o", color="grey", label="epoch that is kept")
    left.set(xlabel="epoch", ylabel="loss (standardised target)", title="Which epoch is kept")
    left.set_xscale("log")
    left.set_ylim(bottom=0)
    left.legend()
    right.set(ylabel="root mean squared error", title="On new patients", xlabel="validated on")
    path = Path("own_validation.png")
    figure.savefig(path, dpi=150)
    print(f"The picture is in {path.resolve()}: the dots are the epochs that were kept.")


if __name__ == "__main__":
    draw(*train())
