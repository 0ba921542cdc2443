"""What a run's history and predictions say, in numbers."""

import math
from collections.abc import Mapping, Sequence

import numpy as np


def headline(metrics: Mapping) -> dict | None:
    """Returns the score to quote: on test, else on validation, else `None`.

    Args:
        metrics: The contents of metrics.json.

    Returns:
        The split's scores, with these added: `"split"`; `"mistakes"`, where `n` is known; and
        `"chose_epoch"`, whether the split chose the epoch and so is no fair judge of it.
    """
    for split in ("test", "validation"):
        scores = metrics.get(split)
        if scores and scores.get("accuracy") is not None:
            n, accuracy = scores.get("n"), scores["accuracy"]
            known = n is not None and math.isfinite(accuracy)
            return {
                "accuracy_interval": None,
                "n": None,
                **scores,
                "split": split,
                "chose_epoch": split == "validation"
                and (metrics.get("monitor") or "").startswith("val_"),
                "mistakes": n - round(n * accuracy) if known else None,
            }
    return None


def diverged_epoch(history: Sequence[Mapping]) -> int | None:
    """Returns the first epoch whose loss, on train or validation, is NaN or infinite."""
    for row in history:
        losses = (row.get("loss"), row.get("val_loss"))
        if any(loss is not None and not math.isfinite(loss) for loss in losses):
            return row["epoch"]
    return None


def judged_split(predictions: Mapping) -> str | None:
    """Returns the split whose predictions the page looks into: test, else validation."""
    return next((s for s in ("test", "validation") if f"{s}_labels" in predictions), None)


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Returns the counts of (true class, predicted class), of shape `(classes, classes)`.

    Example:

    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), classes=2).tolist()
    [[1, 0], [1, 1]]
    """
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(labels, predicted, labels=np.arange(classes))


def per_class(labels: np.ndarray, predicted: np.ndarray, class_names: Sequence[str]) -> list[dict]:
    """Returns precision, recall, F1 and support for each class; NaN where one is undefined."""
    from sklearn.metrics import precision_recall_fscore_support

    columns = precision_recall_fscore_support(
        labels, predicted, labels=np.arange(len(class_names)), zero_division=np.nan
    )
    names = ("precision", "recall", "f1", "support")
    return [
        {"name": name, **dict(zip(names, row, strict=True))}
        for name, *row in zip(class_names, *(column.tolist() for column in columns), strict=True)
    ]


def most_confused(matrix: np.ndarray, class_names: Sequence[str], limit: int) -> list[dict]:
    """Returns the pairs (true, predicted) that were confused most often, most frequent first."""
    mistakes = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-mistakes, axis=None, kind="stable")[:limit]
    pairs = zip(*np.unravel_index(order, mistakes.shape), strict=True)
    return [
        {
            "true": class_names[true],
            "predicted": class_names[predicted],
            "count": int(mistakes[true, predicted]),
            "share": mistakes[true, predicted] / matrix[true].sum(),
        }
        for true, predicted in pairs
        if mistakes[true, predicted]
    ]
