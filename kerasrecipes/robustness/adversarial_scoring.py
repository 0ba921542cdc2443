"""Scores of a classifier on adversarial examples, and whether its attacks were sound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import keras
import numpy as np

from kerasrecipes.base.checks import check_number
from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.base.norm_ball import NormBall
from kerasrecipes.robustness.attacked_model import AttackedModel
from kerasrecipes.robustness.batches import predicted_classes
from kerasrecipes.robustness.given_images import check_labels, checked_images
from kerasrecipes.robustness.gradient_masking import masked_gradients
from kerasrecipes.robustness.projected_gradients import attacked_images

# Steps of the attacks, by the name of their results.
_STEPS = {"PGD-10": 10, "PGD-50": 50}

# Adversarial examples that are kept to look at.
_EXAMPLES = 8


class AdversarialExample(NamedTuple):
    """An image that an attack changed so that the classifier is wrong about it.

    Args:
        place: The place of the image in those that were given.
        epsilon: The smallest of the epsilons at which it was wrong.
        adversarial: float32 array `(height, width, channels)`.
        predicted: The class that is predicted of it.
    """

    place: int
    epsilon: float
    adversarial: np.ndarray
    predicted: int


@dataclass(frozen=True, eq=False)
class AdversarialScores:
    """Which images a classifier is right about when they are attacked.

    Args:
        labels: Integer array `(images,)`, the true classes.
        whole: Boolean array `(images,)`: whether it is right about each image as it is.
        epsilons: The largest changes, in units of a pixel's value, in ascending order.
        norm: `"inf"` or `2`; see `pgd`.
        correct: Boolean array `(epsilons, images)` of each attack, by name: `noise` is a random
            change; `FGSM`, `PGD-10` and `PGD-50` follow the model's gradient; `transfer`, if
            there, follows that of another model.
        unbounded: Boolean array `(images,)`: of PGD-50 with half of the pixels' range as epsilon,
            in which every image can be made the same grey.
        examples: Up to eight images that PGD-50 changed, of as many classes as there are.
    """

    labels: np.ndarray
    whole: np.ndarray
    epsilons: tuple[float, ...]
    norm: str | int
    correct: Mapping[str, np.ndarray]
    unbounded: np.ndarray
    examples: tuple[AdversarialExample, ...] = ()

    @property
    def robust(self) -> np.ndarray:
        """Boolean array `(epsilons, images)`: right as it is, and under every attack.

        What succeeded with a smaller epsilon would with a larger one.
        """
        every = self.whole & np.all(list(self.correct.values()), axis=0)
        return np.logical_and.accumulate(every, axis=0)

    @property
    def accuracies(self) -> list[float]:
        """The robust accuracy at each epsilon: the share of images that no attack changed."""
        return self.robust.mean(axis=1).tolist()

    @property
    def intervals(self) -> list[tuple[float, float]]:
        """Wilson's 95% interval of the robust accuracy at each epsilon."""
        return [wilson_interval(int(of.sum()), len(of)) for of in self.robust]

    @property
    def warnings(self) -> list[str]:
        """Sentences on why the gradient may be masked: then the model is weaker than its scores."""
        return masked_gradients(self.epsilons, self.correct, self.unbounded, self.labels)


def adversarial_scores(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    epsilons: Sequence[float],
    *,
    norm: str | int = "inf",
    substitute: keras.Model | None = None,
    value_range: Sequence[float] = (0, 255),
    seed: int = 0,
    batch_size: int = 64,
) -> AdversarialScores:
    """Scores a classifier under attacks of several strengths.

    Each image is attacked by the fast gradient method, and by projected gradient descent of 10 and
    of 50 steps; it counts as withstood if none of them, and no noise, changes the prediction. That
    is an upper bound: another attack may find what these do not. It takes some 120 gradients of
    each image for each epsilon, half of them for the larger one of 50 steps.

    Args:
        model: Any Keras model that classifies images.
        images: Array `(samples, height, width, channels)`, that it was not trained on.
        labels: Integer array `(samples,)`.
        epsilons: The largest changes, in units of a pixel's value: of 255, 8 and not 8 / 255.
        norm: `"inf"` or `2`; see `pgd`.
        substitute: Another model of the same classes, whose adversarial examples are tried on
            `model`: that needs no gradient of `model`, and should succeed less often.
        value_range: `(lowest, highest)` value of a pixel.
        seed: Non-negative integer, that of the random points.
        batch_size: Positive integer.

    Raises:
        ValueError: As `pgd`; or if there is no epsilon above 0.

    Example:

    ```python
    scores = adversarial_scores(model, images, labels, [2, 4, 8])
    print(scores.accuracies, scores.intervals, scores.warnings)
    ```
    """
    if not len(epsilons):
        raise ValueError("`epsilons` must hold a number above 0. Received: none")
    for epsilon in epsilons:
        check_number("epsilons", epsilon, above=0)
        NormBall(epsilon, norm, value_range)
    labels, ascending = np.asarray(labels), sorted({float(epsilon) for epsilon in epsilons})
    pixels = checked_images(images, value_range)
    first, widest = pixels[:batch_size], _widest(pixels.shape, norm, value_range)
    attacked = AttackedModel(model, widest, first)
    check_labels(labels, len(pixels), attacked.classes)
    other = None if substitute is None else AttackedModel(substitute, widest, first)

    def predicted(images: np.ndarray) -> np.ndarray:
        return predicted_classes(model, images, batch_size)

    def changed(network: AttackedModel, ball: NormBall, steps: int, **options) -> np.ndarray:
        options = {"seed": seed, "batch_size": batch_size, **options}
        return attacked_images(network, ball, pixels, labels, steps=steps, **options)

    whole = predicted(pixels) == labels
    found: dict[str, list] = {name: [] for name in ("noise", "FGSM", *_STEPS)}
    examples: list[AdversarialExample] = []
    for epsilon in ascending:
        ball = NormBall(epsilon, norm, value_range)
        found["noise"].append(predicted(changed(attacked, ball, 0)) == labels)
        one = changed(attacked, ball, 1, step_size=epsilon, random_start=False)
        found["FGSM"].append(predicted(one) == labels)
        for name, steps in _STEPS.items():
            adversarial = changed(attacked, ball, steps)
            classes = predicted(adversarial)
            found[name].append(classes == labels)
        # The loop ends with the strongest attack.
        for place in _of_many_classes(np.flatnonzero(whole & (classes != labels)), labels):
            if len(examples) < _EXAMPLES and place not in (each.place for each in examples):
                examples.append(
                    AdversarialExample(place, epsilon, adversarial[place], int(classes[place]))
                )
        if other is not None:
            followed = changed(other, ball, _STEPS["PGD-10"])
            found.setdefault("transfer", []).append(predicted(followed) == labels)
    return AdversarialScores(
        labels,
        whole,
        tuple(ascending),
        norm,
        {name: np.stack(rows) for name, rows in found.items()},
        predicted(changed(attacked, widest, _STEPS["PGD-50"])) == labels,
        tuple(examples),
    )


def _widest(shape: tuple[int, ...], norm: str | int, value_range: Sequence[float]) -> NormBall:
    """Returns the ball in which every image of a shape can be made the same grey."""
    half = (value_range[1] - value_range[0]) / 2
    return NormBall(
        half if norm == "inf" else half * float(np.prod(shape[1:])) ** 0.5, norm, value_range
    )


def _of_many_classes(places: np.ndarray, labels: np.ndarray) -> list[int]:
    """Returns places in an order that takes one of each class, then a second of each, and so on."""
    turn = {
        place: int((labels[places[:order]] == labels[place]).sum())
        for order, place in enumerate(places.tolist())
    }
    return sorted(turn, key=lambda place: (turn[place], place))
