"""Adversarial examples by the gradient: the fast gradient method, projected gradient descent."""

from collections.abc import Sequence

import keras
import numpy as np

from kerasrecipes.base.checks import check_boolean, check_integer, check_number
from kerasrecipes.base.norm_ball import NormBall
from kerasrecipes.robustness.attacked_model import AttackedModel
from kerasrecipes.robustness.given_images import check_labels, checked_images
from kerasrecipes.robustness.projected_gradients import attacked_images


def fgsm(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    epsilon: float,
    *,
    norm: str | int = "inf",
    targeted: bool = False,
    value_range: Sequence[float] = (0, 255),
    batch_size: int = 64,
) -> np.ndarray:
    """Adversarial examples by one step of the gradient: the fast gradient (sign) method.

    With pixels `x`, labels `y` and the model's cross-entropy `L`:

        x + epsilon * sign(dL/dx)                      # norm "inf"
        x + epsilon * dL/dx / norm(dL/dx)              # norm 2, of each image

    clipped to the value range. It is `pgd` with one step of size `epsilon` from the images
    themselves; its arguments are described there.

    Returns:
        float32 array of the shape of `images`.

    Raises:
        ValueError: As `pgd`.

    Example:

    >>> model = keras.Sequential([keras.Input((1, 1, 2)), keras.layers.Flatten(),
    ...                           keras.layers.Dense(2, kernel_initializer="identity")])
    >>> print(fgsm(model, np.array([[[[50, 20]]]]), np.array([0]), epsilon=8).ravel())
    [42. 28.]

    Reference:
        Goodfellow et al., 2015, https://arxiv.org/abs/1412.6572 (norm "inf"); Miyato et al., 2017,
        https://arxiv.org/abs/1605.07725 (norm 2).
    """
    return pgd(
        model,
        images,
        labels,
        epsilon,
        norm=norm,
        steps=1,
        step_size=epsilon,
        random_start=False,
        targeted=targeted,
        value_range=value_range,
        batch_size=batch_size,
    )


def pgd(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    epsilon: float,
    *,
    norm: str | int = "inf",
    steps: int = 10,
    step_size: float | None = None,
    random_start: bool = True,
    restarts: int = 1,
    targeted: bool = False,
    value_range: Sequence[float] = (0, 255),
    seed: int = 0,
    batch_size: int = 64,
) -> np.ndarray:
    """Adversarial examples by projected gradient descent.

    From the image, or from a random point around it, each step adds `step_size` times the direction
    of norm 1 in which the model's cross-entropy rises most, clips to the value range, and moves
    what is farther than `epsilon` back to the nearest image that is not. The last point is
    returned. No image is farther than `epsilon` or out of range, not by a rounding error either.

    The model computes in inference, and stays as it is: normalization statistics and the states of
    seed generators are untouched. If it ends in a softmax or sigmoid, the loss is computed before
    it. The direction is computed from the odds against the label, of which the cross-entropy is a
    rising function: it is the same, and does not vanish where a model is sure.

    Args:
        model: Any built Keras model that classifies images, of logits or probabilities; for two
            classes it may give a single one.
        images: Array `(samples, height, width, channels)`, as the model takes them.
        labels: Integer array `(samples,)`: the true classes; or, if targeted, those that the model
            is to predict.
        epsilon: Float of at least 0, in units of a pixel's value: of 255, 8 and not 8 / 255.
        norm: `"inf"`: `epsilon` is the largest change of any pixel. `2`: it is the root of the sum
            of squared changes of an image.
        steps: Integer of at least 0. With 0, the random points are returned: what noise alone does.
        step_size: Float above 0, in units of a pixel's value. Defaults to `2.5 * epsilon / steps`,
            Madry et al.'s choice.
        random_start: Whether to start at a random point of the ball, drawn uniformly.
        restarts: Positive integer. Images that are not misclassified, or not as the target, are
            attacked again from another point, up to so many times in all. Of each image, the first
            example that succeeds is returned, else that of the highest loss (targeted: lowest).
        targeted: Whether `labels` are what the model is to predict.
        value_range: `(lowest, highest)` value of a pixel.
        seed: Non-negative integer. It chooses the random points, together with `batch_size`.
        batch_size: Positive integer. How many images are attacked at a time. Memory and time depend
            on it, and so do the random points.

    Returns:
        float32 array of the shape of `images`.

    Raises:
        ValueError: If an argument is out of range, an image is outside of `value_range`, `epsilon`
            is wider than it, or the model's outputs have no gradient by its images.

    Example:

    >>> from kerasrecipes.models import ResNetCIFAR
    >>> model = ResNetCIFAR((32, 32, 3), 10, depth=8)
    >>> images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3))
    >>> adversarial = pgd(model, images, np.array([3, 5]), epsilon=8, steps=3)
    >>> bool(np.abs(adversarial - images.astype("float32")).max() <= 8)
    True

    Reference:
        Madry et al., 2018, https://arxiv.org/abs/1706.06083. Differs from it in: `restarts` leave
        out what has succeeded.
    """
    ball = NormBall(epsilon, norm, value_range)
    check_integer("steps", steps, at_least=0)
    check_integer("restarts", restarts, at_least=1)
    check_integer("seed", seed, at_least=0)
    check_integer("batch_size", batch_size, at_least=1)
    check_boolean("targeted", targeted)
    check_boolean("random_start", random_start)
    if step_size is not None:
        check_number("step_size", step_size, at_least=0)
    if restarts > 1 and not random_start:
        raise ValueError(
            f"`restarts` need `random_start=True`: all would be the same. Received: {restarts}"
        )
    images = checked_images(images, value_range)
    labels = np.asarray(labels)
    attacked = AttackedModel(model, ball, images[: min(len(images), batch_size)], targeted)
    check_labels(labels, len(images), attacked.classes)
    return attacked_images(
        attacked,
        ball,
        images,
        labels,
        steps=steps,
        step_size=step_size,
        random_start=random_start,
        restarts=restarts,
        seed=seed,
        batch_size=batch_size,
    )
