"""What is put into files: checkpoints of a training, and what a stored model may consist of."""

from .checkpoint import fit_with_checkpoints
from .moved import register_moved_classes
from .trusted import trusted_types

register_moved_classes()

__all__ = ["fit_with_checkpoints", "trusted_types"]
