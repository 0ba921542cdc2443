"""Image grids: pictures with a named row of images for each class, file or operation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kerasrecipes.base.text import shortened
from kerasrecipes.data.dataset import Dataset

# Small images are enlarged by a whole number, so that their pixels stay sharp. Large images are
# reduced.
_SIDE_PIXELS = 64
_LARGEST_SIDE_PIXELS = 128
_GAP_PIXELS = 4
_FONT_PIXELS = 16
_CAPTION_PIXELS = 11
_LONGEST_NAME = 44


class ImageRow(NamedTuple):
    """A row of an image grid.

    Args:
        name: Text to the left of the row.
        images: uint8 arrays of one shape `(height, width, channels)`.
        captions: Texts below the images; none if empty.
    """

    name: str
    images: Sequence[np.ndarray]
    captions: Sequence[str] = ()


def image_grid(rows: Sequence[ImageRow]) -> Image.Image:
    """Draws rows of images into one picture. All images get the size of the first.

    Args:
        rows: The rows, with at least one image.

    Returns:
        A PIL image of mode `"RGB"`.

    Example:

    >>> image_grid([ImageRow("black", [np.zeros((8, 8, 1), "uint8")] * 3)]).height
    72
    """
    height, width = next(image for row in rows for image in row.images).shape[:2]
    cell = _cell_size(height, width)
    font, small = (ImageFont.load_default(size) for size in (_FONT_PIXELS, _CAPTION_PIXELS))
    names = [shortened(row.name, _LONGEST_NAME) for row in rows]
    left = 2 * _GAP_PIXELS + max(round(font.getlength(name)) for name in names)
    below = _CAPTION_PIXELS + 2 if any(row.captions for row in rows) else 0
    texts = [text for row in rows for text in row.captions]
    widest = max([cell[0], *(round(small.getlength(text)) + _GAP_PIXELS for text in texts)])
    across, down = widest + _GAP_PIXELS, max(cell[1], _FONT_PIXELS + 2) + _GAP_PIXELS + below
    columns = max(len(row.images) for row in rows)
    grid = Image.new("RGB", (left + columns * across, _GAP_PIXELS + len(rows) * down), "white")
    draw = ImageDraw.Draw(grid)
    for place, (row, name) in enumerate(zip(rows, names, strict=True)):
        top = _GAP_PIXELS + place * down
        draw.text((_GAP_PIXELS, top + cell[1] // 2), name, "black", font, anchor="lm")
        for column, image in enumerate(row.images):
            grid.paste(_drawn(image, cell), (left + column * across, top))
        for column, text in enumerate(row.captions):
            draw.text((left + column * across, top + cell[1] + 1), text, "black", small)
    return grid


def _cell_size(height: int, width: int) -> tuple[int, int]:
    """Returns the width and height of an image in the grid."""
    longest = max(height, width)
    if longest <= _LARGEST_SIDE_PIXELS:
        factor = max(1, _SIDE_PIXELS // longest)
        return width * factor, height * factor
    scale = _LARGEST_SIDE_PIXELS / longest
    return max(1, round(width * scale)), max(1, round(height * scale))


def _drawn(image: np.ndarray, size: tuple[int, int]) -> Image.Image:
    # If a screen cannot show the channels, the first one is drawn in grey.
    shown = image[..., :3] if image.shape[-1] in (3, 4) else image[..., 0]
    drawn = Image.fromarray(np.ascontiguousarray(shown)).convert("RGB")
    enlarged = size[0] >= drawn.width
    return drawn.resize(size, Image.Resampling.NEAREST if enlarged else Image.Resampling.LANCZOS)


_MOST_CLASSES = 100


def dataset_grid(dataset: Dataset, columns: int = 12) -> Image.Image:
    """Draws an image grid with a row of training images for each class.

    The images are chosen at equal distances among those of the class. Of more than 100 classes,
    100 are chosen in the same way.

    Args:
        dataset: A `Dataset`.
        columns: Positive integer, the number of images of each class.

    Returns:
        A PIL image of mode `"RGB"`.

    Example:

    >>> from kerasrecipes.data import Digits
    >>> dataset_grid(Digits().load()).height
    684
    """
    rows = []
    for label in _spread(np.arange(len(dataset.class_names)), _MOST_CLASSES):
        members = _spread(np.flatnonzero(dataset.train.labels == label), columns)
        rows.append(ImageRow(dataset.class_names[label], list(dataset.train.read(members))))
    return image_grid(rows)


def _spread(values: np.ndarray, most: int) -> Sequence[int]:
    if len(values) <= most:
        return values.tolist()
    return values[np.linspace(0, len(values) - 1, most).round().astype(int)].tolist()
