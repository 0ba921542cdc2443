"""Changes of a recipe as options of the command line."""

import shlex
from collections.abc import Mapping

from kerasrecipes.base.csv_table import to_cell


def set_line(changes: Mapping[str, object]) -> str:
    """Returns plain changes as options of the command line, quoted for a shell.

    Example:

    >>> print(set_line({"optimizer.momentum": 0.9, "model.units": [64, 32]}))
    --set optimizer.momentum=0.9 --set 'model.units=[64, 32]'
    """
    settings = [f"{path}={to_cell(value)}" for path, value in changes.items()]
    return " ".join(f"--set {shlex.quote(each)}" for each in settings)
