"""The command line: `main`, which every recipe script calls, and the command `kerasrecipes`."""

from kerasrecipes.cli.entry_point import console
from kerasrecipes.cli.quiet_start import keep_tensorflow_quiet
from kerasrecipes.cli.script import main

__all__ = ["console", "main"]

# Here, because a recipe script imports TensorFlow before it calls `main`.
keep_tensorflow_quiet()
