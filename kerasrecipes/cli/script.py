"""`main`: the command line of a recipe script."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from kerasrecipes.cli.arguments import add_debug, with_changes, with_command
from kerasrecipes.cli.exits import clean_exit
from kerasrecipes.cli.script_commands import COMMANDS, Request

GOES_ON = "Stopped. The same command goes on from the last finished epoch."


def main(
    recipe,
    space: Mapping[str, object] | None = None,
    argv: Sequence[str] | None = None,
    *,
    rungs: str | None = None,
) -> None:
    """Runs a recipe script's command line: `train`, `show`, `report` and others.

    The script's name names its runs. Bad input ends the process with one line and exit code 2;
    Ctrl-C and SIGTERM end it with 130 and 143, and the same command goes on from there.

    Args:
        recipe: The script's `Recipe`.
        space: The search space that belongs to it: dictionary from dotted path to a distribution.
        argv: The arguments. Defaults to those of the process.
        rungs: What `search` does where `--rungs` is not given, such as `"20x2,8x8,3x30"`.

    Example:

    ```python
    if __name__ == "__main__":
        main(Recipe(data=use("Digits"), model=use("MLP"), epochs=5))
    ```
    """
    argv = sys.argv[1:] if argv is None else argv
    script = Path(sys.argv[0])
    with clean_exit(debug="--debug" in argv, when_stopped=GOES_ON):
        argv = with_command(argv, COMMANDS, default="train")
        arguments = _parser(script.name, rungs).parse_args(argv)
        run_command(recipe, script.stem.lstrip("-") or "recipe", arguments, space)


def run_command(
    recipe,
    name: str,
    arguments: argparse.Namespace,
    space: Mapping[str, object] | None = None,
) -> None:
    """Does what the arguments ask for with a recipe whose runs are called `name`."""
    changed = with_changes(recipe, arguments)
    COMMANDS[arguments.command].run(Request(changed, name, arguments, space))


def _parser(script: str, rungs: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=script, epilog=f"`{script} train --help` shows the options of training."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, command in COMMANDS.items():
        added = commands.add_parser(name, help=command.what, description=command.what)
        for add in (*command.adds, add_debug):
            add(added)
    commands.choices["search"].set_defaults(rungs=rungs)
    return parser
