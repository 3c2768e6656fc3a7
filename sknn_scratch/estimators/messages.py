"""What a fitted network warns of."""

from ..training import Message

LOSES_DIGITS = Message(
    "MLPRegressor cannot hold these predictions: a column of X varies by too little for how far it "
    "is from zero, or its unit is extreme. Move the column near zero, or use float64."
)
NOT_FINITE = Message("Some predictions are not finite: they are too large, or X is.")
STD_NOT_FINITE = Message(
    "Some standard deviations are not finite: X is too far from what the network was trained on."
)
