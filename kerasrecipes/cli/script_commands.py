"""What a recipe can be made to do from the command line: a row a command."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kerasrecipes.cli import recipe_commands
from kerasrecipes.cli.arguments import add_recipe, add_training
from kerasrecipes.cli.commands.advise import add_advise, write_advice
from kerasrecipes.cli.commands.augment import add_augment, show_augmentation
from kerasrecipes.cli.commands.data import add_data, show_data
from kerasrecipes.cli.commands.find_lr import add_find_lr, find_learning_rate
from kerasrecipes.cli.commands.plot_schedule import add_plot_schedule, plot_schedule
from kerasrecipes.cli.commands.search import add_search, search_recipe


class Request(NamedTuple):
    """What a command is asked to do.

    Args:
        recipe: The recipe, changed as the arguments say.
        name: What its runs are called.
        arguments: The arguments of the command line.
        space: The search space that a script brings.
    """

    recipe: Any
    name: str
    arguments: argparse.Namespace
    space: Mapping[str, object] | None


class Command(NamedTuple):
    """A command: what it does, in a line; what adds its arguments; and what runs it."""

    what: str
    adds: tuple[Callable[[argparse.ArgumentParser], None], ...]
    run: Callable[[Request], None]


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    add_recipe(parser, directory="saved_models")


def _train(asked: Request) -> None:
    if asked.arguments.seeds is None:
        recipe_commands.train_recipe(asked.recipe, asked.name, asked.arguments)
    elif asked.arguments.seed is None:
        recipe_commands.train_seeds(asked.recipe, asked.name, asked.arguments)
    else:
        raise ValueError("Give `--seed` or `--seeds`, not both.")


def _show(asked: Request) -> None:
    directory = asked.arguments.directory
    recipe_commands.show_recipe(asked.recipe, asked.name, directory, asked.space)


def _report(asked: Request) -> None:
    recipe_commands.write_report_again(asked.recipe, asked.name, asked.arguments.directory)


def _augment(asked: Request) -> None:
    show_augmentation(asked.recipe, asked.name, asked.arguments.images, asked.arguments.grid)


COMMANDS = {
    "train": Command(
        "train the recipe, or show its run if it is finished (what happens without a command)",
        (_add_recipe, add_training),
        _train,
    ),
    "show": Command("print the resolved recipe, its parameters and steps", (_add_recipe,), _show),
    "report": Command("write the report of its run anew", (_add_recipe,), _report),
    "plot-schedule": Command(
        "draw learning rate and momentum over its epochs",
        (add_plot_schedule,),
        lambda asked: plot_schedule(asked.recipe, asked.arguments.output),
    ),
    "find-lr": Command(
        "try ever higher learning rates for a few steps, and suggest one",
        (add_find_lr,),
        lambda asked: find_learning_rate(asked.recipe, asked.arguments),
    ),
    "data": Command(
        "look at its images: counts, values, duplicates, and a sheet of pictures",
        (_add_recipe, add_data),
        lambda asked: show_data(asked.recipe, asked.name, asked.arguments.grid),
    ),
    "augment": Command(
        "draw a sheet of its images as the network will see them",
        (_add_recipe, add_augment),
        _augment,
    ),
    "advise": Command(
        "measure how to use its pretrained network on its images, and write that recipe",
        (add_advise,),
        lambda asked: write_advice(asked.recipe, asked.arguments.output),
    ),
    "search": Command(
        "search its options, from coarse to fine, and write the best recipe",
        (add_search,),
        lambda asked: search_recipe(*asked),
    ),
}
