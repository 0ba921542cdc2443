"""The run that a command is about."""

from pathlib import Path


def finished_run(folder: str | Path):
    """Returns the finished run in a folder.

    Raises:
        ValueError: If it is no run folder, or the run has not come to its end.
    """
    from kerasrecipes.training.run import Run

    run = Run(folder)
    if not run.finished:
        state = "still training" if run.running else "not finished"
        raise ValueError(
            f"The run is {state}, {len(run.history)} of {run.recipe.epochs} epochs are there: "
            f"`kerasrecipes train {run.folder}` goes on. Received: {folder}"
        )
    return run
