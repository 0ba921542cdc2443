"""Keras's losses of classes for integer labels and for mixed ones."""

import keras

from kerasrecipes.base.soft_labels import one_hot


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ClassLoss(keras.losses.Loss):
    """Gives a loss that expects one-hot labels integer labels too.

    With `MixedSamples`, training labels are the shares of classes while validation keeps integers;
    a loss of Keras reads one or the other. This one translates, and reads both.

    Args:
        loss: A Keras loss of one-hot labels. Its reduction is this loss's.
        name: Defaults to the loss's own.
        **kwargs: As `keras.losses.Loss`.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or shares `(batch, classes)`.
        y_pred: `(batch, classes)`, logits or probabilities as the loss expects them.

    Returns:
        A scalar; without reduction, `(batch,)`.

    Example:

    >>> loss = ClassLoss(keras.losses.CategoricalCrossentropy(from_logits=True))
    >>> logits = np.log([[0.5, 0.25, 0.25]])
    >>> [round(float(loss(labels, logits)), 4) for labels in ([1], [[0.5, 0.5, 0.0]])]
    [1.3863, 1.0397]
    """

    def __init__(self, loss: keras.losses.Loss, name: str | None = None, **kwargs):
        super().__init__(name=name or loss.name, **{"reduction": loss.reduction, **kwargs})
        self.loss = loss

    def call(self, y_true, y_pred):
        return self.loss.call(one_hot(y_true, y_pred.shape[-1], y_pred.dtype), y_pred)

    def get_config(self):
        return {**super().get_config(), "loss": keras.saving.serialize_keras_object(self.loss)}

    @classmethod
    def from_config(cls, config):
        loss = keras.saving.deserialize_keras_object(config["loss"])
        return cls(**{**config, "loss": loss})
