"""Options of a recipe that correct for how many images each class has."""

from collections.abc import Mapping
from typing import Any

LOGIT_ADJUSTED = "LogitAdjustedCrossentropy"

# What to set where classes are uneven: one of these.
REMEDIES = {"loss": LOGIT_ADJUSTED, "sampling": "PowerSampling", "class_weight": "balanced"}
# By what to judge then.
JUDGED_BY = {"metrics": '["accuracy", "BalancedAccuracy"]', "monitor": "val_balanced_accuracy"}


def class_corrections(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options that change how much each class counts in training, by their paths.

    Args:
        plain: A recipe's plain form, which may lack fields.

    Example:

    >>> class_corrections({"class_weight": "balanced", "loss": {"use": "Dice"}})
    {'class_weight': 'balanced'}
    """
    given = {name: plain[name] for name in ("sampling", "class_weight") if plain.get(name)}
    loss = plain.get("loss")
    if isinstance(loss, Mapping) and loss.get("use") == LOGIT_ADJUSTED:
        given["loss"] = loss
    return given


def by_counts(corrections: Mapping[str, Any]) -> dict[str, Any]:
    """Returns those of the corrections that follow from the number of images of each class.

    Example:

    >>> by_counts({"sampling": {"use": "PowerSampling"}, "class_weight": {"cat": 2.0}})
    {'sampling': {'use': 'PowerSampling'}}
    """
    return {
        name: value
        for name, value in corrections.items()
        if not (name == "class_weight" and isinstance(value, Mapping))
        and not (name == "loss" and value.get("priors"))
    }
