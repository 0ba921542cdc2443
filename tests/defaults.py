"""Defaults and limits of arguments, written out.

A recipe trains to other numbers if a default changes. Who changes one on purpose raises
`NUMERICS_VERSION` (kerasrecipes/training/numerics.py), and writes it here.
"""

import inspect
import re

# Outside of every limit, as a number and as an integer.
_OUTSIDE = (float("nan"), -(10**9))


def defaults_of(component):
    """Returns the defaults of a class's arguments as one line, without names and seeds."""
    parameters = inspect.signature(component).parameters.values()
    return ", ".join(
        f"{one.name}={one.default!r}"
        for one in parameters
        if one.default is not one.empty and one.name not in ("name", "seed")
    )


def limits_of(make, argument):
    """Returns what an argument must be, as the error says when it is far outside of its limits.

    Args:
        make: A function that makes an object with a given argument.
        argument: The argument's name.
    """
    for value in _OUTSIDE:
        try:
            make(**{argument: value})
        except (TypeError, ValueError) as error:
            found = re.match(rf"`{argument}` must be (a number|an integer)(.*?)\. Rec", str(error))
            if found:
                return found[1] + found[2]
    return None
