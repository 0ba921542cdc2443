"""Decoding of image files to upright uint8 arrays."""

import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from kerasrecipes.base.checks import check_choice
from kerasrecipes.base.text import printable
from kerasrecipes.data.reading.heic import check_no_heic, plugin_formats
from kerasrecipes.data.reading.resizing import resize_image

IMAGE_EXTENSIONS = (
    ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"
)  # fmt: skip

# Given to Pillow, which would otherwise open a file with a PostScript header with Ghostscript.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF")

# What a PNG's transparent colour must be multiplied by, to be compared with pixels that Pillow has
# scaled to 8 bits. 16-bit grey is not scaled.
_TRANSPARENCY_SCALES = {"L;2": 85, "L;4": 17, "RGB;16B": 1 / 256}

# What makes an image upright, by EXIF orientation. From 5 on, it exchanges height and width.
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_TIFF_BITS, _TIFF_PHOTOMETRIC = ExifTags.Base.BitsPerSample, ExifTags.Base.PhotometricInterpretation


class EncodedImage(io.BytesIO):
    """The bytes of an image file that is stored inside another file.

    Args:
        content: Bytes, in one of the formats that `read_image` reads.
        name: String by which people can find the image.
    """

    def __init__(self, content: bytes, name: str):
        super().__init__(content)
        self.name = name


class BrokenImageError(ValueError):
    """An image file that cannot be decoded.

    Args:
        path: Path of the file, or the name of an `EncodedImage`.
        reason: String that says what is wrong with it.
    """

    def __init__(self, path: Path | str, reason: str):
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"The image {printable(self.path)} cannot be read: {self.reason}. Repair or remove it."
        )


def read_image(
    file: str | os.PathLike | EncodedImage,
    *,
    size: tuple[int, int] | None = None,
    resize: str = "crop",
    channels: int = 3,
) -> np.ndarray:
    """Returns an image file as an upright uint8 array.

    JPEG, PNG, BMP, GIF (its first frame), WebP and TIFF (its first page) files of every colour mode
    are read, except for TIFF files of 12-bit or 32-bit pixels; HEIC with the package pillow-heif.
    The EXIF orientation is applied, transparent areas become white, and 16-bit grey is scaled to 8
    bits (65535 becomes 255). If a JPEG has more than twice the requested size, it is reduced while
    it is decoded (by 2, 4 or 8, to at least twice the size), which saves most of the time.

    Args:
        file: Path of the file, or an `EncodedImage`. Its format is recognized by its content, not
            by its extension.
        size: `None` for the image's own size, or a tuple `(height, width)` in pixels.
        resize: Name of a policy of `resize_image`. Used if `size` is given.
        channels: 3 for RGB, or 1 for luma (ITU-R 601).

    Returns:
        A uint8 array of shape `(height, width, channels)`.

    Raises:
        BrokenImageError: If the file is not an image, or is empty, truncated or damaged.
        ValueError: If there is no such `resize` or `channels`.
    """
    check_choice("channels", channels, (1, 3))
    try:
        with _open(file) as image:
            _check_pixels(image)
            _scale_transparency(image)
            if size is not None:
                image.draft(None, (2 * max(size), 2 * max(size)))
            image.load()
            upright = _to_mode(_upright(image), "L" if channels == 1 else "RGB")
    except Exception as error:  # Pillow's decoders raise errors of all types on damaged files.
        raise _broken(file, error) from error
    if size is not None:
        upright = resize_image(upright, size, resize)
    return np.array(upright).reshape(upright.height, upright.width, channels)


def probe_image(file: str | os.PathLike | EncodedImage) -> tuple[int, int]:
    """Returns the upright `(height, width)` of an image file, from its header alone.

    Raises:
        BrokenImageError: If the file does not begin with the header of an image. Damage behind
            the header is found only by `read_image`.
    """
    try:
        with _open(file) as image:
            _check_pixels(image)
            # Not image.getexif(): in a PNG without EXIF it would decode all pixels to search behind
            # them.
            exchanged = _orientation(image, Image.Image.getexif) >= 5
            return image.size if exchanged else image.size[::-1]
    except Exception as error:  # As in `read_image`.
        raise _broken(file, error) from error


def _upright(image: Image.Image) -> Image.Image:
    # Not ImageOps.exif_transpose: it writes EXIF again, which fails if other tags are damaged.
    orientation = _orientation(image, type(image).getexif)
    transposition = _TRANSPOSITIONS.get(orientation)
    return image if transposition is None else image.transpose(transposition)


def _orientation(image: Image.Image, exif_of: Callable[[Any], Image.Exif]) -> int:
    if image.format == "TIFF":  # Pillow has turned it already.
        return 1
    try:
        orientation = exif_of(image).get(ExifTags.Base.Orientation)
    except Exception:  # A damaged block raises errors of all types, and says nothing of the pixels.
        return 1
    return orientation if orientation in _TRANSPOSITIONS else 1


def _open(file: str | os.PathLike | EncodedImage) -> Image.Image:
    if not isinstance(file, EncodedImage) and not stat.S_ISREG(os.stat(file).st_mode):
        raise OSError("it is not a regular file")  # To open a pipe would wait for a writer.
    try:
        return Image.open(file, formats=(*_FORMATS, *plugin_formats()))
    except UnidentifiedImageError:
        check_no_heic(file)
        raise


def _check_pixels(image: Image.Image) -> None:
    """Raises for pixels of a TIFF file whose black and white would have to be guessed."""
    if image.format != "TIFF":
        return
    bits, photometric = (image.getexif().get(tag) for tag in (_TIFF_BITS, _TIFF_PHOTOMETRIC))
    is_16_bit = image.mode.startswith("I;16")
    inverted = photometric == 0
    if image.mode in ("I", "F") or (is_16_bit and (inverted or bits in (12, (12,)))):
        raise ValueError(
            "its pixels are signed, inverted, or of 12 or 32 bits: convert it to 8 bits, or to 16"
        )


def _scale_transparency(image: Image.Image) -> None:
    colour = image.info.get("transparency")
    tiles = getattr(image, "tile", None) if image.format == "PNG" else None
    raw_mode = tiles[0][3] if tiles else None
    scale = _TRANSPARENCY_SCALES.get(raw_mode) if isinstance(raw_mode, str) else None
    if scale is not None and isinstance(colour, int):
        image.info["transparency"] = int(colour * scale)
    elif scale is not None and isinstance(colour, tuple):
        image.info["transparency"] = tuple(int(value * scale) for value in colour)


def _to_mode(image: Image.Image, mode: str) -> Image.Image:
    if image.mode == "I" or image.mode.startswith("I;16"):
        # Pillow's own conversion clips or truncates, depending on its version.
        grey = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        grey[grey == image.info.get("transparency", -1)] = 65535
        image = Image.fromarray(((grey + 128) // 257).astype(np.uint8))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert(mode)


def _broken(file: str | os.PathLike | EncodedImage, error: Exception) -> BrokenImageError:
    if isinstance(file, EncodedImage):
        return BrokenImageError(file.name, _reason(file.getbuffer().nbytes == 0, error))
    path = Path(file)
    return BrokenImageError(path, _reason(path.is_file() and path.stat().st_size == 0, error))


def _reason(is_empty: bool, error: Exception) -> str:
    if is_empty:
        return "the file is empty (zero bytes)"
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, UnidentifiedImageError):
        return "its content is not a JPEG, PNG, BMP, GIF, WebP or TIFF image"
    return str(error) or type(error).__name__
