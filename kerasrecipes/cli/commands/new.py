"""The command `new`: a recipe script for images, which is written and not trained."""

import argparse

from kerasrecipes.cli.arguments import add_recipe_options
from kerasrecipes.cli.command import Command
from kerasrecipes.cli.trainings.images import (
    WHAT,
    add_images_options,
    images_options,
    settings_by_set,
)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", help=WHAT)
    add_recipe_options(parser)
    add_images_options(parser)


def _new(arguments: argparse.Namespace) -> None:
    """Writes a recipe script for images, and prints the reason of each choice."""
    from kerasrecipes.proposals import new_script

    with settings_by_set():
        script = new_script(arguments.images, **images_options(arguments))
    print(f"now: python {script}")


COMMAND = Command(
    name="new",
    help="write a recipe script for a folder of images, with a reason for each choice",
    takes="nothing",
    add_arguments=_add_arguments,
    run=_new,
)
