"""Handwritten digits from scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from kerasrecipes.base.checks import check_choice
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.reading.resizing import height_and_width, resize_image
from kerasrecipes.data.sources.options import check_fractions, check_image_size, check_selection
from kerasrecipes.data.split import ArraySplit
from kerasrecipes.data.splitting.stratified import examples_of_each_class, stratified_split

_HIGHEST_COUNT = 16


@dataclass(frozen=True)
class Digits:
    """1,797 handwritten digits of 13 people, 8x8 pixels in grey, without a download.

    Images are assigned to the splits before `classes` and `examples_per_class` choose among them.
    So the test images of a class depend neither on these two options nor on `validation_fraction`.

    Args:
        classes: `None` for all, or a sequence of at least two different digits. The first one gets
            the label 0.
        examples_per_class: `None` for all, or a positive integer: the number of training images of
            each class. A smaller number chooses a subset of what a larger number chooses.
        image_size: `None` for 8x8, a side in pixels, or a pair `(height, width)`. Images are
            resized to it by antialiased bilinear interpolation.
        validation_fraction: Float in `(0, 1)`, a fraction of all images.
        test_fraction: Float in `(0, 1)`, a fraction of all images. The sum with
            `validation_fraction` must be less than 1.
        split_seed: Non-negative integer. It decides which images are in which split. It is
            independent of the seed of a run, so that runs with different seeds are scored on the
            same images.

    Raises:
        ValueError: If an option is out of range, or (in `load`) a class has too few images.

    Example:

    >>> data = Digits(classes=[3, 8], examples_per_class=20).load()
    >>> data.sizes, data.image_shape, data.class_names
    ({'train': 40, 'validation': 35, 'test': 72}, (8, 8, 1), ('3', '8'))

    Reference:
        Alpaydin and Kaynak, 1998, Optical Recognition of Handwritten Digits, its test set,
        https://doi.org/10.24432/C50P49. Differs from it in: values are scaled from [0, 16] to
        [0, 255] and rounded.
    """

    classes: Sequence[int] | None = None
    examples_per_class: int | None = None
    image_size: int | Sequence[int] | None = None
    validation_fraction: float = 0.1
    test_fraction: float = 0.2
    split_seed: int = 0

    def __post_init__(self):
        check_selection(self.classes, self.examples_per_class)
        for digit in self.classes or ():
            check_choice("classes", digit, range(10))
        check_image_size(self.image_size)
        check_fractions(self.validation_fraction, self.test_fraction, self.split_seed)

    def load(self) -> Dataset:
        """Returns the images as a `Dataset` in memory."""
        from sklearn.datasets import load_digits  # Not above: the import takes a second.

        digits = load_digits()
        images = np.rint(digits.images * (255 / _HIGHEST_COUNT)).astype(np.uint8)
        parts = stratified_split(
            digits.target,
            (self.test_fraction, self.validation_fraction),
            self.split_seed,
            [str(digit) for digit in range(10)],
        )
        classes = range(10) if self.classes is None else self.classes
        class_names = tuple(str(digit) for digit in classes)
        new_labels = np.full(10, -1, np.int32)
        new_labels[list(classes)] = np.arange(len(classes))
        labels = new_labels[digits.target]
        test, validation, train = (part[labels[part] >= 0] for part in parts)
        if self.examples_per_class is not None:
            chosen = examples_of_each_class(
                labels[train], self.examples_per_class, self.split_seed, class_names
            )
            train = train[chosen]

        size = (8, 8) if self.image_size is None else height_and_width(self.image_size)

        def split(indices: np.ndarray) -> ArraySplit:
            chosen = [_resize(image, size) for image in images[indices]]
            return ArraySplit(np.stack(chosen)[..., np.newaxis], labels[indices])

        return Dataset(
            train=split(train),
            validation=split(validation),
            test=split(test),
            class_names=class_names,
            image_shape=(*size, 1),
            source="scikit-learn's handwritten digits (UCI, 1,797 images of 8x8 pixels)",
            resize=None if self.image_size is None else "stretch",
        )


def _resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(resize_image(Image.fromarray(image), size, "stretch"))
