"""The command `demo`: the training of a recipe that needs neither a clone nor a download."""

import argparse
import runpy
from pathlib import Path

from kerasrecipes.cli.arguments import add_recipe_options
from kerasrecipes.cli.command import Command, Request
from kerasrecipes.cli.commands import train
from kerasrecipes.cli.consent import add_allow_code

NAME = "train_from_scratch.py"


def demo_script() -> Path:
    """Returns the path of the demo's recipe script.

    In a clone it is one of `recipes/`. setup.py puts a copy into the wheel.
    """
    package = Path(__file__).parents[2]
    installed = package / "cli" / "demo_recipe" / NAME
    return installed if installed.is_file() else package.parent / "recipes" / NAME


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_recipe_options(parser)
    train.COMMAND.add_arguments(parser)
    add_allow_code(parser)


def _demo(arguments: argparse.Namespace) -> None:
    script = demo_script()
    print(f"{script}: the recipe, a script to copy and change", flush=True)
    recipe = runpy.run_path(str(script))["recipe"]
    train.COMMAND.run(Request.of(recipe, arguments, name=script.stem))


COMMAND = Command(
    name="demo",
    help="train a small network on handwritten digits, which come along, and write its report",
    takes="nothing",
    add_arguments=_add_arguments,
    run=_demo,
    resumes=True,
    runs_code=True,
)
