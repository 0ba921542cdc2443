"""Command-line arguments that tell which recipe is meant."""

import argparse
import ast
import json
import sys
from collections.abc import Collection, Sequence

from kerasrecipes.base.checks import nearest


def add_debug(parser: argparse.ArgumentParser) -> None:
    """Adds `--debug`."""
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def add_set(parser: argparse.ArgumentParser, what: str) -> None:
    """Adds `--set`, which is for what the text says."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", dest="changes", help=what
    )


def add_views(parser: argparse.ArgumentParser) -> None:
    """Adds `--views`."""
    parser.add_argument(
        "--views",
        metavar="NAME",
        help="average the probabilities of several views of each image: flip, shifts, five_crops, "
        "ten_crops",
    )


def add_recipe(parser: argparse.ArgumentParser, directory: str | None) -> None:
    """Adds the options that change a recipe and tell where its runs are."""
    add_set(
        parser,
        "change a value of the recipe, such as optimizer.learning_rate=0.01; repeatable",
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="short for --set epochs=N")
    parser.add_argument("--seed", type=int, metavar="N", help="short for --set seed=N")
    parser.add_argument(
        "--directory",
        default=directory,
        metavar="FOLDER",
        help="where run folders are kept (default: saved_models)",
    )


def add_training(parser: argparse.ArgumentParser) -> None:
    """Adds the options of training."""
    parser.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        metavar="N",
        help="train once with each seed; prints the mean and its 95%% interval",
    )
    parser.add_argument("--overwrite", action="store_true", help="train again what is finished")


def changes_of(arguments: argparse.Namespace) -> dict[str, object]:
    """Returns the changes that were asked for, by dotted path.

    Raises:
        ValueError: If one is not `path=value`, or a path is set twice.
    """
    pairs = [_pair(text) for text in arguments.changes]
    pairs += [
        (path, getattr(arguments, path))
        for path in ("epochs", "seed")
        if getattr(arguments, path, None) is not None
    ]
    changes: dict[str, object] = {}
    for path, value in pairs:
        if path in changes:
            raise ValueError(f"`{path}` is set twice: to {changes[path]!r} and to {value!r}.")
        changes[path] = value
    return changes


def with_changes(recipe, arguments: argparse.Namespace):
    """Returns the recipe that was asked for, and says so if a swap left values behind."""
    changed = recipe.replace(changes_of(arguments))
    dropped = recipe.flatten().keys() - changed.flatten().keys()
    if dropped:
        print(f"note: no longer set: {', '.join(sorted(dropped))}", file=sys.stderr)
    return changed


def value_of(text: str) -> object:
    """Returns the value that a text means: JSON, else a Python literal, else the text itself.

    Example:

    >>> [value_of(text) for text in ("1e-3", "true", "None", "(3, 5)", "RAdam")]
    [0.001, True, None, (3, 5), 'RAdam']
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def with_command(argv: Sequence[str], commands: Collection[str], default: str = "") -> list[str]:
    """Returns the arguments with a command first: the one given, else the default.

    Raises:
        ValueError: If there is no such command; the message names the nearest.
    """
    first = argv[0] if argv else ""
    if default and first not in ("-h", "--help") and (not first or first.startswith("-")):
        return [default, *argv]
    if first and not first.startswith("-") and first not in commands:
        raise ValueError(
            f"There is no command {first!r}.{nearest(first, commands)} "
            f"Commands: {', '.join(commands)}."
        )
    return list(argv)


def _pair(text: str) -> tuple[str, object]:
    path, equals, value = text.partition("=")
    if not (path and equals):
        raise ValueError(f"`--set` must be given path=value. Received: --set {text}")
    return path.strip(), value_of(value)
