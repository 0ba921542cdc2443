"""The command `runs`: the runs in a directory, and how they went."""

import argparse
import sys
from datetime import datetime
from pathlib import Path

from kerasrecipes.cli.command import Command
from kerasrecipes.cli.tables import print_table

_COLUMNS = (
    "name",
    "fingerprint",
    "data",
    "status",
    "epochs",
    "validation",
    "test",
    "started",
    "numerics",
)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory", nargs="?", default="saved_models", help="default: saved_models"
    )
    # What other commands call it.
    parser.add_argument("--directory", dest="given", metavar="FOLDER", help="the same")


def _list_runs(arguments: argparse.Namespace) -> None:
    """Prints a row for each run folder in a directory.

    Recipes are not checked, which would import Keras: a run of a newer version is listed too.
    """
    from kerasrecipes.training import find_runs

    directory = arguments.given or arguments.directory
    if not Path(directory).is_dir():
        raise ValueError(f"Expected a directory of run folders. Received: {directory}")
    # A search has its runs in a folder of its own.
    runs = find_runs(directory) or find_runs(Path(directory) / "runs")
    if not runs:
        print(f"There are no runs in {directory}.{_instead(Path(directory))}")
    print_table([_row(run) for run in runs])


def _instead(directory: Path) -> str:
    """Returns what to say of a directory that is no directory of run folders."""
    if (directory / "recipe.json").is_file():
        return f" It is a run itself: `kerasrecipes report {directory}` shows it."
    if (directory / "search.json").is_file():
        return f" It is a search, whose runs `kerasrecipes runs {directory / 'runs'}` lists."
    return ""


def _row(run) -> dict[str, object]:
    """Returns a run's row. If its files are damaged, the row says so, and stderr how."""
    from kerasrecipes.base.damaged_files import DamagedFileError
    from kerasrecipes.training.files.run_folders import RunFolderName

    name, fingerprint = RunFolderName.of(run.name) or (run.name, "")
    row = dict.fromkeys(_COLUMNS) | {"name": name, "fingerprint": fingerprint}
    try:
        return row | _state(run)
    except DamagedFileError as error:
        print(f"note: {error}", file=sys.stderr)
        return row | {"status": "damaged"}


def _state(run) -> dict[str, object]:
    from kerasrecipes.base.damaged_files import read_json
    from kerasrecipes.page.formats import percent

    epochs = read_json(run.folder / "recipe.json", {}).get("epochs")
    started = run.environment.get("started")
    scores = {split: run.metrics.get(split) or {} for split in ("validation", "test")}
    return {
        "data": run.data.get("hash", "")[:8],
        "status": "finished" if run.finished else "running" if run.running else "unfinished",
        "epochs": f"{len(run.readable_history)}/{epochs}",
        **{
            split: percent(score.get("accuracy"), score.get("n")) for split, score in scores.items()
        },
        "started": started and f"{datetime.fromisoformat(started).astimezone():%Y-%m-%d %H:%M}",
        "numerics": run.numerics_version,
    }


COMMAND = Command(
    name="runs",
    help="list the runs in a directory",
    takes="nothing",
    add_arguments=_add_arguments,
    run=_list_runs,
)
