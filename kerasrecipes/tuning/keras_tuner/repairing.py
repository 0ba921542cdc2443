"""Repair of the files of a killed search, so that keras-tuner can reload them."""

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from kerasrecipes.base.files import write_json

DONE = ("COMPLETED", "FAILED", "INVALID")
# The file in a trial's folder that holds the trial as it was at its last report.
REPORTED = "reported.json"


def repair(folder: Path) -> None:
    """Repairs the files of a search that was killed at any moment.

    keras-tuner writes a trial's file first, then the oracle's. A kill while it writes the first, or
    between the two, leaves one of these faults:

    - A trial was being created, and the oracle does not list it. It is deleted, and the search will
      create it again.
    - A trial has ended, and the oracle lists it as running. It is moved to those that ended, so
      that it is not run again.
    - The oracle does not know yet when a running trial began, which keras-tuner's display needs. It
      is noted now.
    - A trial's file is half-written. It is replaced by the trial as it was at its last report or,
      before the first one, at its beginning.

    Args:
        folder: The folder of the search, which holds oracle.json. That file is always whole.
    """
    oracle = folder / "oracle.json"
    state = json.loads(oracle.read_text("utf-8"))
    for path in folder.glob("trial_*"):
        name = path.name.removeprefix("trial_")
        if name not in state["start_order"]:
            shutil.rmtree(path)
        elif _read(path / "trial.json") is None:
            write_json(path / "trial.json", _read(path / REPORTED) or state["begun"][name])
    running = {}
    for tuner, name in state["ongoing_trials"].items():
        trial = _read(folder / f"trial_{name}" / "trial.json") or {}
        if trial.get("status") not in DONE:
            running[tuner] = name
            now = datetime.now().isoformat()
            state["display"]["search_start"] = state["display"]["search_start"] or now
            state["display"]["trial_start"].setdefault(name, now)
            state["display"]["trial_number"].setdefault(name, state["start_order"].index(name) + 1)
        elif name not in state["end_order"]:
            state["end_order"].append(name)
    state["ongoing_trials"] = running
    write_json(oracle, state)


def _read(path: Path) -> dict[str, Any] | None:
    """Returns the contents of a JSON file, or `None` if it is missing or half-written."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
