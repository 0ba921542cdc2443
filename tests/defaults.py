"""Defaults of components, written out: a recipe trains to other numbers if one changes.

Who changes one on purpose raises `NUMERICS_VERSION` (kerasrecipes/training/numerics.py), and writes
it here.
"""

import inspect


def defaults_of(component):
    """Returns the defaults of a class's arguments as one line, without names and seeds."""
    parameters = inspect.signature(component).parameters.values()
    return ", ".join(
        f"{one.name}={one.default!r}"
        for one in parameters
        if one.default is not one.empty and one.name not in ("name", "seed")
    )
