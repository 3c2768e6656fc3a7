"""Write what PyTorch's optimisers, schedules and clipping make of given numbers, for the tests.

``python -m benchmarks.reference_solvers`` writes tests/data/solvers_torch.json, and needs
PyTorch; the tests need the file only. Everything is float64. Parameters have our names:
`OPTIMISERS` and `SCHEDULES` say what they are called there.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch.optim import lr_scheduler

FILE = Path(__file__).parents[1] / "tests" / "data" / "solvers_torch.json"
STEPS = 20
LEARNING_RATE = 0.03
TINY = 1e-100  # so that it does not matter where in the denominator of Adam epsilon is added

OPTIMISERS = {
    "sgd": lambda momentum, nesterovs_momentum: {
        "cls": torch.optim.SGD,
        "momentum": momentum,
        "nesterov": nesterovs_momentum,
    },
    "adam": lambda beta_1, beta_2, epsilon: {
        "cls": torch.optim.Adam,
        "betas": (beta_1, beta_2),
        "eps": epsilon,
    },
    "adamw": lambda beta_1, beta_2, epsilon, weight_decay: {
        "cls": torch.optim.AdamW,
        "betas": (beta_1, beta_2),
        "eps": epsilon,
        "weight_decay": weight_decay,
    },
    "rmsprop": lambda rho, epsilon: {"cls": torch.optim.RMSprop, "alpha": rho, "eps": epsilon},
}
SOLVERS = [
    ("sgd", {"momentum": 0.0, "nesterovs_momentum": False}),
    ("sgd", {"momentum": 0.8, "nesterovs_momentum": False}),
    ("sgd", {"momentum": 0.8, "nesterovs_momentum": True}),
    ("adam", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": TINY}),
    ("adam", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1}),
    ("adamw", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": TINY, "weight_decay": 0.01}),
    ("adamw", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1, "weight_decay": 2.0}),
    ("rmsprop", {"rho": 0.99, "epsilon": 1e-8}),
    ("rmsprop", {"rho": 0.8, "epsilon": 0.1}),
]


def cosine(optimiser, n_epochs, warmup, final):
    """Return CosineAnnealingLR, after LinearLR if there is a warm-up of so many epochs."""
    rising = round(warmup * n_epochs)
    down = lr_scheduler.CosineAnnealingLR(optimiser, n_epochs - rising, final * LEARNING_RATE)
    if not rising:
        return down
    up = lr_scheduler.LinearLR(optimiser, 1 / (rising + 1), total_iters=rising)
    return lr_scheduler.SequentialLR(optimiser, [up, down], [rising])


def one_cycle(optimiser, n_epochs, warmup, start, final):
    """Return OneCycleLR; its last factor is relative to its first rate."""
    return lr_scheduler.OneCycleLR(
        optimiser,
        LEARNING_RATE,
        total_steps=n_epochs,
        pct_start=warmup,
        div_factor=1 / start,
        final_div_factor=start / final,
        cycle_momentum=False,
    )


SCHEDULES = {"cosine": cosine, "one_cycle": one_cycle}
PLANS = [
    ("cosine", 1, {"warmup": 0.0, "final": 0.0}),
    ("cosine", 10, {"warmup": 0.0, "final": 0.0}),
    ("cosine", 10, {"warmup": 0.0, "final": 0.3}),
    ("cosine", 20, {"warmup": 0.25, "final": 0.01}),
    ("one_cycle", 2, {"warmup": 0.3, "start": 0.04, "final": 4e-6}),
    ("one_cycle", 10, {"warmup": 0.3, "start": 0.04, "final": 4e-6}),
    ("one_cycle", 13, {"warmup": 0.3, "start": 0.04, "final": 4e-6}),
    ("one_cycle", 9, {"warmup": 0.0, "start": 0.5, "final": 0.1}),
]


def steps(name, hyperparameters, start, gradients):
    """Return the parameters after each step."""
    options = OPTIMISERS[name](**hyperparameters)
    params = torch.tensor(start, requires_grad=True)
    optimiser = options.pop("cls")([params], lr=LEARNING_RATE, **options)
    found = []
    for gradient in gradients:
        params.grad = torch.tensor(gradient)
        optimiser.step()
        found.append(params.detach().numpy().tolist())
    return found


def rates(name, n_epochs, parameters):
    """Return the learning rate of each epoch."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LEARNING_RATE)
    schedule = SCHEDULES[name](optimiser, n_epochs, **parameters)
    found = []
    for _ in range(n_epochs):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return found


def clipped(gradient, max_grad_norm):
    """Return the norm of a gradient, and the gradient after clipping."""
    params = torch.zeros(len(gradient), dtype=torch.float64, requires_grad=True)
    params.grad = torch.tensor(gradient)
    norm = torch.nn.utils.clip_grad_norm_(params, max_grad_norm)
    return norm.item(), params.grad.numpy().tolist()


def main():
    """Write the file."""
    rng = np.random.default_rng(0)
    start = rng.normal(size=5)
    gradients = rng.normal(0.3, 1.0, (STEPS, 5)) * [1e-3, 0.1, 1, 30, 1]
    gradients[:, -1] = 0  # a parameter that nothing depends on
    parts = {
        "made by": f"benchmarks/reference_solvers.py, PyTorch {torch.__version__}",
        "learning_rate": LEARNING_RATE,
        "start": start.tolist(),
        "gradients": gradients.tolist(),
        "solvers": [
            {"name": name, "parameters": each, "steps": steps(name, each, start, gradients)}
            for name, each in SOLVERS
        ],
        "schedules": [
            {"name": name, "n_epochs": n, "parameters": each, "rates": rates(name, n, each)}
            for name, n, each in PLANS
        ],
        "clipping": [
            {"max_grad_norm": limit, "norm": norm, "clipped": gradient}
            for limit in (0.5, 15.0, 1e3)
            for norm, gradient in [clipped(gradients[0], limit)]
        ],
    }
    lines = [f"{json.dumps(name)}: {in_lines(part)}" for name, part in parts.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def in_lines(part):
    """Return JSON with a line for each entry of a list."""
    if not isinstance(part, list):
        return json.dumps(part)
    return "[\n" + ",\n".join(map(json.dumps, part)) + "\n]"


if __name__ == "__main__":
    main()
