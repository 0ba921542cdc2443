"""The command `compare`: differences between runs, and whether their scores are among them."""

import argparse
import os
from pathlib import Path

from kerasrecipes.cli.arguments import finished_run
from kerasrecipes.cli.command import Command
from kerasrecipes.cli.commands.report import remark
from kerasrecipes.cli.tables import print_table

_PAGE = "comparison.html"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--html",
        nargs="?",
        const=_PAGE,
        metavar="FILE",
        help=f"write a page instead, with the runs' curves (default: {_PAGE})",
    )


def _compare(arguments: argparse.Namespace) -> None:
    """Prints the runs' scores, the options that differ, and McNemar's test against the first."""
    from kerasrecipes.report.index import comparison_tables as tables

    page = None if arguments.html is None else _page(arguments.html)
    folders = {os.path.realpath(folder): folder for folder in arguments.runs}
    if len(folders) < 2:
        raise ValueError(
            f"`compare` needs at least two different runs. Received: {' '.join(arguments.runs)}"
        )
    runs = tables.by_name([finished_run(folder) for folder in folders.values()])
    if page is not None:
        from kerasrecipes.report import write_comparison

        print(f"page: {write_comparison(list(runs.values()), page)}")
        return
    print_table([tables.score_row(name, run) for name, run in runs.items()])
    for name, run in runs.items():
        if remark(run):
            print(f"{name}{remark(run)}")
    print()
    options = tables.option_rows(runs)
    if not options:
        print("The recipes are the same.")
    print_table(options)
    print()
    rows, notes = tables.test_rows(runs)
    print_table(rows)
    for note in notes:
        print(note)


def _page(name: str) -> Path:
    """Returns the path of the page, checked before anything is computed."""
    path = Path(name)
    if path.suffix.lower() != ".html":
        raise ValueError(
            f"`--html` must be an .html file; give it after the runs. Received: --html {path}"
        )
    if not path.parent.is_dir():
        raise ValueError(f"There is no folder {str(path.parent)!r} to write into.")
    return path


COMMAND = Command(
    name="compare",
    help="show what tells runs apart, and test whether their scores do",
    takes="runs",
    add_arguments=_add_arguments,
    run=_compare,
)
