"""Keras metrics that count every class the same, however many samples it has."""

import keras
from keras import ops

from kerasrecipes.metrics.confusion_metrics import ConfusionMetric


class _ClassRecalls(ConfusionMetric):
    """Computes a score from the recall of each class that has samples."""

    def score(self, joint):
        true = ops.sum(joint, axis=1)
        recalls = ops.divide_no_nan(ops.diagonal(joint), true)
        present = ops.cast(true > 0, self.dtype)
        return self.of_recalls(recalls, present)

    def of_recalls(self, recalls, present):
        """Returns the score.

        Args:
            recalls: The recall of each class, `(classes,)`; 0 for a class without samples.
            present: 1 for each class with samples, else 0, `(classes,)`.
        """
        raise NotImplementedError


@keras.saving.register_keras_serializable(package="kerasrecipes")
class BalancedAccuracy(_ClassRecalls):
    """Mean over classes of the fraction of their samples that are classified correctly.

        mean over classes c of  correct_c / n_c

    It is the accuracy of a sample in which every class is equally frequent. A model that predicts
    the most frequent class for all has `1 / classes`, whatever its accuracy. Classes without
    samples are left out. Several batches are counted together: it is not a mean over batches.

    Args:
        threshold: Float. Above it, a prediction of a single number, as a sigmoid's, is class 1. For
            a logit, give 0.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or soft labels `(batch, classes)`.
        y_pred: Logits or probabilities, `(batch, classes)`, or of class 1 alone, `(batch, 1)` or
            `(batch,)`.
        sample_weight: `None`, or the weight of each sample, `(batch,)`.

    Example:

    >>> metric = BalancedAccuracy()
    >>> metric.update_state([0, 0, 0, 1], [[0.9, 0.1]] * 4)
    >>> float(metric.result())
    0.5

    Reference:
        Brodersen et al., 2010, https://doi.org/10.1109/ICPR.2010.764
    """

    def __init__(self, threshold: float = 0.5, name: str | None = "balanced_accuracy", dtype=None):
        super().__init__(threshold, name, dtype)

    def of_recalls(self, recalls, present):
        return ops.divide_no_nan(ops.sum(recalls), ops.sum(present))


@keras.saving.register_keras_serializable(package="kerasrecipes")
class WorstClassRecall(_ClassRecalls):
    """Least fraction of the samples of a class that are classified correctly.

        min over classes c of  correct_c / n_c

    Classes without samples are left out. With few samples of a class it varies much: of ten
    samples, a recall of 80% has a 95% interval from 49% to 94%.

    Args:
        threshold: Float. Above it, a prediction of a single number, as a sigmoid's, is class 1. For
            a logit, give 0.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or soft labels `(batch, classes)`.
        y_pred: Logits or probabilities, `(batch, classes)`, or of class 1 alone, `(batch, 1)` or
            `(batch,)`.
        sample_weight: `None`, or the weight of each sample, `(batch,)`.

    Example:

    >>> metric = WorstClassRecall()
    >>> metric.update_state([0, 0, 1, 1], [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    >>> float(metric.result())
    0.5
    """

    def __init__(self, threshold: float = 0.5, name: str | None = "worst_class_recall", dtype=None):
        super().__init__(threshold, name, dtype)

    def of_recalls(self, recalls, present):
        # Before the first sample, all are 0.
        least = ops.min(ops.where(present > 0, recalls, ops.ones_like(recalls)))
        return least * ops.max(present)
