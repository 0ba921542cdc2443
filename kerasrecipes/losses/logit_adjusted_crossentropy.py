"""Cross-entropy of logits that are shifted by how frequent each class is."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.base.class_priors import checked_priors
from kerasrecipes.base.soft_labels import one_hot


@keras.saving.register_keras_serializable(package="kerasrecipes")
class LogitAdjustedCrossentropy(keras.losses.Loss):
    """Cross-entropy of logits to which the logarithms of the classes' priors are added.

        loss = -sum over classes c of  y_c log softmax(logits + tau log priors)_c

    A network that is trained so need not learn that some classes are frequent: its own logits are
    those of a sample in which every class is equally frequent, and their largest maximizes the
    balanced accuracy. In validation the loss is computed likewise.

    Args:
        priors: The frequency of each class in training, or its number of images; positive numbers.
            They are divided by their sum. Defaults to `None`: in a recipe, those of the training
            images.
        tau: Float of at least 0, the strength. With 0 it is the cross-entropy. Defaults to `1.0`,
            which is right where the test has the same images but evenly many of each class.
        label_smoothing: Float in `[0, 1)`, as in Keras's cross-entropies.
        **kwargs: As `keras.losses.Loss`.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or soft labels `(batch, classes)`.
        y_pred: Logits `(batch, classes)`.

    Returns:
        A scalar; without reduction, `(batch,)`.

    Raises:
        ValueError: If a prior is not positive, or `tau` or `label_smoothing` is out of range; and
            in a call without priors, or with another number of them than there are classes.

    Example:

    >>> loss = LogitAdjustedCrossentropy(priors=[900, 100])
    >>> logits = np.log([[0.5, 0.5]])
    >>> [round(float(loss([label], logits)), 4) for label in (0, 1)]
    [0.1054, 2.3026]

    Reference:
        Menon et al., 2021, https://arxiv.org/abs/2007.07314, equation 10.
    """

    def __init__(
        self,
        priors: Sequence[float] | None = None,
        tau: float = 1.0,
        label_smoothing: float = 0.0,
        name: str | None = "logit_adjusted_crossentropy",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        check_number("tau", tau, at_least=0)
        check_number("label_smoothing", label_smoothing, at_least=0, below=1)
        self.priors = None if priors is None else np.asarray(priors).tolist()
        self.tau = tau
        self.label_smoothing = label_smoothing
        self._shift = None if priors is None else tau * np.log(checked_priors(priors))

    def call(self, y_true, y_pred):
        if self._shift is None:
            raise ValueError(
                "A logit-adjusted loss needs `priors`, the number of training images of each "
                "class: only in a recipe they are known. Received: priors=None"
            )
        classes = y_pred.shape[-1]
        if len(self._shift) != classes:
            raise ValueError(
                f"`priors` must have one number for each of the {classes} classes. "
                f"Received: {len(self._shift)} numbers"
            )
        labels = one_hot(y_true, classes, y_pred.dtype)
        shifted = y_pred + ops.convert_to_tensor(self._shift, y_pred.dtype)
        return keras.losses.categorical_crossentropy(
            labels, shifted, from_logits=True, label_smoothing=self.label_smoothing
        )

    def get_config(self):
        return {
            **super().get_config(),
            "priors": self.priors,
            "tau": self.tau,
            "label_smoothing": self.label_smoothing,
        }
