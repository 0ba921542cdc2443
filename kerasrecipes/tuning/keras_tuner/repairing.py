"""What a killed search leaves behind, brought into a state that keras-tuner can reload."""

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from kerasrecipes.base.files import write_json

DONE = ("COMPLETED", "FAILED", "INVALID")
# Beside a trial's file, what it was when it last reported.
REPORTED = "reported.json"


def repair(folder: Path) -> None:
    """Repairs the files of a search, wherever the kill was.

    keras-tuner writes a trial's file, then the oracle's. Between the two, and within the first:

    - a trial that was being created is in no list: it is deleted, and will be created again;
    - a trial that had ended is still said to run: it is put among those that ended, not run again;
    - when a running trial began is not noted yet, which keras-tuner's display takes for granted;
    - a half-written file of a trial is replaced by what the trial was when it last reported, or
      began.

    Args:
        folder: The search's folder, with oracle.json, which is written whole.
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
    try:
        return json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
