"""Trainings of a recipe with several seeds, for the command `train`."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kerasrecipes.cli.command import Request
from kerasrecipes.cli.commands.report import report_path, show_score
from kerasrecipes.cli.tables import print_table

if TYPE_CHECKING:
    from kerasrecipes.engine import Engine


def trained_seeds(
    asked: Request,
    announce: Callable[[Request, Path], None],
    verbose: str | int,
    engine: "Engine | None" = None,
) -> list:
    """Trains a recipe with each of several seeds, shows how scores spread, returns the runs.

    Args:
        asked: What the command is asked.
        announce: Says where the run of a recipe is; called with a request for it, and the folder.
        verbose: As in `train`.
        engine: Where they are trained; see `sweep`.
    """
    from kerasrecipes.page.formats import count, duration, percent, percent_interval
    from kerasrecipes.runs import sweep
    from kerasrecipes.training import Run
    from kerasrecipes.training.files.run_folders import run_folder

    def on_start(recipe, folder: Path) -> None:
        announce(dataclasses.replace(asked, recipe=recipe), folder)

    result = sweep(
        asked.recipe,
        {asked.name: {}},
        asked.arguments.seeds,
        directory=asked.directory,
        name=asked.name,
        overwrite=asked.arguments.overwrite,
        verbose=verbose,
        doctor=asked.arguments.doctor,
        on_start=on_start,
        engine=engine,
    )
    runs = [
        Run(run_folder(asked.directory, asked.name, row["fingerprint"], row["data_hash"]))
        for row in result.rows
    ]
    for run in runs:
        report_path(run)
    split = result.evaluation_split
    print_table(
        [
            {
                "seed": row["seed"],
                "epoch": row["epoch"],
                "validation": percent(row["validation_accuracy"], row["validation_n"]),
                "test": percent(row.get("test_accuracy"), row.get("test_n")),
                "n": count(row[f"{split}_n"]),
                "time": duration(row["seconds"]),
                "fingerprint": row["fingerprint"],
            }
            for row in result.rows
        ]
    )
    (scores,) = result.summary(f"{split}_accuracy")
    n = result.rows[0][f"{split}_n"]
    line = f"mean {split} accuracy {percent(scores['mean'], n)}"
    if scores["low"] is not None:
        line += f" (95% interval {percent_interval(scores['low'], scores['high'], n)})"
    print(f"{line} over {scores['n']} seed{'s' if scores['n'] > 1 else ''}")
    for run in runs:
        if run.diagnosis:
            print(f"seed {run.recipe.seed}: {run.diagnosis.verdict(lines=2)}")
    if asked.arguments.ensemble and not any(run.diverged for run in runs):
        _combine(runs, asked)
    return runs


def _combine(runs: list, asked: Request) -> None:
    """Makes a run of several that averages their probabilities, and shows its score."""
    from kerasrecipes.ensembles import combine

    combined = combine(
        runs,
        directory=asked.directory,
        name=f"{asked.name}-ensemble",
        overwrite=asked.arguments.overwrite,
    )
    print(f"\n{combined.folder.resolve()}: their mean probabilities")
    show_score(combined)
    print(f"report: {report_path(combined)}")
