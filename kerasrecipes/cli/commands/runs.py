"""The command `runs`: the runs in a directory, and how they went."""

import argparse
import json
from datetime import datetime
from pathlib import Path

from kerasrecipes.cli.command import Command
from kerasrecipes.cli.tables import print_table


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory", nargs="?", default="saved_models", help="default: saved_models"
    )


def _list_runs(arguments: argparse.Namespace) -> None:
    """Prints a row for each run folder in a directory.

    Recipes are not checked, which would import Keras: a run of a newer version is listed too.
    """
    from kerasrecipes.training import find_runs

    directory = arguments.directory
    if not Path(directory).is_dir():
        raise ValueError(f"Expected a directory of run folders. Received: {directory}")
    # A search has its runs in a folder of its own.
    runs = find_runs(directory) or find_runs(Path(directory) / "runs")
    if not runs:
        print(f"There are no runs in {directory}.")
    print_table([_row(run) for run in runs])


def _row(run) -> dict[str, object]:
    from kerasrecipes.page.formats import percent
    from kerasrecipes.training.run import RunFolderName

    name, fingerprint = RunFolderName.of(run.name) or run.name.rpartition("-")[::2]
    epochs = json.loads((run.folder / "recipe.json").read_text("utf-8")).get("epochs")
    started = run.environment.get("started")
    scores = {split: run.metrics.get(split) or {} for split in ("validation", "test")}
    return {
        "name": name,
        "fingerprint": fingerprint,
        "data": run.data.get("hash", "")[:8],
        "status": "finished" if run.finished else "running" if run.running else "unfinished",
        "epochs": f"{len(run.history)}/{epochs}",
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
