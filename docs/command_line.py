"""The reference of the command line, written from its parsers when the pages are built."""

import argparse
from collections.abc import Iterator

from kerasrecipes.cli.commands import COMMANDS

# What the text takes the place of.
_MARK = "<!-- commands -->"


def on_page_markdown(markdown: str, **kwargs) -> str:
    """Writes the commands into the page that has a place for them."""
    return markdown.replace(_MARK, "\n".join(_lines())) if _MARK in markdown else markdown


def _lines() -> Iterator[str]:
    parser = argparse.ArgumentParser(prog="kerasrecipes")
    subparsers = parser.add_subparsers()
    for command in COMMANDS.values():
        command.add_parser(subparsers, of_script=False)
    for name, subparser in subparsers.choices.items():
        actions = [action for action in subparser._actions if action.dest != "help"]
        # What must be given comes first.
        actions.sort(key=lambda action: bool(action.option_strings))
        given = "".join(f" {_value(a)}" for a in actions if not a.option_strings)
        yield from (f"## {name}", "", _sentence(subparser.description), "")
        yield from (f"    kerasrecipes {name}{given} [OPTIONS]", "")
        yield from ("| argument | what it is |", "|---|---|")
        yield from (f"| {_names(action)} | {_help(action, subparser)} |" for action in actions)
        yield ""


def _names(action: argparse.Action) -> str:
    """Returns how an argument is typed, such as `--epochs N`."""
    value = "" if action.nargs == 0 else f" {_value(action)}"
    names = [f"{option}{value}" for option in action.option_strings] or [_value(action)]
    return ", ".join(f"`{name}`" for name in names)


def _value(action: argparse.Action) -> str:
    name = action.metavar or action.dest.upper()
    name = name if action.option_strings else name.upper()
    several = f"{name} ..." if action.nargs in ("+", "*") else name
    return f"[{several}]" if action.nargs in ("?", "*") else several


def _help(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    filled = (action.help or "") % (vars(action) | {"prog": parser.prog})
    return _sentence(filled).replace("|", "\\|")


def _sentence(text: str | None) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}." if text else ""
