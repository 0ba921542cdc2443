"""The command line of a recipe script: `main`, which the script calls, and scripts by path."""

import argparse
import ast
import contextlib
import dataclasses
import runpy
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kerasrecipes.base.checks import nearest
from kerasrecipes.base.damaged_files import decoding
from kerasrecipes.cli.arguments import Parser
from kerasrecipes.cli.command import Command, Request, check_command, when_stopped
from kerasrecipes.cli.commands import COMMANDS
from kerasrecipes.cli.consent import remember
from kerasrecipes.cli.exits import clean_exit


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
    from kerasrecipes.recipe.users_code import own_modules, with_imports

    script = Path(sys.argv[0])
    argv = _with_command(sys.argv[1:] if argv is None else argv)
    with clean_exit(debug="--debug" in argv, when_stopped=when_stopped(COMMANDS.get(argv[0]))):
        _check_command(argv[0])
        arguments = _parser(script.name).parse_args(argv)
        name = script.stem.lstrip("-") or "recipe"
        request = Request.of(recipe, arguments, name=name, space=space, rungs=rungs)
        # A script is its user's own code, and so are the modules that it names.
        if modules := own_modules(request.recipe):
            remember(modules)
            request = dataclasses.replace(request, recipe=with_imports(request.recipe))
        COMMANDS[arguments.command].run(request)


def run_script(path: str, argv: Sequence[str]) -> None:
    """Runs a recipe script as `python path *argv` would.

    Args:
        path: A file whose name ends in `.py`.
        argv: The arguments for its `main`.

    Raises:
        ValueError: If there is no such file, or it does not call `main`. It is not run then: a
            script that does something else would begin to do it.
    """
    script = Path(path)
    if not script.is_file():
        there = [str(script.with_name(found.name)) for found in script.parent.glob("*.py")]
        raise ValueError(f"There is no recipe script {path!r}.{nearest(path, there)}")
    with decoding(script):
        tree = ast.parse(script.read_bytes(), path)
    if not _calls_main(tree):
        raise ValueError(
            "Expected a recipe script: one that ends in `main(recipe)`, with "
            f"`from kerasrecipes import main`. Received: {path}"
        )
    with _started_as(script, argv):
        runpy.run_path(path, run_name="__main__")


def _with_command(argv: Sequence[str]) -> list[str]:
    """Returns the arguments with a command first: `train` unless another is given."""
    is_given = argv and (argv[0] in ("-h", "--help") or not argv[0].startswith("-"))
    return list(argv) if is_given else ["train", *argv]


def _check_command(given: str) -> None:
    command = COMMANDS.get(given)
    if command is not None and command.takes != "recipe":
        raise ValueError(f"`{given}` is no command of a recipe script. Type: {command.usage}")
    check_command(given, _of_recipes())


def _of_recipes() -> dict[str, Command]:
    """Returns the commands that a script has."""
    return {name: command for name, command in COMMANDS.items() if command.takes == "recipe"}


def _parser(script: str) -> argparse.ArgumentParser:
    others = ", ".join(name for name in COMMANDS if name not in _of_recipes())
    parser = Parser(
        prog=script,
        epilog=f"`{script} train --help` shows the options of training. Without a command, it "
        f"trains. What is not about a recipe, `kerasrecipes` does: {others}.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for command in _of_recipes().values():
        command.add_parser(commands, of_script=True)
    return parser


def _calls_main(tree: ast.Module) -> bool:
    """Returns whether a program calls a `main` that is imported from here."""
    imported = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kerasrecipes")
        for name in node.names
        if name.name == "main"
    }
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(
        (isinstance(function, ast.Name) and function.id in imported)
        or (isinstance(function, ast.Attribute) and function.attr == "main")
        for function in called
    )


@contextlib.contextmanager
def _started_as(script: Path, argv: Sequence[str]) -> Iterator[None]:
    """Gives a script the arguments and the first place to import from that Python gives it."""
    before = sys.argv, sys.path[:]
    sys.argv = [str(script), *argv]
    sys.path.insert(0, str(script.resolve().parent))
    try:
        yield
    finally:
        sys.argv, sys.path[:] = before
