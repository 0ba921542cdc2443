"""Wrapper for Keras's losses of one-hot labels, for integer and soft labels."""

import keras

from kerasrecipes.base.soft_labels import one_hot


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ClassLoss(keras.losses.Loss):
    """Makes a loss of one-hot labels accept integer labels as well.

    With `MixedSamples`, training labels are soft while validation labels are integers. A loss of
    Keras reads only one of the two; with this wrapper it reads both.

    Args:
        loss: A Keras loss of one-hot labels. Its reduction is used here too.
        name: Defaults to the name of the loss.
        softmax: Whether predictions are logits and the loss, such as `KLDivergence` or `Dice`, is
            one of probabilities: it is given their softmax. Defaults to `False`. A recipe sets it
            for the losses of Keras that need it.
        **kwargs: As `keras.losses.Loss`.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or soft labels `(batch, classes)`.
        y_pred: `(batch, classes)`, logits or probabilities, depending on the loss.

    Returns:
        A scalar; without reduction, `(batch,)`.

    Example:

    >>> loss = ClassLoss(keras.losses.CategoricalCrossentropy(from_logits=True))
    >>> logits = np.log([[0.5, 0.25, 0.25]])
    >>> [round(float(loss(labels, logits)), 4) for labels in ([1], [[0.5, 0.5, 0.0]])]
    [1.3863, 1.0397]
    """

    def __init__(
        self,
        loss: keras.losses.Loss,
        name: str | None = None,
        softmax: bool = False,
        **kwargs,
    ):
        super().__init__(name=name or loss.name, **{"reduction": loss.reduction, **kwargs})
        self.loss = loss
        self.softmax = softmax

    def call(self, y_true, y_pred):
        if self.softmax:
            y_pred = keras.ops.softmax(y_pred)
        return self.loss.call(one_hot(y_true, y_pred.shape[-1], y_pred.dtype), y_pred)

    def get_config(self):
        loss = keras.saving.serialize_keras_object(self.loss)
        return {**super().get_config(), "loss": loss, "softmax": self.softmax}

    @classmethod
    def from_config(cls, config):
        loss = keras.saving.deserialize_keras_object(config["loss"])
        return cls(**{**config, "loss": loss})
