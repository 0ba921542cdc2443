"""Keras metrics that judge probabilities, from labels of any form."""

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_integer
from kerasrecipes.base.private.metrics import better_when_smaller
from kerasrecipes.base.soft_labels import one_hot


class ProbabilityMetric(keras.metrics.Metric):
    """Means over samples of what a subclass computes from one-hot labels and probabilities.

    Args:
        from_logits: Whether the predictions are logits; otherwise they are probabilities.
    """

    def __init__(self, from_logits: bool = False, name: str | None = None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.from_logits = from_logits
        better_when_smaller(self)
        self.samples = self.add_variable((), "zeros", name="samples")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = ops.cast(ops.convert_to_tensor(y_pred), self.dtype)
        probabilities = ops.softmax(y_pred, axis=-1) if self.from_logits else y_pred
        labels = ops.argmax(one_hot(y_true, y_pred.shape[-1]), axis=-1)
        if sample_weight is None:
            weights = ops.ones_like(probabilities[:, 0])
        else:
            weights = ops.cast(ops.reshape(sample_weight, (-1,)), self.dtype)
        self.samples.assign_add(ops.sum(weights))
        self.add(labels, probabilities, weights)

    def add(self, labels, probabilities, weights) -> None:
        """Adds a batch.

        Args:
            labels: Integers `(batch,)`.
            probabilities: Tensor `(batch, classes)`.
            weights: Tensor `(batch,)`.
        """
        raise NotImplementedError

    def per_sample(self, total):
        """Returns a total over all samples, divided by their weights; 0 before the first."""
        return ops.divide_no_nan(total, self.samples)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype, "from_logits": self.from_logits}


@keras.saving.register_keras_serializable(package="kerasrecipes")
class CalibrationError(ProbabilityMetric):
    """Mean distance between confidence and accuracy, over bins of equal width.

        sum over bins b of n_b / n * |accuracy_b - confidence_b|

    The confidence is the probability of the predicted class. `expected_calibration_error` computes
    the same from arrays, with an interval. The label of a mixed sample is the class with the
    largest value in its soft label.

    Args:
        bins: Positive integer.
        from_logits: Whether the predictions are logits; otherwise they are probabilities.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or soft labels `(batch, classes)`.
        y_pred: Probabilities, or logits, `(batch, classes)`.

    Raises:
        ValueError: If `bins` is below 1.

    Example:

    >>> metric = CalibrationError()
    >>> metric.update_state([0, 0, 1, 0], [[0.9, 0.1]] * 4)  # 75% are right.
    >>> round(float(metric.result()), 3)
    0.15

    Reference:
        Guo et al., 2017, https://arxiv.org/abs/1706.04599, equation 3.
    """

    def __init__(
        self,
        bins: int = 15,
        from_logits: bool = False,
        name: str | None = "calibration_error",
        dtype=None,
    ):
        check_integer("bins", bins, at_least=1)
        super().__init__(from_logits, name, dtype)
        self.bins = bins
        self.gaps = self.add_variable((bins,), "zeros", name="gaps")

    def add(self, labels, probabilities, weights):
        confidence = ops.max(probabilities, axis=-1)
        predicted = ops.cast(ops.argmax(probabilities, axis=-1), labels.dtype)
        correct = ops.cast(ops.equal(predicted, labels), self.dtype)
        borders = ops.convert_to_tensor(np.linspace(0, 1, self.bins + 1)[1:-1], self.dtype)
        places = ops.sum(ops.cast(confidence[:, None] > borders, "int32"), axis=-1)
        of_bins = ops.one_hot(places, self.bins, dtype=self.dtype)
        gaps = (correct - confidence) * weights
        self.gaps.assign_add(ops.sum(of_bins * gaps[:, None], axis=0))

    def result(self):
        return self.per_sample(ops.sum(ops.abs(self.gaps)))

    def get_config(self):
        return {**super().get_config(), "bins": self.bins}


@keras.saving.register_keras_serializable(package="kerasrecipes")
class BrierScore(ProbabilityMetric):
    """Mean squared distance between probabilities and one-hot labels.

        mean over samples of sum over classes c of (p_c - [c is true])^2

    It is between 0 and 2, and lowest for the true probabilities. `brier_score` computes the same
    from arrays. The label of a mixed sample is the class with the largest value in its soft label.

    Args:
        from_logits: Whether the predictions are logits; otherwise they are probabilities.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or soft labels `(batch, classes)`.
        y_pred: Probabilities, or logits, `(batch, classes)`.

    Example:

    >>> metric = BrierScore()
    >>> metric.update_state([0, 1], [[0.5, 0.5], [0.0, 1.0]])
    >>> float(metric.result())
    0.25

    Reference:
        Brier, 1950, https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
    """

    def __init__(self, from_logits: bool = False, name: str | None = "brier_score", dtype=None):
        super().__init__(from_logits, name, dtype)
        self.total = self.add_variable((), "zeros", name="total")

    def add(self, labels, probabilities, weights):
        one_hot = ops.one_hot(labels, probabilities.shape[-1], dtype=self.dtype)
        distances = ops.sum(ops.square(probabilities - one_hot), axis=-1)
        self.total.assign_add(ops.sum(distances * weights))

    def result(self):
        return self.per_sample(self.total)
