"""The command `runs`: the runs in a directory, and how they went."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from kerasrecipes.base.text import printable
from kerasrecipes.cli.arguments import value_of
from kerasrecipes.cli.command import Command
from kerasrecipes.cli.tables import print_table


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory", nargs="?", default="saved_models", help="default: saved_models"
    )
    # What other commands call it.
    parser.add_argument("--directory", dest="given", metavar="FOLDER", help="the same")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help="only runs for which it holds, such as 'optimizer=SGD' or 'test>=0.9'; repeatable",
    )
    parser.add_argument(
        "--sort", metavar="VALUE", help="by a column or an option, such as test or epochs"
    )
    parser.add_argument("--descending", action="store_true", help="with --sort: the largest first")
    parser.add_argument(
        "--differing", action="store_true", help="show the options in which the runs differ"
    )
    parser.add_argument(
        "--csv",
        metavar="FILE",
        help="write all values of each run to a CSV file, or with - to the output",
    )
    parser.add_argument(
        "--html",
        action="store_true",
        help="write index.html into the directory: a page of the runs that sorts and filters",
    )


def _list_runs(arguments: argparse.Namespace) -> None:
    """Prints a row for each run folder in a directory, or writes them."""
    from kerasrecipes.runs.listing.filtering import conditions, matching, ordered
    from kerasrecipes.runs.listing.small_files import listed_runs, listed_searches

    directory = Path(arguments.given or arguments.directory)
    if not directory.is_dir():
        raise ValueError(f"Expected a directory of run folders. Received: {directory}")
    found = listed_runs(directory)
    for run in found:
        if run.damage:
            print(f"note: {run.damage}", file=sys.stderr)
    if not found:
        print(f"There are no runs in {directory}.{_instead(directory)}")
    runs = matching(found, conditions(arguments.where, value_of))
    if arguments.sort is not None:
        runs = ordered(runs, arguments.sort, arguments.descending)
    if found and not runs:
        print(f"None of the {len(found):,} runs in {directory} is as --where asks.")
    searches = listed_searches(directory)
    if arguments.csv is not None:
        _write_csv(runs, arguments.csv)
    elif arguments.html:
        from kerasrecipes.report import write_index

        print(f"page: {write_index(runs, directory, searches)}")
    else:
        print_table(_rows(runs, arguments.differing))
        if searches and not arguments.where:
            print()
            print_table([_search_row(search) for search in searches])


def _instead(directory: Path) -> str:
    """Returns what to say of a directory that is no directory of run folders."""
    if (directory / "recipe.json").is_file():
        return f" It is a run itself: `kerasrecipes report {directory}` shows it."
    return ""


def _rows(runs: Sequence, differing: bool) -> list[dict[str, object]]:
    """Returns the rows of the table. Which search a run is of is shown if any is of one."""
    from kerasrecipes.page.formats import option
    from kerasrecipes.runs.listing.small_files import differing_values

    options = differing_values(runs) if differing else {}
    searched = any(run.search for run in runs)
    rows = []
    for index, run in enumerate(runs):
        own = {path: values[index] for path, values in options.items()}
        shown = {path: None if value is None else option(value) for path, value in own.items()}
        rows.append({**_row(run), **({"search": run.search} if searched else {}), **shown})
    return rows


def _row(run) -> dict[str, object]:
    from kerasrecipes.page.formats import percent

    of_run = {"name": run.name, "fingerprint": run.fingerprint}
    columns = ("data", "status", "epochs", "validation", "test", "started", "numerics")
    if run.damage:
        return {**of_run, **dict.fromkeys(columns), "status": run.status}
    values = run.values
    return {
        **of_run,
        "data": values["data_hash"],
        "status": run.status,
        "epochs": f"{values['epochs_done']}/{run.options.get('epochs')}",
        **{
            split: percent(score.get("accuracy"), score.get("n"))
            for split, score in run.scores.items()
        },
        "started": run.started and f"{run.started.astimezone():%Y-%m-%d %H:%M}",
        "numerics": values["numerics"],
    }


def _search_row(search) -> dict[str, object]:
    from kerasrecipes.page.formats import number

    return {
        "search": search.folder.name,
        "status": search.status,
        "trials": search.trials,
        "objective": search.objective,
        "best, over seeds": None if search.score is None else number(search.score),
    }


def _write_csv(runs: Sequence, name: str) -> None:
    """Writes every value of each run, a column for each that some run has."""
    import csv
    import io

    from kerasrecipes.base.csv_table import as_text, to_cell
    from kerasrecipes.base.files import write_text

    rows = [{"folder": printable(run.folder), **run.values} for run in runs]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = [row.get(column) for column in columns]
        writer.writerow([as_text(c) if isinstance(c, str) else to_cell(c) for c in cells])
    if name == "-":
        print(text.getvalue(), end="")
        return
    if not Path(name).parent.is_dir():
        raise ValueError(f"There is no folder {str(Path(name).parent)!r} to write into.")
    write_text(Path(name), text.getvalue())
    print(f"{len(rows):,} runs: {name}")


COMMAND = Command(
    name="runs",
    help="list the runs in a directory, filtered and sorted; or write a page of them",
    takes="nothing",
    add_arguments=_add_arguments,
    run=_list_runs,
)
