"""The trials and the regions of a search as tables."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from keras_tuner.engine.trial import TrialStatus

from kerasrecipes.base.csv_table import write_rows
from kerasrecipes.recipe.spec import to_plain
from kerasrecipes.tuning.keras_tuner.oracle import CoarseToFineOracle
from kerasrecipes.tuning.keras_tuner.trial_values import own_curve
from kerasrecipes.tuning.planning.plan import Observation
from kerasrecipes.tuning.space import Space


def write_tables(folder: Path, oracle: CoarseToFineOracle, space: Space) -> None:
    """Writes trials.csv and regions.csv, each whole."""
    ended = [t for t in oracle.tried() if t.score is not None]
    write_rows(folder / "trials.csv", [_row(folder, oracle, space, trial) for trial in ended])
    last = max((trial.rung for trial in ended), default=0)
    rows = [row for rung in range(last + 1) for row in region_rows(oracle, rung)]
    write_rows(folder / "regions.csv", rows)


def region_rows(oracle: CoarseToFineOracle, rung: int) -> list[dict[str, Any]]:
    """Returns the range of each hyperparameter that a rung, counted from 0, searches."""
    region, rows = oracle.region(rung), []
    for index, hp in enumerate(oracle.plan.cube):
        row = {"rung": rung + 1, "path": hp.name, "low": None, "high": None, "options": None}
        left = region.options[index]
        if left is None:
            low, high = region.low[index], min(region.high[index], 1 - 1e-9)
            widened = oracle.plan.cube.widened[index]
            row["low"] = hp.prob_to_value(float(low))
            row["high"] = hp.prob_to_value(float(region.high[index] if widened else high))
        else:
            levels = oracle.plan.cube.levels[index] or 1
            row["options"] = [hp.prob_to_value((option + 0.5) / levels) for option in left]
        rows.append({**row, "bound": region.at_bounds.get(hp.name)})
    return rows


def _row(
    folder: Path, oracle: CoarseToFineOracle, space: Space, tried: Observation
) -> dict[str, Any]:
    trial = oracle.trials[tried.name]
    changes = {
        path: to_plain(value) for path, value in space.changes(trial.hyperparameters.values).items()
    }
    own = len(own_curve(trial, oracle.objective))
    failed = trial.status != TrialStatus.COMPLETED
    stopped = not failed and not tried.is_whole
    sign = -1.0 if oracle.objective.direction == "min" else 1.0
    return {
        "trial": tried.name,
        "rung": tried.rung + 1,
        "epochs": tried.initial_epoch + own,
        "cost_epochs": tried.cost_epochs,
        "parent": tried.parent,
        "status": "failed" if failed else "stopped" if stopped else "completed",
        "score": None if tried.score in (None, -np.inf) else sign * tried.score,
        "cause": _read(folder, tried.name, "cause") if failed else None,
        "seconds": _read(folder, tried.name, "seconds"),
        **{path: changes.get(path) for path in space.paths},
    }


def _read(folder: Path, name: str, what: str) -> Any:
    path = folder / f"trial_{name}" / f"{what}.json"
    return json.loads(path.read_text("utf-8"))[what] if path.is_file() else None
