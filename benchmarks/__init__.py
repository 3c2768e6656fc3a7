"""Speed and memory of ScratchMLPRegressor beside its peers: ``python -m benchmarks -h``."""
