"""Image files to upright uint8 arrays."""

import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from kerasrecipes.base.checks import check_choice
from kerasrecipes.base.text import listed
from kerasrecipes.data.reading.resizing import resize_image

IMAGE_EXTENSIONS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")

# Named, because Pillow would otherwise hand a file with a PostScript header to Ghostscript.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")

# What makes an image upright, by EXIF orientation; those from 5 on exchange height and width.
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class EncodedImage(io.BytesIO):
    """The bytes of an image file that is kept inside another file.

    Args:
        content: Bytes, in one of the formats that `read_image` reads.
        name: String that tells people which image it is.
    """

    def __init__(self, content: bytes, name: str):
        super().__init__(content)
        self.name = name


class BrokenImageError(ValueError):
    """An image file that cannot be decoded.

    Args:
        path: Path of the file, or the name of an `EncodedImage`.
        reason: String, what is wrong with it.
    """

    def __init__(self, path: Path | str, reason: str):
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"The image {self.path} cannot be read: {self.reason}. Repair or remove it."


def read_image(
    file: str | os.PathLike | EncodedImage,
    *,
    size: tuple[int, int] | None = None,
    resize: str = "crop",
    channels: int = 3,
) -> np.ndarray:
    """Returns an image file as an upright uint8 array.

    JPEG, PNG, BMP, GIF (its first frame) and WebP files of every colour mode are read. EXIF's
    orientation is applied; what is transparent becomes white; 16-bit grey is scaled to 8 bits
    (65535 becomes 255). A JPEG of more than twice the asked size is shrunk while it is decoded
    (by 2, 4 or 8, to not less than twice the size), which saves most of the decoding.

    Args:
        file: Path of the file, or an `EncodedImage`. Its content, not its extension, says which
            format it is in.
        size: `None` for the image's own size, or a tuple `(height, width)` in pixels.
        resize: Name of a policy of `resize_image`, used where `size` is given.
        channels: 3 for RGB, or 1 for luma (ITU-R 601).

    Returns:
        A uint8 array of shape `(height, width, channels)`.

    Raises:
        BrokenImageError: If the file is not an image, or is empty, truncated or damaged.
        ValueError: If `resize` or `channels` is none of those named.
    """
    check_choice("channels", channels, (1, 3))
    try:
        with Image.open(file, formats=_FORMATS) as image:
            if size is not None:
                image.draft(None, (2 * max(size), 2 * max(size)))
            upright = _to_mode(_upright(image), "L" if channels == 1 else "RGB")
    except Exception as error:  # Pillow's decoders raise errors of any type on damaged files.
        raise _broken(file, error) from error
    if size is not None:
        upright = resize_image(upright, size, resize)
    return np.array(upright).reshape(upright.height, upright.width, channels)


def probe_image(file: str | os.PathLike | EncodedImage) -> tuple[int, int]:
    """Returns the upright `(height, width)` of an image file, from its header alone.

    Raises:
        BrokenImageError: If the file has no header of an image. Damage behind the header is left
            to `read_image`.
    """
    try:
        with Image.open(file, formats=_FORMATS) as image:
            # Not image.getexif(): in a PNG without EXIF it would decode all pixels to look behind.
            exchanged = _orientation(Image.Image.getexif(image)) >= 5
            return image.size if exchanged else image.size[::-1]
    except Exception as error:  # As in `read_image`.
        raise _broken(file, error) from error


def _upright(image: Image.Image) -> Image.Image:
    # Not ImageOps.exif_transpose: it writes EXIF anew, which fails where other tags are damaged.
    transposition = _TRANSPOSITIONS.get(_orientation(image.getexif()))
    return image if transposition is None else image.transpose(transposition)


def _orientation(exif: Image.Exif) -> int:
    orientation = exif.get(ExifTags.Base.Orientation)
    return orientation if orientation in _TRANSPOSITIONS else 1


def _to_mode(image: Image.Image, mode: str) -> Image.Image:
    if image.mode == "I" or image.mode.startswith("I;16"):
        # Pillow's own conversion clips or truncates, depending on its version.
        grey = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
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
    if isinstance(error, UnidentifiedImageError):
        return "its content is not a JPEG, PNG, BMP, GIF or WebP image"
    return str(error) or type(error).__name__


BROKEN_LIMIT_FRACTION = 0.01
_NAMED_FILES = 20


def check_broken(broken: Mapping[str, str], total: int, place: str) -> None:
    """Raises a `ValueError` if more than 1% of the images are broken, with the first 20 of them.

    Args:
        broken: Dict from an image's name to what is wrong with it.
        total: The number of images, broken ones included.
        place: String, where they are, for the error message.
    """
    if len(broken) > BROKEN_LIMIT_FRACTION * total:
        named = (f"{name}: {reason}" for name, reason in broken.items())
        raise ValueError(
            f"At most {BROKEN_LIMIT_FRACTION:.0%} of the images in {place} may be "
            f"broken. Received: {len(broken)} of {total}. Repair or remove them:\n  "
            + listed(named, most=_NAMED_FILES, separator="\n  ")
        )
