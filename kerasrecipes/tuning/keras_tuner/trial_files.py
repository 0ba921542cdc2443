"""Small files in the folder of a trial: why it failed, how long it took, what was measured."""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kerasrecipes.base.files import write_json

CAUSE, SECONDS, MEASURED = "cause.json", "seconds.json", "measured.json"
# What the cause of a trial begins with that does not keep to the constraints of its search.
INFEASIBLE = "Infeasible:"


def write_cause(folder: Path, cause: str) -> None:
    """Notes in a trial's folder why it failed."""
    write_json(folder / CAUSE, {"cause": cause})


def write_seconds(folder: Path, seconds: float) -> None:
    """Notes in a trial's folder how long it took."""
    write_json(folder / SECONDS, {"seconds": round(seconds, 3)})


def cause_in(folder: Path, trial: str) -> str | None:
    """Returns why a trial failed.

    Args:
        folder: The folder of the search.
        trial: The name of the trial.
    """
    return _read(folder, trial, CAUSE)


def seconds_in(folder: Path, trial: str) -> float | None:
    """Returns how long a trial took."""
    return _read(folder, trial, SECONDS)


def copy_small_files(source: Path, trial: str, folder: Path, name: str) -> None:
    """Copies why a trial failed and what was measured of it, for a trial of another search.

    Args:
        source: The folder of its search.
        trial: Its name there.
        folder: The folder of the other search.
        name: The name of the trial there.
    """
    for file in (CAUSE, MEASURED):
        if (source / f"trial_{trial}" / file).is_file():
            shutil.copy(source / f"trial_{trial}" / file, folder / f"trial_{name}" / file)


def are_infeasible(folder: Path, trials: Sequence[str]) -> bool:
    """Returns whether any of some failed trials broke a constraint."""
    return any((cause_in(folder, trial) or "").startswith(INFEASIBLE) for trial in trials)


def check_one_succeeded(folder: Path, failed: Sequence[str], ended: int) -> None:
    """Raises a `ValueError` that names the causes if all trials of a search failed.

    Args:
        folder: The folder of the search.
        failed: The names of those that failed.
        ended: How many trials have ended.
    """
    if not failed or len(failed) < ended:
        return
    causes = Counter(cause_in(folder, name) or "unknown cause" for name in failed)
    told = "; ".join(f"{n} x {cause}" for cause, n in causes.most_common(3))
    way_out = "Remove the cause, then search again with `overwrite=True`."
    if are_infeasible(folder, failed):
        way_out = "Search where the constraints can hold, or loosen them."
    raise ValueError(f"Every trial failed ({told}). {way_out} Received: {folder}")


def _read(folder: Path, trial: str, name: str) -> Any:
    path = folder / f"trial_{trial}" / name
    if not path.is_file():
        return None
    return json.loads(path.read_text("utf-8"))[path.stem]
