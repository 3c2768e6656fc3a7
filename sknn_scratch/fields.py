"""Fields of a piece (an activation with parameters, say), made sure of when it is made."""

from numbers import Real


def as_float(piece, name, accepts, takes):
    """Make a field of a frozen dataclass a float: a NumPy number would make float32 float64.

    Parameters
    ----------
    piece : object
    name : str
        Of the field.
    accepts : callable
        ``accepts(value)`` returns True if the number is allowed.
    takes : str
        Which numbers are, for the message.

    Raises
    ------
    TypeError, ValueError
        If it is not a real number, or not one that is allowed.
    """
    value = getattr(piece, name)
    message = f"{name} of {type(piece).__name__} must be {takes}, got {value!r}."
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(message)
    if not accepts(value):
        raise ValueError(message)
    object.__setattr__(piece, name, float(value))
