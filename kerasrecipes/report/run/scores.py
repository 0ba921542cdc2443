"""Scores on the page of a run, computed from its metrics, history and predictions."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from kerasrecipes.base.intervals import wilson_interval


def headline(run) -> dict | None:
    """Returns the score to quote of a run, or `None` before it is finished.

    Args:
        run: A `Run`.

    Returns:
        The scores on test or, if there is none, on validation, and four more entries. `"split"`
        is the split's name. `"baseline"` is what `majority_baseline` returns. `"chose_epoch"` says
        whether the split chose the epoch, so that its score flatters the model. `"mistakes"` is
        their number, or `None` if it is unknown.
    """
    split = run.evaluation_split
    if split is None:
        return None
    scores, monitor = run.metrics[split], run.metrics.get("monitor") or ""
    n, accuracy = scores.get("n"), scores["accuracy"]
    known = n is not None and math.isfinite(accuracy)
    return {
        "accuracy_interval": None,
        "n": None,
        **scores,
        "split": split,
        "baseline": majority_baseline(run.data, split),
        "chose_epoch": split == "validation" and monitor.startswith("val_"),
        "mistakes": n - round(n * accuracy) if known else None,
    }


def majority_baseline(data: Mapping, split: str) -> dict | None:
    """Returns the class that is most frequent in training, and how often it would be right.

    Args:
        data: The contents of a run's data.json.
        split: The split that is scored.

    Example:

    >>> counts = {"train": [5, 9], "test": [3, 1]}
    >>> majority_baseline({"class_names": ["cat", "dog"], "class_counts": counts}, "test")
    {'class_name': 'dog', 'accuracy': 0.25}
    """
    counts = data.get("class_counts") or {}
    if "train" not in counts or not sum(counts.get(split, ())):
        return None
    label = int(np.argmax(counts["train"]))
    accuracy = counts[split][label] / sum(counts[split])
    return {"class_name": data["class_names"][label], "accuracy": accuracy}


def diverged_epoch(history: Sequence[Mapping]) -> int | None:
    """Returns the first epoch whose loss, on train or validation, is NaN or infinite."""
    for row in history:
        losses = (row.get("loss"), row.get("val_loss"))
        if any(loss is not None and not math.isfinite(loss) for loss in losses):
            return row["epoch"]
    return None


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Returns the counts of (true class, predicted class), of shape `(classes, classes)`.

    Example:

    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), classes=2).tolist()
    [[1, 0], [1, 1]]
    """
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(labels, predicted, labels=np.arange(classes))


def per_class(labels: np.ndarray, predicted: np.ndarray, class_names: Sequence[str]) -> list[dict]:
    """Returns precision, recall, F1 and support of each class; NaN if one is undefined.

    `"recall_interval"` is Wilson's 95% interval of the recall, `None` without images.
    """
    from sklearn.metrics import precision_recall_fscore_support

    columns = precision_recall_fscore_support(
        labels, predicted, labels=np.arange(len(class_names)), zero_division=np.nan
    )
    names = ("precision", "recall", "f1", "support")
    rows = [
        {"name": name, **dict(zip(names, row, strict=True))}
        for name, *row in zip(class_names, *(column.tolist() for column in columns), strict=True)
    ]
    for row in rows:
        n = row["support"]
        row["recall_interval"] = wilson_interval(round(row["recall"] * n), n) if n else None
    return rows


def most_confused(matrix: np.ndarray, class_names: Sequence[str], limit: int) -> list[dict]:
    """Returns the pairs (true, predicted) that are confused most often, the most frequent first."""
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
