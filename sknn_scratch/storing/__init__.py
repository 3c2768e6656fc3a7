"""What is put into files: checkpoints of a training, and what a stored model may consist of."""

from .checkpoint import fit_with_checkpoints
from .trusted import trusted_types
