"""What a trial of keras-tuner holds for a search by stages."""

from typing import Any

# Values of a trial that are keras-tuner's own, named as its Hyperband names them.
EPOCHS, INITIAL_EPOCH, PARENT = "tuner/epochs", "tuner/initial_epoch", "tuner/trial_id"
STAGE = "tuner/stage"


def own_curve(trial: Any, objective: Any) -> list[float]:
    """Returns the objective after each of a trial's own epochs, higher is better."""
    if not trial.metrics.exists(objective.name):
        return []
    sign = -1.0 if objective.direction == "min" else 1.0
    return [sign * float(seen.mean()) for seen in trial.metrics.get_history(objective.name)]


def forget_from(trial: Any, step: int) -> None:
    """Drops what a trial reported from an epoch on, when it trains that epoch again."""
    config = trial.metrics.get_config()
    for metric in config["metrics"].values():
        metric["observations"] = [seen for seen in metric["observations"] if seen["step"] < step]
    trial.metrics = type(trial.metrics).from_config(config)
