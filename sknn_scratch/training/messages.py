"""What training has to warn of: it only tells; the public method warns, at its caller's line."""

from typing import NamedTuple


class Message(NamedTuple):
    """What there is to warn of."""

    text: str
    category: type = UserWarning


INTERRUPTED = Message("Training interrupted by user.")
