"""How right a model's answers are, whatever its loss says."""

import keras
import numpy as np

from kerasrecipes.diagnostics.record.model_facts import Output

_CLASSES = {"sparse_categorical_crossentropy", "categorical_crossentropy", "categorical_hinge"}
_YES_OR_NO = {"binary_crossentropy", "binary_focal_crossentropy"}


def accuracy_of(answers: list[np.ndarray], batch: tuple, outputs: tuple[Output, ...]):
    """Returns the least fraction that is right over the outputs that classify, `None` if none does.

    Args:
        answers: Of each output.
        batch: Samples, as `(x, y)`.
        outputs: Facts of the model's outputs.
    """
    targets = _targets(batch)
    if len(targets) != len(answers) or len(outputs) != len(answers):
        return None
    fractions = [_accuracy(*row) for row in zip(answers, targets, outputs, strict=True)]
    return min((fraction for fraction in fractions if fraction is not None), default=None)


def error_of(answers: list[np.ndarray], batch: tuple):
    """Returns the mean distance of answers from targets of their shape, `None` if none has it."""
    targets = _targets(batch)
    if len(targets) != len(answers):
        return None
    pairs = zip(answers, (np.asarray(t) for t in targets), strict=True)
    errors = [
        float(np.abs(answer - target.reshape(answer.shape)).mean())
        for answer, target in pairs
        if target.size == answer.size and target.dtype.kind in "biuf"
    ]
    return float(np.mean(errors)) if errors and np.isfinite(errors).all() else None


def _targets(batch: tuple) -> list:
    return keras.tree.flatten(batch[1]) if len(batch) > 1 else []


def _accuracy(answers: np.ndarray, targets, output: Output) -> float | None:
    if output.loss is None:
        return None
    targets = np.asarray(targets)
    if output.loss.kind in _CLASSES and answers.shape[-1] > 1:
        chosen = answers.argmax(axis=-1)
        if targets.shape == answers.shape:
            targets = targets.argmax(axis=-1)
        return (
            float((chosen == targets.reshape(chosen.shape)).mean())
            if (targets.size == chosen.size)
            else None
        )
    if output.loss.kind in _YES_OR_NO and targets.size == answers.size:
        if not np.isin(targets, (0, 1)).all():
            return None
        threshold = 0.0 if output.loss.from_logits else 0.5
        return float(((answers > threshold) == targets.reshape(answers.shape)).mean())
    return None
