"""The command `ensemble`: one run made of several, or of one run's snapshots."""

import argparse
from pathlib import Path

from kerasrecipes.cli.arguments import finished_run
from kerasrecipes.cli.command import Command
from kerasrecipes.cli.commands.report import report_path, score_line
from kerasrecipes.cli.tables import print_table


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--weights",
        choices=("uniform", "fitted", "greedy"),
        default="uniform",
        help="uniform: all members count the same; fitted: the lowest log loss on validation; "
        "greedy: members are added while it falls (default: uniform)",
    )
    parser.add_argument(
        "--last",
        type=int,
        metavar="N",
        help="of a single run: average only its last N snapshots (default: all)",
    )
    parser.add_argument(
        "--directory",
        metavar="FOLDER",
        help="where its run folder is written (default: where that of the first member is)",
    )
    parser.add_argument("--name", help="what it is called (default: ensemble, or snapshots)")
    parser.add_argument("--overwrite", action="store_true", help="write it anew if it is there")


def _ensemble(arguments: argparse.Namespace) -> None:
    """Writes the run folder, and prints the scores of the members and of their mean."""
    from kerasrecipes.ensembles import combine, combine_snapshots

    runs = [finished_run(folder) for folder in arguments.runs]
    options = {
        "directory": arguments.directory or runs[0].folder.resolve().parent,
        "overwrite": arguments.overwrite,
        **({"name": arguments.name} if arguments.name else {}),
    }
    if len(runs) > 1:
        if arguments.last is not None:
            raise ValueError(
                "`--last` counts the snapshots of a single run. Received: --last "
                f"{arguments.last} with {len(runs)} runs"
            )
        combined = combine(runs, arguments.weights, **options)
    elif runs[0].snapshots:
        combined = combine_snapshots(runs[0], arguments.weights, last=arguments.last, **options)
    else:
        raise ValueError(
            "`ensemble` needs at least two runs, or one that has kept snapshots: its recipe needs "
            "the callback Snapshots. Received: " + " ".join(arguments.runs)
        )
    print_table(_rows(combined))
    print(f"\n{combined.folder.resolve()}")
    print(score_line(combined))
    print(f"report: {report_path(combined)}")


def _rows(combined) -> list[dict[str, object]]:
    from kerasrecipes.runs.ensemble_members import members_of

    members = members_of(combined.folder)
    rows: list[dict[str, object]] = [
        {"run": Path(m["folder"]).name, "weight": f"{m['weight']:.3g}", **_scores(m)}
        for m in members
    ]
    mean = {
        split: {"accuracy": scores["accuracy"], "log_loss": scores["loss"]}
        for split in combined.predicted_splits
        if (scores := combined.metrics[split])
    }
    return [*rows, {"run": "their mean", "weight": None, **_scores(mean)}]


def _scores(member) -> dict[str, str]:
    from kerasrecipes.page.formats import number, percent

    cells = {}
    for split in ("validation", "test"):
        if split in member:
            cells[split] = percent(member[split]["accuracy"])
            cells[f"{split} log loss"] = number(member[split]["log_loss"])
    return cells


COMMAND = Command(
    name="ensemble",
    help="average the probabilities of several runs, or of one run's snapshots, as a run of its "
    "own",
    takes="runs",
    add_arguments=_add_arguments,
    run=_ensemble,
)
