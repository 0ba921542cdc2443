"""`console`: the command `kerasrecipes`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from kerasrecipes.cli.arguments import (
    add_debug,
    add_recipe,
    add_set,
    add_training,
    with_command,
)
from kerasrecipes.cli.commands.advise import add_advise
from kerasrecipes.cli.commands.augment import add_augment
from kerasrecipes.cli.commands.augment_check import add_augment_check, augment_check
from kerasrecipes.cli.commands.compare import add_compare, compare
from kerasrecipes.cli.commands.data import add_data
from kerasrecipes.cli.commands.evaluate import add_evaluate, evaluate
from kerasrecipes.cli.commands.export import add_export, export_run
from kerasrecipes.cli.commands.find_lr import add_find_lr
from kerasrecipes.cli.commands.plot_schedule import add_plot_schedule
from kerasrecipes.cli.commands.predict import add_predict, predict
from kerasrecipes.cli.commands.search import add_search
from kerasrecipes.cli.exits import clean_exit
from kerasrecipes.cli.script import GOES_ON, run_command

COMMANDS = {
    "train": "train a recipe.json, or go on with a run folder",
    "list": "list what a recipe can be made of",
    "show": "show a component's options, or what a recipe comes to",
    "plot-schedule": "draw learning rate and momentum over a recipe's epochs",
    "find-lr": "try ever higher learning rates for a few steps, and suggest one",
    "runs": "list the runs in a directory",
    "data": "look at a recipe's images: counts, values, duplicates, and a sheet of pictures",
    "augment": "draw a sheet of a recipe's images as the network will see them",
    "augment-check": "measure which augmentations change what a run's model sees",
    "advise": "measure how to use a recipe's pretrained network on its images",
    "search": "search a recipe's options, from coarse to fine, and write the best recipe",
    "predict": "name the most probable classes of images",
    "evaluate": "score a run, on its own images or on others of its classes",
    "compare": "show what tells runs apart, and test whether their scores do",
    "export": "write a run's model for TensorFlow, ONNX Runtime or Keras alone",
}


def console(argv: Sequence[str] | None = None) -> None:
    """Runs the command `kerasrecipes`.

    Args:
        argv: The arguments. Defaults to those of the process.
    """
    argv = sys.argv[1:] if argv is None else argv
    stopped = GOES_ON if argv[:1] in (["train"], ["search"]) else "Stopped."
    with clean_exit(debug="--debug" in argv, when_stopped=stopped):
        parser = _parser()
        arguments = parser.parse_args(with_command(argv, COMMANDS))
        # Where a user's own "module:Name" is found; last, so that it hides nothing.
        sys.path.append(os.getcwd())
        if arguments.version:
            from importlib.metadata import version

            print(f"kerasrecipes {version('kerasrecipes')}")
        elif arguments.command is None:
            parser.print_help()
        else:
            arguments.action(arguments)


def _train(arguments: argparse.Namespace) -> None:
    from kerasrecipes.recipe.recipe import Recipe

    recipe = Recipe.read(arguments.recipe)
    directory, name = _home(Path(arguments.recipe), recipe)
    arguments.directory = arguments.directory or directory
    run_command(recipe, name, arguments)


def _recipe_command(arguments: argparse.Namespace) -> None:
    from kerasrecipes.recipe.recipe import Recipe

    recipe = Recipe.read(arguments.recipe)
    run_command(recipe, _home(Path(arguments.recipe), recipe)[1], arguments)


def _list(arguments: argparse.Namespace) -> None:
    from kerasrecipes.cli.components import list_components

    list_components(arguments.family, arguments.pattern)


def _show(arguments: argparse.Namespace) -> None:
    if not os.path.exists(arguments.name):
        from kerasrecipes.cli.backbone import is_backbone, show_backbone
        from kerasrecipes.cli.components import show_component

        show = show_backbone if is_backbone(arguments.name) else show_component
        show(arguments.name)
        return
    from kerasrecipes.cli.recipe_commands import show_recipe
    from kerasrecipes.recipe.recipe import Recipe

    recipe = Recipe.read(arguments.name)
    directory, name = _home(Path(arguments.name), recipe)
    show_recipe(recipe, name, directory)


def _runs(arguments: argparse.Namespace) -> None:
    from kerasrecipes.cli.commands.runs import list_runs

    list_runs(arguments.directory)


def _pictures(arguments: argparse.Namespace) -> None:
    from kerasrecipes.recipe.recipe import Recipe

    if arguments.recipe.endswith(".py"):
        command = f"python {arguments.recipe} {arguments.command}"
        raise ValueError(f"A script shows its own images: {command}")
    recipe = Recipe.read(arguments.recipe)
    run_command(recipe, _home(Path(arguments.recipe), recipe)[1], arguments)


def _home(path: Path, recipe) -> tuple[str, str]:
    """Returns the directory and the name of a recipe's runs: those of the run folder it is in."""
    folder = (path if path.is_dir() else path.parent).resolve()
    name = folder.name.removesuffix(f"-{recipe.fingerprint}")
    if name != folder.name:
        return os.path.relpath(folder.parent), name
    return "saved_models", path.resolve().stem


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kerasrecipes", description="Training recipes for Keras 3."
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    added = {
        name: commands.add_parser(name, help=what, description=what)
        for name, what in COMMANDS.items()
    }
    added["train"].add_argument("recipe", help="a recipe.json or a run folder")
    add_recipe(added["train"], directory=None)
    add_training(added["train"])
    added["plot-schedule"].add_argument("recipe", help="a recipe.json or a run folder")
    add_plot_schedule(added["plot-schedule"])
    added["find-lr"].add_argument("recipe", help="a recipe.json or a run folder")
    add_find_lr(added["find-lr"])
    added["advise"].add_argument("recipe", help="a recipe.json or a run folder")
    add_advise(added["advise"])
    added["search"].add_argument("recipe", help="a recipe.json or a run folder")
    add_search(added["search"])
    added["list"].add_argument(
        "family", nargs="?", help="such as layer; without it, the families are listed"
    )
    added["list"].add_argument(
        "pattern", nargs="?", default="*", help="names to list, such as 'Random*'"
    )
    added["show"].add_argument(
        "name", help="a component, a backbone, a recipe.json or a run folder"
    )
    added["runs"].add_argument(
        "directory", nargs="?", default="saved_models", help="default: saved_models"
    )
    added["data"].add_argument("recipe", help="a recipe.json or a run folder")
    add_set(added["data"], "change a value of the recipe, such as data.channels=1; repeatable")
    add_data(added["data"])
    added["augment"].add_argument("recipe", help="a recipe.json or a run folder")
    add_set(added["augment"], "change a value of the recipe, such as augment=...; repeatable")
    add_augment(added["augment"])
    add_augment_check(added["augment-check"])
    add_predict(added["predict"])
    add_evaluate(added["evaluate"])
    add_compare(added["compare"])
    add_export(added["export"])
    actions = {
        "train": _train,
        "list": _list,
        "show": _show,
        "plot-schedule": _recipe_command,
        "find-lr": _recipe_command,
        "advise": _recipe_command,
        "search": _recipe_command,
        "runs": _runs,
        "data": _pictures,
        "augment": _pictures,
        "augment-check": augment_check,
        "predict": predict,
        "evaluate": evaluate,
        "compare": compare,
        "export": export_run,
    }
    for name, action in actions.items():
        add_debug(added[name])
        added[name].set_defaults(action=action)
    return parser
