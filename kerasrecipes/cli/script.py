"""`main`: the command line of a recipe script."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from kerasrecipes.cli import recipe_commands
from kerasrecipes.cli.advise import add_advise, write_advice
from kerasrecipes.cli.arguments import (
    add_debug,
    add_recipe,
    add_training,
    with_changes,
    with_command,
)
from kerasrecipes.cli.augment import add_augment, show_augmentation
from kerasrecipes.cli.data_command import add_data, show_data
from kerasrecipes.cli.exits import clean_exit
from kerasrecipes.cli.find_lr import add_find_lr, find_learning_rate
from kerasrecipes.cli.plot_schedule import add_plot_schedule, plot_schedule
from kerasrecipes.cli.search import add_search, search_recipe

COMMANDS = {
    "train": "train the recipe, or show its run if it is finished (what happens without a command)",
    "show": "print the resolved recipe, its parameters and steps",
    "report": "write the report of its run anew",
    "plot-schedule": "draw learning rate and momentum over its epochs",
    "find-lr": "try ever higher learning rates for a few steps, and suggest one",
    "data": "look at its images: counts, values, duplicates, and a sheet of pictures",
    "augment": "draw a sheet of its images as the network will see them",
    "advise": "measure how to use its pretrained network on its images, and write that recipe",
    "search": "search its options, from coarse to fine, and write the best recipe",
}
GOES_ON = "Stopped. The same command goes on from the last finished epoch."


def main(
    recipe, space: Mapping[str, object] | None = None, argv: Sequence[str] | None = None
) -> None:
    """Runs a recipe script's command line: `train`, `show`, `report` and others.

    The script's name names its runs. Bad input ends the process with one line and exit code 2;
    Ctrl-C and SIGTERM end it with 130 and 143, and the same command goes on from there.

    Args:
        recipe: The script's `Recipe`.
        space: The search space that belongs to it: dictionary from dotted path to a distribution.
        argv: The arguments. Defaults to those of the process.

    Example:

    ```python
    if __name__ == "__main__":
        main(Recipe(data=use("Digits"), model=use("MLP"), epochs=5))
    ```
    """
    argv = sys.argv[1:] if argv is None else argv
    script = Path(sys.argv[0])
    with clean_exit(debug="--debug" in argv, when_stopped=GOES_ON):
        arguments = _parser(script.name).parse_args(with_command(argv, COMMANDS, default="train"))
        run_command(recipe, script.stem.lstrip("-") or "recipe", arguments, space)


def run_command(
    recipe,
    name: str,
    arguments: argparse.Namespace,
    space: Mapping[str, object] | None = None,
) -> None:
    """Does what the arguments ask for with a recipe whose runs are called `name`."""
    changed = with_changes(recipe, arguments)
    if arguments.command == "show":
        recipe_commands.show_recipe(changed, name, arguments.directory, space)
    elif arguments.command == "report":
        recipe_commands.write_report_again(changed, name, arguments.directory)
    elif arguments.command == "plot-schedule":
        plot_schedule(changed, arguments.output)
    elif arguments.command == "find-lr":
        find_learning_rate(changed, arguments)
    elif arguments.command == "data":
        show_data(changed, name, arguments.sheet)
    elif arguments.command == "augment":
        show_augmentation(changed, name, arguments.images, arguments.sheet)
    elif arguments.command == "advise":
        write_advice(changed, arguments.output)
    elif arguments.command == "search":
        search_recipe(changed, name, arguments, space)
    elif arguments.seeds is None:
        recipe_commands.train_recipe(changed, name, arguments)
    elif arguments.seed is None:
        recipe_commands.train_seeds(changed, name, arguments)
    else:
        raise ValueError("Give `--seed` or `--seeds`, not both.")


def _parser(script: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=script, epilog=f"`{script} train --help` shows the options of training."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, what in COMMANDS.items():
        command = commands.add_parser(name, help=what, description=what)
        if name == "plot-schedule":
            add_plot_schedule(command)
        elif name == "find-lr":
            add_find_lr(command)
        elif name == "advise":
            add_advise(command)
        elif name == "search":
            add_search(command)
        else:
            add_recipe(command, directory="saved_models")
        if name == "train":
            add_training(command)
        elif name == "data":
            add_data(command)
        elif name == "augment":
            add_augment(command)
        add_debug(command)
    return parser
