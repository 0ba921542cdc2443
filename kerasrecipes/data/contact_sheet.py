"""A sheet of pictures: a row for each class."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kerasrecipes.data.dataset import Dataset

# Small images are enlarged by a whole number, so that their pixels stay sharp; large ones shrink.
_SIDE_PIXELS = 64
_LARGEST_SIDE_PIXELS = 128
_GAP_PIXELS = 4
_FONT_PIXELS = 16
_MOST_CLASSES = 100
_LONGEST_NAME = 30


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
    height, width = dataset.image_shape[:2]
    cell = _cell_size(height, width)
    font = ImageFont.load_default(_FONT_PIXELS)
    shown = _spread(np.arange(len(dataset.class_names)), _MOST_CLASSES)
    names = [_shortened(dataset.class_names[label]) for label in shown]
    left = 2 * _GAP_PIXELS + max(round(font.getlength(name)) for name in names)
    across, down = cell[0] + _GAP_PIXELS, max(cell[1], _FONT_PIXELS + 2) + _GAP_PIXELS
    sheet = Image.new("RGB", (left + columns * across, _GAP_PIXELS + len(shown) * down), "white")
    draw = ImageDraw.Draw(sheet)
    for row, (label, name) in enumerate(zip(shown, names, strict=True)):
        top = _GAP_PIXELS + row * down
        draw.text((_GAP_PIXELS, top + cell[1] // 2), name, "black", font, anchor="lm")
        members = _spread(np.flatnonzero(dataset.train.labels == label), columns)
        for column, image in enumerate(dataset.train.read(members)):
            sheet.paste(_drawn(image, cell), (left + column * across, top))
    return sheet


def _cell_size(height: int, width: int) -> tuple[int, int]:
    """Returns the width and height that an image is drawn at."""
    longest = max(height, width)
    if longest <= _LARGEST_SIDE_PIXELS:
        factor = max(1, _SIDE_PIXELS // longest)
        return width * factor, height * factor
    scale = _LARGEST_SIDE_PIXELS / longest
    return max(1, round(width * scale)), max(1, round(height * scale))


def _drawn(image: np.ndarray, size: tuple[int, int]) -> Image.Image:
    # Of channels that a screen cannot show, the first is drawn in grey.
    shown = image[..., :3] if image.shape[-1] in (3, 4) else image[..., 0]
    drawn = Image.fromarray(np.ascontiguousarray(shown)).convert("RGB")
    enlarged = size[0] >= drawn.width
    return drawn.resize(size, Image.Resampling.NEAREST if enlarged else Image.Resampling.LANCZOS)


def _spread(values: np.ndarray, most: int) -> Sequence[int]:
    if len(values) <= most:
        return values.tolist()
    return values[np.linspace(0, len(values) - 1, most).round().astype(int)].tolist()


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
