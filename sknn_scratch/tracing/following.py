"""Whether a formula may be followed, and plans that are kept.

To follow a formula (see `recording`) is to call it when nobody else would, and to take what it
did for what it always does. That holds for the components of the package, so their plans are
kept. A component of somebody else's is followed for each fit, and as a copy, so that nothing
happens to it; and it is taken at its word only if it does the same twice and leaves the copy as
it was. One that draws random numbers, counts or remembers is not.
"""

import copy
import pickle
from collections.abc import Callable
from typing import Any

PACKAGE = __name__.partition(".")[0]
PLANS: dict[Any, Any] = {}  # of the components of the package, by all that they depend on
MOST = 512


def followed(follow: Callable[..., Any], component: Any, *forms: Any) -> Any:
    """Return ``follow(component, *forms)``, or None if the component cannot be followed."""
    try:
        if type(component).__module__.partition(".")[0] != PACKAGE:
            return _followed_twice(follow, component, forms)
        key = follow, type(component), tuple(vars(component).items()), forms
        plan = PLANS.get(key)
        if plan is None:
            if len(PLANS) >= MOST:
                PLANS.clear()
            plan = PLANS[key] = follow(component, *forms)
        return plan
    except Exception:  # it may be anybody's code
        return None


def _followed_twice(follow, component, forms):
    twin = copy.deepcopy(component)
    before = pickle.dumps(vars(twin))
    first, second = (follow(twin, *forms) for _ in range(2))
    same = first.description == second.description and pickle.dumps(vars(twin)) == before
    return first if same else None
