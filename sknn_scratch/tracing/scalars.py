"""Numbers of a rule that change from step to step: the learning rate, and counters in the state.

While a solver's rule is followed (see `recording`), a `Number` stands for each of them, and for
what is computed of them. It knows how it is written in Python: the rate of Adam's step begins as
``learning_rate * (1 - 0.999 ** (state['t'] + 1)) ** 0.5``. Of what is written so `refresher` makes
a function, to be called before each step.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf, nan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .recording import Recording

RATE = "learning_rate"
LONGEST = 1000  # characters that Python is sure to read


class Number:
    """What stands for a number; ``source`` is how it is written in Python."""

    recording: "Recording"
    source: str

    def __init__(self, recording: "Recording", source: str) -> None:
        self.recording, self.source = recording, source
        if len(source) > LONGEST:
            recording.refuse("the rule computes too much with numbers")

    def __bool__(self) -> bool:
        self.recording.refuse("the rule branches on a number that changes")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: bool(self)
    __hash__ = object.__hash__

    def __neg__(self) -> Any:
        return -1 * self


def written(x: Any) -> str:
    """Return how a number is written in Python."""
    return x.source if type(x) is Number else repr(x) if x > 0 else f"({x!r})"


def _add_operator(name, symbol):
    def result(recording, x, y):
        if not all(type(each) in (int, float, Number) for each in (x, y)):
            return NotImplemented  # an array knows what to do
        return recording.number(f"({written(x)} {symbol} {written(y)})")

    setattr(Number, f"__{name}__", lambda self, other: result(self.recording, self, other))
    setattr(Number, f"__r{name}__", lambda self, other: result(self.recording, other, self))


for _name, _symbol in {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "**",
}.items():
    _add_operator(_name, _symbol)


def refresher(numbers: Sequence[Number], changes: Mapping[str, Any]) -> Callable[..., Any]:
    """Return a function that makes the call that computes the numbers of a step.

    Parameters
    ----------
    numbers : list of Number
    changes : dict of {str: Number, int or float}
        What is put into the state.

    Returns
    -------
    make : callable
        ``make(state, rate, *cells)``, where ``rate()`` is the learning rate, and the cells are 0-d
        arrays that receive the numbers.
    """
    # A function of Python's own: to work off a list of what was noted takes twice as long.
    cells = [f"cell_{i}" for i in range(len(numbers))]
    computed = [written(x) for x in (*numbers, *changes.values())]
    stored = [f"{cell}[()]" for cell in cells] + [f"state[{key!r}]" for key in changes]
    lines = [
        f"def make({', '.join(['state', 'rate', *cells])}):",
        " def refresh():",
        f"  {RATE} = rate()",  # the rest is computed before any of it is stored
        *(f"  n_{i} = {source}" for i, source in enumerate(computed)),
        *(f"  {target} = n_{i}" for i, target in enumerate(stored)),
        " return refresh",
    ]
    names: dict[str, Any] = {"inf": inf, "nan": nan}
    exec("\n".join(lines), names)
    return names["make"]
