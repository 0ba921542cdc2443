"""Maps of explanations laid over their images."""

import numpy as np
from PIL import Image

# Where an image speaks for the class, and where it speaks against it.
FOR, AGAINST = (230, 97, 0), (0, 114, 178)

# The part of a pixel's colour that the strongest value of a map takes.
_STRONGEST = 0.8


def overlaid(image: np.ndarray, map: np.ndarray) -> np.ndarray:
    """Returns an image in grey with a map in colour over it.

    The map is enlarged to the image, bilinearly. Its largest magnitude has the full colour:
    positive values in orange, negative ones in blue. A map of zeros leaves the grey image.

    Args:
        image: uint8 array `(height, width, channels)`.
        map: Float array `(rows, columns)`.

    Returns:
        uint8 array `(height, width, 3)`.

    Example:

    >>> overlaid(np.full((1, 2, 3), 100, "uint8"), np.array([[1.0, 0.0]])).tolist()
    [[[204, 98, 20], [100, 100, 100]]]
    """
    height, width, channels = image.shape
    grey = image[..., :3].mean(axis=-1) if channels >= 3 else image[..., 0].astype(float)
    values = np.nan_to_num(np.asarray(map, "float32"))
    large = np.asarray(
        Image.fromarray(values).resize((width, height), Image.Resampling.BILINEAR), "float64"
    )
    part = _STRONGEST * large / max(np.abs(values).max(), 1e-12)
    colour = np.where(part[..., None] > 0, FOR, AGAINST)
    part = np.abs(part)[..., None]
    return np.round(grey[..., None] * (1 - part) + colour * part).astype("uint8")
