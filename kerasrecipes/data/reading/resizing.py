"""Image sizes, and named policies that resize images of different sizes to one."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from PIL import Image, ImageOps

from kerasrecipes.base.checks import check_choice

RESIZE_POLICIES: Mapping[str, str] = MappingProxyType(
    {
        "crop": "scaled until it covers the target, then cut to it around the centre",
        "pad": "scaled until it fits into the target, then centred on black",
        "stretch": "scaled to the target, whatever its aspect ratio",
    }
)


def height_and_width(image_size: int | Sequence[int]) -> tuple[int, int]:
    """Returns a side or a pair as the pair `(height, width)`.

    Example:

    >>> height_and_width(32), height_and_width([48, 64])
    ((32, 32), (48, 64))
    """
    if isinstance(image_size, int):
        return image_size, image_size
    height, width = image_size
    return height, width


def resize_image(image: Image.Image, size: tuple[int, int], policy: str) -> Image.Image:
    """Returns a PIL image resized by a named policy, with antialiased bilinear filtering.

    The filter is a triangle whose width grows with the reduction, so that a reduced image averages
    over all pixels. An image that has the size already is returned as it is.

    Args:
        image: PIL image of mode `"L"` or `"RGB"`.
        size: Tuple `(height, width)` of positive integers, in pixels.
        policy: One of `RESIZE_POLICIES`. `"crop"` scales the image until it covers `size` and cuts
            around the centre, `"pad"` scales it until it fits into `size` and centres it on black,
            and `"stretch"` scales each side to `size`, whatever the aspect ratio.

    Returns:
        A PIL image of the same mode.

    Raises:
        ValueError: If there is no such policy.

    Example:

    >>> resize_image(Image.new("RGB", (640, 480)), (32, 48), "pad").size  # PIL: (width, height)
    (48, 32)
    """
    check_choice("resize", policy, RESIZE_POLICIES)
    height, width = size
    if image.size == (width, height):
        return image
    return _RESIZERS[policy](image, (width, height))


def _crop(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return ImageOps.fit(image, size, Image.Resampling.BILINEAR)


def _pad(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    # Not ImageOps.pad: it fails if the shorter side of a thin image would be rounded to no pixel.
    scale = min(size[0] / image.width, size[1] / image.height)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    canvas = Image.new(image.mode, size)
    corner = ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2)
    canvas.paste(image.resize(inner, Image.Resampling.BILINEAR), corner)
    return canvas


def _stretch(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.BILINEAR)


_RESIZERS: dict[str, Callable[[Image.Image, tuple[int, int]], Image.Image]] = {
    "crop": _crop,
    "pad": _pad,
    "stretch": _stretch,
}
