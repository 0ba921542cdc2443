"""Remedies as changes of a recipe."""

from collections.abc import Iterator, Mapping
from typing import Any

from kerasrecipes.diagnostics.record import Record

# By what a remedy multiplies the learning rate.
_RATE_FACTORS = {
    "learning_rate_too_high": 0.1,
    "exploding_gradient": 0.1,
    "loss_not_finite": 0.1,
    "learning_rate_too_low": 10.0,
}
# What schedules call their highest rate; "initial" is what those that only fall start from.
HIGHEST_RATES = (
    "peak_learning_rate",
    "max_learning_rate",
    "warmup_target",
    "initial_learning_rate",
)
# Batches that most trainings do well with.
USUAL_BATCH = 32
EPOCHS_FACTOR = 3


def recipe_changes(kind: str, record: Record) -> dict[str, Any]:
    """Returns a remedy as changes of a record's recipe, by dotted path; empty if there is none.

    Args:
        kind: The kind of a finding.
        record: What was measured, with its recipe.

    Example:

    >>> record = Record(recipe={"optimizer": {"use": "SGD", "learning_rate": 0.5}, "epochs": 4})
    >>> recipe_changes("learning_rate_too_high", record), recipe_changes("too_few_epochs", record)
    ({'optimizer.learning_rate': 0.05}, {'epochs': 12})
    """
    recipe = record.recipe
    if not recipe:
        return {}
    if kind in _RATE_FACTORS:
        return _rate_changes(_RATE_FACTORS[kind], record)
    if kind == "too_few_epochs" and isinstance(epochs := recipe.get("epochs"), int):
        return {"epochs": EPOCHS_FACTOR * epochs}
    if kind in ("batch_size_too_large", "batch_size_too_small"):
        return {"batch_size": USUAL_BATCH}
    if kind == "class_imbalance" and recipe.get("class_weight") is None:
        return {"class_weight": "balanced"}
    if kind == "regularization_too_strong" and recipe.get("kernel_regularizer"):
        return {"kernel_regularizer": None}
    return {}


def highest_rate_path(paths: Mapping[str, Any]) -> str:
    """Returns the dotted path of the highest learning rate that a recipe sets.

    Args:
        paths: A recipe's values by dotted path.

    Example:

    >>> highest_rate_path({"optimizer.learning_rate.initial_learning_rate": 0.1})
    'optimizer.learning_rate.initial_learning_rate'
    """
    own = [path for path in paths if path.startswith("optimizer.")]
    for name in HIGHEST_RATES:
        for path in own:
            if path.endswith(f".{name}"):
                return path
    return "optimizer.learning_rate"


def _rate_changes(factor: float, record: Record) -> dict[str, Any]:
    paths = dict(_paths(record.recipe or {}))
    path = highest_rate_path(paths)
    rate = paths.get(path)
    if rate is None and record.optimizer is not None and record.optimizer.schedule is None:
        rate = record.optimizer.learning_rate  # The default of the optimizer's class.
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        return {}
    return {path: float(f"{factor * rate:.3g}")}


def _paths(plain: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in plain.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{prefix}{name}.")
        elif name != "use":
            yield f"{prefix}{name}", value
