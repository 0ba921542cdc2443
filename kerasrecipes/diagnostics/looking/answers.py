"""What a model answers, against the targets."""

import numpy as np

from kerasrecipes.diagnostics.looking.statistics_of_layers import plain
from kerasrecipes.diagnostics.record.probes import Predictions


def predictions(
    answers: np.ndarray, targets: np.ndarray | None = None, *, from_logits: bool = False
) -> Predictions:
    """Returns statistics of a model's answers for one of its outputs.

    The targets tell what is asked: one-hot rows, or class indices where there are several units,
    are classes; one column of two values is yes or no; all else are numbers.

    Args:
        answers: The answers, of shape `(samples, ...)`.
        targets: The targets; `None` if there are none.
        from_logits: Whether yes begins at 0, not at 0.5.

    Example:

    >>> found = predictions(np.array([[0.2], [0.1], [0.4]]), np.array([0, 1, 1]))
    >>> found.top_share, round(found.target_top_share, 2), round(found.accuracy, 2)
    (1.0, 0.67, 0.33)
    """
    answers = np.asarray(answers, np.float64)
    finite = answers[np.isfinite(answers)]
    if not finite.size:
        return Predictions()
    values = {
        "minimum": float(finite.min()),
        "maximum": float(finite.max()),
        "mean": float(finite.mean()),
    }
    if finite.size == answers.size:
        values["std"] = float(np.sqrt(answers.var(axis=0).mean()))
    if targets is None or finite.size < answers.size or targets.dtype.kind not in "fiub":
        return Predictions(**values)
    targets = np.asarray(targets, np.float64)
    classes = _classes(answers, targets, from_logits)
    if classes is None:
        return Predictions(**values, correlation=_correlation(answers, targets))
    given, true = classes
    return Predictions(
        **values,
        top_share=_top_share(given),
        target_top_share=_top_share(true),
        accuracy=float(np.mean(given == true)),
    )


def _classes(answers, targets, from_logits) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns the classes of answers and targets; `None` if they are numbers."""
    units = answers.shape[-1] if answers.ndim > 1 else 1
    whole = bool((targets == np.round(targets)).all())
    if units > 1:
        if targets.shape == answers.shape:
            one_hot = whole and (targets >= 0).all() and (targets.sum(axis=-1) == 1).all()
            return (answers.argmax(-1), targets.argmax(-1)) if one_hot else None
        given = answers.argmax(-1).reshape(-1)
        return (given, targets.reshape(-1)) if whole and targets.size == given.size else None
    values = np.unique(targets)
    if targets.size != answers.size or not whole or not set(values) <= {-1.0, 0.0, 1.0}:
        return None
    if values.size > 2:
        return None
    signed = -1.0 in values
    threshold = 0.0 if from_logits or signed else 0.5
    yes = answers.reshape(-1) > threshold
    return yes, targets.reshape(-1) > 0


def _top_share(classes: np.ndarray) -> float:
    return float(np.unique(classes, return_counts=True)[1].max() / classes.size)


def _correlation(answers: np.ndarray, targets: np.ndarray) -> float | None:
    """Returns Pearson's correlation of the deviations from each column's mean."""
    if answers.size != targets.size or len(answers) < 2:
        return None
    given, true = (array.reshape(len(answers), -1) for array in (answers, targets))
    given, true = given - given.mean(axis=0), true - true.mean(axis=0)
    scale = np.sqrt(np.sum(given**2) * np.sum(true**2))
    return plain(float(np.sum(given * true) / scale)) if scale > 0 else None
