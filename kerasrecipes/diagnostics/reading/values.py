"""Names and numbers of logs of several tools, in the form of Keras's history."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence

Values = dict[str, list[float | None]]

# A token, first or last in a name, that says which split it is of.
_TRAINING = {"train", "training", "tr"}
_VALIDATION = {"val", "valid", "validation", "eval", "dev", "test"}
_SHORT = {"acc": "accuracy", "lr": "learning_rate"}
# What is logged, but is no curve.
_OTHER = {"epoch", "epochs", "step", "steps", "eta", "v_num", "it", "ms", "s", "seconds", "time"}


def canonical(name: str) -> str:
    """Returns the name that Keras's history has for what a tool logs; empty for no curve.

    Example:

    >>> [canonical(name) for name in ("train_loss_epoch", "Loss/val", "val_acc", "lr-Adam", "eta")]
    ['loss', 'val_loss', 'val_accuracy', 'learning_rate', '']
    """
    tokens = [token for token in re.split(r"[\s/_.\-]+", name.strip().lower()) if token]
    if tokens[:1] == ["lr"] or tokens[:2] == ["learning", "rate"]:
        return "learning_rate"
    if len(tokens) > 1 and tokens[-1] == "epoch":
        tokens.pop()
    if len(tokens) > 1 and tokens[0] == "epoch":
        tokens.pop(0)
    split = ""
    for place in (0, -1):
        if len(tokens) > 1 and tokens[place] in _TRAINING | _VALIDATION:
            split = "val_" if tokens.pop(place) in _VALIDATION else ""
            break
    joined = "_".join(_SHORT.get(token, token) for token in tokens)
    is_none = joined in _OTHER or joined.endswith("_step") or not re.search("[a-z]", joined)
    return "" if is_none else split + joined


def number(value: object) -> float | None:
    """Returns what a log means by a value: a float, or `None` for NaN, infinities and nothing.

    Raises:
        ValueError: If it is no number.

    Example:

    >>> number("0,25"), number("1.5e-3"), number("nan"), number("")
    (0.25, 0.0015, None, None)
    """
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        # With one comma and no point, the comma is a decimal one.
        value = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    found = float(value)  # type: ignore[arg-type]  # Whatever number an array holds.
    return found if math.isfinite(found) else None


def as_epochs(columns: Mapping[str, Iterable[object]]) -> Values:
    """Returns columns of a log by the names of Keras's history, all of the same length.

    A validation every k epochs leaves a column shorter: its values are put at each k-th epoch.

    Raises:
        ValueError: If a value is no number.
    """
    found: Values = {}
    for name, column in columns.items():
        known = canonical(str(name))
        if not known or isinstance(column, str | bytes) or not isinstance(column, Iterable):
            continue
        values = list(column)
        try:
            numbers = [number(value) for value in values]
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"What is logged as {name!r} must be a number for each epoch. Received: {error}"
            ) from error
        if not numbers:
            found.setdefault(known, [])
        # A tool may log both `train_loss` and `train_loss_epoch`: the fuller one is it.
        if _count(numbers) > _count(found.get(known, [])):
            found[known] = numbers
    return _aligned(found)


def _count(values: Sequence[float | None]) -> int:
    return sum(value is not None for value in values) + (len(values) > 0)


def _aligned(columns: Values) -> Values:
    epochs = max((len(values) for values in columns.values()), default=0)
    aligned: Values = {}
    for name, values in columns.items():
        if len(values) == epochs:
            aligned[name] = values
        elif values and name.startswith("val_") and epochs // len(values) > 1:
            every = epochs // len(values)
            aligned[name] = [None] * epochs
            for place, value in enumerate(values, start=1):
                aligned[name][place * every - 1] = value
        else:
            # Of an epoch that was cut short, some values are missing.
            aligned[name] = values + [None] * (epochs - len(values))
    if "loss" in columns and len(columns["loss"]) < epochs:
        whole = len(columns["loss"])
        return {name: values[:whole] for name, values in aligned.items()}
    return aligned
