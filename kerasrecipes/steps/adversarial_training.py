"""Adversarial training, by projected gradient descent or by one fast step."""

from collections.abc import Sequence

import keras
from keras import ops

from kerasrecipes.base.checks import check_boolean, check_integer, check_number
from kerasrecipes.base.keyed_seeds import KeyedSeedGenerator
from kerasrecipes.base.norm_ball import NormBall
from kerasrecipes.steps._base.batch_loss import BatchLoss
from kerasrecipes.steps.training_step import TrainingStep


@keras.saving.register_keras_serializable(package="kerasrecipes")
class AdversarialTraining(TrainingStep):
    """Trains on adversarial examples in the place of the images, made anew for each batch.

    With images `x`, labels `y`, weights `w` and the compiled loss `L`, the optimizer is given

        gradient of L(w, x', y) by w,  x' = projected gradient ascent of L by x

    as `kerasrecipes.robustness.pgd` does it: from a random point, `steps` times, a step in the
    direction in which the loss rises most, clipped to the value range and brought back to the ball
    around `x`. So the network learns to be right not only at an image, but at all images around it.

    When to use: where images may be chosen by somebody who wants them misclassified. It costs
    accuracy on images as they are, which no larger network or longer training has yet won back
    entirely. Time: about `1 + steps` times that of a step. Memory: that of a step.

    **One step** (`steps=1`) is fast adversarial training: as good for small `epsilon`, and for
    large ones it may fail suddenly (catastrophic overfitting): the network then withstands this one
    step alone, and `kerasrecipes evaluate RUN --adversarial` shows it.

    The attack sees the network as the pass that follows does: with the same dropout masks, and with
    the batch's own statistics in normalization layers. What its passes would assign is dropped, so
    that statistics and seeds move once. Loss and metrics in the log are those of adversarial
    examples; validation's are those of images as they are. The model must take one tensor.

    Args:
        epsilon: Float of at least 0, in units of a pixel's value as it comes from the data: of 255,
            8, as in the papers on CIFAR-10.
        norm: `"inf"`: `epsilon` is the largest change of any pixel. `2`: it is the root of the sum
            of squared changes of an image.
        steps: Positive integer. Number of steps of the attack.
        step_size: Float of at least 0, in units of a pixel's value. Defaults to `2.5 * epsilon /
            steps`; if `steps` is 1, to `1.25 * epsilon`.
        random_start: Whether the attack starts at a random point of the ball.
        value_range: `(lowest, highest)` value of a pixel.
        seed: Integer, or `None` for a random one. The random points follow from it and from the
            number of updates before, so that a run that resumes draws the same ones.

    Raises:
        ValueError: If an argument is out of range; in `fit`, if the model takes several tensors, or
            its loss has no gradient by the images.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    >>> model.set_weights([np.ones((1, 1))])
    >>> model.compile(keras.optimizers.SGD(0.25), "mse")
    >>> with AdversarialTraining(epsilon=1.0, random_start=False).on(model):
    ...     _ = model.fit(np.ones((1, 1)), np.zeros((1, 1)), verbose=0)
    >>> print(model.get_weights()[0])  # x' = 2: 1 - 0.25 * 2 * (1 * 2) * 2
    [[-1.]]

    Reference:
        Madry et al., 2018, https://arxiv.org/abs/1706.06083; Wong et al., 2020,
        https://arxiv.org/abs/2001.03994 (one step, from a random point). Differs from it in: all
        passes draw the same dropout masks.
    """

    changes_inputs = True

    def __init__(
        self,
        epsilon: float = 8.0,
        norm: str | int = "inf",
        steps: int = 7,
        step_size: float | None = None,
        random_start: bool = True,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
    ):
        self._ball = NormBall(epsilon, norm, value_range)
        check_integer("steps", steps, at_least=1)
        if step_size is not None:
            check_number("step_size", step_size, at_least=0)
        check_boolean("random_start", random_start)
        self.epsilon = epsilon
        self.norm = norm
        self.steps = steps
        self.step_size = step_size
        self.random_start = random_start
        self.value_range = value_range
        self.seed = seed
        self._key = int(ops.convert_to_numpy(keras.random.SeedGenerator(seed).state)[0])

    def altered(self, loss: BatchLoss, weights: Sequence, step) -> BatchLoss:
        if not hasattr(loss.inputs, "shape"):
            raise ValueError(
                "Adversarial training needs a model that takes one tensor, the images. Received: "
                f"{type(loss.inputs).__name__} of inputs"
            )
        centers = ops.cast(loss.inputs, "float32")
        start = self._start(centers, step)

        def stepped(_, points):
            gradient = loss.gradient_by_inputs(weights, points)
            if gradient is None:
                raise ValueError(
                    "The loss must have a gradient by the images: look for a cast to integers or a "
                    f"rounding on the way from the model's input. Received: {loss.model.name!r}"
                )
            direction = self._ball.direction(ops.cast(gradient, "float32"))
            return self._ball.projected(points + self._size * direction, centers)

        # A loop of the graph, for a program with all steps written out takes long to compile.
        return loss.with_inputs(ops.fori_loop(0, self.steps, stepped, start))

    @property
    def _size(self) -> float:
        if self.step_size is not None:
            return self.step_size
        return 1.25 * self.epsilon if self.steps == 1 else 2.5 * self.epsilon / self.steps

    def _start(self, centers, step):
        if not self.random_start:
            return centers
        step = ops.cast(step, "uint32" if keras.backend.backend() == "jax" else "int64")
        key = ops.stack([ops.cast(self._key, step.dtype), step])
        return self._ball.random_points(centers, KeyedSeedGenerator(key))

    def get_config(self):
        return {
            "epsilon": self.epsilon,
            "norm": self.norm,
            "steps": self.steps,
            "step_size": self.step_size,
            "random_start": self.random_start,
            "value_range": self.value_range,
            "seed": self.seed,
        }
