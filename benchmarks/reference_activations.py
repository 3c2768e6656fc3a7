"""Write PyTorch's values and derivatives of the activations, which the tests compare ours with.

``python -m benchmarks.reference_activations``, in an environment with PyTorch.
"""

import json
from pathlib import Path

import torch
from torch.nn import functional as F

TARGET = Path(__file__).parents[1] / "tests" / "data" / "activations_torch.json"
FUNCTIONS = [  # our class, its parameters, and PyTorch's function
    ("LeakyReLU", {}, F.leaky_relu),
    ("LeakyReLU", {"slope": 0.3}, lambda z: F.leaky_relu(z, negative_slope=0.3)),
    ("ELU", {}, F.elu),
    ("ELU", {"alpha": 0.5}, lambda z: F.elu(z, alpha=0.5)),
    ("SELU", {}, F.selu),
    ("Softplus", {}, lambda z: F.softplus(z, threshold=50)),  # from there on, just z
    ("SiLU", {}, F.silu),
    ("GELU", {}, F.gelu),
    ("Mish", {}, F.mish),
]


def reference(component, params, function, z):
    """Return the values of a function and its derivative at each z, in float64."""
    z = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    a = function(z)
    a.sum().backward()
    return {
        "component": component,
        "params": params,
        "a": a.tolist(),
        "derivative": z.grad.tolist(),
    }


def main():
    """Write the file."""
    z = [-1e4, -100.0, -30.0, *(k / 4 for k in range(-40, 41)), 30.0, 100.0, 1e4]
    functions = [reference(*row, z) for row in FUNCTIONS]
    content = {"torch": torch.__version__, "z": z, "functions": functions}
    TARGET.write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
