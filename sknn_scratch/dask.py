"""Training on a Dask cluster."""

from .interop.dask import fit_lbfgs

__all__ = ["fit_lbfgs"]
