"""What a fitted network warns of."""

from ..training import Message

APART = Message(
    "coefs_ and intercepts_ cannot hold these predictions: a column of X varies by too little for "
    "how far it is from zero, or its unit is extreme. `predict` keeps the scaling apart and is "
    "right; what is made of coefs_ is not. Move the column near zero, or use float64."
)
NOT_FINITE = Message("Some predictions are not finite: they are too large, or X is.")
STD_NOT_FINITE = Message(
    "Some standard deviations are not finite: X is too far from what the network was trained on."
)
