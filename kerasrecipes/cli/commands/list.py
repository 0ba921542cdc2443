"""The command `list`: what a recipe can be made of."""

import argparse

from kerasrecipes.cli.command import Command


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "family", nargs="?", help="such as layer; without it, the families are listed"
    )
    parser.add_argument("pattern", nargs="?", default="*", help="names to list, such as 'Random*'")


def _list(arguments: argparse.Namespace) -> None:
    from kerasrecipes.cli.components import list_components

    list_components(arguments.family, arguments.pattern)


COMMAND = Command(
    name="list",
    help="list what a recipe can be made of",
    takes="nothing",
    add_arguments=_add_arguments,
    run=_list,
)
