"""What a trial of keras-tuner holds for a search by rungs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras_tuner.engine.trial import TrialStatus

from kerasrecipes.tuning.planning.plan import Observation
from kerasrecipes.tuning.planning.unit_cube import UnitCube

# Values of a trial that are keras-tuner's own, named as its Hyperband names them.
EPOCHS, INITIAL_EPOCH, PARENT = "tuner/epochs", "tuner/initial_epoch", "tuner/trial_id"
STAGE = "tuner/rung"
# Which epochs a score may be of.
SCORED_EPOCHS = ("late", "last", "best")


def own_curve(trial: Any, objective: Any) -> list[float]:
    """Returns the objective after each of a trial's own epochs, higher is better."""
    if not trial.metrics.exists(objective.name):
        return []
    sign = -1.0 if objective.direction == "min" else 1.0
    return [sign * float(seen.mean()) for seen in trial.metrics.get_history(objective.name)]


def score_of(curve: Sequence[float], planned_epochs: int, epoch: str) -> float:
    """Returns what a trial scored.

    Args:
        curve: Its objective after each of its own epochs, higher is better.
        planned_epochs: How many epochs it was to have, those of a trial it goes on from included.
        epoch: `"late"` for the mean over the last ninth of the epochs, `"last"`, or `"best"`.

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
) -> Observation:
    """Returns a trial as the plan sees it.

    Args:
        trial: keras-tuner's trial.
        objective: keras-tuner's objective.
        cube: The space of the search.
        ended: Whether the trial is over.
        epoch: Which epochs its score is of; see `score_of`.
        parent: The trial that it goes on from, or repeats at greater length.
    """
    values, curve = trial.hyperparameters.values, own_curve(trial, objective)
    planned, initial = values[EPOCHS], values[INITIAL_EPOCH]
    score = None
    if ended:
        done = trial.status == TrialStatus.COMPLETED and curve
        score = score_of(curve, planned, epoch) if done else -np.inf
    if parent is not None and initial:
        curve = [*parent.curve, *curve]
    epochs = min(planned, len(curve)) if ended else planned
    if score is not None and np.isfinite(score) and len(curve) < planned:
        curve = [*curve, *[curve[-1]] * (planned - len(curve))]
    return Observation(
        name=trial.trial_id,
        point=cube.encode(values),
        rung=values[STAGE],
        epochs=planned,
        initial_epoch=initial,
        cost_epochs=max(1, epochs - initial),
        score=score,
        parent=values.get(PARENT),
        curve=() if score == -np.inf else tuple(curve),
    )


def forget_from(trial: Any, step: int) -> None:
    """Drops what a trial reported from an epoch on, when it trains that epoch again."""
    config = trial.metrics.get_config()
    for metric in config["metrics"].values():
        metric["observations"] = [seen for seen in metric["observations"] if seen["step"] < step]
    trial.metrics = type(trial.metrics).from_config(config)
