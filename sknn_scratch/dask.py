"""Training on a Dask cluster."""

from .interop.dask import fit_lbfgs as fit_lbfgs
