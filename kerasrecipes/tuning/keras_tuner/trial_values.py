"""Values, curve and score of a keras-tuner trial, and the trial as an observation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras_tuner.engine.trial import TrialStatus

from kerasrecipes.tuning.planning.observations import Observation
from kerasrecipes.tuning.planning.unit_cube import UnitCube

# The values of a trial that are not hyperparameters; the first three as keras-tuner's Hyperband
# names them.
EPOCHS, INITIAL_EPOCH, PARENT = "tuner/epochs", "tuner/initial_epoch", "tuner/trial_id"
RUNG = "tuner/rung"
# Of a trial whose values were enqueued, their number; of one of another search, its name.
ENQUEUED, ADOPTED = "tuner/enqueued", "tuner/adopted_from"
# The epochs that a trial may be scored by; see `score_of`.
SCORED_EPOCHS = ("late", "last", "best")


def own_curve(trial: Any, objective: Any) -> list[float]:
    """Returns the objective after each epoch that a trial trained itself; higher is better."""
    if not trial.metrics.exists(objective.name):
        return []
    sign = -1.0 if objective.direction == "min" else 1.0
    return [sign * float(seen.mean()) for seen in trial.metrics.get_history(objective.name)]


def score_of(curve: Sequence[float], planned_epochs: int, epoch: str) -> float:
    """Returns the score of a trial.

    Args:
        curve: The objective after each epoch that the trial trained itself; higher is better.
        planned_epochs: The planned length of the trial, in epochs. It includes the epochs of the
            parent that the trial continues.
        epoch: `"late"` for the mean over the last ninth of the planned epochs, `"last"` or `"best"`
            for the objective after that epoch.

    Example:

    >>> curve = [0.1] * 6 + [0.5, 0.9, 0.7]
    >>> [round(score_of(curve, 18, epoch), 2) for epoch in SCORED_EPOCHS]
    [0.8, 0.7, 0.9]
    """
    if epoch == "best":
        return max(curve)
    count = max(1, round(planned_epochs / 9)) if epoch == "late" else 1
    return float(np.mean(curve[-count:]))


def as_observation(
    trial: Any,
    objective: Any,
    cube: UnitCube,
    *,
    ended: bool,
    epoch: str,
    parent: Observation | None,
    seconds: float | None = None,
) -> Observation:
    """Returns a trial as the plan sees it.

    Args:
        trial: keras-tuner's trial.
        objective: keras-tuner's objective.
        cube: The search space.
        ended: Whether the trial has ended.
        epoch: The epochs that the trial is scored by; see `score_of`.
        parent: The shorter trial that this one continues or repeats, if it is promoted.
        seconds: How long it took, if that is known.
    """
    values, curve = trial.hyperparameters.values, own_curve(trial, objective)
    planned, initial = values[EPOCHS], values[INITIAL_EPOCH]
    score = None
    if ended:
        succeeded = trial.status == TrialStatus.COMPLETED and curve
        score = score_of(curve, planned, epoch) if succeeded else -np.inf
    if parent is not None and initial:
        curve = [*parent.curve, *curve]
    epochs = min(planned, _last_epoch(trial, objective)) if ended else planned
    if score is not None and np.isfinite(score) and len(curve) < planned:
        curve = [*curve, *[curve[-1]] * (planned - len(curve))]
    return Observation(
        name=trial.trial_id,
        point=cube.encode(values),
        rung=values[RUNG],
        epochs=planned,
        initial_epoch=initial,
        cost_epochs=max(1, epochs - initial),
        score=score,
        parent=values.get(PARENT),
        curve=() if score == -np.inf else tuple(curve),
        seconds=seconds,
        is_adopted=ADOPTED in values,
    )


def _last_epoch(trial: Any, objective: Any) -> int:
    """Returns the last epoch that was reported of a trial, counted from 1; 0 if none was."""
    if not trial.metrics.exists(objective.name):
        return 0
    return max((seen.step for seen in trial.metrics.get_history(objective.name)), default=0)


def forget_from(trial: Any, step: int) -> None:
    """Drops the metrics of a trial from an epoch on, because the trial trains that epoch again."""
    config = trial.metrics.get_config()
    for metric in config["metrics"].values():
        metric["observations"] = [seen for seen in metric["observations"] if seen["step"] < step]
    trial.metrics = type(trial.metrics).from_config(config)
