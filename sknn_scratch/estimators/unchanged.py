"""An estimator whose `fit` has failed is as it was before."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def unchanged_on_error(estimator: Any, goes_on: bool = False) -> Iterator[None]:
    """Put all attributes of an estimator back as they were if the block raises.

    Those that are changed in place are not among them, but for random states: the parameter, and
    where training ``goes_on`` the one that it left.
    """
    before = dict(vars(estimator))
    sources = [getattr(estimator, "random_state", None)]
    sources += [getattr(before.get("_state"), "random_state", None)] if goes_on else []
    sources = [source for source in sources if isinstance(source, np.random.RandomState)]
    draws = [source.get_state() for source in sources]
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        for source, drawn in zip(sources, draws):
            source.set_state(drawn)
        raise
