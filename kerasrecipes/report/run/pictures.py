"""Images of a data set as `<img>` elements with embedded pixels."""

import base64
import io

import numpy as np
from markupsafe import Markup
from PIL import Image

# Images up to this size keep all pixels and are enlarged on the page with sharp edges.
SMALL_PIXELS = 64

# Larger images become thumbnails of this size: twice the size on the page, for dense screens.
THUMBNAIL_PIXELS = 192


def picture(image: np.ndarray, description: str) -> Markup:
    """Returns an `<img>` element with an embedded image.

    Args:
        image: uint8 array of shape `(height, width, channels)`.
        description: Alternative text for readers who cannot see the image.
    """
    kind = "pixels" if max(image.shape[:2]) <= SMALL_PIXELS else "thumbnail"
    return Markup('<img class="{}" src="{}" alt="{}">').format(kind, data_uri(image), description)


def data_uri(image: np.ndarray) -> str:
    """Returns an image as a `data:` URI: a PNG if it is small, else a JPEG thumbnail.

    If an image has neither 3 nor 4 channels, its first channel is drawn in grey.

    Args:
        image: uint8 array of shape `(height, width, channels)`.

    Example:

    >>> data_uri(np.zeros((8, 8, 1), "uint8"))[:32]
    'data:image/png;base64,iVBORw0KGg'
    """
    channels = image.shape[-1]
    drawn = Image.fromarray(image if channels in (3, 4) else np.ascontiguousarray(image[..., 0]))
    if max(drawn.size) <= SMALL_PIXELS:
        return _encode(drawn, "png", optimize=True)
    drawn = drawn.convert("L" if drawn.mode == "L" else "RGB")
    drawn.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS), Image.Resampling.LANCZOS)
    return _encode(drawn, "jpeg", quality=80)


def _encode(image: Image.Image, kind: str, **options: object) -> str:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
