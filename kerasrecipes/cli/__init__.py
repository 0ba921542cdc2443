"""The command line: `main`, which every recipe script calls, and the command `kerasrecipes`."""

from kerasrecipes.cli.entry_point import console
from kerasrecipes.cli.script import main

__all__ = ["console", "main"]
