"""The entry point of the command `kerasrecipes`: `console`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kerasrecipes.cli.arguments import Parser, changes_of
from kerasrecipes.cli.command import Command, Request, check_command, when_stopped
from kerasrecipes.cli.commands import COMMANDS
from kerasrecipes.cli.consent import asking
from kerasrecipes.cli.exits import clean_exit
from kerasrecipes.cli.script import run_script
from kerasrecipes.recipe.qualified_names import CodeNotAllowedError


def console(argv: Sequence[str] | None = None) -> None:
    """Runs the command `kerasrecipes`.

    Args:
        argv: The arguments. Defaults to those of the process.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    command = COMMANDS.get(argv[0]) if argv else None
    with clean_exit(debug="--debug" in argv, when_stopped=when_stopped(command)):
        if argv:
            hint = f" Did you mean `kerasrecipes train {argv[0]}`?"
            check_command(argv[0], COMMANDS, hint if os.path.exists(argv[0]) else "")
        parser = _parser()
        arguments = parser.parse_args(argv)
        if arguments.version:
            from importlib.metadata import version

            print(f"kerasrecipes {version('kerasrecipes')}")
        elif command is None:
            parser.print_help()
        elif command.takes == "recipe":
            _run(command, arguments, argv)
        else:
            with asking(getattr(arguments, "allow_code", False)):
                command.run(arguments)


def _run(command: Command, arguments: argparse.Namespace, argv: list[str]) -> None:
    """Does what is asked for with a recipe that is given by a path."""
    given = arguments.recipe
    instead = command.alternative
    if instead is not None and instead.fits(given):
        is_changed = arguments.directory or arguments.name or changes_of(arguments)
        if is_changed and not instead.takes_options:
            what = "none" if Path(given).exists() else "no file or folder"
            raise ValueError(f"Options are for a recipe, and {given!r} is {what}.")
        instead.run(arguments)
    elif given.endswith(".py"):
        argv.remove(given)  # What is left is for the script's own command line.
        run_script(given, argv)
    else:
        with asking(arguments.allow_code):
            _run_with_file(command, arguments)


def _run_with_file(command: Command, arguments: argparse.Namespace) -> None:
    """Does what is asked for with the recipe in a recipe.json or in a run folder."""
    from kerasrecipes.recipe.recipe import Recipe
    from kerasrecipes.recipe.users_code import not_allowed

    recipe = Recipe.read(arguments.recipe)
    asked = Request.of(recipe, arguments, **_home(Path(arguments.recipe), recipe))
    if command.runs_code and (modules := not_allowed(asked.recipe)):
        raise CodeNotAllowedError(*modules)
    command.run(asked)


def _home(path: Path, recipe) -> dict[str, Any]:
    """Returns directory, name and given folder of a recipe: of the run folder that it is in."""
    from kerasrecipes.recipe.users_code import not_allowed
    from kerasrecipes.training.files.folder_names import RunFolderName

    folder = (path if path.is_dir() else path.parent).resolve()
    parts = RunFolderName.of(folder.name)
    if parts is None and _is_of_run(path, folder):
        parts = RunFolderName(folder.name, recipe.fingerprint)  # The folder was renamed.
    # Which options are local paths, and no part of a fingerprint, only a user's own code tells.
    if parts is None or parts.fingerprint != recipe.fingerprint and not not_allowed(recipe):
        return {"name": path.resolve().stem}
    return {"directory": os.path.relpath(folder.parent), "name": parts.name, "given": folder}


def _is_of_run(path: Path, folder: Path) -> bool:
    """Returns whether a path is a run folder in which a training has begun, or its recipe."""
    return (path.is_dir() or path.name == "recipe.json") and (folder / "data.json").is_file()


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="kerasrecipes", description="Training recipes for Keras 3.")
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for command in COMMANDS.values():
        command.add_parser(commands, of_script=False)
    return parser
