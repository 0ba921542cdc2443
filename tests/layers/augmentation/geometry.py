"""Homographies and sampling in NumPy float64, written from the definitions."""

import numpy as np
from scipy import ndimage

# SciPy's names of the fill modes.
MODES = {
    "constant": "grid-constant",
    "reflect": "reflect",
    "wrap": "grid-wrap",
    "edge": "nearest",
}


def sample(image, homography, size, interpolation, fill_mode, fill_value=0.0):
    """Returns one image seen through a homography, by SciPy's `map_coordinates`."""
    rows, columns = np.indices(size, dtype="float64")
    points = np.stack([columns, rows, np.ones(size)]).reshape(3, -1)
    x, y, scale = homography.astype("float64") @ points
    places = np.stack([y / scale, x / scale])
    order = {"nearest": 0, "bilinear": 1}[interpolation]
    options = {"order": order, "mode": MODES[fill_mode], "cval": fill_value}
    channels = [
        ndimage.map_coordinates(channel.astype("float64"), places, **options)
        for channel in np.moveaxis(image, 2, 0)
    ]
    return np.stack(channels, axis=-1).reshape(*size, -1)
