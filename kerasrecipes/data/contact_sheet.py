"""A sheet of pictures: a row for each class."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.picture_sheet import PictureRow, picture_sheet

_MOST_CLASSES = 100


def contact_sheet(dataset: Dataset, columns: int = 12) -> Image.Image:
    """Returns a picture with a row of training images for each class.

    The images are spread evenly over those of the class. Beyond 100 classes, 100 that are spread
    evenly over all are drawn.

    Args:
        dataset: A `Dataset`.
        columns: Positive integer, the number of images of a class.

    Returns:
        A PIL image of mode `"RGB"`.

    Example:

    >>> from kerasrecipes.data import Digits
    >>> contact_sheet(Digits().load()).height
    684
    """
    rows = []
    for label in _spread(np.arange(len(dataset.class_names)), _MOST_CLASSES):
        members = _spread(np.flatnonzero(dataset.train.labels == label), columns)
        rows.append(PictureRow(dataset.class_names[label], list(dataset.train.read(members))))
    return picture_sheet(rows)


def _spread(values: np.ndarray, most: int) -> Sequence[int]:
    if len(values) <= most:
        return values.tolist()
    return values[np.linspace(0, len(values) - 1, most).round().astype(int)].tolist()
