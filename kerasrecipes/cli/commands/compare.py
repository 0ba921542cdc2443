"""The command `compare`: what tells runs, or searches, apart, and whether their scores do."""

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
    if searches := [folder for folder in folders.values() if _is_search(folder)]:
        _compare_searches(list(folders.values()), searches, page)
        return
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


def _is_search(folder: str) -> bool:
    return (Path(folder) / "search.json").is_file()


def _compare_searches(given: list[str], searches: list[str], page: Path | None) -> None:
    """Prints what searches found, and in what they differ, or writes a page of it."""
    from kerasrecipes.report.search import search_comparison as tables
    from kerasrecipes.tuning import Search

    if len(searches) < len(given):
        others = ", ".join(folder for folder in given if folder not in searches)
        raise ValueError(
            f"`compare` compares runs with runs, and searches with searches. Of searches there "
            f"are {', '.join(searches)}; others: {others}"
        )
    named = tables.searches_by_name([Search(folder) for folder in searches])
    if page is not None:
        print(f"page: {tables.write_search_comparison(list(named.values()), page)}")
        return
    print_table([tables.found_row(name, search) for name, search in named.items()])
    print()
    rows, notes = tables.difference_rows(named)
    print_table(rows)
    for note in notes:
        print(note)
    print()
    print_table(tables.value_rows(named))
    print()
    print_table(tables.setting_rows(named))


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
    help="show what tells runs, or searches, apart, and test whether their scores do",
    takes="runs",
    add_arguments=_add_arguments,
    run=_compare,
)
