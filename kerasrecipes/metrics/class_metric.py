"""Wrapper for Keras's metrics of one-hot labels, for integer or soft labels and logits."""

from collections.abc import Sequence

import keras
from keras import ops

from kerasrecipes.base.private.metrics import copy_direction
from kerasrecipes.base.soft_labels import one_hot


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ClassMetric(keras.metrics.Metric):
    """Makes a metric of one-hot labels and probabilities accept integer labels and logits.

    Keras's `F1Score`, `Precision`, `Recall`, `AUC` and others cannot read the labels and logits of
    a classifier; with this wrapper they can. A metric with one result for each class, such as
    `F1Score(average=None)`, is logged as one number for each class. The label of a mixed sample is
    the class with the largest value in its soft label.

    Args:
        metric: A Keras metric of one-hot labels and probabilities, or of logits if it has
            `from_logits=True` or is a hinge, whose margin of 1 probabilities never exceed.
        class_names: Names for the results of a metric with one result for each class. Defaults to
            `None`: their numbers.
        sparse: Whether the metric is one of integer labels and logits. In that case it gets both,
            and integers even for mixed samples.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or soft labels `(batch, classes)`.
        y_pred: Logits `(batch, classes)`.

    Returns:
        A scalar, or a dictionary `{"<metric>_<class>": scalar}`.

    Example:

    >>> metric = ClassMetric(keras.metrics.Recall(class_id=1))
    >>> metric.update_state([0, 1, 1], [[3.0, 0.0], [0.0, 3.0], [3.0, 0.0]])
    >>> float(metric.result())
    0.5
    """

    def __init__(
        self,
        metric: keras.metrics.Metric,
        class_names: Sequence[str] | None = None,
        sparse: bool = False,
        name: str | None = None,
        dtype=None,
    ):
        super().__init__(name=name or metric.name, dtype=dtype)
        self.metric = metric
        self.class_names = None if class_names is None else list(class_names)
        self.sparse = sparse
        margin = type(metric).__name__ in ("CategoricalHinge", "Hinge", "SquaredHinge")
        self.of_logits = metric.get_config().get("from_logits", margin)
        copy_direction(metric, self)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = ops.convert_to_tensor(y_pred)
        classes = y_pred.shape[-1]
        labels = ops.argmax(one_hot(y_true, classes), axis=-1)
        if not self.sparse:
            labels = ops.one_hot(labels, classes, dtype=self.dtype)
            y_pred = ops.cast(y_pred, self.dtype)
            y_pred = y_pred if self.of_logits else ops.softmax(y_pred)
        self.metric.update_state(labels, y_pred, sample_weight=sample_weight)

    def result(self):
        result = self.metric.result()
        if len(result.shape) == 0:
            return result
        names = self.class_names or range(result.shape[0])
        return {f"{self.name}_{name}": result[i] for i, name in enumerate(names)}

    def reset_state(self):
        self.metric.reset_state()

    def get_config(self):
        metric = keras.saving.serialize_keras_object(self.metric)
        return {
            "metric": metric,
            "class_names": self.class_names,
            "sparse": self.sparse,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        metric = keras.saving.deserialize_keras_object(config["metric"])
        return cls(**{**config, "metric": metric})
