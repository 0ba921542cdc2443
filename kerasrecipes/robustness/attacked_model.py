"""A classifier as its attacker sees it: its loss, and the step that raises it."""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.differentiation import value_and_gradients
from kerasrecipes.base.norm_ball import NormBall
from kerasrecipes.explanations.class_scores import without_final_activation
from kerasrecipes.explanations.inference import called, state_of
from kerasrecipes.models.surgery.output_form import are_distributions

# The loss is multiplied by it, so that layers in float16 do not lose small gradients.
_SCALE = 1024.0


class AttackedModel:
    """The cross-entropy of a classifier's images, and steps by its gradient.

    Its programs are compiled once, for all epsilons.

    Args:
        model: A Keras model.
        ball: Where adversarial examples may be; its epsilon may be another one in each attack.
        images: Some images, from which is learnt what the model returns.
        targeted: Whether the labels are what the model is to say, so that their loss must fall.

    Raises:
        ValueError: If the model does not classify images.
    """

    def __init__(
        self, model: keras.Model, ball: NormBall, images: np.ndarray, targeted: bool = False
    ):
        self._model, self._ball, self._sign = model, ball, -1.0 if targeted else 1.0
        self.targeted = targeted
        if not model.built:
            model(ops.convert_to_tensor(images), training=False)
        with without_final_activation(model):
            outputs = called(model, state_of(model), ops.convert_to_tensor(images))
        outputs = ops.convert_to_numpy(ops.cast(outputs, "float32"))
        if outputs.ndim != 2:
            raise ValueError(
                "The model must classify images: with one output, of shape (batch, classes). "
                f"Received: an output of shape {outputs.shape}"
            )
        self.classes = max(2, outputs.shape[-1])
        self._are_probabilities = are_distributions(outputs)
        self._moved = False
        self._step, self._judged = _compiled(self._stepped), _compiled(self._judge)

    def attack(
        self,
        start,
        centers: np.ndarray,
        labels: np.ndarray,
        ball: NormBall,
        steps: int,
        step_size: float,
    ) -> np.ndarray:
        """Returns float32 images after steps from `start` that raise the loss, within a ball.

        Raises:
            ValueError: If the outputs do not depend on the images in a way that has a gradient.
        """
        points, chosen, middle = (
            start,
            ops.convert_to_tensor(labels),
            ops.convert_to_tensor(centers),
        )
        size, epsilon = (
            ops.convert_to_tensor(np.float32(length)) for length in (step_size, ball.epsilon)
        )
        with without_final_activation(self._model):
            state = state_of(self._model)
            for _ in range(steps):
                points, largest = self._step(points, middle, chosen, size, epsilon, state)
                if not self._moved:
                    self._moved = bool(ops.convert_to_numpy(largest).any())
        return ball.exact(ops.convert_to_numpy(points), centers)

    def check_moved(self) -> None:
        """Raises a `ValueError` if no image that was attacked had a gradient."""
        if not self._moved:
            _refuse(self._model)

    def losses(self, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns how far each image is towards the attacker's aim, and the predicted classes."""
        given = ops.convert_to_tensor(images), ops.convert_to_tensor(labels)
        with without_final_activation(self._model):
            losses, predicted = self._judged(*given, state_of(self._model))
        return self._sign * ops.convert_to_numpy(losses), ops.convert_to_numpy(predicted)

    def _stepped(self, points, centers, labels, size, epsilon, state):
        def loss(tensors, _):
            # Its direction is that of the cross-entropy, which rises with it; but it does not
            # vanish where a model is sure, and probabilities are rounded to 0 and 1.
            return self._sign * _SCALE * ops.sum(self._odds(tensors[0], labels, state)[0]), ()

        _, _, (gradient,) = value_and_gradients(loss, [points], ())
        if gradient is None:
            _refuse(self._model)
        gradient = ops.cast(gradient, "float32")
        moved = points + size * self._ball.direction(gradient)
        return self._ball.projected(moved, centers, epsilon), ops.max(ops.abs(gradient))

    def _judge(self, images, labels, state):
        odds, logits = self._odds(images, labels, state)
        return odds, ops.argmax(logits, axis=-1)

    def _odds(self, images, labels, state):
        """Returns the logarithm of the odds against the labels, and the logits.

        The cross-entropy is its softplus.
        """
        logits = self._logits(images, state)
        own = ops.one_hot(labels, self.classes, dtype="bool")
        others = ops.logsumexp(ops.where(own, -1e30, logits), axis=-1)
        return others - ops.max(ops.where(own, logits, -1e30), axis=-1), logits

    def _logits(self, images, state):
        outputs = ops.cast(called(self._model, state, images), "float32")
        if self._are_probabilities:
            return ops.log(ops.maximum(outputs, 1e-30))
        if outputs.shape[-1] == 1:
            return ops.concatenate([ops.zeros_like(outputs), outputs], axis=-1)
        return outputs


def _compiled(function: Callable) -> Callable:
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return jax.jit(function)
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    return function


def _refuse(model: keras.Model) -> None:
    raise ValueError(
        "The model must have a gradient by its images, and what it returns has none, or one that "
        "is 0 everywhere: look for a cast to integers, a rounding or a comparison on the way from "
        f"its input. Received: {model.name!r}"
    )
