"""Keras metrics of the confusion matrix: agreement beyond chance, and correlation."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_choice, check_number
from kerasrecipes.base.private.metrics import better_when_larger
from kerasrecipes.base.soft_labels import one_hot

_WEIGHTINGS = (None, "linear", "quadratic")


class ConfusionMetric(keras.metrics.Metric):
    """Counts pairs of true and predicted class; a subclass computes a score from the counts.

    The counts are float32 and exact up to 16 million samples. There is one matrix, whose size is
    that of the first predictions.

    Args:
        threshold: Above it, a prediction of a single number is class 1.
    """

    def __init__(self, threshold: float = 0.5, name: str | None = None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        check_number("threshold", threshold)
        self.threshold = threshold
        self.confusion: Any = None
        better_when_larger(self)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = ops.convert_to_tensor(y_pred)
        single = len(y_pred.shape) == 1 or y_pred.shape[-1] == 1
        classes = 2 if single else y_pred.shape[-1]
        if self.confusion is None:
            # Not in `__init__`, so that nobody has to say how many classes there are.
            self.confusion = self.add_variable((classes, classes), "zeros", name="confusion")
        above = ops.reshape(y_pred, (-1,)) > self.threshold if single else None
        predicted = ops.argmax(y_pred, axis=-1) if above is None else above
        labels = ops.argmax(one_hot(y_true, classes), axis=-1)
        places = classes * ops.cast(labels, "int32") + ops.cast(predicted, "int32")
        if sample_weight is None:
            weights = ops.ones_like(places, dtype=self.dtype)
        else:
            weights = ops.cast(ops.reshape(sample_weight, (-1,)), self.dtype)
        counts = ops.segment_sum(weights, places, num_segments=classes * classes)
        self.confusion.assign_add(ops.reshape(counts, (classes, classes)))

    def result(self):
        if self.confusion is None:
            return ops.zeros((), self.dtype)
        counts = ops.convert_to_tensor(self.confusion)
        return self.score(ops.divide_no_nan(counts, ops.sum(counts)))

    def score(self, joint):
        """Returns the score.

        Args:
            joint: Fractions of samples, `(classes, classes)`: a row for each true class, a column
                for each predicted one. All are 0 before the first sample.
        """
        raise NotImplementedError

    def get_config(self):
        return {"threshold": self.threshold, "name": self.name, "dtype": self.dtype}


@keras.saving.register_keras_serializable(package="kerasrecipes")
class CohenKappa(ConfusionMetric):
    """Agreement of labels and predictions, in excess of what chance would give.

        kappa = 1 - sum(w * joint) / sum(w * true * predicted)

    `joint` is the fraction of samples with a true and a predicted class, `true` and `predicted` are
    its marginals, and `w` is the cost of the pair. 1 is full agreement; 0 is that of predictions
    that are drawn in the same proportions without looking, whatever the proportions are; below 0 is
    worse. Where only one class occurs, kappa is not defined, and 0 here.

    Where classes are ordered, as grades of a disease are, a weighting makes far misses cost more.

    Args:
        weighting: The cost of taking class `i` for class `j`: `None` for 1, `"linear"` for
            `|i - j|`, `"quadratic"` for `(i - j)^2`.
        threshold: Float. Above it, a prediction of a single number, as a sigmoid's, is class 1. For
            a logit, give 0.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or soft labels `(batch, classes)`.
        y_pred: Logits or probabilities, `(batch, classes)`, or of class 1 alone, `(batch, 1)` or
            `(batch,)`.

    Raises:
        ValueError: If `weighting` is none of these.

    Example:

    >>> metric = CohenKappa()
    >>> metric.update_state([0, 0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.1, 0.9]])
    >>> float(metric.result())
    0.5

    Reference:
        Cohen, 1960, https://doi.org/10.1177/001316446002000104;
        Cohen, 1968, https://doi.org/10.1037/h0026256 (`weighting`).
    """

    def __init__(
        self,
        weighting: str | None = None,
        threshold: float = 0.5,
        name: str | None = "cohen_kappa",
        dtype=None,
    ):
        check_choice("weighting", weighting, _WEIGHTINGS)
        super().__init__(threshold, name, dtype)
        self.weighting = weighting

    def score(self, joint):
        distances = np.subtract.outer(np.arange(joint.shape[0]), np.arange(joint.shape[0]))
        power = {None: 0, "linear": 1, "quadratic": 2}[self.weighting]
        costs = np.where(distances == 0, 0.0, np.abs(distances).astype("float64") ** power)
        weights = ops.convert_to_tensor(costs, self.dtype)
        chance = ops.outer(ops.sum(joint, axis=1), ops.sum(joint, axis=0))
        observed, expected = ops.sum(weights * joint), ops.sum(weights * chance)
        agreement = 1 - ops.divide_no_nan(observed, expected)
        return ops.where(expected > 0, agreement, ops.zeros_like(agreement))

    def get_config(self):
        return {**super().get_config(), "weighting": self.weighting}


@keras.saving.register_keras_serializable(package="kerasrecipes")
class MatthewsCorrelation(ConfusionMetric):
    """Correlation of labels and predictions.

    For two classes it is Pearson's correlation of two columns of zeros and ones:

        (TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN))

    and for more, with the fraction `right` of right predictions and the fractions of samples of
    each true and predicted class,

        (right - sum(true * predicted)) / sqrt((1 - sum(true^2)) (1 - sum(predicted^2)))

    1 is full agreement, 0 none. Unlike accuracy, it does not profit from a class that is frequent:
    where all samples are predicted to be of one class, it is 0.

    Args:
        threshold: Float. Above it, a prediction of a single number, as a sigmoid's, is class 1. For
            a logit, give 0.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or soft labels `(batch, classes)`.
        y_pred: Logits or probabilities, `(batch, classes)`, or of class 1 alone, `(batch, 1)` or
            `(batch,)`.

    Example:

    >>> metric = MatthewsCorrelation()
    >>> metric.update_state([1, 1, 1, 0], [0.9, 0.1, 0.8, 0.7])
    >>> round(float(metric.result()), 4)
    -0.3333

    Reference:
        Matthews, 1975, https://doi.org/10.1016/0005-2795(75)90109-9;
        Gorodkin, 2004, https://doi.org/10.1016/j.compbiolchem.2004.09.006 (more than two classes).
    """

    def __init__(
        self,
        threshold: float = 0.5,
        name: str | None = "matthews_correlation",
        dtype=None,
    ):
        super().__init__(threshold, name, dtype)

    def score(self, joint):
        true, predicted = ops.sum(joint, axis=1), ops.sum(joint, axis=0)
        covariance = ops.trace(joint) - ops.sum(true * predicted)
        # The variances 1 - sum(true^2), written without the cancellation.
        variances = ops.sum(true * (1 - true)) * ops.sum(predicted * (1 - predicted))
        return ops.divide_no_nan(covariance, ops.sqrt(variances))
