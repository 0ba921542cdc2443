"""Remedies as changes of a recipe."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kerasrecipes.diagnostics.batch_size_advice import BatchSizeAndRate, batch_size_and_rate
from kerasrecipes.diagnostics.record.data_facts import Data
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.recipe.correcting_classes import JUDGED_BY, REMEDIES, class_corrections

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
        if kind in _NOT_OF_THE_RATE and _NOT_OF_THE_RATE[kind](record):
            return {}
        return _rate_changes(_RATE_FACTORS[kind], record)
    if kind == "too_few_epochs" and isinstance(epochs := recipe.get("epochs"), int):
        return {"epochs": EPOCHS_FACTOR * epochs}
    if kind in ("batch_size_too_large", "batch_size_too_small"):
        return {"batch_size": advised_batch(record).batch_size}
    if kind == "class_imbalance" and not class_corrections(recipe):
        return _class_changes(recipe)
    if kind == "regularization_too_strong" and recipe.get("kernel_regularizer"):
        return {"kernel_regularizer": None}
    return {}


def _class_changes(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a loss adjusted to how frequent classes are; for another loss, an even sampling.

    Weights are not the first choice: a rare image's may be so large that its step does harm, as
    docs/benchmarks/imbalance.md shows. The adjusted loss leaves the size of steps as it is.
    """
    loss = recipe.get("loss") or {"use": "SparseCategoricalCrossentropy"}
    if loss["use"] not in ("SparseCategoricalCrossentropy", "CategoricalCrossentropy"):
        return {"sampling": REMEDIES["sampling"]}
    changes = {"loss": REMEDIES["loss"]}
    smoothing = loss.get("label_smoothing")
    return {**changes, "loss.label_smoothing": smoothing} if smoothing else changes


def imbalance_remedy(record: Record) -> str:
    """Returns what to do about uneven classes as settings of a recipe; empty if there is none."""
    if not record.recipe:
        return ""
    one_of = " or ".join(f"{path}={value}" for path, value in REMEDIES.items())
    judged_by = ", ".join(f"{path}={value}" for path, value in JUDGED_BY.items())
    return f"Set one of {one_of}. Judge by balanced accuracy: {judged_by}."


def _has_broken_data(record: Record) -> bool:
    """Returns whether inputs or targets are NaN or infinite, which no rate mends."""
    values = [*(record.data.inputs if record.data else ()), *(o.targets for o in record.outputs)]
    return any(each is not None and each.finite_fraction < 1 for each in values)


def _began_badly(record: Record) -> bool:
    """Returns whether the loss was as great before the first step, with the initial weights."""
    first = next((probe.loss for probe in record.probes if not probe.step), None)
    last = record.probes[-1].loss if record.probes else None
    return first is not None and last is not None and last <= first


# When another learning rate is no remedy.
_NOT_OF_THE_RATE: dict[str, Callable[[Record], bool]] = {
    "loss_not_finite": _has_broken_data,
    "exploding_gradient": _began_badly,
}


def advised_batch(record: Record) -> BatchSizeAndRate:
    """Returns the batch size to change to, and the learning rate that goes with it.

    Example:

    >>> advised_batch(Record(data=Data(samples=200, batch_size=100)))
    BatchSizeAndRate(batch_size=16, learning_rate=0.005)
    """
    data = record.data or Data()
    return batch_size_and_rate(
        record.optimizer.kind if record.optimizer is not None else "SGD",
        samples=data.samples or None,
        batch_size=data.batch_size or None,
        learning_rate=_chosen_rate(record),
    )


def batch_remedy(record: Record) -> str:
    """Returns what to change of a batch size that does not fit, in words."""
    advised, rate = advised_batch(record), _chosen_rate(record)
    words = f"Take {advised.batch_size} samples a batch."
    if record.data is None or rate is None:
        return words
    return (
        f"{words} If the learning rate of {rate:g} was chosen for batches of "
        f"{record.data.batch_size}, then {advised.learning_rate:.2g} goes with those."
    )


def _chosen_rate(record: Record) -> float | None:
    """Returns the learning rate that goes with the batch size, if both are known."""
    rate = record.optimizer.learning_rate if record.optimizer is not None else None
    sized = record.data is not None and record.data.batch_size
    return rate if sized and rate is not None and 0 < rate < math.inf else None


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
