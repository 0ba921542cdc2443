"""Label safety of augmentations, measured by the predictions of a trained network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from scipy.special import softmax

from kerasrecipes.base.checks import check_number
from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.data.augment import Augmentation
from kerasrecipes.layers.augmentation.protocol import mixes_labels

BATCH_SIZE = 64

# The number of images of each operation that are kept for people to look at.
EXAMPLES = 6

KEEPS, CHANGES, UNCLEAR = "keeps", "changes", "unclear"


@dataclass(frozen=True, eq=False)
class OperationCheck:
    """A network's predictions before and after an operation was applied to images.

    Only those images count that the network classified correctly before the operation, and that
    the operation changed.

    Args:
        name: The name of the operation.
        before: Integer array `(images,)`, the labels of the images.
        after: Integer array `(images,)`, the predictions after the operation.
        threshold: Float in `(0, 1)`, the agreement that is required.
        originals: uint8 array `(examples, height, width, channels)`, a few of the images. The ones
            that are no longer classified correctly come first, the most confident before others.
        augmented: The same images after the operation.
        places: Integer array `(examples,)`, the indices of these images in `before` and `after`.
        confidences: Float array `(examples,)`, the probabilities of the predictions after it.

    Example:

    >>> check = OperationCheck("turn", np.repeat([6, 8], 50), np.repeat([9, 8], 50), 0.9)
    >>> check.agreement, check.verdict, check.changed_classes
    (0.5, 'changes', [6])
    """

    name: str
    before: np.ndarray
    after: np.ndarray
    threshold: float
    originals: np.ndarray | None = None
    augmented: np.ndarray | None = None
    places: np.ndarray | None = None
    confidences: np.ndarray | None = None

    @property
    def agreement(self) -> float:
        """The fraction of images that still get their label; NaN if there are no images."""
        return float(np.mean(self.before == self.after)) if len(self.before) else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the agreement."""
        return wilson_interval(int(np.sum(self.before == self.after)), len(self.before))

    def by_class(self) -> dict[int, dict]:
        """Returns the results of each class.

        Returns:
            A dictionary from label to a dictionary with `n`, `agreement`, `low` and `high`
            (Wilson's 95% interval), and `becomes`: the class that is most often predicted instead,
            or `None`.
        """
        found = {}
        for label in np.unique(self.before).tolist():
            after = self.after[self.before == label]
            others = after[after != label]
            low, high = wilson_interval(len(after) - len(others), len(after))
            found[label] = {
                "n": len(after),
                "agreement": 1 - len(others) / len(after),
                "low": low,
                "high": high,
                "becomes": int(np.bincount(others).argmax()) if len(others) else None,
            }
        return found

    @property
    def changed_classes(self) -> list[int]:
        """The labels whose interval lies below the threshold, the lowest agreement first."""
        rows = self.by_class().items()
        changed = [(row["agreement"], label) for label, row in rows if row["high"] < self.threshold]
        return [label for _, label in sorted(changed)]

    @property
    def verdict(self) -> str:
        """The result in a word.

        It is `"changes"` if the operation changes the labels of some class. Otherwise it is
        `"keeps"` if the interval over all images lies above the threshold, and `"unclear"` if not.
        """
        if self.changed_classes:
            return CHANGES
        return KEEPS if len(self.before) and self.interval[0] >= self.threshold else UNCLEAR


def check_augmentation(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    operations: Mapping[str, keras.layers.Layer],
    *,
    threshold: float = 0.9,
    seed: int = 0,
) -> list[OperationCheck]:
    """Measures how often a network predicts the same class after an operation as before.

    A low agreement has one of two reasons. Either the image shows something else now, as a 6 that
    is turned into a 9; or the network has never learned to recognize images that are changed in
    this way. The numbers do not distinguish the two. The images do, for people who look at them.

    Args:
        model: A trained model that returns logits or probabilities.
        images: uint8 array `(samples, height, width, channels)`, not used to train the model.
        labels: Integer array `(samples,)`.
        operations: Dictionary from name to an augmentation layer. It is applied once to each image.
        threshold: Float in `(0, 1)`, the agreement that is required in each class.
        seed: Non-negative integer.

    Returns:
        An `OperationCheck` for each operation.

    Raises:
        ValueError: If the model classifies none of the images correctly, or if an operation mixes
            labels or changes the size of images.

    Example:

    ```python
    mirror = RandomGeometry(horizontal_flip=1.0)
    (check,) = check_augmentation(model, images, labels, {"mirror": mirror})
    check.verdict, check.agreement, check.interval
    ```
    """
    check_number("threshold", threshold, above=0, below=1)
    for name, layer in operations.items():
        if mixes_labels(layer):
            raise ValueError(f"`operations` must keep labels. Received: {name!r}, which mixes them")
    known = _outputs(model, images).argmax(-1) == labels
    if not known.any():
        raise ValueError(
            "The model must classify some of the images correctly. Received: no such image"
        )
    images, labels = images[known], np.asarray(labels)[known]
    return [
        _check(name, model, images, labels, Augmentation([layer]), threshold, seed)
        for name, layer in operations.items()
    ]


def _check(name, model, images, labels, augmentation, threshold, seed) -> OperationCheck:
    augmented = np.concatenate(
        [
            _augmented(augmentation, images[start : start + BATCH_SIZE], seed=(seed, start))
            for start in range(0, len(images), BATCH_SIZE)
        ]
    )
    if augmented.shape != images.shape:
        raise ValueError(
            f"`operations` must keep the size of images. Received: {name!r}, which gives "
            f"{augmented.shape[1:3]}"
        )
    touched = (augmented != images).any((1, 2, 3))
    images, augmented, labels = images[touched], augmented[touched], labels[touched]
    if not len(images):
        return OperationCheck(name, labels, labels, threshold)
    outputs = _outputs(model, augmented)
    after = outputs.argmax(-1)
    are_logits = (outputs < 0).any() or (outputs > 1).any()
    confidence = (softmax(outputs, -1) if are_logits else outputs).max(-1)
    order = np.lexsort((-confidence, after == labels))[:EXAMPLES]
    return OperationCheck(
        name,
        labels,
        after,
        threshold,
        images[order],
        augmented[order],
        order,
        confidence[order],
    )


def _augmented(augmentation: Augmentation, images: np.ndarray, seed: Sequence[int]) -> np.ndarray:
    key = np.random.SeedSequence(seed).generate_state(2)
    return augmentation.pixels(images, np.zeros(len(images), "int32"), key)[0]


def _outputs(model: keras.Model, images: np.ndarray) -> np.ndarray:
    return np.asarray(model.predict(images, batch_size=BATCH_SIZE, verbose=0), "float32")
