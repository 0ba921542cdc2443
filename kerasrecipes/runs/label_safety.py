"""Whether augmentations leave labels true, as far as a trained network can tell."""

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

# How many of the pictures that a network no longer knows are kept to be looked at.
EXAMPLES = 6

KEEPS, CHANGES, UNCLEAR = "keeps", "changes", "unclear"


@dataclass(frozen=True, eq=False)
class OperationCheck:
    """What a network says of images before and after an operation.

    Only images count that the network knew before, and that the operation changed at all.

    Args:
        name: The operation's.
        before: Integer array `(images,)`, their labels.
        after: Integer array `(images,)`, the predictions after it.
        threshold: Float in `(0, 1)`, the agreement that is asked for.
        originals: uint8 array `(examples, height, width, channels)`: those that it no longer
            knows, the surest first, then others.
        augmented: The same after the operation.
        places: Integer array `(examples,)`, their places in `before` and `after`.
        confidences: Float array `(examples,)`, how sure it is afterwards.

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
        """The share of images that are still given their label; NaN without any."""
        return float(np.mean(self.before == self.after)) if len(self.before) else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the agreement."""
        return wilson_interval(int(np.sum(self.before == self.after)), len(self.before))

    def by_class(self) -> dict[int, dict]:
        """Returns for each label `n`, `agreement`, `low`, `high` (Wilson's 95% interval) and
        `becomes`, the class that its images are most often taken for instead, or `None`.
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
        """The labels whose whole interval is below the threshold, the worst first."""
        rows = self.by_class().items()
        changed = [(row["agreement"], label) for label, row in rows if row["high"] < self.threshold]
        return [label for _, label in sorted(changed)]

    @property
    def verdict(self) -> str:
        """`"changes"` the labels of some class; else `"keeps"` them, where the whole interval of
        all images is above the threshold, or `"unclear"`.
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
    """Measures how often a network gives images the same label after an operation as before.

    A low agreement has one of two reasons: the picture shows something else now, as a 6 that is
    turned to a 9; or the network never learned to see through the change. Its figures cannot tell
    them apart; the pictures can.

    Args:
        model: A trained model that gives logits or probabilities.
        images: uint8 array `(samples, height, width, channels)`, not those that it was trained on.
        labels: Integer array `(samples,)`.
        operations: Dictionary from name to an augmentation layer. Each image is drawn for once.
        threshold: Float in `(0, 1)`, the agreement that is asked for in each class.
        seed: Non-negative integer.

    Returns:
        An `OperationCheck` for each operation.

    Raises:
        ValueError: If the model knows none of the images, or an operation mixes labels or changes
            the size of images.

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
        raise ValueError("The model must know some of the images. Received: none that it knows")
    images, labels = images[known], np.asarray(labels)[known]
    return [
        _check(name, model, images, labels, Augmentation([layer]), threshold, seed)
        for name, layer in operations.items()
    ]


def _check(name, model, images, labels, augmentation, threshold, seed) -> OperationCheck:
    augmented = np.concatenate(
        [
            _augmented(augmentation, images[start : start + BATCH_SIZE], (seed, start))
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
    # Logits of large models and probabilities alike: only the order counts here.
    sure = softmax(outputs, -1) if (outputs < 0).any() or (outputs > 1).any() else outputs
    confidence = sure.max(-1)
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
    words = np.random.SeedSequence(seed).generate_state(2)
    changed, _ = augmentation(images, np.zeros(len(images), "int32"), words)
    pixels = keras.ops.convert_to_numpy(keras.ops.cast(changed, "float32"))
    return np.clip(np.round(pixels), 0, 255).astype("uint8")


def _outputs(model: keras.Model, images: np.ndarray) -> np.ndarray:
    return np.asarray(model.predict(images, batch_size=BATCH_SIZE, verbose=0), "float32")
