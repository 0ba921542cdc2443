"""Tables of a search: its trials and its regions."""

from pathlib import Path
from typing import Any

from keras_tuner.engine.trial import TrialStatus

from kerasrecipes.base.csv_table import write_rows
from kerasrecipes.recipe.spec import to_plain
from kerasrecipes.tuning.keras_tuner.limits import read_measured
from kerasrecipes.tuning.keras_tuner.oracle import CoarseToFineOracle
from kerasrecipes.tuning.keras_tuner.trial_files import INFEASIBLE, cause_in
from kerasrecipes.tuning.keras_tuner.trial_values import ADOPTED, own_curve
from kerasrecipes.tuning.planning.observations import Observation
from kerasrecipes.tuning.planning.unit_cube import BELOW_ONE
from kerasrecipes.tuning.space import Space
from kerasrecipes.tuning.trial_rows import SOURCE


def write_tables(folder: Path, oracle: CoarseToFineOracle, space: Space) -> None:
    """Writes trials.csv and regions.csv into the folder of a search, each whole."""
    ended = [trial for trial in oracle.observations() if trial.score is not None]
    rows = [_row(folder, oracle, space, trial) for trial in ended]
    # Only a search that started from another has this column.
    if not any(trial.is_adopted for trial in ended):
        rows = [{name: cell for name, cell in row.items() if name != SOURCE} for row in rows]
    write_rows(folder / "trials.csv", rows)
    last = max((trial.rung for trial in ended), default=0)
    rows = [row for rung in range(last + 1) for row in region_rows(oracle, rung)]
    write_rows(folder / "regions.csv", rows)


def region_rows(oracle: CoarseToFineOracle, rung: int) -> list[dict[str, Any]]:
    """Returns a row for each hyperparameter: the range that a rung, counted from 0, searches."""
    region, rows = oracle.region(rung), []
    for index, hp in enumerate(oracle.plan.cube):
        row = {"rung": rung + 1, "path": hp.name, "low": None, "high": None, "options": None}
        options, high = region.options[index], region.high[index]
        if options is None:
            if not oracle.plan.cube.widened[index]:
                high = min(high, BELOW_ONE)
            row["low"] = hp.prob_to_value(float(region.low[index]))
            row["high"] = hp.prob_to_value(float(high))
        else:
            levels = oracle.plan.cube.levels[index] or 1
            row["options"] = [hp.prob_to_value((option + 0.5) / levels) for option in options]
        rows.append({**row, "bound": region.at_bounds.get(hp.name)})
    return rows


def _row(
    folder: Path, oracle: CoarseToFineOracle, space: Space, observation: Observation
) -> dict[str, Any]:
    """Returns the row of a trial: its length, score and state, and the value of each path."""
    trial = oracle.trials[observation.name]
    changes = {
        path: to_plain(value) for path, value in space.changes(trial.hyperparameters.values).items()
    }
    own_epochs = len(own_curve(trial, oracle.objective))
    failed = trial.status != TrialStatus.COMPLETED
    stopped = not failed and not observation.is_complete
    sign = -1.0 if oracle.objective.direction == "min" else 1.0
    score = observation.score if observation.has_score else None
    cause = cause_in(folder, observation.name) if failed else None
    status = "failed" if failed else "stopped" if stopped else "completed"
    if (cause or "").startswith(INFEASIBLE):
        status = "infeasible"
    measured = read_measured(folder / f"trial_{observation.name}")
    return {
        "trial": observation.name,
        "rung": observation.rung + 1,
        "epochs": observation.initial_epoch + own_epochs,
        "cost_epochs": observation.charged_epochs,
        "parent": observation.parent,
        "status": status,
        "score": None if score is None else sign * score,
        "cause": cause,
        "seconds": observation.seconds,
        SOURCE: trial.hyperparameters.values.get(ADOPTED),
        **{name: measured.get(name) for name in oracle.quantities},
        **{path: changes.get(path) for path in space.paths},
    }
