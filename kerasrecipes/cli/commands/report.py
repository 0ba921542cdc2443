"""The command `report`: the report of a recipe's run, written anew."""

import sys
from pathlib import Path

from kerasrecipes.cli.command import Command, Request


def score_line(run) -> str:
    """Returns the score of a finished run in a line, with its interval and where it is from."""
    from kerasrecipes.page.formats import percent
    from kerasrecipes.report.index.comparison_tables import kept_epoch

    split = run.evaluation_split
    score, monitor = run.metrics[split], run.metrics.get("monitor")
    n, (low, high) = score["n"], score["accuracy_interval"]
    epoch = run.metrics["epoch"]
    chosen = f", chosen by {monitor}" if monitor else ""
    weights = f"weights of epoch {kept_epoch(run)}{chosen}" if epoch else "initial weights"
    if average := run.metrics.get("average"):
        by_log_loss = f"{average['name']}, chosen by log loss on validation"
        weights = by_log_loss if average["chosen"] else f"{average['name']}, {weights}"
        if average["statistics"]:
            weights += f", {average['statistics']} statistics of normalization"
    if members := run.recipe.model.options.get("members"):
        weights = f"mean probabilities of {len(members)} models"
    seen = ""
    if split == "validation" and run.validates_on_training_images:
        seen = ", which have seen these images: --set data.fold=0 scores one fold honestly"
    return (
        f"{split} accuracy {percent(score['accuracy'], n)} "
        f"(95% interval {percent(low, n)} to {percent(high, n)}, n = {n:,}), "
        f"{weights}{seen}"
    )


def show_score(run) -> None:
    """Prints the score of a finished run, and the verdict of the doctor."""
    print(score_line(run))
    if run.diagnosis is not None:
        print(run.diagnosis.verdict())


def remark(run) -> str:
    """Returns what to say behind a run of another numerics version; empty for all others."""
    from kerasrecipes.training.numerics import NUMERICS_VERSION

    version = run.numerics_version
    if version == NUMERICS_VERSION:
        return ""
    return f" (numerics version {version}, now {NUMERICS_VERSION}: its recipe trains anew)"


def report_path(run) -> Path:
    """Returns the path of a finished run's report, which is written unless it is there already."""
    from kerasrecipes.report import write_report

    path, finished = run.folder / "report.html", (run.folder / "metrics.json").stat().st_mtime
    # One from before the end tells of an unfinished run.
    is_there = path.is_file() and path.stat().st_mtime >= finished
    return path if is_there else write_report(run)


def _report(asked: Request) -> None:
    from kerasrecipes.report import write_report

    run = asked.run
    if run is None:
        raise ValueError(
            "This recipe has no run to report on: train it first. Expected: a folder "
            f"{asked.directory}/{asked.name}-{asked.recipe.fingerprint}-..."
        )
    print(f"{run.folder}{remark(run)}")
    if run.finished:
        show_score(run)
    else:
        done = len(run.readable_history)
        print(f"The run is not finished: {done} of {asked.recipe.epochs} epochs.")
    if run.history_remark:
        print(f"note: {run.history_remark}", file=sys.stderr)
    print(f"report: {write_report(run)}")


COMMAND = Command(
    name="report",
    help="write the report of a recipe's run anew",
    takes="recipe",
    run=_report,
)
